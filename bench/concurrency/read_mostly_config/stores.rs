//! Where the configuration is kept: behind a raw pointer, in place, or in an Arc.
use std::cell::UnsafeCell;
use std::sync::atomic::{fence, AtomicPtr, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, RwLock};

pub const LIMIT_COUNT: usize = 15;
pub type Limits = [u64; LIMIT_COUNT];

/// An answer is the same in every version, unless it is made of two of them.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct Config {
    pub version: u64,
    pub limits: Limits,
}

impl Config {
    pub fn of(limits: &Limits, version: u64) -> Self {
        Config { version, limits: limits.map(|limit| limit + version) }
    }
    #[inline(always)]
    fn answer(&self, request: u32) -> u64 {
        self.limits[request as usize].wrapping_sub(self.version)
    }
    #[inline(always)]
    unsafe fn answer_unchecked(&self, request: u32) -> u64 {
        unsafe { self.limits.get_unchecked(request as usize) }.wrapping_sub(self.version)
    }
}

pub trait Store: Sync {
    type Reader<'a>
    where
        Self: 'a;
    fn new(limits: &Limits) -> Self;
    fn reader(&self, worker: u32) -> Self::Reader<'_>;
    fn ask(reader: &mut Self::Reader<'_>, request: u32) -> u64;
    fn update(&self, limits: &Limits, version: u64);
}

/// For faults.
pub trait RawStore: Store {
    unsafe fn ask_plainly(reader: &mut Self::Reader<'_>, request: u32) -> u64;
    fn current(&self) -> *mut Config;
    fn update_early(&self, limits: &Limits, version: u64);
}

/// A pointer to what is never written to again; what was is kept until all readers are gone.
#[repr(align(64))]
pub struct Published {
    current: AtomicPtr<Config>,
    old: Line<UnsafeCell<Vec<*mut Config>>>, // of the one worker that updates
}
unsafe impl Sync for Published {}

#[repr(align(64))]
struct Line<T>(T);

impl Published {
    fn replace(&self, limits: &Limits, version: u64) -> *mut Config {
        let last = self.current.load(Ordering::Relaxed);
        self.current.store(Box::into_raw(Box::new(Config::of(limits, version))), Ordering::Release);
        last
    }
}
impl Drop for Published {
    fn drop(&mut self) {
        for &old in self.old.0.get_mut().iter() {
            drop(unsafe { Box::from_raw(old) });
        }
        drop(unsafe { Box::from_raw(*self.current.get_mut()) });
    }
}
impl Store for Published {
    type Reader<'a> = &'a Self;
    fn new(limits: &Limits) -> Self {
        let current = AtomicPtr::new(Box::into_raw(Box::new(Config::of(limits, 0))));
        Published { current, old: Line(UnsafeCell::new(Vec::new())) }
    }
    fn reader(&self, _worker: u32) -> &Self {
        self
    }
    #[inline(always)]
    fn ask(reader: &mut &Self, request: u32) -> u64 {
        unsafe { (*reader.current.load(Ordering::Acquire)).answer_unchecked(request) }
    }
    fn update(&self, limits: &Limits, version: u64) {
        let last = self.replace(limits, version);
        unsafe { (*self.old.0.get()).push(last) };
    }
}
impl RawStore for Published {
    unsafe fn ask_plainly(reader: &mut &Self, request: u32) -> u64 {
        unsafe { (**reader.current.as_ptr()).answer_unchecked(request) }
    }
    fn current(&self) -> *mut Config {
        self.current.load(Ordering::Relaxed)
    }
    fn update_early(&self, limits: &Limits, version: u64) {
        drop(unsafe { Box::from_raw(self.replace(limits, version)) });
    }
}

/// In place, with a number that is odd while it is written.
#[repr(align(64))]
pub struct Sequenced {
    sequence: AtomicU64,
    config: Line<UnsafeCell<Config>>,
}
unsafe impl Sync for Sequenced {}

impl Sequenced {
    #[inline(always)]
    unsafe fn words(&self) -> &[AtomicU64; 1 + LIMIT_COUNT] {
        unsafe { &*self.config.0.get().cast() }
    }
}
impl Store for Sequenced {
    type Reader<'a> = &'a Self;
    fn new(limits: &Limits) -> Self {
        let config = Line(UnsafeCell::new(Config::of(limits, 0)));
        Sequenced { sequence: AtomicU64::new(0), config }
    }
    fn reader(&self, _worker: u32) -> &Self {
        self
    }
    #[inline(always)]
    fn ask(reader: &mut &Self, request: u32) -> u64 {
        let words = unsafe { reader.words() };
        loop {
            let before = reader.sequence.load(Ordering::Acquire);
            let limit =
                unsafe { words.get_unchecked(1 + request as usize) }.load(Ordering::Relaxed);
            let answer = limit.wrapping_sub(words[0].load(Ordering::Relaxed));
            fence(Ordering::Acquire);
            if before % 2 == 0 && reader.sequence.load(Ordering::Relaxed) == before {
                return answer;
            }
            std::hint::spin_loop();
        }
    }
    fn update(&self, limits: &Limits, version: u64) {
        let words = unsafe { self.words() };
        let before = self.sequence.load(Ordering::Relaxed);
        self.sequence.store(before + 1, Ordering::Relaxed);
        fence(Ordering::Release);
        words[0].store(version, Ordering::Relaxed);
        for (word, limit) in words[1..].iter().zip(limits) {
            word.store(limit + version, Ordering::Relaxed);
        }
        self.sequence.store(before + 2, Ordering::Release);
    }
}
impl RawStore for Sequenced {
    unsafe fn ask_plainly(reader: &mut &Self, request: u32) -> u64 {
        unsafe { (*reader.config.0.get()).answer_unchecked(request) }
    }
    fn current(&self) -> *mut Config {
        self.config.0.get()
    }
    fn update_early(&self, limits: &Limits, version: u64) {
        self.update(limits, version);
    }
}

#[repr(align(64))]
pub struct RwLockArc(RwLock<Arc<Config>>);

impl Store for RwLockArc {
    type Reader<'a> = &'a Self;
    fn new(limits: &Limits) -> Self {
        RwLockArc(RwLock::new(Arc::new(Config::of(limits, 0))))
    }
    fn reader(&self, _worker: u32) -> &Self {
        self
    }
    #[inline(always)]
    fn ask(reader: &mut &Self, request: u32) -> u64 {
        let config = reader.0.read().unwrap().clone();
        config.answer(request)
    }
    fn update(&self, limits: &Limits, version: u64) {
        let next = Arc::new(Config::of(limits, version));
        *self.0.write().unwrap() = next;
    }
}

#[repr(align(64))]
pub struct MutexArc(Mutex<Arc<Config>>);

impl Store for MutexArc {
    type Reader<'a> = &'a Self;
    fn new(limits: &Limits) -> Self {
        MutexArc(Mutex::new(Arc::new(Config::of(limits, 0))))
    }
    fn reader(&self, _worker: u32) -> &Self {
        self
    }
    #[inline(always)]
    fn ask(reader: &mut &Self, request: u32) -> u64 {
        let config = reader.0.lock().unwrap().clone();
        config.answer(request)
    }
    fn update(&self, limits: &Limits, version: u64) {
        let next = Arc::new(Config::of(limits, version));
        *self.0.lock().unwrap() = next;
    }
}

#[repr(align(64))]
pub struct InRwLock(RwLock<Config>);

impl Store for InRwLock {
    type Reader<'a> = &'a Self;
    fn new(limits: &Limits) -> Self {
        InRwLock(RwLock::new(Config::of(limits, 0)))
    }
    fn reader(&self, _worker: u32) -> &Self {
        self
    }
    #[inline(always)]
    fn ask(reader: &mut &Self, request: u32) -> u64 {
        reader.0.read().unwrap().answer(request)
    }
    fn update(&self, limits: &Limits, version: u64) {
        *self.0.write().unwrap() = Config::of(limits, version);
    }
}

/// Each reader keeps its Arc, and takes another one where a number tells that there is a newer.
#[repr(align(64))]
pub struct Versioned {
    version: AtomicU64,
    current: Line<Mutex<Arc<Config>>>,
}

pub struct Cached<'a> {
    store: &'a Versioned,
    seen: u64,
    mine: Arc<Config>,
}

impl Versioned {
    fn load(&self) -> (u64, Arc<Config>) {
        let current = self.current.0.lock().unwrap();
        (self.version.load(Ordering::Relaxed), current.clone())
    }
}
impl Store for Versioned {
    type Reader<'a> = Cached<'a>;
    fn new(limits: &Limits) -> Self {
        let current = Line(Mutex::new(Arc::new(Config::of(limits, 0))));
        Versioned { version: AtomicU64::new(0), current }
    }
    fn reader(&self, _worker: u32) -> Cached<'_> {
        let (seen, mine) = self.load();
        Cached { store: self, seen, mine }
    }
    #[inline(always)]
    fn ask(reader: &mut Cached<'_>, request: u32) -> u64 {
        if reader.store.version.load(Ordering::Acquire) != reader.seen {
            (reader.seen, reader.mine) = reader.store.load();
        }
        reader.mine.answer(request)
    }
    fn update(&self, limits: &Limits, version: u64) {
        let next = Arc::new(Config::of(limits, version));
        let mut current = self.current.0.lock().unwrap();
        *current = next;
        self.version.fetch_add(1, Ordering::Release);
    }
}
