// A vector of four is read one past its end, with a constant index.
// cwe: 125
// gcc: accepts
// clang: accepts
#include <vector>

void fill(std::vector<int>& values);

int use() {
  std::vector<int> values(4);
  fill(values);
#ifdef MISUSE
  return values[4];  // MISUSE
#else
  return values[3];
#endif
}
