// An owner whose class says in attributes when it may be read is read after it was given away.
// cwe: 476
// gcc: n/a: GCC has no consumable attributes
// clang: [-Wconsumed]
#include <utility>

class [[clang::consumable(unconsumed)]] Owner {
 public:
  [[clang::return_typestate(unconsumed)]] explicit Owner(int value) : value_(value) {}
  Owner(Owner&& other) noexcept : value_(other.value_) {}
  Owner(const Owner&) = delete;
  Owner& operator=(const Owner&) = delete;
  Owner& operator=(Owner&&) = delete;
  ~Owner() = default;
  [[clang::callable_when(unconsumed)]] int read() const { return value_; }

 private:
  int value_;
};

int use() {
  Owner owner(1);
  const Owner taken(std::move(owner));
  int value = taken.read();
#ifdef MISUSE
  value += owner.read();  // MISUSE
#endif
  return value;
}
