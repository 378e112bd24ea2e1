//! The twin of read_mostly_config.cc: an Arc keeps what it gives as long as it is held, and no reference outlives it.
use safecost::{case, in_parallel, input, slice, worker_count, Context, Turns};

mod stores;
use stores::*;

input! {
    struct Input {
        limits: *const u64,
        requests: *const u32,
        count: usize,
    }
}

struct Requests {
    limits: Limits,
    requests: Vec<u32>,
}

impl Context<Input> for Requests {
    fn prepare(input: &Input) -> Self {
        let limits = unsafe { slice(input.limits, LIMIT_COUNT) };
        let requests = unsafe { slice(input.requests, input.count) };
        Requests { limits: limits.try_into().unwrap(), requests: requests.to_vec() }
    }
}

impl Requests {
    /// Those of one worker: a run of them.
    fn part(&self, worker: u32) -> &[u32] {
        let (worker, workers) = (worker as usize, worker_count() as usize);
        let end = self.requests.len() * (worker + 1) / workers;
        &self.requests[self.requests.len() * worker / workers..end]
    }
}

const REQUESTS_BETWEEN_UPDATES: usize = 256;

#[inline(always)]
fn serve_with<S: Store>(
    requests: &Requests,
    ask: impl Fn(&mut S::Reader<'_>, u32) -> u64 + Sync,
    update: impl Fn(&S, &Limits, u64) + Sync,
) -> u64 {
    let store = S::new(&requests.limits);
    in_parallel(|worker| {
        let mut reader = store.reader(worker);
        let (mut sum, mut version, mut left) = (0u64, 0, REQUESTS_BETWEEN_UPDATES);
        for &request in requests.part(worker) {
            sum = sum.wrapping_add(ask(&mut reader, request));
            left -= 1;
            if left > 0 {
                continue;
            }
            left = REQUESTS_BETWEEN_UPDATES;
            if worker == 0 {
                version += 1;
                update(&store, &requests.limits, version);
            }
        }
        sum
    })
}

#[inline(always)]
fn serve<S: Store>(requests: &Requests) -> u64 {
    serve_with::<S>(requests, |reader, request| S::ask(reader, request), S::update)
}

#[inline(always)]
fn unsynchronised_read<S: RawStore>(requests: &Requests) -> u64 {
    let ask = |reader: &mut S::Reader<'_>, request| unsafe { S::ask_plainly(reader, request) };
    serve_with::<S>(requests, ask, S::update)
}

#[inline(always)]
fn updated_in_place<S: RawStore>(requests: &Requests) -> u64 {
    let update = |store: &S, limits: &Limits, version| unsafe {
        store.current().write_volatile(Config::of(limits, version));
    };
    serve_with::<S>(requests, |reader, request| S::ask(reader, request), update)
}

/// The last worker answers its first request by a look that it lets go of, and by another one an update later.
#[inline(always)]
fn let_go_early<S: RawStore>(requests: &Requests) -> u64 {
    let store = S::new(&requests.limits);
    let turns = Turns::new();
    let last = worker_count() - 1;
    in_parallel(|worker| {
        let mut reader = store.reader(worker);
        let mut part = requests.part(worker).iter();
        let mut sum = 0u64;
        if worker == last && !part.as_slice().is_empty() {
            let config = store.current();
            let version = unsafe { (*config).version };
            turns.next();
            if last == 0 {
                store.update_early(&requests.limits, 1);
            } else {
                turns.wait_for(2);
            }
            let request = *part.next().unwrap() as usize;
            let limit = unsafe { (&raw const (*config).limits[request]).read() };
            sum = limit.wrapping_sub(version);
        } else if worker == 0 {
            turns.wait_for(1);
            store.update_early(&requests.limits, 1);
            turns.next();
        }
        part.fold(sum, |sum, &request| sum.wrapping_add(S::ask(&mut reader, request)))
    })
}

#[inline(always)]
fn rust_raw(requests: &mut Requests) -> u64 {
    serve::<Published>(requests)
}
#[inline(always)]
fn rust_raw_plainly(requests: &mut Requests) -> u64 {
    unsynchronised_read::<Published>(requests)
}
#[inline(always)]
fn rust_raw_in_place(requests: &mut Requests) -> u64 {
    updated_in_place::<Published>(requests)
}
#[inline(always)]
fn rust_raw_early(requests: &mut Requests) -> u64 {
    let_go_early::<Published>(requests)
}

#[inline(always)]
fn rust_raw_sequence(requests: &mut Requests) -> u64 {
    serve::<Sequenced>(requests)
}
#[inline(always)]
fn rust_raw_sequence_plainly(requests: &mut Requests) -> u64 {
    unsynchronised_read::<Sequenced>(requests)
}
#[inline(always)]
fn rust_raw_sequence_in_place(requests: &mut Requests) -> u64 {
    updated_in_place::<Sequenced>(requests)
}
#[inline(always)]
fn rust_raw_sequence_early(requests: &mut Requests) -> u64 {
    let_go_early::<Sequenced>(requests)
}

#[inline(always)]
fn rust_rwlock_arc(requests: &mut Requests) -> u64 {
    serve::<RwLockArc>(requests)
}
#[inline(always)]
fn rust_mutex_arc(requests: &mut Requests) -> u64 {
    serve::<MutexArc>(requests)
}
#[inline(always)]
fn rust_rwlock(requests: &mut Requests) -> u64 {
    serve::<InRwLock>(requests)
}
#[inline(always)]
fn rust_cached_arc(requests: &mut Requests) -> u64 {
    serve::<Versioned>(requests)
}

case! { Input:
    raw rust_raw(Requests) "an atomic pointer; what was replaced is freed at the end" [ordinary]
        { unsynchronised_read: rust_raw_plainly, updated_in_place: rust_raw_in_place,
          let_go_early: rust_raw_early };
    raw rust_raw_sequence(Requests) "in place, and a number that is odd meanwhile" as "sequence" [bespoke]
        { unsynchronised_read: rust_raw_sequence_plainly, updated_in_place: rust_raw_sequence_in_place,
          let_go_early: rust_raw_sequence_early };
    safe rust_rwlock_arc(Requests) "an Arc, cloned under an RwLock" [library]
        { unsynchronised_read: "the Arc is reached through a guard of its lock alone",
          updated_in_place: "what an Arc shares is not to be assigned to (E0594)",
          let_go_early: "the compiler lets no reference outlive the Arc (E0716)" }
        claims { unsynchronised_read: "always", updated_in_place: "always", let_go_early: "always" };
    safe rust_mutex_arc(Requests) "an Arc, cloned under a Mutex" [library]
        { unsynchronised_read: "the Arc is reached through the guard of its lock alone",
          updated_in_place: "what an Arc shares is not to be assigned to (E0594)",
          let_go_early: "the compiler lets no reference outlive the Arc (E0716)" }
        claims { unsynchronised_read: "always", updated_in_place: "always", let_go_early: "always" };
    safe rust_rwlock(Requests) "in place, in an RwLock" as "lock" [library]
        { unsynchronised_read: "the configuration is reached through a guard of its lock alone",
          updated_in_place: "the configuration is reached through a guard of its lock alone",
          let_go_early: "the compiler lets no reference outlive the guard (E0505)" }
        claims { unsynchronised_read: "always", updated_in_place: "always", let_go_early: "always" };
    safe rust_cached_arc(Requests) "an Arc for each reader, renewed where it is old" as "cached" [ordinary]
        { unsynchronised_read: "the order is within the type, once for all",
          updated_in_place: "what an Arc shares is not to be assigned to (E0594)",
          let_go_early: "the compiler lets no reference outlive the next look (E0499)" }
        claims { unsynchronised_read: "always", updated_in_place: "always", let_go_early: "always" };
}
