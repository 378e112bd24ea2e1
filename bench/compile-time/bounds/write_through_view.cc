// A view that may only be read is written to.
// cwe: 471
// gcc: "assignment of read-only location"
// clang: "cannot assign to return value"
#include <span>

int first(std::span<const int> values, std::span<int> scratch) {
#ifdef MISUSE
  values[0] = 1;  // MISUSE
#else
  scratch[0] = 1;
#endif
  return values[0] + scratch[0];
}
