#include "runner/verify.h"

#include <algorithm>
#include <memory>
#include <set>
#include <tuple>
#include <utility>

#include "fmt/format.h"
#include "runner/contain.h"
#include "runner/contender.h"
#include "runner/fields.h"
#include "runner/platform.h"
#include "runner/status_macros.h"
#include "runner/verify_events.h"
#include "runner/verify_state.h"
#include "runner/work.h"
#include "runner/workers.h"

namespace safecost {

namespace {

constexpr std::uint64_t kSmallSizes[] = {0, 1, 2, 3, 101};
constexpr std::uint64_t kSeeds[] = {1, 0x5afec057};
constexpr std::uint32_t kInputs = 3;
constexpr std::size_t kMostPlugins = 1'000;  // far more than there are profiles
// Whose inputs must differ and whose results should: smaller ones may well be alike.
constexpr std::uint64_t kTellingSize = 100;
// At which the way through a kernel is followed, instruction by instruction.
constexpr std::uint32_t kShort = 16;

struct Request {
  std::uint64_t size;
  double rate;
  std::uint32_t threads;
  std::uint32_t workers;
  std::uint64_t seed;
};

std::vector<Request> requests(const Plugin& generator, std::uint32_t tier) {
  // By threads first: a process that has had one cannot go back.
  std::set<std::tuple<std::uint32_t, std::uint32_t, std::uint64_t, double>> parameters;
  for (const safecost_parameter* parameter : generator.parameters()) {
    const auto [threads, workers] = std::pair(parameter->threads, parameter->workers);
    if (workers > Workers::processors()) continue;  // nor is it timed
    if (parameter->tier <= tier)
      parameters.insert({threads, workers, parameter->size, parameter->rate});
    for (const std::uint64_t size : kSmallSizes) {
      if (size >= generator.table().minimum_size)
        parameters.insert({threads, workers, size, parameter->rate});
    }
  }
  std::vector<Request> all;
  for (const auto& [threads, workers, size, rate] : parameters) {
    for (const std::uint64_t seed : kSeeds) all.push_back({size, rate, threads, workers, seed});
  }
  return all;
}

std::string key(const safecost_variant& variant, const Plugin& plugin) {
  return fmt::format("{}@{}", variant.name, plugin.profile());
}

events::Place place_of(const Request& request) {
  return {static_cast<std::int64_t>(request.size), request.rate, request.threads, request.workers};
}

class Check {
 public:
  Check(const VerifyPlan& plan, const VerifyState& state, const Emit& emit)
      : plan_(plan), state_(state), emit_(emit) {}

  void run() {
    load();
    if (plan_.describe_only || plugins_.empty()) return;
    for (const auto& plugin : plugins_) {
      if (plugin->generates() && generator_ == nullptr) generator_ = plugin.get();
    }
    if (generator_ == nullptr) {
      tell(events::Fatal{
          {"load", "", "", "no C++ plugin of this case is there to make its inputs"}});
      return;
    }
    compare_layouts();
    const std::vector<Request> all = requests(*generator_, plan_.tier);
    for (std::size_t r = 0; r < all.size() && !state_.generator_failed; ++r) check(r, all[r]);
    if (!state_.generator_failed) check_work();
    if (!state_.generator_failed) compare_generators();
  }

 private:
  void tell(const events::Event& event) { emit_(events::to_json(event)); }
  void tell_problem(std::string kind, const Plugin& plugin, std::string variant,
                    std::string message, const events::Place& place = {}) {
    tell(events::Found{{std::move(kind), plugin.profile(), std::move(variant), std::move(message),
                        place.size, place.rate, place.threads, place.workers}});
  }

  void load() {
    for (std::size_t i = 0; i < plan_.plugins.size(); ++i) {
      if (state_.dead_plugins.contains(i)) continue;
      tell(events::Now{.stage = "load", .plugin = i, .profile = plan_.plugins[i].profile});
      Problem problem;
      auto plugin = Plugin::load(plan_.plugins[i], plan_.case_name, problem);
      if (plugin == nullptr) {
        tell(events::Found{problem});
      } else {
        tell(events::Described{i, plugin->describe()});
        plugins_.push_back(std::move(plugin));
      }
    }
  }

  void compare_layouts() {
    const std::string expected = generator_->table().input_layout;
    std::erase_if(plugins_, [&](const std::unique_ptr<Plugin>& plugin) {
      if (plugin->table().input_layout == expected) return false;
      tell_problem("layout", *plugin, "",
                   fmt::format("lays its input out as {}, {} lays it out as {}: mirror the struct",
                               plugin->table().input_layout, generator_->profile(), expected));
      return true;
    });
  }

  // Every C++ build must make the same inputs from the same seed: two draws in one expression, whose
  // order compilers choose, are enough to make them differ.
  void compare_generators() {
    const safecost_parameter& timed = *generator_->parameters().front();
    const Request request = {timed.size, timed.rate, timed.threads, timed.workers, kSeeds[0]};
    const std::vector<std::uint64_t> expected = inputs_of(*generator_, request);
    for (const auto& plugin : plugins_) {
      if (!plugin->generates() || state_.compared.contains(plugin->profile())) continue;
      if (inputs_of(*plugin, request) != expected) {
        tell_problem(
            "pool", *plugin, "",
            fmt::format("makes other inputs than {} from the same seed: draw one number "
                        "from generator.random in a statement, and leave no gap in a struct",
                        generator_->profile()));
      }
      tell(events::Compared{plugin->profile()});
    }
  }

  // Digests of the inputs that `maker` makes; where it cannot tell, what the generator's raw kernel makes of them.
  std::vector<std::uint64_t> inputs_of(const Plugin& maker, const Request& request) {
    tell(events::Now{.stage = "compare",
                     .profile = maker.profile(),
                     .place = {.size = static_cast<std::int64_t>(request.size)}});
    absl::StatusOr<Pool> pool = make(maker, request, kInputs);
    if (!pool.ok()) return {};
    std::vector<std::uint64_t> digests = pool->digests();
    const safecost_variant* const raw = generator_->raw();
    if (!digests.empty() || raw == nullptr || !usable(*generator_, *raw)) return digests;
    Contender judge(*generator_, *raw, *pool);
    if (!judge.prepare(pool->count()).ok()) return {};
    for (std::size_t i = 0; i < pool->count(); ++i) digests.push_back(judge.digest(i));
    return digests;
  }

  bool usable(const Plugin& plugin, const safecost_variant& variant) const {
    const std::string name = key(variant, plugin);
    return variant.run != nullptr && !state_.dead.contains(name) && !failed_.contains(name);
  }

  template <class Action>
  void each_contender(const Action& action) {
    for (const auto& plugin : plugins_) {
      for (const safecost_variant* variant : plugin->variants()) {
        if (usable(*plugin, *variant)) action(*plugin, *variant);
      }
    }
  }

  absl::StatusOr<Pool> generate(const Request& request, std::uint32_t count) {
    tell(events::Now{.stage = "generate", .place = place_of(request)});
    if (request.threads > 1 && !platform::has_started_a_thread())
      platform::start_and_join_a_thread();
    if (request.workers > 0) {
      Workers::of_process().start(request.workers);
      for (const auto& plugin : plugins_) Workers::give(plugin->table(), request.workers);
    }
    return make(*generator_, request, count);
  }

  absl::StatusOr<Pool> make(const Plugin& maker, const Request& request,
                            std::uint32_t count) const {
    return Pool::make(maker, {.struct_size = sizeof(safecost_request),
                              .count = count,
                              .seed = request.seed,
                              .size = request.size,
                              .rate = request.rate,
                              .fault = SAFECOST_NO_FAULT,
                              .reserved = 0,
                              .data = plan_.data.c_str(),
                              .scratch = plan_.scratch.c_str()});
  }

  void announce(const Plugin& plugin, const safecost_variant& variant, const Request& request,
                const char* stage) {
    tell(events::Now{.stage = stage,
                     .profile = plugin.profile(),
                     .variant = variant.name,
                     .place = place_of(request)});
  }

  void check(std::size_t r, const Request& request) {
    absl::StatusOr<Pool> pool = generate(request, kInputs);
    if (!pool.ok()) {
      const auto [kind, message] = blamed("pool", std::string(pool.status().message()));
      tell(events::Fatal{{kind, generator_->profile(), "", message,
                          static_cast<std::int64_t>(request.size), request.rate, request.threads,
                          request.workers}});
      return;
    }
    if (request.size > kTellingSize && all_alike(pool->digests())) {
      tell_problem(
          "pool", *generator_, "",
          "all inputs of the pool are alike: a branch predictor learns them; draw each from "
          "generator.random",
          place_of(request));
    }
    const auto done = state_.digests.find(r);
    each_contender([&](const Plugin& plugin, const safecost_variant& variant) {
      if (done != state_.digests.end() && done->second.contains(key(variant, plugin))) return;
      announce(plugin, variant, request, "call");
      digest(r, request, *pool, plugin, variant);
    });
  }

  static bool all_alike(const std::vector<std::uint64_t>& digests) {
    return digests.size() > 1 && std::ranges::count(digests, digests.front()) ==
                                     static_cast<std::ptrdiff_t>(digests.size());
  }

  // A problem's kind and message, unless this machine is to blame for it.
  static std::pair<std::string, std::string> blamed(std::string kind, std::string message) {
    if (!platform::memory_is_short()) return {std::move(kind), std::move(message)};
    return {"trouble", "this machine gives the process no more memory: " + message};
  }

  void digest(std::size_t r, const Request& request, const Pool& pool, const Plugin& plugin,
              const safecost_variant& variant) {
    const auto fail = [&](std::string kind, std::string message) {
      failed_.insert(key(variant, plugin));
      tell_problem(std::move(kind), plugin, variant.name, std::move(message), place_of(request));
    };
    const auto fail_unless_short = [&](std::string message) {
      const auto [kind, said] = blamed("digest", std::move(message));
      fail(kind, said);
    };
    safecost_report* const report = plugin.table().report;
    if (report != nullptr) report->count = 0;
    Contender contender(plugin, variant, pool);
    if (const absl::Status status = contender.prepare(pool.count()); !status.ok()) {
      return fail_unless_short(std::string(status.message()));
    }
    std::uint64_t all = 0;
    std::vector<std::uint64_t> digests;
    for (std::size_t i = 0; i < pool.count(); ++i) {
      digests.push_back(contender.digest(i));
      if (contender.digest(i) != digests.back()) {
        return fail("digest",
                    "a second call on the same input gives another digest: what it changes needs a "
                    "reset()");
      }
      if (variant.latency != nullptr && contender.digest(i, variant.latency) != digests.back()) {
        return fail(
            "digest",
            "its second kernel, which notes latencies, gives another digest than its first");
      }
      all = (all ^ digests.back()) * 0x100000001b3u;
    }
    if (report != nullptr && report->count > 0) {
      return fail_unless_short(
          fmt::format("an error reached the border on valid input: {}", report->text));
    }
    // While its contexts are there: a thread that these keep runs beside all that is timed.
    const platform::Company now = platform::company();
    if (const std::string left = platform::leftovers(now, company_); !left.empty()) {
      company_ = now;
      return fail("leftover", fmt::format("leaves {}", left));
    }
    if (request.size > kTellingSize && all_alike(digests) && variant.role == SAFECOST_ROLE_RAW &&
        !all_alike(pool.digests())) {
      tell_problem("alike", plugin, variant.name,
                   "all results are alike: a wrong one among them is seen only if it is the other",
                   place_of(request));
    }
    tell(events::Digest{all, r, key(variant, plugin), place_of(request)});
  }

  void check_work() {
    const auto here = std::ranges::find_if(generator_->parameters(), [](const auto* parameter) {
      return parameter->workers <= Workers::processors();
    });
    if (here == generator_->parameters().end()) return;
    const safecost_parameter& timed = **here;
    const Request large = {timed.size, timed.rate, timed.threads, timed.workers, kSeeds[0]};
    const bool fixed_cost = (generator_->table().flags & SAFECOST_CASE_FIXED_COST) != 0;
    Request small = large;
    small.size /= kMoreWork;
    const bool is_smaller = small.size >= std::max(generator_->table().minimum_size, 1u);
    absl::StatusOr<Pool> large_pool = generate(large, kInputs);
    absl::StatusOr<Pool> small_pool = generate(is_smaller ? small : large, kInputs);
    if (!large_pool.ok() || !small_pool.ok()) return;  // reported by check()
    // A few short inputs: what depends on data does so in each of their elements.
    Request short_input = large;
    short_input.size =
        std::min<std::uint64_t>(large.size, std::max(kShort, generator_->table().minimum_size));
    const bool straight = (generator_->table().flags & SAFECOST_CASE_STRAIGHT) != 0;
    absl::StatusOr<Pool> few =
        straight ? generate(short_input, kInputs) : absl::UnavailableError("");
    const Plugin* plugin_now = nullptr;
    const safecost_variant* variant_now = nullptr;
    WorkCheck work(*large_pool, is_smaller ? &*small_pool : nullptr, fixed_cost,
                   [&] { announce(*plugin_now, *variant_now, large, "growth"); });
    each_contender([&](const Plugin& plugin, const safecost_variant& variant) {
      const std::string name = key(variant, plugin);
      if (state_.grown.contains(name)) return;
      plugin_now = &plugin;
      variant_now = &variant;
      announce(plugin, variant, large, "growth");
      const safecost_variant* const raw = plugin.raw();
      const bool comparable = raw != nullptr && raw != &variant && usable(plugin, *raw);
      if (const auto finding = work.look_at(plugin, variant, comparable ? raw : nullptr)) {
        tell_problem(finding->kind, plugin, variant.name, finding->message, place_of(large));
      }
      // One build of each language tells what the source does.
      const bool is_twin =
          std::string_view(plugin.table().language) != generator_->table().language;
      if (few.ok() && (&plugin == generator_ || is_twin)) {
        if (const auto finding =
                follow(plugin, variant, *few, [&] { announce(plugin, variant, large, "growth"); }))
          tell_problem(finding->kind, plugin, variant.name, finding->message, place_of(large));
      }
      tell(events::Grown{name});
    });
  }

  const VerifyPlan& plan_;
  const VerifyState& state_;
  const Emit& emit_;
  std::vector<std::unique_ptr<Plugin>> plugins_;
  const Plugin* generator_ = nullptr;
  std::set<std::string> failed_;  // found by this worker itself
  platform::Company company_;     // that contenders left behind so far
};

}  // namespace

absl::StatusOr<VerifyPlan> VerifyPlan::from_json(const nlohmann::json& json) {
  VerifyPlan plan;
  Fields fields(json);
  fields.head("verify");
  fields.required("case", plan.case_name);
  fields.optional("data", plan.data);
  fields.optional("scratch", plan.scratch);
  fields.required("plugins", plan.plugins, Range<std::size_t>{0, kMostPlugins});
  fields.optional("tier", plan.tier);
  fields.optional("timeout_seconds", plan.timeout_seconds, kSeconds);
  fields.optional("describe_only", plan.describe_only);
  RETURN_IF_ERROR(fields.done());
  return plan;
}

nlohmann::json verify(const VerifyPlan& plan) {
  VerifyState state;
  platform::Stopwatch worker;
  contain([&](const Emit& emit) { Check(plan, state, emit).run(); },
          [&](const nlohmann::json& event) { note(state, events::from_json(event)); },
          [&](const Accident& accident) {
            note(state, accident, platform::is_starved(worker.read()));
            worker = {};
          },
          plan.timeout_seconds);
  nlohmann::json result = {{"plugins", nlohmann::json::array()},
                           {"problems", nlohmann::json::array()}};
  std::size_t checked = 0;
  for (const auto& [r, digests] : state.digests) checked += digests.size();
  compare_digests(state);
  for (const auto& [i, description] : state.descriptions) result["plugins"].push_back(description);
  for (const Problem& problem : state.problems) result["problems"].push_back(problem.to_json());
  result["checked"] = checked;
  return result;
}

}  // namespace safecost
