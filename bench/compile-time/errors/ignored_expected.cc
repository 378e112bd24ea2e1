// A std::expected is dropped: the library does not mark its class.
// cwe: 252
// gcc: accepts
// clang: accepts
#include <expected>

std::expected<int, int> write(int value);

bool use(int value) {
#ifdef MISUSE
  write(value);  // MISUSE
  return true;
#else
  return write(value).has_value();
#endif
}
