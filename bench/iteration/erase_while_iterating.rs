//! The twin of erase_while_iterating.cc: whoever holds an element lets nobody remove one.
use safecost::{case, drawn, input, slice, Context};

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

// The walks once more, with somebody to be asked who is given the vector, where the language lets it be given.

#[inline(always)]
fn unchecked(
    context: &mut Sessions,
    mut goes: impl FnMut(&mut Vec<Session>, Session) -> bool,
) -> u64 {
    let sessions = context.sessions.as_mut_ptr();
    let mut kept = 0;
    for i in 0..context.claimed {
        unsafe {
            let session = *sessions.add(i);
            if !goes(&mut context.sessions, session) {
                *sessions.add(kept) = session;
                kept += 1;
            }
        }
    }
    unsafe { context.sessions.set_len(kept.min(context.sessions.len())) };
    0
}

#[inline(always)]
fn unchecked_branchless(
    context: &mut Sessions,
    mut goes: impl FnMut(&mut Vec<Session>, Session) -> bool,
) -> u64 {
    let sessions = context.sessions.as_mut_ptr();
    let mut kept = 0;
    for i in 0..context.claimed {
        unsafe {
            let session = *sessions.add(i);
            let stays = !goes(&mut context.sessions, session);
            *sessions.add(kept) = session;
            kept += usize::from(stays);
        }
    }
    unsafe { context.sessions.set_len(kept.min(context.sessions.len())) };
    0
}

/// The compiler accepts this: between two indices nothing is borrowed.
#[inline(always)]
fn indexed(
    context: &mut Sessions,
    mut goes: impl FnMut(&mut Vec<Session>, Session) -> bool,
) -> u64 {
    let sessions = &mut context.sessions;
    let mut kept = 0;
    for i in 0..context.claimed {
        let session = sessions[i];
        if !goes(sessions, session) {
            sessions[kept] = session;
            kept += 1;
        }
    }
    sessions.truncate(kept);
    0
}

#[inline(always)]
fn indexed_branchless(
    context: &mut Sessions,
    mut goes: impl FnMut(&mut Vec<Session>, Session) -> bool,
) -> u64 {
    let sessions = &mut context.sessions;
    let mut kept = 0;
    for i in 0..context.claimed {
        let session = sessions[i];
        sessions[kept] = session;
        kept += usize::from(!goes(sessions, session));
    }
    sessions.truncate(kept);
    0
}

#[inline(always)]
fn sliced_branchless(context: &mut Sessions, mut goes: impl FnMut(Session) -> bool) -> u64 {
    let sessions = &mut context.sessions[..context.claimed];
    let mut kept = 0;
    for i in 0..sessions.len() {
        let session = sessions[i];
        sessions[kept] = session;
        kept += usize::from(!goes(session));
    }
    context.sessions.truncate(kept);
    0
}

#[inline(always)]
fn one_by_one(
    context: &mut Sessions,
    mut goes: impl FnMut(&mut Vec<Session>, Session) -> bool,
) -> u64 {
    let sessions = &mut context.sessions;
    let mut i = 0;
    while i < sessions.len() {
        let session = sessions[i];
        if goes(sessions, session) {
            sessions.remove(i);
        } else {
            i += 1;
        }
    }
    0
}

/// Whoever is asked does something to the vector, before the last question.
#[inline(always)]
fn acting(
    context: &Sessions,
    act: fn(&mut Vec<Session>, usize),
) -> impl FnMut(&mut Vec<Session>, Session) -> bool {
    let now = context.now;
    let place = drawn(context.claimed.max(2) as u64 - 1) as usize;
    let mut asked = 0;
    move |sessions, session| {
        if asked == place {
            act(sessions, place);
        }
        asked += 1;
        expired(session, now)
    }
}

/// The sessions from there on end, and the others move.
#[inline(never)]
fn shrink(sessions: &mut Vec<Session>, size: usize) {
    sessions.truncate(size);
    sessions.shrink_to_fit();
}

/// All move to other memory, and the old one is freed.
#[inline(never)]
fn relocate(sessions: &mut Vec<Session>, _: usize) {
    let elsewhere = sessions.clone();
    *sessions = elsewhere;
}

/// Whoever is asked panics about one of those that stay.
#[inline(always)]
fn failing(context: &Sessions) -> impl FnMut(Session) -> bool {
    let now = context.now;
    let stay = context.sessions.iter().filter(|&&session| !expired(session, now)).count();
    let place = drawn(stay.max(1) as u64);
    let mut stayed = 0;
    move |session| {
        let goes = expired(session, now);
        assert!(goes || stayed != place, "nobody knows whether this session goes");
        stayed += u64::from(!goes);
        goes
    }
}

/// Whoever catches the panic wants what was there: some may be there twice, but none that stays may be lost.
#[inline(always)]
fn caught(context: &mut Sessions, remove: impl FnOnce(&mut Sessions) -> u64) -> u64 {
    let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| remove(context)));
    if ended.is_err() {
        let mut seen = std::collections::HashSet::new();
        let now = context.now;
        context.sessions.retain(|&session| {
            !expired(session, now) && seen.insert((session.id, session.expires))
        });
    }
    0
}

macro_rules! acted {
    ($($name:ident: $walk:ident, $act:ident;)+) => { $(
        #[inline(always)]
        fn $name(context: &mut Sessions) -> u64 {
            let goes = acting(context, $act);
            $walk(context, goes)
        }
    )+ };
}
acted! {
    rust_unchecked_shrunk: unchecked, shrink;
    rust_unchecked_branchless_shrunk: unchecked_branchless, shrink;
    rust_index_shrunk: indexed, shrink;
    rust_index_branchless_shrunk: indexed_branchless, shrink;
    rust_one_by_one_shrunk: one_by_one, shrink;
    rust_unchecked_moved: unchecked, relocate;
    rust_unchecked_branchless_moved: unchecked_branchless, relocate;
    rust_index_moved: indexed, relocate;
    rust_index_branchless_moved: indexed_branchless, relocate;
    rust_one_by_one_moved: one_by_one, relocate;
}

macro_rules! failed {
    ($($name:ident: |$context:ident, $goes:ident| $remove:expr;)+) => { $(
        #[inline(always)]
        fn $name(context: &mut Sessions) -> u64 {
            #[allow(unused_mut)]
            let mut $goes = failing(context);
            caught(context, |$context| {
                $remove;
                0
            })
        }
    )+ };
}
failed! {
    rust_unchecked_failed: |context, goes| unchecked(context, |_, session| goes(session));
    rust_unchecked_branchless_failed: |context, goes|
        unchecked_branchless(context, |_, session| goes(session));
    rust_index_failed: |context, goes| indexed(context, |_, session| goes(session));
    rust_index_branchless_failed: |context, goes|
        indexed_branchless(context, |_, session| goes(session));
    rust_slice_branchless_failed: |context, goes| sliced_branchless(context, goes);
    rust_retain_failed: |context, goes| context.sessions.retain(|&session| !goes(session));
    rust_retain_branchless_failed: |context, goes|
        branchless_retain(&mut context.sessions, |&session| !goes(session));
    rust_filter_failed: |context, goes| {
        let all = std::mem::take(&mut context.sessions);
        context.sessions = all.into_iter().filter(|&session| !goes(session)).collect();
    };
    rust_one_by_one_failed: |context, goes| one_by_one(context, |_, session| goes(session));
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
    raw rust_unchecked(Sessions) "pointer and length, if" [ordinary]
        { forgotten_length: rust_unchecked_forgotten, shrunk_meanwhile: rust_unchecked_shrunk,
          destroyed_before: rust_unchecked_moved, predicate_throws: rust_unchecked_failed,
          held_across: rust_unchecked_held,
          stale_iterator: "nothing is removed before the walk has ended" }
        claims { predicate_throws: "always" };
    raw rust_unchecked_branchless(Sessions) "pointer and length, always written" as "branchless" [bespoke]
        { forgotten_length: rust_unchecked_branchless_forgotten,
          shrunk_meanwhile: rust_unchecked_branchless_shrunk,
          destroyed_before: rust_unchecked_branchless_moved,
          predicate_throws: rust_unchecked_branchless_failed,
          held_across: rust_unchecked_branchless_held,
          stale_iterator: "nothing is removed before the walk has ended" }
        claims { predicate_throws: "always" };
    safe rust_index(Sessions) "slice indexing up to the length, if, truncate" [library]
        { forgotten_length: rust_index_forgotten, shrunk_meanwhile: rust_index_shrunk,
          destroyed_before: rust_index_moved, predicate_throws: rust_index_failed,
          held_across: rust_index_held,
          stale_iterator: "nothing is removed before the walk has ended" }
        claims { one_past_end: "always", far_past_end: "always", shrunk_meanwhile: "always",
                 held_across: "always", destroyed_before: "always",
                 predicate_throws: "always" };
    safe rust_index_branchless(Sessions) "slice indexing, always written, truncate" as "branchless" [bespoke]
        { forgotten_length: rust_index_branchless_forgotten,
          shrunk_meanwhile: rust_index_branchless_shrunk,
          destroyed_before: rust_index_branchless_moved,
          predicate_throws: rust_index_branchless_failed,
          held_across: rust_index_branchless_held,
          stale_iterator: "nothing is removed before the walk has ended" }
        claims { one_past_end: "always", far_past_end: "always", shrunk_meanwhile: "always",
                 held_across: "always", destroyed_before: "always",
                 predicate_throws: "always" };
    safe rust_slice_branchless(Sessions) "slice cut to the length, always written, truncate" as "branchless" [bespoke]
        { forgotten_length: rust_slice_branchless_forgotten,
          shrunk_meanwhile: "the compiler lets nobody shrink what a slice borrows (E0499)",
          destroyed_before: "the compiler lets nobody move what a slice borrows (E0499)",
          predicate_throws: rust_slice_branchless_failed,
          held_across: rust_slice_branchless_held,
          stale_iterator: "nothing is removed before the walk has ended" }
        claims { one_past_end: "always", far_past_end: "always", held_across: "always",
                 predicate_throws: "always" };
    safe rust_retain(Sessions) "Vec::retain" [library]
        { forgotten_length: "the one call removes and sets the length",
          shrunk_meanwhile: "the compiler lets no closure borrow what retain has borrowed (E0499)",
          destroyed_before: "the compiler lets no closure borrow what retain has borrowed (E0499)",
          predicate_throws: rust_retain_failed,
          held_across: rust_retain_held, stale_iterator: "the caller has no iterator" }
        claims { one_past_end: "always", far_past_end: "always", held_across: "always",
                 predicate_throws: "always" };
    safe rust_retain_branchless(Sessions) "a function like retain: indexing, always written" as "branchless" [bespoke]
        { forgotten_length: "the one call removes and sets the length",
          shrunk_meanwhile: "the compiler lets no closure borrow what the call has borrowed (E0499)",
          destroyed_before: "the compiler lets no closure borrow what the call has borrowed (E0499)",
          predicate_throws: rust_retain_branchless_failed,
          held_across: rust_retain_branchless_held,
          stale_iterator: "the caller has no iterator" }
        claims { one_past_end: "always", far_past_end: "always", held_across: "always",
                 predicate_throws: "always" };
    safe rust_filter(Sessions) "into_iter().filter().collect(), in the same memory" as "copy" [library]
        { forgotten_length: "a Vec is as long as what was collected",
          shrunk_meanwhile: "the vector was moved away, and nobody can name it (E0382)",
          destroyed_before: "the vector was moved away, and nobody can name it (E0382)",
          predicate_throws: rust_filter_failed,
          held_across: rust_filter_held, stale_iterator: "nothing is removed" }
        claims { one_past_end: "always", far_past_end: "always", held_across: "always" };
    safe rust_one_by_one(Sessions) "Vec::remove for each that goes" as "one_by_one" [library]
        { forgotten_length: "remove sets the length", shrunk_meanwhile: rust_one_by_one_shrunk,
          destroyed_before: rust_one_by_one_moved, predicate_throws: rust_one_by_one_failed,
          held_across: rust_one_by_one_held, stale_iterator: rust_one_by_one_stale }
        claims { one_past_end: "always", far_past_end: "always", held_across: "always",
                 stale_iterator: "always", destroyed_before: "always",
                 predicate_throws: "always" };
}
