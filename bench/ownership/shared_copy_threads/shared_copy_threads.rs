//! The twin of shared_copy_threads.cc: an Arc counts atomically whether there is a second thread or not.
use safecost::case;

mod owners;
use owners::*;

#[inline(always)]
fn rust_raw_atomic(tape: &mut Tape<Raw<Atomic>>) -> u64 {
    play(tape)
}

#[inline(always)]
fn rust_raw_atomic_alone(tape: &mut Tape<Raw<AtomicUnlessAlone>>) -> u64 {
    play(tape)
}

#[inline(always)]
fn rust_arc(tape: &mut Tape<InArc>) -> u64 {
    play(tape)
}

#[inline(always)]
fn rust_arc_reference(tape: &mut Tape<LentArc>) -> u64 {
    play(tape)
}

case! { Input:
    raw rust_raw_atomic(Tape<Raw<Atomic>>) "a count by hand, atomic, for any number of threads" [ordinary];
    raw rust_raw_atomic_alone(Tape<Raw<AtomicUnlessAlone>>) "atomic unless it is the only share" [bespoke];
    raw rust_dispatch_only(Tape<Nothing>) "the tape alone, of which nothing is done" [bespoke];
    safe rust_arc(Tape<InArc>) "an Arc, a clone of it for each call" [library]
        claims { use_after_release: "always", released_twice: "always", release_missing: "always" };
    safe rust_arc_reference(Tape<LentArc>) "an Arc, lent for each call" [library]
        claims { use_after_release: "always", released_twice: "always", release_missing: "always" };
}
