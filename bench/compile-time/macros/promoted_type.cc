// An argument is taken as a type that none arrives as: what is narrower than an int arrives as an int.
// cwe: 686
// gcc: "is promoted to"
// clang: [-Wvarargs]
#include <cstdarg>

int first_of(int count, ...) {
  std::va_list arguments;
  va_start(arguments, count);
#ifdef MISUSE
  const int first = va_arg(arguments, short);  // MISUSE
#else
  const int first = va_arg(arguments, int);
#endif
  va_end(arguments);
  return first;
}
