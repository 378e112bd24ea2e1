// A signed number becomes an index: a negative one is a huge one.
// cwe: 195
// gcc: [-Wsign-conversion]
// clang: [-Wsign-conversion]
#include <span>

int pick(std::span<const int> values, int offset) {
#ifdef MISUSE
  const std::size_t index = offset;  // MISUSE
#else
  const std::size_t index = offset < 0 ? 0 : static_cast<std::size_t>(offset);
#endif
  return index < values.size() ? values[index] : 0;
}
