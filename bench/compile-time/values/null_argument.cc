// A null pointer is passed to a function that reads through it.
// cwe: 476
// gcc: accepts
// clang: accepts
int read(const int* value);

int use(const int& value) {
#ifdef MISUSE
  return read(nullptr) + value;  // MISUSE
#else
  return read(&value);
#endif
}
