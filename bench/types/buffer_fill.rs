//! The twin of buffer_fill.cc: memory that nobody has set cannot be read, and what is collected never was any.
use safecost::{case, destroyed, drawn, input, slice, Context};

input! {
    struct Message {
        start: u32,
        length: u32,
        delivered: u32,
        bound: u32,
    }

    struct Input {
        source: *const u64,
        source_count: usize,
        messages: *const Message,
        message_count: usize,
        key: u64,
    }
}

struct Messages {
    source: Vec<u64>,
    messages: Vec<Message>,
    key: u64,
}

impl Context<Input> for Messages {
    fn prepare(input: &Input) -> Self {
        let source = unsafe { slice(input.source, input.source_count) }.to_vec();
        let messages = unsafe { slice(input.messages, input.message_count) }.to_vec();
        Messages { source, messages, key: input.key }
    }
}

/// The words of one message are what it is given, lent by who received them.
#[inline(always)]
fn each(context: &Messages, mut sum: impl FnMut(&[u64], &Message, u64) -> u64) -> u64 {
    let mut digest = 0u64;
    for message in &context.messages {
        let start = message.start as usize;
        let end = start + message.delivered as usize;
        let source = unsafe { context.source.get_unchecked(start..end) };
        digest = digest.wrapping_mul(31).wrapping_add(sum(source, message, context.key));
    }
    digest
}

#[inline(always)]
unsafe fn filled_and_summed(buffer: *mut u64, source: &[u64], bound: u32, key: u64) -> u64 {
    let mut total = 0;
    unsafe {
        for (i, word) in source.iter().enumerate() {
            buffer.add(i).write(word ^ key);
        }
        for i in 0..bound as usize {
            total += *buffer.add(i);
        }
    }
    total
}

#[inline(always)]
fn rust_unchecked(context: &mut Messages) -> u64 {
    each(context, |source, message, key| {
        let mut buffer = Vec::<u64>::with_capacity(message.length as usize);
        unsafe { filled_and_summed(buffer.as_mut_ptr(), source, message.bound, key) }
    })
}

#[inline(always)]
fn rust_unchecked_zeroed(context: &mut Messages) -> u64 {
    each(context, |source, message, key| {
        let mut buffer = vec![0u64; message.length as usize];
        unsafe { filled_and_summed(buffer.as_mut_ptr(), source, message.bound, key) }
    })
}

/// One block for all messages, grown where one is longer than all before it.
#[inline(always)]
fn rust_unchecked_reused(context: &mut Messages) -> u64 {
    let mut buffer = Vec::<u64>::new();
    each(context, |source, message, key| {
        buffer.reserve_exact(message.length as usize);
        unsafe { filled_and_summed(buffer.as_mut_ptr(), source, message.bound, key) }
    })
}

/// Fewer bytes a word than a word has.
#[inline(always)]
fn too_few(message: &Message) -> usize {
    message.length as usize * (1 + drawn(7) as usize)
}

#[inline(always)]
fn rust_unchecked_bytes(context: &mut Messages) -> u64 {
    each(context, |source, message, key| {
        let mut buffer = Vec::<u8>::with_capacity(too_few(message));
        unsafe { filled_and_summed(buffer.as_mut_ptr().cast(), source, message.bound, key) }
    })
}

#[inline(always)]
fn rust_unchecked_zeroed_bytes(context: &mut Messages) -> u64 {
    each(context, |source, message, key| {
        let mut buffer = vec![0u8; too_few(message)];
        unsafe { filled_and_summed(buffer.as_mut_ptr().cast(), source, message.bound, key) }
    })
}

#[inline(always)]
fn rust_unchecked_reused_bytes(context: &mut Messages) -> u64 {
    let mut buffer = Vec::<u8>::new();
    each(context, |source, message, key| {
        buffer.reserve_exact(too_few(message));
        unsafe { filled_and_summed(buffer.as_mut_ptr().cast(), source, message.bound, key) }
    })
}

const CHUNK: usize = 128;

#[inline(always)]
fn rust_unchecked_stack(context: &mut Messages) -> u64 {
    each(context, |source, message, key| {
        let mut total = 0;
        for done in (0..message.bound as usize).step_by(CHUNK) {
            let mut chunk = std::mem::MaybeUninit::<[u64; CHUNK]>::uninit();
            let rest = source.get(done..).unwrap_or_default();
            let arrived = &rest[..rest.len().min(CHUNK)];
            let wanted = (message.bound as usize - done).min(CHUNK) as u32;
            total += unsafe { filled_and_summed(chunk.as_mut_ptr().cast(), arrived, wanted, key) };
        }
        total
    })
}

/// From end to end of what arrived.
#[inline(always)]
fn rust_unchecked_stack_all(context: &mut Messages) -> u64 {
    each(context, |source, _, key| {
        let mut total = 0;
        for arrived in source.chunks(CHUNK) {
            let mut chunk = std::mem::MaybeUninit::<[u64; CHUNK]>::uninit();
            let count = arrived.len() as u32;
            total += unsafe { filled_and_summed(chunk.as_mut_ptr().cast(), arrived, count, key) };
        }
        total
    })
}

/// Where all that is wanted is the sum, there is nothing to fill.
#[inline(always)]
fn rust_unchecked_fused(context: &mut Messages) -> u64 {
    each(context, |source, _, key| {
        let mut total = 0;
        for i in 0..source.len() {
            total += unsafe { source.get_unchecked(i) } ^ key;
        }
        total
    })
}

#[inline(always)]
fn rust_zeroed(context: &mut Messages) -> u64 {
    each(context, |source, message, key| {
        let mut buffer = vec![0; message.length as usize];
        for (i, word) in source.iter().enumerate() {
            buffer[i] = word ^ key;
        }
        let mut total = 0;
        for i in 0..message.bound as usize {
            total += buffer[i];
        }
        total
    })
}

/// One check for each loop: cut to its bound, then walked as what it is.
#[inline(always)]
fn rust_zeroed_slice(context: &mut Messages) -> u64 {
    each(context, |source, message, key| {
        let mut buffer = vec![0; message.length as usize];
        for (place, word) in buffer[..source.len()].iter_mut().zip(source) {
            *place = word ^ key;
        }
        buffer[..message.bound as usize].iter().sum()
    })
}

#[inline(always)]
fn rust_push(context: &mut Messages) -> u64 {
    each(context, |source, message, key| {
        let mut buffer = Vec::with_capacity(message.length as usize);
        for word in source {
            buffer.push(word ^ key);
        }
        buffer.iter().sum()
    })
}

/// The iterator knows how many it has, so room is made once and nobody asks again.
#[inline(always)]
fn rust_extend(context: &mut Messages) -> u64 {
    each(context, |source, message, key| {
        let mut buffer = Vec::with_capacity(message.length as usize);
        buffer.extend(source.iter().map(|word| word ^ key));
        buffer.iter().sum()
    })
}

#[inline(always)]
fn rust_collect(context: &mut Messages) -> u64 {
    each(context, |source, _, key| {
        let buffer: Vec<u64> = source.iter().map(|word| word ^ key).collect();
        buffer.iter().sum()
    })
}

/// One Vec for all messages.
#[inline(always)]
fn rust_reused(context: &mut Messages) -> u64 {
    let mut buffer = Vec::new();
    each(context, |source, _, key| {
        buffer.clear();
        buffer.extend(source.iter().map(|word| word ^ key));
        buffer.iter().sum()
    })
}

#[inline(always)]
fn rust_fused(context: &mut Messages) -> u64 {
    each(context, |source, _, key| source.iter().map(|word| word ^ key).sum())
}

#[inline(always)]
fn rust_array(context: &mut Messages) -> u64 {
    each(context, |source, message, key| {
        let mut total = 0;
        for done in (0..message.bound as usize).step_by(CHUNK) {
            let mut chunk = [0; CHUNK];
            let arrived = source.get(done..).unwrap_or_default();
            for (place, word) in chunk.iter_mut().zip(arrived) {
                *place = word ^ key;
            }
            let wanted = (message.bound as usize - done).min(CHUNK);
            total += chunk[..wanted].iter().sum::<u64>();
        }
        total
    })
}

// When nothing arrives, a function returns before its end.

#[inline(always)]
fn leaked(context: &Messages, make: impl Fn(&Message) -> Vec<u64>) -> u64 {
    each(context, |source, message, key| {
        let mut buffer = std::mem::ManuallyDrop::new(make(message));
        if source.is_empty() {
            return 0;
        }
        let total = unsafe { filled_and_summed(buffer.as_mut_ptr(), source, message.bound, key) };
        drop(std::mem::ManuallyDrop::into_inner(buffer));
        total
    })
}

#[inline(always)]
fn rust_unchecked_early(context: &mut Messages) -> u64 {
    leaked(context, |message| Vec::with_capacity(message.length as usize))
}

#[inline(always)]
fn rust_unchecked_zeroed_early(context: &mut Messages) -> u64 {
    leaked(context, |message| vec![0; message.length as usize])
}

#[inline(always)]
fn early(context: &Messages, make: impl Fn(&Message) -> Vec<u64>) -> u64 {
    each(context, |source, message, key| {
        let mut buffer = make(message);
        if source.is_empty() {
            return 0;
        }
        buffer.clear();
        buffer.extend(source.iter().map(|word| word ^ key));
        buffer.iter().sum()
    })
}

#[inline(always)]
fn rust_zeroed_early(context: &mut Messages) -> u64 {
    early(context, |message| vec![0; message.length as usize])
}

#[inline(always)]
fn rust_zeroed_slice_early(context: &mut Messages) -> u64 {
    early(context, |message| vec![0; message.length as usize])
}

#[inline(always)]
fn rust_push_early(context: &mut Messages) -> u64 {
    early(context, |message| Vec::with_capacity(message.length as usize))
}

#[inline(always)]
fn rust_extend_early(context: &mut Messages) -> u64 {
    early(context, |message| Vec::with_capacity(message.length as usize))
}

#[inline(always)]
fn rust_collect_early(context: &mut Messages) -> u64 {
    each(context, |source, _, key| {
        let buffer: Vec<u64> = source.iter().map(|word| word ^ key).collect();
        if source.is_empty() {
            return 0;
        }
        buffer.iter().sum()
    })
}

/// What was received is gone when it is decoded.
macro_rules! destroyed_before {
    ($($name:ident: $kernel:ident),*) => { $(
        #[inline(always)]
        fn $name(context: &mut Messages) -> u64 {
            destroyed(context, |it| &mut it.source, $kernel)
        }
    )* };
}
destroyed_before!(rust_unchecked_destroyed: rust_unchecked,
                  rust_unchecked_zeroed_destroyed: rust_unchecked_zeroed,
                  rust_unchecked_reused_destroyed: rust_unchecked_reused,
                  rust_unchecked_stack_destroyed: rust_unchecked_stack,
                  rust_unchecked_stack_all_destroyed: rust_unchecked_stack_all,
                  rust_unchecked_fused_destroyed: rust_unchecked_fused);

case! { Input:
    raw rust_unchecked(Messages) "Vec::with_capacity, written and read through its pointer" [ordinary]
        { wrong_product: rust_unchecked_bytes, early_return: rust_unchecked_early,
          destroyed_before: rust_unchecked_destroyed };
    raw rust_unchecked_zeroed(Messages) "vec![0; length], written and read through its pointer" [ordinary]
        { wrong_product: rust_unchecked_zeroed_bytes, early_return: rust_unchecked_zeroed_early,
          destroyed_before: rust_unchecked_zeroed_destroyed }
        claims { short_delivery: "always" };
    raw rust_unchecked_reused(Messages) "the room of one Vec for all messages, through its pointer" [ordinary]
        { wrong_product: rust_unchecked_reused_bytes,
          early_return: "the block serves all messages, and the end of none frees it",
          destroyed_before: rust_unchecked_reused_destroyed };
    raw rust_unchecked_stack(Messages) "MaybeUninit of 1 KiB on the stack, through its pointer" as "chunks" [ordinary]
        { wrong_product: "nothing is allocated: the array's size is its type's",
          early_return: "nothing is allocated: the array's size is its type's",
          destroyed_before: rust_unchecked_stack_destroyed };
    raw rust_unchecked_stack_all(Messages) "the same, from end to end of what arrived" as "chunks" [bespoke]
        { wrong_product: "nothing is allocated: the array's size is its type's",
          early_return: "nothing is allocated: the array's size is its type's",
          destroyed_before: rust_unchecked_stack_all_destroyed }
        claims { short_delivery: "always", long_delivery: "always", one_past_end: "always" };
    raw rust_unchecked_fused(Messages) "no buffer: decoded and added up in one loop" as "fused" [bespoke]
        { wrong_product: "nothing is allocated",
          early_return: "nothing is allocated",
          destroyed_before: rust_unchecked_fused_destroyed }
        claims { short_delivery: "always", long_delivery: "always", one_past_end: "always" };
    safe rust_zeroed(Messages) "vec![0; length], slice indexing" [library]
        { wrong_product: "what is counted are elements, and their size is the type's",
          early_return: rust_zeroed_early,
          destroyed_before: "the compiler lets no slice outlive what it borrows (E0505)" }
        claims { short_delivery: "always", long_delivery: "always", one_past_end: "always",
                 early_return: "always" };
    safe rust_zeroed_slice(Messages) "vec![0; length], slices cut to the bounds once" [library]
        { wrong_product: "what is counted are elements, and their size is the type's",
          early_return: rust_zeroed_slice_early,
          destroyed_before: "the compiler lets no slice outlive what it borrows (E0505)" }
        claims { short_delivery: "always", long_delivery: "always", one_past_end: "always",
                 early_return: "always" };
    safe rust_push(Messages) "Vec::with_capacity, push" [library]
        { wrong_product: "what is counted are elements, and their size is the type's",
          early_return: rust_push_early,
          destroyed_before: "the compiler lets no slice outlive what it borrows (E0505)" }
        claims { short_delivery: "always", long_delivery: "always", one_past_end: "always",
                 early_return: "always" };
    safe rust_extend(Messages) "Vec::with_capacity, extend" [library]
        { wrong_product: "what is counted are elements, and their size is the type's",
          early_return: rust_extend_early,
          destroyed_before: "the compiler lets no slice outlive what it borrows (E0505)" }
        claims { short_delivery: "always", long_delivery: "always", one_past_end: "always",
                 early_return: "always" };
    safe rust_collect(Messages) "iter().map().collect()" [library]
        { wrong_product: "what is counted are elements, and their size is the type's",
          early_return: rust_collect_early,
          destroyed_before: "the compiler lets no slice outlive what it borrows (E0505)" }
        claims { short_delivery: "always", long_delivery: "always", one_past_end: "always",
                 early_return: "always" };
    safe rust_reused(Messages) "one Vec for all messages, cleared and extended" [library]
        { wrong_product: "what is counted are elements, and their size is the type's",
          early_return: "the block serves all messages, and the end of none frees it",
          destroyed_before: "the compiler lets no slice outlive what it borrows (E0505)" }
        claims { short_delivery: "always", long_delivery: "always", one_past_end: "always" };
    safe rust_fused(Messages) "no buffer: iter().map().sum()" as "fused" [bespoke]
        { wrong_product: "nothing is allocated",
          early_return: "nothing is allocated",
          destroyed_before: "the compiler lets no slice outlive what it borrows (E0505)" }
        claims { short_delivery: "always", long_delivery: "always", one_past_end: "always" };
    safe rust_array(Messages) "an array of 1 KiB set to zero, slices" as "chunks" [library]
        { wrong_product: "nothing is allocated: the array's size is its type's",
          early_return: "nothing is allocated: the array's size is its type's",
          destroyed_before: "the compiler lets no slice outlive what it borrows (E0505)" }
        claims { short_delivery: "always", one_past_end: "always" };
}
