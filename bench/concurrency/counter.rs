//! The twin of counter.cc: a number that threads share is atomic, or behind its lock, or not shared.
use std::cell::UnsafeCell;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::Mutex;

use safecost::{case, drawn, in_parallel, input, slice, worker_count, Context, Turns};

input! {
    struct Input {
        bytes: *const u32,
        count: usize,
    }
}

struct Events {
    bytes: Vec<u32>,
}

impl Context<Input> for Events {
    fn prepare(input: &Input) -> Self {
        Events { bytes: unsafe { slice(input.bytes, input.count) }.to_vec() }
    }
}

impl Events {
    /// Those of one worker: a run of them.
    fn part(&self, worker: u32) -> &[u32] {
        let (worker, workers) = (worker as usize, worker_count() as usize);
        let end = self.bytes.len() * (worker + 1) / workers;
        &self.bytes[self.bytes.len() * worker / workers..end]
    }
}

const BETWEEN_LOOKS: usize = 64;
const MOST_WORKERS: usize = 8;

/// How a total is counted: a worker adds to its counter, and anybody looks at the total.
trait Total: Sync {
    type Counter<'a>: Counter
    where
        Self: 'a;
    fn new() -> Self;
    fn counter(&self, worker: u32) -> Self::Counter<'_>;
    fn look(&self) -> u64;
}

trait Counter {
    fn add(&mut self, bytes: u64);
    /// What a worker sees before it adds, and what it writes then: for a fault alone.
    fn own(&self) -> u64;
    fn set(&mut self, bytes: u64);
}

#[inline(always)]
fn count<T: Total>(events: &Events) -> u64 {
    let total = T::new();
    let below = in_parallel(|worker| {
        let mut counter = total.counter(worker);
        let (mut mine, mut below_mine) = (0u64, 0u64);
        for run in events.part(worker).chunks(BETWEEN_LOOKS) {
            for &bytes in run {
                counter.add(u64::from(bytes));
                mine += u64::from(bytes);
            }
            if total.look() < mine {
                below_mine += 1;
            }
        }
        below_mine << 48
    });
    below.wrapping_add(total.look())
}

/// For `two_steps`: the first event is counted by a look and a write, and between them the other worker counts one.
#[inline(always)]
fn two_steps<T: Total>(events: &Events) -> u64 {
    let total = T::new();
    let turns = Turns::new();
    let meet = worker_count() > 1 && !events.part(0).is_empty();
    in_parallel(|worker| {
        let mut counter = total.counter(worker);
        let mut part = events.part(worker).iter().map(|&bytes| u64::from(bytes));
        if worker == 0 && meet {
            let seen = counter.own();
            turns.next();
            turns.wait_for(2);
            counter.set(seen + part.next().unwrap_or(0));
        } else {
            if worker == 1 && meet {
                turns.wait_for(1);
            }
            counter.add(part.next().unwrap_or(0));
            if worker == 1 {
                turns.next();
            }
        }
        part.for_each(|bytes| counter.add(bytes));
        0
    });
    total.look()
}

/// Raw: a plain number, and atomic additions to it.
#[repr(align(64))]
struct Number(UnsafeCell<u64>);
unsafe impl Sync for Number {}

impl Number {
    fn atomic(&self) -> &AtomicU64 {
        unsafe { AtomicU64::from_ptr(self.0.get()) }
    }
}

impl Total for Number {
    type Counter<'a> = &'a Number;
    fn new() -> Self {
        Number(UnsafeCell::new(0))
    }
    fn counter(&self, _worker: u32) -> &Number {
        self
    }
    #[inline(always)]
    fn look(&self) -> u64 {
        self.atomic().load(Ordering::Relaxed)
    }
}

impl Counter for &Number {
    #[inline(always)]
    fn add(&mut self, bytes: u64) {
        self.atomic().fetch_add(bytes, Ordering::Relaxed);
    }
    fn own(&self) -> u64 {
        self.look()
    }
    fn set(&mut self, bytes: u64) {
        self.atomic().store(bytes, Ordering::Relaxed);
    }
}

/// A slot for each worker, who alone writes to it.
struct Slots([Number; MOST_WORKERS]);

impl Total for Slots {
    type Counter<'a> = Slot<'a>;
    fn new() -> Self {
        Slots([const { Number(UnsafeCell::new(0)) }; MOST_WORKERS])
    }
    fn counter(&self, worker: u32) -> Slot<'_> {
        Slot(unsafe { self.0.get_unchecked(worker as usize) })
    }
    #[inline(always)]
    fn look(&self) -> u64 {
        self.0.iter().map(|number| number.look()).sum()
    }
}

struct Slot<'a>(&'a Number);

impl Counter for Slot<'_> {
    #[inline(always)]
    fn add(&mut self, bytes: u64) {
        self.set(self.own() + bytes);
    }
    #[inline(always)]
    fn own(&self) -> u64 {
        unsafe { *self.0 .0.get() }
    }
    #[inline(always)]
    fn set(&mut self, bytes: u64) {
        self.0.atomic().store(bytes, Ordering::Relaxed);
    }
}

/// Safe.
#[repr(align(64))]
struct Atomic(AtomicU64);

impl Total for Atomic {
    type Counter<'a> = &'a Atomic;
    fn new() -> Self {
        Atomic(AtomicU64::new(0))
    }
    fn counter(&self, _worker: u32) -> &Atomic {
        self
    }
    #[inline(always)]
    fn look(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Counter for &Atomic {
    #[inline(always)]
    fn add(&mut self, bytes: u64) {
        self.0.fetch_add(bytes, Ordering::Relaxed);
    }
    fn own(&self) -> u64 {
        self.look()
    }
    fn set(&mut self, bytes: u64) {
        self.0.store(bytes, Ordering::Relaxed);
    }
}

#[repr(align(64))]
struct Locked(Mutex<u64>);

impl Total for Locked {
    type Counter<'a> = &'a Locked;
    fn new() -> Self {
        Locked(Mutex::new(0))
    }
    fn counter(&self, _worker: u32) -> &Locked {
        self
    }
    #[inline(always)]
    fn look(&self) -> u64 {
        *self.0.lock().unwrap()
    }
}

impl Counter for &Locked {
    #[inline(always)]
    fn add(&mut self, bytes: u64) {
        *self.0.lock().unwrap() += bytes;
    }
    fn own(&self) -> u64 {
        self.look()
    }
    fn set(&mut self, bytes: u64) {
        *self.0.lock().unwrap() = bytes;
    }
}

/// A worker is given a slot that nobody else has: it can neither be copied nor made.
struct Tallies {
    slots: [Atomic; MOST_WORKERS],
    taken: AtomicUsize,
}

struct Tally<'a>(&'a Atomic);

impl Total for Tallies {
    type Counter<'a> = Tally<'a>;
    fn new() -> Self {
        let slots = [const { Atomic(AtomicU64::new(0)) }; MOST_WORKERS];
        Tallies { slots, taken: AtomicUsize::new(0) }
    }
    fn counter(&self, _worker: u32) -> Tally<'_> {
        Tally(&self.slots[self.taken.fetch_add(1, Ordering::Relaxed)])
    }
    #[inline(always)]
    fn look(&self) -> u64 {
        self.slots.iter().map(|slot| slot.look()).sum()
    }
}

impl Counter for Tally<'_> {
    #[inline(always)]
    fn add(&mut self, bytes: u64) {
        self.set(self.own() + bytes);
    }
    #[inline(always)]
    fn own(&self) -> u64 {
        self.0.look()
    }
    #[inline(always)]
    fn set(&mut self, bytes: u64) {
        self.0 .0.store(bytes, Ordering::Relaxed);
    }
}

/// For `unsynchronised_write` and `unsynchronised_read`: one access of many as if nobody else were there.
#[inline(always)]
fn unsynchronised<T: Total>(
    events: &Events,
    number: impl Fn(&T, u32) -> *mut u64 + Sync,
    writes: bool,
) -> u64 {
    let total = T::new();
    let place = drawn(BETWEEN_LOOKS as u64) as usize;
    in_parallel(|worker| {
        let mut counter = total.counter(worker);
        for (i, &bytes) in events.part(worker).iter().enumerate() {
            if writes && i % BETWEEN_LOOKS == place {
                unsafe { *number(&total, worker) += u64::from(bytes) };
            } else {
                counter.add(u64::from(bytes));
            }
            if !writes {
                std::hint::black_box(unsafe { *number(&total, worker) });
            }
        }
        0
    });
    total.look()
}

#[inline(always)]
fn rust_raw(events: &mut Events) -> u64 {
    count::<Number>(events)
}
#[inline(always)]
fn rust_raw_write(events: &mut Events) -> u64 {
    unsynchronised(events, |total: &Number, _| total.0.get(), true)
}
#[inline(always)]
fn rust_raw_read(events: &mut Events) -> u64 {
    unsynchronised(events, |total: &Number, _| total.0.get(), false)
}
#[inline(always)]
fn rust_raw_two_steps(events: &mut Events) -> u64 {
    two_steps::<Number>(events)
}

#[inline(always)]
fn rust_raw_slots(events: &mut Events) -> u64 {
    count::<Slots>(events)
}
#[inline(always)]
fn rust_raw_slots_write(events: &mut Events) -> u64 {
    unsynchronised(events, |total: &Slots, worker| total.0[worker as usize].0.get(), true)
}
#[inline(always)]
fn rust_raw_slots_read(events: &mut Events) -> u64 {
    unsynchronised(events, |total: &Slots, worker| total.0[1 - worker as usize].0.get(), false)
}
#[inline(always)]
fn rust_raw_slots_two_steps(events: &mut Events) -> u64 {
    two_steps::<Slots>(events)
}

#[inline(always)]
fn rust_atomic(events: &mut Events) -> u64 {
    count::<Atomic>(events)
}
#[inline(always)]
fn rust_atomic_two_steps(events: &mut Events) -> u64 {
    two_steps::<Atomic>(events)
}

#[inline(always)]
fn rust_mutex(events: &mut Events) -> u64 {
    count::<Locked>(events)
}
#[inline(always)]
fn rust_mutex_two_steps(events: &mut Events) -> u64 {
    two_steps::<Locked>(events)
}

#[inline(always)]
fn rust_tallies(events: &mut Events) -> u64 {
    count::<Tallies>(events)
}
#[inline(always)]
fn rust_tallies_two_steps(events: &mut Events) -> u64 {
    two_steps::<Tallies>(events)
}

case! { Input:
    raw rust_raw(Events) "an atomic addition to a plain number" [ordinary]
        { unsynchronised_write: rust_raw_write, unsynchronised_read: rust_raw_read,
          two_steps: rust_raw_two_steps };
    raw rust_raw_slots(Events) "a slot for each worker, added up by whoever looks" as "slots" [bespoke]
        { unsynchronised_write: rust_raw_slots_write, unsynchronised_read: rust_raw_slots_read,
          two_steps: rust_raw_slots_two_steps }
        claims { two_steps: "always" };
    safe rust_atomic(Events) "AtomicU64" [library]
        { unsynchronised_write: "two threads get no plain number to write to (E0594)",
          unsynchronised_read: "an atomic is read by its functions alone",
          two_steps: rust_atomic_two_steps }
        claims { unsynchronised_write: "always", unsynchronised_read: "always" };
    safe rust_mutex(Events) "a Mutex that has the number" as "lock" [library]
        { unsynchronised_write: "the number is reached through the guard of its lock alone",
          unsynchronised_read: "the number is reached through the guard of its lock alone",
          two_steps: rust_mutex_two_steps }
        claims { unsynchronised_write: "always", unsynchronised_read: "always" };
    safe rust_tallies(Events) "an atomic slot for each worker, given out once" as "slots" [ordinary]
        { unsynchronised_write: "two threads get no plain number to write to (E0594)",
          unsynchronised_read: "an atomic is read by its functions alone",
          two_steps: rust_tallies_two_steps }
        claims { unsynchronised_write: "always", unsynchronised_read: "always", two_steps: "always" };
}
