//! The twin of sequential_write.cc: a slice compares every index, an iterator has none.
use safecost::{case, destroyed, drawn, input, slice, Context};

input! {
    struct Input {
        stale: *const u32,
        count: usize,
        bound: usize,
        start: u32,
        step: u32,
    }
}

struct Output {
    values: Vec<u32>,
    bound: usize,
    start: u32,
    step: u32,
}

impl Context<Input> for Output {
    const DIGESTS: bool = true;

    fn prepare(input: &Input) -> Self {
        let values = unsafe { slice(input.stale, input.count) }.to_vec();
        Output { values, bound: input.bound, start: input.start, step: input.step }
    }
    fn digest(&self) -> u64 {
        let mix = |digest: u64, &value: &u32| {
            digest.wrapping_mul(0x9e3779b97f4a7c15).wrapping_add(u64::from(value))
        };
        self.values.iter().fold(0, mix)
    }
}

#[inline(always)]
fn rust_unchecked(context: &mut Output) -> u64 {
    let values = context.values.as_mut_slice();
    let mut value = context.start;
    for i in 0..context.bound {
        unsafe { *values.get_unchecked_mut(i) = value };
        value = value.wrapping_add(context.step);
    }
    0
}

#[inline(always)]
fn rust_index(context: &mut Output) -> u64 {
    let values = context.values.as_mut_slice();
    let mut value = context.start;
    for i in 0..context.bound {
        values[i] = value;
        value = value.wrapping_add(context.step);
    }
    0
}

/// One check for the whole loop, as span_first has it.
#[inline(always)]
fn rust_slice(context: &mut Output) -> u64 {
    let mut value = context.start;
    for element in &mut context.values[..context.bound] {
        *element = value;
        value = value.wrapping_add(context.step);
    }
    0
}

#[inline(always)]
fn rust_iterator(context: &mut Output) -> u64 {
    let mut value = context.start;
    for element in context.values.iter_mut() {
        *element = value;
        value = value.wrapping_add(context.step);
    }
    0
}

/// Places are counted from 1, or from where a preamble ends, and the walk begins at 0.
#[inline(always)]
fn too_early() -> usize {
    1 + drawn(64) as usize
}

#[inline(always)]
fn rust_unchecked_before(context: &mut Output) -> u64 {
    let values = context.values.as_mut_ptr();
    let early = too_early();
    let mut value = context.start;
    for i in 0..context.bound {
        unsafe { *values.wrapping_add(i).wrapping_sub(early) = value };
        value = value.wrapping_add(context.step);
    }
    0
}

/// A place before the first is a very large one: with overflow checks the subtraction panics already.
#[inline(always)]
fn rust_index_before(context: &mut Output) -> u64 {
    let values = context.values.as_mut_slice();
    let early = too_early();
    let mut value = context.start;
    for i in 0..context.bound {
        values[i - early] = value;
        value = value.wrapping_add(context.step);
    }
    0
}

/// The buffer is gone when it is written.
#[inline(always)]
fn rust_unchecked_destroyed(context: &mut Output) -> u64 {
    destroyed(context, |it| &mut it.values, rust_unchecked)
}

case! { Input:
    raw rust_unchecked(Output) "get_unchecked_mut up to the bound" [ordinary]
        { before_start: rust_unchecked_before,
          destroyed_before: rust_unchecked_destroyed };
    safe rust_index(Output) "slice indexing up to the bound" [library]
        { before_start: rust_index_before,
          destroyed_before: "the compiler lets no slice outlive what it borrows (E0505)" }
        claims { one_past_end: "always", far_past_end: "always", short_allocation: "always",
                 before_start: "always" };
    safe rust_slice(Output) "slice cut to the bound once" [library]
        { before_start: "no place is named: the walk begins where the elements do",
          destroyed_before: "the compiler lets no slice outlive what it borrows (E0505)" }
        claims { one_past_end: "always", far_past_end: "always", short_allocation: "always" };
    safe rust_iterator(Output) "iter_mut() over the whole" [library]
        { before_start: "no place is named: the walk begins where the elements do",
          destroyed_before: "the compiler lets no slice outlive what it borrows (E0505)" }
        claims { one_past_end: "always", far_past_end: "always" };
}
