#include "runner/catch/prover.h"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "fmt/format.h"
#include "kernel/generator.h"
#include "runner/catch/evidence_json.h"
#include "runner/catch/witness.h"
#include "runner/plugin.h"
#include "runner/status_macros.h"

namespace safecost {

namespace {

using memory::Flush;
using memory::World;

constexpr World kAll[] = {World::real, World::a, World::b, World::guard, World::front};
// At a timed size, which is one of many elements: what a user would see, and the world that sees most. A tape makes and
// frees blocks by the thousand, which costs two system calls each where every block has pages of its own.
constexpr World kTimed[] = {World::real, World::guard};
constexpr World kTimedTape[] = {World::real, World::a};
constexpr double kPatience =
    4;  // a hang is looked at once more, for so many times the usual seconds
constexpr std::uint32_t kManyBlocks = 2'000;
constexpr std::uint64_t kFewElements = 256;
constexpr double kForFew = 0.4;
constexpr int kSampledLooks = 64;  // at what claims to catch by chance

const char* letter_of(World world) {
  constexpr const char* kLetters[] = {"R", "A", "B", "G", "F"};
  return kLetters[static_cast<std::size_t>(world)];
}

// Where a fault is proved. All faults of a size share their valid input, and so their control.
struct Point {
  std::uint64_t size;
  std::uint64_t seed;
  std::span<const World> worlds;
};

// The seed of a size, as large as JSON's readers hold as a number.
std::uint64_t seed_of(std::uint64_t seed, std::uint64_t size) {
  return Random(Random(seed).next() ^ size).next() >> 11;
}

// Did it come back as if nothing had happened?
bool is_clean(const Evidence& evidence) {
  return evidence.end == End::returned && evidence.report_stop == 0 && evidence.damage.bytes == 0 &&
         evidence.double_frees == 0 && evidence.bad_frees == 0 && !evidence.exhausted;
}

nlohmann::json or_null(const char* text) {
  return text == nullptr ? nlohmann::json() : nlohmann::json(text);
}

struct Seen {
  World world;
  Observation observation;
};
using Worlds = std::vector<Seen>;  // in the order of their point's; fewer where one was not clean

const Observation* in(const Worlds& worlds, World world) {
  const auto found = std::find_if(worlds.begin(), worlds.end(),
                                  [&](const Seen& seen) { return seen.world == world; });
  return found == worlds.end() ? nullptr : &found->observation;
}

// Clean in every world, and alike: what differs with the memory around is no valid program.
bool all_clean(const Worlds& worlds, const Point& point) {
  return worlds.size() == point.worlds.size() &&
         std::all_of(worlds.begin(), worlds.end(), [&](const Seen& seen) {
           const Evidence& evidence = seen.observation.evidence;
           const Evidence& first = worlds.front().observation.evidence;
           return is_clean(evidence) && evidence.result == first.result &&
                  evidence.digest == first.digest;
         });
}

// The first byte that the fault changed in a block of the program's own that valid calls leave alone. How far they go in
// a block says nothing: what is appended goes into capacity.
std::optional<memory::Place> strayed(const Evidence& valid, const Evidence& faulted) {
  for (std::size_t i = 0; i < faulted.changes; ++i) {
    const memory::Change& now = faulted.change[i];
    const auto* const end = valid.change + valid.changes;
    const bool usual = std::any_of(valid.change, end, [&](const memory::Change& one) {
      return one.stage == now.stage && one.ordinal == now.ordinal;
    });
    if (usual) continue;
    return memory::Place{memory::Place::Kind::block, false, now.stage, now.size,
                         static_cast<std::int64_t>(now.first)};
  }
  return std::nullopt;
}

class Prover {
 public:
  Prover(const ProvePlan& plan, const Plugin& plugin, const Plugin& generator)
      : plan_(plan), plugin_(plugin), generator_(generator) {}

  nlohmann::json run() {
    nlohmann::json json = {{"plugin", plugin_.describe()},
                           {"faults", nlohmann::json::array()},
                           {"proofs", nlohmann::json::array()}};
    const safecost_plugin& table = generator_.table();
    for (std::uint32_t i = 0; i < table.fault_count; ++i)
      json["faults"].push_back(fault_json(element(table.faults, i)));
    // As text until the end, by fault: each proof is a dozen forks, and each fork copies what this process holds.
    std::vector<std::string> proofs(table.fault_count);
    for (const safecost_variant* variant : plugin_.variants()) {
      const bool proved = variant->role == SAFECOST_ROLE_RAW || variant->role == SAFECOST_ROLE_SAFE;
      if (!proved || variant->gap != nullptr) continue;
      for (std::uint32_t i = 0; i < table.fault_count; ++i) {
        const safecost_fault& fault = element(table.faults, i);
        if (!plan_.wants(variant->name, fault.name)) continue;
        proofs[i] += proofs[i].empty() ? "" : ",";
        proofs[i] += prove(*variant, fault, i)
                         .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
      }
      controls_.clear();
    }
    for (const std::string& of_fault : proofs) {
      for (nlohmann::json& proof : nlohmann::json::parse("[" + of_fault + "]"))
        json["proofs"].push_back(std::move(proof));
    }
    return json;
  }

 private:
  // Small sizes, where every world can look, and the sizes that are timed.
  std::vector<Point> points(const safecost_fault& fault) const {
    const std::uint64_t least = generator_.table().minimum_size;
    std::map<std::uint64_t, std::span<const World>> worlds;
    const std::span<const World> timed = fault.kind == SAFECOST_FAULT_TAPE
                                             ? std::span<const World>(kTimedTape)
                                             : std::span<const World>(kTimed);
    for (const safecost_parameter* parameter : generator_.parameters()) {
      if (parameter->tier <= plan_.tier) worlds[parameter->size] = timed;
    }
    worlds[std::max(3 * fault.size + 5, least)] = timed;
    worlds[std::max(fault.size, least)] = kAll;
    std::vector<Point> all;
    all.reserve(worlds.size());
    for (const auto& [size, some] : worlds) all.push_back({size, seed_of(plan_.seed, size), some});
    return all;
  }

  Subject subject(const safecost_variant* variant, safecost_kernel kernel, safecost_kernel warm,
                  const Point& point, std::uint32_t fault) const {
    Subject made = {.generator = &generator_,
                    .plugin = &plugin_,
                    .variant = variant,
                    .kernel = kernel,
                    .warm = warm,
                    .valid = warm == nullptr ? nullptr : valid_input(point),
                    .request = request_of(plan_, generator_, point.size, fault)};
    made.request.seed = point.seed;
    return made;
  }

  // Made once a size, and never in a world: all processes that are forked find it where it is. Another seed than that of
  // the proof: what was learned of one input is not of the other. Null where it cannot be made.
  const void* valid_input(const Point& point) const {
    const auto known = valid_.find(point.size);
    if (known != valid_.end()) return known->second;
    safecost_request request = request_of(plan_, generator_, point.size, SAFECOST_NO_FAULT);
    request.seed = seed_of(point.seed, point.size);
    const safecost_pool* const pool = generator_.table().generate(&request);
    const void* const input = pool == nullptr || pool->count == 0 ? nullptr : pool->inputs;
    return valid_.emplace(point.size, input).first->second;
  }

  Observation look(const Subject& subject, World world, Flush flush) const {
    return observe(subject, world, flush, seconds_for(subject));
  }
  // A few elements take no time at all.
  double seconds_for(const Subject& subject) const {
    return (subject.request.size < kFewElements ? kForFew : 1) * plan_.timeout_seconds;
  }

  // The real world decides what is called a hang; elsewhere garbage may have led the program round.
  Observation look_at_fault(const Subject& subject, World world, Flush flush) const {
    Observation first = look(subject, world, flush);
    if (first.evidence.end != End::hung || first.asleep || world != World::real) return first;
    return observe(subject, world, flush, kPatience * seconds_for(subject));
  }

  nlohmann::json reference(const safecost_fault& fault, std::uint32_t index, const Point& point) {
    if (fault.reference == nullptr) return nullptr;
    nlohmann::json& known = references_[{index, point.size}];
    if (!known.is_null()) return known;
    Subject asked = subject(nullptr, nullptr, nullptr, point, index);
    asked.reference = fault.reference;
    const Evidence evidence = look(asked, World::real, Flush::all).evidence;
    if (evidence.end == End::returned) known = hexadecimal(evidence.result);
    return known;
  }

  nlohmann::json prove(const safecost_variant& variant, const safecost_fault& fault,
                       std::uint32_t index) {
    const std::optional<std::uint32_t> own = own_index(plugin_, fault.name);
    const auto said = [&](const char* const* texts) {
      return or_null(own && texts != nullptr ? texts[*own] : nullptr);
    };
    const bool in_program = fault.kind == SAFECOST_FAULT_KERNEL;
    const safecost_kernel faulty =
        own && variant.fault_kernels != nullptr ? variant.fault_kernels[*own] : nullptr;
    const safecost_kernel kernel = in_program ? faulty : variant.run;
    nlohmann::json json = {
        {"variant", variant.name},          {"fault", fault.name},
        {"claim", said(variant.claims)},    {"inexpressible", said(variant.inexpressible)},
        {"written", kernel != nullptr},     {"digests", variant.digest != nullptr},
        {"points", nlohmann::json::array()}};
    // Nobody can run a program that cannot be written; wrong data can be given to whoever takes data.
    // A race is what no world sees, and threads that wait for each other would take the time of all of them.
    const bool is_race = fault.oracles == SAFECOST_ORACLE_RACE;
    const bool can_run =
        kernel != nullptr && !is_race && (!in_program || json["inexpressible"].is_null());
    if (!can_run) return json;
    const bool by_chance =
        json["claim"].is_string() &&
        json["claim"].get_ref<const std::string&>().find("sampled") != std::string::npos;
    for (const Point& point : points(fault)) {
      nlohmann::json proved = prove_at(point, variant, kernel, fault, index, by_chance);
      proved["reference"] = reference(fault, index, point);
      // What hangs among few elements is not caught, whatever it does among many.
      const bool hung = proved.contains("faulted") && proved["faulted"]["R"]["end"] == "hung";
      json["points"].push_back(std::move(proved));
      if (hung) break;
    }
    return json;
  }

  nlohmann::json prove_at(const Point& point, const safecost_variant& variant,
                          safecost_kernel kernel, const safecost_fault& fault, std::uint32_t index,
                          bool by_chance) {
    const Worlds& same =
        control(subject(&variant, kernel, variant.run, point, SAFECOST_NO_FAULT), point);
    nlohmann::json json = {{"size", point.size}, {"seed", point.seed}, {"control", to_json(same)}};
    const Worlds* measure = all_clean(same, point) ? &same : nullptr;
    const safecost_kernel warm =
        measure != nullptr && bears_calls(variant, kernel, point) ? kernel : variant.run;
    // And the right program on the very input that the wrong one is given, where the wrong one shows its bug on any
    // input, or may leave blocks behind that the right one leaves, too.
    const bool may_leak = (fault.oracles & SAFECOST_ORACLE_LEDGER) != 0;
    if (fault.kind == SAFECOST_FAULT_KERNEL && (measure == nullptr || may_leak)) {
      const Worlds& right =
          control(subject(&variant, variant.run, variant.run, point, index), point);
      json["right"] = to_json(right);
      if (measure == nullptr && all_clean(right, point)) measure = &right;
    }
    if (measure == nullptr) return json;  // without a clean control the fault would prove nothing
    const Subject wrong = subject(&variant, kernel, warm, point, index);
    Worlds faulted;
    for (const Seen& valid : *measure) {
      faulted.push_back({valid.world, look_at_fault(wrong, valid.world, valid.observation.flush)});
      // The real world comes first, and what hangs there is not caught, whatever it does elsewhere: another one will do.
      if (faulted.size() > 1 && faulted.front().observation.evidence.end == End::hung) break;
    }
    json["faulted"] = to_json(faulted);
    const Observation* const before = in(*measure, World::a);
    const Observation* const after = in(faulted, World::a);
    if (fault.kind == SAFECOST_FAULT_INPUT && before != nullptr && after != nullptr &&
        is_clean(after->evidence)) {
      if (const auto place = strayed(before->evidence, after->evidence))
        json["faulted"]["A"]["own"] = place_json(*place);
    }
    for (int i = 0; by_chance && i < kSampledLooks; ++i)
      json["again"].push_back(
          evidence_json(look(wrong, World::real, Flush::all), plugin_.table().report));
    return json;
  }

  // Can a wrong program be called on valid input? One that errs now and then, as where a sum is too large, may on one
  // input and not on another; what is called before the fault is the right one then.
  bool bears_calls(const safecost_variant& variant, safecost_kernel kernel,
                   const Point& point) const {
    if (kernel == variant.run) return true;
    const Subject twice = subject(&variant, kernel, kernel, point, SAFECOST_NO_FAULT);
    return is_clean(look(twice, World::real, Flush::all).evidence);
  }

  // The same without the fault; several faults of a variant share it. A program may rely on the alignment that malloc
  // promises, so where it does not bear blocks that are flush with their page's end it is given that.
  const Worlds& control(const Subject& subject, const Point& point) {
    const auto key = std::make_tuple(subject.variant, subject.kernel, subject.request.size,
                                     subject.request.fault, point.worlds.data());
    Worlds& worlds = controls_[key];
    if (!worlds.empty()) return worlds;
    for (const World world : point.worlds) {
      Observation seen = look(subject, world, Flush::all);
      for (const Flush less : {Flush::all_but_objects, Flush::none}) {
        if (world == World::guard && !is_clean(seen.evidence) && !seen.evidence.exhausted)
          seen = look(subject, world, less);
      }
      // The world of pages has no room for a program that makes blocks by the thousand, as one does at a timed size.
      const bool many = world == World::guard && !is_small(point) &&
                        (seen.evidence.blocks > kManyBlocks || seen.evidence.exhausted);
      if (many) seen = look(subject, World::a, Flush::all);
      const bool clean = is_clean(seen.evidence);
      worlds.push_back({many ? World::a : world, std::move(seen)});
      if (!clean) break;  // one world is enough to make it worthless, and each may take its time
    }
    return worlds;
  }

  static bool is_small(const Point& point) { return point.worlds.data() == kAll; }

  nlohmann::json to_json(const Worlds& worlds) const {
    nlohmann::json json;
    for (const Seen& seen : worlds)
      json[letter_of(seen.world)] = evidence_json(seen.observation, plugin_.table().report);
    return json;
  }

  const ProvePlan& plan_;
  const Plugin& plugin_;
  const Plugin& generator_;
  std::map<std::tuple<const safecost_variant*, safecost_kernel, std::uint64_t, std::uint32_t,
                      const World*>,
           Worlds>
      controls_;
  std::map<std::pair<std::uint32_t, std::uint64_t>, nlohmann::json> references_;
  mutable std::map<std::uint64_t, const void*> valid_;  // by size; as long as the process lives
};

}  // namespace

absl::StatusOr<nlohmann::json> prove(const ProvePlan& plan) {
  ASSIGN_OR_RETURN(const Loaded loaded, load(plan));
  prepare_witness();
  return Prover(plan, *loaded.plugin, loaded.generator()).run();
}

}  // namespace safecost
