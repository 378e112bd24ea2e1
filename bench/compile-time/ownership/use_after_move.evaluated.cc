// The kernel that uses an owner after it was given away is evaluated at compile time.
// cwe: 476
// gcc: "dereferencing a null pointer"
// clang: "read of dereferenced null pointer"
#include <utility>

class Owner {
 public:
  constexpr explicit Owner(int value) : value_(new int(value)) {}
  constexpr Owner(Owner&& other) noexcept : value_(std::exchange(other.value_, nullptr)) {}
  Owner(const Owner&) = delete;
  Owner& operator=(const Owner&) = delete;
  Owner& operator=(Owner&&) = delete;
  constexpr ~Owner() { delete value_; }
  constexpr const int* get() const { return value_; }

 private:
  int* value_;
};

constexpr int kernel() {
  Owner owner(1);
  const Owner taken(std::move(owner));
#ifdef MISUSE
  return *owner.get();
#else
  return *taken.get();
#endif
}
static_assert(kernel() == 1);  // MISUSE
