// A view outlives the scope of the string that it was taken of.
// cwe: 416
// gcc: accepts
// clang: accepts
#include <string>
#include <string_view>

std::string name();

std::size_t use() {
  std::string outer = name();
  std::string_view view = outer;
  {
    const std::string inner = name();
#ifdef MISUSE
    view = inner;  // MISUSE
#endif
  }
  return view.find('x');
}
