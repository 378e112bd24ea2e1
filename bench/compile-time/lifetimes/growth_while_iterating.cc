// A vector grows while a loop walks over it.
// cwe: 416
// gcc: accepts
// clang: accepts
#include <vector>

void repeat_even(std::vector<int>& values) {
  std::vector<int> added;
  for (const int value : values) {
#ifdef MISUSE
    if (value % 2 == 0) values.push_back(value);  // MISUSE
#else
    if (value % 2 == 0) added.push_back(value);
#endif
  }
  values.insert(values.end(), added.begin(), added.end());
}
