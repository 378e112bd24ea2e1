// A number is printed as if it were a pointer to text.
// cwe: 686
// gcc: [-Wformat]
// clang: [-Wformat]
#include <cstdio>

void log(int value) {
#ifdef MISUSE
  std::printf("%s", value);  // MISUSE
#else
  std::printf("%d", value);
#endif
}
