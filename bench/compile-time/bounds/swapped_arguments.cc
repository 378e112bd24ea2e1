// Offset and length are swapped: both are numbers.
// cwe: 683
// gcc: accepts
// clang: accepts
#include <cstddef>

int sum(const int* values, std::size_t offset, std::size_t length);

int use(const int* values, std::size_t from, std::size_t count) {
#ifdef MISUSE
  return sum(values, count, from);  // MISUSE
#else
  return sum(values, from, count);
#endif
}
