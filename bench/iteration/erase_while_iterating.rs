//! The twin of erase_while_iterating.cc: whoever holds an element lets nobody remove one.
use safecost::{case, input, slice, Context};

input! {
    struct Session {
        id: u32,
        expires: u32,
    }

    struct Input {
        sessions: *const Session,
        count: usize,
        claimed: usize,
        now: u32,
    }
}

struct Sessions {
    sessions: Vec<Session>,
    claimed: usize,
    now: u32,
}

impl Context<Input> for Sessions {
    const RESETS: bool = true;
    const DIGESTS: bool = true;

    fn prepare(input: &Input) -> Self {
        let sessions = unsafe { slice(input.sessions, input.count) }.to_vec();
        Sessions { sessions, claimed: input.claimed, now: input.now }
    }

    fn reset(&mut self, input: &Input) {
        self.sessions.clear();
        self.sessions.extend_from_slice(unsafe { slice(input.sessions, input.count) });
    }

    fn digest(&self) -> u64 {
        self.sessions.iter().fold(self.sessions.len() as u64, |digest, session| {
            let digest = digest.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ u64::from(session.id);
            digest.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ u64::from(session.expires)
        })
    }
}

#[inline(always)]
fn expired(session: Session, now: u32) -> bool {
    session.expires <= now
}

#[inline(always)]
fn rust_unchecked(context: &mut Sessions) -> u64 {
    let sessions = context.sessions.as_mut_ptr();
    unsafe {
        let last = sessions.add(context.claimed);
        let mut session = sessions;
        let mut kept = sessions;
        while session != last {
            if !expired(*session, context.now) {
                *kept = *session;
                kept = kept.add(1);
            }
            session = session.add(1);
        }
        context.sessions.set_len(kept.offset_from(sessions) as usize);
    }
    0
}

#[inline(always)]
fn rust_unchecked_branchless(context: &mut Sessions) -> u64 {
    let sessions = context.sessions.as_mut_ptr();
    unsafe {
        let last = sessions.add(context.claimed);
        let mut session = sessions;
        let mut kept = 0;
        while session != last {
            let stays = !expired(*session, context.now);
            *sessions.add(kept) = *session;
            kept += usize::from(stays);
            session = session.add(1);
        }
        context.sessions.set_len(kept);
    }
    0
}

#[inline(always)]
fn rust_index(context: &mut Sessions) -> u64 {
    let sessions = &mut context.sessions;
    let mut kept = 0;
    for i in 0..context.claimed {
        let session = sessions[i];
        if !expired(session, context.now) {
            sessions[kept] = session;
            kept += 1;
        }
    }
    sessions.truncate(kept);
    0
}

#[inline(always)]
fn rust_index_branchless(context: &mut Sessions) -> u64 {
    let sessions = &mut context.sessions;
    let mut kept = 0;
    for i in 0..context.claimed {
        let session = sessions[i];
        sessions[kept] = session;
        kept += usize::from(!expired(session, context.now));
    }
    sessions.truncate(kept);
    0
}

/// The slice cut to the length once, which leaves the write to be checked.
#[inline(always)]
fn rust_slice_branchless(context: &mut Sessions) -> u64 {
    let sessions = &mut context.sessions[..context.claimed];
    let mut kept = 0;
    for i in 0..sessions.len() {
        let session = sessions[i];
        sessions[kept] = session;
        kept += usize::from(!expired(session, context.now));
    }
    context.sessions.truncate(kept);
    0
}

#[inline(always)]
fn rust_retain(context: &mut Sessions) -> u64 {
    let now = context.now;
    context.sessions.retain(|&session| !expired(session, now));
    0
}

/// `rust_index_branchless` as a function of its own, to be used like `Vec::retain`: the call sets the length.
#[inline(always)]
fn branchless_retain<T: Copy>(elements: &mut Vec<T>, mut stays: impl FnMut(&T) -> bool) {
    let mut kept = 0;
    for i in 0..elements.len() {
        let element = elements[i];
        elements[kept] = element;
        kept += usize::from(stays(&element));
    }
    elements.truncate(kept);
}

#[inline(always)]
fn rust_retain_branchless(context: &mut Sessions) -> u64 {
    let now = context.now;
    branchless_retain(&mut context.sessions, |&session| !expired(session, now));
    0
}

/// The library collects into the memory of the vector that is consumed.
#[inline(always)]
fn rust_filter(context: &mut Sessions) -> u64 {
    let now = context.now;
    let all = std::mem::take(&mut context.sessions);
    context.sessions = all.into_iter().filter(|&session| !expired(session, now)).collect();
    0
}

#[inline(always)]
fn rust_one_by_one(context: &mut Sessions) -> u64 {
    let sessions = &mut context.sessions;
    let mut i = 0;
    while i < sessions.len() {
        if expired(sessions[i], context.now) {
            sessions.remove(i);
        } else {
            i += 1;
        }
    }
    0
}

// The length is not set: behind those that stay lie sessions of before.

#[inline(always)]
fn rust_unchecked_forgotten(context: &mut Sessions) -> u64 {
    let all = context.sessions.len();
    rust_unchecked(context);
    unsafe { context.sessions.set_len(all) };
    0
}

#[inline(always)]
fn rust_unchecked_branchless_forgotten(context: &mut Sessions) -> u64 {
    let all = context.sessions.len();
    rust_unchecked_branchless(context);
    unsafe { context.sessions.set_len(all) };
    0
}

#[inline(always)]
fn rust_index_forgotten(context: &mut Sessions) -> u64 {
    let sessions = &mut context.sessions;
    let mut kept = 0;
    for i in 0..context.claimed {
        let session = sessions[i];
        if !expired(session, context.now) {
            sessions[kept] = session;
            kept += 1;
        }
    }
    0
}

#[inline(always)]
fn rust_index_branchless_forgotten(context: &mut Sessions) -> u64 {
    let sessions = &mut context.sessions;
    let mut kept = 0;
    for i in 0..context.claimed {
        let session = sessions[i];
        sessions[kept] = session;
        kept += usize::from(!expired(session, context.now));
    }
    0
}

#[inline(always)]
fn rust_slice_branchless_forgotten(context: &mut Sessions) -> u64 {
    let sessions = &mut context.sessions[..context.claimed];
    let mut kept = 0;
    for i in 0..sessions.len() {
        let session = sessions[i];
        sessions[kept] = session;
        kept += usize::from(!expired(session, context.now));
    }
    0
}

/// Half of the sessions end, and the others move.
#[inline(never)]
fn shrink(sessions: &mut Vec<Session>, size: usize) {
    sessions.truncate(size);
    sessions.shrink_to_fit();
}

#[inline(always)]
fn rust_unchecked_shrunk(context: &mut Sessions) -> u64 {
    let sessions = context.sessions.as_mut_ptr();
    let mut kept = 0;
    for i in 0..context.claimed {
        unsafe {
            let session = *sessions.add(i);
            if i == context.claimed / 2 {
                shrink(&mut context.sessions, i);
            }
            if !expired(session, context.now) {
                *sessions.add(kept) = session;
                kept += 1;
            }
        }
    }
    unsafe { context.sessions.set_len(kept.min(context.sessions.len())) };
    0
}

#[inline(always)]
fn rust_unchecked_branchless_shrunk(context: &mut Sessions) -> u64 {
    let sessions = context.sessions.as_mut_ptr();
    let mut kept = 0;
    for i in 0..context.claimed {
        unsafe {
            let session = *sessions.add(i);
            if i == context.claimed / 2 {
                shrink(&mut context.sessions, i);
            }
            *sessions.add(kept) = session;
            kept += usize::from(!expired(session, context.now));
        }
    }
    unsafe { context.sessions.set_len(kept.min(context.sessions.len())) };
    0
}

/// The compiler accepts this: between two indices nothing is borrowed.
#[inline(always)]
fn rust_index_shrunk(context: &mut Sessions) -> u64 {
    let sessions = &mut context.sessions;
    let mut kept = 0;
    for i in 0..context.claimed {
        let session = sessions[i];
        if i == context.claimed / 2 {
            shrink(sessions, i);
        }
        if !expired(session, context.now) {
            sessions[kept] = session;
            kept += 1;
        }
    }
    sessions.truncate(kept);
    0
}

#[inline(always)]
fn rust_index_branchless_shrunk(context: &mut Sessions) -> u64 {
    let sessions = &mut context.sessions;
    let mut kept = 0;
    for i in 0..context.claimed {
        let session = sessions[i];
        if i == context.claimed / 2 {
            shrink(sessions, i);
        }
        sessions[kept] = session;
        kept += usize::from(!expired(session, context.now));
    }
    sessions.truncate(kept);
    0
}

#[inline(always)]
fn rust_one_by_one_shrunk(context: &mut Sessions) -> u64 {
    let sessions = &mut context.sessions;
    let mut i = 0;
    let mut asked = 0;
    while i < sessions.len() {
        let session = sessions[i];
        if asked == context.claimed / 2 {
            shrink(sessions, asked);
        }
        asked += 1;
        if expired(session, context.now) {
            sessions.remove(i);
        } else {
            i += 1;
        }
    }
    0
}

// The last session is remembered, by where it lies or by its number, and looked at when it is gone.

#[inline(always)]
fn held_pointer(context: &mut Sessions, remove: impl Fn(&mut Sessions) -> u64) -> u64 {
    let last = unsafe { context.sessions.as_ptr().add(context.sessions.len() - 1) };
    remove(context);
    context.sessions.shrink_to_fit();
    u64::from(unsafe { (*last).id })
}

#[inline(always)]
fn held_index(context: &mut Sessions, remove: impl Fn(&mut Sessions) -> u64) -> u64 {
    let last = context.sessions.len() - 1;
    remove(context);
    context.sessions.shrink_to_fit();
    u64::from(context.sessions[last].id)
}

#[inline(always)]
fn rust_unchecked_held(context: &mut Sessions) -> u64 {
    held_pointer(context, rust_unchecked)
}

#[inline(always)]
fn rust_unchecked_branchless_held(context: &mut Sessions) -> u64 {
    held_pointer(context, rust_unchecked_branchless)
}

#[inline(always)]
fn rust_index_held(context: &mut Sessions) -> u64 {
    held_index(context, rust_index)
}

#[inline(always)]
fn rust_index_branchless_held(context: &mut Sessions) -> u64 {
    held_index(context, rust_index_branchless)
}

#[inline(always)]
fn rust_slice_branchless_held(context: &mut Sessions) -> u64 {
    held_index(context, rust_slice_branchless)
}

#[inline(always)]
fn rust_retain_held(context: &mut Sessions) -> u64 {
    held_index(context, rust_retain)
}

#[inline(always)]
fn rust_retain_branchless_held(context: &mut Sessions) -> u64 {
    held_index(context, rust_retain_branchless)
}

#[inline(always)]
fn rust_filter_held(context: &mut Sessions) -> u64 {
    held_index(context, rust_filter)
}

#[inline(always)]
fn rust_one_by_one_held(context: &mut Sessions) -> u64 {
    held_index(context, rust_one_by_one)
}

/// The length is asked once, and the walk steps on after a removal, too.
#[inline(always)]
fn rust_one_by_one_stale(context: &mut Sessions) -> u64 {
    let sessions = &mut context.sessions;
    for i in 0..sessions.len() {
        if expired(sessions[i], context.now) {
            sessions.remove(i);
        }
    }
    0
}

case! { Input:
    raw rust_unchecked(Sessions) "pointer and length, if"
        { forgotten_length: rust_unchecked_forgotten, shrunk_meanwhile: rust_unchecked_shrunk,
          held_across: rust_unchecked_held,
          stale_iterator: "nothing is removed before the walk has ended" };
    raw rust_unchecked_branchless(Sessions) "pointer and length, always written" as "branchless"
        { forgotten_length: rust_unchecked_branchless_forgotten,
          shrunk_meanwhile: rust_unchecked_branchless_shrunk,
          held_across: rust_unchecked_branchless_held,
          stale_iterator: "nothing is removed before the walk has ended" };
    safe rust_index(Sessions) "slice indexing up to the length, if, truncate"
        { forgotten_length: rust_index_forgotten, shrunk_meanwhile: rust_index_shrunk,
          held_across: rust_index_held,
          stale_iterator: "nothing is removed before the walk has ended" }
        claims { one_past_end: "always", far_past_end: "always", shrunk_meanwhile: "always",
                 held_across: "always" };
    safe rust_index_branchless(Sessions) "slice indexing, always written, truncate" as "branchless"
        { forgotten_length: rust_index_branchless_forgotten,
          shrunk_meanwhile: rust_index_branchless_shrunk,
          held_across: rust_index_branchless_held,
          stale_iterator: "nothing is removed before the walk has ended" }
        claims { one_past_end: "always", far_past_end: "always", shrunk_meanwhile: "always",
                 held_across: "always" };
    safe rust_slice_branchless(Sessions) "slice cut to the length, always written, truncate" as "branchless"
        { forgotten_length: rust_slice_branchless_forgotten,
          shrunk_meanwhile: "the compiler lets nobody shrink what a slice borrows (E0499)",
          held_across: rust_slice_branchless_held,
          stale_iterator: "nothing is removed before the walk has ended" }
        claims { one_past_end: "always", far_past_end: "always", held_across: "always" };
    safe rust_retain(Sessions) "Vec::retain"
        { forgotten_length: "the one call removes and sets the length",
          shrunk_meanwhile: "the compiler lets no closure borrow what retain has borrowed (E0499)",
          held_across: rust_retain_held, stale_iterator: "the caller has no iterator" }
        claims { one_past_end: "always", far_past_end: "always", held_across: "always" };
    safe rust_retain_branchless(Sessions) "a function like retain: indexing, always written" as "branchless"
        { forgotten_length: "the one call removes and sets the length",
          shrunk_meanwhile: "the compiler lets no closure borrow what the call has borrowed (E0499)",
          held_across: rust_retain_branchless_held,
          stale_iterator: "the caller has no iterator" }
        claims { one_past_end: "always", far_past_end: "always", held_across: "always" };
    safe rust_filter(Sessions) "into_iter().filter().collect(), in the same memory" as "copy"
        { forgotten_length: "a Vec is as long as what was collected",
          shrunk_meanwhile: "the vector was moved away, and nobody can name it (E0382)",
          held_across: rust_filter_held, stale_iterator: "nothing is removed" }
        claims { one_past_end: "always", far_past_end: "always", held_across: "always" };
    safe rust_one_by_one(Sessions) "Vec::remove for each that goes" as "one_by_one"
        { forgotten_length: "remove sets the length", shrunk_meanwhile: rust_one_by_one_shrunk,
          held_across: rust_one_by_one_held, stale_iterator: rust_one_by_one_stale }
        claims { one_past_end: "always", far_past_end: "always", held_across: "always",
                 stale_iterator: "always" };
}
