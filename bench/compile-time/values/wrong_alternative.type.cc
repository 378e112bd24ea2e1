// A variant is visited by a function that forgot an alternative.
// cwe: 843
// gcc: "no matching function for call to"
// clang: "no matching function for call to"
#include <variant>

struct Read {
  long operator()(long number) const { return number; }
#ifndef MISUSE
  long operator()(const long* pointer) const { return *pointer; }
#endif
};

long use(const std::variant<long, const long*>& value) {
  return std::visit(Read{}, value);  // MISUSE
}
