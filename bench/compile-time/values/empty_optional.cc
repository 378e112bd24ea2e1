// An optional is read that may be empty.
// cwe: 457
// gcc: accepts
// clang: accepts
#include <optional>

std::optional<int> find(int wanted);

int use() {
  const std::optional<int> found = find(7);
#ifdef MISUSE
  return *found;  // MISUSE
#else
  return found.value_or(0);
#endif
}
