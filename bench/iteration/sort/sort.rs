//! The twin of sort.cc: the standard library's two sorts, which no order can lead out of the slice.
use std::cmp::Ordering;

use safecost::{case, drawn, input, slice, Context};

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

/// The values are freed when the sort begins; a raw pointer borrows nothing.
#[inline(always)]
fn rust_unchecked_destroyed(context: &mut Values) -> u64 {
    let copy = Values { values: context.values.clone(), bound: context.bound };
    let mut values = std::mem::ManuallyDrop::new(copy);
    unsafe { destroy(&raw mut *values) };
    rust_unchecked(&mut values)
}

/// Kept out of line, lest the compiler see the end of what is still sorted.
#[inline(never)]
unsafe fn destroy(values: *mut Values) {
    unsafe { std::ptr::drop_in_place(values) }
}

/// Sorts by an order that panics at one of the comparisons: none of the values may be lost. Eight times, since not
/// at every comparison a sort holds one in its hand; the first loss ends it.
#[inline(always)]
fn failed(context: &mut Values, sort: impl Fn(&mut Values, &mut dyn FnMut())) -> u64 {
    let given = context.values.clone();
    let mut all = 0;
    sort(context, &mut || all += 1);
    let sorted = context.values.clone();
    for _ in 0..8 {
        context.values.copy_from_slice(&given);
        let mut left = drawn(all.max(1));
        let mut ask = || {
            if left == 0 {
                std::panic::resume_unwind(Box::new("the comparison has failed"));
            }
            left -= 1;
        };
        let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            sort(context, &mut ask);
        }));
        if ended.is_err() {
            context.values.sort_unstable();
        }
        if context.values != sorted {
            break;
        }
    }
    0
}

#[inline(always)]
fn rust_unchecked_failed(context: &mut Values) -> u64 {
    failed(context, |context, ask| {
        let start = context.values.as_mut_ptr();
        unsafe { std::slice::from_raw_parts_mut(start, context.bound) }.sort_unstable_by(
            |left, right| {
                ask();
                left.cmp(right)
            },
        );
    })
}

#[inline(always)]
fn rust_sort_unstable_failed(context: &mut Values) -> u64 {
    failed(context, |context, ask| {
        context.values[..context.bound].sort_unstable_by(|left, right| {
            ask();
            left.cmp(right)
        });
    })
}

#[inline(always)]
fn rust_sort_unstable_key_failed(context: &mut Values) -> u64 {
    failed(context, |context, ask| {
        context.values[..context.bound].sort_unstable_by_key(|&value| {
            ask();
            value
        });
    })
}

#[inline(always)]
fn rust_sort_failed(context: &mut Values) -> u64 {
    failed(context, |context, ask| {
        context.values[..context.bound].sort_by(|left, right| {
            ask();
            left.cmp(right)
        });
    })
}

/// The comparison gives the values other memory, and the old is freed; a raw pointer borrows nothing.
#[inline(always)]
fn rust_unchecked_modified(context: &mut Values) -> u64 {
    let values = &raw mut context.values;
    let mut left = drawn(context.values.len().max(2) as u64 - 1);
    unsafe {
        std::slice::from_raw_parts_mut((*values).as_mut_ptr(), context.bound).sort_unstable_by(
            |one, other| {
                if left == 0 {
                    relocate(values);
                }
                left = left.wrapping_sub(1);
                one.cmp(other)
            },
        );
    }
    0
}

#[inline(never)]
unsafe fn relocate(values: *mut Vec<i32>) {
    unsafe { *values = (*values).clone() };
}

case! { Input:
    raw rust_unchecked(Values) "sort_unstable on a slice of unchecked length" as "ipnsort" [library]
        { inconsistent_order: rust_unchecked_inconsistent,
          before_start: rust_unchecked_before_start,
          overflowing_comparison: rust_unchecked_difference,
          destroyed_before: rust_unchecked_destroyed, comparator_throws: rust_unchecked_failed,
          comparator_modifies: rust_unchecked_modified }
        claims { comparator_throws: "always" };
    safe rust_sort_unstable(Values) "sort_unstable on the slice cut to the bound" as "ipnsort" [library]
        { inconsistent_order: rust_sort_unstable_inconsistent,
          before_start: rust_sort_unstable_before_start,
          overflowing_comparison: rust_sort_unstable_difference,
          destroyed_before: "the compiler lets nobody sort what was moved away (E0382)",
          comparator_throws: rust_sort_unstable_failed,
          comparator_modifies: "the compiler lets no closure change what the sort has borrowed (E0499)" }
        claims { one_past_end: "always", far_past_end: "always", inconsistent_order: "always",
                 before_start: "always", overflowing_comparison: "overflow-checks",
                 comparator_throws: "always" };
    safe rust_sort_unstable_key(Values) "sort_unstable by a key instead of an order" as "ipnsort" [library]
        { inconsistent_order: "a key is given, and what compares keys is the library's",
          before_start: "a key is given, and what compares keys is the library's",
          overflowing_comparison: "a key is given, and what compares keys is the library's",
          destroyed_before: "the compiler lets nobody sort what was moved away (E0382)",
          comparator_throws: rust_sort_unstable_key_failed,
          comparator_modifies: "the compiler lets no closure change what the sort has borrowed (E0499)" }
        claims { one_past_end: "always", far_past_end: "always", comparator_throws: "always" };
    safe rust_sort(Values) "sort, stable, on the slice cut to the bound" as "driftsort" [library]
        { inconsistent_order: rust_sort_inconsistent, before_start: rust_sort_before_start,
          overflowing_comparison: rust_sort_difference,
          destroyed_before: "the compiler lets nobody sort what was moved away (E0382)",
          comparator_throws: rust_sort_failed,
          comparator_modifies: "the compiler lets no closure change what the sort has borrowed (E0499)" }
        claims { one_past_end: "always", far_past_end: "always", inconsistent_order: "always",
                 before_start: "always", overflowing_comparison: "overflow-checks",
                 comparator_throws: "always" };
}
