// A small case of several workers that keeps every rule; PLANT breaks one of them.
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <stdexcept>
#include <thread>
#include <vector>

#include "kernel/case.h"
#include "kernel/latency.h"
#include "kernel/workers.h"

#define NOTHING 0
#define WORKER_THROWS 1
#define WORKER_HANGS 2
#define WORKER_LEAVES_A_THREAD 3
#define OTHER_LATENCY 4
#define SOME_WORKERS 5
#define VANISHED_WORK 6

namespace planted {

struct Input {
  const std::uint32_t* values;
  std::size_t count;
};

Input generate(safecost::Generator& generator) {
  const auto values = generator.array<std::uint32_t>(generator.size());
  for (std::uint32_t& value : values)
    value = static_cast<std::uint32_t>(generator.random.below(1'000));
  return {values.data(), values.size()};
}

struct Values {
  explicit Values(const Input& input)
      : values(input.values, input.values + input.count), workers(safecost::worker_count()) {
    for (std::size_t i = 0; i < values.size(); ++i) known += values[i] * (i + 1);
  }
  std::vector<std::uint32_t> values;
  std::uint32_t workers;
  std::uint64_t known = 0;  // the answer
  std::atomic<std::uint64_t> sum{0};

  void reset(const Input&) { sum = 0; }
  std::uint64_t digest() const { return sum; }
};

template <class Timer>
SAFECOST_HELPER std::uint64_t added(Values& context) {
  return SAFECOST_IN_PARALLEL(worker) {
    const Timer timer(worker);
    for (std::size_t i = worker; i < context.values.size(); i += context.workers)
      timer([&] { context.sum.fetch_add(context.values[i] * (i + 1), std::memory_order_relaxed); });
    return 0;
  };
}

SAFECOST_KERNEL raw(Values& context) { return added<safecost::Untimed>(context); }
SAFECOST_KERNEL raw_latency(Values& context) { return added<safecost::Latency>(context); }

// On the last of several workers alone.
void break_a_rule(const Values& context) {
  if (context.values.size() != 2 || context.workers == 1) return;
  if (PLANT == WORKER_THROWS) throw std::runtime_error("thrown by a worker");
  for (volatile bool on = PLANT == WORKER_HANGS; on;) {
  }
  static bool left = false;
  if (PLANT == WORKER_LEAVES_A_THREAD && !left) {
    left = true;
    std::thread([] {
      for (;;) usleep(100'000);
    }).detach();
  }
}

SAFECOST_KERNEL bad(Values& context) {
  return SAFECOST_IN_PARALLEL(worker) {
    std::uint64_t sum = 0;
    if (PLANT == VANISHED_WORK) {
      sum = worker == 0 ? context.known : 0;
    } else {
      for (std::size_t i = worker; i < context.values.size(); i += context.workers)
        sum += context.values[i] * (i + 1);
    }
    if (worker + 1 == context.workers) break_a_rule(context);
    context.sum.fetch_add(sum, std::memory_order_relaxed);
    return 0;
  };
}

[[maybe_unused]] SAFECOST_KERNEL nothing(Values&) { return 0; }

auto the_case = safecost::Case<Input>(generate)
                    .size_and_workers(1'024, PLANT == SOME_WORKERS ? 0 : 1, "uncontended")
                    .size_and_workers(1'024, 2, "contended")
                    .raw<raw>("raw", "adds to one number")
                    .latency<raw_latency>()
                    .safe<bad>("bad", "adds up first")
#if PLANT == OTHER_LATENCY
                    .latency<nothing>()
#endif
    ;

}  // namespace planted

SAFECOST_EXPORT(planted::the_case)
