// The tape of shared_copy.cc and shared_copy_threads.cc, and how it is played on slots.
#ifndef SAFECOST_BENCH_OWNERSHIP_SHARED_COPY_TAPE_H
#define SAFECOST_BENCH_OWNERSHIP_SHARED_COPY_TAPE_H

#include <cstddef>
#include <cstdint>
#include <vector>

#include "kernel/case.h"

namespace ownership::shared_copy {

enum class Kind : std::uint32_t {
  create,  // make settings in an empty slot
  share,   // a share of another slot's settings for an empty slot
  show,    // call a function that looks at the slot's settings; the value is what is to be seen
  release  // give the slot's share up
};

struct Operation {
  Kind kind;
  std::uint32_t slot;
  std::uint32_t from;  // whose settings are shared; otherwise the slot itself
  std::uint32_t value;
};

struct Input {
  const Operation* operations;
  std::size_t count;
  std::size_t slot_count;
};

struct Settings {
  std::uint64_t number;
  std::uint64_t values[3];
};

SAFECOST_HELPER Settings settings_of(std::uint64_t value) {
  return {value, {value + 1, value + 2, value + 3}};
}

SAFECOST_HELPER std::uint64_t look_at(const Settings& settings) {
  return settings.number ^ settings.values[2];
}

Input generate(safecost::Generator& generator);

// What an idiom gives that prevents a fault: a share that was given up is gone, and no other one
// with it.
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
SAFECOST_HELPER std::uint64_t seen_in(const Slot& slot, const Operation&) {
  return show(slot);
}

// The slots are found by pointer in all variants: bounds are other cases' question. Asked in turn, since of a
// switch Clang makes a jump through a table.
template <class Slot>
SAFECOST_HELPER std::uint64_t play(Tape<Slot>& tape) {
  Slot* const slots = tape.slots.data();
  std::uint64_t digest = 0;
  for (const Operation& operation : tape.operations) {
    Slot& slot = slots[operation.slot];
    if (operation.kind == Kind::show) {
      digest = digest * 31 + seen_in(slot, operation);
    } else if (operation.kind == Kind::share) {
      share(slot, slots[operation.from]);
    } else if (operation.kind == Kind::release) {
      release(slot);
    } else {
      create(slot, operation.value);
    }
  }
  return digest;
}

// The tape alone: each operation is read and recognised, and nothing is done.

struct Nothing {
  Settings* shared = nullptr;
};
SAFECOST_HELPER void create(Nothing& slot, std::uint64_t value) {
  asm volatile("/* create */" : : "r"(&slot), "r"(value));
}
SAFECOST_HELPER void share(Nothing& slot, const Nothing& from) {
  asm volatile("/* share */" : : "r"(&slot), "r"(&from));
}
SAFECOST_HELPER std::uint64_t seen_in(const Nothing&, const Operation& show) { return show.value; }
SAFECOST_HELPER void release(Nothing& slot) { asm volatile("/* release */" : : "r"(&slot)); }

}  // namespace ownership::shared_copy

#endif
