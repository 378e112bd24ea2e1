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

namespace safecost {

namespace {

constexpr std::uint64_t kSmallSizes[] = {0, 1, 2, 3, 101};
constexpr std::uint64_t kSeeds[] = {1, 0x5afec057};
constexpr std::uint32_t kInputs = 3;
constexpr std::size_t kMostPlugins = 1'000;  // far more than there are profiles
// A kernel given eight times the work takes at least this many times as long; work that the compiler
// has removed, or put into closed form, takes as long as before.
constexpr std::uint64_t kGrowth = 8;
constexpr double kGrowthInTime = 2.0;
constexpr int kGrowthRepeats = 15;
constexpr int kGrowthTries = 3;

struct Request {
  std::uint64_t size;
  double rate;
  std::uint32_t threads;
  std::uint64_t seed;
};

std::vector<Request> requests(const Plugin& generator, std::uint32_t tier) {
  // By threads first: a process that has had one cannot go back.
  std::set<std::tuple<std::uint32_t, std::uint64_t, double>> parameters;
  for (const safecost_parameter* parameter : generator.parameters()) {
    const std::uint32_t threads = parameter->threads;
    if (parameter->tier <= tier) parameters.insert({threads, parameter->size, parameter->rate});
    for (const std::uint64_t size : kSmallSizes) {
      if (size >= generator.table().minimum_size)
        parameters.insert({threads, size, parameter->rate});
    }
  }
  std::vector<Request> all;
  for (const auto& [threads, size, rate] : parameters) {
    for (const std::uint64_t seed : kSeeds) all.push_back({size, rate, threads, seed});
  }
  return all;
}

std::string key(const safecost_variant& variant, const Plugin& plugin) {
  return fmt::format("{}@{}", variant.name, plugin.profile());
}

events::Place place_of(const Request& request) {
  return {static_cast<std::int64_t>(request.size), request.rate, request.threads};
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
    if (!state_.generator_failed) check_growth();
    if (!state_.generator_failed) compare_generators();
  }

 private:
  void tell(const events::Event& event) { emit_(events::to_json(event)); }
  void tell_problem(std::string kind, const Plugin& plugin, std::string variant,
                    std::string message, const events::Place& place = {}) {
    tell(events::Found{{std::move(kind), plugin.profile(), std::move(variant), std::move(message),
                        place.size, place.rate, place.threads}});
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
    const Request request = {timed.size, timed.rate, timed.threads, kSeeds[0]};
    if (!usable(*generator_, *generator_->variants().front())) return;
    const std::string expected = judged(*generator_, request);
    for (const auto& plugin : plugins_) {
      if (!plugin->generates() || state_.compared.contains(plugin->profile())) continue;
      if (judged(*plugin, request) != expected) {
        tell_problem("pool", *plugin, "",
                     fmt::format("makes other inputs than {} from the same seed: draw one number "
                                 "from generator.random in a statement",
                                 generator_->profile()));
      }
      tell(events::Compared{plugin->profile()});
    }
  }

  // What the generator's first raw kernel says of the inputs that `maker` makes.
  std::string judged(const Plugin& maker, const Request& request) {
    tell(events::Now{.stage = "compare",
                     .profile = maker.profile(),
                     .place = {.size = static_cast<std::int64_t>(request.size)}});
    absl::StatusOr<Pool> pool = make(maker, request, kInputs);
    if (!pool.ok()) return std::string(pool.status().message());
    Contender judge(*generator_, *generator_->variants().front(), *pool);
    std::string said;
    if (!judge.prepare(pool->count()).ok()) return said;
    for (std::size_t i = 0; i < pool->count(); ++i) said += fmt::format("{:016x}", judge.digest(i));
    return said;
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
      tell(events::Fatal{{"pool", generator_->profile(), "", std::string(pool.status().message()),
                          static_cast<std::int64_t>(request.size), request.rate, request.threads}});
      return;
    }
    const auto done = state_.digests.find(r);
    each_contender([&](const Plugin& plugin, const safecost_variant& variant) {
      if (done != state_.digests.end() && done->second.contains(key(variant, plugin))) return;
      announce(plugin, variant, request, "call");
      digest(r, request, *pool, plugin, variant);
    });
  }

  void digest(std::size_t r, const Request& request, const Pool& pool, const Plugin& plugin,
              const safecost_variant& variant) {
    const auto fail = [&](std::string message) {
      failed_.insert(key(variant, plugin));
      tell_problem("digest", plugin, variant.name, std::move(message), place_of(request));
    };
    safecost_report* const report = plugin.table().report;
    if (report != nullptr) report->count = 0;
    Contender contender(plugin, variant, pool);
    if (const absl::Status status = contender.prepare(pool.count()); !status.ok()) {
      return fail(std::string(status.message()));
    }
    std::uint64_t all = 0;
    std::set<std::uint64_t> distinct;
    for (std::size_t i = 0; i < pool.count(); ++i) {
      const std::uint64_t first = contender.digest(i);
      if (contender.digest(i) != first) {
        return fail(
            "a second call on the same input gives another digest: what it changes needs a "
            "reset()");
      }
      all = (all ^ first) * 0x100000001b3u;
      distinct.insert(first);
    }
    if (report != nullptr && report->count > 0) {
      return fail(fmt::format("an error reached the border on valid input: {}", report->text));
    }
    if (request.size > 100 && pool.count() > 1 && distinct.size() == 1) {
      tell_problem("pool", plugin, variant.name,
                   "all inputs of the pool are alike: a branch predictor learns them; "
                   "draw each from generator.random",
                   place_of(request));
    }
    tell(events::Digest{all, r, key(variant, plugin), place_of(request)});
  }

  // Least seconds for one pass over the pool.
  static double pass(Contender& contender) {
    double best = 1e9;
    for (int repeat = 0; repeat < kGrowthRepeats; ++repeat) {
      contender.reset(0, contender.contexts());
      best = std::min(best, contender.timed_call(0, contender.contexts()));
    }
    return best;
  }

  void check_growth() {
    const safecost_parameter& timed = *generator_->parameters().front();
    const std::uint64_t small = timed.size / kGrowth;
    if (small < std::max(generator_->table().minimum_size, 1u)) return;
    absl::StatusOr<Pool> large_pool =
        generate({timed.size, timed.rate, timed.threads, kSeeds[0]}, kInputs);
    absl::StatusOr<Pool> small_pool =
        generate({small, timed.rate, timed.threads, kSeeds[0]}, kInputs);
    if (!large_pool.ok() || !small_pool.ok()) return;  // reported by check()
    each_contender([&](const Plugin& plugin, const safecost_variant& variant) {
      const std::string name = key(variant, plugin);
      if (state_.grown.contains(name)) return;
      announce(plugin, variant, {timed.size, timed.rate, timed.threads, 0}, "growth");
      Contender large(plugin, variant, *large_pool);
      Contender little(plugin, variant, *small_pool);
      if (!large.prepare(kInputs).ok() || !little.prepare(kInputs).ok()) return;
      double long_pass = pass(large);
      double short_pass = pass(little);
      // A neighbour who takes the processor during one of both must not disqualify a case.
      for (int again = 0; again < kGrowthTries && long_pass < kGrowthInTime * short_pass; ++again) {
        short_pass = std::min(short_pass, pass(little));
        long_pass = std::min(long_pass, pass(large));
      }
      if (long_pass < kGrowthInTime * short_pass) {
        tell_problem(
            "growth", plugin, variant.name,
            fmt::format("its work vanished: {:.0f} ns a call at size {} and {:.0f} ns at size {}",
                        long_pass / kInputs * 1e9, timed.size, short_pass / kInputs * 1e9, small),
            place_of({timed.size, timed.rate, timed.threads, 0}));
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
  contain([&](const Emit& emit) { Check(plan, state, emit).run(); },
          [&](const nlohmann::json& event) { note(state, events::from_json(event)); },
          [&](const Accident& accident) { note(state, accident); }, plan.timeout_seconds);
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
