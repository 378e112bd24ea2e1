// A std::array is read with std::get, which takes the index as a template argument.
// cwe: 125
// gcc: "array index is within bounds"
// clang: "array index is within bounds"
#include <array>

int use(const std::array<int, 4>& values) {
#ifdef MISUSE
  return std::get<4>(values);  // MISUSE
#else
  return std::get<3>(values);
#endif
}
