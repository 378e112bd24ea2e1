//! Lamport's ring: raw over slots that nobody counts, and in safe Rust.
use std::cell::{Cell, UnsafeCell};
use std::hint::spin_loop;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use crate::{Receives, Sends};

/// Who finds a queue full or empty looks again after a moment, and lets the other one on where it takes long.
#[inline(always)]
fn wait_until(mut ready: impl FnMut() -> bool) {
    let mut looks = 0u32;
    while !ready() {
        spin_loop();
        looks = looks.wrapping_add(1);
        if looks % 128 == 0 {
            std::thread::yield_now();
        }
    }
}

#[repr(align(64))]
struct Index(AtomicUsize);

impl Index {
    fn new() -> Self {
        Index(AtomicUsize::new(0))
    }
}

pub struct RawRing {
    slots: *const UnsafeCell<u64>,
    mask: usize,
    head: Index,
    tail: Index,
}
unsafe impl Sync for RawRing {}

impl RawRing {
    pub fn new(slots: &mut [u64], capacity: usize) -> Self {
        let slots = slots.as_mut_ptr().cast_const().cast();
        RawRing { slots, mask: capacity - 1, head: Index::new(), tail: Index::new() }
    }
    #[inline(always)]
    unsafe fn slot(&self, index: usize) -> *mut u64 {
        unsafe { (*self.slots.add(index & self.mask)).get() }
    }
    /// For faults: without a look at the other end.
    #[inline(always)]
    pub unsafe fn push_anyway(&self, message: u64) {
        let tail = self.tail.0.load(Ordering::Relaxed);
        unsafe { *self.slot(tail) = message };
        self.tail.0.store(tail + 1, Ordering::Release);
    }
    #[inline(always)]
    pub unsafe fn pop_anyway(&self) -> u64 {
        let head = self.head.0.load(Ordering::Relaxed);
        let message = unsafe { *self.slot(head) };
        self.head.0.store(head + 1, Ordering::Release);
        message
    }
}

pub struct RawSender<'a, const REMEMBERS: bool, const RELAXED: bool> {
    ring: &'a RawRing,
    seen_head: usize,
}

impl<'a, const REMEMBERS: bool, const RELAXED: bool> RawSender<'a, REMEMBERS, RELAXED> {
    pub fn new(ring: &'a RawRing) -> Self {
        RawSender { ring, seen_head: 0 }
    }
}
impl<const REMEMBERS: bool, const RELAXED: bool> Sends for RawSender<'_, REMEMBERS, RELAXED> {
    #[inline(always)]
    fn push(&mut self, message: u64) {
        let ring = self.ring;
        let tail = ring.tail.0.load(Ordering::Relaxed);
        if !REMEMBERS || tail.wrapping_sub(self.seen_head) > ring.mask {
            wait_until(|| {
                self.seen_head = ring.head.0.load(Ordering::Acquire);
                tail.wrapping_sub(self.seen_head) <= ring.mask
            });
        }
        unsafe { *ring.slot(tail) = message };
        let order = if RELAXED { Ordering::Relaxed } else { Ordering::Release };
        ring.tail.0.store(tail.wrapping_add(1), order);
    }
}

pub struct RawReceiver<'a, const REMEMBERS: bool> {
    ring: &'a RawRing,
    seen_tail: usize,
}

impl<'a, const REMEMBERS: bool> RawReceiver<'a, REMEMBERS> {
    pub fn new(ring: &'a RawRing) -> Self {
        RawReceiver { ring, seen_tail: 0 }
    }
}
impl<const REMEMBERS: bool> Receives for RawReceiver<'_, REMEMBERS> {
    #[inline(always)]
    fn pop(&mut self) -> u64 {
        let ring = self.ring;
        let head = ring.head.0.load(Ordering::Relaxed);
        if !REMEMBERS || self.seen_tail == head {
            wait_until(|| {
                self.seen_tail = ring.tail.0.load(Ordering::Acquire);
                self.seen_tail != head
            });
        }
        let message = unsafe { *ring.slot(head) };
        ring.head.0.store(head.wrapping_add(1), Ordering::Release);
        message
    }
}

/// The same without `unsafe`: two threads may only share what is atomic, so slots are.
pub struct Ring {
    slots: Box<[AtomicU64]>,
    head: Index,
    tail: Index,
    given: Cell<bool>,
}

pub struct Sender<'a> {
    slots: &'a [AtomicU64],
    head: &'a AtomicUsize,
    tail: &'a AtomicUsize,
    seen_head: usize,
}

pub struct Taker<'a> {
    slots: &'a [AtomicU64],
    head: &'a AtomicUsize,
    tail: &'a AtomicUsize,
    seen_tail: usize,
}

impl Ring {
    pub fn new(slot_count: usize) -> Self {
        assert!(slot_count.is_power_of_two(), "a ring's slots are a power of two");
        let slots = (0..slot_count).map(|_| AtomicU64::new(0)).collect();
        Ring { slots, head: Index::new(), tail: Index::new(), given: Cell::new(false) }
    }
    /// Once: who asks for ends a second time is refused.
    pub fn ends(&self) -> (Sender<'_>, Taker<'_>) {
        assert!(!self.given.replace(true), "the ends of this ring were given out");
        let (slots, head, tail) = (&*self.slots, &self.head.0, &self.tail.0);
        (Sender { slots, head, tail, seen_head: 0 }, Taker { slots, head, tail, seen_tail: 0 })
    }
}

impl Sends for Sender<'_> {
    #[inline(always)]
    fn push(&mut self, message: u64) {
        let tail = self.tail.load(Ordering::Relaxed);
        if tail.wrapping_sub(self.seen_head) >= self.slots.len() {
            wait_until(|| {
                self.seen_head = self.head.load(Ordering::Acquire);
                tail.wrapping_sub(self.seen_head) < self.slots.len()
            });
        }
        self.slots[tail & (self.slots.len() - 1)].store(message, Ordering::Relaxed);
        self.tail.store(tail.wrapping_add(1), Ordering::Release);
    }
}
impl Receives for Taker<'_> {
    #[inline(always)]
    fn pop(&mut self) -> u64 {
        let head = self.head.load(Ordering::Relaxed);
        if self.seen_tail == head {
            wait_until(|| {
                self.seen_tail = self.tail.load(Ordering::Acquire);
                self.seen_tail != head
            });
        }
        let message = self.slots[head & (self.slots.len() - 1)].load(Ordering::Relaxed);
        self.head.store(head.wrapping_add(1), Ordering::Release);
        message
    }
}
