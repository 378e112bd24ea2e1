// One launch: the contenders of a panel timed against each other in rounds of random order.
#ifndef SAFECOST_RUNNER_PANEL_H
#define SAFECOST_RUNNER_PANEL_H

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "nlohmann/json.hpp"
#include "runner/arena.h"
#include "runner/contender.h"
#include "runner/latency.h"
#include "runner/metronome.h"

namespace safecost {

struct PanelPlan {
  struct Arm {
    PluginAt plugin;
    std::string variant;
    std::vector<std::string> layouts;  // files of the same plugin with its functions elsewhere

    static absl::StatusOr<Arm> from_json(const nlohmann::json& json, const std::string& name);
  };
  std::string case_name;
  std::string data;
  std::string scratch;
  std::uint64_t size = 0;
  double rate = -1.0;
  std::uint32_t threads = 0;           // that the process has had by then; 0 is as 1
  std::uint32_t workers = 0;           // that a kernel has; 0 is as 1, in a process of one thread
  std::uint64_t seed = 0;              // of inputs: the same in every launch of a panel
  std::uint64_t order_seed = 0;        // of this launch: order of preparation and of each round
  std::size_t pool_bytes = 512 << 10;  // inputs are drawn until they refer to this much
  std::size_t fewest_inputs = 4;       // however large they are; 1 shows what a fixed input does
  double epoch_seconds = 200e-6;
  double contender_seconds = 0.02;  // time for all epochs of one contender
  std::size_t placements = 1;       // at most, with contexts elsewhere in each, and code
  double calm_beat = 0;             // of the metronome, in nanoseconds; 0 where none is known
  PluginAt generator;
  std::vector<Arm> contenders;

  static absl::StatusOr<PanelPlan> from_json(const nlohmann::json& json,
                                             const std::string& name = {});
};

// Panels that Google Benchmark times one contender after the other.
struct SoloPlan {
  std::vector<PanelPlan> panels;

  static absl::StatusOr<SoloPlan> from_json(const nlohmann::json& json);
};

// A panel's plugins, pool and contenders, bound together.
class Panel {
 public:
  // Fails with kind and message of what was wrong, as "kind: message".
  static absl::StatusOr<std::unique_ptr<Panel>> load(const PanelPlan& plan);
  // The same in steps: plugins and pool, without a contender, whatever variants the plan names; then one by one.
  static absl::StatusOr<std::unique_ptr<Panel>> open(const PanelPlan& plan);
  absl::Status add(const PanelPlan::Arm& arm);

  // More inputs of the panel's point, from another seed perhaps.
  absl::StatusOr<Pool> draw(std::uint64_t seed, std::size_t count) const;

  // Of the first placement.
  std::vector<Contender>& contenders() { return placements_.front(); }
  // The same contenders once more, without contexts; each from the next of its layouts.
  absl::StatusOr<std::vector<Contender>*> add_placement();
  std::deque<std::vector<Contender>>& placements() { return placements_; }
  const Pool& pool() const { return *pool_; }
  const PanelPlan& plan() const { return plan_; }
  const std::string& name(std::size_t i) const;
  // Before any context is prepared: this process has had the plan's number of threads from now on, and plugins have its
  // workers. Fails where it has had more already, and where workers would have to take turns.
  absl::Status have_threads() const;

 private:
  absl::StatusOr<const Plugin*> plugin(const PluginAt& at);
  absl::StatusOr<Contender> contender(const PanelPlan::Arm& arm, std::size_t placement);

  PanelPlan plan_;
  std::vector<std::pair<std::string, std::unique_ptr<Plugin>>> plugins_;  // by path
  const Plugin* generator_ = nullptr;
  std::unique_ptr<Pool> pool_;
  std::deque<std::vector<Contender>> placements_;  // freed before the pool they were made from
};

// How many calls an epoch has: so many that the median contender of a panel takes `epoch_seconds`.
struct Calibration {
  std::size_t calls = 1;
  bool confirmed = false;  // two readings in a row agreed within 20 %
};

// `seconds_per_call` reads the median contender once more, whenever it is called.
Calibration calibrate(const std::function<double()>& seconds_per_call, double epoch_seconds);

struct Launch {
  std::size_t calls = 0;                // in an epoch, the same for every contender
  bool calls_confirmed = false;         // two readings agreed on it
  std::vector<std::size_t> prepared;    // contenders, in the order in which they prepared first
  std::vector<Laying> layings;          // of each placement
  std::vector<std::size_t> placements;  // [round]
  std::vector<std::vector<double>> nanoseconds;  // [contender][round], per call
  std::vector<std::vector<double>> beats;        // [contender][round], the slower of both
  double calm_beat = 0;                          // nanoseconds, by this launch and those before it
  std::vector<double> cpu_seconds;               // [contender], of all epochs
  std::vector<std::optional<OperationTimes>> operations;  // [contender]
};

// `beat` is the metronome, which tests replace.
absl::StatusOr<Launch> time_panel(Panel& panel, const PanelPlan& plan,
                                  const std::function<double()>& beat = safecost::beat);

// Google Benchmark JSON of a launch, one entry a contender, with everything else under "safecost".
nlohmann::json to_json(const Panel& panel, const Launch& launch, const PanelPlan& plan);

}  // namespace safecost

#endif
