// A handle whose count is not atomic is handed to another thread.
// cwe: 366
// gcc: accepts
// clang: accepts
#include <thread>

struct Handle {
  int* count;  // of handles to the same object, changed by each without a lock
};

void use(Handle handle) {
#ifdef MISUSE
  std::thread([handle] { ++*handle.count; }).join();  // MISUSE
#else
  ++*handle.count;
#endif
}
