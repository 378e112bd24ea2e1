//! The twin of filter_map_sum.cc: the chain of iterators said to cost nothing, and its loops.
use safecost::{case, drawn, input, slice, Context};

input! {
    struct Input {
        values: *const u32,
        count: usize,
        bound: usize,
    }
}

struct Values {
    values: Vec<u32>,
    bound: usize,
}

impl Context<Input> for Values {
    fn prepare(input: &Input) -> Self {
        let values = unsafe { slice(input.values, input.count) };
        Values { values: values.to_vec(), bound: input.bound }
    }
}

#[inline(always)]
fn even(value: u32) -> bool {
    value % 2 == 0
}

#[inline(always)]
fn square(value: u32) -> u64 {
    u64::from(value) * u64::from(value)
}

/// The value if it is even, else 0, by a mask of all bits or none: nothing a compiler could jump on.
#[inline(always)]
fn kept(value: u32) -> u32 {
    value & (value % 2).wrapping_sub(1)
}

#[inline(always)]
fn rust_unchecked(context: &mut Values) -> u64 {
    let values = &context.values;
    let mut total = 0;
    for i in 0..context.bound {
        let value = unsafe { *values.get_unchecked(i) };
        if even(value) {
            total += square(value);
        }
    }
    total
}

#[inline(always)]
fn rust_unchecked_branchless(context: &mut Values) -> u64 {
    let values = &context.values;
    let mut total = 0;
    for i in 0..context.bound {
        total += square(kept(unsafe { *values.get_unchecked(i) }));
    }
    total
}

#[inline(always)]
fn rust_index(context: &mut Values) -> u64 {
    let values = &context.values;
    let mut total = 0;
    for i in 0..context.bound {
        if even(values[i]) {
            total += square(values[i]);
        }
    }
    total
}

#[inline(always)]
fn rust_iterator(context: &mut Values) -> u64 {
    context.values.iter().copied().filter(|&value| even(value)).map(square).sum()
}

/// To `rust_unchecked_branchless` what `rust_iterator` is to `rust_unchecked`: an iterator that always adds.
#[inline(always)]
fn rust_iterator_branchless(context: &mut Values) -> u64 {
    context.values.iter().copied().map(kept).map(square).sum()
}

/// Kept out of line, lest the compiler see the end of what is still read.
#[inline(never)]
unsafe fn destroy(values: *mut Values) {
    unsafe { std::ptr::drop_in_place(values) }
}

/// The values are freed when the walk begins; a raw pointer borrows nothing.
#[inline(always)]
fn destroyed(context: &Values, walk: fn(&mut Values) -> u64) -> u64 {
    let copy = Values { values: context.values.clone(), bound: context.bound };
    let mut values = std::mem::ManuallyDrop::new(copy);
    unsafe { destroy(&raw mut *values) };
    walk(&mut values)
}

#[inline(always)]
fn rust_unchecked_destroyed(context: &mut Values) -> u64 {
    destroyed(context, rust_unchecked)
}

#[inline(always)]
fn rust_unchecked_branchless_destroyed(context: &mut Values) -> u64 {
    destroyed(context, rust_unchecked_branchless)
}

/// Whoever is asked panics about one of the odd values.
#[inline(always)]
fn failing(context: &Values) -> impl FnMut(u32) -> bool {
    let all = context.values.iter().filter(|&&value| !even(value)).count();
    let place = drawn(all.max(1) as u64);
    let mut odd = 0;
    move |value| {
        assert!(even(value) || odd != place, "nobody knows whether this value is even");
        odd += u64::from(!even(value));
        even(value)
    }
}

#[inline(always)]
fn rust_unchecked_failed(context: &mut Values) -> u64 {
    let mut even = failing(context);
    let values = &context.values;
    let mut total = 0;
    for i in 0..context.bound {
        let value = unsafe { *values.get_unchecked(i) };
        if even(value) {
            total += square(value);
        }
    }
    total
}

#[inline(always)]
fn rust_index_failed(context: &mut Values) -> u64 {
    let mut even = failing(context);
    let values = &context.values;
    let mut total = 0;
    for i in 0..context.bound {
        if even(values[i]) {
            total += square(values[i]);
        }
    }
    total
}

#[inline(always)]
fn rust_iterator_failed(context: &mut Values) -> u64 {
    let mut even = failing(context);
    context.values.iter().copied().filter(|&value| even(value)).map(square).sum()
}

case! { Input:
    raw rust_unchecked(Values) "get_unchecked up to the bound, if" [ordinary]
        { destroyed_before: rust_unchecked_destroyed, predicate_throws: rust_unchecked_failed }
        claims { predicate_throws: "always" };
    raw rust_unchecked_branchless(Values) "get_unchecked up to the bound, the condition as a mask" as "branchless" [bespoke]
        { destroyed_before: rust_unchecked_branchless_destroyed,
          predicate_throws: "nobody is asked: the condition is a mask" };
    safe rust_index(Values) "slice indexing up to the bound, if" [library]
        { destroyed_before: "the compiler lets nobody use what was moved away (E0382)",
          predicate_throws: rust_index_failed }
        claims { one_past_end: "always", far_past_end: "always", predicate_throws: "always" };
    safe rust_iterator(Values) "iter().filter().map().sum()" [library]
        { destroyed_before: "the compiler lets no iterator outlive what it walks (E0505)",
          predicate_throws: rust_iterator_failed }
        claims { one_past_end: "always", far_past_end: "always", predicate_throws: "always" };
    safe rust_iterator_branchless(Values) "iter().map().sum(), the condition as a mask" as "branchless" [bespoke]
        { destroyed_before: "the compiler lets no iterator outlive what it walks (E0505)",
          predicate_throws: "nobody is asked: the condition is a mask" }
        claims { one_past_end: "always", far_past_end: "always" };
}
