// A block is allocated, used and never freed.
// cwe: 401
// gcc: accepts
// clang: accepts
int read(const int* block);

int use(int value) {
  int* block = new int(value);
  const int result = read(block);
#ifndef MISUSE
  delete block;
#endif
  return result;  // MISUSE
}
