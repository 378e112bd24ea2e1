//! What a Rust twin includes: kernels in, one plugin out, over the same border as `kernel/abi.h`.
//!
//! A twin mirrors the input struct of its C++ case and is given the very same bytes:
//!
//! ```ignore
//! use safecost::{case, input, Context};
//!
//! input! { struct Input { values: *const i32, count: usize } }
//!
//! struct Values { values: Vec<i32> }
//! impl Context<Input> for Values { fn prepare(input: &Input) -> Self { ... } }
//!
//! #[inline(always)]
//! fn rust_index(context: &mut Values) -> u64 { ... }
//!
//! case! { Input: safe rust_index(Values) "slice indexing"; raw rust_unchecked(Values) "get_unchecked"; }
//! ```
//!
//! Faults are those of the C++ case. Where one lies in the program (a *fault kernel*), a variant names its own
//! wrong program, or says why the language has none; a wrong input needs nothing here:
//!
//! ```ignore
//! case! { Input:
//!     raw rust_unchecked(Values) "get_unchecked" { use_after_free: rust_freed };
//!     safe rust_index(Values) "slice indexing" { use_after_free: "the borrow checker rejects it (E0505)" }
//!         claims { one_past_end: "always" };
//! }
//! ```
//!
//! What a variant *claims* to stop, of either kind, and when (`kernel/abi.h` lists the conditions) is held against it
//! by `safecost catch`.
//!
//! A variant with another algorithm or data structure than the case's own names it behind its summary:
//! `safe rust_arena(Tape) "nodes in a Vec" as "arena";`
//!
//! A kernel of several threads has its work done by the host's workers, which are those of the C++ case:
//!
//! ```ignore
//! #[inline(always)]
//! fn rust_mutex(counter: &mut Counter) -> u64 {
//!     safecost::in_parallel(|worker| { ... digest of this worker's share ... })
//! }
//! ```
//!
//! Where single operations are timed (`safecost::latency`), a second kernel that notes them stands behind the summary:
//! `safe rust_mutex(Counter) "Mutex" latency rust_mutex_latency [library];`
//!
//! Each says in brackets where its code comes from, `library`, `ordinary` or `bespoke`, and a safe one whether it runs
//! `unsafe` code of its own, `trusted_core`; `kernel/abi.h` says what each means:
//! `safe rust_index(Values) "slice indexing" [library];`

use std::ffi::c_void;

pub mod abi;
#[doc(hidden)]
pub mod border;
pub mod latency;
mod workers;
pub use border::drawn;
pub use workers::{in_parallel, worker_count};

/// What one variant works on, made untimed from one input.
pub trait Context<Input>: Sized {
    /// Does the kernel change the context, so that `reset` must run before each call?
    const RESETS: bool = false;
    /// Does the kernel leave its result in memory, so that `digest` reads it after a call?
    const DIGESTS: bool = false;

    fn prepare(input: &Input) -> Self;
    fn reset(&mut self, _input: &Input) {}
    fn digest(&self) -> u64 {
        0
    }
}

/// The layout of plain C data, spelled as `kernel/layout.h` spells it.
pub trait Layout {
    fn layout() -> String;
}

macro_rules! plain {
    ($($kind:ty => $name:literal),*) => { $(impl Layout for $kind { fn layout() -> String { $name.into() } })* };
}
plain!(i8 => "b", u8 => "b", bool => "bool", i16 => "i2", u16 => "u2", i32 => "i4", u32 => "u4", i64 => "i8",
       u64 => "u8", isize => "i8", usize => "u8", f32 => "f4", f64 => "f8", c_void => "void");

impl<T: Layout> Layout for *const T {
    fn layout() -> String {
        format!("*{}", T::layout())
    }
}
impl<T: Layout> Layout for *mut T {
    fn layout() -> String {
        format!("*{}", T::layout())
    }
}

/// Declares plain C structs that mirror those of the C++ case.
#[macro_export]
macro_rules! input {
    ($($(#[$meta:meta])* struct $name:ident { $($field:ident : $kind:ty),* $(,)? })*) => { $(
        $(#[$meta])*
        #[repr(C)]
        #[derive(Clone, Copy)]
        pub struct $name { $(pub $field: $kind),* }

        impl $crate::Layout for $name {
            fn layout() -> String {
                let fields: Vec<String> = vec![
                    $(format!("{}:{}", std::mem::offset_of!($name, $field), <$kind as $crate::Layout>::layout())),*
                ];
                format!("{{{}}}{}", fields.join(","), std::mem::size_of::<$name>())
            }
        }
    )* };
}

/// A slice over input memory; an empty one where the pointer may be null.
///
/// # Safety
/// `values` points to `count` initialised values that outlive the result, unless `count` is 0.
pub unsafe fn slice<'a, T>(values: *const T, count: usize) -> &'a [T] {
    if count == 0 {
        return &[];
    }
    unsafe { std::slice::from_raw_parts(values, count) }
}

/// For fault kernels: the same kernel, and what `lender` gives was dropped before, so that pointers into it
/// dangle. Its own bytes stay as they were; afterwards it is whole again.
#[inline(always)]
pub fn destroyed<C, T: Clone>(
    context: &mut C,
    lender: impl Fn(&mut C) -> &mut T,
    kernel: impl FnOnce(&mut C) -> u64,
) -> u64 {
    let kept = lender(context).clone();
    let place: *mut T = lender(context);
    unsafe { drop_what_is_held(place) };
    let digest = kernel(context);
    unsafe { place.write(kept) };
    digest
}

/// Out of line, lest the compiler see the end of what is still read.
#[inline(never)]
unsafe fn drop_what_is_held<T>(place: *mut T) {
    unsafe { std::ptr::drop_in_place(place) }
}

/// For fault kernels of two threads: the one order of events that shows the fault, which a scheduler may choose any day.
/// Each turn follows what was done in the turns before it.
#[derive(Default)]
pub struct Turns(std::sync::atomic::AtomicU32);

impl Turns {
    pub fn new() -> Self {
        Turns::default()
    }
    pub fn wait_for(&self, turn: u32) {
        while self.0.load(std::sync::atomic::Ordering::Acquire) < turn {
            std::thread::yield_now();
        }
    }
    pub fn next(&self) {
        self.0.fetch_add(1, std::sync::atomic::Ordering::Release);
    }
}

/// Does this crate, as it was compiled, check integer arithmetic?
#[doc(hidden)]
#[macro_export]
macro_rules! overflow_is_checked {
    () => {
        std::panic::catch_unwind(|| std::hint::black_box(255u8) + std::hint::black_box(1u8))
            .is_err()
    };
}

/// Lists a twin's variants and defines the plugin's one exported symbol.
///
/// Each exported kernel carries a tag, an empty `asm!` of its own, without which identical functions
/// are folded into one.
#[macro_export]
macro_rules! case {
    ($input:ty : $($role:ident $name:ident ( $context:ty ) $summary:literal $(as $algorithm:literal)?
        $(latency $latency:ident)? $([$($mark:ident)+])?
        $({ $($fault:ident : $faulty:tt),+ $(,)? })? $(claims { $($claimed:ident : $conditions:literal),+ $(,)? })? ;)+) => {
        mod exported {
            use super::*;
            $(
                $crate::exported_kernel!($name, $context);
                $($crate::exported_kernel!($latency, $context);)?
                $($($crate::exported_faulty!($faulty, $context);)+)?
            )+
        }

        #[no_mangle]
        pub extern "C" fn safecost_plugin_entry() -> *const $crate::abi::Plugin {
            let table = $crate::border::TABLE.get_or_init(|| {
                let hook = std::panic::take_hook();
                std::panic::set_hook(Box::new(|_| {}));
                let overflow = if $crate::overflow_is_checked!() { "on" } else { "off" };
                std::panic::set_hook(hook);
                let facts = [
                    ("compiler", env!("SAFECOST_RUSTC_VERSION")),
                    ("LLVM", env!("SAFECOST_RUSTC_LLVM")),
                    ("overflow checks", overflow),
                    ("debug assertions", if cfg!(debug_assertions) { "on" } else { "off" }),
                    ("panic", if cfg!(panic = "unwind") { "unwind" } else { "abort" }),
                    ("target features", if cfg!(target_feature = "avx2") { "avx2" } else { "baseline" }),
                ];
                let lists: Vec<&[&str]> = vec![
                    $($(&[$(stringify!($fault)),+] as &[&str],)?
                      $(&[$(stringify!($claimed)),+] as &[&str],)?)+
                ];
                let mut faults = lists.concat();
                faults.sort_unstable();
                faults.dedup();
                $crate::border::plugin::<$input>(env!("SAFECOST_NAME"), &facts, vec![
                    $($crate::border::variant::<$input, $context>(
                        stringify!($role), stringify!($name), $summary, $crate::algorithm!($($algorithm)?), &[$($(stringify!($mark)),+)?], exported::$name,
                        $crate::latency!($($latency)?),
                        &[$($((stringify!($fault), $crate::faulty!($faulty))),+)?],
                        &[$($((stringify!($claimed), $conditions)),+)?], &faults)),+
                ], &faults)
            });
            &table.0
        }
    };
}

/// What a variant does where that is not what the case's first raw variant does.
#[doc(hidden)]
#[macro_export]
macro_rules! algorithm {
    () => {
        None
    };
    ($name:literal) => {
        Some($name)
    };
}

/// The second kernel of a variant, if it has one.
#[doc(hidden)]
#[macro_export]
macro_rules! latency {
    () => {
        None
    };
    ($name:ident) => {
        Some(exported::$name)
    };
}

/// One exported kernel with its tag and the handler that keeps panics from crossing the border.
#[doc(hidden)]
#[macro_export]
macro_rules! exported_kernel {
    ($name:ident, $context:ty) => {
        pub extern "C" fn $name(context: *mut std::ffi::c_void) -> u64 {
            unsafe {
                std::arch::asm!(
                    concat!("/* ", stringify!($name), " */"),
                    options(nomem, nostack, preserves_flags)
                );
            }
            let run = || super::$name(unsafe { &mut *(context as *mut $context) });
            match std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)) {
                Ok(digest) => digest,
                Err(payload) => $crate::border::report_panic(payload),
            }
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! exported_faulty {
    ($why:literal, $context:ty) => {};
    ($name:ident, $context:ty) => {
        $crate::exported_kernel!($name, $context);
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! faulty {
    ($why:literal) => {
        $crate::border::Faulty::Inexpressible($why)
    };
    ($name:ident) => {
        $crate::border::Faulty::Kernel(exported::$name)
    };
}
