// The other side: it is given an order, and gives it back or ends its life.
#include "consumer.h"

namespace ownership::pass_ownership {

namespace {

// So little that the way there and back is what is measured.
inline void work_on(Order& order) { order.number += order.amounts[0]; }
inline std::uint64_t result_of(const Order& order) { return order.number ^ order.amounts[4]; }

}  // namespace

Order* raw_pass(Order* order) {
  work_on(*order);
  return order;
}

std::uint64_t raw_finish(Order* order) {
  const std::uint64_t result = result_of(*order);
  delete order;
  return result;
}

std::uint64_t raw_finish_forgotten(Order* order) { return result_of(*order); }

Unique unique_pass(Unique order) {
  work_on(*order);
  return order;
}

std::uint64_t unique_finish(Unique order) { return result_of(*order); }

Unique rvalue_pass(Unique&& order) {
  work_on(*order);
  return std::move(order);
}

std::uint64_t rvalue_finish(Unique&& order) {
  const Unique mine = std::move(order);
  return result_of(*mine);
}

Order* released_pass(Order* order) {
  Unique mine(order);
  work_on(*mine);
  return mine.release();
}

std::uint64_t released_finish(Order* order) {
  const Unique mine(order);
  return result_of(*mine);
}

void lent_pass(Order& order) { work_on(order); }

Order value_pass(Order order) {
  work_on(order);
  return order;
}

std::uint64_t value_finish(Order order) { return result_of(order); }

#if defined(PASS_OWNERSHIP_TRIVIAL_ABI)
Trivial trivial_pass(Trivial order) {
  work_on(*order);
  return order;
}

std::uint64_t trivial_finish(Trivial order) { return result_of(*order); }
#endif

}  // namespace ownership::pass_ownership
