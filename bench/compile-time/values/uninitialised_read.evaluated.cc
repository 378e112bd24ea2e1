// The kernel that reads what it never wrote is evaluated at compile time.
// cwe: 457
// gcc: "accessing uninitialized array element"
// clang: "read of uninitialized object"
#include <cstddef>

constexpr int kernel() {
  int values[2];
  values[0] = 1;
#ifndef MISUSE
  values[1] = 2;
#endif
  int total = 0;
  for (std::size_t i = 0; i < 2; ++i) total += values[i];
  return total;
}
static_assert(kernel() == 3);  // MISUSE
