// The tape of pass_ownership.cc, and how it is played on slots.
#ifndef SAFECOST_BENCH_OWNERSHIP_PASS_OWNERSHIP_TAPE_H
#define SAFECOST_BENCH_OWNERSHIP_PASS_OWNERSHIP_TAPE_H

#include <cstddef>
#include <cstdint>
#include <vector>

#include "consumer.h"
#include "kernel/case.h"

namespace ownership::pass_ownership {

enum class Kind : std::uint32_t {
  create,   // make an order in an empty slot
  pass,     // hand it to the other side, which gives it back
  finish,   // hand it to the other side for good; the value is what is to come back
  destroy,  // end its life here
  read      // look at the slot's order; the value is what is to be seen
};

struct Operation {
  Kind kind;
  std::uint32_t slot;
  std::uint64_t value;
};

struct Input {
  const Operation* operations;
  std::size_t count;
  std::size_t slot_count;
};

SAFECOST_HELPER Order order_of(std::uint64_t value) {
  return {value, {value + 1, value + 2, value + 3, value + 4, value + 5}};
}

SAFECOST_HELPER std::uint64_t look_at(const Order& order) {
  return order.number ^ order.amounts[4];
}

Input generate(safecost::Generator& generator);

// What an idiom gives where the order that was passed on is a copy of the one that stays.
std::uint64_t values_alone(const void* input);

// A tape and its slots. A kernel leaves the slots as it found them: empty, or with what nobody will
// look at.
template <class Slot>
struct Tape {
  explicit Tape(const Input& input)
      : operations(input.operations, input.operations + input.count), slots(input.slot_count) {}

  std::vector<Operation> operations;
  std::vector<Slot> slots;
};

template <class Slot>
SAFECOST_HELPER std::uint64_t result_of(Slot& slot, const Operation&) {
  return finish(slot);
}
template <class Slot>
SAFECOST_HELPER std::uint64_t seen_in(Slot& slot, const Operation&) {
  return look_at(order_in(slot));
}

template <class Slot>
SAFECOST_HELPER std::uint64_t play(Tape<Slot>& tape) {
  Slot* const slots = tape.slots.data();
  std::uint64_t digest = 0;
  for (const Operation& operation : tape.operations) {
    Slot& slot = slots[operation.slot];
    switch (operation.kind) {
      case Kind::create:
        create(slot, operation.value);
        break;
      case Kind::pass:
        pass(slot);
        break;
      case Kind::finish:
        digest = digest * 31 + result_of(slot, operation);
        break;
      case Kind::destroy:
        destroy(slot);
        break;
      case Kind::read:
        digest = digest * 31 + seen_in(slot, operation);
        break;
    }
  }
  return digest;
}

}  // namespace ownership::pass_ownership

#endif
