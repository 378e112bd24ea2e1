// A product that becomes the size of a block overflows.
// cwe: 190
// gcc: accepts
// clang: accepts
#include <cstddef>

int* table(std::size_t rows, std::size_t columns) {
#ifdef MISUSE
  return static_cast<int*>(::operator new(rows * columns * sizeof(int)));  // MISUSE
#else
  std::size_t cells = 0;
  if (__builtin_mul_overflow(rows, columns, &cells)) return nullptr;
  return new int[cells];
#endif
}
