// More is copied into an allocated block than it has bytes.
// cwe: 122
// gcc: [-Wstringop-overflow]
// clang: accepts
#include <cstring>

char* copy(const char* from) {
  char* const block = new char[8];
#ifdef MISUSE
  std::memcpy(block, from, 12);  // MISUSE
#else
  std::memcpy(block, from, 8);
#endif
  return block;
}
