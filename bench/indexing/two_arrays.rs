//! The twin of two_arrays.cc: two slices that may be changed cannot overlap, and zip has one end for both.
use safecost::{case, destroyed, input, slice, Context};

input! {
    struct Input {
        positions: *const i32,
        position_count: usize,
        velocities: *const i32,
        velocity_count: usize,
        bound: usize,
        pull: i32,
    }
}

struct Bodies {
    positions: Vec<i32>,
    velocities: Vec<i32>,
    bound: usize,
    pull: i32,
}

fn digest_of(values: &[i32]) -> u64 {
    let mix = |digest: u64, &value: &i32| {
        digest.wrapping_mul(0x9e3779b97f4a7c15).wrapping_add(u64::from(value as u32))
    };
    values.iter().fold(0, mix)
}

impl Context<Input> for Bodies {
    const RESETS: bool = true;
    const DIGESTS: bool = true;

    fn prepare(input: &Input) -> Self {
        Bodies {
            positions: unsafe { slice(input.positions, input.position_count) }.to_vec(),
            velocities: unsafe { slice(input.velocities, input.velocity_count) }.to_vec(),
            bound: input.bound,
            pull: input.pull,
        }
    }
    fn reset(&mut self, input: &Input) {
        let positions = unsafe { slice(input.positions, input.position_count) };
        let velocities = unsafe { slice(input.velocities, input.velocity_count) };
        self.positions.copy_from_slice(positions);
        self.velocities.copy_from_slice(velocities);
    }
    fn digest(&self) -> u64 {
        digest_of(&self.positions).wrapping_mul(31).wrapping_add(digest_of(&self.velocities))
    }
}

#[inline(always)]
fn rust_unchecked(context: &mut Bodies) -> u64 {
    let (positions, velocities) = (&mut context.positions[..], &mut context.velocities[..]);
    let pull = context.pull;
    for i in 0..context.bound {
        unsafe {
            *positions.get_unchecked_mut(i) += *velocities.get_unchecked(i);
            *velocities.get_unchecked_mut(i) += pull;
        }
    }
    0
}

#[inline(always)]
fn rust_index(context: &mut Bodies) -> u64 {
    let (positions, velocities) = (&mut context.positions[..], &mut context.velocities[..]);
    let pull = context.pull;
    for i in 0..context.bound {
        positions[i] += velocities[i];
        velocities[i] += pull;
    }
    0
}

/// Both cut to the bound once: then the bound is the length of both.
#[inline(always)]
fn rust_slice(context: &mut Bodies) -> u64 {
    let bound = context.bound;
    let positions = &mut context.positions[..bound];
    let velocities = &mut context.velocities[..bound];
    let pull = context.pull;
    for i in 0..bound {
        positions[i] += velocities[i];
        velocities[i] += pull;
    }
    0
}

#[inline(always)]
fn rust_zip(context: &mut Bodies) -> u64 {
    let pull = context.pull;
    for (position, velocity) in context.positions.iter_mut().zip(&mut context.velocities) {
        *position += *velocity;
        *velocity += pull;
    }
    0
}

/// The velocities are gone when they are added.
#[inline(always)]
fn rust_unchecked_destroyed(context: &mut Bodies) -> u64 {
    destroyed(context, |it| &mut it.velocities, rust_unchecked)
}

case! { Input:
    raw rust_unchecked(Bodies) "get_unchecked on both" [ordinary]
        { destroyed_before: rust_unchecked_destroyed };
    safe rust_index(Bodies) "slice indexing on both" [library]
        { destroyed_before: "the compiler lets no slice outlive what it borrows (E0505)" }
        claims { one_past_end: "always", second_shorter: "always", no_velocities: "always" };
    safe rust_slice(Bodies) "slices of both cut to the bound once, then indexing" [library]
        { destroyed_before: "the compiler lets no slice outlive what it borrows (E0505)" }
        claims { one_past_end: "always", second_shorter: "always", no_velocities: "always" };
    safe rust_zip(Bodies) "iter_mut().zip() over both" [library]
        { destroyed_before: "the compiler lets no slice outlive what it borrows (E0505)" }
        claims { one_past_end: "always" };
}
