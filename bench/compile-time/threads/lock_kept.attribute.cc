// A function that takes a mutex returns without giving it back.
// cwe: 667
// gcc: n/a: GCC has no analysis of locks
// clang: [-Wthread-safety-analysis]
class [[clang::capability("mutex")]] Mutex {
 public:
  [[clang::acquire_capability()]] void lock();
  [[clang::release_capability()]] void unlock();
};

int use(Mutex& mutex, const int& value) {
  mutex.lock();
  const int result = value;
#ifndef MISUSE
  mutex.unlock();
#endif
  return result;
}  // MISUSE
