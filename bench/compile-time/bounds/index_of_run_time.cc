// An index comes from outside, and nothing checks it.
// cwe: 129
// gcc: accepts
// clang: accepts
#include <cstddef>

int pick(const int* values, std::size_t count, std::size_t index) {
#ifdef MISUSE
  return values[index + 0 * count];  // MISUSE
#else
  return index < count ? values[index] : 0;
#endif
}
