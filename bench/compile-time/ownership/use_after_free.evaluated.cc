// The kernel that reads a freed block is evaluated at compile time.
// cwe: 416
// gcc: "use of allocated storage after deallocation"
// clang: "read of heap allocated object that has been deleted"
constexpr int kernel() {
  int* const block = new int(1);
  [[maybe_unused]] const int value = *block;
  delete block;
#ifdef MISUSE
  return *block;
#else
  return value;
#endif
}
static_assert(kernel() == 1);  // MISUSE
