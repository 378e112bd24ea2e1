//! The twin of pass_ownership.cc: moving a Box moves a pointer, and what was moved cannot be named again.
//!
//! The other side are functions that are never inlined, each with an empty `asm!` that hides what it does.
use std::arch::asm;

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
    #[inline(always)]
    fn work_on(&mut self) {
        self.number += self.amounts[0];
    }
}

#[inline(never)]
unsafe fn raw_pass(order: *mut Order) -> *mut Order {
    unsafe {
        asm!("");
        (*order).work_on();
    }
    order
}

#[inline(never)]
unsafe fn raw_finish(order: *mut Order) -> u64 {
    unsafe {
        asm!("");
        let order = Box::from_raw(order);
        order.look()
    }
}

#[inline(never)]
unsafe fn raw_finish_forgotten(order: *mut Order) -> u64 {
    unsafe {
        asm!("");
        (*order).look()
    }
}

#[inline(never)]
fn box_pass(mut order: Box<Order>) -> Box<Order> {
    unsafe { asm!("") };
    order.work_on();
    order
}

#[inline(never)]
fn box_finish(order: Box<Order>) -> u64 {
    unsafe { asm!("") };
    order.look()
}

#[inline(never)]
fn lent_pass(order: &mut Order) {
    unsafe { asm!("") };
    order.work_on();
}

#[inline(never)]
fn value_pass(mut order: Order) -> Order {
    unsafe { asm!("") };
    order.work_on();
    order
}

#[inline(never)]
fn value_finish(order: Order) -> u64 {
    unsafe { asm!("") };
    order.look()
}

/// Holds one order at most.
trait Slot: Sized {
    fn empty() -> Self;
    #[inline(always)]
    fn at(slots: &mut [Self], slot: u32) -> &mut Self {
        &mut slots[slot as usize]
    }
    fn create(&mut self, value: u64);
    fn pass(&mut self);
    fn finish(&mut self) -> u64;
    fn destroy(&mut self);
    fn order(&self) -> &Order;
    #[inline(always)]
    fn result_of(&mut self, _finish: &Operation) -> u64 {
        self.finish()
    }
    #[inline(always)]
    fn seen(&self, _read: &Operation) -> u64 {
        self.order().look()
    }
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
    for operation in &tape.operations {
        let slot = S::at(&mut tape.slots, operation.slot);
        match operation.kind {
            0 => slot.create(operation.value),
            1 => slot.pass(),
            2 => digest = digest.wrapping_mul(31).wrapping_add(slot.result_of(operation)),
            3 => slot.destroy(),
            _ => digest = digest.wrapping_mul(31).wrapping_add(slot.seen(operation)),
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
    #[inline(always)]
    fn pass(&mut self) {
        unsafe { asm!("/* pass {} */", in(reg) self, options(nomem, nostack, preserves_flags)) };
    }
    fn finish(&mut self) -> u64 {
        unreachable!("there is no order")
    }
    #[inline(always)]
    fn result_of(&mut self, finish: &Operation) -> u64 {
        unsafe { asm!("/* finish {} */", in(reg) self, options(nomem, nostack, preserves_flags)) };
        finish.value
    }
    #[inline(always)]
    fn destroy(&mut self) {
        unsafe { asm!("/* destroy {} */", in(reg) self, options(nomem, nostack, preserves_flags)) };
    }
    fn order(&self) -> &Order {
        unreachable!("there is no order")
    }
    #[inline(always)]
    fn seen(&self, read: &Operation) -> u64 {
        read.value
    }
}

/// An address, which stays when the order is somebody else's, and need not come back if it is lent. The slot is not
/// checked either.
struct Raw<const LENDS: bool, const FORGETS: bool>(*mut Order);

impl<const LENDS: bool, const FORGETS: bool> Slot for Raw<LENDS, FORGETS> {
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
    fn pass(&mut self) {
        if LENDS {
            lent_pass(unsafe { &mut *self.0 });
        } else {
            self.0 = unsafe { raw_pass(self.0) };
        }
    }
    #[inline(always)]
    fn finish(&mut self) -> u64 {
        unsafe {
            if FORGETS {
                raw_finish_forgotten(self.0)
            } else {
                raw_finish(self.0)
            }
        }
    }
    #[inline(always)]
    fn destroy(&mut self) {
        drop(unsafe { Box::from_raw(self.0) });
    }
    #[inline(always)]
    fn order(&self) -> &Order {
        unsafe { &*self.0 }
    }
}

/// A Box that is moved there and, where it comes back, lent instead if `LENDS`.
struct Boxed<const LENDS: bool>(Option<Box<Order>>);

impl<const LENDS: bool> Slot for Boxed<LENDS> {
    fn empty() -> Self {
        Boxed(None)
    }
    #[inline(always)]
    fn create(&mut self, value: u64) {
        self.0 = Some(Box::new(Order::of(value)));
    }
    #[inline(always)]
    fn pass(&mut self) {
        if LENDS {
            lent_pass(self.0.as_mut().unwrap());
        } else {
            self.0 = Some(box_pass(self.0.take().unwrap()));
        }
    }
    #[inline(always)]
    fn finish(&mut self) -> u64 {
        box_finish(self.0.take().unwrap())
    }
    #[inline(always)]
    fn destroy(&mut self) {
        self.0 = None;
    }
    #[inline(always)]
    fn order(&self) -> &Order {
        self.0.as_ref().unwrap()
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
    fn pass(&mut self) {
        *self = Some(value_pass(self.take().unwrap()));
    }
    #[inline(always)]
    fn finish(&mut self) -> u64 {
        value_finish(self.take().unwrap())
    }
    #[inline(always)]
    fn destroy(&mut self) {
        *self = None;
    }
    #[inline(always)]
    fn order(&self) -> &Order {
        self.as_ref().unwrap()
    }
}

#[inline(always)]
fn rust_raw_pointer(tape: &mut Tape<Raw<false, false>>) -> u64 {
    play(tape)
}

#[inline(always)]
fn rust_raw_lent(tape: &mut Tape<Raw<true, false>>) -> u64 {
    play(tape)
}

#[inline(always)]
fn forgotten<const LENDS: bool>(tape: &mut Tape<Raw<LENDS, false>>) -> u64 {
    let forgets: *mut Tape<Raw<LENDS, true>> = (&raw mut *tape).cast();
    play(unsafe { &mut *forgets })
}

#[inline(always)]
fn rust_raw_forgotten(tape: &mut Tape<Raw<false, false>>) -> u64 {
    forgotten(tape)
}

#[inline(always)]
fn rust_raw_lent_forgotten(tape: &mut Tape<Raw<true, false>>) -> u64 {
    forgotten(tape)
}

#[inline(always)]
fn rust_dispatch_only(tape: &mut Tape<Nothing>) -> u64 {
    play(tape)
}

#[inline(always)]
fn rust_box(tape: &mut Tape<Boxed<false>>) -> u64 {
    play(tape)
}

#[inline(always)]
fn rust_lend(tape: &mut Tape<Boxed<true>>) -> u64 {
    play(tape)
}

#[inline(always)]
fn rust_value(tape: &mut Tape<Option<Order>>) -> u64 {
    play(tape)
}

case! { Input:
    raw rust_raw_pointer(Tape<Raw<false, false>>) "a raw pointer, made a Box where its life ends" [ordinary] {
        neither_frees: rust_raw_forgotten };
    raw rust_raw_lent(Tape<Raw<true, false>>) "a raw pointer, which need not come back: it stays in the slot" [ordinary] {
        neither_frees: rust_raw_lent_forgotten };
    raw rust_dispatch_only(Tape<Nothing>) "the tape alone, of which nothing is done" [bespoke] {
        neither_frees: "there is no order" };
    safe rust_box(Tape<Boxed<false>>) "a Box by value, which comes back" [library] {
        neither_frees: "the parameter is an owner, which is dropped where the function ends" }
        claims { use_after_passing: "always", both_free: "always", neither_frees: "always",
                 null_passed: "always" };
    safe rust_lend(Tape<Boxed<true>>) "a Box, lent as &mut where it would come back" [library] {
        neither_frees: "the parameter is an owner, which is dropped where the function ends" }
        claims { use_after_passing: "always", both_free: "always", neither_frees: "always",
                 null_passed: "always" };
    safe rust_value(Tape<Option<Order>>) "the order itself, moved there and back" as "in_place" [library] {
        neither_frees: "there is no block that could be forgotten" }
        claims { use_after_passing: "always", both_free: "always", neither_frees: "always",
                 null_passed: "always" };
}
