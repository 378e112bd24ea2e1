// A block is freed twice in one function.
// cwe: 415
// gcc: [-Wuse-after-free]
// clang: accepts
void release(int* block) {
  delete block;
#ifdef MISUSE
  delete block;  // MISUSE
#endif
}
