// A block is read before anything was written to it.
// cwe: 908
// gcc: accepts
// clang: accepts
int use(int value) {
  int* block = new int;
#ifdef MISUSE
  const int result = value + *block;  // MISUSE
#else
  *block = 0;
  const int result = value + *block;
#endif
  delete block;
  return result;
}
