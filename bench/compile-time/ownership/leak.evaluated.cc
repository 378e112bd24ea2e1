// The kernel that never frees its block is evaluated at compile time.
// cwe: 401
// gcc: "allocated storage has not been deallocated"
// clang: "allocation performed here was not deallocated"
constexpr int kernel() {
  int* block = new int(1);
  const int result = *block;
#ifndef MISUSE
  delete block;
#endif
  return result;
}
static_assert(kernel() == 1);  // MISUSE
