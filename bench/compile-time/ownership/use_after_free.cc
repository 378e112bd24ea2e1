// A block is read after it was freed in the same function.
// cwe: 416
// gcc: [-Wuse-after-free]
// clang: accepts
int use(int* block) {
  [[maybe_unused]] const int value = *block;
  delete block;
#ifdef MISUSE
  return *block;  // MISUSE
#else
  return value;
#endif
}
