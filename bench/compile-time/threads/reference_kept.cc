// A reference to what a lock guards is kept, and used when the lock was given back.
// cwe: 362
// gcc: accepts
// clang: accepts
#include <mutex>

template <typename Value>
class Guarded {
 public:
  template <typename Use>
  auto with(Use use) {
    const std::lock_guard<std::mutex> lock(mutex_);
    return use(value_);
  }

 private:
  std::mutex mutex_{};
  Value value_{};
};

int use(Guarded<int>& count) {
#ifdef MISUSE
  int* const kept = count.with([](int& value) { return &value; });
  return ++*kept;  // MISUSE
#else
  return count.with([](int& value) { return ++value; });
#endif
}
