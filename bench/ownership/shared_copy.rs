//! The twin of shared_copy.cc: an Rc counts plainly and cannot leave its thread, an Arc counts atomically and can.
use std::rc::Rc;
use std::sync::atomic::{fence, AtomicU32, Ordering};
use std::sync::Arc;

use safecost::{case, input, slice, Context};

input! {
    struct Operation {
        kind: u32,
        slot: u32,
        from: u32,
        value: u32,
    }

    struct Input {
        operations: *const Operation,
        count: usize,
        slot_count: usize,
    }
}

struct Settings {
    number: u64,
    values: [u64; 3],
}

impl Settings {
    #[inline(always)]
    fn of(value: u32) -> Self {
        let value = u64::from(value);
        Settings { number: value, values: [value + 1, value + 2, value + 3] }
    }
    #[inline(always)]
    fn look(&self) -> u64 {
        self.number ^ self.values[2]
    }
}

/// The function that looks: called, not inlined, as by a program that has it elsewhere.
#[inline(never)]
fn look(settings: &Settings) -> u64 {
    unsafe { std::arch::asm!("") };
    settings.look()
}

#[inline(never)]
fn look_as_owner<O: std::ops::Deref<Target = Settings>>(owner: O) -> u64 {
    unsafe { std::arch::asm!("") };
    owner.look()
}

/// Holds one share at most.
trait Slot: Sized {
    fn empty() -> Self;
    #[inline(always)]
    fn at(slots: &mut [Self], slot: u32) -> &mut Self {
        &mut slots[slot as usize]
    }
    fn create(&mut self, value: u32);
    fn another(&self) -> Self;
    fn show(&self) -> u64;
    fn release(&mut self);
}

struct Tape<S> {
    operations: Vec<Operation>,
    slots: Vec<S>,
}

impl<S: Slot> Context<Input> for Tape<S> {
    fn prepare(input: &Input) -> Self {
        Tape {
            operations: unsafe { slice(input.operations, input.count) }.to_vec(),
            slots: (0..input.slot_count).map(|_| S::empty()).collect(),
        }
    }
}

#[inline(always)]
fn play<S: Slot>(tape: &mut Tape<S>) -> u64 {
    let mut digest = 0u64;
    let slots = &mut tape.slots;
    for operation in &tape.operations {
        match operation.kind {
            0 => S::at(slots, operation.slot).create(operation.value),
            1 => {
                let share = S::at(slots, operation.from).another();
                *S::at(slots, operation.slot) = share;
            }
            2 => {
                let shown = S::at(slots, operation.slot).show();
                digest = digest.wrapping_mul(31).wrapping_add(shown);
            }
            _ => S::at(slots, operation.slot).release(),
        }
    }
    digest
}

struct Counted {
    count: AtomicU32,
    settings: Settings,
}

/// An address, and a count by hand: with plain loads and stores, or with atomic additions. The slot is not checked.
struct Raw<const ATOMIC: bool>(*mut Counted);

impl<const ATOMIC: bool> Slot for Raw<ATOMIC> {
    fn empty() -> Self {
        Raw(std::ptr::null_mut())
    }
    #[inline(always)]
    fn at(slots: &mut [Self], slot: u32) -> &mut Self {
        unsafe { slots.get_unchecked_mut(slot as usize) }
    }
    #[inline(always)]
    fn create(&mut self, value: u32) {
        let counted = Counted { count: AtomicU32::new(1), settings: Settings::of(value) };
        self.0 = Box::into_raw(Box::new(counted));
    }
    #[inline(always)]
    fn another(&self) -> Self {
        let count = unsafe { &(*self.0).count };
        if ATOMIC {
            count.fetch_add(1, Ordering::Relaxed);
        } else {
            count.store(count.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
        }
        Raw(self.0)
    }
    #[inline(always)]
    fn show(&self) -> u64 {
        look(unsafe { &(*self.0).settings })
    }
    #[inline(always)]
    fn release(&mut self) {
        let count = unsafe { &(*self.0).count };
        let last = if ATOMIC {
            count.fetch_sub(1, Ordering::Release) == 1
        } else {
            let left = count.load(Ordering::Relaxed).wrapping_sub(1);
            count.store(left, Ordering::Relaxed);
            left == 0
        };
        if last {
            if ATOMIC {
                fence(Ordering::Acquire);
            }
            drop(unsafe { Box::from_raw(self.0) });
        }
    }
}

macro_rules! owned {
    ($name:ident, $owner:ident, $shown:ident => $show:expr) => {
        struct $name(Option<$owner<Settings>>);

        impl Slot for $name {
            fn empty() -> Self {
                $name(None)
            }
            #[inline(always)]
            fn create(&mut self, value: u32) {
                self.0 = Some($owner::new(Settings::of(value)));
            }
            #[inline(always)]
            fn another(&self) -> Self {
                $name(self.0.clone())
            }
            #[inline(always)]
            fn show(&self) -> u64 {
                let $shown = self.0.as_ref().unwrap();
                $show
            }
            #[inline(always)]
            fn release(&mut self) {
                self.0 = None;
            }
        }
    };
}

owned!(InRc, Rc, owner => look_as_owner(Rc::clone(owner)));
owned!(LentRc, Rc, owner => look(owner));
owned!(InArc, Arc, owner => look_as_owner(Arc::clone(owner)));
owned!(LentArc, Arc, owner => look(owner));

/// For `shared_across_threads`: what the compiler lets no address do (E0277), promised to be fine.
struct Promised<const ATOMIC: bool>(Raw<ATOMIC>);
unsafe impl<const ATOMIC: bool> Send for Promised<ATOMIC> {}

#[inline(always)]
fn across_threads<const ATOMIC: bool>(tape: &mut Tape<Raw<ATOMIC>>) -> u64 {
    const COPIES: u32 = 200;
    let mut mine = Raw::empty();
    mine.create(tape.operations[0].value);
    let theirs = Promised::<ATOMIC>(mine.another());
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
fn rust_raw_count_across(tape: &mut Tape<Raw<false>>) -> u64 {
    across_threads(tape)
}

#[inline(always)]
fn rust_raw_atomic_across(tape: &mut Tape<Raw<true>>) -> u64 {
    across_threads(tape)
}

#[inline(always)]
fn rust_raw_count(tape: &mut Tape<Raw<false>>) -> u64 {
    play(tape)
}

#[inline(always)]
fn rust_raw_atomic(tape: &mut Tape<Raw<true>>) -> u64 {
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
    raw rust_raw_count(Tape<Raw<false>>) "a count by hand, for one thread" [ordinary]
        { shared_across_threads: rust_raw_count_across };
    raw rust_raw_atomic(Tape<Raw<true>>) "the same, atomic, for any number of threads"
        as "atomic_count" [ordinary] { shared_across_threads: rust_raw_atomic_across };
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
