// A length of 64 bits is kept in 32: what is allocated is smaller than what is written.
// cwe: 197
// gcc: [-Wconversion]
// clang: [-Wshorten-64-to-32]
#include <cstdint>

std::uint32_t length(std::uint64_t bytes) {
#ifdef MISUSE
  const std::uint32_t narrow = bytes;  // MISUSE
#else
  const std::uint32_t narrow = bytes > UINT32_MAX ? UINT32_MAX : static_cast<std::uint32_t>(bytes);
#endif
  return narrow;
}
