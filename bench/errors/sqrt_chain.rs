//! The twin of sqrt_chain.cc: a Result or an Option must be looked at before its value can be had.
use safecost::{case, input, slice, Context};

input! {
    struct Input {
        values: *const f64,
        count: usize,
    }
}

struct Values {
    values: Vec<f64>,
}

impl Context<Input> for Values {
    fn prepare(input: &Input) -> Self {
        Values { values: unsafe { slice(input.values, input.count) }.to_vec() }
    }
}

const EDOM: i32 = 33;
const FAILURE: u64 = !(EDOM as u64);

#[inline(always)]
fn add(digest: u64, result: u64) -> u64 {
    digest.wrapping_mul(31).wrapping_add(result)
}

mod by_code {
    use super::EDOM;

    #[inline(never)]
    unsafe fn square_root(value: f64, root: *mut f64) -> i32 {
        if value < 0.0 {
            return EDOM;
        }
        unsafe { *root = value.sqrt() };
        0
    }

    #[inline(never)]
    unsafe fn fourth_root(value: f64, root: *mut f64) -> i32 {
        let mut inner = std::mem::MaybeUninit::<f64>::uninit();
        unsafe {
            let error = square_root(value, inner.as_mut_ptr());
            if error != 0 {
                return error;
            }
            *root = inner.assume_init().sqrt();
        }
        0
    }

    #[inline(never)]
    pub unsafe fn eighth_root(value: f64, root: *mut f64) -> i32 {
        let mut inner = std::mem::MaybeUninit::<f64>::uninit();
        unsafe {
            let error = fourth_root(value, inner.as_mut_ptr());
            if error != 0 {
                return error;
            }
            *root = inner.assume_init().sqrt();
        }
        0
    }
}

#[inline(always)]
fn rust_unchecked(context: &mut Values) -> u64 {
    let mut digest = 0u64;
    for &value in &context.values {
        let mut root = 0.0;
        let error = unsafe { by_code::eighth_root(value, &mut root) };
        digest = add(digest, if error == 0 { root.to_bits() } else { FAILURE });
    }
    digest
}

/// Nobody looks at the code: the last number's root is taken for that of a negative one.
#[inline(always)]
fn rust_unchecked_ignored(context: &mut Values) -> u64 {
    let mut digest = 0u64;
    let mut root = 0.0;
    for &value in &context.values {
        unsafe { by_code::eighth_root(value, &mut root) };
        digest = add(digest, root.to_bits());
    }
    digest
}

/// The same with a root that was never set.
#[inline(always)]
fn rust_unchecked_uninitialised(context: &mut Values) -> u64 {
    let mut digest = 0u64;
    let mut root = std::mem::MaybeUninit::<f64>::uninit();
    for &value in &context.values {
        unsafe {
            by_code::eighth_root(value, root.as_mut_ptr());
            digest = add(digest, root.assume_init().to_bits());
        }
    }
    digest
}

/// 0 is taken for failure.
#[inline(always)]
fn rust_unchecked_inverted(context: &mut Values) -> u64 {
    let mut digest = 0u64;
    let mut root = 0.0;
    for &value in &context.values {
        let error = unsafe { by_code::eighth_root(value, &mut root) };
        digest = add(digest, if error != 0 { root.to_bits() } else { FAILURE });
    }
    digest
}

#[inline(always)]
fn rust_unchecked_null(context: &mut Values) -> u64 {
    let mut digest = 0u64;
    for &value in &context.values {
        let error = unsafe { by_code::eighth_root(value, std::ptr::null_mut()) };
        digest = add(digest, if error == 0 { 0 } else { FAILURE });
    }
    digest
}

/// Code and root in one struct, which comes back in two registers.
mod by_struct {
    use super::EDOM;
    use std::mem::MaybeUninit;

    pub struct Answer {
        pub root: MaybeUninit<f64>,
        pub error: i32,
    }

    #[inline(never)]
    fn square_root(value: f64) -> Answer {
        if value < 0.0 {
            return Answer { root: MaybeUninit::uninit(), error: EDOM };
        }
        Answer { root: MaybeUninit::new(value.sqrt()), error: 0 }
    }

    #[inline(never)]
    fn fourth_root(value: f64) -> Answer {
        let inner = square_root(value);
        if inner.error != 0 {
            return inner;
        }
        Answer { root: MaybeUninit::new(unsafe { inner.root.assume_init() }.sqrt()), error: 0 }
    }

    #[inline(never)]
    pub fn eighth_root(value: f64) -> Answer {
        let inner = fourth_root(value);
        if inner.error != 0 {
            return inner;
        }
        Answer { root: MaybeUninit::new(unsafe { inner.root.assume_init() }.sqrt()), error: 0 }
    }
}

/// A value that is no number passes frames by itself.
mod by_sentinel {
    #[inline(never)]
    fn square_root(value: f64) -> f64 {
        if value < 0.0 {
            f64::NAN
        } else {
            value.sqrt()
        }
    }

    #[inline(never)]
    fn fourth_root(value: f64) -> f64 {
        square_root(value).sqrt()
    }

    #[inline(never)]
    pub fn eighth_root(value: f64) -> f64 {
        fourth_root(value).sqrt()
    }
}

/// Raw code in four programs: right, twice without a look at the result, and with the look the wrong way.
macro_rules! raw_by_value {
    ($module:ident, $has_root:expr, $root_of:expr;
     $right:ident, $ignored:ident, $uninitialised:ident, $inverted:ident) => {
        #[inline(always)]
        fn $right(context: &mut Values) -> u64 {
            context.values.iter().fold(0u64, |digest, &value| {
                let result = $module::eighth_root(value);
                add(digest, if $has_root(&result) { $root_of(&result).to_bits() } else { FAILURE })
            })
        }

        #[inline(always)]
        fn $ignored(context: &mut Values) -> u64 {
            context.values.iter().fold(0u64, |digest, &value| {
                add(digest, $root_of(&$module::eighth_root(value)).to_bits())
            })
        }

        #[inline(always)]
        fn $uninitialised(context: &mut Values) -> u64 {
            $ignored(context)
        }

        #[inline(always)]
        fn $inverted(context: &mut Values) -> u64 {
            context.values.iter().fold(0u64, |digest, &value| {
                let result = $module::eighth_root(value);
                add(digest, if $has_root(&result) { FAILURE } else { $root_of(&result).to_bits() })
            })
        }
    };
}

raw_by_value!(by_struct, |it: &by_struct::Answer| it.error == 0,
              |it: &by_struct::Answer| unsafe { it.root.assume_init() };
              rust_unchecked_struct, rust_unchecked_struct_ignored,
              rust_unchecked_struct_uninitialised, rust_unchecked_struct_inverted);
raw_by_value!(by_sentinel, |it: &f64| !it.is_nan(), |it: &f64| *it;
              rust_unchecked_sentinel, rust_unchecked_sentinel_ignored,
              rust_unchecked_sentinel_uninitialised, rust_unchecked_sentinel_inverted);

mod by_result {
    pub struct Negative;

    #[inline(never)]
    fn square_root(value: f64) -> Result<f64, Negative> {
        if value < 0.0 {
            return Err(Negative);
        }
        Ok(value.sqrt())
    }

    #[inline(never)]
    fn fourth_root(value: f64) -> Result<f64, Negative> {
        Ok(square_root(value)?.sqrt())
    }

    #[inline(never)]
    pub fn eighth_root(value: f64) -> Result<f64, Negative> {
        Ok(fourth_root(value)?.sqrt())
    }
}

/// With an error that says what went wrong, as std::expected has it.
mod by_code_in_result {
    use super::EDOM;

    #[inline(never)]
    fn square_root(value: f64) -> Result<f64, i32> {
        if value < 0.0 {
            return Err(EDOM);
        }
        Ok(value.sqrt())
    }

    #[inline(never)]
    fn fourth_root(value: f64) -> Result<f64, i32> {
        Ok(square_root(value)?.sqrt())
    }

    #[inline(never)]
    pub fn eighth_root(value: f64) -> Result<f64, i32> {
        Ok(fourth_root(value)?.sqrt())
    }
}

mod by_option {
    #[inline(never)]
    fn square_root(value: f64) -> Option<f64> {
        if value < 0.0 {
            return None;
        }
        Some(value.sqrt())
    }

    #[inline(never)]
    fn fourth_root(value: f64) -> Option<f64> {
        square_root(value).map(f64::sqrt)
    }

    #[inline(never)]
    pub fn eighth_root(value: f64) -> Option<f64> {
        fourth_root(value).map(f64::sqrt)
    }
}

/// Each idiom in three programs: right, without a look at the result, and with the look the wrong way.
macro_rules! by_value {
    ($module:ident, $right:ident, $ignored:ident, $inverted:ident, $has_value:ident) => {
        #[inline(always)]
        fn $right(context: &mut Values) -> u64 {
            context.values.iter().fold(0u64, |digest, &value| {
                add(digest, $module::eighth_root(value).map_or(FAILURE, f64::to_bits))
            })
        }

        #[inline(always)]
        fn $ignored(context: &mut Values) -> u64 {
            context.values.iter().fold(0u64, |digest, &value| {
                add(digest, $module::eighth_root(value).ok().unwrap().to_bits())
            })
        }

        #[inline(always)]
        fn $inverted(context: &mut Values) -> u64 {
            context.values.iter().fold(0u64, |digest, &value| {
                let root = $module::eighth_root(value);
                let failed = !root.$has_value();
                add(digest, if failed { root.ok().unwrap().to_bits() } else { FAILURE })
            })
        }
    };
}

/// Option::ok, so that one macro serves both.
trait OptionOk {
    fn ok(self) -> Option<f64>;
}

impl OptionOk for Option<f64> {
    #[inline(always)]
    fn ok(self) -> Option<f64> {
        self
    }
}

by_value!(by_result, rust_result, rust_result_ignored, rust_result_inverted, is_ok);
by_value!(
    by_code_in_result,
    rust_result_code,
    rust_result_code_ignored,
    rust_result_code_inverted,
    is_ok
);
by_value!(by_option, rust_option, rust_option_ignored, rust_option_inverted, is_some);

case! { Input:
    raw rust_unchecked(Values) "errno returned, the root through a raw pointer" [ordinary]
        { ignored_error: rust_unchecked_ignored, uninitialised: rust_unchecked_uninitialised,
          inverted_check: rust_unchecked_inverted, no_place_for_result: rust_unchecked_null }
        claims { sentinel_value: "always" };
    raw rust_unchecked_struct(Values) "errno and root returned in a struct of two registers" [ordinary]
        { ignored_error: rust_unchecked_struct_ignored,
          uninitialised: rust_unchecked_struct_uninitialised,
          inverted_check: rust_unchecked_struct_inverted,
          no_place_for_result: "the root is returned: there is no pointer to be null" }
        claims { sentinel_value: "always" };
    raw rust_unchecked_sentinel(Values) "a root that is not a number, looked at once, on top" as "sentinel" [ordinary]
        { ignored_error: rust_unchecked_sentinel_ignored,
          uninitialised: rust_unchecked_sentinel_uninitialised,
          inverted_check: rust_unchecked_sentinel_inverted,
          no_place_for_result: "the root is returned: there is no pointer to be null" };
    safe rust_result(Values) "Result and the question mark, an error without contents" [library]
        { ignored_error: rust_result_ignored, inverted_check: rust_result_inverted,
          uninitialised: "the compiler rejects a variable that is used before it is set (E0381)",
          no_place_for_result: "the root is returned: there is no pointer to be null" }
        claims { ignored_error: "always", inverted_check: "always", sentinel_value: "always" };
    safe rust_result_code(Values) "Result and the question mark, an errno for its error" [library]
        { ignored_error: rust_result_code_ignored, inverted_check: rust_result_code_inverted,
          uninitialised: "the compiler rejects a variable that is used before it is set (E0381)",
          no_place_for_result: "the root is returned: there is no pointer to be null" }
        claims { ignored_error: "always", inverted_check: "always", sentinel_value: "always" };
    safe rust_option(Values) "Option and map" [library]
        { ignored_error: rust_option_ignored, inverted_check: rust_option_inverted,
          uninitialised: "the compiler rejects a variable that is used before it is set (E0381)",
          no_place_for_result: "the root is returned: there is no pointer to be null" }
        claims { ignored_error: "always", inverted_check: "always", sentinel_value: "always" };
}
