//! The twin of guarded_value.cc: a Mutex has the value, and a reference to it lives no longer than its guard.
use safecost::{case, in_parallel, input, slice, worker_count, Context};

mod accounts;
use accounts::*;

input! {
    struct Operation {
        kind: u32,
        account: u32,
        other: u32,
        amount: u32,
    }

    struct Input {
        operations: *const Operation,
        count: usize,
    }
}

struct Tape {
    operations: Vec<Operation>,
}

impl Context<Input> for Tape {
    fn prepare(input: &Input) -> Self {
        Tape { operations: unsafe { slice(input.operations, input.count) }.to_vec() }
    }
}

impl Tape {
    /// Those of one worker: a run of them.
    fn part(&self, worker: u32) -> &[Operation] {
        let (worker, workers) = (worker as usize, worker_count() as usize);
        let end = self.operations.len() * (worker + 1) / workers;
        &self.operations[self.operations.len() * worker / workers..end]
    }
}

const LOOK: u32 = 1;
const MOVE: u32 = 2;

#[inline(always)]
fn carry_out<A: Account>(accounts: &[A; ACCOUNT_COUNT], operation: &Operation) -> u64 {
    let account = operation.account as usize;
    let amount = u64::from(operation.amount);
    match operation.kind {
        MOVE => A::shift(accounts, account, operation.other as usize, amount),
        LOOK => accounts[account].look(),
        _ => accounts[account].pay(amount),
    }
}

fn digest_of<A: Account>(accounts: &mut [A; ACCOUNT_COUNT]) -> u64 {
    let mut digest = 0u64;
    for account in accounts {
        let sums = account.contents();
        for number in [sums.paid_in, sums.paid_out, sums.balance] {
            digest = digest.wrapping_mul(31).wrapping_add(number);
        }
    }
    digest
}

/// Each operation is carried out as `step` has it.
#[inline(always)]
fn play_with<A: Account>(
    tape: &Tape,
    step: impl Fn(&[A; ACCOUNT_COUNT], &Operation) -> u64 + Sync,
) -> u64 {
    let mut accounts = std::array::from_fn(|_| A::new());
    let wrong = in_parallel(|worker| {
        tape.part(worker).iter().map(|operation| step(&accounts, operation)).sum()
    });
    digest_of(&mut accounts).wrapping_add(wrong)
}

#[inline(always)]
fn play<A: Account>(tape: &Tape) -> u64 {
    play_with(tape, carry_out::<A>)
}

/// For `unlocked_read`.
#[inline(always)]
fn unlocked_read<L: RawLock>(tape: &Tape) -> u64 {
    play_with(tape, |accounts: &[Beside<L>; ACCOUNT_COUNT], operation| {
        if operation.kind != LOOK {
            return carry_out(accounts, operation);
        }
        let sums = unsafe { &*accounts[operation.account as usize].sums() };
        std::hint::black_box(sums.agree());
        0
    })
}

/// For `reference_kept`: what is paid into was got under the lock.
#[inline(always)]
fn reference_kept<L: RawLock>(tape: &Tape) -> u64 {
    play_with(tape, |accounts: &[Beside<L>; ACCOUNT_COUNT], operation| {
        if operation.kind == LOOK || operation.kind == MOVE {
            std::hint::black_box(carry_out(accounts, operation));
            return 0;
        }
        let account = &accounts[operation.account as usize];
        account.lock();
        let sums = account.sums();
        account.unlock();
        unsafe { (*sums).pay_in(u64::from(operation.amount)) };
        0
    })
}

/// For `lock_kept`: a payment that finds the account empty has an early way out.
#[inline(always)]
fn lock_kept<L: RawLock>(tape: &Tape) -> u64 {
    play_with(tape, |accounts: &[Beside<L>; ACCOUNT_COUNT], operation| {
        if operation.kind == LOOK || operation.kind == MOVE {
            return carry_out(accounts, operation);
        }
        let account = &accounts[operation.account as usize];
        account.lock();
        let sums = unsafe { &mut *account.sums() };
        let was_empty = sums.balance == 0;
        sums.pay_in(u64::from(operation.amount));
        if !was_empty {
            account.unlock();
        }
        0
    })
}

/// For `two_orders`: whoever moves an amount takes the lock from which it comes first.
#[inline(always)]
fn two_orders<A: Account>(tape: &Tape) -> u64 {
    play_with(tape, |accounts: &[A; ACCOUNT_COUNT], operation| {
        if operation.kind != MOVE {
            return carry_out(accounts, operation);
        }
        let (from, to) = (operation.account as usize, operation.other as usize);
        A::shift_as_given(accounts, from, to, u64::from(operation.amount))
    })
}

#[inline(always)]
fn rust_raw(tape: &mut Tape) -> u64 {
    play::<Beside<Pthread>>(tape)
}
#[inline(always)]
fn rust_raw_read(tape: &mut Tape) -> u64 {
    unlocked_read::<Pthread>(tape)
}
#[inline(always)]
fn rust_raw_kept(tape: &mut Tape) -> u64 {
    reference_kept::<Pthread>(tape)
}
#[inline(always)]
fn rust_raw_lock(tape: &mut Tape) -> u64 {
    lock_kept::<Pthread>(tape)
}
#[inline(always)]
fn rust_raw_orders(tape: &mut Tape) -> u64 {
    two_orders::<Beside<Pthread>>(tape)
}

#[inline(always)]
fn rust_raw_futex(tape: &mut Tape) -> u64 {
    play::<Beside<Futex>>(tape)
}
#[inline(always)]
fn rust_raw_futex_read(tape: &mut Tape) -> u64 {
    unlocked_read::<Futex>(tape)
}
#[inline(always)]
fn rust_raw_futex_kept(tape: &mut Tape) -> u64 {
    reference_kept::<Futex>(tape)
}
#[inline(always)]
fn rust_raw_futex_lock(tape: &mut Tape) -> u64 {
    lock_kept::<Futex>(tape)
}
#[inline(always)]
fn rust_raw_futex_orders(tape: &mut Tape) -> u64 {
    two_orders::<Beside<Futex>>(tape)
}

#[inline(always)]
fn rust_raw_spin(tape: &mut Tape) -> u64 {
    play::<Beside<Spin>>(tape)
}
#[inline(always)]
fn rust_raw_spin_read(tape: &mut Tape) -> u64 {
    unlocked_read::<Spin>(tape)
}
#[inline(always)]
fn rust_raw_spin_kept(tape: &mut Tape) -> u64 {
    reference_kept::<Spin>(tape)
}
#[inline(always)]
fn rust_raw_spin_lock(tape: &mut Tape) -> u64 {
    lock_kept::<Spin>(tape)
}
#[inline(always)]
fn rust_raw_spin_orders(tape: &mut Tape) -> u64 {
    two_orders::<Beside<Spin>>(tape)
}

#[inline(always)]
fn rust_mutex(tape: &mut Tape) -> u64 {
    play::<InMutex>(tape)
}
#[inline(always)]
fn rust_mutex_orders(tape: &mut Tape) -> u64 {
    two_orders::<InMutex>(tape)
}

#[inline(always)]
fn rust_rwlock(tape: &mut Tape) -> u64 {
    play::<InRwLock>(tape)
}
#[inline(always)]
fn rust_rwlock_orders(tape: &mut Tape) -> u64 {
    two_orders::<InRwLock>(tape)
}

#[inline(always)]
fn rust_both(tape: &mut Tape) -> u64 {
    play::<Both>(tape)
}
#[inline(always)]
fn rust_both_orders(tape: &mut Tape) -> u64 {
    two_orders::<Both>(tape)
}

case! { Input:
    raw rust_raw(Tape) "a pthread_mutex_t beside the sums" [ordinary]
        { unlocked_read: rust_raw_read, reference_kept: rust_raw_kept,
          lock_kept: rust_raw_lock, two_orders: rust_raw_orders };
    raw rust_raw_futex(Tape) "a mutex of one word over futex(2)" [bespoke]
        { unlocked_read: rust_raw_futex_read, reference_kept: rust_raw_futex_kept,
          lock_kept: rust_raw_futex_lock, two_orders: rust_raw_futex_orders };
    raw rust_raw_spin(Tape) "a flag that is waited for awake" as "spin" [bespoke]
        { unlocked_read: rust_raw_spin_read, reference_kept: rust_raw_spin_kept,
          lock_kept: rust_raw_spin_lock, two_orders: rust_raw_spin_orders };
    safe rust_mutex(Tape) "a Mutex that has the sums" [library]
        { unlocked_read: "the sums are reached through the guard of their lock alone",
          reference_kept: "the compiler lets no reference outlive the guard (E0505)",
          lock_kept: "a guard gives the lock back wherever its scope is left",
          two_orders: rust_mutex_orders }
        claims { unlocked_read: "always", reference_kept: "always", lock_kept: "always" };
    safe rust_rwlock(Tape) "an RwLock, which those share who look" as "shared_lock" [library]
        { unlocked_read: "the sums are reached through a guard of their lock alone",
          reference_kept: "the compiler lets no reference outlive the guard (E0505)",
          lock_kept: "a guard gives the lock back wherever its scope is left",
          two_orders: rust_rwlock_orders }
        claims { unlocked_read: "always", reference_kept: "always", lock_kept: "always" };
    safe rust_both(Tape) "a Mutex, and two are taken by a function that puts them in order" [ordinary]
        { unlocked_read: "the sums are reached through the guard of their lock alone",
          reference_kept: "the compiler lets no reference outlive the guard (E0505)",
          lock_kept: "a guard gives the lock back wherever its scope is left",
          two_orders: rust_both_orders }
        claims { unlocked_read: "always", reference_kept: "always", lock_kept: "always",
                 two_orders: "always" };
}
