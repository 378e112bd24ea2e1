// A pointer that is null on one path is read after both.
// cwe: 476
// gcc: [-Wnull-dereference]
// clang: accepts
int use(const int* values, int count) {
  const int* first = nullptr;
  if (count > 0) first = values;
#ifndef MISUSE
  if (first == nullptr) return 0;
#endif
  return *first;  // MISUSE
}
