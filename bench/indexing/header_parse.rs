//! The twin of header_parse.cc: from_be_bytes takes an array, and a slice becomes one by a check.
use safecost::{case, destroyed, input, slice, Context};

input! {
    struct Input {
        bytes: *const u8,
        size: usize,
        first: isize,
        count: usize,
    }
}

struct Packet {
    bytes: Vec<u8>,
    first: isize,
    count: usize,
}

impl Context<Input> for Packet {
    fn prepare(input: &Input) -> Self {
        let bytes = unsafe { slice(input.bytes, input.size) };
        Packet { bytes: bytes.to_vec(), first: input.first, count: input.count }
    }
}

const HEADER_SIZE: usize = 16;

struct Header {
    kind: u8,
    flags: u8,
    length: u16,
    stream: u32,
    sequence: u64,
}

#[inline(always)]
fn mixed(digest: u64, header: &Header) -> u64 {
    let value = (header.sequence ^ u64::from(header.stream)).wrapping_add(u64::from(header.kind))
        ^ u64::from(header.flags);
    digest.wrapping_mul(31).wrapping_add(value)
}

/// The fields of a header whose extent is part of its type: nothing is left to check.
#[inline(always)]
fn fields(header: &[u8; HEADER_SIZE]) -> Header {
    let [kind, flags, l0, l1, s0, s1, s2, s3, sequence @ ..] = *header;
    Header {
        kind,
        flags,
        length: u16::from_be_bytes([l0, l1]),
        stream: u32::from_be_bytes([s0, s1, s2, s3]),
        sequence: u64::from_be_bytes(sequence),
    }
}

#[inline(always)]
fn rust_unchecked(context: &mut Packet) -> u64 {
    let mut next = context.bytes.as_ptr().wrapping_offset(context.first);
    let mut digest = 0u64;
    for _ in 0..context.count {
        let header = fields(unsafe { &*next.cast::<[u8; HEADER_SIZE]>() });
        digest = mixed(digest, &header);
        next = next.wrapping_add(HEADER_SIZE + usize::from(header.length));
    }
    digest
}

/// The length added behind the next header's loads: see the C++ case.
#[inline(always)]
fn rust_unchecked_deferred(context: &mut Packet) -> u64 {
    let mut walked = context.bytes.as_ptr().wrapping_offset(context.first);
    let mut payload = 0;
    let mut digest = 0u64;
    for _ in 0..context.count {
        let header = fields(unsafe { &*walked.wrapping_add(payload).cast() });
        digest = mixed(digest, &header);
        walked = walked.wrapping_add(payload + HEADER_SIZE);
        payload = usize::from(header.length);
    }
    digest
}

/// Each byte by its index in the packet.
#[inline(always)]
fn rust_index(context: &mut Packet) -> u64 {
    let bytes = context.bytes.as_slice();
    let mut at = context.first as usize;
    let mut digest = 0u64;
    for _ in 0..context.count {
        let byte = |index: usize| bytes[at.wrapping_add(index)];
        let header = Header {
            kind: byte(0),
            flags: byte(1),
            length: u16::from_be_bytes([byte(2), byte(3)]),
            stream: u32::from_be_bytes([byte(4), byte(5), byte(6), byte(7)]),
            sequence: u64::from_be_bytes(std::array::from_fn(|index| byte(8 + index))),
        };
        digest = mixed(digest, &header);
        at = at.wrapping_add(HEADER_SIZE + usize::from(header.length));
    }
    digest
}

/// Each field as a slice that is turned into an array.
#[inline(always)]
fn rust_try_into(context: &mut Packet) -> u64 {
    let bytes = context.bytes.as_slice();
    let mut at = context.first as usize;
    let mut digest = 0u64;
    for _ in 0..context.count {
        let header = Header {
            kind: bytes[at],
            flags: bytes[at + 1],
            length: u16::from_be_bytes(bytes[at + 2..at + 4].try_into().unwrap()),
            stream: u32::from_be_bytes(bytes[at + 4..at + 8].try_into().unwrap()),
            sequence: u64::from_be_bytes(bytes[at + 8..at + 16].try_into().unwrap()),
        };
        digest = mixed(digest, &header);
        at += HEADER_SIZE + usize::from(header.length);
    }
    digest
}

/// What is left, cut by each field that is read: the cursor of the C++ case.
#[inline(always)]
fn read<'a, const N: usize>(left: &mut &'a [u8]) -> Option<&'a [u8; N]> {
    let (taken, rest) = left.split_first_chunk::<N>()?;
    *left = rest;
    Some(taken)
}

#[inline(always)]
fn read_header(left: &mut &[u8]) -> Option<Header> {
    Some(Header {
        kind: read::<1>(left)?[0],
        flags: read::<1>(left)?[0],
        length: u16::from_be_bytes(*read(left)?),
        stream: u32::from_be_bytes(*read(left)?),
        sequence: u64::from_be_bytes(*read(left)?),
    })
}

#[inline(always)]
fn rust_cursor(context: &mut Packet) -> u64 {
    let mut digest = 0u64;
    let Some(mut left) = context.bytes.get(context.first as usize..) else { return digest };
    for _ in 0..context.count {
        let Some(header) = read_header(&mut left) else { break };
        digest = mixed(digest, &header);
        let Some(rest) = left.get(usize::from(header.length)..) else { break };
        left = rest;
    }
    digest
}

/// One check a header, one a payload.
#[inline(always)]
fn rust_first_chunk(context: &mut Packet) -> u64 {
    let mut digest = 0u64;
    let Some(mut left) = context.bytes.get(context.first as usize..) else { return digest };
    for _ in 0..context.count {
        let Some((taken, rest)) = left.split_first_chunk() else { break };
        let header = fields(taken);
        digest = mixed(digest, &header);
        let Some(rest) = rest.get(usize::from(header.length)..) else { break };
        left = rest;
    }
    digest
}

/// The packet is gone when it is read.
#[inline(always)]
fn rust_unchecked_destroyed(context: &mut Packet) -> u64 {
    destroyed(context, |it| &mut it.bytes, rust_unchecked)
}

#[inline(always)]
fn rust_unchecked_deferred_destroyed(context: &mut Packet) -> u64 {
    destroyed(context, |it| &mut it.bytes, rust_unchecked_deferred)
}

case! { Input:
    raw rust_unchecked(Packet) "an array reference made of a pointer" [ordinary]
        { destroyed_before: rust_unchecked_destroyed };
    raw rust_unchecked_deferred(Packet) "the length added behind the next header's loads" [bespoke]
        { destroyed_before: rust_unchecked_deferred_destroyed };
    safe rust_index(Packet) "bytes by slice indexing, from_be_bytes" [library]
        { destroyed_before: "the compiler lets no slice outlive what it borrows (E0505)" }
        claims { truncated_header: "always", one_header_too_many: "always",
                 lying_length: "always", before_start: "always" };
    safe rust_try_into(Packet) "a slice for each field, try_into an array, from_be_bytes" [library]
        { destroyed_before: "the compiler lets no slice outlive what it borrows (E0505)" }
        claims { truncated_header: "always", one_header_too_many: "always",
                 lying_length: "always", before_start: "always" };
    safe rust_cursor(Packet) "split_first_chunk for each field" [library]
        { destroyed_before: "the compiler lets no slice outlive what it borrows (E0505)" }
        claims { one_header_too_many: "always" };
    safe rust_first_chunk(Packet) "split_first_chunk for a header, its extent in the type" [library]
        { destroyed_before: "the compiler lets no slice outlive what it borrows (E0505)" }
        claims { one_header_too_many: "always" };
}
