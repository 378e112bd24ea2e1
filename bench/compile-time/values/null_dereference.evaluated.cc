// The kernel that reads through a null pointer is evaluated at compile time.
// cwe: 476
// gcc: "dereferencing a null pointer"
// clang: "read of dereferenced null pointer"
constexpr int first(const int* values, int count) {
  const int* first = nullptr;
  if (count > 0) first = values;
#ifndef MISUSE
  if (first == nullptr) return 0;
#endif
  return *first;
}
static_assert(first(nullptr, 0) == 0);  // MISUSE
