// The kernel that uses a reference after the vector has grown is evaluated at compile time.
// cwe: 416
// gcc: "use of allocated storage after deallocation"
// clang: "read of heap allocated object that has been deleted"
#include <vector>

constexpr int kernel() {
  std::vector<int> values(1, 1);
  const int& first = values[0];
  [[maybe_unused]] const int copy = first;
  values.push_back(2);
#ifdef MISUSE
  return first;
#else
  return copy;
#endif
}
static_assert(kernel() == 1);  // MISUSE
