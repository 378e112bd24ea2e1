// A thread keeps a reference to a variable of a function that returns before it ends.
// cwe: 562
// gcc: accepts
// clang: accepts
#include <thread>

std::thread start(int given) {
  int count = given;
#ifdef MISUSE
  return std::thread([&count] { ++count; });  // MISUSE
#else
  return std::thread([count]() mutable { ++count; });
#endif
}
