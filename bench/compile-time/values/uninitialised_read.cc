// A variable is read that nothing was written to.
// cwe: 457
// gcc: [-Wuninitialized]
// clang: [-Wuninitialized]
int use(int value) {
  int result;
#ifdef MISUSE
  result += value;  // MISUSE
#else
  result = value;
#endif
  return result;
}
