// What passes from one translation unit to the other, and the ways in which it does.
#ifndef OWNERSHIP_PASS_OWNERSHIP_CONSUMER_H
#define OWNERSHIP_PASS_OWNERSHIP_CONSUMER_H

#include <cstdint>
#include <memory>
#include <utility>

#if defined(__has_cpp_attribute)
#if __has_cpp_attribute(clang::trivial_abi)
#define PASS_OWNERSHIP_TRIVIAL_ABI 1
#endif
#endif

namespace ownership::pass_ownership {

struct Order {
  std::uint64_t number;
  std::uint64_t amounts[5];
};

using Unique = std::unique_ptr<Order>;

// One function of each pair works on the order and gives it back, the other one ends its life.
// Nothing of them is known where they are called.

Order* raw_pass(Order* order);
std::uint64_t raw_finish(Order* order);
std::uint64_t raw_finish_forgotten(
    Order* order);  // the wrong step: it leaves the order to the caller

Unique unique_pass(Unique order);
std::uint64_t unique_finish(Unique order);

Unique rvalue_pass(Unique&& order);
std::uint64_t rvalue_finish(Unique&& order);

// Takes what the caller released, and releases what the caller takes: both own, the way between is
// a pointer.
Order* released_pass(Order* order);
std::uint64_t released_finish(Order* order);

// Lent: who calls stays the owner.
void lent_pass(Order& order);

Order value_pass(Order order);
std::uint64_t value_finish(Order order);

#if defined(PASS_OWNERSHIP_TRIVIAL_ABI)
// std::unique_ptr's few lines once more with an attribute: its bits may travel in a register,
// although its destructor does something. The callee destroys it. libc++ can be built so that its
// own has it.
class [[clang::trivial_abi]] Trivial {
 public:
  Trivial() = default;
  explicit Trivial(Order* order) : order_(order) {}
  Trivial(Trivial&& other) noexcept : order_(std::exchange(other.order_, nullptr)) {}
  Trivial& operator=(Trivial&& other) noexcept {
    delete std::exchange(order_, std::exchange(other.order_, nullptr));
    return *this;
  }
  ~Trivial() { delete order_; }

  void reset() { delete std::exchange(order_, nullptr); }
  Order& operator*() const { return *order_; }

 private:
  Order* order_ = nullptr;
};

Trivial trivial_pass(Trivial order);
std::uint64_t trivial_finish(Trivial order);
#endif

}  // namespace ownership::pass_ownership

#endif
