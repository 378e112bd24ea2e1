// The kernel whose loop runs one too far is evaluated at compile time.
// cwe: 125
// gcc: "is outside the bounds of array"
// clang: "read of dereferenced one-past-the-end pointer"
#include <cstddef>

constexpr int sum(const int (&values)[4]) {
  int total = 0;
#ifdef MISUSE
  for (std::size_t i = 0; i <= 4; ++i) total += values[i];
#else
  for (std::size_t i = 0; i < 4; ++i) total += values[i];
#endif
  return total;
}
static_assert(sum({1, 2, 3, 4}) == 10);  // MISUSE
