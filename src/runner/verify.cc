#include "runner/verify.h"

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <tuple>

#include "fmt/format.h"
#include "runner/contain.h"
#include "runner/contender.h"
#include "runner/platform.h"

namespace safecost {

namespace {

constexpr std::uint64_t kSmallSizes[] = {0, 1, 2, 3, 101};
constexpr std::uint64_t kSeeds[] = {1, 0x5afec057};
constexpr std::uint32_t kInputs = 3;
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

// Where a problem is, or a digest comes from.
struct Place {
  std::int64_t size = -1;
  double rate = -1.0;
  std::uint32_t threads = 0;
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

// What the supervisor knows; the worker sees the state of the moment at which it was forked.
struct State {
  std::set<std::size_t> dead_plugins;
  std::set<std::string> dead;  // "variant@profile"
  std::map<std::size_t, std::map<std::string, std::uint64_t>>
      digests;                          // request -> contender -> digest
  std::map<std::size_t, Place> places;  // of each request
  std::set<std::string> grown;          // contenders whose work was seen to grow
  std::set<std::string> compared;       // profiles whose inputs were compared
  bool generator_failed = false;
  nlohmann::json now;
  std::map<std::size_t, nlohmann::json> descriptions;
  std::vector<Problem> problems;
};

std::string key(const safecost_variant& variant, const Plugin& plugin) {
  return fmt::format("{}@{}", variant.name, plugin.profile());
}

nlohmann::json event(const char* what, const Problem& problem) {
  return {{what, problem.to_json()}};
}

class Check {
 public:
  Check(const VerifyPlan& plan, const State& state, const Emit& emit)
      : plan_(plan), state_(state), emit_(emit) {}

  void run() {
    load();
    if (plan_.describe_only || plugins_.empty()) return;
    for (const auto& plugin : plugins_) {
      if (plugin->generates() && generator_ == nullptr) generator_ = plugin.get();
    }
    if (generator_ == nullptr) {
      emit_(event("fatal",
                  {"load", "", "", "no C++ plugin of this case is there to make its inputs"}));
      return;
    }
    compare_layouts();
    const std::vector<Request> all = requests(*generator_, plan_.tier);
    for (std::size_t r = 0; r < all.size() && !state_.generator_failed; ++r) check(r, all[r]);
    if (!state_.generator_failed) check_growth();
    if (!state_.generator_failed) compare_generators();
  }

 private:
  void load() {
    for (std::size_t i = 0; i < plan_.plugins.size(); ++i) {
      if (state_.dead_plugins.contains(i)) continue;
      emit_({{"now", {{"stage", "load"}, {"plugin", i}, {"profile", plan_.plugins[i].first}}}});
      Problem problem;
      auto plugin =
          Plugin::load(plan_.plugins[i].second, plan_.plugins[i].first, plan_.case_name, problem);
      if (plugin == nullptr) {
        emit_(event("problem", problem));
      } else {
        emit_({{"described", i}, {"as", plugin->describe()}});
        plugins_.push_back(std::move(plugin));
      }
    }
  }

  void compare_layouts() {
    const std::string expected = generator_->table().input_layout;
    std::erase_if(plugins_, [&](const std::unique_ptr<Plugin>& plugin) {
      if (plugin->table().input_layout == expected) return false;
      emit_(event("problem",
                  {"layout", plugin->profile(), "",
                   fmt::format("lays its input out as {}, {} lays it out as {}: mirror the struct",
                               plugin->table().input_layout, generator_->profile(), expected)}));
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
        emit_(event("problem",
                    {"pool", plugin->profile(), "",
                     fmt::format("makes other inputs than {} from the same seed: draw one number "
                                 "from generator.random in a statement",
                                 generator_->profile())}));
      }
      emit_({{"compared", plugin->profile()}});
    }
  }

  // What the generator's first raw kernel says of the inputs that `maker` makes.
  std::string judged(const Plugin& maker, const Request& request) {
    emit_({{"now", {{"stage", "compare"}, {"profile", maker.profile()}, {"size", request.size}}}});
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
    emit_({{"now",
            {{"stage", "generate"},
             {"size", request.size},
             {"rate", request.rate},
             {"threads", request.threads}}}});
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
    emit_({{"now",
            {{"stage", stage},
             {"profile", plugin.profile()},
             {"variant", variant.name},
             {"size", request.size},
             {"rate", request.rate},
             {"threads", request.threads}}}});
  }

  void check(std::size_t r, const Request& request) {
    absl::StatusOr<Pool> pool = generate(request, kInputs);
    if (!pool.ok()) {
      emit_(
          event("fatal", {"pool", generator_->profile(), "", std::string(pool.status().message()),
                          static_cast<std::int64_t>(request.size), request.rate, request.threads}));
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
      emit_(event("problem",
                  {"digest", plugin.profile(), variant.name, std::move(message),
                   static_cast<std::int64_t>(request.size), request.rate, request.threads}));
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
      emit_(event("problem",
                  {"pool", plugin.profile(), variant.name,
                   "all inputs of the pool are alike: a branch predictor learns them; "
                   "draw each from generator.random",
                   static_cast<std::int64_t>(request.size), request.rate, request.threads}));
    }
    emit_({{"digest", all},
           {"request", r},
           {"contender", key(variant, plugin)},
           {"size", request.size},
           {"rate", request.rate},
           {"threads", request.threads}});
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
        emit_(event(
            "problem",
            {"growth", plugin.profile(), variant.name,
             fmt::format("its work vanished: {:.0f} ns a call at size {} and {:.0f} ns at size {}",
                         long_pass / kInputs * 1e9, timed.size, short_pass / kInputs * 1e9, small),
             static_cast<std::int64_t>(timed.size), timed.rate, timed.threads}));
      }
      emit_({{"grown", name}});
    });
  }

  const VerifyPlan& plan_;
  const State& state_;
  const Emit& emit_;
  std::vector<std::unique_ptr<Plugin>> plugins_;
  const Plugin* generator_ = nullptr;
  std::set<std::string> failed_;  // found by this worker itself
};

void on_event(State& state, const nlohmann::json& event) {
  const auto problem = [](const nlohmann::json& json) {
    const auto text = [&](const char* field) {
      return json[field].is_null() ? "" : json[field].get<std::string>();
    };
    return Problem{text("kind"),
                   text("profile"),
                   text("variant"),
                   text("message"),
                   json["size"].is_null() ? -1 : json["size"].get<std::int64_t>(),
                   json["rate"].is_null() ? -1.0 : json["rate"].get<double>(),
                   json["threads"].is_null() ? 0u : json["threads"].get<std::uint32_t>()};
  };
  if (event.contains("now")) {
    state.now = event["now"];
  } else if (event.contains("described")) {
    state.descriptions[event["described"]] = event["as"];
  } else if (event.contains("digest")) {
    state.digests[event["request"]][event["contender"]] = event["digest"];
    state.places[event["request"]] = {event["size"], event["rate"], event["threads"]};
  } else if (event.contains("grown")) {
    state.grown.insert(event["grown"]);
  } else if (event.contains("compared")) {
    state.compared.insert(event["compared"]);
  } else if (event.contains("problem")) {
    const Problem found = problem(event["problem"]);
    state.problems.push_back(found);
    if (found.variant.empty() || state.now["stage"] == "load") {
      if (state.now["stage"] == "load")
        state.dead_plugins.insert(state.now["plugin"].get<std::size_t>());
    } else if (found.kind == "digest") {
      state.dead.insert(found.variant + "@" + found.profile);
    }
  } else if (event.contains("fatal")) {
    state.problems.push_back(problem(event["fatal"]));
    state.generator_failed = true;
  }
}

void on_accident(State& state, const Accident& accident) {
  const nlohmann::json& now = state.now;
  const std::string stage = now.value("stage", "load");
  Problem problem{accident.hung ? "hang" : "crash",
                  now.value("profile", ""),
                  now.value("variant", ""),
                  accident.what,
                  now.value("size", std::int64_t{-1}),
                  now.value("rate", -1.0),
                  now.value("threads", 0u)};
  if (stage == "load") {
    problem.message = "while it was loaded: " + problem.message;
    state.dead_plugins.insert(now["plugin"].get<std::size_t>());
  } else if (stage == "generate") {
    problem.message = "while its inputs were generated: " + problem.message;
    state.generator_failed = true;
  } else if (stage == "compare") {
    problem.message = "while its inputs were compared: " + problem.message;
    state.compared.insert(problem.profile);
  } else {
    state.dead.insert(problem.variant + "@" + problem.profile);
  }
  state.problems.push_back(std::move(problem));
}

// Contenders that disagree with the majority, each named once, at the first request where it does.
void compare_digests(State& state) {
  std::set<std::string> named;
  for (const auto& [r, digests] : state.digests) {
    std::map<std::uint64_t, std::size_t> votes;
    for (const auto& [name, digest] : digests) ++votes[digest];
    const auto expected =
        std::max_element(votes.begin(), votes.end(),
                         [](const auto& a, const auto& b) { return a.second < b.second; });
    for (const auto& [name, digest] : digests) {
      if (digest == expected->first || !named.insert(name).second) continue;
      const std::size_t at = name.find('@');
      state.problems.push_back(
          {"digest", name.substr(at + 1), name.substr(0, at),
           fmt::format("digest {:016x}, {} of {} contenders agree on {:016x}", digest,
                       expected->second, digests.size(), expected->first),
           state.places[r].size, state.places[r].rate, state.places[r].threads});
    }
  }
}

}  // namespace

VerifyPlan VerifyPlan::from_json(const nlohmann::json& json) {
  VerifyPlan plan;
  plan.case_name = json.at("case");
  plan.data = json.value("data", ".");
  plan.scratch = json.value("scratch", ".");
  plan.tier = json.value("tier", 0u);
  plan.timeout_seconds = json.value("timeout_seconds", 10.0);
  plan.describe_only = json.value("describe_only", false);
  for (const auto& plugin : json.at("plugins"))
    plan.plugins.emplace_back(plugin.at("profile"), plugin.at("path"));
  return plan;
}

nlohmann::json verify(const VerifyPlan& plan) {
  State state;
  contain([&](const Emit& emit) { Check(plan, state, emit).run(); },
          [&](const nlohmann::json& event) { on_event(state, event); },
          [&](const Accident& accident) { on_accident(state, accident); }, plan.timeout_seconds);
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
