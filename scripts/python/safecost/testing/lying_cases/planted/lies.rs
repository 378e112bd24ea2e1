//! The twin of lies.cc: one variant keeps its promise, one does not.
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
    (0..context.bound).map(|i| unsafe { *context.values.get_unchecked(i) } as i64).sum::<i64>()
        as u64
}

#[inline(always)]
fn rust_lies(context: &mut Values) -> u64 {
    let mut total = 0i64;
    for i in 0..context.bound {
        total += i64::from(unsafe { *context.values.get_unchecked(i) });
    }
    total as u64
}

#[inline(always)]
fn rust_index(context: &mut Values) -> u64 {
    let mut total = 0i64;
    for i in 0..context.bound {
        total += i64::from(context.values[i]);
    }
    total as u64
}

case! { Input:
    raw rust_unchecked(Values) "get_unchecked up to the bound, summed";
    safe rust_lies(Values) "get_unchecked up to the bound" claims { past_end: "always" };
    safe rust_index(Values) "slice indexing up to the bound" claims { past_end: "always" };
}
