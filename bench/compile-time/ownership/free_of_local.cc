// A variable of the function is given to free().
// cwe: 590
// gcc: [-Wfree-nonheap-object]
// clang: [-Wfree-nonheap-object]
#include <cstdlib>

int use(int value) {
  int local = value;
  int* heap = static_cast<int*>(std::malloc(sizeof(int)));
#ifdef MISUSE
  std::free(&local);  // MISUSE
#endif
  std::free(heap);
  return local;
}
