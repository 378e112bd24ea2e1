//! The twin of CASE.cc: the idiomatic variant, the indexing one, and an unchecked control.
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
    fn prepare(input: &Input) -> Self {
        let values = unsafe { slice(input.values, input.count) };
        Values { values: values.to_vec(), bound: input.bound }
    }
}

#[inline(always)]
fn rust_unchecked(context: &mut Values) -> u64 {
    let mut digest = 0u64;
    for i in 0..context.bound {
        digest = digest
            .wrapping_mul(31)
            .wrapping_add(unsafe { *context.values.get_unchecked(i) } as u64);
    }
    digest
}

#[inline(always)]
fn rust_index(context: &mut Values) -> u64 {
    let mut digest = 0u64;
    for i in 0..context.bound {
        digest = digest.wrapping_mul(31).wrapping_add(context.values[i] as u64);
    }
    digest
}

#[inline(always)]
fn rust_iterator(context: &mut Values) -> u64 {
    let values = &context.values[..context.bound];
    values.iter().fold(0u64, |digest, value| digest.wrapping_mul(31).wrapping_add(*value as u64))
}

case! { Input:
    raw rust_unchecked(Values) "get_unchecked up to the bound" [ordinary];
    safe rust_index(Values) "slice indexing up to the bound" [library];
    safe rust_iterator(Values) "fold over the slice cut to the bound" [library];
}
