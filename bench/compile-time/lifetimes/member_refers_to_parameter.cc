// A class keeps a reference to a parameter of its constructor.
// cwe: 416
// gcc: accepts
// clang: [-Wdangling-field]
#include <string>

class Name {
 public:
#ifdef MISUSE
  explicit Name(const std::string text) : text_(text) {}  // MISUSE
#else
  explicit Name(const std::string& text) : text_(text) {}
#endif
  std::size_t size() const { return text_.size(); }

 private:
  const std::string& text_;
};

std::size_t use(const std::string& text) { return Name(text).size(); }
