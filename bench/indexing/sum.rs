//! The twin of sum.cc: slices carry their length, so the language checks what the idiom leaves open.
use safecost::{case, destroyed, drawn, input, slice, Context};

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
    fn prepare(input: &Input) -> Self {
        let values = unsafe { slice(input.values, input.count) };
        Values { values: values.to_vec(), bound: input.bound }
    }
}

#[inline(always)]
fn rust_unchecked(context: &mut Values) -> u64 {
    let values = &context.values;
    let mut total = 0i64;
    for i in 0..context.bound {
        total += i64::from(unsafe { *values.get_unchecked(i) });
    }
    total as u64
}

#[inline(always)]
fn rust_index(context: &mut Values) -> u64 {
    let values = &context.values;
    let mut total = 0i64;
    for i in 0..context.bound {
        total += i64::from(values[i]);
    }
    total as u64
}

/// One check for the whole loop, as span_first has it.
#[inline(always)]
fn rust_slice(context: &mut Values) -> u64 {
    let mut total = 0i64;
    for value in &context.values[..context.bound] {
        total += i64::from(*value);
    }
    total as u64
}

#[inline(always)]
fn rust_iterator(context: &mut Values) -> u64 {
    context.values.iter().map(|value| i64::from(*value)).sum::<i64>() as u64
}

/// The values move while a pointer is held to where they were.
#[inline(always)]
fn rust_unchecked_grown(context: &mut Values) -> u64 {
    let values = context.values.as_ptr();
    let when = drawn(context.bound as u64) as usize;
    let mut total = 0i64;
    for i in 0..context.bound {
        if i == when {
            context.values.push(0);
        }
        total += i64::from(unsafe { *values.add(i) });
    }
    total as u64
}

/// The compiler accepts this: between two indices nothing is borrowed.
#[inline(always)]
fn rust_index_grown(context: &mut Values) -> u64 {
    let when = drawn(context.bound as u64) as usize;
    let mut total = 0i64;
    for i in 0..context.bound {
        if i == when {
            context.values.push(0);
        }
        total += i64::from(context.values[i]);
    }
    total as u64
}

/// The values are gone when they are added up.
#[inline(always)]
fn rust_unchecked_destroyed(context: &mut Values) -> u64 {
    destroyed(context, |it| &mut it.values, rust_unchecked)
}

case! { Input:
    raw rust_unchecked(Values) "get_unchecked up to the bound" [ordinary]
        { grown_meanwhile: rust_unchecked_grown, destroyed_before: rust_unchecked_destroyed };
    safe rust_index(Values) "slice indexing up to the bound" [library]
        { grown_meanwhile: rust_index_grown,
          destroyed_before: "the compiler lets nobody use what was dropped (E0382)" }
        claims { one_past_end: "always", far_past_end: "always", negative_bound: "always",
                 no_values: "always", grown_meanwhile: "always" };
    safe rust_slice(Values) "slice cut to the bound once" [library]
        { grown_meanwhile: "the compiler lets nobody push while a slice is borrowed (E0502)",
          destroyed_before: "the compiler lets no slice outlive what it borrows (E0505)" }
        claims { one_past_end: "always", far_past_end: "always", negative_bound: "always",
                 no_values: "always" };
    safe rust_iterator(Values) "iter().sum() over the slice" [library]
        { grown_meanwhile: "the compiler lets nobody push while an iterator is alive (E0502)",
          destroyed_before: "the compiler lets no slice outlive what it borrows (E0505)" }
        claims { one_past_end: "always", far_past_end: "always", negative_bound: "always",
                 no_values: "always" };
}
