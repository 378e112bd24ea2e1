// A function returns a reference to its argument, which was a temporary.
// cwe: 416
// gcc: accepts
// clang: accepts
#include <string>

std::string name();
const std::string& longer(const std::string& one, const std::string& other);

std::size_t use(const std::string& given) {
  const std::string other = name();
#ifdef MISUSE
  const std::string& found = longer(given, name());  // MISUSE
#else
  const std::string& found = longer(given, other);
#endif
  return found.size() + other.size();
}
