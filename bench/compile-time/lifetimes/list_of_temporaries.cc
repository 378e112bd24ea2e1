// A returned initializer_list points to an array that is gone.
// cwe: 562
// gcc: [-Winit-list-lifetime]
// clang: [-Wreturn-stack-address]
#include <initializer_list>

std::initializer_list<int> kept();

std::initializer_list<int> pair(int first, int second) {
#ifdef MISUSE
  return {first, second};  // MISUSE
#else
  return first == second ? kept() : std::initializer_list<int>{};
#endif
}
