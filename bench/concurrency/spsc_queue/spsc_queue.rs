//! The twin of spsc_queue.cc: who may send is a matter of types, and slots that two threads use are atomic.
use std::collections::VecDeque;
use std::sync::mpsc::{sync_channel, Receiver, SyncSender};
use std::sync::{Condvar, Mutex};

use safecost::{case, drawn, in_parallel, input, slice, worker_count, Context, Turns};

mod rings;
use rings::*;

input! {
    struct Input {
        messages: *const u64,
        count: usize,
        capacity: usize,
        slot_count: usize,
    }
}

pub struct Channel {
    messages: Vec<u64>,
    capacity: usize,
    slots: Vec<u64>,
}

impl Context<Input> for Channel {
    fn prepare(input: &Input) -> Self {
        Channel {
            messages: unsafe { slice(input.messages, input.count) }.to_vec(),
            capacity: input.capacity,
            slots: vec![0; input.slot_count],
        }
    }
}

/// The two ends of a queue: one worker has each, or one has both.
pub trait Sends: Send {
    fn push(&mut self, message: u64);
}
pub trait Receives: Send {
    fn pop(&mut self) -> u64;
}

const RECEIVING: u32 = 0; // the worker that takes messages; the next one sends

fn add(digest: u64, message: u64) -> u64 {
    digest.wrapping_mul(31).wrapping_add(message)
}

#[inline(always)]
fn by_turns(
    messages: &[u64],
    capacity: usize,
    sender: &mut impl Sends,
    receiver: &mut impl Receives,
) -> u64 {
    let mut digest = 0;
    for some in messages.chunks(capacity) {
        some.iter().for_each(|&message| sender.push(message));
        digest = some.iter().fold(digest, |digest, _| add(digest, receiver.pop()));
    }
    digest
}

#[inline(always)]
fn transfer(messages: &[u64], capacity: usize, ends: (impl Sends, impl Receives)) -> u64 {
    let (sender, receiver) = (Mutex::new(Some(ends.0)), Mutex::new(Some(ends.1)));
    let take_sender = || sender.lock().unwrap().take().expect("one worker sends");
    let take_receiver = || receiver.lock().unwrap().take().expect("one worker takes");
    in_parallel(|worker| {
        if worker_count() == 1 {
            return by_turns(messages, capacity, &mut take_sender(), &mut take_receiver());
        }
        let mut digest = 0;
        if worker == RECEIVING {
            let mut receiver = take_receiver();
            digest = messages.iter().fold(digest, |digest, _| add(digest, receiver.pop()));
        } else if worker == RECEIVING + 1 {
            let mut sender = take_sender();
            messages.iter().for_each(|&message| sender.push(message));
        }
        digest
    })
}

/// A sender that panics is done as well.
struct EndsTurn<'a>(&'a Turns);

impl Drop for EndsTurn<'_> {
    fn drop(&mut self) {
        self.0.next();
    }
}

/// The sender first, then the receiver.
#[inline(always)]
fn one_after_the_other(
    messages: &[u64],
    sent: usize,
    push: impl Fn(u64) + Sync,
    pop: impl Fn() -> u64 + Sync,
) -> u64 {
    let turns = Turns::new();
    in_parallel(|worker| {
        if worker == RECEIVING + 1 || worker_count() == 1 {
            let _turn = EndsTurn(&turns);
            messages[..sent].iter().for_each(|&message| push(message));
        }
        if worker != RECEIVING {
            return 0;
        }
        turns.wait_for(1);
        messages.iter().fold(0, |digest, _| add(digest, pop()))
    })
}

/// For `empty_ignored`: how many were sent when the receiver takes all.
fn sent_early(channel: &Channel) -> usize {
    let most = channel.capacity.min(channel.messages.len());
    if most < 2 {
        0
    } else {
        1 + drawn(most as u64 - 1) as usize
    }
}

/// For `second_sender`: all workers send, and no more than there is room for.
#[inline(always)]
fn two_send(channel: &Channel, push: impl Fn(u64) + Sync, mut pop: impl FnMut() -> u64) -> u64 {
    let count = channel.capacity.min(channel.messages.len());
    in_parallel(|worker| {
        let mine = channel.messages[..count].iter().skip(worker as usize);
        mine.step_by(worker_count() as usize).for_each(|&message| push(message));
        0
    });
    (0..count).fold(0, |sum, _| sum.wrapping_add(pop()))
}

#[inline(always)]
fn raw<const REMEMBERS: bool, const RELAXED: bool>(channel: &mut Channel) -> u64 {
    let ring = RawRing::new(&mut channel.slots, channel.capacity);
    let ends = (RawSender::<REMEMBERS, RELAXED>::new(&ring), RawReceiver::<REMEMBERS>::new(&ring));
    transfer(&channel.messages, channel.capacity, ends)
}
#[inline(always)]
fn raw_full_ignored(channel: &mut Channel) -> u64 {
    let ring = RawRing::new(&mut channel.slots, channel.capacity);
    let push = |message| unsafe { ring.push_anyway(message) };
    let pop = || unsafe { ring.pop_anyway() };
    one_after_the_other(&channel.messages, channel.messages.len(), push, pop)
}
#[inline(always)]
fn raw_empty_ignored(channel: &mut Channel) -> u64 {
    let sent = sent_early(channel);
    let ring = RawRing::new(&mut channel.slots, channel.capacity);
    let push = |message| unsafe { ring.push_anyway(message) };
    one_after_the_other(&channel.messages, sent, push, || unsafe { ring.pop_anyway() })
}
#[inline(always)]
fn raw_second_sender(channel: &mut Channel) -> u64 {
    let mut slots = std::mem::take(&mut channel.slots);
    let ring = RawRing::new(&mut slots, channel.capacity);
    let push = |message| unsafe { ring.push_anyway(message) };
    let digest = two_send(channel, push, || unsafe { ring.pop_anyway() });
    channel.slots = slots;
    digest
}

#[inline(always)]
fn rust_raw(channel: &mut Channel) -> u64 {
    raw::<false, false>(channel)
}
#[inline(always)]
fn rust_raw_relaxed(channel: &mut Channel) -> u64 {
    raw::<false, true>(channel)
}
#[inline(always)]
fn rust_raw_full(channel: &mut Channel) -> u64 {
    raw_full_ignored(channel)
}
#[inline(always)]
fn rust_raw_empty(channel: &mut Channel) -> u64 {
    raw_empty_ignored(channel)
}
#[inline(always)]
fn rust_raw_second(channel: &mut Channel) -> u64 {
    raw_second_sender(channel)
}

#[inline(always)]
fn rust_raw_cached(channel: &mut Channel) -> u64 {
    raw::<true, false>(channel)
}
#[inline(always)]
fn rust_raw_cached_relaxed(channel: &mut Channel) -> u64 {
    raw::<true, true>(channel)
}
#[inline(always)]
fn rust_raw_cached_full(channel: &mut Channel) -> u64 {
    raw_full_ignored(channel)
}
#[inline(always)]
fn rust_raw_cached_empty(channel: &mut Channel) -> u64 {
    raw_empty_ignored(channel)
}
#[inline(always)]
fn rust_raw_cached_second(channel: &mut Channel) -> u64 {
    raw_second_sender(channel)
}

/// A ring in safe Rust: slots are atomic, though only one end has one at a time, and each index is checked.
#[inline(always)]
fn rust_ring(channel: &mut Channel) -> u64 {
    let ring = Ring::new(channel.slots.len());
    transfer(&channel.messages, channel.slots.len(), ring.ends())
}

impl Sends for SyncSender<u64> {
    #[inline(always)]
    fn push(&mut self, message: u64) {
        self.send(message).unwrap();
    }
}
impl Receives for Receiver<u64> {
    #[inline(always)]
    fn pop(&mut self) -> u64 {
        self.recv().unwrap()
    }
}

#[inline(always)]
fn rust_sync_channel(channel: &mut Channel) -> u64 {
    transfer(&channel.messages, channel.capacity, sync_channel(channel.capacity))
}
/// What is sent is an error where there is no room, and so is what is taken where there is nothing.
#[inline(always)]
fn rust_sync_channel_full(channel: &mut Channel) -> u64 {
    let (sender, receiver) = sync_channel(channel.capacity);
    let receiver = Mutex::new(receiver);
    let push = |message| sender.try_send(message).unwrap();
    let pop = || receiver.lock().unwrap().try_recv().unwrap();
    one_after_the_other(&channel.messages, channel.messages.len(), push, pop)
}
#[inline(always)]
fn rust_sync_channel_empty(channel: &mut Channel) -> u64 {
    let (sender, receiver) = sync_channel(channel.capacity);
    let receiver = Mutex::new(receiver);
    let push = |message| sender.try_send(message).unwrap();
    let pop = || receiver.lock().unwrap().try_recv().unwrap();
    one_after_the_other(&channel.messages, sent_early(channel), push, pop)
}

struct Locked {
    messages: Mutex<VecDeque<u64>>,
    capacity: usize,
    has_room: Condvar,
    has_some: Condvar,
}

impl Locked {
    fn new(capacity: usize) -> Self {
        let (has_room, has_some) = (Condvar::new(), Condvar::new());
        Locked { messages: Mutex::new(VecDeque::new()), capacity, has_room, has_some }
    }
}
impl Sends for &Locked {
    #[inline(always)]
    fn push(&mut self, message: u64) {
        let mut messages = self.messages.lock().unwrap();
        while messages.len() == self.capacity {
            messages = self.has_room.wait(messages).unwrap();
        }
        messages.push_back(message);
        drop(messages);
        self.has_some.notify_one();
    }
}
impl Receives for &Locked {
    #[inline(always)]
    fn pop(&mut self) -> u64 {
        let mut messages = self.messages.lock().unwrap();
        loop {
            if let Some(message) = messages.pop_front() {
                drop(messages);
                self.has_room.notify_one();
                return message;
            }
            messages = self.has_some.wait(messages).unwrap();
        }
    }
}

#[inline(always)]
fn rust_mutex_queue(channel: &mut Channel) -> u64 {
    let queue = Locked::new(channel.capacity);
    transfer(&channel.messages, channel.capacity, (&queue, &queue))
}
case! { Input:
    raw rust_raw(Channel) "a ring, two indices, acquire and release" [ordinary]
        { published_relaxed: rust_raw_relaxed, full_ignored: rust_raw_full,
          empty_ignored: rust_raw_empty, second_sender: rust_raw_second };
    raw rust_raw_cached(Channel) "the same, remembering the other's index" [bespoke]
        { published_relaxed: rust_raw_cached_relaxed, full_ignored: rust_raw_cached_full,
          empty_ignored: rust_raw_cached_empty, second_sender: rust_raw_cached_second };
    safe rust_ring(Channel) "a ring of atomic slots, with two ends that wait themselves" [ordinary]
        { published_relaxed: "the order is within the type, once for all",
          full_ignored: "push waits for room itself",
          empty_ignored: "pop waits for a message itself",
          second_sender: "a sender is no copy, and two threads may not have one mutably (E0499)" }
        claims { published_relaxed: "always", full_ignored: "always", empty_ignored: "always",
                 short_storage: "always", second_sender: "always" };
    safe rust_sync_channel(Channel) "std::sync::mpsc::sync_channel" as "channel" [library]
        { published_relaxed: "the order is within the type, once for all",
          full_ignored: rust_sync_channel_full,
          empty_ignored: rust_sync_channel_empty,
          second_sender: "whoever sends as well has a sender that may be shared" }
        claims { published_relaxed: "always", full_ignored: "always", empty_ignored: "always",
                 short_storage: "always", second_sender: "always" };
    safe rust_mutex_queue(Channel) "VecDeque, Mutex, two Condvars" as "lock" [ordinary]
        { published_relaxed: "whoever has the lock sees what was done under it",
          full_ignored: "push waits for room itself",
          empty_ignored: "pop waits for a message itself",
          second_sender: "two threads may send: push takes the lock" }
        claims { published_relaxed: "always", full_ignored: "always", empty_ignored: "always",
                 short_storage: "always", second_sender: "always" };
}
