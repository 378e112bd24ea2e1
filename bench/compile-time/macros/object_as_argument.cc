// A string object is handed to a function of any number of arguments, which takes it for something else.
// cwe: 686
// gcc: accepts
// clang: [-Wnon-pod-varargs]
#include <string>

void put_line(const char* format, ...);

void log(const std::string& name) {
#ifdef MISUSE
  put_line("%s", name);  // MISUSE
#else
  put_line("%s", name.c_str());
#endif
}
