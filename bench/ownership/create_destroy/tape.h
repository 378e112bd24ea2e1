// The tape of create_destroy.cc, and how it is played on slots.
#ifndef SAFECOST_BENCH_OWNERSHIP_CREATE_DESTROY_TAPE_H
#define SAFECOST_BENCH_OWNERSHIP_CREATE_DESTROY_TAPE_H

#include <cstddef>
#include <cstdint>
#include <vector>

#include "kernel/case.h"

namespace ownership::create_destroy {

enum class Kind : std::uint32_t {
  create,  // make an order in an empty slot
  read,    // look at the slot's order; the value is what is to be seen
  destroy  // end its life
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

// 48 bytes, which the compiler cannot leave out: a slot that is read later may be any.
struct Order {
  std::uint64_t number;
  std::uint64_t amounts[5];
};

SAFECOST_HELPER Order order_of(std::uint64_t value) {
  return {value, {value + 1, value + 2, value + 3, value + 4, value + 5}};
}

SAFECOST_HELPER std::uint64_t look_at(const Order& order) {
  return order.number ^ order.amounts[4];
}

Input generate(safecost::Generator& generator);

// What an idiom gives that prevents a fault: an order that is destroyed again, or replaced, changes
// nothing, and of one that is gone there is nothing to see.
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
SAFECOST_HELPER std::uint64_t seen_in(Slot& slot, const Operation&) {
  return look_at(order_in(slot));
}

// Written so that both compilers ask for a read first and never for a destruction. In which order a switch
// is compared depends on what its cases do: Clang asks for a destruction first, unless that does nothing, as
// raw_in_place's. Raw or safe, the same work takes up to a tenth longer then.
template <class Slot>
SAFECOST_HELPER std::uint64_t play(Tape<Slot>& tape) {
  Slot* const slots = tape.slots.data();
  std::uint64_t digest = 0;
  for (const Operation& operation : tape.operations) {
    Slot& slot = slots[operation.slot];
    if (operation.kind != Kind::read) {
      if (operation.kind == Kind::create) {
        create(slot, operation.value);
      } else {
        destroy(slot);
      }
    } else {
      digest = digest * 31 + seen_in(slot, operation);
    }
  }
  return digest;
}

}  // namespace ownership::create_destroy

#endif
