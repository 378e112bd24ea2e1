// Offset and length are swapped, and each is a type of its own.
// cwe: 683
// gcc: "could not convert"
// clang: "no matching function for call"
#include <cstddef>

struct Offset {
  std::size_t value;
};
struct Length {
  std::size_t value;
};

int sum(const int* values, Offset offset, Length length);

int use(const int* values, Offset from, Length count) {
#ifdef MISUSE
  return sum(values, count, from);  // MISUSE
#else
  return sum(values, from, count);
#endif
}
