// The kernel that frees a block twice is evaluated at compile time.
// cwe: 415
// gcc: "deallocation of already deallocated storage"
// clang: "delete of pointer that has already been deleted"
constexpr int kernel() {
  int* const block = new int(1);
  const int value = *block;
  delete block;
#ifdef MISUSE
  delete block;
#endif
  return value;
}
static_assert(kernel() == 1);  // MISUSE
