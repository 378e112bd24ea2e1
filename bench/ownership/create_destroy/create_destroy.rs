//! The twin of create_destroy.cc: an owner is a value of its own, and an empty slot is None.
use std::arch::asm;
use std::rc::Rc;

use safecost::{case, input, slice, Context};

input! {
    struct Operation {
        kind: u32,
        slot: u32,
        value: u64,
    }

    struct Input {
        operations: *const Operation,
        count: usize,
        slot_count: usize,
    }
}

struct Order {
    number: u64,
    amounts: [u64; 5],
}

impl Order {
    #[inline(always)]
    fn of(value: u64) -> Self {
        Order { number: value, amounts: [value + 1, value + 2, value + 3, value + 4, value + 5] }
    }
    #[inline(always)]
    fn look(&self) -> u64 {
        self.number ^ self.amounts[4]
    }
}

/// Holds one order at most.
trait Slot: Sized {
    fn empty() -> Self;
    #[inline(always)]
    fn at(slots: &mut [Self], slot: u32) -> &mut Self {
        &mut slots[slot as usize]
    }
    fn create(&mut self, value: u64);
    fn order(&self) -> &Order;
    #[inline(always)]
    fn seen(&self, _read: &Operation) -> u64 {
        self.order().look()
    }
    fn destroy(&mut self);
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

/// Written so that the compiler asks for a read first and never for a destruction, as those of C++ do.
#[inline(always)]
fn play<S: Slot>(tape: &mut Tape<S>) -> u64 {
    let slots = tape.slots.as_mut_slice();
    let mut digest = 0u64;
    for operation in &tape.operations {
        let slot = S::at(slots, operation.slot);
        if operation.kind == 0 {
            slot.create(operation.value);
        } else if operation.kind == 1 {
            digest = digest.wrapping_mul(31).wrapping_add(slot.seen(operation));
        } else {
            slot.destroy();
        }
    }
    digest
}

/// The tape alone: each operation is read and recognised, and nothing is done.
struct Nothing(*mut Order);

impl Slot for Nothing {
    fn empty() -> Self {
        Nothing(std::ptr::null_mut())
    }
    #[inline(always)]
    fn at(slots: &mut [Self], slot: u32) -> &mut Self {
        unsafe { slots.get_unchecked_mut(slot as usize) }
    }
    #[inline(always)]
    fn create(&mut self, value: u64) {
        unsafe {
            asm!("/* create {} {} */", in(reg) self, in(reg) value, options(nomem, nostack, preserves_flags))
        };
    }
    fn order(&self) -> &Order {
        unreachable!("there is none")
    }
    #[inline(always)]
    fn seen(&self, read: &Operation) -> u64 {
        read.value
    }
    #[inline(always)]
    fn destroy(&mut self) {
        unsafe { asm!("/* destroy {} */", in(reg) self, options(nomem, nostack, preserves_flags)) };
    }
}

/// An address, and the habit of freeing it once. The slot is not checked either.
struct Raw(*mut Order);

impl Slot for Raw {
    fn empty() -> Self {
        Raw(std::ptr::null_mut())
    }
    #[inline(always)]
    fn at(slots: &mut [Self], slot: u32) -> &mut Self {
        unsafe { slots.get_unchecked_mut(slot as usize) }
    }
    #[inline(always)]
    fn create(&mut self, value: u64) {
        self.0 = Box::into_raw(Box::new(Order::of(value)));
    }
    #[inline(always)]
    fn order(&self) -> &Order {
        unsafe { &*self.0 }
    }
    #[inline(always)]
    fn destroy(&mut self) {
        drop(unsafe { Box::from_raw(self.0) });
    }
}

/// The slot is the order's own memory: there is nothing to free, and nothing to say that it is over.
impl Slot for Order {
    fn empty() -> Self {
        Order { number: 0, amounts: [0; 5] }
    }
    #[inline]
    fn at(slots: &mut [Self], slot: u32) -> &mut Self {
        unsafe { slots.get_unchecked_mut(slot as usize) }
    }
    #[inline]
    fn create(&mut self, value: u64) {
        *self = Order::of(value);
    }
    #[inline]
    fn order(&self) -> &Order {
        self
    }
    #[inline]
    fn destroy(&mut self) {}
}

impl Slot for Option<Box<Order>> {
    fn empty() -> Self {
        None
    }
    #[inline(always)]
    fn create(&mut self, value: u64) {
        *self = Some(Box::new(Order::of(value)));
    }
    #[inline(always)]
    fn order(&self) -> &Order {
        self.as_ref().unwrap()
    }
    #[inline(always)]
    fn destroy(&mut self) {
        *self = None;
    }
}

impl Slot for Option<Rc<Order>> {
    fn empty() -> Self {
        None
    }
    #[inline(always)]
    fn create(&mut self, value: u64) {
        *self = Some(Rc::new(Order::of(value)));
    }
    #[inline(always)]
    fn order(&self) -> &Order {
        self.as_ref().unwrap()
    }
    #[inline(always)]
    fn destroy(&mut self) {
        *self = None;
    }
}

impl Slot for Option<Order> {
    fn empty() -> Self {
        None
    }
    #[inline(always)]
    fn create(&mut self, value: u64) {
        *self = Some(Order::of(value));
    }
    #[inline(always)]
    fn order(&self) -> &Order {
        self.as_ref().unwrap()
    }
    #[inline(always)]
    fn destroy(&mut self) {
        *self = None;
    }
}

#[inline(always)]
fn rust_raw_pointer(tape: &mut Tape<Raw>) -> u64 {
    play(tape)
}

#[inline(always)]
fn rust_raw_in_place(tape: &mut Tape<Order>) -> u64 {
    play(tape)
}

#[inline(always)]
fn rust_dispatch_only(tape: &mut Tape<Nothing>) -> u64 {
    play(tape)
}

#[inline(always)]
fn rust_box(tape: &mut Tape<Option<Box<Order>>>) -> u64 {
    play(tape)
}

#[inline(always)]
fn rust_rc(tape: &mut Tape<Option<Rc<Order>>>) -> u64 {
    play(tape)
}

#[inline(always)]
fn rust_option(tape: &mut Tape<Option<Order>>) -> u64 {
    play(tape)
}

case! { Input:
    raw rust_raw_pointer(Tape<Raw>) "Box::into_raw and from_raw, freed by habit" [ordinary] {
        mismatched_free: "Box::from_raw frees as Box allocates; another way is another program" };
    raw rust_raw_in_place(Tape<Order>) "orders in the slots themselves" as "in_place" [ordinary] {
        mismatched_free: "the order has no block of its own that could be freed" }
        claims { double_free: "always", leak: "always", mismatched_free: "always" };
    raw rust_dispatch_only(Tape<Nothing>) "the tape alone, of which nothing is done" [bespoke] {
        mismatched_free: "the order has no block of its own that could be freed" };
    safe rust_box(Tape<Option<Box<Order>>>) "an Option of a Box" [library] {
        mismatched_free: "the language has no way to free but the owner's own" }
        claims { use_after_free: "always", double_free: "always", leak: "always",
                 mismatched_free: "always" };
    safe rust_rc(Tape<Option<Rc<Order>>>) "an Option of an Rc, which could be shared" [library] {
        mismatched_free: "the language has no way to free but the owner's own" }
        claims { use_after_free: "always", double_free: "always", leak: "always",
                 mismatched_free: "always" };
    safe rust_option(Tape<Option<Order>>) "the order is a value, in an Option" as "in_place" [library] {
        mismatched_free: "the order has no block of its own that could be freed" }
        claims { use_after_free: "always", double_free: "always", leak: "always",
                 mismatched_free: "always" };
}
