// How long single operations take: p50, p99, p99.9 and the longest. A case writes its work once, for two kernels:
//
//   template <class Timer>
//   SAFECOST_HELPER std::uint64_t counted(Counter& counter) {
//     return SAFECOST_IN_PARALLEL(worker) {
//       Timer timer(worker);
//       for (...) timer([&] { counter.add(1); });
//       ...
//     };
//   }
//   SAFECOST_KERNEL mutex(Counter& counter) { return counted<safecost::Untimed>(counter); }
//   SAFECOST_KERNEL mutex_latency(Counter& counter) { return counted<safecost::Latency>(counter); }
//   ...
//   .safe<mutex>("mutex", "...").latency<mutex_latency>()
//
// What begins on one worker and ends on another is timed by `now()`, which travels along, and `since(start)`.
#ifndef SAFECOST_KERNEL_LATENCY_H
#define SAFECOST_KERNEL_LATENCY_H

#include <cstdint>

#include "kernel/abi.h"
#if !defined(__x86_64__) && !defined(__aarch64__)
#include <chrono>
#endif

namespace safecost {

extern safecost_latencies border_latencies;

// The processor's clock, which goes on at one rate and is one for all cores; the host knows how long a tick is. What
// stands before it in the program is done before it is read, and what stands behind it begins after that.
[[gnu::always_inline]] inline std::uint64_t ticks() {
#if defined(__x86_64__)
  std::uint32_t low, high;
  asm volatile("lfence\n\trdtsc\n\tlfence" : "=a"(low), "=d"(high) : : "memory");
  return static_cast<std::uint64_t>(high) << 32 | low;
#elif defined(__aarch64__)
  std::uint64_t now;
  asm volatile("isb\n\tmrs %0, cntvct_el0\n\tisb" : "=r"(now) : : "memory");
  return now;
#else
  return static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
#endif
}

// In the kernel that is timed as a whole: operations are done, and nothing else.
struct Untimed {
  explicit Untimed(std::uint32_t) {}
  template <class Operation>
  [[gnu::always_inline]] decltype(auto) operator()(const Operation& operation) const {
    return operation();
  }
  static std::uint64_t now() { return 0; }
  void since(std::uint64_t) const {}
};

// Notes how long each operation of a worker took.
class Latency {
 public:
  explicit Latency(std::uint32_t worker)
      : recorder_(worker < border_latencies.count ? &border_latencies.recorders[worker] : nullptr) {
  }

  template <class Operation>
  [[gnu::always_inline]] decltype(auto) operator()(const Operation& operation) const {
    const AtEnd note{*this, now()};
    return operation();
  }
  static std::uint64_t now() { return ticks(); }
  void since(std::uint64_t start) const {
    const std::uint64_t took = ticks() - start;
    if (recorder_ == nullptr) return;
    if (recorder_->count < recorder_->capacity) recorder_->ticks[recorder_->count] = took;
    ++recorder_->count;
  }

 private:
  struct AtEnd {
    const Latency& latency;
    std::uint64_t start;
    ~AtEnd() { latency.since(start); }
  };
  safecost_recorder* recorder_;
};

}  // namespace safecost

#endif
