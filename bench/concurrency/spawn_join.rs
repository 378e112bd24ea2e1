//! The twin of spawn_join.cc: what a thread refers to is a question of the compiler's.
use std::ffi::c_void;
use std::sync::Arc;

use safecost::{case, drawn, input, slice, Context, Turns};

input! {
    struct Input {
        numbers: *const u32,
        count: usize,
    }
}

const NUMBERS_OF_A_TASK: usize = 64;
const AT_A_TIME: usize = 2;

struct Tasks {
    numbers: Arc<[u32]>,
}

impl Context<Input> for Tasks {
    fn prepare(input: &Input) -> Self {
        let numbers = unsafe { slice(input.numbers, input.count * NUMBERS_OF_A_TASK) };
        Tasks { numbers: numbers.into() }
    }
}

fn sum_of(numbers: &[u32]) -> u64 {
    numbers.iter().map(|&number| u64::from(number)).sum()
}
fn add(digest: u64, sum: u64) -> u64 {
    digest.wrapping_mul(31).wrapping_add(sum)
}

type Begin = extern "C" fn(*mut c_void) -> *mut c_void;
extern "C" {
    fn pthread_create(
        thread: *mut usize,
        attributes: *const c_void,
        begin: Begin,
        given: *mut c_void,
    ) -> i32;
    fn pthread_join(thread: usize, result: *mut *mut c_void) -> i32;
    fn pthread_detach(thread: usize) -> i32;
}

struct Task {
    numbers: *const u32,
    count: usize,
    sum: u64,
}

extern "C" fn run(given: *mut c_void) -> *mut c_void {
    unsafe {
        let task = &mut *given.cast::<Task>();
        task.sum = sum_of(std::slice::from_raw_parts(task.numbers, task.count));
    }
    std::ptr::null_mut()
}
extern "C" fn refuse(_given: *mut c_void) -> *mut c_void {
    std::ptr::dangling_mut::<u64>().cast()
}

fn join(thread: usize) {
    unsafe { pthread_join(thread, std::ptr::null_mut()) };
}
unsafe fn start<T>(begin: Begin, given: *mut T) -> usize {
    let mut thread = 0;
    unsafe { pthread_create(&mut thread, std::ptr::null(), begin, given.cast()) };
    thread
}

#[inline(always)]
fn rust_raw(tasks: &mut Tasks) -> u64 {
    let mut digest = 0;
    for some in tasks.numbers.chunks(AT_A_TIME * NUMBERS_OF_A_TASK) {
        let mut task = [const { Task { numbers: std::ptr::null(), count: 0, sum: 0 } }; AT_A_TIME];
        let mut threads = [0usize; AT_A_TIME];
        for (j, numbers) in some.chunks(NUMBERS_OF_A_TASK).enumerate() {
            task[j] = Task { numbers: numbers.as_ptr(), count: numbers.len(), sum: 0 };
            threads[j] = unsafe { start(run, &raw mut task[j]) };
        }
        for j in 0..some.len() / NUMBERS_OF_A_TASK {
            unsafe { pthread_join(threads[j], std::ptr::null_mut()) };
            digest = add(digest, unsafe { (&raw const task[j].sum).read_volatile() });
        }
    }
    digest
}

/// One task is done wrongly, the others one after another.
#[inline(always)]
fn one_wrong(tasks: &Tasks, wrong: impl Fn(&[u32]) -> u64) -> u64 {
    let count = tasks.numbers.len() / NUMBERS_OF_A_TASK;
    let place = if count == 0 { 0 } else { drawn(count as u64) as usize };
    let all = tasks.numbers.chunks(NUMBERS_OF_A_TASK).enumerate();
    all.fold(0, |digest, (i, numbers)| {
        let mut task = Task { numbers: numbers.as_ptr(), count: numbers.len(), sum: 0 };
        if i == place {
            return add(digest, wrong(numbers));
        }
        unsafe { pthread_join(start(run, &raw mut task), std::ptr::null_mut()) };
        add(digest, unsafe { (&raw const task.sum).read_volatile() })
    })
}

struct Started {
    task: *const Task,
    turns: Turns,
    sum: u64,
}

/// Begins to work when it is let on, with what is there then.
extern "C" fn run_later(given: *mut c_void) -> *mut c_void {
    let started = given.cast::<Started>();
    unsafe {
        (*started).turns.wait_for(1);
        let (numbers, count) = ((*(*started).task).numbers, (*(*started).task).count);
        (*started).turns.next();
        let sum = sum_of(slice(numbers, count));
        (&raw mut (*started).sum).write_volatile(sum);
        (*started).turns.next();
    }
    std::ptr::null_mut()
}

#[inline(never)]
fn start_with_local(started: *mut Started, numbers: &[u32]) -> usize {
    // The one that is used is not where a function keeps registers.
    let mine = [const { Task { numbers: std::ptr::null(), count: 0, sum: 0 } }; 16].map(|_| Task {
        numbers: numbers.as_ptr(),
        count: numbers.len(),
        sum: 0,
    });
    unsafe {
        (*started).task = std::hint::black_box(&mine)[8..].as_ptr();
        start(run_later, started)
    }
}
/// With zeros where the local was, until the thread has read it.
#[inline(never)]
fn be_there(turns: &Turns) {
    let mut room = [0u64; 512];
    std::hint::black_box(&mut room);
    turns.next();
    turns.wait_for(2);
    std::hint::black_box(&mut room);
}

#[inline(always)]
fn rust_raw_local(tasks: &mut Tasks) -> u64 {
    one_wrong(tasks, |numbers| {
        let mut started = Started { task: std::ptr::null(), turns: Turns::new(), sum: 0 };
        let thread = start_with_local(&raw mut started, numbers);
        be_there(&started.turns);
        unsafe { pthread_join(thread, std::ptr::null_mut()) };
        unsafe { (&raw const started.sum).read_volatile() }
    })
}
#[inline(always)]
fn rust_raw_early(tasks: &mut Tasks) -> u64 {
    one_wrong(tasks, |numbers| {
        let task = Task { numbers: numbers.as_ptr(), count: numbers.len(), sum: 0 };
        let mut started = Started { task: &raw const task, turns: Turns::new(), sum: 0 };
        let thread = unsafe { start(run_later, &raw mut started) };
        let sum = unsafe { (&raw const started.sum).read_volatile() };
        started.turns.next();
        started.turns.wait_for(3);
        unsafe { pthread_detach(thread) };
        sum
    })
}
#[inline(always)]
fn rust_raw_refused(tasks: &mut Tasks) -> u64 {
    one_wrong(tasks, |numbers| {
        let mut task = Task { numbers: numbers.as_ptr(), count: numbers.len(), sum: 0 };
        unsafe { pthread_join(start(refuse, &raw mut task), std::ptr::null_mut()) };
        task.sum
    })
}
extern "C" fn add_shared(given: *mut c_void) -> *mut c_void {
    unsafe {
        let task = &*given.cast::<Task>();
        for &number in std::slice::from_raw_parts(task.numbers, NUMBERS_OF_A_TASK) {
            *(task.count as *mut u64) += u64::from(number);
        }
    }
    std::ptr::null_mut()
}
#[inline(always)]
fn rust_raw_shared(tasks: &mut Tasks) -> u64 {
    let mut sum = 0u64;
    let place = &raw mut sum as usize;
    for pair in tasks.numbers.chunks_exact(AT_A_TIME * NUMBERS_OF_A_TASK) {
        let halves = pair.split_at(NUMBERS_OF_A_TASK);
        let mut one = Task { numbers: halves.0.as_ptr(), count: place, sum: 0 };
        let mut other = Task { numbers: halves.1.as_ptr(), count: place, sum: 0 };
        unsafe {
            let threads = [start(add_shared, &raw mut one), start(add_shared, &raw mut other)];
            threads.iter().for_each(|&thread| join(thread));
        }
    }
    unsafe { (&raw const sum).read_volatile() }
}

/// What is spawned may outlive its spawner, and so has a share of the numbers.
#[inline(always)]
fn rust_spawn(tasks: &mut Tasks) -> u64 {
    let spawned = |from: usize| {
        let numbers = Arc::clone(&tasks.numbers);
        std::thread::spawn(move || sum_of(&numbers[from..from + NUMBERS_OF_A_TASK]))
    };
    let mut digest = 0;
    let ends = tasks.numbers.len();
    for from in (0..ends).step_by(AT_A_TIME * NUMBERS_OF_A_TASK) {
        let end = ends.min(from + AT_A_TIME * NUMBERS_OF_A_TASK);
        let mut threads = [const { None }; AT_A_TIME];
        for (thread, at) in threads.iter_mut().zip((from..end).step_by(NUMBERS_OF_A_TASK)) {
            *thread = Some(spawned(at));
        }
        for thread in threads.into_iter().flatten() {
            digest = add(digest, thread.join().unwrap());
        }
    }
    digest
}
#[inline(always)]
fn rust_spawn_refused(_tasks: &mut Tasks) -> u64 {
    std::thread::spawn(|| -> u64 { panic!("the task is refused") }).join().unwrap()
}

/// What is spawned in a scope has ended with it, and may borrow.
#[inline(always)]
fn rust_scope(tasks: &mut Tasks) -> u64 {
    let mut digest = 0;
    for some in tasks.numbers.chunks(AT_A_TIME * NUMBERS_OF_A_TASK) {
        digest = std::thread::scope(|scope| {
            let mut threads = [const { None }; AT_A_TIME];
            for (thread, numbers) in threads.iter_mut().zip(some.chunks(NUMBERS_OF_A_TASK)) {
                *thread = Some(scope.spawn(move || sum_of(numbers)));
            }
            let ended = threads.into_iter().flatten().map(|thread| thread.join().unwrap());
            ended.fold(digest, add)
        });
    }
    digest
}
#[inline(always)]
fn rust_scope_refused(_tasks: &mut Tasks) -> u64 {
    std::thread::scope(|scope| scope.spawn(|| -> u64 { panic!("the task is refused") }).join())
        .unwrap()
}

case! { Input:
    raw rust_raw(Tasks) "pthread_create, and a pointer to a struct" [ordinary]
        { local_outlived: rust_raw_local, join_forgotten: rust_raw_early,
          error_lost: rust_raw_refused, shared_sum: rust_raw_shared };
    safe rust_spawn(Tasks) "std::thread::spawn, with an Arc" [library]
        { local_outlived: "the compiler lets no thread borrow what may be gone (E0373)",
          join_forgotten: "who gets an answer from a JoinHandle waits for it",
          error_lost: rust_spawn_refused,
          shared_sum: "the compiler lets no two threads write to one variable (E0499)" }
        claims { local_outlived: "always", join_forgotten: "always", error_lost: "always",
                 shared_sum: "always" };
    safe rust_scope(Tasks) "std::thread::scope, borrowing" [library]
        { local_outlived: "the compiler lets no thread borrow what may be gone (E0597)",
          join_forgotten: "who gets an answer from a handle waits for it",
          error_lost: rust_scope_refused,
          shared_sum: "the compiler lets no two threads write to one variable (E0499)" }
        claims { local_outlived: "always", join_forgotten: "always", error_lost: "always",
                 shared_sum: "always" };
}
