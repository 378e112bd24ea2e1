// What a mutex guards is changed without it.
// cwe: 820
// gcc: accepts
// clang: accepts
#include <mutex>

class Counter {
 public:
  void add(int value) {
#ifndef MISUSE
    const std::lock_guard<std::mutex> lock(mutex_);
#endif
    count_ += value;  // MISUSE
  }

 private:
  std::mutex mutex_{};
  int count_ = 0;
};

void use(Counter& counter) { counter.add(1); }
