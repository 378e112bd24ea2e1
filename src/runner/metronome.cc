#include "runner/metronome.h"

#include <algorithm>
#include <chrono>
#include <cstddef>

namespace safecost {

namespace {

constexpr long kIterations = 4'000;

// By hand, since compilers differ in what they make of a loop that does nothing.
inline void iterate() {
  long left = kIterations;
#if defined(__x86_64__)
  asm volatile("1: dec %0\n\tjnz 1b" : "+r"(left) : : "cc");
#elif defined(__aarch64__)
  asm volatile("1: subs %0, %0, #1\n\tb.ne 1b" : "+r"(left) : : "cc");
#else
  for (; left > 0; --left) asm volatile("" : "+r"(left));
#endif
}

}  // namespace

double beat() {
  const auto start = std::chrono::steady_clock::now();
  iterate();
  const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - start;
  return took.count();
}

double calm_beat(std::vector<double> beats, double known) {
  if (beats.empty()) return known;
  const auto at = beats.begin() + static_cast<std::ptrdiff_t>(beats.size() / 20);
  std::nth_element(beats.begin(), at, beats.end());
  return known > 0 ? std::min(known, *at) : *at;
}

}  // namespace safecost
