// A block is freed twice in one function, seen by the analyser that GCC has built in.
// cwe: 415
// gcc: [-Wanalyzer-double-free]
// gcc flags: -fanalyzer -Wno-use-after-free
// clang: n/a: its analyser is a program of its own, and warnings do not use it
#include <cstdlib>

void release(void* block) {
  std::free(block);
#ifdef MISUSE
  std::free(block);  // MISUSE
#endif
}
