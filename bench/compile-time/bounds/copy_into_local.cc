// A text is copied into a buffer that is too small for it.
// cwe: 121
// gcc: [-Warray-bounds]
// clang: [-Wfortify-source]
#include <cstring>

void take(const char* text);

void use() {
  char buffer[4];
#ifdef MISUSE
  std::strcpy(buffer, "too long");  // MISUSE
#else
  std::strcpy(buffer, "fit");
#endif
  take(buffer);
}
