//! The twin of read_name.cc: a Result must be looked at before its value can be had.
use std::ffi::{c_char, c_int, c_void, CStr, CString};
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use safecost::{case, input, slice, Context};

input! {
    struct Input {
        paths: *const *const c_char,
        count: usize,
        room: usize,
        claimed: usize,
    }
}

struct Paths {
    paths: Vec<PathBuf>,
    terminated: Vec<CString>, // the same, for the raw code alone
    name: Vec<u8>,            // for the raw code alone
    claimed: usize,
}

impl Context<Input> for Paths {
    fn prepare(input: &Input) -> Self {
        let given = unsafe { slice(input.paths, input.count) };
        let terminated: Vec<CString> =
            given.iter().map(|path| unsafe { CStr::from_ptr(*path) }.to_owned()).collect();
        let paths = terminated.iter().map(|path| path.to_str().unwrap().into()).collect();
        Paths { paths, terminated, name: vec![0; input.room], claimed: input.claimed }
    }
}

const EINVAL: c_int = 22;
const ENAMETOOLONG: c_int = 36;

/// How an error enters a digest.
#[inline(always)]
fn failure(error: c_int) -> u64 {
    !(error as u64)
}

mod by_code {
    use super::*;

    const O_RDONLY: c_int = 0;
    const O_CLOEXEC: c_int = 0o2_000_000;

    extern "C" {
        fn open(path: *const c_char, flags: c_int, ...) -> c_int;
        fn read(file: c_int, buffer: *mut c_void, room: usize) -> isize;
        fn close(file: c_int) -> c_int;
    }

    fn errno() -> c_int {
        io::Error::last_os_error().raw_os_error().unwrap_or(0)
    }

    #[inline(never)]
    unsafe fn read_file(
        path: *const c_char,
        buffer: *mut u8,
        room: usize,
        length: *mut usize,
    ) -> c_int {
        unsafe {
            let file = open(path, O_RDONLY | O_CLOEXEC);
            if file < 0 {
                return errno();
            }
            let got = read(file, buffer.cast(), room);
            let error = if got < 0 { errno() } else { 0 };
            *length = got as usize;
            close(file);
            error
        }
    }

    #[inline(never)]
    unsafe fn read_name(path: *const c_char, name: *mut u8, room: usize) -> c_int {
        let key = b"name=";
        let mut line = std::mem::MaybeUninit::<[u8; 128]>::uninit();
        let line = line.as_mut_ptr().cast::<u8>();
        let mut length = 0;
        unsafe {
            let error = read_file(path, line, 128, &mut length);
            if error != 0 {
                return error;
            }
            if length < key.len() || std::slice::from_raw_parts(line, key.len()) != key {
                return EINVAL;
            }
            let start = line.add(key.len());
            let mut letters = 0;
            while letters < length - key.len() && *start.add(letters) != b'\n' {
                letters += 1;
            }
            if letters >= room {
                return ENAMETOOLONG;
            }
            std::ptr::copy_nonoverlapping(start, name, letters);
            *name.add(letters) = 0;
        }
        0
    }

    #[inline(never)]
    pub unsafe fn number_of_name(
        path: *const c_char,
        name: *mut u8,
        room: usize,
        number: *mut u64,
    ) -> c_int {
        unsafe {
            let error = read_name(path, name, room);
            if error != 0 {
                return error;
            }
            let mut total = 0u64;
            let mut letter = name;
            while *letter != 0 {
                total = total.wrapping_mul(31).wrapping_add(u64::from(*letter));
                letter = letter.add(1);
            }
            *number = total;
        }
        0
    }
}

#[inline(always)]
fn rust_unchecked(context: &mut Paths) -> u64 {
    let mut digest = 0u64;
    for path in &context.terminated {
        let mut number = 0;
        let name = context.name.as_mut_ptr();
        let error =
            unsafe { by_code::number_of_name(path.as_ptr(), name, context.claimed, &mut number) };
        digest =
            digest.wrapping_mul(31).wrapping_add(if error != 0 { failure(error) } else { number });
    }
    digest
}

/// Nobody looks at the code: the last name's number is taken for that of a file that is missing.
#[inline(always)]
fn rust_unchecked_ignored(context: &mut Paths) -> u64 {
    let mut digest = 0u64;
    let mut number = 0;
    for path in &context.terminated {
        let name = context.name.as_mut_ptr();
        unsafe { by_code::number_of_name(path.as_ptr(), name, context.claimed, &mut number) };
        digest = digest.wrapping_mul(31).wrapping_add(number);
    }
    digest
}

/// The same with a number that was never set.
#[inline(always)]
fn rust_unchecked_uninitialised(context: &mut Paths) -> u64 {
    let mut digest = 0u64;
    for path in &context.terminated {
        let mut number = std::mem::MaybeUninit::<u64>::uninit();
        let name = context.name.as_mut_ptr();
        unsafe {
            by_code::number_of_name(path.as_ptr(), name, context.claimed, number.as_mut_ptr());
            digest = digest.wrapping_mul(31).wrapping_add(number.assume_init());
        }
    }
    digest
}

enum ReadError {
    System(io::Error),
    Malformed,
}

impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> Self {
        ReadError::System(error)
    }
}

impl ReadError {
    fn code(&self) -> c_int {
        match self {
            ReadError::System(error) => error.raw_os_error().unwrap_or(0),
            ReadError::Malformed => EINVAL,
        }
    }
}

#[inline(never)]
fn read_file<'a>(path: &Path, buffer: &'a mut [u8]) -> Result<&'a [u8], ReadError> {
    let length = File::open(path)?.read(buffer)?;
    Ok(&buffer[..length])
}

/// Unlike std::string a Vec keeps no short name within itself: it allocates.
#[inline(never)]
fn read_name(path: &Path) -> Result<Vec<u8>, ReadError> {
    let mut buffer = [0; 128];
    let line = read_file(path, &mut buffer)?;
    let name = line.strip_prefix(b"name=").ok_or(ReadError::Malformed)?;
    let end = name.iter().position(|letter| *letter == b'\n').unwrap_or(name.len());
    Ok(name[..end].to_vec())
}

#[inline(never)]
fn number_of_name(path: &Path) -> Result<u64, ReadError> {
    let name = read_name(path)?;
    Ok(name
        .iter()
        .fold(0u64, |number, letter| number.wrapping_mul(31).wrapping_add(u64::from(*letter))))
}

#[inline(always)]
fn rust_result(context: &mut Paths) -> u64 {
    let mut digest = 0u64;
    for path in &context.paths {
        let number = number_of_name(path).unwrap_or_else(|error| failure(error.code()));
        digest = digest.wrapping_mul(31).wrapping_add(number);
    }
    digest
}

/// A Result gives its value to nobody who has not asked, if only by unwrap, which panics.
#[inline(always)]
fn rust_result_ignored(context: &mut Paths) -> u64 {
    let mut digest = 0u64;
    for path in &context.paths {
        let number = number_of_name(path).map_err(|error| error.code()).unwrap();
        digest = digest.wrapping_mul(31).wrapping_add(number);
    }
    digest
}

case! { Input:
    raw rust_unchecked(Paths) "errno returned, results through raw pointers, the C library's calls" [ordinary]
        { ignored_error: rust_unchecked_ignored, uninitialised: rust_unchecked_uninitialised };
    safe rust_result(Paths) "Result and the question mark, std::fs::File" [library]
        { ignored_error: rust_result_ignored,
          uninitialised: "the compiler rejects a variable that is used before it is set (E0381)" }
        claims { wrong_size: "always", one_too_small: "always", embedded_nul: "always",
                 no_buffer: "always", ignored_error: "always" };
}
