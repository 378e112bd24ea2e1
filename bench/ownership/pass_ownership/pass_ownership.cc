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
#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <utility>

#include "consumer.h"
#include "kernel/case.h"
#include "tape.h"

namespace ownership::pass_ownership {

// The tape alone: each operation is read and recognised, and nothing is done.

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
