// What does a copy of a shared owner cost in a program of one thread?
//
// A tape shares settings between slots, shows them to a function and gives shares up; the last
// share ends their life. A share is a number that goes up and down. What that costs depends on who
// could count at the same time: an atomic addition takes longer than a plain one even where nobody
// competes. libc++'s shared_ptr and Rust's Arc always count atomically, Rust's Rc never.
// libstdc++'s asks the C library whether this process has ever started a thread, and counts plainly
// until then, as here; shared_copy_threads is the same after a second thread.
//
// A function that only looks needs no share of its own: it can be given the owner by reference, or
// what is owned. That is the first half of the price. The second is the right to be shared: an owner that
// counts plainly (intrusive, Rc) costs about what counting by hand does, but two threads that copy it race
// (shared_across_threads). Rust's compiler keeps an Rc in its thread; in C++ that is a habit, and who
// wants to be rid of it counts atomically where nobody competes. That costs about what atomic counting by
// hand does where the count lies with what is shared (intrusive_atomic); std::shared_ptr has a second count,
// for weak owners, and asks in each copy and each release whether there was a thread, whose answer is
// loaded anew.
//
// Who has asked can as well lend what is owned (intrusive_lent): else the callee loads the pointer that its
// caller has just looked at (`mov rcx,[rdi]`). What stays is a few instructions an operation: a slot that is
// written looks for the share that it held (`test rdi,rdi; je`), one that is copied for the share that it has,
// one that is given up is emptied, and one that is shown is asked. Each is there for a fault, and none follows
// from another.
#include <cstddef>
#include <cstdint>
#include <thread>

#include "kernel/case.h"
#include "owners.h"
#include "tape.h"

namespace ownership::shared_copy {

SAFECOST_KERNEL raw(Tape<Pointer<Plain>>& tape) { return play(tape); }
SAFECOST_KERNEL raw_atomic(Tape<Pointer<Atomic>>& tape) { return play(tape); }
SAFECOST_KERNEL raw_atomic_alone(Tape<Pointer<AtomicUnlessAlone>>& tape) { return play(tape); }

SAFECOST_KERNEL dispatch_only(Tape<Nothing>& tape) { return play(tape); }

SAFECOST_KERNEL shared_ptr(Tape<ShownByValue>& tape) { return play(tape); }
SAFECOST_KERNEL shared_ptr_reference(Tape<ShownByReference>& tape) { return play(tape); }
SAFECOST_KERNEL shared_ptr_checked(Tape<ShownChecked>& tape) { return play(tape); }
SAFECOST_KERNEL intrusive(Tape<IntrusiveByReference<Plain>>& tape) { return play(tape); }
SAFECOST_KERNEL intrusive_checked(Tape<IntrusiveChecked<Plain>>& tape) { return play(tape); }
SAFECOST_KERNEL intrusive_lent(Tape<IntrusiveLent>& tape) { return play(tape); }
SAFECOST_KERNEL intrusive_atomic(Tape<IntrusiveByReference<Atomic>>& tape) { return play(tape); }
SAFECOST_KERNEL intrusive_atomic_checked(Tape<IntrusiveChecked<Atomic>>& tape) {
  return play(tape);
}

// For `shared_across_threads`: two threads with a share each of the same settings, which copy it and give the copy up.
template <class Slot>
SAFECOST_KERNEL across_threads(Tape<Slot>& tape) {
  constexpr int copies = 200;
  const auto use = [](const Slot& slot) {
    for (int i = 0; i < copies; ++i) {
      Slot copy;
      share(copy, slot);
      release(copy);
    }
  };
  Slot mine, theirs;
  create(mine, tape.operations.front().value);
  share(theirs, mine);
  std::thread other([&] {
    use(theirs);
    release(theirs);
  });
  use(mine);
  const std::uint64_t digest = show(mine);
  other.join();
  release(mine);
  return digest;
}

std::uint64_t first_value(const void* input) {
  return look_at(settings_of(static_cast<const Input*>(input)->operations->value));
}

auto the_case =
    safecost::Case<Input>(generate)
        .size_and_threads(1'024, 1, "L1")                         // 16 KiB of operations, 32 slots
        .size_and_threads(16'384, 1, "L2", safecost::Tier::full)  // 256 KiB, read in order
        .fault({.name = "use_after_release",
                .cwe = 416,
                .description = "settings are looked at whose last share was given up",
                .contract = "who has given its share up does not use it",
                .kind = SAFECOST_FAULT_TAPE})
        .fault({.name = "released_twice",
                .cwe = 911,
                .description = "a share is given up twice: settings end that another one holds",
                .contract = "a share is given up once",
                .kind = SAFECOST_FAULT_TAPE,
                .reference = values_alone})
        .fault({.name = "release_missing",
                .cwe = 401,
                .description = "settings are made in a slot that still holds a share",
                .contract = "a slot gives its share up before it takes another",
                .kind = SAFECOST_FAULT_TAPE,
                .oracles =
                    SAFECOST_ORACLE_SANITIZER | SAFECOST_ORACLE_MEMCHECK | SAFECOST_ORACLE_LEDGER,
                .reference = values_alone})
        .fault({.name = "shared_across_threads",
                .cwe = 362,
                .description = "two threads copy shares of the same settings and give them up",
                .contract = "what counts plainly stays in one thread",
                .kind = SAFECOST_FAULT_KERNEL,
                .oracles = SAFECOST_ORACLE_RACE,
                .reference = first_value})
        .raw<raw>("raw", "a count by hand, for one thread")
        .ordinary()
        .fault_kernel<across_threads<Pointer<Plain>>>("shared_across_threads")
        .raw<raw_atomic>("raw_atomic", "the same, atomic, for any number of threads")
        .ordinary()
        .fault_kernel<across_threads<Pointer<Atomic>>>("shared_across_threads")
        .algorithm("atomic_count")
        .practised()
        .raw<raw_atomic_alone>("raw_atomic_alone", "atomic unless it is the only share")
        .bespoke()
        .fault_kernel<across_threads<Pointer<AtomicUnlessAlone>>>("shared_across_threads")
        .algorithm("atomic_count")
        .raw<dispatch_only>("dispatch_only", "the tape alone, of which nothing is done")
        .bespoke()
        .inexpressible("shared_across_threads", "nothing is shared")
        .safe<shared_ptr>("shared_ptr", "std::shared_ptr, a copy of it for each call")
        .library()
        .fault_kernel<across_threads<ShownByValue>>("shared_across_threads")
        .algorithm("atomic_count")
        .claims("always", "released_twice", "release_missing", "shared_across_threads")
        .claims("libstdc++", "use_after_release")
        .safe<shared_ptr_reference>("shared_ptr_reference", "std::shared_ptr, by const reference")
        .library()
        .fault_kernel<across_threads<ShownByReference>>("shared_across_threads")
        .algorithm("atomic_count")
        .claims("always", "released_twice", "release_missing", "shared_across_threads")
        .claims("libstdc++", "use_after_release")
        .safe<shared_ptr_checked>("shared_ptr_checked", "the same, asked for null before each use")
        .ordinary()
        .fault_kernel<across_threads<ShownChecked>>("shared_across_threads")
        .algorithm("atomic_count")
        .claims("always", "use_after_release", "released_twice", "release_missing",
                "shared_across_threads")
        .safe<intrusive>("intrusive", "an intrusive pointer for one thread, by const reference")
        .ordinary()
        .trusted_core()
        .fault_kernel<across_threads<IntrusiveByReference<Plain>>>("shared_across_threads")
        .claims("always", "released_twice", "release_missing")
        .safe<intrusive_checked>("intrusive_checked", "the same, asked for null before each use")
        .ordinary()
        .trusted_core()
        .fault_kernel<across_threads<IntrusiveChecked<Plain>>>("shared_across_threads")
        .claims("always", "use_after_release", "released_twice", "release_missing")
        .safe<intrusive_lent>("intrusive_lent", "the same, and what is owned by const reference")
        .bespoke()
        .trusted_core()
        .fault_kernel<across_threads<IntrusiveLent>>("shared_across_threads")
        .claims("always", "use_after_release", "released_twice", "release_missing")
        .safe<intrusive_atomic>("intrusive_atomic", "intrusive with an atomic count")
        .ordinary()
        .trusted_core()
        .fault_kernel<across_threads<IntrusiveByReference<Atomic>>>("shared_across_threads")
        .algorithm("atomic_count")
        .claims("always", "released_twice", "release_missing", "shared_across_threads")
        .safe<intrusive_atomic_checked>("intrusive_atomic_checked",
                                        "the same, asked for null before each use")
        .ordinary()
        .trusted_core()
        .fault_kernel<across_threads<IntrusiveChecked<Atomic>>>("shared_across_threads")
        .algorithm("atomic_count")
        .claims("always", "use_after_release", "released_twice", "release_missing",
                "shared_across_threads");

}  // namespace ownership::shared_copy

SAFECOST_EXPORT(ownership::shared_copy::the_case)
