//! The twin of sort.cc: the standard library's two sorts, which no order can lead out of the slice.
use std::cmp::Ordering;

use safecost::{case, input, slice, Context};

input! {
    struct Input {
        values: *const i32,
        count: usize,
        bound: usize,
    }
}

struct Values {
    values: Vec<i32>,
    bound: usize,
}

impl Context<Input> for Values {
    const RESETS: bool = true;
    const DIGESTS: bool = true;

    fn prepare(input: &Input) -> Self {
        let values = unsafe { slice(input.values, input.count) };
        Values { values: values.to_vec(), bound: input.bound }
    }

    fn reset(&mut self, input: &Input) {
        self.values.copy_from_slice(unsafe { slice(input.values, input.count) });
    }

    fn digest(&self) -> u64 {
        self.values.iter().fold(0u64, |digest, &value| {
            digest.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(u64::from(value as u32))
        })
    }
}

/// A slice made as long as the bound says, which nobody checks.
#[inline(always)]
fn rust_unchecked(context: &mut Values) -> u64 {
    let start = context.values.as_mut_ptr();
    unsafe { std::slice::from_raw_parts_mut(start, context.bound) }.sort_unstable();
    0
}

#[inline(always)]
fn rust_sort_unstable(context: &mut Values) -> u64 {
    context.values[..context.bound].sort_unstable();
    0
}

/// Who says by what to order, and not how, has no order to get wrong.
#[inline(always)]
fn rust_sort_unstable_key(context: &mut Values) -> u64 {
    context.values[..context.bound].sort_unstable_by_key(|&value| value);
    0
}

/// Keeps equal values in their order, and takes memory for it.
#[inline(always)]
fn rust_sort(context: &mut Values) -> u64 {
    context.values[..context.bound].sort();
    0
}

/// <= for <: equal values are called smaller than each other.
#[inline(always)]
fn not_larger(left: &i32, right: &i32) -> Ordering {
    if left <= right {
        Ordering::Less
    } else {
        Ordering::Greater
    }
}

/// The sign of a difference, which overflows and then says the opposite.
#[inline(always)]
fn difference(left: &i32, right: &i32) -> Ordering {
    (left - right).cmp(&0)
}

#[inline(always)]
fn rust_unchecked_inconsistent(context: &mut Values) -> u64 {
    let start = context.values.as_mut_ptr();
    unsafe { std::slice::from_raw_parts_mut(start, context.bound) }.sort_unstable_by(not_larger);
    0
}

#[inline(always)]
fn rust_sort_unstable_inconsistent(context: &mut Values) -> u64 {
    context.values[..context.bound].sort_unstable_by(not_larger);
    0
}

#[inline(always)]
fn rust_sort_inconsistent(context: &mut Values) -> u64 {
    context.values[..context.bound].sort_by(not_larger);
    0
}

/// A kernel stands for one fault alone, so the same order comes twice.
#[inline(always)]
fn rust_unchecked_before_start(context: &mut Values) -> u64 {
    rust_unchecked_inconsistent(context)
}

#[inline(always)]
fn rust_sort_unstable_before_start(context: &mut Values) -> u64 {
    rust_sort_unstable_inconsistent(context)
}

#[inline(always)]
fn rust_sort_before_start(context: &mut Values) -> u64 {
    rust_sort_inconsistent(context)
}

#[inline(always)]
fn rust_unchecked_difference(context: &mut Values) -> u64 {
    let start = context.values.as_mut_ptr();
    unsafe { std::slice::from_raw_parts_mut(start, context.bound) }.sort_unstable_by(difference);
    0
}

#[inline(always)]
fn rust_sort_unstable_difference(context: &mut Values) -> u64 {
    context.values[..context.bound].sort_unstable_by(difference);
    0
}

#[inline(always)]
fn rust_sort_difference(context: &mut Values) -> u64 {
    context.values[..context.bound].sort_by(difference);
    0
}

case! { Input:
    raw rust_unchecked(Values) "sort_unstable on a slice of unchecked length" as "ipnsort"
        { inconsistent_order: rust_unchecked_inconsistent,
          before_start: rust_unchecked_before_start,
          overflowing_comparison: rust_unchecked_difference };
    safe rust_sort_unstable(Values) "sort_unstable on the slice cut to the bound" as "ipnsort"
        { inconsistent_order: rust_sort_unstable_inconsistent,
          before_start: rust_sort_unstable_before_start,
          overflowing_comparison: rust_sort_unstable_difference }
        claims { one_past_end: "always", far_past_end: "always", inconsistent_order: "always",
                 before_start: "always", overflowing_comparison: "overflow-checks" };
    safe rust_sort_unstable_key(Values) "sort_unstable by a key instead of an order" as "ipnsort"
        { inconsistent_order: "a key is given, and what compares keys is the library's",
          before_start: "a key is given, and what compares keys is the library's",
          overflowing_comparison: "a key is given, and what compares keys is the library's" }
        claims { one_past_end: "always", far_past_end: "always" };
    safe rust_sort(Values) "sort, stable, on the slice cut to the bound" as "driftsort"
        { inconsistent_order: rust_sort_inconsistent, before_start: rust_sort_before_start,
          overflowing_comparison: rust_sort_difference }
        claims { one_past_end: "always", far_past_end: "always", inconsistent_order: "always",
                 before_start: "always", overflowing_comparison: "overflow-checks" };
}
