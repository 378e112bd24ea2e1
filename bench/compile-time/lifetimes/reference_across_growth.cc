// A reference to an element is used after the vector has grown.
// cwe: 416
// gcc: accepts
// clang: accepts
#include <vector>

int use(std::vector<int>& values) {
  const int& first = values[0];
  [[maybe_unused]] const int copy = first;
  values.push_back(2);
#ifdef MISUSE
  return first;  // MISUSE
#else
  return copy;
#endif
}
