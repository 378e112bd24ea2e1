// A macro that exchanges two numbers of 64 bits is given a type of 32.
// cwe: 197
// gcc: [-Wconversion]
// clang: [-Wshorten-64-to-32]
#include <cstdint>

#define SWAP(type, a, b)   \
  do {                     \
    const type kept = (a); \
    (a) = (b);             \
    (b) = kept;            \
  } while (false)

void order(std::uint64_t& from, std::uint64_t& to) {
#ifdef MISUSE
  if (to < from) SWAP(std::uint32_t, from, to);  // MISUSE
#else
  if (to < from) SWAP(std::uint64_t, from, to);
#endif
}
