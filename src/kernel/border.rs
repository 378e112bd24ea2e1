//! The Rust side of the border: calls in, panics held back, and the plugin's table.

use std::any::Any;
use std::ffi::{c_char, c_void, CString};
use std::sync::{Mutex, OnceLock, PoisonError};

use super::{abi, Context, Layout};

/// The panic that last reached the border: noted for the runner, never passed on.
pub static mut REPORT: abi::Report = abi::Report {
    struct_size: std::mem::size_of::<abi::Report>() as u32,
    stop: 0,
    count: 0,
    text: [0; 160],
};
/// Several workers may fail at once.
static REPORTING: Mutex<()> = Mutex::new(());

/// Until a host fills it in, the thread that calls is the only one.
pub static mut WORKERS: abi::Workers = abi::Workers {
    struct_size: std::mem::size_of::<abi::Workers>() as u32,
    count: 1,
    host: std::ptr::null_mut(),
    run: call_alone,
};
extern "C" fn call_alone(_: *const abi::Workers, work: abi::Work, context: *mut c_void) -> u64 {
    work(context, 0)
}

pub static mut LATENCIES: abi::Latencies = abi::Latencies {
    struct_size: std::mem::size_of::<abi::Latencies>() as u32,
    count: 0,
    recorders: std::ptr::null_mut(),
};

/// What the prover drew for the fault kernel that it calls next.
static mut DRAW: u64 = 0;

/// A number in `0..bound`, of the proof that calls this fault kernel; `bound` is above 0.
#[inline(never)]
pub fn drawn(bound: u64) -> u64 {
    // SplitMix64, as in kernel/generator.h.
    let draw = &raw mut DRAW;
    // The prover calls kernels of one plugin from one thread.
    let mut mixed = unsafe {
        *draw = (*draw).wrapping_add(0x9e37_79b9_7f4a_7c15);
        *draw
    };
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^= mixed >> 31;
    ((u128::from(mixed) * u128::from(bound)) >> 64) as u64
}

#[cold]
#[inline(never)]
pub fn report_panic(payload: Box<dyn Any + Send>) -> u64 {
    let text = payload
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| payload.downcast_ref::<&str>().copied())
        .unwrap_or("a panic without a message");
    let report = &raw mut REPORT;
    let _one_by_one = REPORTING.lock().unwrap_or_else(PoisonError::into_inner);
    // The runner reads it when all workers are done.
    unsafe {
        (*report).stop = abi::STOP_PANIC;
        (*report).count += 1;
        (*report).text = [0; 160];
        for (to, from) in (*report).text.iter_mut().take(159).zip(text.bytes()) {
            *to = from as c_char;
        }
    }
    0xdead << 48
}

pub extern "C" fn prepare<I, C: Context<I>>(input: *const c_void) -> *mut c_void {
    let make = || Box::into_raw(Box::new(C::prepare(unsafe { &*(input as *const I) })));
    std::panic::catch_unwind(make).map_or(std::ptr::null_mut(), |context| context as *mut c_void)
}
pub extern "C" fn release<C>(context: *mut c_void) {
    drop(unsafe { Box::from_raw(context as *mut C) });
}
pub extern "C" fn reset<I, C: Context<I>>(context: *mut c_void, input: *const c_void) {
    unsafe { (*(context as *mut C)).reset(&*(input as *const I)) };
}
pub extern "C" fn digest<I, C: Context<I>>(context: *const c_void) -> u64 {
    unsafe { (*(context as *const C)).digest() }
}

pub fn variant<I, C: Context<I>>(
    role: &str,
    name: &str,
    summary: &str,
    algorithm: Option<&str>,
    marks: &[&str],
    run: abi::Kernel,
    latency: Option<abi::Kernel>,
    faulty: &[(&str, Faulty)],
    claims: &[(&str, &str)],
    faults: &[&str],
) -> abi::Variant {
    abi::Variant {
        struct_size: std::mem::size_of::<abi::Variant>() as u32,
        role: if role == "raw" { abi::ROLE_RAW } else { abi::ROLE_SAFE },
        name: text(name),
        summary: text(summary),
        gap: std::ptr::null(),
        run: Some(run),
        prepare: Some(prepare::<I, C>),
        release: Some(release::<C>),
        reset: if C::RESETS { Some(reset::<I, C>) } else { None },
        digest: if C::DIGESTS { Some(digest::<I, C>) } else { None },
        fault_kernels: by_fault(faults, faulty, |said| match said {
            Faulty::Kernel(kernel) => Some(*kernel),
            Faulty::Inexpressible(_) => None,
        }),
        claims: by_fault(faults, claims, |conditions| text(conditions)),
        planted: 0.0,
        inexpressible: by_fault(faults, faulty, |said| match said {
            Faulty::Kernel(_) => std::ptr::null(),
            Faulty::Inexpressible(why) => text(why),
        }),
        algorithm: algorithm.map_or(std::ptr::null(), text),
        flags: if marks.contains(&"trusted_core") { abi::VARIANT_TRUSTED_CORE } else { 0 },
        origin: marks.iter().map(|mark| origin(mark)).max().unwrap_or(abi::ORIGIN_UNSTATED),
        latency,
    }
}

/// Where the code of a variant comes from; unstated for other marks.
fn origin(mark: &str) -> u32 {
    match mark {
        "library" => abi::ORIGIN_LIBRARY,
        "ordinary" => abi::ORIGIN_ORDINARY,
        "bespoke" => abi::ORIGIN_BESPOKE,
        "trusted_core" => abi::ORIGIN_UNSTATED,
        _ => panic!("{mark} is no mark: library, ordinary, bespoke, trusted_core"),
    }
}

/// What a variant has to say of a fault that lies in the program.
pub enum Faulty {
    Kernel(abi::Kernel),
    Inexpressible(&'static str),
}

/// One entry per fault: what the variant says of it, or the zero of the border.
fn by_fault<S, T>(faults: &[&str], all_said: &[(&str, S)], value: impl Fn(&S) -> T) -> *const T
where
    T: Unsaid,
{
    let said = |fault: &str| all_said.iter().find(|(name, _)| *name == fault);
    let all: Vec<T> =
        faults.iter().map(|fault| said(fault).map_or(T::none(), |(_, it)| value(it))).collect();
    all.leak().as_ptr()
}

/// What stands where a variant says nothing.
pub trait Unsaid {
    fn none() -> Self;
}
impl Unsaid for Option<abi::Kernel> {
    fn none() -> Self {
        None
    }
}
impl Unsaid for *const c_char {
    fn none() -> Self {
        std::ptr::null()
    }
}

/// The fault of that name: what else there is to say of it stands in the C++ case.
fn fault(name: &str) -> abi::Fault {
    abi::Fault {
        struct_size: std::mem::size_of::<abi::Fault>() as u32,
        kind: abi::FAULT_KERNEL,
        cwe: 0,
        oracles: 0,
        stops: 0,
        reserved: 0,
        size: 0,
        name: text(name),
        description: std::ptr::null(),
        contract: std::ptr::null(),
        reference: None,
    }
}

/// A C string that lives as long as the plugin.
pub fn text(text: &str) -> *const c_char {
    CString::new(text).expect("no NUL in a name").into_raw()
}

pub struct Table(pub abi::Plugin);
// Written once, then only read; the report is written by the one thread that calls kernels.
unsafe impl Send for Table {}
unsafe impl Sync for Table {}
pub static TABLE: OnceLock<Table> = OnceLock::new();

pub fn plugin<I: Layout>(
    name: &str,
    facts: &[(&str, &str)],
    variants: Vec<abi::Variant>,
    faults: &[&str],
) -> Table {
    let faults: Vec<abi::Fault> = faults.iter().map(|name| fault(name)).collect();
    let facts: Vec<abi::Fact> = facts
        .iter()
        .map(|(key, value)| abi::Fact {
            struct_size: std::mem::size_of::<abi::Fact>() as u32,
            key: text(key),
            value: text(value),
        })
        .collect();
    Table(abi::Plugin {
        abi_version: abi::ABI_VERSION,
        struct_size: std::mem::size_of::<abi::Plugin>() as u32,
        name: text(name),
        language: text("rust"),
        input_layout: text(&I::layout()),
        flags: 0,
        minimum_size: 0,
        fact_count: facts.len() as u32,
        parameter_count: 0,
        variant_count: variants.len() as u32,
        fault_count: faults.len() as u32,
        facts: facts.leak().as_ptr(),
        parameters: std::ptr::null(),
        variants: variants.leak().as_ptr(),
        faults: faults.leak().as_ptr(),
        report: &raw mut REPORT,
        draw: &raw mut DRAW,
        workers: &raw mut WORKERS,
        latencies: &raw mut LATENCIES,
        generate: None,
        release: None,
    })
}
