#include "runner/catch/prover.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <tuple>

#include "absl/status/status.h"
#include "fmt/format.h"
#include "runner/catch/evidence_json.h"
#include "runner/catch/witness.h"
#include "runner/plugin.h"
#include "runner/status_macros.h"

namespace safecost {

namespace {

using memory::Flush;
using memory::World;

constexpr World kAll[] = {World::real, World::a, World::b, World::guard, World::front};
constexpr std::size_t kAllWorlds = std::size(kAll);
constexpr const char* kLetters[] = {"R", "A", "B", "G", "F"};
constexpr double kPatience =
    4;  // a hang is looked at once more, for so many times the usual seconds

// Did it come back as if nothing had happened?
bool is_clean(const Evidence& evidence) {
  return evidence.end == End::returned && evidence.report_stop == 0 && evidence.damage.bytes == 0 &&
         evidence.double_frees == 0 && evidence.bad_frees == 0 && !evidence.exhausted;
}

nlohmann::json or_null(const char* text) {
  return text == nullptr ? nlohmann::json() : nlohmann::json(text);
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
    for (std::uint32_t i = 0; i < table.fault_count; ++i) {
      const safecost_fault& fault = element(table.faults, i);
      json["faults"].push_back(describe(fault, i));
      for (const safecost_variant* variant : plugin_.variants()) {
        const bool proved =
            variant->role == SAFECOST_ROLE_RAW || variant->role == SAFECOST_ROLE_SAFE;
        if (proved && variant->gap == nullptr && plan_.wants(variant->name, fault.name))
          json["proofs"].push_back(prove(*variant, fault, i));
      }
    }
    return json;
  }

 private:
  Subject subject(const safecost_variant* variant, safecost_kernel kernel, std::uint64_t size,
                  std::uint32_t fault) const {
    return {.generator = &generator_,
            .plugin = &plugin_,
            .variant = variant,
            .kernel = kernel,
            .request = request_of(plan_, generator_, size, fault)};
  }

  Observation look(const Subject& subject, World world, Flush flush) const {
    Observation first = observe(subject, world, flush, plan_.timeout_seconds);
    // The real world decides what is called a hang; elsewhere garbage may have led the program round.
    if (first.evidence.end != End::hung || world != World::real) return first;
    return observe(subject, world, flush, kPatience * plan_.timeout_seconds);
  }

  nlohmann::json describe(const safecost_fault& fault, std::uint32_t index) const {
    nlohmann::json json = fault_json(fault);
    if (fault.reference == nullptr) return json;
    Subject asked = subject(nullptr, nullptr, fault.size, index);
    asked.reference = fault.reference;
    const Evidence evidence = look(asked, World::real, Flush::all).evidence;
    if (evidence.end == End::returned) json["reference"] = hexadecimal(evidence.result);
    return json;
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
    nlohmann::json json = {{"variant", variant.name},
                           {"fault", fault.name},
                           {"claim", said(variant.claims)},
                           {"inexpressible", said(variant.inexpressible)},
                           {"written", kernel != nullptr}};
    if (kernel == nullptr || !json["inexpressible"].is_null()) return json;
    json["digests"] = variant.digest != nullptr;
    const Worlds& same = control(subject(&variant, kernel, fault.size, SAFECOST_NO_FAULT));
    json["control"] = to_json(same);
    const Worlds* measure = all_clean(same) ? &same : nullptr;
    if (in_program) {  // and the right program on the very input that the wrong one is given
      const Worlds& right = control(subject(&variant, variant.run, fault.size, index));
      json["right"] = to_json(right);
      if (measure == nullptr && all_clean(right)) measure = &right;
    }
    if (measure == nullptr) return json;  // without a clean control the fault would prove nothing
    Worlds faulted;
    const Subject wrong = subject(&variant, kernel, fault.size, index);
    for (const World world : kAll)
      faulted.push_back(look(wrong, world, (*measure)[static_cast<std::size_t>(world)].flush));
    json["faulted"] = to_json(faulted);
    return json;
  }

  using Worlds = std::vector<Observation>;  // in the order of kAll; fewer where one was not clean

  static bool all_clean(const Worlds& worlds) {
    return worlds.size() == kAllWorlds &&
           std::all_of(worlds.begin(), worlds.end(),
                       [](const Observation& seen) { return is_clean(seen.evidence); });
  }

  // The same without the fault; several faults of a variant share it. A program may rely on the alignment that malloc
  // promises, so where it does not bear blocks that are flush with their page's end it is given that.
  const Worlds& control(const Subject& subject) {
    const auto key = std::make_tuple(subject.variant, subject.kernel, subject.request.size,
                                     subject.request.fault);
    Worlds& worlds = controls_[key];
    if (!worlds.empty()) return worlds;
    for (const World world : kAll) {
      Observation seen = look(subject, world, Flush::all);
      for (const Flush less : {Flush::all_but_objects, Flush::none}) {
        if (world == World::guard && !is_clean(seen.evidence)) seen = look(subject, world, less);
      }
      const bool clean = is_clean(seen.evidence);
      worlds.push_back(std::move(seen));
      if (!clean) break;  // one world is enough to make it worthless, and each may take its time
    }
    return worlds;
  }

  nlohmann::json to_json(const Worlds& worlds) const {
    nlohmann::json json;
    for (std::size_t i = 0; i < worlds.size(); ++i)
      json[kLetters[i]] = evidence_json(worlds[i], plugin_.table().report);
    return json;
  }

  const ProvePlan& plan_;
  const Plugin& plugin_;
  const Plugin& generator_;
  std::map<std::tuple<const safecost_variant*, safecost_kernel, std::uint64_t, std::uint32_t>,
           Worlds>
      controls_;
};

}  // namespace

absl::StatusOr<nlohmann::json> prove(const ProvePlan& plan) {
  ASSIGN_OR_RETURN(const Loaded loaded, load(plan));
  prepare_witness();
  return Prover(plan, *loaded.plugin, loaded.generator()).run();
}

}  // namespace safecost
