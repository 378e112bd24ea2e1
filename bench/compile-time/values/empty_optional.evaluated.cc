// The kernel that reads an empty optional is evaluated at compile time.
// cwe: 457
// gcc: "'__builtin_unreachable()' is not a constant expression"
// clang: "subexpression not valid in a constant expression"
#include <optional>

constexpr std::optional<int> find(int wanted) {
  if (wanted < 3) return wanted;
  return std::nullopt;
}

constexpr int kernel(int wanted) {
#ifdef MISUSE
  return *find(wanted);
#else
  return find(wanted).value_or(0);
#endif
}
static_assert(kernel(7) == 0);  // MISUSE
