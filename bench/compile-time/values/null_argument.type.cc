// A null pointer is passed where the function takes a reference.
// cwe: 476
// gcc: "invalid initialization of reference"
// clang: "no matching function for call"
int read(const int& value);

int use(const int& value) {
#ifdef MISUSE
  return read(nullptr) + value;  // MISUSE
#else
  return read(value);
#endif
}
