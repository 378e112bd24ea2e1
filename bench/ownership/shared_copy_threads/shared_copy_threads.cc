// What does a copy of a shared owner cost in a program that has had a second thread?
//
// The tape is that of shared_copy. Whatever is shared may by now be shared with another thread, so raw code counts
// atomically, and no owner is here that counts plainly: `shared_across_threads` of shared_copy shows which ones
// threads may share. libstdc++'s shared_ptr counts atomically from the first thread on, for good, be it long over.
// Nobody competes for a count here: what is measured is to be ready for it.
//
// raw_atomic_alone asks first whether its share is the only one, which an atomic load can tell.
#include <cstddef>
#include <cstdint>

#include "kernel/case.h"
#include "owners.h"
#include "tape.h"

namespace ownership::shared_copy {

SAFECOST_KERNEL raw_atomic(Tape<Pointer<Atomic>>& tape) { return play(tape); }
SAFECOST_KERNEL raw_atomic_alone(Tape<Pointer<AtomicUnlessAlone>>& tape) { return play(tape); }
SAFECOST_KERNEL dispatch_only(Tape<Nothing>& tape) { return play(tape); }

SAFECOST_KERNEL shared_ptr(Tape<ShownByValue>& tape) { return play(tape); }
SAFECOST_KERNEL shared_ptr_reference(Tape<ShownByReference>& tape) { return play(tape); }
SAFECOST_KERNEL shared_ptr_checked(Tape<ShownChecked>& tape) { return play(tape); }
SAFECOST_KERNEL intrusive_atomic(Tape<IntrusiveByReference<Atomic>>& tape) { return play(tape); }
SAFECOST_KERNEL intrusive_atomic_checked(Tape<IntrusiveChecked<Atomic>>& tape) {
  return play(tape);
}

auto the_case =
    safecost::Case<Input>(generate)
        .size_and_threads(1'024, 2, "L1")                         // 16 KiB of operations, 32 slots
        .size_and_threads(16'384, 2, "L2", safecost::Tier::full)  // 256 KiB, read in order
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
        .raw<raw_atomic>("raw_atomic", "a count by hand, atomic, for any number of threads")
        .ordinary()
        .practised()
        .raw<raw_atomic_alone>("raw_atomic_alone", "atomic unless it is the only share")
        .bespoke()
        .raw<dispatch_only>("dispatch_only", "the tape alone, of which nothing is done")
        .bespoke()
        .safe<shared_ptr>("shared_ptr", "std::shared_ptr, a copy of it for each call")
        .library()
        .claims("always", "released_twice", "release_missing")
        .claims("libstdc++", "use_after_release")
        .safe<shared_ptr_reference>("shared_ptr_reference", "std::shared_ptr, by const reference")
        .library()
        .claims("always", "released_twice", "release_missing")
        .claims("libstdc++", "use_after_release")
        .safe<shared_ptr_checked>("shared_ptr_checked", "the same, asked for null before each use")
        .ordinary()
        .claims("always", "use_after_release", "released_twice", "release_missing")
        .safe<intrusive_atomic>("intrusive_atomic",
                                "an intrusive pointer that counts atomically, by const reference")
        .ordinary()
        .trusted_core()
        .claims("always", "released_twice", "release_missing")
        .safe<intrusive_atomic_checked>("intrusive_atomic_checked",
                                        "the same, asked for null before each use")
        .ordinary()
        .trusted_core()
        .claims("always", "use_after_release", "released_twice", "release_missing");

}  // namespace ownership::shared_copy

SAFECOST_EXPORT(ownership::shared_copy::the_case)
