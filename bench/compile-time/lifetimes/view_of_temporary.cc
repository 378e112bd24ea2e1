// A view outlives the temporary string that it was taken of.
// cwe: 416
// gcc: accepts
// clang: [-Wdangling-gsl]
#include <string>
#include <string_view>

std::string name();

std::size_t use() {
#ifdef MISUSE
  const std::string_view view = name();  // MISUSE
#else
  const std::string kept = name();
  const std::string_view view = kept;
#endif
  return view.find('x');
}
