// A table that only its own enumeration indexes is indexed by another one.
// cwe: 129
// gcc: "no match for"
// clang: "no viable overloaded operator[]"
#include <array>
#include <cstddef>

enum class Severity : std::size_t { debug, warning, failure };
enum class Code : std::size_t { opened, moved, closed, lost };

struct Factors {
  std::array<int, 3> of;
  int operator[](Severity severity) const { return of[static_cast<std::size_t>(severity)]; }
};

int factor_of(const Factors& factors, Code code, Severity severity) {
#ifdef MISUSE
  return severity == Severity::debug ? 0 : factors[code];  // MISUSE
#else
  return code == Code::opened ? 0 : factors[severity];
#endif
}
