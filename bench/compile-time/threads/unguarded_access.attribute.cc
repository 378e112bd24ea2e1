// The same, and the class says which mutex guards what.
// cwe: 820
// gcc: n/a: GCC has no analysis of locks
// clang: [-Wthread-safety-analysis]
class [[clang::capability("mutex")]] Mutex {
 public:
  [[clang::acquire_capability()]] void lock();
  [[clang::release_capability()]] void unlock();
};

class Counter {
 public:
  void add(int value) {
#ifdef MISUSE
    count_ += value;  // MISUSE
#else
    mutex_.lock();
    count_ += value;
    mutex_.unlock();
#endif
  }

 private:
  Mutex mutex_{};
  int count_ __attribute__((guarded_by(mutex_))) = 0;
};

void use(Counter& counter) { counter.add(1); }
