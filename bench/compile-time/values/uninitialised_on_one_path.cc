// A variable is written on one of two paths, and read after both.
// cwe: 457
// gcc: [-Wmaybe-uninitialized]
// clang: [-Wsometimes-uninitialized]
int use(bool known, int value) {
#ifdef MISUSE
  int result;
#else
  int result = 0;
#endif
  if (known) result = value;
  return result;  // MISUSE
}
