// A std::array is read one past its end, with a constant index.
// cwe: 125
// gcc: [-Warray-bounds]
// clang: accepts
#include <array>

int use(const std::array<int, 4>& given) {
  const std::array<int, 4> values = given;
#ifdef MISUSE
  return values[4];  // MISUSE
#else
  return values[3];
#endif
}
