// Indexing a raw pointer is banned as such; a container that can check is what is left.
// cwe: 129
// gcc: n/a: GCC has no such warning
// clang: [-Wunsafe-buffer-usage]
// clang flags: -Wunsafe-buffer-usage
#include <cstddef>
#include <span>

int pick(std::span<const int> values, std::size_t index) {
#ifdef MISUSE
  const int* const start = values.data();
  return start[index];  // MISUSE
#else
  return values[index];
#endif
}
