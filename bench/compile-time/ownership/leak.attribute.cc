// The only owner of a block is dropped as it is returned, by a function marked [[nodiscard]].
// cwe: 401
// gcc: [-Wunused-result]
// clang: [-Wunused-result]
[[nodiscard]] int* allocate(int value);

void use(int value) {
#ifdef MISUSE
  allocate(value);  // MISUSE
#else
  delete allocate(value);
#endif
}
