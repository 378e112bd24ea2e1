//! The twin of shared_copy.cc: an Rc counts plainly and cannot leave its thread, an Arc counts atomically and can.
use safecost::case;

mod owners;
use owners::*;

/// For `shared_across_threads`: what the compiler lets no address do (E0277), promised to be fine.
struct Promised<C>(Raw<C>);
unsafe impl<C> Send for Promised<C> {}

#[inline(always)]
fn across_threads<C: Count + 'static>(tape: &mut Tape<Raw<C>>) -> u64 {
    const COPIES: u32 = 200;
    let mut mine = Raw::empty();
    mine.create(tape.operations[0].value);
    let theirs = Promised::<C>(mine.another());
    let other = std::thread::spawn(move || {
        let mut theirs = theirs;
        let Promised(slot) = &mut theirs;
        (0..COPIES).for_each(|_| slot.another().release());
        slot.release();
    });
    (0..COPIES).for_each(|_| mine.another().release());
    let digest = mine.show();
    other.join().unwrap();
    mine.release();
    digest
}

#[inline(always)]
fn rust_raw_count_across(tape: &mut Tape<Raw<Plain>>) -> u64 {
    across_threads(tape)
}

#[inline(always)]
fn rust_raw_atomic_across(tape: &mut Tape<Raw<Atomic>>) -> u64 {
    across_threads(tape)
}

#[inline(always)]
fn rust_raw_atomic_alone_across(tape: &mut Tape<Raw<AtomicUnlessAlone>>) -> u64 {
    across_threads(tape)
}

#[inline(always)]
fn rust_raw_count(tape: &mut Tape<Raw<Plain>>) -> u64 {
    play(tape)
}

#[inline(always)]
fn rust_raw_atomic(tape: &mut Tape<Raw<Atomic>>) -> u64 {
    play(tape)
}

#[inline(always)]
fn rust_raw_atomic_alone(tape: &mut Tape<Raw<AtomicUnlessAlone>>) -> u64 {
    play(tape)
}

#[inline(always)]
fn rust_rc(tape: &mut Tape<InRc>) -> u64 {
    play(tape)
}

#[inline(always)]
fn rust_rc_reference(tape: &mut Tape<LentRc>) -> u64 {
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
    raw rust_raw_count(Tape<Raw<Plain>>) "a count by hand, for one thread" [ordinary]
        { shared_across_threads: rust_raw_count_across };
    raw rust_raw_atomic(Tape<Raw<Atomic>>) "the same, atomic, for any number of threads"
        as "atomic_count" [ordinary] { shared_across_threads: rust_raw_atomic_across };
    raw rust_raw_atomic_alone(Tape<Raw<AtomicUnlessAlone>>) "atomic unless it is the only share"
        as "atomic_count" [bespoke] { shared_across_threads: rust_raw_atomic_alone_across };
    raw rust_dispatch_only(Tape<Nothing>) "the tape alone, of which nothing is done" [bespoke]
        { shared_across_threads: "nothing is shared" };
    safe rust_rc(Tape<InRc>) "an Rc, a clone of it for each call" [library]
        { shared_across_threads: "the compiler gives no Rc to another thread (E0277)" }
        claims { use_after_release: "always", released_twice: "always", release_missing: "always" };
    safe rust_rc_reference(Tape<LentRc>) "an Rc, lent for each call" [library]
        { shared_across_threads: "the compiler gives no Rc to another thread (E0277)" }
        claims { use_after_release: "always", released_twice: "always", release_missing: "always" };
    safe rust_arc(Tape<InArc>) "an Arc, a clone of it for each call" as "atomic_count" [library]
        { shared_across_threads: "threads may share an Arc, and the compiler lets them do nothing else with it" }
        claims { use_after_release: "always", released_twice: "always", release_missing: "always" };
    safe rust_arc_reference(Tape<LentArc>) "an Arc, lent for each call" as "atomic_count" [library]
        { shared_across_threads: "threads may share an Arc, and the compiler lets them do nothing else with it" }
        claims { use_after_release: "always", released_twice: "always", release_missing: "always" };
}
