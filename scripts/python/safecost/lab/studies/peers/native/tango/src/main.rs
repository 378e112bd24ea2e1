//! tango on the two variants that PEERS_VARIANTS names, as `base/pair` and `other/pair`.
use std::ffi::{c_char, c_void, CString};

use tango_bench::{benchmark_fn, tango_benchmarks, Benchmark, IntoBenchmarks};

#[repr(C)]
#[derive(Clone, Copy)]
struct Arm {
    run: extern "C" fn(*mut c_void) -> u64,
    contexts: *const *mut c_void,
    count: usize,
}

#[link(name = "arms")]
extern "C" {
    fn peers_load(variant: *const c_char) -> Arm;
}

fn timed(name: &'static str, variant: String) -> Benchmark {
    let mut loaded: Option<Arm> = None;
    benchmark_fn(name, move |bench| {
        let arm = *loaded.get_or_insert_with(|| {
            let variant = CString::new(variant.as_str()).expect("a variant's name has no zero");
            unsafe { peers_load(variant.as_ptr()) }
        });
        let mut at = 0;
        bench.iter(move || {
            let result = (arm.run)(unsafe { *arm.contexts.add(at) });
            at += 1;
            if at == arm.count {
                at = 0;
            }
            result
        })
    })
}

fn pair() -> impl IntoBenchmarks {
    let names = std::env::var("PEERS_VARIANTS").expect("PEERS_VARIANTS names two variants");
    let (base, other) = names.split_once(' ').expect("PEERS_VARIANTS names two variants");
    [timed("base/pair", base.into()), timed("other/pair", other.into())]
}

tango_benchmarks!(pair());
