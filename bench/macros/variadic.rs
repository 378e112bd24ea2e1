//! The twin of variadic.cc: a function has a fixed number of parameters, and a macro makes a call for each argument.
use std::fmt::Write as _;
use std::io::Write as _;

use safecost::{case, destroyed, input, slice, Context};

input! {
    struct Event {
        id: u32,
        name: u16,
        name_length: u16,
        value: i64,
    }

    struct Input {
        events: *const Event,
        count: usize,
        letters: *const i8,
        letter_count: usize,
        opened: *const i8,
        measured: *const i8,
        opened_braces: *const i8,
        measured_braces: *const i8,
    }
}

const LONGEST_NAME: usize = 12;
const LONGEST_ID: usize = 10;
const LONGEST_VALUE: usize = 20;
/// Both lines of an event, whatever it holds.
const ROOM_OF_EVENT: usize =
    "[] opened \n[] :  bytes\n".len() + 1 + 2 * LONGEST_ID + 2 * LONGEST_NAME + LONGEST_VALUE;

fn events_of(input: &Input) -> Vec<Event> {
    unsafe { slice(input.events, input.count) }.to_vec()
}

fn letters_of(input: &Input) -> Vec<u8> {
    unsafe { slice(input.letters.cast(), input.letter_count) }.to_vec()
}

fn digest_of(text: &[u8]) -> u64 {
    text.iter().fold(0u64, |digest, &byte| digest.wrapping_mul(31).wrapping_add(u64::from(byte)))
}

/// Names are text, which is looked at once; formats are those of the catalogue.
struct Logged {
    events: Vec<Event>,
    letters: String,
    opened: &'static str,
    measured: &'static str,
    text: Vec<u8>,
    length: usize,
}

/// The catalogue outlives every context.
fn catalogued(format: *const i8) -> &'static str {
    unsafe { std::ffi::CStr::from_ptr(format.cast()) }.to_str().expect("formats are ASCII")
}

impl Context<Input> for Logged {
    const DIGESTS: bool = true;
    fn prepare(input: &Input) -> Self {
        Logged {
            events: events_of(input),
            letters: String::from_utf8(letters_of(input)).expect("names are ASCII"),
            opened: catalogued(input.opened),
            measured: catalogued(input.measured),
            text: vec![b'#'; (input.count + 1) * ROOM_OF_EVENT],
            length: 0,
        }
    }
    fn digest(&self) -> u64 {
        digest_of(&self.text[..self.length])
    }
}

/// A string, which makes room when it must; it has had time to make it.
struct Grown {
    events: Vec<Event>,
    letters: String,
    text: String,
}

impl Context<Input> for Grown {
    const DIGESTS: bool = true;
    fn prepare(input: &Input) -> Self {
        Grown {
            events: events_of(input),
            letters: String::from_utf8(letters_of(input)).expect("names are ASCII"),
            text: String::with_capacity((input.count + 1) * ROOM_OF_EVENT),
        }
    }
    fn digest(&self) -> u64 {
        digest_of(self.text.as_bytes())
    }
}

#[inline(always)]
fn name_of<'a>(letters: &'a str, event: &Event) -> &'a str {
    let first = usize::from(event.name);
    &letters[first..first + usize::from(event.name_length)]
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

/// Digits from behind, and where they begin.
#[inline(never)]
fn digits_of(digits: &mut [u8; LONGEST_VALUE], mut value: u64) -> usize {
    let mut first = LONGEST_VALUE;
    while value >= 100 {
        first -= 2;
        digits[first..first + 2].copy_from_slice(&PAIRS[(value % 100) as usize]);
        value /= 100;
    }
    if value >= 10 {
        first -= 2;
        digits[first..first + 2].copy_from_slice(&PAIRS[value as usize]);
    } else {
        first -= 1;
        digits[first] = b'0' + value as u8;
    }
    first
}

// Raw: what a C function of any number of arguments is given, words one behind the other.

struct RawLog {
    next: *mut u8,
    end: *mut u8,
}

#[inline(never)]
unsafe fn raw_unsigned(place: *mut u8, mut value: u64) -> *mut u8 {
    let mut digits = [0u8; LONGEST_VALUE];
    let end = digits.as_mut_ptr_range().end;
    let mut first = end;
    unsafe {
        while value >= 100 {
            first = first.sub(2);
            first.cast::<[u8; 2]>().write(*PAIRS.get_unchecked((value % 100) as usize));
            value /= 100;
        }
        if value >= 10 {
            first = first.sub(2);
            first.cast::<[u8; 2]>().write(*PAIRS.get_unchecked(value as usize));
        } else {
            first = first.sub(1);
            *first = b'0' + value as u8;
        }
        let length = end.offset_from(first) as usize;
        std::ptr::copy_nonoverlapping(first, place, length);
        place.add(length)
    }
}

#[inline(never)]
unsafe fn raw_signed(place: *mut u8, value: i64) -> *mut u8 {
    unsafe {
        if value >= 0 {
            return raw_unsigned(place, value as u64);
        }
        *place = b'-';
        raw_unsigned(place.add(1), value.unsigned_abs())
    }
}

#[inline(never)]
unsafe fn raw_put_text(log: &mut RawLog, text: *const u8, length: usize) {
    unsafe {
        let room = log.end.offset_from(log.next) as usize;
        let length = length.min(room);
        std::ptr::copy_nonoverlapping(text, log.next, length);
        log.next = log.next.add(length);
    }
}

#[inline(never)]
unsafe fn raw_put_unsigned(log: &mut RawLog, number: u64) {
    let mut digits = [0u8; LONGEST_VALUE];
    unsafe {
        let end = raw_unsigned(digits.as_mut_ptr(), number);
        raw_put_text(log, digits.as_ptr(), end.offset_from(digits.as_ptr()) as usize);
    }
}

#[inline(never)]
unsafe fn raw_put_signed(log: &mut RawLog, number: i64) {
    let mut digits = [0u8; LONGEST_VALUE];
    unsafe {
        let end = raw_signed(digits.as_mut_ptr(), number);
        raw_put_text(log, digits.as_ptr(), end.offset_from(digits.as_ptr()) as usize);
    }
}

#[inline(never)]
unsafe fn length_of(text: *const u8) -> usize {
    unsafe { std::ffi::CStr::from_ptr(text.cast()) }.count_bytes()
}

/// `arguments` is as long as the format says.
#[inline(never)]
unsafe fn raw_put_line(log: &mut RawLog, format: *const u8, arguments: *const u64) {
    unsafe {
        let mut format = format;
        let mut next = arguments;
        let mut take = || {
            let word = *next;
            next = next.add(1);
            word
        };
        loop {
            let literal = format;
            while *format != 0 && *format != b'%' {
                format = format.add(1);
            }
            raw_put_text(log, literal, format.offset_from(literal) as usize);
            if *format == 0 {
                break;
            }
            match *format.add(1) {
                b'u' => {
                    raw_put_unsigned(log, u64::from(take() as u32));
                    format = format.add(2);
                }
                b'l' => {
                    raw_put_signed(log, take() as i64);
                    format = format.add(3);
                }
                b's' => {
                    let text = take() as *const u8;
                    raw_put_text(log, text, length_of(text));
                    format = format.add(2);
                }
                _ => break,
            }
        }
    }
}

fn raw_log(text: &mut [u8]) -> RawLog {
    let range = text.as_mut_ptr_range();
    RawLog { next: range.start, end: range.end }
}

#[inline(always)]
fn finished(context: &mut Logged, next: *const u8) -> u64 {
    context.length = next as usize - context.text.as_ptr() as usize;
    context.length as u64
}

#[inline(always)]
fn rust_unchecked(context: &mut Logged) -> u64 {
    let mut log = raw_log(&mut context.text);
    let (opened, measured) = (context.opened.as_ptr(), context.measured.as_ptr());
    for event in &context.events {
        unsafe {
            let name = context.letters.as_ptr().add(usize::from(event.name));
            raw_put_line(&mut log, opened, [u64::from(event.id), name as u64].as_ptr());
            raw_put_line(
                &mut log,
                measured,
                [u64::from(event.id), name as u64, event.value as u64].as_ptr(),
            );
        }
    }
    finished(context, log.next)
}

#[inline(always)]
fn rust_unchecked_pieces(context: &mut Logged) -> u64 {
    let mut log = raw_log(&mut context.text);
    for event in &context.events {
        unsafe {
            let name = context.letters.as_ptr().add(usize::from(event.name));
            let length = usize::from(event.name_length);
            raw_put_text(&mut log, b"[".as_ptr(), 1);
            raw_put_unsigned(&mut log, u64::from(event.id));
            raw_put_text(&mut log, b"] opened ".as_ptr(), 9);
            raw_put_text(&mut log, name, length);
            raw_put_text(&mut log, b"\n".as_ptr(), 1);
            raw_put_text(&mut log, b"[".as_ptr(), 1);
            raw_put_unsigned(&mut log, u64::from(event.id));
            raw_put_text(&mut log, b"] ".as_ptr(), 2);
            raw_put_text(&mut log, name, length);
            raw_put_text(&mut log, b": ".as_ptr(), 2);
            raw_put_signed(&mut log, event.value);
            raw_put_text(&mut log, b" bytes\n".as_ptr(), 7);
        }
    }
    finished(context, log.next)
}

#[inline(always)]
unsafe fn raw_write(place: *mut u8, text: *const u8, length: usize) -> *mut u8 {
    unsafe {
        std::ptr::copy_nonoverlapping(text, place, length);
        place.add(length)
    }
}

/// One question a line, whether the longest that it can be fits.
#[inline(always)]
fn rust_unchecked_reserved(context: &mut Logged) -> u64 {
    let RawLog { mut next, end } = raw_log(&mut context.text);
    for event in &context.events {
        unsafe {
            let name = context.letters.as_ptr().add(usize::from(event.name));
            let length = usize::from(event.name_length);
            if (end.offset_from(next) as usize) < 11 + LONGEST_ID + length {
                break;
            }
            next = raw_write(next, b"[".as_ptr(), 1);
            next = raw_unsigned(next, u64::from(event.id));
            next = raw_write(next, b"] opened ".as_ptr(), 9);
            next = raw_write(next, name, length);
            next = raw_write(next, b"\n".as_ptr(), 1);
            if (end.offset_from(next) as usize) < 12 + LONGEST_ID + length + LONGEST_VALUE {
                break;
            }
            next = raw_write(next, b"[".as_ptr(), 1);
            next = raw_unsigned(next, u64::from(event.id));
            next = raw_write(next, b"] ".as_ptr(), 2);
            next = raw_write(next, name, length);
            next = raw_write(next, b": ".as_ptr(), 2);
            next = raw_signed(next, event.value);
            next = raw_write(next, b" bytes\n".as_ptr(), 7);
        }
    }
    finished(context, next)
}

// Safe: what is left of the room is a slice.

struct Log<'a> {
    text: &'a mut [u8],
    length: usize,
}

impl Log<'_> {
    #[inline(never)]
    fn put_bytes(&mut self, bytes: &[u8]) {
        self.text[self.length..self.length + bytes.len()].copy_from_slice(bytes);
        self.length += bytes.len();
    }
}

/// What can be written into a log, by its type.
trait Piece {
    fn put_into(self, log: &mut Log);
}

impl Piece for &str {
    #[inline(always)]
    fn put_into(self, log: &mut Log) {
        log.put_bytes(self.as_bytes());
    }
}

impl Piece for u32 {
    #[inline(always)]
    fn put_into(self, log: &mut Log) {
        put_number(log, false, u64::from(self));
    }
}

impl Piece for i64 {
    #[inline(always)]
    fn put_into(self, log: &mut Log) {
        put_number(log, self < 0, self.unsigned_abs());
    }
}

#[inline(never)]
fn put_number(log: &mut Log, negative: bool, value: u64) {
    let mut digits = [0; LONGEST_VALUE];
    let first = digits_of(&mut digits, value);
    if negative {
        log.put_bytes(b"-");
    }
    log.put_bytes(&digits[first..]);
}

/// A call for each argument.
macro_rules! put {
    ($log:expr, $($piece:expr),+ $(,)?) => {{
        let log = $log;
        $($piece.put_into(log);)+
    }};
}

#[inline(always)]
fn rust_macro(context: &mut Logged) -> u64 {
    let log = &mut Log { text: &mut context.text, length: 0 };
    for event in &context.events {
        let name = name_of(&context.letters, event);
        put!(&mut *log, "[", event.id, "] opened ", name, "\n");
        put!(&mut *log, "[", event.id, "] ", name, ": ", event.value, " bytes\n");
    }
    context.length = log.length;
    context.length as u64
}

/// An argument that knows its type.
enum Argument<'a> {
    Unsigned(u32),
    Signed(i64),
    Text(&'a str),
}

/// The catalogue's format, held against what was given.
#[inline(never)]
fn put_checked(log: &mut Log, format: &str, arguments: &[Argument]) {
    let mut arguments = arguments.iter();
    let mut rest = format;
    loop {
        let literal = rest.bytes().position(|byte| byte == b'%').unwrap_or(rest.len());
        log.put_bytes(&rest.as_bytes()[..literal]);
        rest = &rest[literal..];
        if rest.is_empty() {
            break;
        }
        let argument = arguments.next().expect("the format asks for more than was given");
        let taken = match argument {
            Argument::Unsigned(number) if rest.starts_with("%u") => {
                number.put_into(log);
                2
            }
            Argument::Signed(number) if rest.starts_with("%ld") => {
                number.put_into(log);
                3
            }
            Argument::Text(text) if rest.starts_with("%s") => {
                text.put_into(log);
                2
            }
            _ => panic!("the format asks for another type than was given"),
        };
        rest = &rest[taken..];
    }
}

#[inline(always)]
fn rust_enum_slice(context: &mut Logged) -> u64 {
    use Argument::{Signed, Text, Unsigned};
    let log = &mut Log { text: &mut context.text, length: 0 };
    for event in &context.events {
        let name = name_of(&context.letters, event);
        put_checked(log, context.opened, &[Unsigned(event.id), Text(name)]);
        put_checked(log, context.measured, &[Unsigned(event.id), Text(name), Signed(event.value)]);
    }
    context.length = log.length;
    context.length as u64
}

#[inline(always)]
fn rust_write_slice(context: &mut Logged) -> u64 {
    let room = context.text.len();
    let mut rest = context.text.as_mut_slice();
    for event in &context.events {
        let name = name_of(&context.letters, event);
        let Event { id, value, .. } = event;
        writeln!(rest, "[{id}] opened {name}").expect("the text is longer than its room");
        writeln!(rest, "[{id}] {name}: {value} bytes").expect("the text is longer than its room");
    }
    context.length = room - rest.len();
    context.length as u64
}

#[inline(always)]
fn rust_write(context: &mut Grown) -> u64 {
    context.text.clear();
    for event in &context.events {
        let name = name_of(&context.letters, event);
        let Event { id, value, .. } = event;
        writeln!(context.text, "[{id}] opened {name}").expect("a String takes all");
        writeln!(context.text, "[{id}] {name}: {value} bytes").expect("a String takes all");
    }
    context.text.len() as u64
}

/// The names are gone when they are written.
macro_rules! destroyed_before {
    ($($name:ident: $kernel:ident),*) => { $(
        #[inline(always)]
        fn $name(context: &mut Logged) -> u64 {
            destroyed(context, |it| &mut it.letters, $kernel)
        }
    )* };
}
destroyed_before!(rust_unchecked_destroyed: rust_unchecked,
                  rust_unchecked_pieces_destroyed: rust_unchecked_pieces,
                  rust_unchecked_reserved_destroyed: rust_unchecked_reserved);

case! { Input:
    raw rust_unchecked(Logged) "words through a raw pointer, as a format says that is read at each call" [ordinary]
        { destroyed_before: rust_unchecked_destroyed };
    raw rust_unchecked_pieces(Logged) "no format: one call for each piece of a line" as "pieces" [ordinary]
        { destroyed_before: rust_unchecked_pieces_destroyed }
        claims { wrong_type: "always", wrong_width: "always", wrong_count: "always" };
    raw rust_unchecked_reserved(Logged) "no format, and one question a line for its room" as "reserved" [bespoke]
        { destroyed_before: rust_unchecked_reserved_destroyed }
        claims { wrong_type: "always", wrong_width: "always", wrong_count: "always" };
    safe rust_macro(Logged) "macro_rules!, a call for each argument by its type" as "pieces" [ordinary]
        { destroyed_before: "the compiler lets no slice outlive what it borrows (E0505)" }
        claims { wrong_type: "always", wrong_width: "always", wrong_count: "always" };
    safe rust_enum_slice(Logged) "a slice of enums, held against the format" [ordinary]
        { destroyed_before: "the compiler lets no slice outlive what it borrows (E0505)" }
        claims { wrong_type: "always", wrong_width: "always", wrong_count: "always" };
    safe rust_write_slice(Logged) "writeln! into the rest of a slice" as "format" [library]
        { destroyed_before: "the compiler lets no slice outlive what it borrows (E0505)" }
        claims { wrong_type: "always", wrong_width: "always", wrong_count: "always" };
    safe rust_write(Grown) "writeln! into a String" as "format" [library]
        { destroyed_before: "the compiler lets no slice outlive what it borrows (E0505)" }
        claims { wrong_type: "always", wrong_width: "always", wrong_count: "always" };
}
