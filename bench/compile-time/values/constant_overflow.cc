// A constant expression overflows an int.
// cwe: 190
// gcc: [-Woverflow]
// clang: [-Winteger-overflow]
int use(int value) {
#ifdef MISUSE
  const int limit = 2'147'483'647 + 1;  // MISUSE
#else
  const int limit = 2'147'483'646 + 1;
#endif
  return value < limit ? value : limit;
}
