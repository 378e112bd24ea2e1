// An allocation may fail, and its result is written to all the same: seen by GCC's analyser.
// cwe: 476
// gcc: [-Wanalyzer-possible-null-dereference]
// gcc flags: -fanalyzer
// clang: n/a: its analyser is a program of its own, and warnings do not use it
#include <cstdlib>

int* allocate(int value) {
  int* const block = static_cast<int*>(std::malloc(sizeof(int)));
#ifndef MISUSE
  if (block == nullptr) return nullptr;
#endif
  *block = value;  // MISUSE
  return block;
}
