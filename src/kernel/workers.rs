//! Kernels of several threads: what a kernel does on each of the workers that the host gives it.
use std::ffi::c_void;
use std::panic::{catch_unwind, AssertUnwindSafe};

use super::border;

/// How many there are, the thread that calls the kernel among them.
pub fn worker_count() -> u32 {
    let workers = &raw const border::WORKERS;
    // The host fills it in before it has a context prepared.
    unsafe { (*workers).count }
}

/// Begins the work on every worker together, waits for all, and adds up what they return.
#[inline(always)]
pub fn in_parallel<Work: Fn(u32) -> u64 + Sync>(work: Work) -> u64 {
    let workers = &raw const border::WORKERS;
    let context = (&raw const work).cast_mut().cast::<c_void>();
    unsafe { ((*workers).run)(workers, worked::<Work>, context) }
}

/// What a worker calls: the kernel's body.
extern "C" fn worked<Work: Fn(u32) -> u64 + Sync>(work: *mut c_void, worker: u32) -> u64 {
    let work = unsafe { &*work.cast::<Work>() };
    catch_unwind(AssertUnwindSafe(|| work(worker))).unwrap_or_else(border::report_panic)
}
