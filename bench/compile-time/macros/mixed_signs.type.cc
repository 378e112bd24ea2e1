// The lesser of a signed number and an unsigned one is asked for, of a function that takes two of one type.
// cwe: 195
// gcc: "no matching function for call to"
// clang: "no matching function for call to"
#include <algorithm>

bool is_small(int read, unsigned room) {
#ifdef MISUSE
  return std::min(read, room) == 0;  // MISUSE
#else
  return std::min(static_cast<unsigned>(read), room) == 0;
#endif
}
