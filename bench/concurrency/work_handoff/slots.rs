//! A slot for one thing on its way, and a flag that is looked at until it is set.
use std::cell::UnsafeCell;
use std::sync::atomic::{AtomicBool, Ordering};

#[repr(align(64))]
pub struct Watched<T> {
    thing: UnsafeCell<T>,
    full: AtomicBool,
}

impl<T: Copy> Watched<T> {
    pub fn new(nothing: T) -> Self {
        Watched { thing: UnsafeCell::new(nothing), full: AtomicBool::new(false) }
    }
    #[inline(always)]
    pub unsafe fn put(&self, thing: T) {
        unsafe { *self.thing.get() = thing };
        self.full.store(true, Ordering::Release);
    }
    #[inline(always)]
    pub unsafe fn take(&self) -> T {
        let mut looks = 0u32;
        while !self.full.load(Ordering::Acquire) {
            std::hint::spin_loop();
            looks = looks.wrapping_add(1);
            if looks % 1_024 == 0 {
                std::thread::yield_now();
            }
        }
        let thing = unsafe { *self.thing.get() };
        self.full.store(false, Ordering::Relaxed);
        thing
    }
}
