//! The twin of generated_table.cc: one macro_rules! makes the enumeration and its tables, whose length is part of their type.
use safecost::{case, input, slice, Context};

input! {
    struct Event {
        code: u8,
        number: u32,
    }

    struct Input {
        events: *const Event,
        count: usize,
    }
}

struct Events {
    events: Vec<Event>,
}

impl Context<Input> for Events {
    fn prepare(input: &Input) -> Self {
        Events { events: unsafe { slice(input.events, input.count) }.to_vec() }
    }
}

#[inline(always)]
fn weighed(number: u32, cost: u32, factor: u32, initial: u8) -> u64 {
    u64::from(number) * u64::from(cost.wrapping_mul(factor)) + u64::from(initial)
}

#[inline(always)]
fn sum_of(context: &Events, weight: impl Fn(&Event) -> u64) -> u64 {
    context.events.iter().fold(0u64, |total, event| total.wrapping_add(weight(event)))
}

/// An enumeration, what it is made of a number, and how many there are.
macro_rules! enumeration {
    ($name:ident: $($variant:ident),+ $(,)?) => {
        #[derive(Clone, Copy)]
        #[repr(u8)]
        enum $name { $($variant),+ }

        impl $name {
            const ALL: [Self; [$(stringify!($variant)),+].len()] = [$(Self::$variant),+];
        }
    };
}

/// One list, and what is made of it.
macro_rules! codes {
    ($($code:ident $text:literal $severity:ident $cost:literal;)+) => {
        enumeration!(Code: $($code),+);

        static NAMES: [&str; Code::ALL.len()] = [$($text),+];
        static SEVERITIES: [Severity; Code::ALL.len()] = [$(Severity::$severity),+];
        static COSTS: [u32; Code::ALL.len()] = [$($cost),+];

        impl Code {
            #[inline(always)]
            const fn of(number: u8) -> Option<Self> {
                if (number as usize) < Self::ALL.len() {
                    Some(Self::ALL[number as usize])
                } else {
                    None
                }
            }
            #[inline(always)]
            const fn name(self) -> &'static str {
                match self { $(Self::$code => $text),+ }
            }
            #[inline(always)]
            const fn severity(self) -> Severity {
                match self { $(Self::$code => Severity::$severity),+ }
            }
            #[inline(always)]
            const fn cost(self) -> u32 {
                match self { $(Self::$code => $cost),+ }
            }
        }
    };
}

macro_rules! severities {
    ($($severity:ident $factor:literal;)+) => {
        enumeration!(Severity: $($severity),+);

        static FACTORS: [u32; Severity::ALL.len()] = [$($factor),+];

        impl Severity {
            #[inline(always)]
            const fn factor(self) -> u32 {
                match self { $(Self::$severity => $factor),+ }
            }
        }
    };
}

severities! {
    Debug 1;
    Info 10;
    Warning 100;
    Error 1_000;
}

codes! {
    Accepted "accepted" Info 3;
    BackedOff "backed_off" Warning 7;
    Cached "cached" Debug 1;
    Denied "denied" Error 9;
    Evicted "evicted" Warning 5;
    Failed "failed" Error 12;
    Granted "granted" Info 2;
    HandedOn "handed_on" Debug 4;
    Idle "idle" Debug 1;
    Joined "joined" Info 6;
    Kept "kept" Debug 2;
    Lost "lost" Error 15;
    Moved "moved" Debug 8;
    Noted "noted" Debug 1;
    Opened "opened" Info 3;
    Paused "paused" Info 2;
    Queued "queued" Debug 4;
    Read "read" Debug 1;
    Sent "sent" Debug 1;
    TimedOut "timed_out" Error 11;
    Unlocked "unlocked" Info 5;
    Validated "validated" Info 7;
    Withdrawn "withdrawn" Warning 10;
    Yielded "yielded" Debug 2;
}

/// As it would be by hand: the last code was added to the others, and not here.
static NAMES_BUT_ONE: [&str; Code::ALL.len() - 1] = {
    let mut names = [""; Code::ALL.len() - 1];
    let mut i = 0;
    while i < names.len() {
        names[i] = NAMES[i];
        i += 1;
    }
    names
};

#[inline(always)]
fn unchecked(context: &Events, names: &[&str], severity: impl Fn(usize) -> usize) -> u64 {
    sum_of(context, |event| unsafe {
        let code = usize::from(event.code);
        let initial = *names.get_unchecked(code).as_ptr();
        let factor = *FACTORS.get_unchecked(severity(code));
        weighed(event.number, *COSTS.get_unchecked(code), factor, initial)
    })
}

#[inline(always)]
fn severity_of(code: usize) -> usize {
    unsafe { *SEVERITIES.get_unchecked(code) as usize }
}

#[inline(always)]
fn rust_unchecked(context: &mut Events) -> u64 {
    unchecked(context, &NAMES, severity_of)
}

#[inline(always)]
fn rust_unchecked_forgotten(context: &mut Events) -> u64 {
    unchecked(context, &NAMES_BUT_ONE, severity_of)
}

#[inline(always)]
fn rust_unchecked_foreign(context: &mut Events) -> u64 {
    unchecked(context, &NAMES, |code| code)
}

/// All that the loop wants of a code, for each byte.
#[derive(Clone, Copy)]
struct Derived {
    weight: u32,
    initial: u8,
    unknown: bool,
}

static DERIVED: [Derived; 256] = {
    let mut all = [Derived { weight: 0, initial: 0, unknown: true }; 256];
    let mut number = 0;
    while number < all.len() {
        if let Some(code) = Code::of(number as u8) {
            all[number] = Derived {
                weight: code.cost() * code.severity().factor(),
                initial: code.name().as_bytes()[0],
                unknown: false,
            };
        }
        number += 1;
    }
    all
};

#[inline(always)]
fn rust_unchecked_derived(context: &mut Events) -> u64 {
    sum_of(context, |event| {
        let entry = unsafe { DERIVED.get_unchecked(usize::from(event.code)) };
        weighed(event.number, entry.weight, 1, entry.initial)
    })
}

#[inline(always)]
fn rust_index(context: &mut Events) -> u64 {
    sum_of(context, |event| {
        let code = usize::from(event.code);
        let factor = FACTORS[SEVERITIES[code] as usize];
        weighed(event.number, COSTS[code], factor, NAMES[code].as_bytes()[0])
    })
}

#[inline(always)]
fn rust_index_foreign(context: &mut Events) -> u64 {
    sum_of(context, |event| {
        let code = usize::from(event.code);
        weighed(event.number, COSTS[code], FACTORS[code], NAMES[code].as_bytes()[0])
    })
}

#[inline(always)]
fn rust_match(context: &mut Events) -> u64 {
    sum_of(context, |event| {
        let code = Code::of(event.code).expect("there is such a code");
        let factor = code.severity().factor();
        weighed(event.number, code.cost(), factor, code.name().as_bytes()[0])
    })
}

/// Whether there are such codes is asked for all together, when all is weighed.
#[inline(always)]
fn rust_const_256(context: &mut Events) -> u64 {
    let mut total = 0u64;
    let mut unknown = false;
    for event in &context.events {
        let entry = &DERIVED[usize::from(event.code)];
        unknown |= entry.unknown;
        total = total.wrapping_add(weighed(event.number, entry.weight, 1, entry.initial));
    }
    assert!(!unknown, "there is no such code");
    total
}

case! { Input:
    raw rust_unchecked(Events) "four arrays, get_unchecked" [ordinary]
        { forgotten_entry: rust_unchecked_forgotten, foreign_enumeration: rust_unchecked_foreign };
    raw rust_unchecked_derived(Events) "one array of what is wanted, get_unchecked" as "derived" [bespoke]
        { forgotten_entry: "the macro makes the enumeration and its tables",
          foreign_enumeration: "the table holds the weight: there is none of factors to index" };
    safe rust_index(Events) "four arrays made by macro_rules!, indexed" [library]
        { forgotten_entry: "an array of another length is of another type (E0308)",
          foreign_enumeration: rust_index_foreign }
        claims { unknown_code: "always", foreign_enumeration: "always" };
    safe rust_match(Events) "an enum and its matches made by macro_rules!" as "switch" [library]
        { forgotten_entry: "a match that forgets a variant is rejected (E0004)",
          foreign_enumeration: "a method is of its own enumeration (E0599)" }
        claims { unknown_code: "always" };
    safe rust_const_256(Events) "one const array of what is wanted, an entry for each byte" as "derived" [bespoke]
        { forgotten_entry: "a match that forgets a variant is rejected (E0004)",
          foreign_enumeration: "a method is of its own enumeration (E0599)" }
        claims { unknown_code: "always" };
}
