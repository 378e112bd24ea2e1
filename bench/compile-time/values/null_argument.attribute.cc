// The same, and the declaration says that the pointer must not be null.
// cwe: 476
// gcc: [-Wnonnull]
// clang: [-Wnonnull]
[[gnu::nonnull]] int read(const int* value);

int use(const int& value) {
#ifdef MISUSE
  return read(nullptr) + value;  // MISUSE
#else
  return read(&value);
#endif
}
