//! The twin of work_handoff.cc: a Box that was handed over is gone, and the compiler knows.
use std::sync::mpsc::{sync_channel, Receiver, SyncSender};
use std::sync::{Condvar, Mutex};

use safecost::latency::{Latency, Timer, Untimed};
use safecost::{case, drawn, in_parallel, input, slice, worker_count, Context};

mod slots;
use slots::*;

input! {
    struct Input {
        seeds: *const u64,
        count: usize,
    }
}

struct Seeds {
    seeds: Vec<u64>,
}

impl Context<Input> for Seeds {
    fn prepare(input: &Input) -> Self {
        Seeds { seeds: unsafe { slice(input.seeds, input.count) }.to_vec() }
    }
}

const WORD_COUNT: usize = 15;

struct Job {
    id: u64,
    words: [u64; WORD_COUNT],
}

impl Job {
    fn new(id: u64, mut seed: u64) -> Box<Self> {
        let next = |_| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            seed
        };
        Box::new(Job { id, words: std::array::from_fn(next) })
    }
    fn done(&self) -> u64 {
        let add = |result: u64, word: &u64| result.wrapping_mul(31).wrapping_add(*word);
        self.words.iter().fold(self.id, add)
    }
}

/// One worker asks, the other does what is asked; alone it does both.
trait Mailbox: Sync {
    fn new() -> Self;
    fn ask(&self, job: Box<Job>);
    fn serve(&self);
    fn answer(&self) -> u64;
}

#[inline(always)]
fn rounds<T: Timer, M: Mailbox>(seeds: &Seeds) -> u64 {
    let mailbox = M::new();
    in_parallel(|worker| {
        let alone = worker_count() == 1;
        let mut digest = 0u64;
        if worker == 0 {
            let timer = T::new(worker);
            for (i, &seed) in seeds.seeds.iter().enumerate() {
                let answer = timer.time(|| {
                    mailbox.ask(Job::new(i as u64, seed));
                    if alone {
                        mailbox.serve();
                    }
                    mailbox.answer()
                });
                digest = digest.wrapping_mul(31).wrapping_add(answer);
            }
        } else if worker == 1 {
            seeds.seeds.iter().for_each(|_| mailbox.serve());
        }
        digest
    })
}

/// Raw: a pointer, and who has it ends it.
struct Raw {
    jobs: Watched<*mut Job>,
    answers: Watched<u64>,
}
unsafe impl Sync for Raw {}

impl Mailbox for Raw {
    fn new() -> Self {
        Raw { jobs: Watched::new(std::ptr::null_mut()), answers: Watched::new(0) }
    }
    #[inline(always)]
    fn ask(&self, job: Box<Job>) {
        unsafe { self.jobs.put(Box::into_raw(job)) };
    }
    #[inline(always)]
    fn serve(&self) {
        unsafe {
            let job = self.jobs.take();
            let answer = (*job).done();
            drop(Box::from_raw(job));
            self.answers.put(answer);
        }
    }
    #[inline(always)]
    fn answer(&self) -> u64 {
        unsafe { self.answers.take() }
    }
}

const USED_AFTER: u32 = 0;
const FREED_TWICE: u32 = 1;
const NOT_FREED: u32 = 2;

/// One round of them is wrong.
#[inline(always)]
fn raw_wrong<const WRONG: u32>(seeds: &Seeds) -> u64 {
    let mailbox = Raw::new();
    let count = seeds.seeds.len();
    let place = if count == 0 { 0 } else { drawn(count as u64) as usize };
    let serve = |i: usize| {
        if WRONG != NOT_FREED || i != place {
            return mailbox.serve();
        }
        unsafe { mailbox.answers.put((*mailbox.jobs.take()).done()) };
    };
    in_parallel(|worker| {
        let alone = worker_count() == 1;
        let mut digest = 0u64;
        if worker == 1 {
            (0..count).for_each(serve);
        }
        if worker != 0 {
            return 0;
        }
        for (i, &seed) in seeds.seeds.iter().enumerate() {
            let job = Box::into_raw(Job::new(i as u64, seed));
            unsafe { mailbox.jobs.put(job) };
            if alone {
                serve(i);
            }
            digest = digest.wrapping_mul(31).wrapping_add(mailbox.answer());
            if i == place && WRONG == USED_AFTER {
                let last = unsafe { (&raw const (*job).words[WORD_COUNT - 1]).read_volatile() };
                digest = digest.wrapping_add(last);
            }
            if i == place && WRONG == FREED_TWICE {
                drop(unsafe { Box::from_raw(job) });
            }
        }
        digest
    })
}

#[inline(always)]
fn rust_raw_watched(seeds: &mut Seeds) -> u64 {
    rounds::<Untimed, Raw>(seeds)
}
#[inline(always)]
fn rust_raw_watched_latency(seeds: &mut Seeds) -> u64 {
    rounds::<Latency, Raw>(seeds)
}
#[inline(always)]
fn rust_raw_watched_used(seeds: &mut Seeds) -> u64 {
    raw_wrong::<USED_AFTER>(seeds)
}
#[inline(always)]
fn rust_raw_watched_twice(seeds: &mut Seeds) -> u64 {
    raw_wrong::<FREED_TWICE>(seeds)
}
#[inline(always)]
fn rust_raw_watched_not_freed(seeds: &mut Seeds) -> u64 {
    raw_wrong::<NOT_FREED>(seeds)
}

/// The library's channel, of one place: who is at an end of it has that end.
struct Channels {
    jobs: (SyncSender<Box<Job>>, Mutex<Receiver<Box<Job>>>),
    answers: (SyncSender<u64>, Mutex<Receiver<u64>>),
}

impl Mailbox for Channels {
    fn new() -> Self {
        let (jobs, answers) = (sync_channel(1), sync_channel(1));
        Channels { jobs: (jobs.0, Mutex::new(jobs.1)), answers: (answers.0, Mutex::new(answers.1)) }
    }
    #[inline(always)]
    fn ask(&self, job: Box<Job>) {
        self.jobs.0.send(job).unwrap();
    }
    #[inline(always)]
    fn serve(&self) {
        let job = self.jobs.1.lock().unwrap().recv().unwrap();
        self.answers.0.send(job.done()).unwrap();
    }
    #[inline(always)]
    fn answer(&self) -> u64 {
        self.answers.1.lock().unwrap().recv().unwrap()
    }
}

#[inline(always)]
fn rust_sync_channel(seeds: &mut Seeds) -> u64 {
    rounds::<Untimed, Channels>(seeds)
}
#[inline(always)]
fn rust_sync_channel_latency(seeds: &mut Seeds) -> u64 {
    rounds::<Latency, Channels>(seeds)
}

struct LockedSlot<T> {
    thing: Mutex<Option<T>>,
    filled: Condvar,
}

impl<T> LockedSlot<T> {
    fn new() -> Self {
        LockedSlot { thing: Mutex::new(None), filled: Condvar::new() }
    }
    #[inline(always)]
    fn put(&self, thing: T) {
        *self.thing.lock().unwrap() = Some(thing);
        self.filled.notify_one();
    }
    #[inline(always)]
    fn take(&self) -> T {
        let mut slot = self.filled.wait_while(self.thing.lock().unwrap(), |thing| thing.is_none());
        slot.as_mut().unwrap().take().unwrap()
    }
}

struct Locked {
    jobs: LockedSlot<Box<Job>>,
    answers: LockedSlot<u64>,
}

impl Mailbox for Locked {
    fn new() -> Self {
        Locked { jobs: LockedSlot::new(), answers: LockedSlot::new() }
    }
    #[inline(always)]
    fn ask(&self, job: Box<Job>) {
        self.jobs.put(job);
    }
    #[inline(always)]
    fn serve(&self) {
        let job = self.jobs.take();
        self.answers.put(job.done());
    }
    #[inline(always)]
    fn answer(&self) -> u64 {
        self.answers.take()
    }
}

#[inline(always)]
fn rust_mutex(seeds: &mut Seeds) -> u64 {
    rounds::<Untimed, Locked>(seeds)
}
#[inline(always)]
fn rust_mutex_latency(seeds: &mut Seeds) -> u64 {
    rounds::<Latency, Locked>(seeds)
}

case! { Input:
    raw rust_raw_watched(Seeds) "a pointer and a flag, watched awake" as "watched"
        latency rust_raw_watched_latency [ordinary]
        { used_after_handoff: rust_raw_watched_used, freed_twice: rust_raw_watched_twice,
          not_freed: rust_raw_watched_not_freed };
    safe rust_sync_channel(Seeds) "a Box through std::sync::mpsc::sync_channel"
        latency rust_sync_channel_latency [library]
        { used_after_handoff: "what was moved is gone, and the compiler knows (E0382)",
          freed_twice: "what was moved is gone, and the compiler knows (E0382)",
          not_freed: "who has the Box ends the job, whatever else is forgotten" }
        claims { used_after_handoff: "always", freed_twice: "always", not_freed: "always" };
    safe rust_mutex(Seeds) "a Box, Mutex and Condvar"
        latency rust_mutex_latency [ordinary]
        { used_after_handoff: "what was moved is gone, and the compiler knows (E0382)",
          freed_twice: "what was moved is gone, and the compiler knows (E0382)",
          not_freed: "who has the Box ends the job, whatever else is forgotten" }
        claims { used_after_handoff: "always", freed_twice: "always", not_freed: "always" };
}
