// Numbers of 32 and 64 bits are exchanged by a function that takes two of one type.
// cwe: 197
// gcc: "no matching function for call to"
// clang: "no matching function for call to"
#include <cstdint>
#include <utility>

#ifdef MISUSE
using Kept = std::uint32_t;
#else
using Kept = std::uint64_t;
#endif

void order(std::uint64_t& from, Kept& to) {
  if (to < from) std::swap(from, to);  // MISUSE
}
