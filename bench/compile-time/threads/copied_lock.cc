// A lock is copied: two threads would take one each.
// cwe: 821
// gcc: "use of deleted function"
// clang: "call to deleted constructor"
#include <mutex>

int use(std::mutex& mutex, int& count) {
#ifdef MISUSE
  std::mutex mine(mutex);  // MISUSE
#else
  std::mutex& mine = mutex;
#endif
  const std::lock_guard<std::mutex> lock(mine);
  return ++count;
}
