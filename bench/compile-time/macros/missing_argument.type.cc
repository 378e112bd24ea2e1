// A format that is held against the number of arguments when it is compiled asks for one more than there are.
// cwe: 685
// gcc: "is not a constant expression"
// clang: "is not a constant expression"
// clang flags: -Wno-c++20-compat
#include <cstddef>
#include <string_view>
#include <type_traits>

template <std::size_t count>
struct FormatOf {
  template <std::size_t size>
  consteval FormatOf(const char (&literal)[size]) : text(literal, size - 1) {
    std::size_t asked = 0;
    for (const char letter : text) asked += letter == '%';
    if (asked != count) throw "the format asks for another number of arguments";
  }

  std::string_view text;
};

void put_all(std::string_view format);

template <class... Arguments>
void put_line(FormatOf<sizeof...(Arguments)> format, const Arguments&...) {
  put_all(format.text);
}

void log(int value) {
#ifdef MISUSE
  put_line("% of %", value);  // MISUSE
#else
  put_line("%", value);
#endif
}
