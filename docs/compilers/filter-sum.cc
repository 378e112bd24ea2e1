// A sum over views::filter: vectorised by Clang 23 with its own libc++ 23, and by no other pair of 19, 22 and 23.
// vectorised with libc++: Clang 19 no, Clang 22 no, Clang 23 yes
// clang++ -std=c++20 -stdlib=libc++ -O2 -Rpass=loop-vectorize -Rpass-analysis=loop-vectorize -c filter-sum.cc
//   19: loop not vectorized: could not determine number of loop iterations
//   22: loop not vectorized: Auto-vectorization of loops with potentially faulting load is not supported
//   23: vectorized loop (vectorization width: 4, interleaved count: 1)
#include <cstdint>
#include <ranges>
#include <vector>

std::uint64_t sum(const std::vector<std::uint32_t>& values) {
  std::uint64_t total = 0;
  for (const std::uint32_t value :
       values | std::views::filter([](std::uint32_t each) { return each % 2 == 0; }))
    total += value;
  return total;
}
