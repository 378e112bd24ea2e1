//! The twin of fibonacci.cc: a slice that may be changed is nobody else's, so no store can change its length.
use safecost::{case, destroyed, drawn, input, slice, Context};

input! {
    struct Input {
        stale: *const u64,
        count: usize,
        bound: usize,
        first: u64,
        second: u64,
    }
}

struct Series {
    values: Vec<u64>,
    count: usize,
    bound: usize,
    first: u64,
    second: u64,
}

impl Context<Input> for Series {
    const DIGESTS: bool = true;

    fn prepare(input: &Input) -> Self {
        Series {
            values: unsafe { slice(input.stale, input.count) }.to_vec(),
            count: input.count,
            bound: input.bound,
            first: input.first,
            second: input.second,
        }
    }
    fn digest(&self) -> u64 {
        let mix =
            |digest: u64, &value: &u64| digest.wrapping_mul(0x9e3779b97f4a7c15).wrapping_add(value);
        self.values[..self.count].iter().fold(0, mix)
    }
}

#[inline(always)]
fn rust_unchecked(context: &mut Series) -> u64 {
    let values = context.values.as_mut_slice();
    let bound = context.bound;
    unsafe {
        if bound > 0 {
            *values.get_unchecked_mut(0) = context.first;
        }
        if bound > 1 {
            *values.get_unchecked_mut(1) = context.second;
        }
        for i in 2..bound {
            let sum = values.get_unchecked(i - 1).wrapping_add(*values.get_unchecked(i - 2));
            *values.get_unchecked_mut(i) = sum;
        }
    }
    0
}

/// The last two values in two variables: nothing is read from memory.
#[inline(always)]
fn rust_unchecked_running(context: &mut Series) -> u64 {
    let values = context.values.as_mut_slice();
    let (mut now, mut next) = (context.first, context.second);
    for i in 0..context.bound {
        unsafe { *values.get_unchecked_mut(i) = now };
        (now, next) = (next, now.wrapping_add(next));
    }
    0
}

#[inline(always)]
fn rust_index(context: &mut Series) -> u64 {
    let values = context.values.as_mut_slice();
    let bound = context.bound;
    if bound > 0 {
        values[0] = context.first;
    }
    if bound > 1 {
        values[1] = context.second;
    }
    for i in 2..bound {
        values[i] = values[i - 1].wrapping_add(values[i - 2]);
    }
    0
}

/// Up to the slice's own length, as span_value has it.
#[inline(always)]
fn rust_slice(context: &mut Series) -> u64 {
    let values = context.values.as_mut_slice();
    if values.len() > 0 {
        values[0] = context.first;
    }
    if values.len() > 1 {
        values[1] = context.second;
    }
    for i in 2..values.len() {
        values[i] = values[i - 1].wrapping_add(values[i - 2]);
    }
    0
}

#[inline(always)]
fn rust_iterator(context: &mut Series) -> u64 {
    let (mut now, mut next) = (context.first, context.second);
    for value in context.values.iter_mut() {
        *value = now;
        (now, next) = (next, now.wrapping_add(next));
    }
    0
}

#[inline(always)]
fn rust_push(context: &mut Series) -> u64 {
    let values = &mut context.values;
    let (mut now, mut next) = (context.first, context.second);
    values.clear();
    values.reserve(context.bound);
    for _ in 0..context.bound {
        values.push(now);
        (now, next) = (next, now.wrapping_add(next));
    }
    0
}

/// The start values are written without a look at how many fit.
#[inline(always)]
fn rust_unchecked_unasked(context: &mut Series) -> u64 {
    let values = context.values.as_mut_ptr();
    unsafe {
        *values = context.first;
        *values.add(1) = context.second;
        for i in 2..context.bound {
            *values.add(i) = (*values.add(i - 1)).wrapping_add(*values.add(i - 2));
        }
    }
    0
}

#[inline(always)]
fn rust_index_unasked(context: &mut Series) -> u64 {
    let values = context.values.as_mut_slice();
    values[0] = context.first;
    values[1] = context.second;
    for i in 2..context.bound {
        values[i] = values[i - 1].wrapping_add(values[i - 2]);
    }
    0
}

#[inline(always)]
fn rust_slice_unasked(context: &mut Series) -> u64 {
    let values = context.values.as_mut_slice();
    values[0] = context.first;
    values[1] = context.second;
    for i in 2..values.len() {
        values[i] = values[i - 1].wrapping_add(values[i - 2]);
    }
    0
}

/// The recurrence begins one element too early, or two.
#[inline(always)]
fn too_early(count: usize) -> usize {
    drawn(count.min(2) as u64) as usize
}

#[inline(always)]
fn rust_unchecked_early(context: &mut Series) -> u64 {
    let values = context.values.as_mut_ptr();
    unsafe {
        *values = context.first;
        for i in too_early(context.bound)..context.bound {
            let place = values.wrapping_add(i);
            *place = (*place.wrapping_sub(1)).wrapping_add(*place.wrapping_sub(2));
        }
    }
    0
}

#[inline(always)]
fn rust_index_early(context: &mut Series) -> u64 {
    let values = context.values.as_mut_slice();
    values[0] = context.first;
    for i in too_early(context.bound)..context.bound {
        values[i] = values[i - 1].wrapping_add(values[i - 2]);
    }
    0
}

#[inline(always)]
fn rust_slice_early(context: &mut Series) -> u64 {
    let values = context.values.as_mut_slice();
    values[0] = context.first;
    for i in too_early(values.len())..values.len() {
        values[i] = values[i - 1].wrapping_add(values[i - 2]);
    }
    0
}

/// The values are gone when they are written.
#[inline(always)]
fn rust_unchecked_destroyed(context: &mut Series) -> u64 {
    destroyed(context, |it| &mut it.values, rust_unchecked)
}

#[inline(always)]
fn rust_unchecked_running_destroyed(context: &mut Series) -> u64 {
    destroyed(context, |it| &mut it.values, rust_unchecked_running)
}

case! { Input:
    raw rust_unchecked(Series) "get_unchecked up to the bound" [ordinary]
        { short_buffer: rust_unchecked_unasked, before_start: rust_unchecked_early,
          destroyed_before: rust_unchecked_destroyed };
    raw rust_unchecked_running(Series) "the same, the last two values in variables" as "running" [ordinary]
        { short_buffer: "each value is written to an element of its own",
          before_start: "no element is read: the last two values are variables",
          destroyed_before: rust_unchecked_running_destroyed };
    safe rust_index(Series) "slice indexing up to the bound" [library]
        { short_buffer: rust_index_unasked, before_start: rust_index_early,
          destroyed_before: "the compiler lets no slice outlive what it borrows (E0505)" }
        claims { one_past_end: "always", far_past_end: "always", short_buffer: "always",
                 before_start: "always" };
    safe rust_slice(Series) "slice indexing up to its own length" [library]
        { short_buffer: rust_slice_unasked, before_start: rust_slice_early,
          destroyed_before: "the compiler lets no slice outlive what it borrows (E0505)" }
        claims { one_past_end: "always", far_past_end: "always", short_buffer: "always",
                 before_start: "always" };
    safe rust_iterator(Series) "iter_mut(), the last two values in variables" as "running" [library]
        { short_buffer: "each value is written to an element of its own",
          before_start: "no element is read: the last two values are variables",
          destroyed_before: "the compiler lets nobody use what was dropped (E0382)" }
        claims { one_past_end: "always", far_past_end: "always" };
    safe rust_push(Series) "reserve and push, the last two values in variables" as "running" [library]
        { short_buffer: "each value is appended",
          before_start: "no element is read: the last two values are variables",
          destroyed_before: "the compiler lets nobody use what was dropped (E0382)" }
        claims { one_past_end: "always", far_past_end: "always" };
}
