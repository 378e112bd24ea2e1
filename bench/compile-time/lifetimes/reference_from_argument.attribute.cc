// The same, and the declaration says that the result lives no longer than the arguments.
// cwe: 416
// gcc: n/a: GCC has no attribute lifetimebound
// clang: [-Wdangling]
#include <string>

std::string name();
const std::string& longer(const std::string& one [[clang::lifetimebound]],
                          const std::string& other [[clang::lifetimebound]]);

std::size_t use(const std::string& given) {
  const std::string other = name();
#ifdef MISUSE
  const std::string& found = longer(given, name());  // MISUSE
#else
  const std::string& found = longer(given, other);
#endif
  return found.size() + other.size();
}
