//! The twin of macro_function.cc: macro_rules! has hygiene and whole expressions, and still evaluates what it names twice.
use std::collections::LinkedList;

use safecost::{case, destroyed, input, slice, Context};

input! {
    struct Entry {
        weight: u64,
        from: u64,
        to: u64,
    }

    struct Input {
        entries: *const Entry,
        count: usize,
        limits: *const u64,
        waiting: *const u32,
    }
}

fn limits_of(input: &Input) -> Vec<u64> {
    unsafe { slice(input.limits, input.count) }.to_vec()
}

/// Called in another unit, as most functions are.
#[inline(never)]
fn earned_by(weight: u64) -> u64 {
    (weight ^ (weight >> 17)).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40
}

#[inline(always)]
fn add(digest: u64, left: u64, time: u64) -> u64 {
    digest.wrapping_mul(31).wrapping_add(left ^ time)
}

// Raw: links that do not know of which task they are a part.

#[repr(C)]
#[derive(Clone)]
struct Link {
    next: *const Link,
}

#[repr(C)]
#[derive(Clone)]
struct Task {
    weight: u64,
    waiting: Link,
    link: Link,
    from: u64,
    to: u64,
}

struct Linked {
    tasks: Vec<Task>,
    limits: Vec<u64>,
    first: *const Link,
}

impl Context<Input> for Linked {
    fn prepare(input: &Input) -> Self {
        let none = || Link { next: std::ptr::null() };
        let mut tasks: Vec<Task> = unsafe { slice(input.entries, input.count) }
            .iter()
            .map(|it| Task {
                weight: it.weight,
                waiting: none(),
                link: none(),
                from: it.from,
                to: it.to,
            })
            .collect();
        let start = tasks.as_mut_ptr();
        let at = |place: usize| unsafe { start.add(place) };
        for place in 1..input.count {
            unsafe { (*at(place - 1)).link.next = &raw const (*at(place)).link };
        }
        for pair in unsafe { slice(input.waiting, input.count) }.windows(2) {
            let (task, next) = (at(pair[0] as usize), at(pair[1] as usize));
            unsafe { (*task).waiting.next = &raw const (*next).waiting };
        }
        let first = match tasks.first() {
            Some(task) => &raw const task.link,
            None => std::ptr::null(),
        };
        Linked { tasks, limits: limits_of(input), first }
    }
}

/// Both arguments are pasted: the lesser is evaluated twice.
macro_rules! min_twice {
    ($a:expr, $b:expr) => {
        if $a < $b {
            $a
        } else {
            $b
        }
    };
}

/// Each argument is evaluated once.
macro_rules! min_once {
    ($a:expr, $b:expr) => {{
        let (a, b) = ($a, $b);
        if a < b {
            a
        } else {
            b
        }
    }};
}

macro_rules! container_of {
    ($place:expr, $type:ty, $member:ident) => {
        &*$place.cast::<u8>().sub(std::mem::offset_of!($type, $member)).cast::<$type>()
    };
}

#[inline(always)]
unsafe fn take(limits: &mut *const u64) -> u64 {
    unsafe {
        let limit = **limits;
        *limits = limits.add(1);
        limit
    }
}

/// Walks the queue; `granted` is given a task and the limits, and `member` leads back to the task.
#[inline(always)]
fn walked(
    context: &Linked,
    member: impl Fn(*const Link) -> *const Task,
    granted: impl Fn(&Task, &mut *const u64) -> u64,
) -> u64 {
    let mut limits = context.limits.as_ptr();
    let mut digest = 0u64;
    let mut left = 0u64;
    let mut link = context.first;
    while !link.is_null() {
        let task = unsafe { &*member(link) };
        left = left.wrapping_sub(granted(task, &mut limits));
        let (from, to) =
            if task.to < task.from { (task.to, task.from) } else { (task.from, task.to) };
        digest = add(digest, left, to.wrapping_sub(from));
        link = unsafe { (*link).next };
    }
    digest
}

#[inline(always)]
fn by_link(link: *const Link) -> *const Task {
    unsafe { container_of!(link, Task, link) }
}

/// The member of another queue.
#[inline(always)]
fn by_waiting(link: *const Link) -> *const Task {
    unsafe { container_of!(link, Task, waiting) }
}

#[inline(always)]
fn lesser(task: &Task, limits: &mut *const u64) -> u64 {
    let earned = earned_by(task.weight);
    let limit = unsafe { take(limits) };
    min_once!(earned, limit)
}

#[inline(always)]
fn rust_unchecked(context: &mut Linked) -> u64 {
    walked(context, by_link, lesser)
}

#[inline(always)]
fn rust_unchecked_evaluated(context: &mut Linked) -> u64 {
    walked(context, by_link, |task, limits| {
        let earned = earned_by(task.weight);
        unsafe { min_twice!(earned, take(limits)) }
    })
}

#[inline(always)]
fn rust_unchecked_member(context: &mut Linked) -> u64 {
    walked(context, by_waiting, lesser)
}

#[inline(always)]
fn rust_unchecked_destroyed(context: &mut Linked) -> u64 {
    destroyed(context, |it| &mut it.tasks, rust_unchecked)
}

/// No branch: what is the lesser, and which point is first, is reckoned.
#[inline(always)]
fn branchless(context: &Linked, member: impl Fn(*const Link) -> *const Task) -> u64 {
    let mut limits = context.limits.as_ptr();
    let mut digest = 0u64;
    let mut left = 0u64;
    let mut link = context.first;
    while !link.is_null() {
        let task = unsafe { &*member(link) };
        let earned = earned_by(task.weight);
        let limit = unsafe { take(&mut limits) };
        let lesser = limit ^ ((earned ^ limit) & u64::from(earned < limit).wrapping_neg());
        left = left.wrapping_sub(lesser);
        let wrong = u64::from(task.to < task.from).wrapping_neg();
        let time = (task.to.wrapping_sub(task.from) ^ wrong).wrapping_sub(wrong);
        digest = add(digest, left, time);
        link = unsafe { (*link).next };
    }
    digest
}

#[inline(always)]
fn rust_unchecked_branchless(context: &mut Linked) -> u64 {
    branchless(context, by_link)
}

#[inline(always)]
fn rust_unchecked_branchless_member(context: &mut Linked) -> u64 {
    branchless(context, by_waiting)
}

#[inline(always)]
fn rust_unchecked_branchless_destroyed(context: &mut Linked) -> u64 {
    destroyed(context, |it| &mut it.tasks, rust_unchecked_branchless)
}

// Safe: a link is a place among the tasks, and behind the last there is none.

struct IndexedTask {
    weight: u64,
    waiting: usize,
    next: usize,
    from: u64,
    to: u64,
}

struct Indexed {
    tasks: Vec<IndexedTask>,
    limits: Vec<u64>,
    first: usize,
}

impl Context<Input> for Indexed {
    fn prepare(input: &Input) -> Self {
        let none = input.count;
        let entries = unsafe { slice(input.entries, input.count) };
        let mut tasks: Vec<IndexedTask> = entries
            .iter()
            .map(|it| IndexedTask {
                weight: it.weight,
                waiting: none,
                next: none,
                from: it.from,
                to: it.to,
            })
            .collect();
        for place in 1..tasks.len() {
            tasks[place - 1].next = place;
        }
        for pair in unsafe { slice(input.waiting, input.count) }.windows(2) {
            tasks[pair[0] as usize].waiting = pair[1] as usize;
        }
        Indexed { tasks, limits: limits_of(input), first: 0 }
    }
}

type Limits<'a> = std::slice::Iter<'a, u64>;

#[inline(always)]
fn next_of(limits: &mut Limits) -> u64 {
    *limits.next().expect("each task has a limit")
}

#[inline(always)]
fn time_between(from: u64, to: u64) -> u64 {
    let (mut from, mut to) = (from, to);
    if to < from {
        std::mem::swap(&mut from, &mut to);
    }
    to - from
}

#[inline(always)]
fn indexed(
    context: &Indexed,
    next: impl Fn(&IndexedTask) -> usize,
    granted: impl Fn(&IndexedTask, &mut Limits) -> u64,
) -> u64 {
    let mut limits = context.limits.iter();
    let mut digest = 0u64;
    let mut left = 0u64;
    let mut place = context.first;
    while place != context.tasks.len() {
        let task = &context.tasks[place];
        left = left.wrapping_sub(granted(task, &mut limits));
        digest = add(digest, left, time_between(task.from, task.to));
        place = next(task);
    }
    digest
}

#[inline(always)]
fn lesser_of(task: &IndexedTask, limits: &mut Limits) -> u64 {
    std::cmp::min(earned_by(task.weight), next_of(limits))
}

#[inline(always)]
fn rust_index(context: &mut Indexed) -> u64 {
    indexed(context, |task| task.next, lesser_of)
}

#[inline(always)]
fn rust_index_evaluated(context: &mut Indexed) -> u64 {
    rust_index(context)
}

#[inline(always)]
fn rust_index_member(context: &mut Indexed) -> u64 {
    indexed(context, |task| task.waiting, lesser_of)
}

#[inline(always)]
fn rust_macro(context: &mut Indexed) -> u64 {
    indexed(
        context,
        |task| task.next,
        |task, limits| min_once!(earned_by(task.weight), next_of(limits)),
    )
}

/// With the macro that evaluates the lesser twice.
#[inline(always)]
fn rust_macro_evaluated(context: &mut Indexed) -> u64 {
    indexed(
        context,
        |task| task.next,
        |task, limits| min_twice!(earned_by(task.weight), next_of(limits)),
    )
}

#[inline(always)]
fn rust_macro_member(context: &mut Indexed) -> u64 {
    indexed(
        context,
        |task| task.waiting,
        |task, limits| min_once!(earned_by(task.weight), next_of(limits)),
    )
}

/// The queue owns its tasks.
struct Listed {
    tasks: LinkedList<Entry>,
    limits: Vec<u64>,
}

impl Context<Input> for Listed {
    fn prepare(input: &Input) -> Self {
        let entries = unsafe { slice(input.entries, input.count) };
        Listed { tasks: entries.iter().copied().collect(), limits: limits_of(input) }
    }
}

#[inline(always)]
fn rust_linked_list(context: &mut Listed) -> u64 {
    let mut limits = context.limits.iter();
    let mut digest = 0u64;
    let mut left = 0u64;
    for task in &context.tasks {
        left = left.wrapping_sub(std::cmp::min(earned_by(task.weight), next_of(&mut limits)));
        digest = add(digest, left, time_between(task.from, task.to));
    }
    digest
}

#[inline(always)]
fn rust_linked_list_evaluated(context: &mut Listed) -> u64 {
    rust_linked_list(context)
}

case! { Input:
    raw rust_unchecked(Linked) "a lesser of two variables, an offset back from a raw link" [ordinary]
        { double_evaluation: rust_unchecked_evaluated,
          precedence: "what a macro expands to is one expression",
          narrow_swap: "a narrower type takes no wider value without a cast (E0308)",
          wrong_member: rust_unchecked_member, destroyed_before: rust_unchecked_destroyed };
    raw rust_unchecked_branchless(Linked) "both choices reckoned, an offset back from a raw link" as "branchless" [bespoke]
        { double_evaluation: "there is no macro for the lesser",
          precedence: "there is no macro for the lesser",
          narrow_swap: "nothing is exchanged",
          wrong_member: rust_unchecked_branchless_member,
          destroyed_before: rust_unchecked_branchless_destroyed };
    safe rust_index(Indexed) "cmp::min, mem::swap, an index for a link" [library]
        { double_evaluation: rust_index_evaluated,
          precedence: "a function's result is one operand",
          narrow_swap: "mem::swap takes two of one type (E0308)",
          wrong_member: rust_index_member,
          destroyed_before: "the compiler rejects a use of what was moved (E0382)" }
        claims { double_evaluation: "always" };
    safe rust_macro(Indexed) "macro_rules! that evaluates once, an index for a link" [ordinary]
        { double_evaluation: rust_macro_evaluated,
          precedence: "what a macro expands to is one expression",
          narrow_swap: "mem::swap takes two of one type (E0308)",
          wrong_member: rust_macro_member,
          destroyed_before: "the compiler rejects a use of what was moved (E0382)" }
        claims { double_evaluation: "always" };
    safe rust_linked_list(Listed) "cmp::min, mem::swap, a LinkedList of tasks" [library]
        { double_evaluation: rust_linked_list_evaluated,
          precedence: "a function's result is one operand",
          narrow_swap: "mem::swap takes two of one type (E0308)",
          wrong_member: "the list has links of its own: nobody names one",
          destroyed_before: "the compiler rejects a use of what was moved (E0382)" }
        claims { double_evaluation: "always" };
}
