// The same, and the value is reached only through whoever holds its lock.
// cwe: 820
// gcc: "is private within this context"
// clang: "is a private member of"
#include <mutex>

template <typename Value>
class Guarded {
 public:
  template <typename Change>
  void with(Change change) {
    const std::lock_guard<std::mutex> lock(mutex_);
    change(value_);
  }

 private:
  std::mutex mutex_{};
  Value value_{};
};

void use(Guarded<int>& count) {
#ifdef MISUSE
  count.value_ += 1;  // MISUSE
#else
  count.with([](int& value) { value += 1; });
#endif
}
