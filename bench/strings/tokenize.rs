//! The twin of tokenize.cc: a slice knows where it ends, so no terminator is trusted or asked for.
use safecost::{case, destroyed, input, slice, Context};

input! {
    struct Input {
        text: *const u8,
        length: usize,
        stored: usize,
    }
}

struct Text {
    characters: Vec<u8>, // with the terminator
    length: usize,       // without it
}

impl Context<Input> for Text {
    fn prepare(input: &Input) -> Self {
        Text {
            characters: unsafe { slice(input.text, input.stored) }.to_vec(),
            length: input.length,
        }
    }
}

const WORD: u8 = 0;
const DELIMITER: u8 = 1;
const END: u8 = 2;

static KINDS: [u8; 256] = {
    let delimiters = b" \t\n.,;:!?\"'()-";
    let mut table = [WORD; 256];
    let mut i = 0;
    while i < delimiters.len() {
        table[delimiters[i] as usize] = DELIMITER;
        i += 1;
    }
    table[0] = END;
    table
};

#[inline(always)]
fn kind(character: u8) -> u8 {
    KINDS[character as usize]
}

#[derive(Default)]
struct Words {
    count: u64,
    hash: u64,
}

impl Words {
    #[inline(always)]
    fn add(&mut self, length: usize, first: u8, last: u8) {
        self.count += 1;
        let word = (length as u64) << 16 | u64::from(first) << 8 | u64::from(last);
        self.hash = self.hash.wrapping_mul(31).wrapping_add(word);
    }

    #[inline(always)]
    fn add_slice(&mut self, word: &[u8]) {
        self.add(word.len(), word[0], word[word.len() - 1]);
    }

    #[inline(always)]
    fn digest(&self) -> u64 {
        self.hash ^ (self.count << 48)
    }
}

#[inline(always)]
fn rust_unchecked(context: &mut Text) -> u64 {
    let mut text = context.characters.as_ptr();
    let mut words = Words::default();
    unsafe {
        loop {
            while kind(*text) == DELIMITER {
                text = text.add(1);
            }
            if kind(*text) == END {
                break;
            }
            let start = text;
            while kind(*text) == WORD {
                text = text.add(1);
            }
            words.add(text.offset_from(start) as usize, *start, *text.sub(1));
        }
    }
    words.digest()
}

/// What separates words becomes a mask of 64 characters, in which words lie between edges.
#[inline(always)]
fn rust_unchecked_mask(context: &mut Text) -> u64 {
    let text = context.characters.as_ptr();
    let length = context.length;
    let at = |i: usize| unsafe { *text.add(i) };
    let mut words = Words::default();
    let mut start = 0;
    let mut inside = false;
    for block in (0..length).step_by(64) {
        let count = (length - block).min(64);
        let mut letters = 0u64;
        for i in 0..count {
            letters |= u64::from(kind(at(block + i)) != DELIMITER) << i;
        }
        let mut edges = letters ^ (letters << 1 | u64::from(inside));
        if count < 64 {
            edges &= (1 << count) - 1;
        }
        while edges != 0 {
            let edge = block + edges.trailing_zeros() as usize;
            if inside {
                words.add(edge - start, at(start), at(edge - 1));
            } else {
                start = edge;
            }
            inside = !inside;
            edges &= edges - 1;
        }
    }
    if inside {
        words.add(length - start, at(start), at(length - 1));
    }
    words.digest()
}

#[inline(always)]
fn rust_index(context: &mut Text) -> u64 {
    let text = &context.characters[..context.length];
    let mut words = Words::default();
    let mut i = 0;
    loop {
        while i < text.len() && kind(text[i]) == DELIMITER {
            i += 1;
        }
        if i == text.len() {
            break;
        }
        let start = i;
        while i < text.len() && kind(text[i]) == WORD {
            i += 1;
        }
        words.add_slice(&text[start..i]);
    }
    words.digest()
}

#[inline(always)]
fn rust_position(context: &mut Text) -> u64 {
    let mut rest = &context.characters[..context.length];
    let mut words = Words::default();
    while let Some(start) = rest.iter().position(|character| kind(*character) == WORD) {
        rest = &rest[start..];
        let length =
            rest.iter().position(|character| kind(*character) != WORD).unwrap_or(rest.len());
        let (word, after) = rest.split_at(length);
        words.add_slice(word);
        rest = after;
    }
    words.digest()
}

#[inline(always)]
fn rust_split(context: &mut Text) -> u64 {
    let text = &context.characters[..context.length];
    let mut words = Words::default();
    for word in text.split(|character| kind(*character) != WORD).filter(|word| !word.is_empty()) {
        words.add_slice(word);
    }
    words.digest()
}

/// The characters are gone when the walk begins; a raw pointer borrows nothing.
#[inline(always)]
fn rust_unchecked_destroyed(context: &mut Text) -> u64 {
    destroyed(context, |it| &mut it.characters, rust_unchecked)
}

#[inline(always)]
fn rust_unchecked_mask_destroyed(context: &mut Text) -> u64 {
    destroyed(context, |it| &mut it.characters, rust_unchecked_mask)
}

case! { Input:
    raw rust_unchecked(Text) "raw pointer up to the terminator, with a table" [ordinary]
        { destroyed_before: rust_unchecked_destroyed };
    raw rust_unchecked_mask(Text) "a mask of 64 characters, words between its edges" as "mask" [bespoke]
        { destroyed_before: rust_unchecked_mask_destroyed }
        claims { unterminated: "always", embedded_nul: "always", no_text: "always" };
    safe rust_index(Text) "slice indexing with the same table" [library]
        { destroyed_before: "the compiler lets no slice outlive what it borrows (E0505)" }
        claims { unterminated: "always", no_text: "always", embedded_nul: "always" };
    safe rust_position(Text) "iter().position() with the same table" [library]
        { destroyed_before: "the compiler lets no slice outlive what it borrows (E0505)" }
        claims { unterminated: "always", no_text: "always" };
    safe rust_split(Text) "slice::split with the same table, empty words filtered out" [library]
        { destroyed_before: "the compiler lets no slice outlive what it borrows (E0505)" }
        claims { unterminated: "always", no_text: "always" };
}
