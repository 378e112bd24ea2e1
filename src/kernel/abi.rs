//! Mirrors `kernel/abi.h` field by field.
use std::ffi::{c_char, c_void};

pub const ABI_VERSION: u32 = 6;
pub const ROLE_RAW: u32 = 0;
pub const ROLE_SAFE: u32 = 1;
pub const VARIANT_TRUSTED_CORE: u32 = 1 << 1;
pub const ORIGIN_UNSTATED: u32 = 0;
pub const ORIGIN_LIBRARY: u32 = 1;
pub const ORIGIN_ORDINARY: u32 = 2;
pub const ORIGIN_BESPOKE: u32 = 3;
pub const FAULT_KERNEL: u32 = 2;
pub const STOP_PANIC: u32 = 1 << 4;

pub type Kernel = extern "C" fn(*mut c_void) -> u64;
pub type Work = extern "C" fn(*mut c_void, u32) -> u64;

#[repr(C)]
pub struct Fact {
    pub struct_size: u32,
    pub key: *const c_char,
    pub value: *const c_char,
}

#[repr(C)]
pub struct Variant {
    pub struct_size: u32,
    pub role: u32,
    pub name: *const c_char,
    pub summary: *const c_char,
    pub gap: *const c_char,
    pub run: Option<Kernel>,
    pub prepare: Option<extern "C" fn(*const c_void) -> *mut c_void>,
    pub release: Option<extern "C" fn(*mut c_void)>,
    pub reset: Option<extern "C" fn(*mut c_void, *const c_void)>,
    pub digest: Option<extern "C" fn(*const c_void) -> u64>,
    pub fault_kernels: *const Option<Kernel>,
    pub claims: *const *const c_char,
    pub planted: f64,
    pub inexpressible: *const *const c_char,
    pub algorithm: *const c_char,
    pub flags: u32,
    pub origin: u32,
    pub latency: Option<Kernel>,
}

#[repr(C)]
pub struct Workers {
    pub struct_size: u32,
    pub count: u32,
    pub host: *mut c_void,
    pub run: extern "C" fn(*const Workers, Work, *mut c_void) -> u64,
}

#[repr(C)]
pub struct Recorder {
    pub ticks: *mut u64,
    pub capacity: u64,
    pub count: u64,
    pub reserved: [u64; 5],
}

#[repr(C)]
pub struct Latencies {
    pub struct_size: u32,
    pub count: u32,
    pub recorders: *mut Recorder,
}

#[repr(C)]
pub struct Fault {
    pub struct_size: u32,
    pub kind: u32,
    pub cwe: u32,
    pub oracles: u32,
    pub stops: u32,
    pub reserved: u32,
    pub size: u64,
    pub name: *const c_char,
    pub description: *const c_char,
    pub contract: *const c_char,
    pub reference: Option<extern "C" fn(*const c_void) -> u64>,
}

#[repr(C)]
pub struct Report {
    pub struct_size: u32,
    pub stop: u32,
    pub count: u64,
    pub text: [c_char; 160],
}

#[repr(C)]
pub struct Plugin {
    pub abi_version: u32,
    pub struct_size: u32,
    pub name: *const c_char,
    pub language: *const c_char,
    pub input_layout: *const c_char,
    pub flags: u32,
    pub minimum_size: u32,
    pub fact_count: u32,
    pub parameter_count: u32,
    pub variant_count: u32,
    pub fault_count: u32,
    pub facts: *const Fact,
    pub parameters: *const c_void,
    pub variants: *const Variant,
    pub faults: *const Fault,
    pub report: *mut Report,
    pub draw: *mut u64,
    pub workers: *mut Workers,
    pub latencies: *mut Latencies,
    pub generate: Option<extern "C" fn(*const c_void) -> *const c_void>,
    pub release: Option<extern "C" fn(*const c_void)>,
}
