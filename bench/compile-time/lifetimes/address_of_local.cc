// A function returns the address of its own variable.
// cwe: 562
// gcc: [-Wreturn-local-addr]
// clang: [-Wreturn-stack-address]
const int* largest(const int* values) {
  const int local = values[0] < values[1] ? values[1] : values[0];
#ifdef MISUSE
  return &local;  // MISUSE
#else
  return values + (local == values[1] ? 1 : 0);
#endif
}
