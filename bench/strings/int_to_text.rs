//! The twin of int_to_text.cc: the type decides how it is written, a String grows, a slice has an end.
use std::ffi::CStr;
use std::fmt::Write as _;
use std::io::Write as _;

use safecost::{case, destroyed, input, slice, Context};

input! {
    struct Input {
        values: *const i64,
        count: usize,
        room: usize,
        format: *const i8,
    }
}

fn values_of(input: &Input) -> Vec<i64> {
    unsafe { slice(input.values, input.count) }.to_vec()
}

fn digest_of(text: &[u8]) -> u64 {
    text.iter().fold(0u64, |digest, &byte| digest.wrapping_mul(31).wrapping_add(u64::from(byte)))
}

/// Room without a size; whoever reads it looks for the terminator.
struct Terminated {
    values: Vec<i64>,
    text: Vec<u8>,
}

impl Context<Input> for Terminated {
    const DIGESTS: bool = true;
    fn prepare(input: &Input) -> Self {
        Terminated { values: values_of(input), text: vec![b'#'; input.room] }
    }
    fn digest(&self) -> u64 {
        digest_of(unsafe { CStr::from_ptr(self.text.as_ptr().cast()) }.to_bytes())
    }
}

/// The same room with its size; the text has a length.
struct Counted {
    values: Vec<i64>,
    text: Vec<u8>,
    length: usize,
}

impl Context<Input> for Counted {
    const DIGESTS: bool = true;
    fn prepare(input: &Input) -> Self {
        Counted { values: values_of(input), text: vec![b'#'; input.room], length: 0 }
    }
    fn digest(&self) -> u64 {
        digest_of(&self.text[..self.length])
    }
}

/// A string, which makes room when it must; it has had time to make it.
struct Grown {
    values: Vec<i64>,
    text: String,
}

impl Context<Input> for Grown {
    const DIGESTS: bool = true;
    fn prepare(input: &Input) -> Self {
        Grown { values: values_of(input), text: String::with_capacity(input.count * 21) }
    }
    fn digest(&self) -> u64 {
        digest_of(self.text.as_bytes())
    }
}

static PAIRS: [[u8; 2]; 100] = {
    let mut table = [[0; 2]; 100];
    let mut i = 0;
    while i < 100 {
        table[i] = [b'0' + (i / 10) as u8, b'0' + (i % 10) as u8];
        i += 1;
    }
    table
};

/// Where digits go: a raw pointer, or a slice that looks at each position.
trait Place {
    fn one(self, digit: u32) -> Self;
    fn pair(self, pair: u32) -> Self;
    fn byte(self, byte: u8) -> Self;
}

#[derive(Clone, Copy)]
struct Pointer(*mut u8);

impl Place for Pointer {
    #[inline(always)]
    fn one(self, digit: u32) -> Self {
        self.byte(b'0' + digit as u8)
    }
    #[inline(always)]
    fn pair(self, pair: u32) -> Self {
        unsafe {
            let digits = PAIRS.get_unchecked(pair as usize);
            std::ptr::copy_nonoverlapping(digits.as_ptr(), self.0, 2);
            Pointer(self.0.add(2))
        }
    }
    #[inline(always)]
    fn byte(self, byte: u8) -> Self {
        unsafe {
            *self.0 = byte;
            Pointer(self.0.add(1))
        }
    }
}

struct Indexed<'a> {
    text: &'a mut [u8],
    length: usize,
}

impl Place for Indexed<'_> {
    #[inline(always)]
    fn one(self, digit: u32) -> Self {
        self.byte(b'0' + digit as u8)
    }
    #[inline(always)]
    fn pair(self, pair: u32) -> Self {
        self.text[self.length..self.length + 2].copy_from_slice(&PAIRS[pair as usize]);
        Indexed { length: self.length + 2, ..self }
    }
    #[inline(always)]
    fn byte(self, byte: u8) -> Self {
        self.text[self.length] = byte;
        Indexed { length: self.length + 1, ..self }
    }
}

#[inline(always)]
fn write_four<P: Place>(place: P, value: u32) -> P {
    place.pair(value / 100).pair(value % 100)
}

#[inline(always)]
fn write_eight<P: Place>(place: P, value: u32) -> P {
    write_four(write_four(place, value / 10_000), value % 10_000)
}

/// One or two digits.
#[inline(always)]
fn write_front<P: Place>(place: P, value: u32) -> P {
    if value < 10 {
        place.one(value)
    } else {
        place.pair(value)
    }
}

/// Up to eight digits, no zeros in front.
#[inline(always)]
fn write_group<P: Place>(place: P, value: u32) -> P {
    if value < 100 {
        return write_front(place, value);
    }
    if value < 10_000 {
        return write_front(place, value / 100).pair(value % 100);
    }
    if value < 1_000_000 {
        return write_four(write_front(place, value / 10_000), value % 10_000);
    }
    let front = write_front(place, value / 1_000_000);
    let rest = value % 1_000_000;
    write_four(front.pair(rest / 10_000), rest % 10_000)
}

#[inline(always)]
fn write_number<P: Place>(place: P, number: i64) -> P {
    const GROUP: u64 = 100_000_000;
    let mut place = place;
    let value = number.unsigned_abs();
    if number < 0 {
        place = place.byte(b'-');
    }
    if value < GROUP {
        return write_group(place, value as u32);
    }
    let last = (value % GROUP) as u32;
    let value = value / GROUP;
    if value < GROUP {
        place = write_group(place, value as u32);
    } else {
        place = write_group(place, (value / GROUP) as u32);
        place = write_eight(place, (value % GROUP) as u32);
    }
    write_eight(place, last)
}

#[inline(always)]
fn write_numbers(context: &mut Terminated) -> Pointer {
    let mut place = Pointer(context.text.as_mut_ptr());
    for &value in &context.values {
        place = write_number(place, value).byte(b' ');
    }
    place
}

#[inline(always)]
fn rust_unchecked(context: &mut Terminated) -> u64 {
    let end = write_numbers(context);
    end.byte(0);
    (end.0 as usize - context.text.as_ptr() as usize) as u64
}

/// The terminator is forgotten.
#[inline(always)]
fn rust_unchecked_unterminated(context: &mut Terminated) -> u64 {
    let end = write_numbers(context);
    (end.0 as usize - context.text.as_ptr() as usize) as u64
}

#[inline(always)]
fn rust_index(context: &mut Counted) -> u64 {
    let mut place = Indexed { text: &mut context.text, length: 0 };
    for &value in &context.values {
        place = write_number(place, value).byte(b' ');
    }
    context.length = place.length;
    context.length as u64
}

/// One question a number: is there room for any? The last few are written aside, and copied if they fit.
#[inline(always)]
fn rust_room_for_any(context: &mut Counted) -> u64 {
    let write_into = |text: &mut [u8; 21], value: i64| {
        write_number(Indexed { text, length: 0 }, value).byte(b' ').length
    };
    let room = context.text.len();
    let mut rest = context.text.as_mut_slice();
    for &value in &context.values {
        if let Some(place) = rest.first_chunk_mut() {
            let length = write_into(place, value);
            rest = &mut rest[length..];
        } else {
            let mut aside = [0; 21];
            let length = write_into(&mut aside, value);
            rest[..length].copy_from_slice(&aside[..length]);
            rest = &mut rest[length..];
        }
    }
    context.length = room - rest.len();
    context.length as u64
}

#[inline(always)]
fn rust_write_slice(context: &mut Counted) -> u64 {
    let room = context.text.len();
    let mut rest = context.text.as_mut_slice();
    for &value in &context.values {
        write!(rest, "{value} ").expect("the text is longer than its room");
    }
    context.length = room - rest.len();
    context.length as u64
}

#[inline(always)]
fn rust_write(context: &mut Grown) -> u64 {
    context.text.clear();
    for &value in &context.values {
        write!(context.text, "{value} ").expect("a String takes all");
    }
    context.text.len() as u64
}

#[inline(always)]
fn rust_to_string(context: &mut Grown) -> u64 {
    context.text.clear();
    for &value in &context.values {
        context.text.push_str(&value.to_string());
        context.text.push(' ');
    }
    context.text.len() as u64
}

/// The numbers are gone when they are written.
#[inline(always)]
fn rust_unchecked_destroyed(context: &mut Terminated) -> u64 {
    destroyed(context, |it| &mut it.values, rust_unchecked)
}

case! { Input:
    raw rust_unchecked(Terminated) "groups of eight digits, two at a time from a table, by raw pointer" [bespoke]
        { unterminated: rust_unchecked_unterminated, destroyed_before: rust_unchecked_destroyed };
    safe rust_index(Counted) "the same into a slice, each position looked at" [bespoke]
        { unterminated: "the text has a length: nobody looks for a terminator",
          destroyed_before: "the compiler lets no slice outlive what it borrows (E0505)" }
        claims { short_buffer: "always", wrong_format: "always", foreign_format: "always" };
    safe rust_room_for_any(Counted) "the same into an array, for which room is cut off once a number" [bespoke]
        { unterminated: "the text has a length: nobody looks for a terminator",
          destroyed_before: "the compiler lets no slice outlive what it borrows (E0505)" }
        claims { short_buffer: "always", wrong_format: "always", foreign_format: "always" };
    safe rust_write_slice(Counted) "write! into the rest of a slice" as "format" [library]
        { unterminated: "the text has a length: nobody looks for a terminator",
          destroyed_before: "the compiler lets no slice outlive what it borrows (E0505)" }
        claims { short_buffer: "always", wrong_format: "always", foreign_format: "always" };
    safe rust_write(Grown) "write! into a String" as "format" [library]
        { unterminated: "the text has a length: nobody looks for a terminator",
          destroyed_before: "the compiler lets no slice outlive what it borrows (E0505)" }
        claims { short_buffer: "always", wrong_format: "always", foreign_format: "always" };
    safe rust_to_string(Grown) "to_string, pushed to a String" as "to_string" [library]
        { unterminated: "the text has a length: nobody looks for a terminator",
          destroyed_before: "the compiler lets no slice outlive what it borrows (E0505)" }
        claims { short_buffer: "always", wrong_format: "always", foreign_format: "always" };
}
