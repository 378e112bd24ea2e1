#include "runner/panel.h"

#include <time.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <random>

#include "absl/status/status.h"
#include "fmt/format.h"
#include "runner/fields.h"
#include "runner/google_benchmark.h"
#include "runner/last_look.h"
#include "runner/platform.h"
#include "runner/status_macros.h"
#include "runner/workers.h"

namespace safecost {

namespace {

// A pool has at most this many inputs: beyond it, contexts cost more than they teach.
constexpr std::size_t kMostInputs = 1'024;
constexpr std::size_t kMostCalls = 1 << 20;
// Far more than any run has.
constexpr std::size_t kMostContenders = 1'000;
constexpr std::size_t kMostPanels = 100'000;
constexpr std::size_t kFewestRounds = 8;
constexpr std::size_t kMostPlacements = 64;
// Of the machine's memory, for the contexts of all placements.
constexpr std::size_t kShareOfMemory = 4;
// Where the metronome is slow beside some rounds, a launch goes on until all pairs have this share of the rounds that its
// time is for, and at most so many times as long.
constexpr double kCalmShare = 0.75;
constexpr double kLongest = 3;
// Before timing, each contender is called on so many inputs to compare digests, and to find the
// number of calls. Verification has seen far more; over whole pools this took longer than the timing.
constexpr std::size_t kComparedInputs = 8;
constexpr std::size_t kCalibratingCalls = 16;
// A kernel that changes its contexts is timed in batches of so many as refer to at most this much together: each is
// reset before its batch, and still lies in a cache when its turn comes.
constexpr std::size_t kBatchBytes = 256 << 10;

double cpu_now() {
  timespec now = {};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

double median(std::vector<double> values) {
  const std::size_t half = values.size() / 2;
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(half),
                   values.end());
  const double upper = values[half];
  if (values.size() % 2 == 1) return upper;
  return (upper +
          *std::max_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(half))) /
         2;
}

// Seconds a call of the panel's median contender, over the first part of its pool.
double seconds_per_call(std::vector<Contender>& contenders) {
  std::vector<double> seconds;
  for (Contender& contender : contenders) {
    const std::size_t calls = std::min(contender.contexts(), kCalibratingCalls);
    contender.reset(0, calls);
    seconds.push_back(contender.timed_call(0, calls) / static_cast<double>(calls));
  }
  return median(seconds);
}

struct Seconds {
  double wall = 0;
  double cpu = 0;
};

// What `calls` calls take from context `first` on, `batch` by batch, each reset before it, which is not timed.
Seconds seconds_of(Contender& contender, std::size_t first, std::size_t calls, std::size_t batch) {
  Seconds seconds;
  while (calls > 0) {
    const std::size_t now = std::min(calls, batch);
    first %= contender.contexts();
    contender.reset(first, now);
    const double cpu = cpu_now();
    seconds.wall += contender.timed_call(first, now);
    seconds.cpu += cpu_now() - cpu;
    first += now;
    calls -= now;
  }
  return seconds;
}

// Calls before the timed ones that bring a contender's code and data back: a fifth of an epoch.
std::size_t untimed_calls(std::size_t calls) { return (calls + 4) / 5; }

}  // namespace

// One number of calls for the whole panel, since an unequal number biases a ratio. After five readings
// that do not agree the last stands, and only the epoch's length suffers.
Calibration calibrate(const std::function<double()>& seconds_per_call, double epoch_seconds) {
  double before = seconds_per_call();  // warms up, too
  double now = seconds_per_call();
  const auto agree = [&] { return std::abs(now - before) <= 0.2 * before; };
  for (int reading = 0; reading < 5 && !agree(); ++reading) {
    before = std::exchange(now, seconds_per_call());
  }
  const double calls = std::round(epoch_seconds / std::max(now, 1e-10));
  return {std::clamp(static_cast<std::size_t>(calls), std::size_t{1}, kMostCalls), agree()};
}

absl::StatusOr<PanelPlan::Arm> PanelPlan::Arm::from_json(const nlohmann::json& json,
                                                         const std::string& name) {
  Arm arm;
  Fields fields(json, name);
  fields.required("profile", arm.plugin.profile);
  fields.required("path", arm.plugin.path);
  fields.required("variant", arm.variant);
  fields.optional("layouts", arm.layouts, Range<std::size_t>{0, kMostPlacements});
  RETURN_IF_ERROR(fields.done());
  return arm;
}

absl::StatusOr<PanelPlan> PanelPlan::from_json(const nlohmann::json& json,
                                               const std::string& name) {
  PanelPlan plan;
  Fields fields(json, name);
  fields.head("panel");
  fields.required("case", plan.case_name);
  fields.optional("data", plan.data);
  fields.optional("scratch", plan.scratch);
  fields.required("size", plan.size, kSizes);
  fields.optional("rate", plan.rate, kRates);
  fields.optional("threads", plan.threads, kThreads);
  fields.optional("workers", plan.workers, kWorkers);
  fields.optional("seed", plan.seed);
  fields.optional("order_seed", plan.order_seed);
  fields.optional("pool_bytes", plan.pool_bytes, Range<std::size_t>{1, std::size_t{1} << 40});
  fields.optional("fewest_inputs", plan.fewest_inputs, Range<std::size_t>{1, kMostInputs});
  fields.optional("epoch_seconds", plan.epoch_seconds, kSeconds);
  fields.optional("contender_seconds", plan.contender_seconds, kSeconds);
  fields.optional("placements", plan.placements, Range<std::size_t>{1, kMostPlacements});
  fields.optional("calm_beat", plan.calm_beat, Range<double>{0, 1e9});
  fields.required("generator", plan.generator);
  fields.required("contenders", plan.contenders, Range<std::size_t>{1, kMostContenders});
  RETURN_IF_ERROR(fields.done());
  return plan;
}

absl::StatusOr<SoloPlan> SoloPlan::from_json(const nlohmann::json& json) {
  SoloPlan plan;
  Fields fields(json);
  fields.head("solo");
  fields.required("panels", plan.panels, Range<std::size_t>{1, kMostPanels});
  RETURN_IF_ERROR(fields.done());
  return plan;
}

const std::string& Panel::name(std::size_t i) const { return placements_.front()[i].name(); }

absl::Status Panel::have_threads() const {
  if (plan_.workers > 0) {
    if (plan_.workers > Workers::processors())
      return absl::FailedPreconditionError(
          fmt::format("workers: {} are to work at once, and this process may use {} of the "
                      "machine's processors",
                      plan_.workers, Workers::processors()));
    Workers::of_process().start(plan_.workers);
    for (const auto& [path, plugin] : plugins_) Workers::give(plugin->table(), plan_.workers);
  } else if (plan_.threads > 1) {
    platform::start_and_join_a_thread();
  } else if (plan_.threads == 1 && platform::has_started_a_thread()) {
    return absl::FailedPreconditionError(
        "threads: this process has started a thread, and this panel is of one that never did: run "
        "it alone");
  }
  return absl::OkStatus();
}

absl::StatusOr<const Plugin*> Panel::plugin(const PluginAt& at) {
  for (const auto& [path, plugin] : plugins_) {
    if (path == at.path) return plugin.get();
  }
  Problem problem;
  auto plugin = Plugin::load(at, plan_.case_name, problem);
  if (plugin == nullptr) {
    return absl::FailedPreconditionError(
        fmt::format("{}: {} {}", problem.kind, at.profile, problem.message));
  }
  if (plan_.workers > 0) Workers::give(plugin->table(), plan_.workers);
  return plugins_.emplace_back(at.path, std::move(plugin)).second.get();
}

absl::StatusOr<std::unique_ptr<Panel>> Panel::open(const PanelPlan& plan) {
  auto panel = std::make_unique<Panel>();
  panel->plan_ = plan;
  panel->placements_.emplace_back();
  ASSIGN_OR_RETURN(const Plugin* const generator, panel->plugin(plan.generator));
  if (!generator->generates())
    return absl::FailedPreconditionError("load: the generator makes no inputs");
  panel->generator_ = generator;
  ASSIGN_OR_RETURN(const Pool first, panel->draw(plan.seed, 1));
  const std::size_t bytes = std::max<std::size_t>(first.bytes(), 1);
  ASSIGN_OR_RETURN(Pool pool,
                   panel->draw(plan.seed, std::clamp((plan.pool_bytes + bytes - 1) / bytes,
                                                     plan.fewest_inputs, kMostInputs)));
  panel->pool_ = std::make_unique<Pool>(std::move(pool));
  for (const PanelPlan::Arm& arm : plan.contenders) {
    ASSIGN_OR_RETURN(const Plugin* const plugin, panel->plugin(arm.plugin));
    if (std::string(plugin->table().input_layout) != generator->table().input_layout) {
      return absl::FailedPreconditionError(
          fmt::format("layout: {} lays its input out differently", arm.plugin.profile));
    }
  }
  return panel;
}

absl::StatusOr<Pool> Panel::draw(std::uint64_t seed, std::size_t count) const {
  absl::StatusOr<Pool> pool = Pool::make(*generator_, {.struct_size = sizeof(safecost_request),
                                                       .count = static_cast<std::uint32_t>(count),
                                                       .seed = seed,
                                                       .size = plan_.size,
                                                       .rate = plan_.rate,
                                                       .fault = SAFECOST_NO_FAULT,
                                                       .reserved = 0,
                                                       .data = plan_.data.c_str(),
                                                       .scratch = plan_.scratch.c_str()});
  if (pool.ok()) return pool;
  return absl::InternalError(fmt::format("{}: {}", platform::memory_is_short() ? "trouble" : "pool",
                                         std::string(pool.status().message())));
}

absl::StatusOr<Contender> Panel::contender(const PanelPlan::Arm& arm, std::size_t placement) {
  PluginAt at = arm.plugin;
  if (!arm.layouts.empty()) at.path = arm.layouts[placement % arm.layouts.size()];
  ASSIGN_OR_RETURN(const Plugin* const plugin, this->plugin(at));
  const safecost_variant* variant = plugin->variant(arm.variant);
  if (variant == nullptr || variant->run == nullptr) {
    return absl::NotFoundError(
        fmt::format("load: {} has no variant {}", arm.plugin.profile, arm.variant));
  }
  return Contender(
      *plugin, *variant, *pool_,
      contender_name(*plugin, *variant, plan_.size, plan_.rate, plan_.threads, plan_.workers));
}

absl::Status Panel::add(const PanelPlan::Arm& arm) {
  ASSIGN_OR_RETURN(Contender added, contender(arm, 0));
  contenders().push_back(std::move(added));
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Contender>*> Panel::add_placement() {
  std::vector<Contender> all;
  for (const PanelPlan::Arm& arm : plan_.contenders) {
    ASSIGN_OR_RETURN(Contender added, contender(arm, placements_.size()));
    all.push_back(std::move(added));
  }
  return &placements_.emplace_back(std::move(all));
}

absl::StatusOr<std::unique_ptr<Panel>> Panel::load(const PanelPlan& plan) {
  ASSIGN_OR_RETURN(std::unique_ptr<Panel> panel, open(plan));
  for (const PanelPlan::Arm& arm : plan.contenders) RETURN_IF_ERROR(panel->add(arm));
  return panel;
}

namespace {

// Prepares contexts of all contenders, in random order, each on pages of its own and laid out alike.
absl::Status prepare(std::vector<Contender>& contenders, const std::vector<std::size_t>& order,
                     const Laying& laying, std::size_t count) {
  for (const std::size_t c : order) {
    const Allocations allocations(contenders[c].plugin().library());
    Arena::of_process().begin(laying);
    allocations.to_arena();
    const absl::Status prepared = contenders[c].prepare(count);
    allocations.to_libc();
    RETURN_IF_ERROR(prepared);
  }
  return absl::OkStatus();
}

// Ways to lay contexts out, each as often as any other, in random order.
std::vector<Laying> draw_layings(std::mt19937_64& random, std::size_t count) {
  std::vector<Laying> layings;
  layings.reserve(count);
  constexpr std::array modes = {Laying::Mode::adjacent, Laying::Mode::split,
                                Laying::Mode::jittered};
  const std::size_t first = random() % modes.size();
  for (std::size_t i = 0; i < count; ++i)
    layings.push_back(Laying::draw(random, modes[(first + i) % modes.size()]));
  std::shuffle(layings.begin(), layings.end(), random);
  return layings;
}

// How many rounds the two contenders have that have the fewest with calm beats beside both. Times have no say in it, or
// what is left out would depend on what it shows. Notes what a calm beat is by now.
std::size_t fewest_calm(Launch& launch, double known) {
  std::vector<double> all;
  for (const auto& of_one : launch.beats) all.insert(all.end(), of_one.begin(), of_one.end());
  launch.calm_beat = calm_beat(std::move(all), known);
  const double slow = kSlowBeat * launch.calm_beat;
  const std::size_t rounds = launch.placements.size();
  std::size_t fewest = rounds;
  for (const auto& one : launch.beats) {
    for (const auto& other : launch.beats) {
      std::size_t calm = 0;
      for (std::size_t r = 0; r < rounds; ++r)
        calm += static_cast<std::size_t>(one[r] <= slow && other[r] <= slow);
      fewest = std::min(fewest, calm);
    }
  }
  return fewest;
}

}  // namespace

absl::StatusOr<Launch> time_panel(Panel& panel, const PanelPlan& plan,
                                  const std::function<double()>& beat) {
  RETURN_IF_ERROR(panel.have_threads());
  Workers& workers = Workers::of_process();
  if (plan.workers > 0) workers.place();
  platform::company();  // from now on, what a contender leaves behind is ours
  std::mt19937_64 random(plan.order_seed);
  const std::size_t count = panel.contenders().size();
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), 0);
  std::shuffle(order.begin(), order.end(), random);

  Launch launch;
  launch.prepared = order;
  launch.layings = draw_layings(random, plan.placements);
  std::vector<std::uint64_t>
      digests;  // of the first placement; the last look holds all others against them
  for (std::size_t p = 0; p < launch.layings.size(); ++p) {
    if (p > 0) {
      RETURN_IF_ERROR(panel.add_placement().status());
      std::shuffle(order.begin(), order.end(), random);
    }
    std::vector<Contender>& contenders = panel.placements()[p];
    RETURN_IF_ERROR(prepare(contenders, order, launch.layings[p], panel.pool().count()));
    if (p == 0) {
      ASSIGN_OR_RETURN(digests, agreed_digests(panel, contenders, kComparedInputs));
    }
    const std::size_t fit = platform::memory_bytes() / kShareOfMemory /
                            std::max<std::size_t>(Arena::of_process().used() / (p + 1), 1);
    if (p + 1 >= fit) launch.layings.resize(p + 1);
  }
  const std::size_t placements = launch.layings.size();

  const Calibration calibration =
      calibrate([&] { return seconds_per_call(panel.contenders()); }, plan.epoch_seconds);
  launch.calls = calibration.calls;
  launch.calls_confirmed = calibration.confirmed;
  const bool mutates = std::any_of(panel.contenders().begin(), panel.contenders().end(),
                                   [](const Contender& c) { return c.mutates(); });
  std::size_t batch = launch.calls;
  if (mutates) {
    const std::size_t bytes = std::max<std::size_t>(panel.pool().bytes() / panel.pool().count(), 1);
    batch = std::clamp<std::size_t>(kBatchBytes / bytes, 1, panel.pool().count());
  }

  clear_reports(panel);
  launch.nanoseconds.resize(count);
  launch.beats.resize(count);
  launch.cpu_seconds.resize(count);
  const std::size_t warm = untimed_calls(launch.calls);
  const double budget = plan.contender_seconds * static_cast<double>(count);
  double spent = 0;
  std::size_t wanted = 0;  // rounds that all pairs shall have, once the time is up
  std::vector<std::size_t> turns(placements);
  std::iota(turns.begin(), turns.end(), 0);
  // Where in the pool the walk goes on: the same for every contender, and one walk through all placements, so that as
  // many inputs are met as with one.
  std::size_t first = 0;
  for (std::size_t round = 0;; ++round) {
    if (spent >= budget && round >= kFewestRounds) {
      if (wanted == 0) {
        wanted = std::max<std::size_t>(
            kFewestRounds, static_cast<std::size_t>(kCalmShare * static_cast<double>(round)));
      }
      if (fewest_calm(launch, plan.calm_beat) >= wanted || spent >= kLongest * budget) break;
    }
    if (round % placements == 0) std::shuffle(turns.begin(), turns.end(), random);
    const std::size_t placement = turns[round % placements];
    std::shuffle(order.begin(), order.end(), random);
    const Workers::Awake awake = workers.awake();
    const auto start = Clock::now();
    for (const std::size_t c : order) {
      Contender& contender = panel.placements()[placement][c];
      seconds_of(contender, first, warm, batch);
      const double before = workers.slowest(beat);
      const Seconds seconds = seconds_of(contender, first + warm, launch.calls, batch);
      launch.beats[c].push_back(std::max(before, workers.slowest(beat)));
      launch.cpu_seconds[c] += seconds.cpu;
      launch.nanoseconds[c].push_back(seconds.wall * 1e9 / static_cast<double>(launch.calls));
    }
    spent += std::chrono::duration<double>(Clock::now() - start).count();
    first += launch.calls;
    launch.placements.push_back(placement);
  }
  launch.operations = time_operations(panel, launch.calls, random);
  RETURN_IF_ERROR(last_look(panel, digests));
  return launch;
}

namespace {

nlohmann::json rounded(const std::vector<double>& values, double per_unit) {
  nlohmann::json json = nlohmann::json::array();
  for (const double value : values) json.push_back(std::round(value * per_unit) / per_unit);
  return json;
}

}  // namespace

nlohmann::json to_json(const Panel& panel, const Launch& launch, const PanelPlan& plan) {
  const std::size_t rounds = launch.placements.size();
  std::vector<TimedRun> runs;
  nlohmann::json rounds_json = nlohmann::json::array();
  nlohmann::json beats_json = nlohmann::json::array();
  for (std::size_t c = 0; c < launch.nanoseconds.size(); ++c) {
    const double calls = static_cast<double>(launch.calls * rounds);
    runs.push_back({panel.name(c), static_cast<std::int64_t>(calls),
                    median(launch.nanoseconds[c]) * 1e-9 * calls, launch.cpu_seconds[c]});
    rounds_json.push_back(rounded(launch.nanoseconds[c], 1e4));
    beats_json.push_back(rounded(launch.beats[c], 1));
  }
  nlohmann::json layings = nlohmann::json::array();
  for (const Laying& laying : launch.layings)
    layings.push_back({{"mode", name(laying.mode)}, {"offset", laying.offset}});
  nlohmann::json json = google_benchmark_json(runs);
  json["safecost"] = {{"case", plan.case_name},
                      {"order_seed", plan.order_seed},
                      {"calls", launch.calls},
                      {"calls_confirmed", launch.calls_confirmed},
                      {"prepared", launch.prepared},
                      {"inputs", panel.pool().count()},
                      {"estimate", "real_time is the median over rounds"},
                      {"layings", std::move(layings)},
                      {"placements", launch.placements},
                      {"nanoseconds", std::move(rounds_json)},
                      {"latencies", to_json(launch.operations)},
                      {"calm_beat", std::round(launch.calm_beat)},
                      {"beats", std::move(beats_json)}};
  return json;
}

}  // namespace safecost
