// The kernel that frees an array as a single object is evaluated at compile time.
// cwe: 762
// gcc: "non-array deallocation of object allocated with array allocation"
// clang: "non-array delete used to delete pointer to array"
constexpr int kernel() {
  int* values = new int[4]{};
  const int first = values[0];
#ifdef MISUSE
  delete values;
#else
  delete[] values;
#endif
  return first;
}
static_assert(kernel() == 0);  // MISUSE
