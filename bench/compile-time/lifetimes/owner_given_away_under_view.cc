// A string is given away while a view of it is still used.
// cwe: 416
// gcc: accepts
// clang: accepts
#include <string>
#include <string_view>
#include <utility>

std::size_t consume(std::string text);

std::size_t use(std::string text) {
  const std::string_view view = text;
  [[maybe_unused]] const std::size_t size = view.find('x');
  const std::size_t consumed = consume(std::move(text));
#ifdef MISUSE
  return consumed + view.find('x');  // MISUSE
#else
  return consumed + size;
#endif
}
