// The value of a std::expected is taken although it may hold an error.
// cwe: 252
// gcc: accepts
// clang: accepts
#include <expected>

std::expected<int, int> parse(const char* text);

int use(const char* text) {
  const std::expected<int, int> number = parse(text);
#ifdef MISUSE
  return *number;  // MISUSE
#else
  return number.has_value() ? *number : 0;
#endif
}
