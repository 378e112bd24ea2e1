// A block is read after another function freed it: no warning looks so far.
// cwe: 416
// gcc: accepts
// clang: accepts
void release(int* block);

int use(int* block) {
  [[maybe_unused]] const int value = *block;
  release(block);
#ifdef MISUSE
  return *block;  // MISUSE
#else
  return value;
#endif
}
