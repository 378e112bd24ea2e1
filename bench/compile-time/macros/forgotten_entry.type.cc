// A table whose type says how many entries it has lacks one of them.
// cwe: 131
// gcc: "no matching function for call to"
// clang: "no matching constructor for initialization of"
#include <array>
#include <cstddef>
#include <string_view>

enum class Code : std::size_t { opened, moved, closed, count };

class Names {
 public:
  constexpr Names(const std::array<std::string_view, static_cast<std::size_t>(Code::count)>& names)
      : names_(names) {}
  constexpr std::string_view operator[](Code code) const {
    return names_[static_cast<std::size_t>(code)];
  }

 private:
  std::array<std::string_view, static_cast<std::size_t>(Code::count)> names_;
};

std::string_view name_of(Code code) {
#ifdef MISUSE
  constexpr Names names(std::to_array<std::string_view>({"opened", "moved"}));  // MISUSE
#else
  constexpr Names names(std::to_array<std::string_view>({"opened", "moved", "closed"}));
#endif
  return names[code];
}
