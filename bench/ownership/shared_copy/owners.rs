//! The tape of shared_copy.rs and shared_copy_threads.rs, and who counts shares of settings.
use std::arch::asm;
use std::cell::Cell;
use std::rc::Rc;
use std::sync::atomic::{fence, AtomicU32, Ordering};
use std::sync::Arc;

use safecost::{input, slice, Context};

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

pub struct Settings {
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
pub fn look(settings: &Settings) -> u64 {
    unsafe { std::arch::asm!("") };
    settings.look()
}

#[inline(never)]
pub fn look_as_owner<O: std::ops::Deref<Target = Settings>>(owner: O) -> u64 {
    unsafe { std::arch::asm!("") };
    owner.look()
}

/// Holds one share at most.
pub trait Slot: Sized {
    fn empty() -> Self;
    #[inline(always)]
    fn at(slots: &mut [Self], slot: u32) -> &mut Self {
        &mut slots[slot as usize]
    }
    fn create(&mut self, value: u32);
    fn another(&self) -> Self;
    fn show(&self) -> u64;
    #[inline(always)]
    fn seen(&self, _show: &Operation) -> u64 {
        self.show()
    }
    fn release(&mut self);
}

pub struct Tape<S> {
    pub operations: Vec<Operation>,
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
pub fn play<S: Slot>(tape: &mut Tape<S>) -> u64 {
    let mut digest = 0u64;
    let slots = &mut tape.slots;
    for operation in &tape.operations {
        let slot = operation.slot;
        if operation.kind == 2 {
            let seen = S::at(slots, slot).seen(operation);
            digest = digest.wrapping_mul(31).wrapping_add(seen);
        } else if operation.kind == 1 {
            let share = S::at(slots, operation.from).another();
            *S::at(slots, slot) = share;
        } else if operation.kind == 3 {
            S::at(slots, slot).release();
        } else {
            S::at(slots, slot).create(operation.value);
        }
    }
    digest
}

/// The tape alone: each operation is read and recognised, and nothing is done.
pub struct Nothing(*mut Settings);

impl Slot for Nothing {
    fn empty() -> Self {
        Nothing(std::ptr::null_mut())
    }
    #[inline(always)]
    fn at(slots: &mut [Self], slot: u32) -> &mut Self {
        unsafe { slots.get_unchecked_mut(slot as usize) }
    }
    #[inline(always)]
    fn create(&mut self, value: u32) {
        unsafe {
            asm!("/* create {} {:e} */", in(reg) self, in(reg) value, options(nomem, nostack, preserves_flags))
        };
    }
    #[inline(always)]
    fn another(&self) -> Self {
        unsafe { asm!("/* share {} */", in(reg) self, options(nomem, nostack, preserves_flags)) };
        Nothing(self.0)
    }
    fn show(&self) -> u64 {
        unreachable!("there is nothing to be shown")
    }
    #[inline(always)]
    fn seen(&self, show: &Operation) -> u64 {
        u64::from(show.value)
    }
    #[inline(always)]
    fn release(&mut self) {
        unsafe { asm!("/* release {} */", in(reg) self, options(nomem, nostack, preserves_flags)) };
    }
}

#[inline(always)]
pub fn rust_dispatch_only(tape: &mut Tape<Nothing>) -> u64 {
    play(tape)
}

/// A number of shares.
pub trait Count {
    const ONE: Self;
    fn up(&self);
    /// Was it the last one?
    fn down(&self) -> bool;
}

pub struct Plain(Cell<u32>);

impl Count for Plain {
    const ONE: Self = Plain(Cell::new(1));
    #[inline]
    fn up(&self) {
        self.0.set(self.0.get().wrapping_add(1));
    }
    #[inline]
    fn down(&self) -> bool {
        self.0.set(self.0.get().wrapping_sub(1));
        self.0.get() == 0
    }
}

pub struct Atomic(AtomicU32);

impl Count for Atomic {
    const ONE: Self = Atomic(AtomicU32::new(1));
    #[inline]
    fn up(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
    #[inline]
    fn down(&self) -> bool {
        let last = self.0.fetch_sub(1, Ordering::Release) == 1;
        if last {
            fence(Ordering::Acquire);
        }
        last
    }
}

/// Who holds the only share need not compete.
pub struct AtomicUnlessAlone(Atomic);

impl Count for AtomicUnlessAlone {
    const ONE: Self = AtomicUnlessAlone(Atomic::ONE);
    #[inline]
    fn up(&self) {
        self.0.up();
    }
    #[inline]
    fn down(&self) -> bool {
        self.0 .0.load(Ordering::Acquire) == 1 || self.0.down()
    }
}

struct Counted<C> {
    count: C,
    settings: Settings,
}

/// An address, and a count by hand. The slot is not checked.
pub struct Raw<C>(*mut Counted<C>);

impl<C: Count> Slot for Raw<C> {
    fn empty() -> Self {
        Raw(std::ptr::null_mut())
    }
    #[inline]
    fn at(slots: &mut [Self], slot: u32) -> &mut Self {
        unsafe { slots.get_unchecked_mut(slot as usize) }
    }
    #[inline]
    fn create(&mut self, value: u32) {
        let counted = Counted { count: C::ONE, settings: Settings::of(value) };
        self.0 = Box::into_raw(Box::new(counted));
    }
    #[inline]
    fn another(&self) -> Self {
        unsafe { (*self.0).count.up() };
        Raw(self.0)
    }
    #[inline]
    fn show(&self) -> u64 {
        look(unsafe { &(*self.0).settings })
    }
    #[inline]
    fn release(&mut self) {
        unsafe {
            if (*self.0).count.down() {
                drop(Box::from_raw(self.0));
            }
        }
    }
}

macro_rules! owned {
    ($name:ident, $owner:ident, $shown:ident => $show:expr) => {
        pub struct $name(Option<$owner<Settings>>);

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
