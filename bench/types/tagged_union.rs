//! The twin of tagged_union.cc: an enum is the union and its tag, and match gives what is there.
use safecost::{case, destroyed, input, slice, Context};

input! {
    struct Sent {
        tag: u8,
        stored: u8,
        low: u16,
        high: u32,
    }

    struct Input {
        messages: *const Sent,
        count: usize,
        letters: *const i8,
    }
}

const NUMBER: u32 = 0;
const REAL: u32 = 1;
const POINT: u32 = 2;
const BOX: u32 = 3;
const TEXT: u32 = 4;

#[derive(Clone, Copy)]
struct Point {
    x: i32,
    y: i32,
}

#[derive(Clone, Copy)]
struct Rectangle {
    x: i32,
    y: i32,
    width: i32,
    height: i32,
}

const LONGEST: u32 = 15;

/// What each alternative makes of the bytes that were sent.
impl Sent {
    fn number(&self) -> i64 {
        i64::from(self.high) << 16 | i64::from(self.low)
    }
    fn real(&self) -> f64 {
        f64::from(self.high) / 65_536.0
    }
    fn point(&self) -> Point {
        Point { x: i32::from(self.low & 255), y: i32::from(self.low >> 8) }
    }
    fn rectangle(&self) -> Rectangle {
        Rectangle {
            x: i32::from(self.low & 255),
            y: i32::from(self.low >> 8),
            width: 1 + (self.high & 4_095) as i32,
            height: 1 + (self.high >> 20) as i32,
        }
    }
    fn text(&self, letters: *const i8) -> &'static [u8] {
        let start = unsafe { letters.cast::<u8>().add(usize::from(self.low & 255)) };
        unsafe { slice(start, 1 + (self.high % LONGEST) as usize) }
    }
}

#[inline(always)]
fn value_of_point(point: &Point) -> u64 {
    (point.x as u64) << 32 | point.y as u64
}

#[inline(always)]
fn value_of_box(it: &Rectangle) -> u64 {
    (i64::from(it.width) * i64::from(it.height) + i64::from(it.x) + i64::from(it.y)) as u64
}

/// The input outlives every context.
enum Message {
    Number(i64),
    Real(f64),
    Point(Point),
    Box(Rectangle),
    Text(&'static [u8]),
}

struct Enums {
    messages: Vec<Message>,
}

impl Context<Input> for Enums {
    fn prepare(input: &Input) -> Self {
        let sent = unsafe { slice(input.messages, input.count) };
        let store = |it: &Sent| match u32::from(it.stored) {
            NUMBER => Message::Number(it.number()),
            REAL => Message::Real(it.real()),
            POINT => Message::Point(it.point()),
            BOX => Message::Box(it.rectangle()),
            _ => Message::Text(it.text(input.letters)),
        };
        Enums { messages: sent.iter().map(store).collect() }
    }
}

#[inline(always)]
fn fold<M>(messages: &[M], value: impl Fn(&M) -> u64) -> u64 {
    messages
        .iter()
        .fold(0u64, |digest, message| digest.wrapping_mul(31).wrapping_add(value(message)))
}

#[inline(always)]
fn rust_match(context: &mut Enums) -> u64 {
    fold(&context.messages, |message| match message {
        Message::Number(number) => *number as u64,
        Message::Real(real) => real.to_bits(),
        Message::Point(point) => value_of_point(point),
        Message::Box(it) => value_of_box(it),
        Message::Text(text) => {
            (text.len() as u64) << 16 | u64::from(text[0]) << 8 | u64::from(text[text.len() - 1])
        }
    })
}

/// As rust_match, and a text is asked for its ends instead of indexed, so that nothing can panic.
#[inline(always)]
fn rust_match_first(context: &mut Enums) -> u64 {
    fold(&context.messages, |message| match message {
        Message::Number(number) => *number as u64,
        Message::Real(real) => real.to_bits(),
        Message::Point(point) => value_of_point(point),
        Message::Box(it) => value_of_box(it),
        Message::Text(text) => match (text.first(), text.last()) {
            (Some(first), Some(last)) => {
                (text.len() as u64) << 16 | u64::from(*first) << 8 | u64::from(*last)
            }
            _ => 0,
        },
    })
}

#[derive(Clone, Copy)]
struct Text {
    start: *const u8,
    length: u64,
}

#[derive(Clone, Copy)]
union Member {
    number: i64,
    real: f64,
    point: Point,
    rectangle: Rectangle,
    text: Text,
}

struct Tagged {
    tag: u32,
    member: Member,
}

struct Unions {
    messages: Vec<Tagged>,
}

impl Context<Input> for Unions {
    fn prepare(input: &Input) -> Self {
        let sent = unsafe { slice(input.messages, input.count) };
        let store = |it: &Sent| {
            let mut member = Member { text: Text { start: std::ptr::null(), length: 0 } };
            match u32::from(it.stored) {
                NUMBER => member.number = it.number(),
                REAL => member.real = it.real(),
                POINT => member.point = it.point(),
                BOX => member.rectangle = it.rectangle(),
                _ => {
                    let text = it.text(input.letters);
                    member.text = Text { start: text.as_ptr(), length: text.len() as u64 }
                }
            }
            Tagged { tag: u32::from(it.tag), member }
        };
        Unions { messages: sent.iter().map(store).collect() }
    }
}

#[inline(always)]
unsafe fn value_of_text(text: Text) -> u64 {
    let last = unsafe { *text.start.add(text.length.wrapping_sub(1) as usize) };
    text.length << 16 | u64::from(unsafe { *text.start }) << 8 | u64::from(last)
}

/// Where the tag says a point: read as one or, by whoever copied the line, as a box.
#[inline(always)]
unsafe fn point_or_box(member: &Member, wrong: bool) -> u64 {
    unsafe {
        if wrong {
            value_of_box(&member.rectangle)
        } else {
            value_of_point(&member.point)
        }
    }
}

/// `other` is what a tag is that there is not.
#[inline(always)]
fn by_match(context: &Unions, wrong: bool, other: impl Fn() -> u64) -> u64 {
    fold(&context.messages, |Tagged { tag, member }| unsafe {
        match *tag {
            NUMBER => member.number as u64,
            REAL => member.real.to_bits(),
            POINT => point_or_box(member, wrong),
            BOX => value_of_box(&member.rectangle),
            TEXT => value_of_text(member.text),
            _ => other(),
        }
    })
}

#[inline(always)]
fn rust_unchecked(context: &mut Unions) -> u64 {
    by_match(context, false, || 0)
}

#[inline(always)]
fn rust_unchecked_unreachable(context: &mut Unions) -> u64 {
    by_match(context, false, || unsafe { std::hint::unreachable_unchecked() })
}

#[inline(always)]
fn rust_unchecked_wrong(context: &mut Unions) -> u64 {
    by_match(context, true, || 0)
}

#[inline(always)]
fn rust_unchecked_unreachable_wrong(context: &mut Unions) -> u64 {
    by_match(context, true, || unsafe { std::hint::unreachable_unchecked() })
}

/// Question after question.
#[inline(always)]
fn by_chain(context: &Unions, wrong: bool) -> u64 {
    fold(&context.messages, |Tagged { tag, member }| unsafe {
        if *tag == NUMBER {
            member.number as u64
        } else if *tag == REAL {
            member.real.to_bits()
        } else if *tag == POINT {
            point_or_box(member, wrong)
        } else if *tag == BOX {
            value_of_box(&member.rectangle)
        } else {
            value_of_text(member.text)
        }
    })
}

#[inline(always)]
fn rust_unchecked_chain(context: &mut Unions) -> u64 {
    by_chain(context, false)
}

#[inline(always)]
fn rust_unchecked_chain_wrong(context: &mut Unions) -> u64 {
    by_chain(context, true)
}

type Function = unsafe fn(&Member) -> u64;
static FUNCTIONS: [Function; 5] = [
    |member| unsafe { member.number as u64 },
    |member| unsafe { member.real.to_bits() },
    |member| unsafe { point_or_box(member, false) },
    |member| unsafe { value_of_box(&member.rectangle) },
    |member| unsafe { value_of_text(member.text) },
];

#[inline(always)]
fn by_table(context: &Unions, functions: &[Function; 5]) -> u64 {
    fold(&context.messages, |Tagged { tag, member }| unsafe {
        functions.get_unchecked(*tag as usize)(member)
    })
}

#[inline(always)]
fn rust_unchecked_table(context: &mut Unions) -> u64 {
    by_table(context, &FUNCTIONS)
}

#[inline(always)]
fn rust_unchecked_table_wrong(context: &mut Unions) -> u64 {
    let mut functions = FUNCTIONS;
    functions[POINT as usize] = functions[BOX as usize];
    by_table(context, &functions)
}

/// The letters of all texts are gone when the messages are read.
#[inline(always)]
fn destroyed_before(context: &mut Unions, kernel: impl FnOnce(&mut Unions) -> u64) -> u64 {
    let mut letters = Vec::<u8>::with_capacity(context.messages.len() * LONGEST as usize);
    for message in context.messages.iter_mut().filter(|message| message.tag == TEXT) {
        let text = unsafe { message.member.text };
        let start = unsafe { letters.as_ptr().add(letters.len()) };
        letters.extend_from_slice(unsafe { slice(text.start, text.length as usize) });
        message.member.text.start = start;
    }
    destroyed(&mut letters, |it| it, |_| kernel(context))
}

#[inline(always)]
fn rust_unchecked_destroyed(context: &mut Unions) -> u64 {
    destroyed_before(context, rust_unchecked)
}

#[inline(always)]
fn rust_unchecked_unreachable_destroyed(context: &mut Unions) -> u64 {
    destroyed_before(context, rust_unchecked_unreachable)
}

#[inline(always)]
fn rust_unchecked_chain_destroyed(context: &mut Unions) -> u64 {
    destroyed_before(context, rust_unchecked_chain)
}

#[inline(always)]
fn rust_unchecked_table_destroyed(context: &mut Unions) -> u64 {
    destroyed_before(context, rust_unchecked_table)
}

case! { Input:
    raw rust_unchecked(Unions) "a union, a tag and match" [ordinary]
        { wrong_member: rust_unchecked_wrong, destroyed_before: rust_unchecked_destroyed };
    raw rust_unchecked_unreachable(Unions) "the same, any other tag declared impossible" [ordinary]
        { wrong_member: rust_unchecked_unreachable_wrong,
          destroyed_before: rust_unchecked_unreachable_destroyed };
    raw rust_unchecked_chain(Unions) "a union, and its tag compared with kind after kind" as "chain" [ordinary]
        { wrong_member: rust_unchecked_chain_wrong,
          destroyed_before: rust_unchecked_chain_destroyed };
    raw rust_unchecked_table(Unions) "a union, and a tag that indexes a table of functions" as "function_table" [ordinary]
        { wrong_member: rust_unchecked_table_wrong,
          destroyed_before: rust_unchecked_table_destroyed };
    safe rust_match(Enums) "an enum and match; a text is indexed" [library]
        { wrong_member: "match binds what is there; another variant's fields have no name (E0026)",
          destroyed_before: "the compiler lets no slice outlive what it borrows (E0505)" }
        claims { text_taken_for_number: "always", number_taken_for_text: "always",
                 unknown_tag: "always" };
    safe rust_match_first(Enums) "an enum and match; a text is asked for its ends" [library]
        { wrong_member: "match binds what is there; another variant's fields have no name (E0026)",
          destroyed_before: "the compiler lets no slice outlive what it borrows (E0505)" }
        claims { text_taken_for_number: "always", number_taken_for_text: "always",
                 unknown_tag: "always" };
}
