// What does it cost to pass an owner to a function that the compiler cannot look into?
//
// A tape makes orders in slots and passes them to functions of another translation unit
// (consumer.cc), which work on an order and give it back, or end its life: a pipeline, a queue, a
// library. A pointer travels in a register. A std::unique_ptr is as large, but has a destructor, so
// that the C++ ABI of Linux passes its address: it is stored, loaded, cleared and looked at again
// on either side. Rust's Box, and a class with Clang's attribute trivial_abi, travel as the pointer
// does.
//
// With either compiler two things close the gap. `release` and an owner made of it on the other
// side (release_adopt): both sides own, and unique_ptr's code in between is the pointer's own,
// instruction for instruction in the callee; but nobody owns on the way. And not passing at all
// (lend): what comes back anyway can be lent, by a caller who stays the owner; asked for null before each
// use (lend_checked), it stops every fault with every library.
//
// What stays of lend_checked is 1 % with Clang and 3 to 4 % with GCC, for two and a half instructions an
// operation with either (41.6 against 39.1): the question (`mov rdi,[r12]; test rdi,rdi; je`), the look for
// an old order in a new one's slot, and in finish() the owner's way through memory (GCC: `mov
// [rsp+0x18],rax`, the call, `mov rdi,[rsp+0x18]; test rdi,rdi`). Handed over for good by rvalue
// reference, which needs no temporary, it takes as many with GCC, in the same time, and two more with
// Clang: that was tried and left out.
//
// The slots are found by pointer in all variants: bounds are other cases' question.
#include "consumer.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

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

// A valid tape has `size` operations or a few more, in rounds that end with empty slots: orders are
// made, passed many times, looked at, and end there or here. Which slot is random; operations in
// random order would cost a mispredicted jump each, behind which the way there and back hides.
std::vector<Operation> valid_tape(safecost::Generator& generator, std::size_t slot_count) {
  safecost::Random& random = generator.random;
  std::vector<std::uint32_t> empty;
  for (std::uint32_t slot = 0; slot < slot_count; ++slot) empty.push_back(slot);
  std::vector<std::uint32_t> full;
  const auto moved = [&](std::vector<std::uint32_t>& from, std::vector<std::uint32_t>& to) {
    std::swap(from[random.below(from.size())], from.back());
    to.push_back(from.back());
    from.pop_back();
    return to.back();
  };

  std::vector<Operation> tape;
  std::vector<Order> orders(slot_count);
  const auto add = [&](Kind kind, std::uint32_t slot) {
    const std::uint64_t value = random.below(1'000'000);
    if (kind == Kind::create) orders[slot] = order_of(value);
    if (kind == Kind::pass) orders[slot].number += orders[slot].amounts[0];
    const bool looks = kind == Kind::finish || kind == Kind::read;
    tape.push_back({kind, slot, looks ? look_at(orders[slot]) : value});
  };
  const auto any = [&] { return full[random.below(full.size())]; };
  const auto goes_on = [&] { return tape.size() < generator.size(); };
  while (goes_on()) {
    while (goes_on() && !empty.empty()) add(Kind::create, moved(empty, full));
    for (std::size_t i = 0; goes_on() && i < 8 * slot_count; ++i) add(Kind::pass, any());
    for (std::size_t i = 0; goes_on() && i < slot_count / 2; ++i) add(Kind::read, any());
    while (full.size() > slot_count / 4) add(Kind::finish, moved(full, empty));
    while (!full.empty()) add(Kind::destroy, moved(full, empty));
  }
  return tape;
}

// What breaks a convention, in one slot.
std::vector<Kind> breach_of(const safecost::Generator& generator) {
  if (generator.commits("use_after_passing")) return {Kind::create, Kind::finish, Kind::read};
  if (generator.commits("both_free")) return {Kind::create, Kind::finish, Kind::destroy};
  if (generator.commits("null_passed")) return {Kind::finish};
  return {};
}

// Breaks it in one of the slots before the last that is used, at one of the places where it is empty, or was so
// from the start: no memory is used that a valid tape would not use.
void put_breach(safecost::Generator& generator, std::vector<Operation>& tape) {
  const std::vector<Kind> kinds = breach_of(generator);
  if (kinds.empty()) return;
  std::uint32_t last = 1;
  for (const Operation& operation : tape) last = std::max(last, operation.slot);
  const auto slot = static_cast<std::uint32_t>(generator.random.below(last));
  std::vector<std::size_t> places = {0};
  bool full = false;
  for (std::size_t i = 0; i < tape.size(); ++i) {
    const Kind kind = tape[i].kind;
    if (tape[i].slot == slot) full = kind != Kind::finish && kind != Kind::destroy;
    if (full && generator.commits("null_passed")) break;
    if (!full) places.push_back(i + 1);
  }
  std::vector<Operation> breach;
  for (const Kind kind : kinds) breach.push_back({kind, slot, generator.random.below(1'000'000)});
  const auto place = static_cast<std::ptrdiff_t>(places[generator.random.below(places.size())]);
  tape.insert(tape.begin() + place, breach.begin(), breach.end());
}

// Sixteen orders at a time lie in the first cache.
Input generate(safecost::Generator& generator) {
  constexpr std::size_t slot_count = 16;
  std::vector<Operation> tape = valid_tape(generator, slot_count);
  put_breach(generator, tape);
  const auto operations = generator.array<Operation>(tape.size());
  std::copy(tape.begin(), tape.end(), operations.begin());
  return {operations.data(), operations.size(), slot_count};
}

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

// The tape alone: its operations are read and told apart, and nothing is done.

struct Nothing {
  Order* order = nullptr;
};
SAFECOST_HELPER void create(Nothing& slot, std::uint64_t value) {
  asm volatile("/* create */" : : "r"(&slot), "r"(value));
}
SAFECOST_HELPER void pass(Nothing& slot) { asm volatile("/* pass */" : : "r"(&slot)); }
SAFECOST_HELPER std::uint64_t result_of(Nothing& slot, const Operation& finish) {
  asm volatile("/* finish */" : : "r"(&slot));
  return finish.value;
}
SAFECOST_HELPER void destroy(Nothing& slot) { asm volatile("/* destroy */" : : "r"(&slot)); }
SAFECOST_HELPER std::uint64_t seen_in(Nothing&, const Operation& read) { return read.value; }

SAFECOST_KERNEL dispatch_only(Tape<Nothing>& tape) { return play(tape); }

// Raw: the pointer stays in the slot when the order is somebody else's.

struct Pointer {
  Order* order = nullptr;
};

inline void create(Pointer& slot, std::uint64_t value) { slot.order = new Order(order_of(value)); }
inline void pass(Pointer& slot) { slot.order = raw_pass(slot.order); }
inline std::uint64_t finish(Pointer& slot) { return raw_finish(slot.order); }
inline void destroy(Pointer& slot) { delete slot.order; }
inline const Order& order_in(const Pointer& slot) { return *slot.order; }

SAFECOST_KERNEL raw(Tape<Pointer>& tape) { return play(tape); }

// The wrong step: here one believes that the other side frees, and there that this side does.

struct Forgotten : Pointer {};
inline std::uint64_t finish(Forgotten& slot) { return raw_finish_forgotten(slot.order); }

SAFECOST_KERNEL raw_forgotten(Tape<Forgotten>& tape) { return play(tape); }

// What a C programmer does who does not need the pointer back: it is still in the slot.

struct Kept : Pointer {};
struct KeptForgotten : Kept {};
inline void pass(Kept& slot) { lent_pass(*slot.order); }
inline std::uint64_t finish(KeptForgotten& slot) { return raw_finish_forgotten(slot.order); }

SAFECOST_KERNEL raw_lent(Tape<Kept>& tape) { return play(tape); }
SAFECOST_KERNEL raw_lent_forgotten(Tape<KeptForgotten>& tape) { return play(tape); }

// The order's own bytes travel: there is nothing to own, and what was passed stays where it was,
// too.

SAFECOST_HELPER void create(Order& slot, std::uint64_t value) { slot = order_of(value); }
SAFECOST_HELPER void pass(Order& slot) { slot = value_pass(slot); }
SAFECOST_HELPER std::uint64_t finish(Order& slot) { return value_finish(slot); }
SAFECOST_HELPER void destroy(Order&) {}
SAFECOST_HELPER const Order& order_in(const Order& slot) { return slot; }

SAFECOST_KERNEL value(Tape<Order>& tape) { return play(tape); }

// An owner, passed in five ways. A slot that gave its order away is empty.

template <class Slot>
concept Owning = requires(Slot& slot) { slot.owner.reset(); };

struct ByValue {
  Unique owner;
};
SAFECOST_HELPER void pass(ByValue& slot) { slot.owner = unique_pass(std::move(slot.owner)); }
SAFECOST_HELPER std::uint64_t finish(ByValue& slot) { return unique_finish(std::move(slot.owner)); }

struct ByReference {
  Unique owner;
};
SAFECOST_HELPER void pass(ByReference& slot) { slot.owner = rvalue_pass(std::move(slot.owner)); }
SAFECOST_HELPER std::uint64_t finish(ByReference& slot) {
  return rvalue_finish(std::move(slot.owner));
}

struct Released {
  Unique owner;
};
SAFECOST_HELPER void pass(Released& slot) { slot.owner.reset(released_pass(slot.owner.release())); }
SAFECOST_HELPER std::uint64_t finish(Released& slot) {
  return released_finish(slot.owner.release());
}

struct ReleasedForgotten : Released {};
SAFECOST_HELPER std::uint64_t finish(ReleasedForgotten& slot) {
  return raw_finish_forgotten(slot.owner.release());
}

struct Lent {
  Unique owner;
};
SAFECOST_HELPER void pass(Lent& slot) { lent_pass(*slot.owner); }
SAFECOST_HELPER std::uint64_t finish(Lent& slot) { return unique_finish(std::move(slot.owner)); }

// Asked for null before each use.
template <class Slot>
SAFECOST_HELPER Unique& held(Slot& slot) {
  if (slot.owner == nullptr) throw std::logic_error("the slot is empty");
  return slot.owner;
}

struct Checked : ByValue {};
SAFECOST_HELPER void pass(Checked& slot) { slot.owner = unique_pass(std::move(held(slot))); }
SAFECOST_HELPER std::uint64_t finish(Checked& slot) { return unique_finish(std::move(held(slot))); }
SAFECOST_HELPER const Order& order_in(Checked& slot) { return *held(slot); }

struct LentChecked : Lent {};
SAFECOST_HELPER void pass(LentChecked& slot) { lent_pass(*held(slot)); }
SAFECOST_HELPER std::uint64_t finish(LentChecked& slot) {
  return unique_finish(std::move(held(slot)));
}
SAFECOST_HELPER const Order& order_in(LentChecked& slot) { return *held(slot); }

SAFECOST_HELPER void create(Owning auto& slot, std::uint64_t value) {
  slot.owner = decltype(slot.owner)(new Order(order_of(value)));
}
SAFECOST_HELPER void destroy(Owning auto& slot) { slot.owner.reset(); }
SAFECOST_HELPER const Order& order_in(const Owning auto& slot) { return *slot.owner; }

SAFECOST_KERNEL unique_ptr(Tape<ByValue>& tape) { return play(tape); }
SAFECOST_KERNEL unique_ptr_rvalue(Tape<ByReference>& tape) { return play(tape); }
SAFECOST_KERNEL unique_ptr_checked(Tape<Checked>& tape) { return play(tape); }
SAFECOST_KERNEL release_adopt(Tape<Released>& tape) { return play(tape); }
SAFECOST_KERNEL release_adopt_forgotten(Tape<ReleasedForgotten>& tape) { return play(tape); }
SAFECOST_KERNEL lend(Tape<Lent>& tape) { return play(tape); }
SAFECOST_KERNEL lend_checked(Tape<LentChecked>& tape) { return play(tape); }

#if defined(PASS_OWNERSHIP_TRIVIAL_ABI)
struct InRegister {
  Trivial owner;
};
SAFECOST_HELPER void pass(InRegister& slot) { slot.owner = trivial_pass(std::move(slot.owner)); }
SAFECOST_HELPER std::uint64_t finish(InRegister& slot) {
  return trivial_finish(std::move(slot.owner));
}

SAFECOST_KERNEL trivial_abi(Tape<InRegister>& tape) { return play(tape); }
#endif

// What an idiom gives where the order that was passed on is a copy of the one that stays.
std::uint64_t values_alone(const void* input) {
  const Input& given = *static_cast<const Input*>(input);
  std::vector<Order> slots(given.slot_count);
  std::uint64_t digest = 0;
  for (std::size_t i = 0; i < given.count; ++i) {
    const Operation& operation = given.operations[i];
    Order& order = slots[operation.slot];
    if (operation.kind == Kind::create) order = order_of(operation.value);
    if (operation.kind == Kind::pass) order.number += order.amounts[0];
    if (operation.kind == Kind::finish || operation.kind == Kind::read)
      digest = digest * 31 + look_at(order);
  }
  return digest;
}

constexpr char ends_there[] = "the parameter is an owner, whose end nobody can forget";

auto the_case =
    safecost::Case<Input>(generate)
        .size(512, "L1")                           // 12 KiB of operations, up to 16 orders
        .size(16'384, "L2", safecost::Tier::full)  // 384 KiB of operations, read in order
        .fault({.name = "use_after_passing",
                .cwe = 416,
                .description = "an order is looked at that was handed on for good",
                .contract = "who has handed an order on does not use it",
                .kind = SAFECOST_FAULT_TAPE,
                .reference = values_alone})
        .fault(
            {.name = "both_free",
             .cwe = 415,
             .description = "the other side has ended an order's life, and this side does it again",
             .contract = "who has handed an order on does not destroy it",
             .kind = SAFECOST_FAULT_TAPE,
             .oracles =
                 SAFECOST_ORACLE_SANITIZER | SAFECOST_ORACLE_MEMCHECK | SAFECOST_ORACLE_LEDGER,
             .reference = values_alone})
        .fault({.name = "neither_frees",
                .cwe = 401,
                .description = "the other side leaves an order to its caller, who has forgotten it",
                .contract = "who takes an order ends its life",
                .kind = SAFECOST_FAULT_KERNEL,
                .oracles =
                    SAFECOST_ORACLE_SANITIZER | SAFECOST_ORACLE_MEMCHECK | SAFECOST_ORACLE_LEDGER})
        .fault({.name = "null_passed",
                .cwe = 476,
                .description = "an empty slot is handed on, and the other side looks into it",
                .contract = "what is handed on is an order",
                .kind = SAFECOST_FAULT_TAPE,
                // No guard page: address 0 belongs to no block.
                .oracles = SAFECOST_ORACLE_SANITIZER | SAFECOST_ORACLE_MEMCHECK,
                .reference = values_alone})
        .raw<raw>("raw", "a pointer, which comes back")
        .ordinary()
        .fault_kernel<raw_forgotten>("neither_frees")
        .raw<raw_lent>("raw_lent", "a pointer, which need not come back: it stays in the slot")
        .ordinary()
        .fault_kernel<raw_lent_forgotten>("neither_frees")
        .raw<dispatch_only>("dispatch_only", "the tape alone, of which nothing is done")
        .bespoke()
        .inexpressible("neither_frees", "there is no order")
        .safe<unique_ptr>("unique_ptr", "std::unique_ptr by value")
        .library()
        .inexpressible("neither_frees", ends_there)
        .claims("always", "both_free", "neither_frees")
        .claims("libstdc++", "use_after_passing", "null_passed")
        .safe<unique_ptr_rvalue>("unique_ptr_rvalue", "std::unique_ptr by rvalue reference")
        .library()
        .inexpressible("neither_frees", "an order that is not taken is still the caller's")
        .claims("always", "both_free", "neither_frees")
        .claims("libstdc++", "use_after_passing", "null_passed")
        .safe<unique_ptr_checked>("unique_ptr_checked", "by value, asked for null before each use")
        .ordinary()
        .inexpressible("neither_frees", ends_there)
        .claims("always", "use_after_passing", "both_free", "neither_frees", "null_passed")
        .safe<release_adopt>("release_adopt", "unique_ptr on both sides, a pointer on the way")
        .ordinary()
        .fault_kernel<release_adopt_forgotten>("neither_frees")
        .claims("always", "both_free")
        .claims("libstdc++", "use_after_passing", "null_passed")
        .safe<lend>("lend", "unique_ptr, lent as a reference where it would come back")
        .library()
        .inexpressible("neither_frees", ends_there)
        .claims("always", "both_free", "neither_frees")
        .claims("libstdc++", "use_after_passing", "null_passed")
        .safe<lend_checked>("lend_checked", "lent, asked for null before each use")
        .ordinary()
        .inexpressible("neither_frees", ends_there)
        .claims("always", "use_after_passing", "both_free", "neither_frees", "null_passed")
#if defined(PASS_OWNERSHIP_TRIVIAL_ABI)
        .safe<trivial_abi>("trivial_abi", "an owner with Clang's attribute: in a register")
        .bespoke()
        .inexpressible("neither_frees", ends_there)
        .claims("always", "both_free", "neither_frees")
#else
        .gap("trivial_abi", "an owner with Clang's attribute: in a register",
             "GCC has no attribute trivial_abi")
#endif
        .safe<value>("value", "the order's 48 bytes, there and back")
        .library()
        .algorithm("in_place")
        .inexpressible("neither_frees", "there is no block that could be forgotten")
        .claims("always", "use_after_passing", "both_free", "neither_frees", "null_passed");

}  // namespace ownership::pass_ownership

SAFECOST_EXPORT(ownership::pass_ownership::the_case)
