//! Accounts and their locks: raw ones beside the sums, and the library's, which have the sums.
use std::cell::UnsafeCell;
use std::ffi::c_long;
use std::hint::spin_loop;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, RwLock};

pub const ACCOUNT_COUNT: usize = 4;

/// What an account holds: three numbers that belong together.
#[derive(Clone, Copy, Default)]
pub struct Sums {
    pub paid_in: u64,
    pub paid_out: u64,
    pub balance: u64,
}

impl Sums {
    #[inline(always)]
    pub fn pay_in(&mut self, amount: u64) {
        self.paid_in = self.paid_in.wrapping_add(amount);
        self.balance = self.balance.wrapping_add(amount);
    }
    #[inline(always)]
    fn pay_out(&mut self, amount: u64) {
        self.paid_out = self.paid_out.wrapping_add(amount);
        self.balance = self.balance.wrapping_sub(amount);
    }
    #[inline(always)]
    pub fn agree(&self) -> bool {
        self.paid_in.wrapping_sub(self.paid_out) == self.balance
    }
}

/// Operations return how much was seen to be wrong.
pub trait Account: Sync + Sized {
    fn new() -> Self;
    fn pay(&self, amount: u64) -> u64;
    fn look(&self) -> u64;
    fn shift(accounts: &[Self; ACCOUNT_COUNT], from: usize, to: usize, amount: u64) -> u64;
    /// The same with the locks in the order of the arguments, for `two_orders`.
    fn shift_as_given(accounts: &[Self; ACCOUNT_COUNT], from: usize, to: usize, amount: u64)
        -> u64;
    fn contents(&mut self) -> Sums;
}

/// Between two locks: so that the other worker is surely seen there, which otherwise happens on some bad day.
fn take_time() {
    std::thread::sleep(std::time::Duration::from_millis(1));
}

pub trait RawLock: Sync {
    const FREE: Self;
    fn lock(&self);
    fn unlock(&self);
}

extern "C" {
    fn syscall(number: c_long, ...) -> c_long;
    fn pthread_mutex_lock(mutex: *mut [u64; 5]) -> i32;
    fn pthread_mutex_unlock(mutex: *mut [u64; 5]) -> i32;
}

/// The C library's mutex. All zeros are its PTHREAD_MUTEX_INITIALIZER.
pub struct Pthread(UnsafeCell<[u64; 5]>);
unsafe impl Sync for Pthread {}

impl RawLock for Pthread {
    const FREE: Self = Pthread(UnsafeCell::new([0; 5]));
    #[inline(always)]
    fn lock(&self) {
        unsafe { pthread_mutex_lock(self.0.get()) };
    }
    #[inline(always)]
    fn unlock(&self) {
        unsafe { pthread_mutex_unlock(self.0.get()) };
    }
}

const SYS_FUTEX: c_long = 202;
const FUTEX_WAIT_PRIVATE: i32 = 128;
const FUTEX_WAKE_PRIVATE: i32 = 129;

/// 0 is free, 1 held, 2 held and somebody may wait.
pub struct Futex(AtomicU32);

impl Futex {
    #[inline(never)]
    fn wait(&self) {
        for _ in 0..100 {
            match self.0.load(Ordering::Relaxed) {
                2 => break,
                0 if self.take() => return,
                _ => spin_loop(),
            }
        }
        while self.0.swap(2, Ordering::Acquire) != 0 {
            let none = std::ptr::null::<u8>();
            unsafe { syscall(SYS_FUTEX, self.0.as_ptr(), FUTEX_WAIT_PRIVATE, 2u32, none, none, 0) };
        }
    }
    #[inline(always)]
    fn take(&self) -> bool {
        self.0.compare_exchange(0, 1, Ordering::Acquire, Ordering::Relaxed).is_ok()
    }
}

impl RawLock for Futex {
    const FREE: Self = Futex(AtomicU32::new(0));
    #[inline(always)]
    fn lock(&self) {
        if !self.take() {
            self.wait();
        }
    }
    #[inline(always)]
    fn unlock(&self) {
        if self.0.swap(0, Ordering::Release) == 2 {
            let none = std::ptr::null::<u8>();
            unsafe { syscall(SYS_FUTEX, self.0.as_ptr(), FUTEX_WAKE_PRIVATE, 1u32, none, none, 0) };
        }
    }
}

/// A flag that is waited for without ever going to sleep.
pub struct Spin(AtomicBool);

impl RawLock for Spin {
    const FREE: Self = Spin(AtomicBool::new(false));
    #[inline(always)]
    fn lock(&self) {
        let mut looks = 0u32;
        while self.0.swap(true, Ordering::Acquire) {
            while self.0.load(Ordering::Relaxed) {
                spin_loop();
                looks = looks.wrapping_add(1);
                if looks % 128 == 0 {
                    std::thread::yield_now();
                }
            }
        }
    }
    #[inline(always)]
    fn unlock(&self) {
        self.0.store(false, Ordering::Release);
    }
}

#[repr(align(64))]
pub struct Beside<L> {
    lock: L,
    sums: UnsafeCell<Sums>,
}
unsafe impl<L: Sync> Sync for Beside<L> {}

impl<L: RawLock> Beside<L> {
    #[inline(always)]
    pub fn lock(&self) {
        self.lock.lock();
    }
    #[inline(always)]
    pub fn unlock(&self) {
        self.lock.unlock();
    }
    #[inline(always)]
    pub fn sums(&self) -> *mut Sums {
        self.sums.get()
    }
    #[inline(always)]
    fn shift_in_order(
        first: &Self,
        second: &Self,
        from: &Self,
        to: &Self,
        amount: u64,
        between: fn(),
    ) -> u64 {
        first.lock();
        between();
        second.lock();
        unsafe {
            (*from.sums()).pay_out(amount);
            (*to.sums()).pay_in(amount);
        }
        second.unlock();
        first.unlock();
        0
    }
}

impl<L: RawLock> Account for Beside<L> {
    fn new() -> Self {
        Beside { lock: L::FREE, sums: UnsafeCell::new(Sums::default()) }
    }
    #[inline(always)]
    fn pay(&self, amount: u64) -> u64 {
        self.lock();
        unsafe { (*self.sums()).pay_in(amount) };
        self.unlock();
        0
    }
    #[inline(always)]
    fn look(&self) -> u64 {
        self.lock();
        let fine = unsafe { (*self.sums()).agree() };
        self.unlock();
        u64::from(!fine)
    }
    #[inline(always)]
    fn shift(accounts: &[Self; ACCOUNT_COUNT], from: usize, to: usize, amount: u64) -> u64 {
        let (first, second) = (&accounts[from.min(to)], &accounts[from.max(to)]);
        Self::shift_in_order(first, second, &accounts[from], &accounts[to], amount, || ())
    }
    fn shift_as_given(
        accounts: &[Self; ACCOUNT_COUNT],
        from: usize,
        to: usize,
        amount: u64,
    ) -> u64 {
        let (from, to) = (&accounts[from], &accounts[to]);
        Self::shift_in_order(from, to, from, to, amount, take_time)
    }
    fn contents(&mut self) -> Sums {
        *self.sums.get_mut()
    }
}

#[repr(align(64))]
pub struct InMutex(Mutex<Sums>);

impl Account for InMutex {
    fn new() -> Self {
        InMutex(Mutex::new(Sums::default()))
    }
    #[inline(always)]
    fn pay(&self, amount: u64) -> u64 {
        self.0.lock().unwrap().pay_in(amount);
        0
    }
    #[inline(always)]
    fn look(&self) -> u64 {
        u64::from(!self.0.lock().unwrap().agree())
    }
    #[inline(always)]
    fn shift(accounts: &[Self; ACCOUNT_COUNT], from: usize, to: usize, amount: u64) -> u64 {
        let mut first = accounts[from.min(to)].0.lock().unwrap();
        let mut second = accounts[from.max(to)].0.lock().unwrap();
        let (of_from, of_to) =
            if from < to { (&mut first, &mut second) } else { (&mut second, &mut first) };
        of_from.pay_out(amount);
        of_to.pay_in(amount);
        0
    }
    fn shift_as_given(
        accounts: &[Self; ACCOUNT_COUNT],
        from: usize,
        to: usize,
        amount: u64,
    ) -> u64 {
        let mut of_from = accounts[from].0.lock().unwrap();
        take_time();
        let mut of_to = accounts[to].0.lock().unwrap();
        of_from.pay_out(amount);
        of_to.pay_in(amount);
        0
    }
    fn contents(&mut self) -> Sums {
        *self.0.get_mut().unwrap()
    }
}

#[repr(align(64))]
pub struct InRwLock(RwLock<Sums>);

impl Account for InRwLock {
    fn new() -> Self {
        InRwLock(RwLock::new(Sums::default()))
    }
    #[inline(always)]
    fn pay(&self, amount: u64) -> u64 {
        self.0.write().unwrap().pay_in(amount);
        0
    }
    #[inline(always)]
    fn look(&self) -> u64 {
        u64::from(!self.0.read().unwrap().agree())
    }
    #[inline(always)]
    fn shift(accounts: &[Self; ACCOUNT_COUNT], from: usize, to: usize, amount: u64) -> u64 {
        let mut first = accounts[from.min(to)].0.write().unwrap();
        let mut second = accounts[from.max(to)].0.write().unwrap();
        let (of_from, of_to) =
            if from < to { (&mut first, &mut second) } else { (&mut second, &mut first) };
        of_from.pay_out(amount);
        of_to.pay_in(amount);
        0
    }
    fn shift_as_given(
        accounts: &[Self; ACCOUNT_COUNT],
        from: usize,
        to: usize,
        amount: u64,
    ) -> u64 {
        let mut of_from = accounts[from].0.write().unwrap();
        take_time();
        let mut of_to = accounts[to].0.write().unwrap();
        of_from.pay_out(amount);
        of_to.pay_in(amount);
        0
    }
    fn contents(&mut self) -> Sums {
        *self.0.get_mut().unwrap()
    }
}

/// A Mutex whose type takes two at once, the one that lies lower first.
#[repr(align(64))]
pub struct Both(Mutex<Sums>);

impl Both {
    #[inline(always)]
    fn with_both<'a>(a: &'a Both, b: &'a Both) -> (MutexGuard<'a, Sums>, MutexGuard<'a, Sums>) {
        if std::ptr::from_ref(a) < std::ptr::from_ref(b) {
            let of_a = a.0.lock().unwrap();
            (of_a, b.0.lock().unwrap())
        } else {
            let of_b = b.0.lock().unwrap();
            (a.0.lock().unwrap(), of_b)
        }
    }
}

impl Account for Both {
    fn new() -> Self {
        Both(Mutex::new(Sums::default()))
    }
    #[inline(always)]
    fn pay(&self, amount: u64) -> u64 {
        self.0.lock().unwrap().pay_in(amount);
        0
    }
    #[inline(always)]
    fn look(&self) -> u64 {
        u64::from(!self.0.lock().unwrap().agree())
    }
    #[inline(always)]
    fn shift(accounts: &[Self; ACCOUNT_COUNT], from: usize, to: usize, amount: u64) -> u64 {
        let (mut of_from, mut of_to) = Both::with_both(&accounts[from], &accounts[to]);
        of_from.pay_out(amount);
        of_to.pay_in(amount);
        0
    }
    fn shift_as_given(
        accounts: &[Self; ACCOUNT_COUNT],
        from: usize,
        to: usize,
        amount: u64,
    ) -> u64 {
        Self::shift(accounts, from, to, amount)
    }
    fn contents(&mut self) -> Sums {
        *self.0.get_mut().unwrap()
    }
}
