//! The twin of gather.cc: an index becomes usize, a negative one a large one; the slice compares.
use safecost::{case, destroyed, input, slice, Context};

input! {
    struct Input {
        table: *const i32,
        table_count: usize,
        indices: *const i32,
        index_count: usize,
    }
}

struct Tables {
    table: Vec<i32>,
    indices: Vec<i32>,
}

impl Context<Input> for Tables {
    fn prepare(input: &Input) -> Self {
        let table = unsafe { slice(input.table, input.table_count) };
        let indices = unsafe { slice(input.indices, input.index_count) };
        Tables { table: table.to_vec(), indices: indices.to_vec() }
    }
}

#[inline(always)]
fn rust_unchecked(context: &mut Tables) -> u64 {
    let table = context.table.as_slice();
    let mut total = 0i64;
    for &index in &context.indices {
        total += i64::from(unsafe { *table.get_unchecked(index as usize) });
    }
    total as u64
}

#[inline(always)]
fn rust_index(context: &mut Tables) -> u64 {
    let table = context.table.as_slice();
    let mut total = 0i64;
    for &index in &context.indices {
        total += i64::from(table[index as usize]);
    }
    total as u64
}

/// As branch has it: a wrong index adds nothing.
#[inline(always)]
fn rust_get(context: &mut Tables) -> u64 {
    let table = context.table.as_slice();
    let mut total = 0i64;
    for &index in &context.indices {
        total += table.get(index as usize).map_or(0, |&value| i64::from(value));
    }
    total as u64
}

/// The same as a chain of iterators.
#[inline(always)]
fn rust_iterator(context: &mut Tables) -> u64 {
    let table = context.table.as_slice();
    let found = context.indices.iter().filter_map(|&index| table.get(index as usize));
    found.map(|&value| i64::from(value)).sum::<i64>() as u64
}

/// The table is gone when it is looked into.
#[inline(always)]
fn rust_unchecked_destroyed(context: &mut Tables) -> u64 {
    destroyed(context, |it| &mut it.table, rust_unchecked)
}

case! { Input:
    raw rust_unchecked(Tables) "get_unchecked" [ordinary] { destroyed_before: rust_unchecked_destroyed };
    safe rust_index(Tables) "slice indexing" [library]
        { destroyed_before: "the compiler lets no slice outlive what it borrows (E0505)" }
        claims { one_past_end: "always", far_past_end: "always", before_start: "always",
                 short_table: "always" };
    safe rust_get(Tables) "slice::get; a wrong index adds nothing" [library]
        { destroyed_before: "the compiler lets no slice outlive what it borrows (E0505)" };
    safe rust_iterator(Tables) "indices.iter().filter_map(get).sum()" [library]
        { destroyed_before: "the compiler lets no slice outlive what it borrows (E0505)" };
}
