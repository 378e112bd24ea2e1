//! How long single operations take; kernel/latency.h is the same in C++.
use super::border;

/// What times the operations of a worker, or does them and nothing else.
pub trait Timer {
    fn new(worker: u32) -> Self;
    fn now() -> u64;
    fn since(&self, start: u64);

    #[inline(always)]
    fn time<Result>(&self, operation: impl FnOnce() -> Result) -> Result {
        let start = Self::now();
        let result = operation();
        self.since(start);
        result
    }
}

/// In the kernel that is timed as a whole.
pub struct Untimed;

impl Timer for Untimed {
    #[inline(always)]
    fn new(_: u32) -> Self {
        Untimed
    }
    #[inline(always)]
    fn now() -> u64 {
        0
    }
    #[inline(always)]
    fn since(&self, _: u64) {}
}

/// Notes how long each operation of a worker took.
pub struct Latency(*mut super::abi::Recorder);

impl Timer for Latency {
    fn new(worker: u32) -> Self {
        let latencies = &raw const border::LATENCIES;
        // The host fills it in before it calls; each worker has a recorder of its own.
        unsafe {
            let there = worker < (*latencies).count;
            Latency(if there {
                (*latencies).recorders.add(worker as usize)
            } else {
                std::ptr::null_mut()
            })
        }
    }
    #[inline(always)]
    fn now() -> u64 {
        ticks()
    }
    #[inline(always)]
    fn since(&self, start: u64) {
        let took = ticks().wrapping_sub(start);
        if self.0.is_null() {
            return;
        }
        unsafe {
            let recorder = &mut *self.0;
            if recorder.count < recorder.capacity {
                *recorder.ticks.add(recorder.count as usize) = took;
            }
            recorder.count += 1;
        }
    }
}

/// The processor's clock, as kernel/latency.h reads it.
#[inline(always)]
fn ticks() -> u64 {
    #[cfg(target_arch = "x86_64")]
    unsafe {
        let (low, high): (u64, u64);
        std::arch::asm!("lfence", "rdtsc", "lfence", out("rax") low, out("rdx") high, options(nostack));
        high << 32 | low
    }
    #[cfg(target_arch = "aarch64")]
    unsafe {
        let now: u64;
        std::arch::asm!("isb", "mrs {}, cntvct_el0", "isb", out(reg) now, options(nostack));
        now
    }
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    {
        static START: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
        START.get_or_init(std::time::Instant::now).elapsed().as_nanos() as u64
    }
}
