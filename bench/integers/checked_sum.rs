//! The twin of checked_sum.cc: `+` wraps or panics as the profile says; what it shall do can be said.
use safecost::{case, input, slice, Context};

input! {
    struct Input {
        values: *const i32,
        count: usize,
    }
}

struct Values {
    values: Vec<i32>,
}

impl Context<Input> for Values {
    fn prepare(input: &Input) -> Self {
        let values = unsafe { slice(input.values, input.count) };
        Values { values: values.to_vec() }
    }
}

/// What a cast makes of a sum: for `narrowed`, of its lower 16 bits.
#[inline(always)]
fn cast<const NARROWED: bool>(total: i32) -> u64 {
    if NARROWED {
        i64::from(total as i16) as u64
    } else {
        i64::from(total) as u64
    }
}

/// A sum that no type of fewer bits takes unseen.
#[inline(always)]
fn convert<const NARROWED: bool>(total: i64) -> u64 {
    if NARROWED {
        i64::from(i16::try_from(total).unwrap()) as u64
    } else {
        i64::from(i32::try_from(total).unwrap()) as u64
    }
}

#[inline(always)]
fn unchecked<const NARROWED: bool>(values: &[i32]) -> u64 {
    let mut total = 0i32;
    for value in values {
        total = unsafe { total.unchecked_add(*value) };
    }
    cast::<NARROWED>(total)
}

#[inline(always)]
fn wrapping<const NARROWED: bool>(values: &[i32]) -> u64 {
    cast::<NARROWED>(values.iter().fold(0, |total: i32, value| total.wrapping_add(*value)))
}

#[inline(always)]
fn sum<const NARROWED: bool>(values: &[i32]) -> u64 {
    cast::<NARROWED>(values.iter().sum())
}

#[inline(always)]
fn checked_add<const NARROWED: bool>(values: &[i32]) -> u64 {
    let total = values.iter().try_fold(0i32, |total, value| total.checked_add(*value));
    cast::<NARROWED>(total.expect("the sum fits into its type"))
}

#[inline(always)]
fn widen<const NARROWED: bool>(values: &[i32]) -> u64 {
    convert::<NARROWED>(values.iter().map(|value| i64::from(*value)).sum())
}

/// The sum that wraps and that of the upper halves, for 65,536 values at a time: see the C++ case.
#[inline(always)]
fn upper_halves<const NARROWED: bool>(values: &[i32]) -> u64 {
    let mut total = 0i64;
    for block in values.chunks(65_536) {
        let mut wrapped = 0u32;
        let mut upper = 0i32;
        for value in block {
            wrapped = wrapped.wrapping_add(*value as u32);
            upper = upper.wrapping_add(*value >> 16);
        }
        let lower = wrapped.wrapping_sub((upper as u32) << 16);
        total += i64::from(upper) * 65_536 + i64::from(lower);
    }
    convert::<NARROWED>(total)
}

macro_rules! kernels {
    ($($kernel:ident, $narrowed:ident: $body:ident;)+) => { $(
        #[inline(always)]
        fn $kernel(context: &mut Values) -> u64 {
            $body::<false>(&context.values)
        }
        #[inline(always)]
        fn $narrowed(context: &mut Values) -> u64 {
            $body::<true>(&context.values)
        }
    )+ };
}

kernels! {
    rust_unchecked, rust_unchecked_narrowed: unchecked;
    rust_wrapping, rust_wrapping_narrowed: wrapping;
    rust_sum, rust_sum_narrowed: sum;
    rust_checked_add, rust_checked_add_narrowed: checked_add;
    rust_widen, rust_widen_narrowed: widen;
    rust_upper_halves, rust_upper_halves_narrowed: upper_halves;
}

case! { Input:
    raw rust_unchecked(Values) "unchecked_add, undefined where it overflows" [ordinary]
        { narrowed: rust_unchecked_narrowed };
    safe rust_wrapping(Values) "wrapping_add" [library] { narrowed: rust_wrapping_narrowed }
        claims { overflow_on_the_way: "always" };
    safe rust_sum(Values) "iter().sum(): wraps, or panics with overflow checks" [library]
        { narrowed: rust_sum_narrowed }
        claims { overflow: "overflow-checks", underflow: "overflow-checks",
                 overflow_twice: "overflow-checks", overflow_on_the_way: "always" };
    safe rust_checked_add(Values) "checked_add, looked at each time" [library]
        { narrowed: rust_checked_add_narrowed }
        claims { overflow: "always", underflow: "always", overflow_twice: "always",
                 overflow_on_the_way: "always" };
    safe rust_widen(Values) "summed as i64, i32::try_from at the end" [ordinary]
        { narrowed: rust_widen_narrowed }
        claims { overflow: "always", underflow: "always", overflow_twice: "always",
                 overflow_on_the_way: "always", narrowed: "always" };
    safe rust_upper_halves(Values) "a sum that wraps, and that of the upper halves" [bespoke]
        { narrowed: rust_upper_halves_narrowed }
        claims { overflow: "always", underflow: "always", overflow_twice: "always",
                 overflow_on_the_way: "always", narrowed: "always" };
}
