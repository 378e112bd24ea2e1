// A text from outside is used as a format: it can name arguments that are not there.
// cwe: 134
// gcc: [-Wformat-security]
// clang: [-Wformat-security]
#include <cstdio>

void log(const char* text) {
#ifdef MISUSE
  std::printf(text);  // MISUSE
#else
  std::printf("%s", text);
#endif
}
