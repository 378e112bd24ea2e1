//! The twin of shared_copy_contended.cc: an Arc may be shared, and what is lent of it outlives no owner.
use safecost::{case, in_parallel, input, slice, worker_count, Context, Turns};

mod owners;
use owners::{Atomic, Count, InArc, LentArc, Raw, Slot};

const SHARED_COUNT: usize = 8;

input! {
    struct Shown {
        values: *const u32,
        which: *const u32,
        count: usize,
    }
}

struct Looks {
    values: Vec<u32>,
    which: Vec<u32>,
}

impl Context<Shown> for Looks {
    fn prepare(input: &Shown) -> Self {
        let values = unsafe { slice(input.values, SHARED_COUNT) };
        let which = unsafe { slice(input.which, input.count) };
        Looks { values: values.to_vec(), which: which.to_vec() }
    }
}

impl Looks {
    /// Those of one worker: a run of them.
    fn part(&self, worker: u32) -> &[u32] {
        let (worker, workers) = (worker as usize, worker_count() as usize);
        let end = self.which.len() * (worker + 1) / workers;
        &self.which[self.which.len() * worker / workers..end]
    }
    fn create<S: Slot>(&self) -> [S; SHARED_COUNT] {
        std::array::from_fn(|i| {
            let mut slot = S::empty();
            slot.create(self.values[i]);
            slot
        })
    }
}

/// A share, or none, for each look; or one for each worker.
const SHARE: u32 = 0;
const REFERENCE: u32 = 1;
const ONCE_EACH: u32 = 2;

fn share_all<S: Slot>(shared: &[S; SHARED_COUNT]) -> [S; SHARED_COUNT] {
    std::array::from_fn(|i| shared[i].another())
}
fn release_all<S: Slot>(shared: &mut [S; SHARED_COUNT]) {
    shared.iter_mut().for_each(S::release);
}

#[inline(always)]
fn look_by<S: Slot, const BY: u32>(shared: &[S; SHARED_COUNT], part: &[u32]) -> u64 {
    let look = |which: &u32| {
        let slot = &shared[*which as usize];
        if BY == REFERENCE {
            return slot.show();
        }
        let mut mine = slot.another();
        let seen = mine.show();
        mine.release();
        seen
    };
    if BY != ONCE_EACH {
        return part.iter().map(look).fold(0, u64::wrapping_add);
    }
    let mut mine = share_all(shared);
    let sum = look_by::<S, REFERENCE>(&mine, part);
    release_all(&mut mine);
    sum
}

#[inline(always)]
fn look_at_all<S: Slot + Sync, const BY: u32>(looks: &Looks) -> u64 {
    let mut shared = looks.create::<S>();
    let sum = in_parallel(|worker| look_by::<S, BY>(&shared, looks.part(worker)));
    release_all(&mut shared);
    sum
}

/// What raw code promises of its slots, which the compiler does not believe.
struct Promised<C>(Raw<C>);
unsafe impl<C> Sync for Promised<C> {}

impl<C: Count> Slot for Promised<C> {
    fn empty() -> Self {
        Promised(Raw::empty())
    }
    #[inline(always)]
    fn create(&mut self, value: u32) {
        self.0.create(value);
    }
    #[inline(always)]
    fn another(&self) -> Self {
        Promised(self.0.another())
    }
    #[inline(always)]
    fn show(&self) -> u64 {
        self.0.show()
    }
    #[inline(always)]
    fn release(&mut self) {
        self.0.release();
    }
}

/// For `released_twice`: the last worker gives a share up once more than it has taken one.
#[inline(always)]
fn released_twice<const BY: u32>(looks: &Looks) -> u64 {
    let mut shared = looks.create::<Promised<Atomic>>();
    let place = safecost::drawn(SHARED_COUNT as u64) as usize;
    let sum = in_parallel(|worker| {
        if worker == worker_count() - 1 {
            let mut mine = shared[place].another();
            mine.release();
            mine.release();
        }
        look_by::<_, BY>(&shared, looks.part(worker))
    });
    release_all(&mut shared);
    sum
}

/// For `lent_too_long`: the last worker looks when the owner has given its shares up.
#[inline(always)]
fn lent_too_long<const BY: u32>(looks: &Looks) -> u64 {
    let shared = looks.create::<Promised<Atomic>>();
    let turns = Turns::new();
    let last = worker_count() - 1;
    // A copy of the addresses, with which the owner's shares are given up.
    let owners = || -> [Promised<Atomic>; SHARED_COUNT] { unsafe { std::ptr::read(&shared) } };
    in_parallel(|worker| {
        if worker != last && worker != 0 {
            return 0;
        }
        if worker != last {
            turns.wait_for(1);
            release_all(&mut owners());
            turns.next();
            return 0;
        }
        let mut mine = if BY == REFERENCE { owners() } else { share_all(&shared) };
        turns.next();
        if last == 0 {
            release_all(&mut owners());
        } else {
            turns.wait_for(2);
        }
        let sum = look_by::<_, REFERENCE>(&mine, &looks.which);
        if BY != REFERENCE {
            release_all(&mut mine);
        }
        sum
    })
}

/// For `counted_plainly`.
#[inline(always)]
fn plainly<const BY: u32>(looks: &Looks) -> u64 {
    look_at_all::<Promised<owners::Plain>, BY>(looks)
}

#[inline(always)]
fn rust_raw(looks: &mut Looks) -> u64 {
    look_at_all::<Promised<Atomic>, SHARE>(looks)
}
#[inline(always)]
fn rust_raw_plainly(looks: &mut Looks) -> u64 {
    plainly::<SHARE>(looks)
}
#[inline(always)]
fn rust_raw_twice(looks: &mut Looks) -> u64 {
    released_twice::<SHARE>(looks)
}
#[inline(always)]
fn rust_raw_lent_too_long(looks: &mut Looks) -> u64 {
    lent_too_long::<SHARE>(looks)
}

#[inline(always)]
fn rust_raw_lent(looks: &mut Looks) -> u64 {
    look_at_all::<Promised<Atomic>, REFERENCE>(looks)
}
#[inline(always)]
fn rust_raw_lent_for_long(looks: &mut Looks) -> u64 {
    lent_too_long::<REFERENCE>(looks)
}

#[inline(always)]
fn rust_arc(looks: &mut Looks) -> u64 {
    look_at_all::<InArc, REFERENCE>(looks)
}
#[inline(always)]
fn rust_arc_once_each(looks: &mut Looks) -> u64 {
    look_at_all::<LentArc, ONCE_EACH>(looks)
}
#[inline(always)]
fn rust_arc_reference(looks: &mut Looks) -> u64 {
    look_at_all::<LentArc, REFERENCE>(looks)
}

case! { Shown:
    raw rust_raw(Looks) "a count by hand, atomic, for each look" [ordinary]
        { counted_plainly: rust_raw_plainly, released_twice: rust_raw_twice,
          lent_too_long: rust_raw_lent_too_long }
        claims { lent_too_long: "always" };
    raw rust_raw_lent(Looks) "the owner's share, lent" as "lent" [ordinary]
        { counted_plainly: "workers take no share", released_twice: "workers take no share",
          lent_too_long: rust_raw_lent_for_long };
    safe rust_arc(Looks) "an Arc, a clone of it for each look" [library]
        { counted_plainly: "what counts plainly is not shared: the compiler gives no Rc away (E0277)",
          released_twice: "an Arc gives its share up when it ends, once",
          lent_too_long: "who looks has a clone" }
        claims { counted_plainly: "always", released_twice: "always", lent_too_long: "always" };
    safe rust_arc_once_each(Looks) "an Arc, a clone of it for each worker" as "once_each" [library]
        { counted_plainly: "what counts plainly is not shared: the compiler gives no Rc away (E0277)",
          released_twice: "an Arc gives its share up when it ends, once",
          lent_too_long: "who looks has a clone" }
        claims { counted_plainly: "always", released_twice: "always", lent_too_long: "always" };
    safe rust_arc_reference(Looks) "an Arc, lent for each look" as "lent" [library]
        { counted_plainly: "what counts plainly is not shared: the compiler gives no Rc away (E0277)",
          released_twice: "an Arc gives its share up when it ends, once",
          lent_too_long: "the compiler lets no reference outlive the Arc (E0505)" }
        claims { counted_plainly: "always", released_twice: "always", lent_too_long: "always" };
}
