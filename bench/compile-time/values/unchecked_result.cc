// A search may find nothing, and its result is read all the same.
// cwe: 476
// gcc: accepts
// clang: accepts
const int* find(const int* values, int wanted);

int use(const int* values) {
  const int* const found = find(values, 7);
#ifdef MISUSE
  return *found;  // MISUSE
#else
  return found == nullptr ? 0 : *found;
#endif
}
