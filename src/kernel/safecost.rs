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

use std::any::Any;
use std::ffi::{c_char, c_void, CString};
use std::sync::OnceLock;

pub mod abi {
    //! Mirrors `kernel/abi.h` field by field.
    use std::ffi::{c_char, c_void};

    pub const ABI_VERSION: u32 = 3;
    pub const ROLE_RAW: u32 = 0;
    pub const ROLE_SAFE: u32 = 1;
    pub const FAULT_KERNEL: u32 = 2;
    pub const STOP_PANIC: u32 = 1 << 4;

    pub type Kernel = extern "C" fn(*mut c_void) -> u64;

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
        pub generate: Option<extern "C" fn(*const c_void) -> *const c_void>,
        pub release: Option<extern "C" fn(*const c_void)>,
    }
}

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

#[doc(hidden)]
pub mod border {
    use super::*;

    /// The panic that last reached the border: noted for the runner, never passed on.
    pub static mut REPORT: abi::Report = abi::Report {
        struct_size: std::mem::size_of::<abi::Report>() as u32,
        stop: 0,
        count: 0,
        text: [0; 160],
    };

    #[cold]
    #[inline(never)]
    pub fn report_panic(payload: Box<dyn Any + Send>) -> u64 {
        let text = payload
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| payload.downcast_ref::<&str>().copied())
            .unwrap_or("a panic without a message");
        let report = &raw mut REPORT;
        // The runner calls kernels of one plugin from one thread.
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
        std::panic::catch_unwind(make)
            .map_or(std::ptr::null_mut(), |context| context as *mut c_void)
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
        run: abi::Kernel,
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
            flags: 0,
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
            generate: None,
            release: None,
        })
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
        $({ $($fault:ident : $faulty:tt),+ $(,)? })? $(claims { $($claimed:ident : $conditions:literal),+ $(,)? })? ;)+) => {
        mod exported {
            use super::*;
            $(
                $crate::exported_kernel!($name, $context);
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
                        stringify!($role), stringify!($name), $summary, $crate::algorithm!($($algorithm)?), exported::$name,
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
