#include "runner/latency.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>

#include "kernel/latency.h"
#include "runner/panel.h"
#include "runner/workers.h"

namespace safecost {

namespace {

constexpr std::size_t kTurns = 10;  // of a contender; nothing is noted in the first
constexpr std::size_t kMostNoted =
    1 << 15;  // by one worker in a turn; a call that begins below it is noted so far
constexpr std::size_t kReadings = 1'001;

class Recorders {
 public:
  explicit Recorders(std::uint32_t workers) : ticks_(workers * kMostNoted), recorders_(workers) {
    for (std::uint32_t worker = 0; worker < workers; ++worker) {
      recorders_[worker].ticks = &ticks_[worker * kMostNoted];
      recorders_[worker].capacity = kMostNoted;
    }
  }
  void give(const safecost_plugin& plugin) {
    if (plugin.latencies == nullptr) return;
    *plugin.latencies = {sizeof(safecost_latencies), static_cast<std::uint32_t>(recorders_.size()),
                         recorders_.data()};
  }
  static void take_back(const safecost_plugin& plugin) {
    if (plugin.latencies != nullptr) *plugin.latencies = {sizeof(safecost_latencies), 0, nullptr};
  }
  // Moves what was noted.
  void move_to(std::vector<std::uint64_t>* all) {
    for (safecost_recorder& recorder : recorders_) {
      const std::uint64_t noted = std::min(recorder.count, recorder.capacity);
      if (all != nullptr) all->insert(all->end(), recorder.ticks, recorder.ticks + noted);
      recorder.count = 0;
    }
  }
  bool is_full() const {
    return std::ranges::any_of(recorders_, [](const safecost_recorder& recorder) {
      return recorder.count >= recorder.capacity;
    });
  }

 private:
  struct alignas(64) OnItsLine : safecost_recorder {};
  static_assert(sizeof(OnItsLine) == sizeof(safecost_recorder));
  std::vector<std::uint64_t> ticks_;
  std::vector<OnItsLine> recorders_;
};

double reading_ticks() {
  std::vector<std::uint64_t> all(kReadings);
  for (std::uint64_t& reading : all) {
    const std::uint64_t start = ticks();
    reading = ticks() - start;
  }
  std::nth_element(all.begin(), all.begin() + kReadings / 2, all.end());
  return static_cast<double>(all[kReadings / 2]);
}

}  // namespace

OperationTimes summed_up(std::vector<std::uint64_t> ticks, double tick_nanoseconds) {
  OperationTimes times = {.operations = ticks.size()};
  if (ticks.empty()) return times;
  std::ranges::sort(ticks);
  const auto at = [&](double share) {
    const double rank = std::ceil(share * static_cast<double>(ticks.size()));
    return static_cast<double>(ticks[static_cast<std::size_t>(std::max(rank, 1.0)) - 1]) *
           tick_nanoseconds;
  };
  times.p50 = at(0.5);
  times.p99 = at(0.99);
  times.p999 = at(0.999);
  times.longest = at(1);
  return times;
}

std::vector<std::optional<OperationTimes>> time_operations(Panel& panel, std::size_t calls,
                                                           std::mt19937_64& random) {
  std::vector<Contender>& contenders = panel.contenders();
  std::vector<std::size_t> order;
  for (std::size_t c = 0; c < contenders.size(); ++c) {
    if (contenders[c].variant().latency != nullptr) order.push_back(c);
  }
  std::vector<std::optional<OperationTimes>> all(contenders.size());
  if (order.empty()) return all;

  Recorders recorders(std::max(panel.plan().workers, 1u));
  std::vector<std::vector<std::uint64_t>> noted(contenders.size());
  const auto start = Clock::now();
  const std::uint64_t start_ticks = ticks();
  const double reading = reading_ticks();
  std::size_t first = 0;
  for (std::size_t turn = 0; turn < kTurns; ++turn) {
    std::shuffle(order.begin(), order.end(), random);
    const Workers::Awake awake = Workers::of_process().awake();
    for (const std::size_t c : order) {
      Contender& contender = contenders[c];
      recorders.give(contender.plugin().table());
      for (std::size_t call = 0; call < calls && !recorders.is_full(); ++call) {
        const std::size_t i = (first + call) % contender.contexts();
        contender.reset(i, 1);
        const std::uint64_t result = contender.variant().latency(contender.context(i));
        asm volatile("" : : "r"(result) : "memory");
      }
      recorders.move_to(turn == 0 ? nullptr : &noted[c]);
      Recorders::take_back(contender.plugin().table());
    }
    first += calls;
  }
  const double ticks_passed = static_cast<double>(ticks() - start_ticks);
  const double tick = std::chrono::duration<double, std::nano>(Clock::now() - start).count() /
                      std::max(ticks_passed, 1.0);
  for (const std::size_t c : order) {
    OperationTimes& times = all[c].emplace(summed_up(std::move(noted[c]), tick));
    times.reading = reading * tick;
  }
  return all;
}

nlohmann::json to_json(const std::vector<std::optional<OperationTimes>>& contenders) {
  const auto rounded = [](double nanoseconds) { return std::round(nanoseconds * 10) / 10; };
  nlohmann::json json = nlohmann::json::array();
  if (std::ranges::none_of(contenders, [](const auto& times) { return times.has_value(); }))
    return json;
  for (const std::optional<OperationTimes>& times : contenders) {
    json.push_back(times ? nlohmann::json{{"operations", times->operations},
                                          {"p50", rounded(times->p50)},
                                          {"p99", rounded(times->p99)},
                                          {"p999", rounded(times->p999)},
                                          {"longest", rounded(times->longest)},
                                          {"reading", rounded(times->reading)}}
                         : nlohmann::json());
  }
  return json;
}

}  // namespace safecost
