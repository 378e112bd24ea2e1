// The same with braces, which are defined to reject what does not fit.
// cwe: 197
// gcc: [-Wnarrowing]
// clang: "cannot be narrowed"
#include <cstdint>

std::uint32_t length(std::uint64_t bytes) {
#ifdef MISUSE
  const std::uint32_t narrow{bytes};  // MISUSE
#else
  const std::uint32_t narrow{bytes > UINT32_MAX ? UINT32_MAX : static_cast<std::uint32_t>(bytes)};
#endif
  return narrow;
}
