// A function says by its result that it failed, and nobody looks.
// cwe: 252
// gcc: accepts
// clang: accepts
bool write(int value);

bool use(int value) {
#ifdef MISUSE
  write(value);  // MISUSE
  return true;
#else
  return write(value);
#endif
}
