// The same, and the function is marked [[nodiscard]].
// cwe: 252
// gcc: [-Wunused-result]
// clang: [-Wunused-result]
[[nodiscard]] bool write(int value);

bool use(int value) {
#ifdef MISUSE
  write(value);  // MISUSE
  return true;
#else
  return write(value);
#endif
}
