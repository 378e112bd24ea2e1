//! The twin of copy.cc: two slices are cut, their lengths compared, and memcpy is called.
use safecost::{case, destroyed, input, slice, Context};

input! {
    struct Piece {
        offset: u32,
        length: u32,
    }
    struct Input {
        source: *const u8,
        source_size: usize,
        pieces: *const Piece,
        count: usize,
        room: usize,
    }
}

fn digest_of(message: &[u8]) -> u64 {
    message.iter().fold(message.len() as u64, |digest, byte| {
        (digest ^ u64::from(*byte)).wrapping_mul(0x9e3779b97f4a7c15)
    })
}

struct Buffers {
    source: Vec<u8>,
    pieces: Vec<Piece>,
    message: Vec<u8>,
}

impl Context<Input> for Buffers {
    const RESETS: bool = true;
    const DIGESTS: bool = true;

    fn prepare(input: &Input) -> Self {
        let source = unsafe { slice(input.source, input.source_size) };
        let pieces = unsafe { slice(input.pieces, input.count) };
        Buffers { source: source.to_vec(), pieces: pieces.to_vec(), message: vec![0; input.room] }
    }
    fn reset(&mut self, input: &Input) {
        self.source.copy_from_slice(unsafe { slice(input.source, input.source_size) });
        self.message.fill(0);
    }
    fn digest(&self) -> u64 {
        digest_of(&self.message)
    }
}

#[inline(always)]
unsafe fn assemble(source: *const u8, pieces: &[Piece], message: *mut u8) -> usize {
    let mut position = 0;
    for piece in pieces {
        let length = piece.length as usize;
        unsafe {
            let from = source.add(piece.offset as usize);
            std::ptr::copy_nonoverlapping(from, message.add(position), length);
        }
        position += length;
    }
    position
}

#[inline(always)]
fn rust_unchecked(context: &mut Buffers) -> u64 {
    let message = context.message.as_mut_ptr();
    unsafe { assemble(context.source.as_ptr(), &context.pieces, message) as u64 }
}

/// In the source's own memory, with which it overlaps.
#[inline(always)]
fn rust_unchecked_in_place(context: &mut Buffers) -> u64 {
    let source = context.source.as_mut_ptr();
    let total = unsafe { assemble(source, &context.pieces, source) };
    context.message.copy_from_slice(&context.source[..total]);
    total as u64
}

#[inline(always)]
fn rust_copy_from_slice(context: &mut Buffers) -> u64 {
    let source = context.source.as_slice();
    let message = context.message.as_mut_slice();
    let mut position = 0;
    for piece in &context.pieces {
        let (offset, length) = (piece.offset as usize, piece.length as usize);
        message[position..position + length].copy_from_slice(&source[offset..offset + length]);
        position += length;
    }
    position as u64
}

#[inline(always)]
fn rust_index(context: &mut Buffers) -> u64 {
    let source = context.source.as_slice();
    let message = context.message.as_mut_slice();
    let mut position = 0;
    for piece in &context.pieces {
        for i in 0..piece.length as usize {
            message[position + i] = source[piece.offset as usize + i];
        }
        position += piece.length as usize;
    }
    position as u64
}

/// With indices into one slice, the compiler sees nothing wrong, and to the left the loop is right.
#[inline(always)]
fn rust_index_in_place(context: &mut Buffers) -> u64 {
    let source = context.source.as_mut_slice();
    let mut position = 0;
    for piece in &context.pieces {
        for i in 0..piece.length as usize {
            source[position + i] = source[piece.offset as usize + i];
        }
        position += piece.length as usize;
    }
    context.message.copy_from_slice(&source[..position]);
    position as u64
}

/// As many bytes as both have: where the room is too small, the rest of a piece is lost.
#[inline(always)]
fn rust_zip(context: &mut Buffers) -> u64 {
    let source = context.source.as_slice();
    let mut left = context.message.as_mut_slice();
    let mut position = 0;
    for piece in &context.pieces {
        let (offset, length) = (piece.offset as usize, piece.length as usize);
        for (to, from) in left.iter_mut().zip(&source[offset..offset + length]) {
            *to = *from;
        }
        left = &mut left[length..];
        position += length;
    }
    position as u64
}

/// Nobody computes how much room there is: the message grows.
struct Growing {
    source: Vec<u8>,
    pieces: Vec<Piece>,
    message: Vec<u8>,
}

impl Context<Input> for Growing {
    const RESETS: bool = true;
    const DIGESTS: bool = true;

    fn prepare(input: &Input) -> Self {
        let source = unsafe { slice(input.source, input.source_size) };
        let pieces = unsafe { slice(input.pieces, input.count) };
        Growing {
            source: source.to_vec(),
            pieces: pieces.to_vec(),
            message: Vec::with_capacity(input.room),
        }
    }
    /// Writes all that Buffers' reset writes, so that caches hold the same when the kernel begins.
    fn reset(&mut self, input: &Input) {
        self.source.copy_from_slice(unsafe { slice(input.source, input.source_size) });
        self.message.clear();
        self.message.resize(input.room, 0);
        self.message.clear();
    }
    fn digest(&self) -> u64 {
        digest_of(&self.message)
    }
}

#[inline(always)]
fn rust_extend(context: &mut Growing) -> u64 {
    for piece in &context.pieces {
        let (offset, length) = (piece.offset as usize, piece.length as usize);
        context.message.extend_from_slice(&context.source[offset..offset + length]);
    }
    context.message.len() as u64
}

/// What was received is gone when it is copied.
#[inline(always)]
fn rust_unchecked_destroyed(context: &mut Buffers) -> u64 {
    destroyed(context, |it| &mut it.source, rust_unchecked)
}

case! { Input:
    raw rust_unchecked(Buffers) "ptr::copy_nonoverlapping" [ordinary]
        { in_place: rust_unchecked_in_place, destroyed_before: rust_unchecked_destroyed };
    safe rust_copy_from_slice(Buffers) "copy_from_slice between two slices" [library]
        { in_place: "the compiler lets nobody read what is borrowed for writing (E0502)",
          destroyed_before: "the compiler lets no slice outlive what it borrows (E0505)" }
        claims { room_one_short: "always", half_the_room: "always", source_one_short: "always",
                 piece_past_source: "always", negative_length: "always" };
    safe rust_index(Buffers) "a loop over slice indexing" [library]
        { in_place: rust_index_in_place,
          destroyed_before: "the compiler lets no slice outlive what it borrows (E0505)" }
        claims { room_one_short: "always", half_the_room: "always", source_one_short: "always",
                 piece_past_source: "always", negative_length: "always", in_place: "always" };
    safe rust_zip(Buffers) "a loop over two iterators, zipped" [library]
        { in_place: "the compiler lets nobody read what is borrowed for writing (E0502)",
          destroyed_before: "the compiler lets no slice outlive what it borrows (E0505)" }
        claims { room_one_short: "always", half_the_room: "always", source_one_short: "always",
                 piece_past_source: "always", negative_length: "always" };
    safe rust_extend(Growing) "Vec::extend_from_slice" [library]
        { in_place: "what is appended to has memory of its own",
          destroyed_before: "the compiler lets no slice outlive what it borrows (E0505)" }
        claims { room_one_short: "always", half_the_room: "always", source_one_short: "always",
                 piece_past_source: "always", negative_length: "always" };
}
