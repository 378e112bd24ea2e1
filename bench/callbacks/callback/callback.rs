//! The twin of callback.cc: a closure is there, borrows or owns its state, and outlives no borrow.
use std::ffi::c_void;
use std::hint::black_box;

use safecost::{case, input, slice, Context};

input! {
    struct Input {
        values: *const i32,
        count: usize,
        factor: u64,
        summand: u64,
    }
}

#[derive(Clone, Copy)]
struct State {
    factor: u64,
    summand: u64,
}

struct Values {
    values: Vec<i32>,
    state: State,
}

impl Context<Input> for Values {
    fn prepare(input: &Input) -> Self {
        let values = unsafe { slice(input.values, input.count) }.to_vec();
        Values { values, state: State { factor: input.factor, summand: input.summand } }
    }
}

#[inline(always)]
fn apply(state: &State, value: i32) -> u64 {
    (value as u64).wrapping_add(state.summand).wrapping_mul(state.factor) >> 16
}

/// Owns its state.
#[inline(always)]
fn owning(state: State) -> impl Fn(i32) -> u64 {
    move |value| apply(&state, value)
}

// What a walk is given goes through black_box: else the compiler sees that there is one callback.

type Callback = unsafe fn(*mut c_void, i32) -> u64;

#[inline(never)]
unsafe fn walk_pointer(
    values: *const i32,
    count: usize,
    callback: Callback,
    state: *mut c_void,
) -> u64 {
    let mut total = 0u64;
    for i in 0..count {
        total = total.wrapping_add(unsafe { callback(state, *values.add(i)) });
    }
    total
}

unsafe fn call(state: *mut c_void, value: i32) -> u64 {
    apply(unsafe { &*state.cast::<State>() }, value)
}

#[inline(always)]
unsafe fn walk_raw(context: &Values, callback: Callback, state: *mut c_void) -> u64 {
    let callback = black_box(callback);
    unsafe { walk_pointer(context.values.as_ptr(), context.values.len(), callback, state) }
}

#[inline(always)]
fn rust_unchecked(context: &mut Values) -> u64 {
    let mut state = context.state;
    unsafe { walk_raw(context, call, (&raw mut state).cast()) }
}

#[inline(always)]
fn rust_unchecked_null(context: &mut Values) -> u64 {
    let mut state = context.state;
    unsafe {
        let nobody: Callback = std::mem::transmute(black_box(0usize));
        walk_raw(context, nobody, (&raw mut state).cast())
    }
}

#[inline(always)]
fn rust_unchecked_destroyed(context: &mut Values) -> u64 {
    let state = Box::into_raw(Box::new(context.state));
    unsafe {
        drop(Box::from_raw(black_box(state)));
        walk_raw(context, call, state.cast())
    }
}

/// A pointer is all that a callback of C has for a capture.
#[inline(always)]
fn rust_unchecked_referring(context: &mut Values) -> u64 {
    rust_unchecked_destroyed(context)
}

/// The state of another callback, which has a factor only.
#[inline(always)]
fn rust_unchecked_foreign(context: &mut Values) -> u64 {
    let mut other = Box::new(context.state.factor);
    unsafe { walk_raw(context, call, black_box(&raw mut *other).cast()) }
}

/// Where the loop is written out nothing is called.
#[inline(always)]
fn rust_unchecked_loop(context: &mut Values) -> u64 {
    let State { factor, summand } = context.state;
    let values = context.values.as_ptr();
    let mut total = 0u64;
    for i in 0..context.values.len() {
        let value = unsafe { *values.add(i) };
        total = total.wrapping_add((value as u64).wrapping_add(summand).wrapping_mul(factor) >> 16);
    }
    total
}

/// One walk a type of callback, into which the callback is inlined.
#[inline(never)]
fn walk_generic(values: &[i32], callback: impl Fn(i32) -> u64) -> u64 {
    values.iter().fold(0, |total: u64, &value| total.wrapping_add(callback(value)))
}

#[inline(always)]
fn rust_generic(context: &mut Values) -> u64 {
    walk_generic(&context.values, owning(context.state))
}

#[inline(never)]
fn walk_dyn(values: &[i32], callback: &dyn Fn(i32) -> u64) -> u64 {
    values.iter().fold(0, |total: u64, &value| total.wrapping_add(callback(value)))
}

#[inline(always)]
fn rust_dyn(context: &mut Values) -> u64 {
    let callback = owning(context.state);
    walk_dyn(&context.values, black_box(&callback as &dyn Fn(i32) -> u64))
}

#[inline(never)]
fn walk_box(values: &[i32], callback: Box<dyn Fn(i32) -> u64>) -> u64 {
    values.iter().fold(0, |total: u64, &value| total.wrapping_add(callback(value)))
}

#[inline(always)]
fn rust_box(context: &mut Values) -> u64 {
    let callback: Box<dyn Fn(i32) -> u64> = Box::new(owning(context.state));
    walk_box(&context.values, black_box(callback))
}

#[inline(never)]
fn walk_typed<S>(values: &[i32], callback: fn(&S, i32) -> u64, state: &S) -> u64 {
    values.iter().fold(0, |total: u64, &value| total.wrapping_add(callback(state, value)))
}

#[inline(always)]
fn rust_typed_pointer(context: &mut Values) -> u64 {
    let state = context.state;
    let callback = black_box(apply as fn(&State, i32) -> u64);
    walk_typed(&context.values, callback, &state)
}

case! { Input:
    raw rust_unchecked(Values) "a function and a raw pointer without a type" [ordinary]
        { null_callback: rust_unchecked_null, destroyed_state: rust_unchecked_destroyed,
          captured_by_reference: rust_unchecked_referring,
          foreign_state: rust_unchecked_foreign };
    raw rust_unchecked_loop(Values) "no callback: the loop written out" as "inlined" [ordinary]
        { null_callback: "there is no callback that could be null",
          destroyed_state: "there is no state apart from the loop",
          captured_by_reference: "there is no state apart from the loop",
          foreign_state: "there is no state apart from the loop" };
    safe rust_typed_pointer(Values) "a function, and a reference to the state that it takes" [ordinary]
        { null_callback: "a function pointer is never null",
          destroyed_state: "the compiler lets no borrow outlive what it borrows (E0505)",
          captured_by_reference: "the compiler lets no borrow outlive what it borrows (E0505)",
          foreign_state: "the compiler rejects a state of another type (E0308)" };
    safe rust_generic(Values) "no callback: a walk for each type of closure, which it inlines" as "inlined" [library]
        { null_callback: "a closure is there, or the program does not compile",
          destroyed_state: "the closure owns its state",
          captured_by_reference: "the compiler lets no borrow outlive what it borrows (E0505)",
          foreign_state: "the closure owns its state" };
    safe rust_dyn(Values) "&dyn Fn" [library]
        { null_callback: "a reference is never null",
          destroyed_state: "the compiler lets no borrow outlive what it borrows (E0505)",
          captured_by_reference: "the compiler lets no borrow outlive what it borrows (E0505)",
          foreign_state: "the closure owns its state" };
    safe rust_box(Values) "Box<dyn Fn>" [library]
        { null_callback: "a Box is never null",
          destroyed_state: "the closure owns its state, and the walk the closure",
          captured_by_reference: "the compiler lets no borrow outlive what it borrows (E0505)",
          foreign_state: "the closure owns its state" };
}
