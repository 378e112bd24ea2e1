//! The twin of generator.cc: an iterator borrows what it walks, so a row cannot go before it; generators of the
//! language itself are not in stable Rust, and what keeps its place is a state machine, by hand or made by adapters.
use std::hint::black_box;

use safecost::{case, drawn, input, slice, Context};

input! {
    struct Run {
        colour: u16,
        length: u16,
    }

    struct Input {
        runs: *const Run,
        run_count: usize,
        row_ends: *const usize,
        row_count: usize,
    }
}

struct Image {
    rows: Vec<Vec<Run>>,
}

impl Context<Input> for Image {
    fn prepare(input: &Input) -> Self {
        let runs = unsafe { slice(input.runs, input.run_count) };
        let mut first = 0;
        let rows = unsafe { slice(input.row_ends, input.row_count) }
            .iter()
            .map(|&end| runs[std::mem::replace(&mut first, end)..end].to_vec())
            .collect();
        Image { rows }
    }
}

/// A pixel counts together with its place; so no run can be added up by a multiplication.
#[derive(Default)]
struct Sum {
    total: u64,
    place: u64,
}

impl Sum {
    #[inline(always)]
    fn see(&mut self, pixel: u16) {
        self.total = self.total.wrapping_add(u64::from(pixel) ^ self.place);
        self.place += 1;
    }
}

/// Where a walk over a row has come to. Who asks, in a function that is not inlined, is the other side.
struct Walk {
    at: *const Run,
    end: *const Run,
    colour: u16,
    left: u16,
}

#[inline(never)]
unsafe fn walk_begin(runs: *const Run, count: usize) -> Walk {
    Walk { at: runs, end: unsafe { runs.add(count) }, colour: 0, left: 0 }
}

#[inline(never)]
unsafe fn walk_next(walk: *mut Walk, pixel: *mut u16) -> bool {
    unsafe {
        while (*walk).left == 0 {
            if (*walk).at == (*walk).end {
                return false;
            }
            (*walk).colour = (*(*walk).at).colour;
            (*walk).left = (*(*walk).at).length;
            (*walk).at = (*walk).at.add(1);
        }
        (*walk).left -= 1;
        *pixel = (*walk).colour;
    }
    true
}

#[inline(never)]
unsafe fn walk_fill(walk: *mut Walk, pixels: *mut u16, room: usize) -> usize {
    let mut filled = 0;
    unsafe {
        while filled < room {
            if (*walk).left == 0 {
                if (*walk).at == (*walk).end {
                    break;
                }
                (*walk).colour = (*(*walk).at).colour;
                (*walk).left = (*(*walk).at).length;
                (*walk).at = (*walk).at.add(1);
            }
            let count = ((*walk).left as usize).min(room - filled);
            for i in 0..count {
                *pixels.add(filled + i) = (*walk).colour;
            }
            filled += count;
            (*walk).left -= count as u16;
        }
    }
    filled
}

#[inline(never)]
unsafe fn walk_new(runs: *const Run, count: usize) -> *mut Walk {
    Box::into_raw(Box::new(unsafe { walk_begin(runs, count) }))
}

#[inline(never)]
unsafe fn walk_free(walk: *mut Walk) {
    drop(unsafe { Box::from_raw(walk) });
}

#[inline(always)]
fn rust_unchecked(image: &mut Image) -> u64 {
    let mut sum = Sum::default();
    for row in &image.rows {
        unsafe {
            let mut walk = walk_begin(row.as_ptr(), row.len());
            let mut pixel = 0;
            while walk_next(&raw mut walk, &raw mut pixel) {
                sum.see(pixel);
            }
        }
    }
    sum.total
}

#[inline(always)]
fn rust_unchecked_handle(image: &mut Image) -> u64 {
    let mut sum = Sum::default();
    for row in &image.rows {
        unsafe {
            let walk = walk_new(row.as_ptr(), row.len());
            let mut pixel = 0;
            while walk_next(walk, &raw mut pixel) {
                sum.see(pixel);
            }
            walk_free(walk);
        }
    }
    sum.total
}

const BLOCK_SIZE: usize = 64;

#[inline(always)]
fn rust_unchecked_blocks(image: &mut Image) -> u64 {
    let mut sum = Sum::default();
    let mut pixels = [0u16; BLOCK_SIZE];
    for row in &image.rows {
        unsafe {
            let mut walk = walk_begin(row.as_ptr(), row.len());
            loop {
                let count = walk_fill(&raw mut walk, pixels.as_mut_ptr(), BLOCK_SIZE);
                if count == 0 {
                    break;
                }
                for i in 0..count {
                    sum.see(*pixels.get_unchecked(i));
                }
            }
        }
    }
    sum.total
}

#[inline(always)]
fn rust_unchecked_loop(image: &mut Image) -> u64 {
    let mut sum = Sum::default();
    for row in &image.rows {
        let runs = row.as_ptr();
        for i in 0..row.len() {
            let run = unsafe { *runs.add(i) };
            for _ in 0..run.length {
                sum.see(run.colour);
            }
        }
    }
    sum.total
}

/// The state machine that borrows its row. Its answer is a pixel or none.
struct Pixels<'a> {
    rest: std::slice::Iter<'a, Run>,
    colour: u16,
    left: u16,
}

impl<'a> Pixels<'a> {
    #[inline(always)]
    fn of(row: &'a [Run]) -> Self {
        Pixels { rest: row.iter(), colour: 0, left: 0 }
    }

    #[inline(always)]
    fn advance(&mut self) -> Option<u16> {
        while self.left == 0 {
            let run = self.rest.next()?;
            self.colour = run.colour;
            self.left = run.length;
        }
        self.left -= 1;
        Some(self.colour)
    }

    /// Fills what it can of `room`, and returns that part: an empty one after the last.
    #[inline(never)]
    fn fill<'r>(&mut self, room: &'r mut [u16]) -> &'r [u16] {
        let mut filled = 0;
        while filled < room.len() {
            if self.left == 0 {
                let Some(run) = self.rest.next() else { break };
                self.colour = run.colour;
                self.left = run.length;
            }
            let count = (self.left as usize).min(room.len() - filled);
            room[filled..filled + count].fill(self.colour);
            filled += count;
            self.left -= count as u16;
        }
        &room[..filled]
    }
}

/// On the other side: who asks for a pixel calls a function.
struct Apart<'a>(Pixels<'a>);

impl Iterator for Apart<'_> {
    type Item = u16;
    #[inline(never)]
    fn next(&mut self) -> Option<u16> {
        self.0.advance()
    }
}

/// As a part of its consumer.
struct Inlined<'a>(Pixels<'a>);

impl Iterator for Inlined<'_> {
    type Item = u16;
    #[inline(always)]
    fn next(&mut self) -> Option<u16> {
        self.0.advance()
    }
}

#[inline(always)]
fn apart(row: &[Run]) -> Apart<'_> {
    Apart(Pixels::of(row))
}

#[inline(always)]
fn inlined(row: &[Run]) -> Inlined<'_> {
    Inlined(Pixels::of(row))
}

/// Made by adapters: the place is kept by those.
#[inline(always)]
fn flat_map(row: &[Run]) -> impl Iterator<Item = u16> + '_ {
    row.iter().flat_map(|run| std::iter::repeat_n(run.colour, run.length as usize))
}

/// An iterator whose type its consumer does not know, with a block of its own.
#[inline(never)]
fn boxed(row: &[Run]) -> Box<dyn Iterator<Item = u16> + '_> {
    black_box(Box::new(inlined(row)))
}

/// Each idiom that is an iterator: right, asked once more after its end, and left after a pixel.
macro_rules! by_iterator {
    ($open:ident, $right:ident, $past_end:ident, $left_early:ident) => {
        #[inline(always)]
        fn $right(image: &mut Image) -> u64 {
            let mut sum = Sum::default();
            for row in &image.rows {
                for pixel in $open(row) {
                    sum.see(pixel);
                }
            }
            sum.total
        }

        #[inline(always)]
        fn $past_end(image: &mut Image) -> u64 {
            let wrong = drawn(image.rows.len() as u64) as usize;
            let mut sum = Sum::default();
            for (i, row) in image.rows.iter().enumerate() {
                let mut pixels = $open(row);
                while let Some(pixel) = pixels.next() {
                    sum.see(pixel);
                }
                if i == wrong {
                    sum.see(pixels.next().unwrap());
                }
            }
            sum.total
        }

        #[inline(always)]
        fn $left_early(image: &mut Image) -> u64 {
            let wrong = drawn(image.rows.len() as u64) as usize;
            let mut sum = Sum::default();
            for (i, row) in image.rows.iter().enumerate() {
                if i == wrong {
                    let mut pixels = $open(row);
                    black_box(pixels.next());
                }
                for pixel in $open(row) {
                    sum.see(pixel);
                }
            }
            sum.total
        }
    };
}

by_iterator!(apart, rust_iterator, rust_iterator_past_end, rust_iterator_left_early);
by_iterator!(inlined, rust_iterator_inlined, rust_inlined_past_end, rust_inlined_left_early);
by_iterator!(flat_map, rust_flat_map, rust_flat_map_past_end, rust_flat_map_left_early);
by_iterator!(boxed, rust_dyn, rust_dyn_past_end, rust_dyn_left_early);

/// The adapters drive the loops, and call a closure for each pixel.
#[inline(always)]
fn rust_for_each(image: &mut Image) -> u64 {
    let mut sum = Sum::default();
    for row in &image.rows {
        flat_map(row).for_each(|pixel| sum.see(pixel));
    }
    sum.total
}

#[inline(always)]
fn rust_index(image: &mut Image) -> u64 {
    let mut sum = Sum::default();
    for r in 0..image.rows.len() {
        for i in 0..image.rows[r].len() {
            for _ in 0..image.rows[r][i].length {
                sum.see(image.rows[r][i].colour);
            }
        }
    }
    sum.total
}

#[inline(always)]
fn rust_blocks(image: &mut Image) -> u64 {
    let mut sum = Sum::default();
    let mut room = [0u16; BLOCK_SIZE];
    for row in &image.rows {
        let mut pixels = Pixels::of(row);
        loop {
            let filled = pixels.fill(&mut room);
            if filled.is_empty() {
                break;
            }
            for &pixel in filled {
                sum.see(pixel);
            }
        }
    }
    sum.total
}

#[inline(always)]
fn rust_blocks_past_end(image: &mut Image) -> u64 {
    let wrong = drawn(image.rows.len() as u64) as usize;
    let mut sum = Sum::default();
    let mut room = [0u16; BLOCK_SIZE];
    for (i, row) in image.rows.iter().enumerate() {
        let mut pixels = Pixels::of(row);
        loop {
            let filled = pixels.fill(&mut room);
            if filled.is_empty() {
                break;
            }
            for &pixel in filled {
                sum.see(pixel);
            }
        }
        if i == wrong {
            sum.see(pixels.fill(&mut room)[0]);
        }
    }
    sum.total
}

/// What a raw walk is made of, for programs with one wrong step.
trait Raw {
    type Walk;
    unsafe fn open(runs: *const Run, count: usize) -> Self::Walk;
    unsafe fn state(walk: &mut Self::Walk) -> *mut Walk;
    unsafe fn close(walk: &mut Self::Walk);
}

struct InPlace;
impl Raw for InPlace {
    type Walk = Walk;
    unsafe fn open(runs: *const Run, count: usize) -> Walk {
        unsafe { walk_begin(runs, count) }
    }
    unsafe fn state(walk: &mut Walk) -> *mut Walk {
        walk
    }
    unsafe fn close(_: &mut Walk) {}
}

struct ByHandle;
impl Raw for ByHandle {
    type Walk = *mut Walk;
    unsafe fn open(runs: *const Run, count: usize) -> *mut Walk {
        unsafe { walk_new(runs, count) }
    }
    unsafe fn state(walk: &mut *mut Walk) -> *mut Walk {
        *walk
    }
    unsafe fn close(walk: &mut *mut Walk) {
        unsafe { walk_free(*walk) }
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Wrong {
    DestroyedMeanwhile,
    TemporaryArgument,
    AskedPastEnd,
    DestroyedGenerator,
    LeftEarly,
    DestroyedTwice,
}

/// A row's end out of the compiler's sight; a raw pointer borrows nothing.
#[inline(never)]
fn give_up(owner: &mut Option<Vec<Run>>) {
    *owner = None;
}

/// All rows, one of them by a program with one wrong step.
#[inline(always)]
fn raw_with<R: Raw>(image: &Image, what: Wrong) -> u64 {
    let wrong = drawn(image.rows.len() as u64) as usize;
    let mut sum = Sum::default();
    for (i, row) in image.rows.iter().enumerate() {
        let is = |it: Wrong| i == wrong && what == it;
        let mut owner = Some(row.clone());
        unsafe {
            if is(Wrong::LeftEarly) {
                let mut walk = R::open(row.as_ptr(), row.len());
                walk_next(R::state(&mut walk), &mut 0);
            }
            let runs = owner.as_deref().unwrap_or(&[]).as_ptr();
            let mut walk = R::open(runs, row.len());
            if is(Wrong::TemporaryArgument) {
                give_up(&mut owner);
            }
            if is(Wrong::DestroyedGenerator) {
                R::close(&mut walk);
            }
            let mut pixel = 0;
            while walk_next(R::state(&mut walk), &raw mut pixel) {
                sum.see(pixel);
                if is(Wrong::DestroyedMeanwhile) {
                    give_up(&mut owner);
                }
            }
            if is(Wrong::AskedPastEnd) {
                walk_next(R::state(&mut walk), &raw mut pixel);
                sum.see(pixel);
            }
            if !is(Wrong::DestroyedGenerator) {
                R::close(&mut walk);
            }
            if is(Wrong::DestroyedTwice) {
                R::close(&mut walk);
            }
        }
    }
    sum.total
}

macro_rules! raw_faults {
    ($($name:ident: $raw:ident, $what:ident;)+) => { $(
        #[inline(always)]
        fn $name(image: &mut Image) -> u64 {
            raw_with::<$raw>(image, Wrong::$what)
        }
    )+ };
}

raw_faults! {
    rust_unchecked_destroyed: InPlace, DestroyedMeanwhile;
    rust_unchecked_temporary: InPlace, TemporaryArgument;
    rust_unchecked_past_end: InPlace, AskedPastEnd;
    rust_handle_destroyed: ByHandle, DestroyedMeanwhile;
    rust_handle_temporary: ByHandle, TemporaryArgument;
    rust_handle_past_end: ByHandle, AskedPastEnd;
    rust_handle_freed: ByHandle, DestroyedGenerator;
    rust_handle_left_early: ByHandle, LeftEarly;
    rust_handle_twice: ByHandle, DestroyedTwice;
}

/// The same where values come by blocks, or where the loops are written out.
#[inline(always)]
fn blocks_with(image: &Image, what: Wrong) -> u64 {
    let wrong = drawn(image.rows.len() as u64) as usize;
    let mut sum = Sum::default();
    let mut pixels = [0u16; BLOCK_SIZE];
    for (i, row) in image.rows.iter().enumerate() {
        let is = |it: Wrong| i == wrong && what == it;
        let mut owner = Some(row.clone());
        unsafe {
            let runs = owner.as_deref().unwrap_or(&[]).as_ptr();
            let mut walk = walk_begin(runs, row.len());
            if is(Wrong::TemporaryArgument) {
                give_up(&mut owner);
            }
            loop {
                let count = walk_fill(&raw mut walk, pixels.as_mut_ptr(), BLOCK_SIZE);
                if count == 0 {
                    break;
                }
                for i in 0..count {
                    sum.see(*pixels.get_unchecked(i));
                }
                if is(Wrong::DestroyedMeanwhile) {
                    give_up(&mut owner);
                }
            }
            if is(Wrong::AskedPastEnd) {
                walk_fill(&raw mut walk, pixels.as_mut_ptr(), BLOCK_SIZE);
                sum.see(pixels[0]);
            }
        }
    }
    sum.total
}

#[inline(always)]
fn rust_blocks_destroyed(image: &mut Image) -> u64 {
    blocks_with(image, Wrong::DestroyedMeanwhile)
}

#[inline(always)]
fn rust_blocks_temporary(image: &mut Image) -> u64 {
    blocks_with(image, Wrong::TemporaryArgument)
}

#[inline(always)]
fn rust_unchecked_blocks_past_end(image: &mut Image) -> u64 {
    blocks_with(image, Wrong::AskedPastEnd)
}

#[inline(always)]
fn rust_loop_destroyed(image: &mut Image) -> u64 {
    let wrong = drawn(image.rows.len() as u64) as usize;
    let mut sum = Sum::default();
    for (i, row) in image.rows.iter().enumerate() {
        let mut owner = Some(row.clone());
        let runs = owner.as_deref().unwrap_or(&[]).as_ptr();
        for k in 0..row.len() {
            let run = unsafe { *runs.add(k) };
            for _ in 0..run.length {
                sum.see(run.colour);
                if i == wrong {
                    give_up(&mut owner);
                }
            }
        }
    }
    sum.total
}

case! { Input:
    raw rust_unchecked(Image) "a state machine by raw pointers, asked for the next value" [ordinary]
        { destroyed_meanwhile: rust_unchecked_destroyed, temporary_argument: rust_unchecked_temporary,
          asked_past_end: rust_unchecked_past_end,
          destroyed_generator: "the state is a local variable, which no program destroys by itself",
          left_early: "the state is a local variable: there is no block that could be leaked",
          destroyed_twice: "the state is a local variable, which no program destroys by itself" };
    raw rust_unchecked_handle(Image) "the same behind a raw pointer, made and freed a row" [ordinary]
        { destroyed_meanwhile: rust_handle_destroyed, temporary_argument: rust_handle_temporary,
          asked_past_end: rust_handle_past_end, destroyed_generator: rust_handle_freed,
          left_early: rust_handle_left_early, destroyed_twice: rust_handle_twice };
    raw rust_unchecked_blocks(Image) "a state machine that fills a buffer of 64 values a call" as "blocks" [bespoke]
        { destroyed_meanwhile: rust_blocks_destroyed, temporary_argument: rust_blocks_temporary,
          asked_past_end: rust_unchecked_blocks_past_end,
          destroyed_generator: "the state is a local variable, which no program destroys by itself",
          left_early: "the state is a local variable: there is no block that could be leaked",
          destroyed_twice: "the state is a local variable, which no program destroys by itself" };
    raw rust_unchecked_loop(Image) "no generator: the loops written out" as "inlined" [ordinary]
        { destroyed_meanwhile: rust_loop_destroyed,
          temporary_argument: "the walk is over before the temporary is",
          asked_past_end: "nobody asks for a value",
          destroyed_generator: "there is no generator",
          left_early: "there is no generator",
          destroyed_twice: "there is no generator" };
    safe rust_iterator(Image) "an iterator over a borrowed row, a call for each value" [ordinary]
        { destroyed_meanwhile: "the compiler lets nobody destroy what is borrowed (E0505)",
          temporary_argument: "the compiler lets no borrow outlive a temporary (E0716)",
          asked_past_end: rust_iterator_past_end,
          destroyed_generator: "the compiler lets nobody use what was moved away (E0382)",
          left_early: rust_iterator_left_early,
          destroyed_twice: "the compiler lets nobody drop what was moved away (E0382)" }
        claims { asked_past_end: "always", left_early: "always" };
    safe rust_dyn(Image) "Box<dyn Iterator>, a block for each row" [library]
        { destroyed_meanwhile: "the compiler lets nobody destroy what is borrowed (E0505)",
          temporary_argument: "the compiler lets no borrow outlive a temporary (E0716)",
          asked_past_end: rust_dyn_past_end,
          destroyed_generator: "the compiler lets nobody use what was moved away (E0382)",
          left_early: rust_dyn_left_early,
          destroyed_twice: "the compiler lets nobody drop what was moved away (E0382)" }
        claims { asked_past_end: "always", left_early: "always" };
    safe rust_blocks(Image) "a state machine that fills a slice of 64 values a call" as "blocks" [bespoke]
        { destroyed_meanwhile: "the compiler lets nobody destroy what is borrowed (E0505)",
          temporary_argument: "the compiler lets no borrow outlive a temporary (E0716)",
          asked_past_end: rust_blocks_past_end,
          destroyed_generator: "the compiler lets nobody use what was moved away (E0382)",
          left_early: "the state is a local variable: there is no block that could be leaked",
          destroyed_twice: "the compiler lets nobody drop what was moved away (E0382)" }
        claims { asked_past_end: "always" };
    safe rust_iterator_inlined(Image) "the iterator as a part of its consumer" as "inlined" [ordinary]
        { destroyed_meanwhile: "the compiler lets nobody destroy what is borrowed (E0505)",
          temporary_argument: "the compiler lets no borrow outlive a temporary (E0716)",
          asked_past_end: rust_inlined_past_end,
          destroyed_generator: "the compiler lets nobody use what was moved away (E0382)",
          left_early: rust_inlined_left_early,
          destroyed_twice: "the compiler lets nobody drop what was moved away (E0382)" }
        claims { asked_past_end: "always", left_early: "always" };
    safe rust_flat_map(Image) "flat_map and repeat_n, for" as "inlined" [library]
        { destroyed_meanwhile: "the compiler lets nobody destroy what is borrowed (E0505)",
          temporary_argument: "the compiler lets no borrow outlive a temporary (E0716)",
          asked_past_end: rust_flat_map_past_end,
          destroyed_generator: "the compiler lets nobody use what was moved away (E0382)",
          left_early: rust_flat_map_left_early,
          destroyed_twice: "the compiler lets nobody drop what was moved away (E0382)" }
        claims { asked_past_end: "always", left_early: "always" };
    safe rust_for_each(Image) "flat_map, repeat_n and for_each" as "inlined" [library]
        { destroyed_meanwhile: "the compiler lets nobody destroy what is borrowed (E0505)",
          temporary_argument: "the walk is over before the temporary is",
          asked_past_end: "nobody asks for a value",
          destroyed_generator: "for_each takes the iterator, and returns when it is done",
          left_early: "for_each takes the iterator, and returns when it is done",
          destroyed_twice: "for_each takes the iterator, and returns when it is done" };
    safe rust_index(Image) "no generator: the loops written out, by index" as "inlined" [library]
        { destroyed_meanwhile: "the compiler lets nobody use what was moved away (E0382)",
          temporary_argument: "the walk is over before the temporary is",
          asked_past_end: "nobody asks for a value",
          destroyed_generator: "there is no generator",
          left_early: "there is no generator",
          destroyed_twice: "there is no generator" };
}
