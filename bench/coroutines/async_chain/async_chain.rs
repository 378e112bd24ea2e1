//! The twin of async_chain.cc: an async fn is a state machine that holds the steps that it awaits, its arguments may not
//! be gone when it goes on, and who polls it and when is a small executor's matter.
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context as Polling, Poll, RawWaker, RawWakerVTable, Wake, Waker};

use safecost::{case, drawn, input, slice, Context};

input! {
    struct Input {
        users: *const u64,
        count: usize,
        bound: u64,
    }
}

#[inline(always)]
fn answer_to(question: u64) -> u64 {
    let mixed = (question ^ (question >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed ^ (mixed >> 29)
}

#[inline(always)]
fn there_at_once(answer: u64, bound: u64) -> bool {
    answer >> 32 < bound
}

const WINDOW: usize = 32;

// Raw. An operation is in memory of whoever starts it, and stays there until it is done.

struct Operation {
    question: u64,
    answer: u64,
    done: Option<unsafe fn(*mut Operation)>,
}

struct Loop {
    waiting: Vec<*mut Operation>,
    first: usize,
    bound: u64,
}

#[inline(never)]
unsafe fn loop_start(lp: *mut Loop, operation: *mut Operation) -> bool {
    unsafe {
        (*operation).answer = answer_to((*operation).question);
        if there_at_once((*operation).answer, (*lp).bound) {
            return true;
        }
        let waiting = &mut (*lp).waiting;
        waiting.push(operation);
    }
    false
}

#[inline(never)]
unsafe fn loop_run(lp: *mut Loop) {
    unsafe {
        while (*lp).first < (*lp).waiting.len() {
            let waiting = &(*lp).waiting;
            let operation = *waiting.get_unchecked((*lp).first);
            (*lp).first += 1;
            if let Some(done) = (*operation).done {
                done(operation);
            }
        }
        loop_drop(lp);
    }
}

#[inline(never)]
unsafe fn loop_drop(lp: *mut Loop) {
    unsafe {
        (*lp).first = 0;
        let waiting = &mut (*lp).waiting;
        waiting.clear();
    }
}

struct Service {
    users: Vec<u64>,
    raw_loop: Loop,
}

impl Context<Input> for Service {
    fn prepare(input: &Input) -> Self {
        let users = unsafe { slice(input.users, input.count) }.to_vec();
        let waiting = Vec::with_capacity(256);
        Service { users, raw_loop: Loop { waiting, first: 0, bound: input.bound } }
    }
}

/// A number, and for one fault a pointer to one.
trait User: Copy {
    unsafe fn number(self) -> u64;
}
impl User for u64 {
    #[inline(always)]
    unsafe fn number(self) -> u64 {
        self
    }
}
impl User for *const u64 {
    #[inline(always)]
    unsafe fn number(self) -> u64 {
        unsafe { *self }
    }
}

/// Its operation first, so that a pointer to that is one to it.
#[repr(C)]
struct Request<U> {
    operation: Operation,
    raw_loop: *mut Loop,
    total: *mut u64,
    place: u64,
    user: U,
    session: u64,
    rights: u64,
    step: u32,
}

#[inline(always)]
fn request<U>(raw_loop: *mut Loop, total: *mut u64, place: u64, user: U) -> Request<U> {
    let operation = Operation { question: 0, answer: 0, done: None };
    Request { operation, raw_loop, total, place, user, session: 0, rights: 0, step: 0 }
}

/// What the last callback does with a request: it stays, or its block is freed.
trait End {
    const FREES: bool;
}
struct Stays;
impl End for Stays {
    const FREES: bool = false;
}
struct IsFreed;
impl End for IsFreed {
    const FREES: bool = true;
}

#[inline(always)]
unsafe fn ask(
    lp: *mut Loop,
    operation: *mut Operation,
    question: u64,
    done: unsafe fn(*mut Operation),
) {
    unsafe {
        (*operation).question = question;
        (*operation).done = Some(done);
        if loop_start(lp, operation) {
            done(operation);
        }
    }
}

unsafe fn on_receipt<U: User, E: End>(operation: *mut Operation) {
    let request: *mut Request<U> = operation.cast();
    unsafe {
        let result = (*operation).answer.wrapping_add((*request).rights) ^ (*request).place;
        *(*request).total = (*(*request).total).wrapping_add(result);
        if E::FREES {
            drop(Box::from_raw(request));
        }
    }
}

unsafe fn on_page<U: User, E: End>(operation: *mut Operation) {
    let request: *mut Request<U> = operation.cast();
    unsafe {
        let question = (*request).user.number() ^ (*operation).answer;
        ask((*request).raw_loop, operation, question, on_receipt::<U, E>);
    }
}

unsafe fn on_rights<U: User, E: End>(operation: *mut Operation) {
    let request: *mut Request<U> = operation.cast();
    unsafe {
        (*request).rights = (*operation).answer;
        let question = (*request).session.wrapping_add((*request).rights);
        ask((*request).raw_loop, operation, question, on_page::<U, E>);
    }
}

unsafe fn on_session<U: User, E: End>(operation: *mut Operation) {
    let request: *mut Request<U> = operation.cast();
    unsafe {
        (*request).session = (*operation).answer;
        let question = (*request).user.number() ^ (*request).session;
        ask((*request).raw_loop, operation, question, on_rights::<U, E>);
    }
}

/// One callback, and a number for where the request is.
unsafe fn advance<U: User>(operation: *mut Operation) {
    let request: *mut Request<U> = operation.cast();
    unsafe {
        loop {
            let step = (*request).step;
            (*request).step += 1;
            (*operation).question = match step {
                0 => (*request).user.number(),
                1 => {
                    (*request).session = (*operation).answer;
                    (*request).user.number() ^ (*request).session
                }
                2 => {
                    (*request).rights = (*operation).answer;
                    (*request).session.wrapping_add((*request).rights)
                }
                3 => (*request).user.number() ^ (*operation).answer,
                _ => {
                    let result = (*operation).answer.wrapping_add((*request).rights);
                    let total = (*request).total;
                    *total = (*total).wrapping_add(result ^ (*request).place);
                    return;
                }
            };
            if !loop_start((*request).raw_loop, operation) {
                return;
            }
        }
    }
}

#[inline(always)]
fn rust_unchecked(service: &mut Service) -> u64 {
    let mut total = 0;
    let lp = &raw mut service.raw_loop;
    let mut requests = [const { std::mem::MaybeUninit::<Request<u64>>::uninit() }; WINDOW];
    let mut place = 0;
    for batch in service.users.chunks(WINDOW) {
        for (slot, &user) in requests.iter_mut().zip(batch) {
            let slot = slot.as_mut_ptr();
            unsafe {
                slot.write(request(lp, &raw mut total, place, user));
                ask(lp, slot.cast(), user, on_session::<u64, Stays>);
            }
            place += 1;
        }
        unsafe { loop_run(lp) };
    }
    total
}

#[inline(always)]
fn rust_unchecked_box(service: &mut Service) -> u64 {
    let mut total = 0;
    let lp = &raw mut service.raw_loop;
    let mut place = 0;
    for batch in service.users.chunks(WINDOW) {
        for &user in batch {
            let block = Box::into_raw(Box::new(request(lp, &raw mut total, place, user)));
            unsafe { ask(lp, block.cast(), user, on_session::<u64, IsFreed>) };
            place += 1;
        }
        unsafe { loop_run(lp) };
    }
    total
}

#[inline(always)]
fn rust_unchecked_switch(service: &mut Service) -> u64 {
    let mut total = 0;
    let lp = &raw mut service.raw_loop;
    let mut requests = [const { std::mem::MaybeUninit::<Request<u64>>::uninit() }; WINDOW];
    let mut place = 0;
    for batch in service.users.chunks(WINDOW) {
        for (slot, &user) in requests.iter_mut().zip(batch) {
            let slot = slot.as_mut_ptr();
            unsafe {
                slot.write(request(lp, &raw mut total, place, user));
                (*slot).operation.done = Some(advance::<u64>);
                advance::<u64>(slot.cast());
            }
            place += 1;
        }
        unsafe { loop_run(lp) };
    }
    total
}

// Safe: answers by slot and ticket.

#[derive(Clone, Copy)]
struct Answer {
    answer: u64,
    slot: usize,
    ticket: u64,
}

struct KeyLoop {
    waiting: Vec<Answer>,
    tickets: u64,
    bound: u64,
}

impl KeyLoop {
    #[inline(never)]
    fn ask(&mut self, question: u64, slot: usize, ticket: &mut u64) -> Option<u64> {
        self.tickets += 1;
        *ticket = self.tickets;
        let answer = answer_to(question);
        if there_at_once(answer, self.bound) {
            return Some(answer);
        }
        self.waiting.push(Answer { answer, slot, ticket: *ticket });
        None
    }

    /// Gives all that have come since it was last asked for them; false where nobody waits.
    #[inline(never)]
    fn take(&mut self, answers: &mut Vec<Answer>) -> bool {
        answers.clear();
        std::mem::swap(answers, &mut self.waiting);
        !answers.is_empty()
    }
}

#[derive(Clone, Copy)]
enum Step {
    Session,
    Rights,
    Page,
    Receipt,
    None,
}

#[derive(Clone, Copy)]
struct Chain {
    slot: usize,
    ticket: u64,
    user: u64,
    session: u64,
    rights: u64,
    result: Option<u64>,
    step: Step,
}

impl Chain {
    #[inline(always)]
    fn new(slot: usize, user: u64) -> Self {
        Chain { slot, ticket: 0, user, session: 0, rights: 0, result: None, step: Step::Session }
    }

    #[inline(always)]
    fn start(&mut self, lp: &mut KeyLoop) {
        let answer = lp.ask(self.user, self.slot, &mut self.ticket);
        self.go_on(lp, answer);
    }

    #[inline(always)]
    fn answered(&mut self, lp: &mut KeyLoop, come: Answer) {
        if come.ticket == self.ticket {
            self.go_on(lp, Some(come.answer));
        }
    }

    fn go_on(&mut self, lp: &mut KeyLoop, mut come: Option<u64>) {
        while let Some(answer) = come {
            let question = match self.step {
                Step::Session => {
                    self.step = Step::Rights;
                    self.session = answer;
                    self.user ^ answer
                }
                Step::Rights => {
                    self.step = Step::Page;
                    self.rights = answer;
                    self.session.wrapping_add(answer)
                }
                Step::Page => {
                    self.step = Step::Receipt;
                    self.user ^ answer
                }
                Step::Receipt => {
                    self.step = Step::None;
                    self.result = Some(answer.wrapping_add(self.rights));
                    return;
                }
                Step::None => panic!("the request was served before"),
            };
            come = lp.ask(question, self.slot, &mut self.ticket);
        }
    }
}

struct KeyService {
    users: Vec<u64>,
    key_loop: KeyLoop,
}

impl Context<Input> for KeyService {
    fn prepare(input: &Input) -> Self {
        let users = unsafe { slice(input.users, input.count) }.to_vec();
        let key_loop = KeyLoop { waiting: Vec::new(), tickets: 0, bound: input.bound };
        KeyService { users, key_loop }
    }
}

#[inline(always)]
fn run_keys(lp: &mut KeyLoop, requests: &mut [Option<Chain>]) {
    let mut answers = Vec::new();
    while lp.take(&mut answers) {
        for &come in &answers {
            if let Some(request) = &mut requests[come.slot] {
                request.answered(lp, come);
            }
        }
    }
}

#[inline(always)]
fn rust_index(service: &mut KeyService) -> u64 {
    let lp = &mut service.key_loop;
    let mut requests = [None; WINDOW];
    let mut total = 0u64;
    let mut place = 0;
    for batch in service.users.chunks(WINDOW) {
        for (i, &user) in batch.iter().enumerate() {
            requests[i].insert(Chain::new(i, user)).start(lp);
        }
        run_keys(lp, &mut requests);
        for request in &requests[..batch.len()] {
            let result = request.and_then(|it| it.result).expect("the request has not ended");
            total = total.wrapping_add(result ^ place);
            place += 1;
        }
    }
    total
}

// Callbacks that own their request: each is called once, since its type says so.

type Callback<'a> = Box<dyn FnOnce(&CallbackLoop<'a>, u64) + 'a>;

struct CallbackLoop<'a> {
    waiting: RefCell<VecDeque<(u64, Callback<'a>)>>,
    bound: Cell<u64>,
}

impl<'a> CallbackLoop<'a> {
    fn new(bound: u64) -> Self {
        CallbackLoop { waiting: RefCell::new(VecDeque::new()), bound: Cell::new(bound) }
    }

    #[inline(never)]
    fn ask(&self, question: u64, callback: Callback<'a>) {
        let answer = answer_to(question);
        if there_at_once(answer, self.bound.get()) {
            callback(self, answer);
        } else {
            self.waiting.borrow_mut().push_back((answer, callback));
        }
    }

    #[inline(never)]
    fn run(&self) {
        loop {
            let next = self.waiting.borrow_mut().pop_front();
            let Some((answer, callback)) = next else { return };
            callback(self, answer);
        }
    }
}

#[inline(always)]
fn serve_by_callbacks<'a>(lp: &CallbackLoop<'a>, user: u64, place: u64, total: &'a Cell<u64>) {
    let on_session: Callback<'a> = Box::new(move |lp, session| {
        let on_rights: Callback<'a> = Box::new(move |lp, rights| {
            let on_page: Callback<'a> = Box::new(move |lp, page| {
                let on_receipt: Callback<'a> = Box::new(move |_, receipt| {
                    total.set(total.get().wrapping_add(receipt.wrapping_add(rights) ^ place));
                });
                lp.ask(user ^ page, on_receipt);
            });
            lp.ask(session.wrapping_add(rights), on_page);
        });
        lp.ask(user ^ session, on_rights);
    });
    lp.ask(user, on_session);
}

struct Requests {
    users: Vec<u64>,
    bound: u64,
}

impl Context<Input> for Requests {
    fn prepare(input: &Input) -> Self {
        let users = unsafe { slice(input.users, input.count) }.to_vec();
        Requests { users, bound: input.bound }
    }
}

#[inline(always)]
fn rust_callbacks(service: &mut Requests) -> u64 {
    let total = Cell::new(0);
    let lp = CallbackLoop::new(service.bound);
    let mut place = 0;
    for batch in service.users.chunks(WINDOW) {
        for &user in batch {
            serve_by_callbacks(&lp, user, place, &total);
            place += 1;
        }
        lp.run();
    }
    total.get()
}

// Futures. Who waits has an entry in the loop, with the answer once it is there and the waker of whoever polled.

struct Entry {
    answer: u64,
    stage: Stage,
    waker: Option<Waker>,
}

#[derive(PartialEq)]
enum Stage {
    Waiting,
    Come,
    Abandoned,
    Forgotten,
}

#[derive(Default)]
struct Entries {
    all: Vec<Entry>,
    free: Vec<usize>,
    order: VecDeque<usize>,
}

struct EventLoop {
    entries: RefCell<Entries>,
    bound: Cell<u64>,
}

impl EventLoop {
    fn new(bound: u64) -> Self {
        EventLoop { entries: RefCell::new(Entries::default()), bound: Cell::new(bound) }
    }

    #[inline(never)]
    fn start(&self, question: u64) -> Result<u64, usize> {
        let answer = answer_to(question);
        if there_at_once(answer, self.bound.get()) {
            return Ok(answer);
        }
        let entries = &mut *self.entries.borrow_mut();
        let entry = Entry { answer, stage: Stage::Waiting, waker: None };
        let place = match entries.free.pop() {
            Some(place) => {
                entries.all[place] = entry;
                place
            }
            None => {
                entries.all.push(entry);
                entries.all.len() - 1
            }
        };
        entries.order.push_back(place);
        Err(place)
    }

    /// One answer comes, and wakes who waits for it. False where nobody waits.
    #[inline(never)]
    fn answer_one(&self) -> bool {
        let mut borrowed = self.entries.borrow_mut();
        let entries = &mut *borrowed;
        let Some(place) = entries.order.pop_front() else { return false };
        let entry = &mut entries.all[place];
        if entry.stage == Stage::Abandoned {
            entries.free.push(place);
            return true;
        }
        entry.stage = Stage::Come;
        let waker = entry.waker.take();
        drop(borrowed);
        if let Some(waker) = waker {
            waker.wake();
        }
        true
    }

    #[inline(never)]
    fn poll(&self, place: usize, polling: &mut Polling<'_>) -> Poll<u64> {
        let entries = &mut *self.entries.borrow_mut();
        let entry = &mut entries.all[place];
        if entry.stage == Stage::Come {
            let answer = entry.answer;
            entries.free.push(place);
            return Poll::Ready(answer);
        }
        entry.waker = Some(polling.waker().clone());
        Poll::Pending
    }

    #[inline(never)]
    fn abandon(&self, place: usize) {
        let entries = &mut *self.entries.borrow_mut();
        let entry = &mut entries.all[place];
        entry.waker = None;
        if entry.stage == Stage::Waiting {
            entry.stage = Stage::Abandoned;
        } else {
            entries.free.push(place);
        }
    }

    /// Forgets all that wait, and wakes nobody.
    fn forget(&self) {
        let entries = &mut *self.entries.borrow_mut();
        for place in entries.order.drain(..) {
            entries.all[place].stage = Stage::Forgotten;
        }
    }

    #[inline(always)]
    fn ask(&self, question: u64) -> Asking<'_> {
        Asking { event_loop: self, state: State::Question(question) }
    }
}

enum State {
    Question(u64),
    Waiting(usize),
    Answered,
}

struct Asking<'a> {
    event_loop: &'a EventLoop,
    state: State,
}

impl Future for Asking<'_> {
    type Output = u64;

    #[inline(always)]
    fn poll(mut self: Pin<&mut Self>, polling: &mut Polling<'_>) -> Poll<u64> {
        let place = match self.state {
            State::Question(question) => match self.event_loop.start(question) {
                Ok(answer) => {
                    self.state = State::Answered;
                    return Poll::Ready(answer);
                }
                Err(place) => place,
            },
            State::Waiting(place) => place,
            State::Answered => panic!("polled after its answer"),
        };
        let answer = self.event_loop.poll(place, polling);
        self.state = if answer.is_ready() { State::Answered } else { State::Waiting(place) };
        answer
    }
}

impl Drop for Asking<'_> {
    #[inline(always)]
    fn drop(&mut self) {
        if let State::Waiting(place) = self.state {
            self.event_loop.abandon(place);
        }
    }
}

/// Wakers for each task, and whom they woke.
trait Wakers {
    fn new() -> Self;
    fn waker(&self, task: usize) -> &Waker;
    fn woken(&self) -> Option<usize>;
}

type Woken = Arc<Mutex<Vec<usize>>>;

struct TaskWaker {
    task: usize,
    woken: Woken,
}

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }
    fn wake_by_ref(self: &Arc<Self>) {
        self.woken.lock().unwrap().push(self.task);
    }
}

/// As std::task::Wake makes them: shared, and from any thread.
struct Counted {
    wakers: Vec<Waker>,
    woken: Woken,
}

impl Wakers for Counted {
    fn new() -> Self {
        let woken = Woken::default();
        let waker = |task| Waker::from(Arc::new(TaskWaker { task, woken: Arc::clone(&woken) }));
        Counted { wakers: (0..WINDOW).map(waker).collect(), woken }
    }
    #[inline(always)]
    fn waker(&self, task: usize) -> &Waker {
        &self.wakers[task]
    }
    #[inline(always)]
    fn woken(&self) -> Option<usize> {
        self.woken.lock().unwrap().pop()
    }
}

thread_local! {
    static WOKEN: RefCell<Vec<usize>> = const { RefCell::new(Vec::new()) };
}

/// A waker that is a number: it counts nobody. Sent to another thread, it wakes a task of that one.
const BY_NUMBER: RawWakerVTable = RawWakerVTable::new(
    |data| RawWaker::new(data, &BY_NUMBER),
    |data| WOKEN.with_borrow_mut(|woken| woken.push(data as usize)),
    |data| WOKEN.with_borrow_mut(|woken| woken.push(data as usize)),
    |_| {},
);

struct Numbered {
    wakers: Vec<Waker>,
}

impl Wakers for Numbered {
    fn new() -> Self {
        let waker = |task| unsafe {
            Waker::from_raw(RawWaker::new(std::ptr::without_provenance(task), &BY_NUMBER))
        };
        Numbered { wakers: (0..WINDOW).map(waker).collect() }
    }
    #[inline(always)]
    fn waker(&self, task: usize) -> &Waker {
        &self.wakers[task]
    }
    #[inline(always)]
    fn woken(&self) -> Option<usize> {
        WOKEN.with_borrow_mut(Vec::pop)
    }
}

struct AsyncService<W> {
    users: Vec<u64>,
    event_loop: EventLoop,
    wakers: W,
    bound: u64,
}

impl<W: Wakers> Context<Input> for AsyncService<W> {
    fn prepare(input: &Input) -> Self {
        let users = unsafe { slice(input.users, input.count) }.to_vec();
        let (event_loop, bound) = (EventLoop::new(input.bound), input.bound);
        AsyncService { users, event_loop, wakers: W::new(), bound }
    }
}

/// Polls who was woken, and lets answers come when nobody was.
struct Executor<'a, W, F> {
    event_loop: &'a EventLoop,
    wakers: &'a W,
    tasks: Vec<Task<F>>,
}

enum Task<F> {
    Running(Pin<Box<F>>),
    Ended(u64),
}

impl<'a, W: Wakers, F: Future<Output = u64>> Executor<'a, W, F> {
    #[inline(always)]
    fn new(event_loop: &'a EventLoop, wakers: &'a W) -> Self {
        Executor { event_loop, wakers, tasks: Vec::with_capacity(WINDOW) }
    }

    #[inline(always)]
    fn poll(&mut self, task: usize) {
        let Some(Task::Running(future)) = self.tasks.get_mut(task) else { return };
        let mut polling = Polling::from_waker(self.wakers.waker(task));
        if let Poll::Ready(result) = future.as_mut().poll(&mut polling) {
            self.tasks[task] = Task::Ended(result);
        }
    }

    #[inline(always)]
    fn spawn(&mut self, future: F) {
        self.tasks.push(Task::Running(Box::pin(future)));
        self.poll(self.tasks.len() - 1);
    }

    #[inline(always)]
    fn run(&mut self) {
        while self.event_loop.answer_one() {
            while let Some(task) = self.wakers.woken() {
                self.poll(task);
            }
        }
    }

    #[inline(always)]
    fn result(&self, task: usize) -> u64 {
        match self.tasks[task] {
            Task::Ended(result) => result,
            Task::Running(_) => panic!("the task has not ended"),
        }
    }
}

async fn asked(event_loop: &EventLoop, question: u64) -> u64 {
    event_loop.ask(question).await
}

async fn serve(event_loop: &EventLoop, user: u64) -> u64 {
    let session = asked(event_loop, user).await;
    let rights = asked(event_loop, user ^ session).await;
    let page = asked(event_loop, session.wrapping_add(rights)).await;
    let receipt = asked(event_loop, user ^ page).await;
    receipt.wrapping_add(rights)
}

/// A step with a block of its own, whose type its caller does not know.
#[inline(never)]
fn asked_boxed(event_loop: &EventLoop, question: u64) -> Pin<Box<dyn Future<Output = u64> + '_>> {
    Box::pin(asked(event_loop, question))
}

async fn serve_boxed(event_loop: &EventLoop, user: u64) -> u64 {
    let session = asked_boxed(event_loop, user).await;
    let rights = asked_boxed(event_loop, user ^ session).await;
    let page = asked_boxed(event_loop, session.wrapping_add(rights)).await;
    let receipt = asked_boxed(event_loop, user ^ page).await;
    receipt.wrapping_add(rights)
}

#[inline(always)]
fn served<'a, W: Wakers, F: Future<Output = u64>>(
    service: &'a AsyncService<W>,
    serve: impl Fn(&'a EventLoop, u64) -> F,
) -> u64 {
    let mut executor = Executor::new(&service.event_loop, &service.wakers);
    let mut total = 0u64;
    let mut place = 0;
    for batch in service.users.chunks(WINDOW) {
        for &user in batch {
            executor.spawn(serve(&service.event_loop, user));
        }
        executor.run();
        for task in 0..batch.len() {
            total = total.wrapping_add(executor.result(task) ^ place);
            place += 1;
        }
        executor.tasks.clear();
    }
    total
}

#[inline(always)]
fn rust_async(service: &mut AsyncService<Counted>) -> u64 {
    served(service, serve)
}

#[inline(always)]
fn rust_async_boxed(service: &mut AsyncService<Counted>) -> u64 {
    served(service, serve_boxed)
}

#[inline(always)]
fn rust_async_number(service: &mut AsyncService<Numbered>) -> u64 {
    served(service, serve)
}

// The faults: one request, drawn, is served by a program with a wrong step, while no answer is there at once.

#[derive(Clone, Copy, PartialEq)]
enum Wrong {
    ReferenceInFrame,
    ResumedTwice,
    LostWakeup,
    FrameLeaked,
    DestroyedWaiting,
}

/// How a raw idiom begins a request, and whether its last callback frees it.
trait Raw {
    type End: End;
    fn first<U: User>() -> unsafe fn(*mut Operation);
    unsafe fn begin<U: User>(request: *mut Request<U>);
}

struct ByCallbacks<E>(E);
impl<E: End> Raw for ByCallbacks<E> {
    type End = E;
    fn first<U: User>() -> unsafe fn(*mut Operation) {
        on_session::<U, E>
    }
    unsafe fn begin<U: User>(request: *mut Request<U>) {
        unsafe {
            let question = (*request).user.number();
            ask((*request).raw_loop, request.cast(), question, on_session::<U, E>);
        }
    }
}

struct BySwitch;
impl Raw for BySwitch {
    type End = Stays;
    fn first<U: User>() -> unsafe fn(*mut Operation) {
        advance::<U>
    }
    unsafe fn begin<U: User>(request: *mut Request<U>) {
        unsafe {
            (*request).operation.done = Some(advance::<U>);
            advance::<U>(request.cast());
        }
    }
}

#[inline(never)]
unsafe fn free<T>(block: *mut T) {
    drop(unsafe { Box::from_raw(block) });
}

unsafe fn finish<R: Raw, U: User>(request: *mut Request<U>) {
    unsafe {
        loop_run((*request).raw_loop);
        if !R::End::FREES {
            free(request);
        }
    }
}

unsafe fn serve_raw<R: Raw>(lp: *mut Loop, total: *mut u64, place: u64, user: u64, what: Wrong) {
    unsafe {
        let made = || Box::into_raw(Box::new(request(lp, total, place, user)));
        let block = made();
        match what {
            Wrong::ReferenceInFrame => {
                free(block);
                let message = Box::into_raw(Box::new(user));
                let referring = request(lp, total, place, message.cast_const());
                let block = Box::into_raw(Box::new(referring));
                R::begin(block);
                free(message);
                finish::<R, *const u64>(block);
            }
            Wrong::ResumedTwice => {
                R::begin(block);
                loop_start(lp, block.cast());
                finish::<R, u64>(block);
            }
            Wrong::LostWakeup => {
                (*block).step = 1;
                (*block).operation.question = user;
                loop_start(lp, block.cast());
                loop_run(lp);
                (*block).operation.done = Some(R::first::<u64>());
                loop_run(lp);
                free(block);
            }
            Wrong::FrameLeaked => {
                R::begin(block);
                loop_drop(lp);
                let block = made();
                R::begin(block);
                finish::<R, u64>(block);
            }
            Wrong::DestroyedWaiting => {
                R::begin(block);
                free(block);
                loop_run(lp);
                let block = made();
                R::begin(block);
                finish::<R, u64>(block);
            }
        }
    }
}

#[inline(always)]
fn raw_with<R: Raw>(service: &mut Service, what: Wrong) -> u64 {
    let wrong = drawn(service.users.len() as u64) as usize;
    let bound = service.raw_loop.bound;
    let lp = &raw mut service.raw_loop;
    let mut total = 0;
    for (i, &user) in service.users.iter().enumerate() {
        unsafe {
            if i == wrong {
                (*lp).bound = 0;
                serve_raw::<R>(lp, &raw mut total, i as u64, user, what);
                (*lp).bound = bound;
            } else {
                let block = Box::into_raw(Box::new(request(lp, &raw mut total, i as u64, user)));
                R::begin(block);
                finish::<R, u64>(block);
            }
        }
    }
    total
}

macro_rules! raw_faults {
    ($($name:ident: $raw:ty, $what:ident;)+) => { $(
        #[inline(always)]
        fn $name(service: &mut Service) -> u64 {
            raw_with::<$raw>(service, Wrong::$what)
        }
    )+ };
}

raw_faults! {
    rust_unchecked_reference: ByCallbacks<Stays>, ReferenceInFrame;
    rust_unchecked_twice: ByCallbacks<Stays>, ResumedTwice;
    rust_unchecked_lost: ByCallbacks<Stays>, LostWakeup;
    rust_unchecked_destroyed: ByCallbacks<Stays>, DestroyedWaiting;
    rust_box_reference: ByCallbacks<IsFreed>, ReferenceInFrame;
    rust_box_twice: ByCallbacks<IsFreed>, ResumedTwice;
    rust_box_lost: ByCallbacks<IsFreed>, LostWakeup;
    rust_box_leaked: ByCallbacks<IsFreed>, FrameLeaked;
    rust_box_destroyed: ByCallbacks<IsFreed>, DestroyedWaiting;
    rust_switch_reference: BySwitch, ReferenceInFrame;
    rust_switch_twice: BySwitch, ResumedTwice;
    rust_switch_lost: BySwitch, LostWakeup;
    rust_switch_destroyed: BySwitch, DestroyedWaiting;
}

#[inline(always)]
fn keys_with(service: &mut KeyService, what: Wrong) -> u64 {
    let wrong = drawn(service.users.len() as u64) as usize;
    let lp = &mut service.key_loop;
    let bound = lp.bound;
    let mut requests = [None; 1];
    let mut total = 0u64;
    for (i, &user) in service.users.iter().enumerate() {
        if i == wrong {
            lp.bound = 0;
            requests[0].insert(Chain::new(0, user)).start(lp);
            if what == Wrong::DestroyedWaiting {
                requests[0] = None;
                run_keys(lp, &mut requests);
            }
        }
        requests[0].get_or_insert(Chain::new(0, user)).start(lp);
        run_keys(lp, &mut requests);
        let result = requests[0].take().and_then(|it| it.result).expect("it has not ended");
        total = total.wrapping_add(result ^ i as u64);
        lp.bound = bound;
    }
    total
}

#[inline(always)]
fn rust_index_twice(service: &mut KeyService) -> u64 {
    keys_with(service, Wrong::ResumedTwice)
}

#[inline(always)]
fn rust_index_destroyed(service: &mut KeyService) -> u64 {
    keys_with(service, Wrong::DestroyedWaiting)
}

#[inline(always)]
fn rust_callbacks_leaked(service: &mut Requests) -> u64 {
    let total = Cell::new(0);
    let wrong = drawn(service.users.len() as u64) as usize;
    for (i, &user) in service.users.iter().enumerate() {
        if i == wrong {
            let given_up = CallbackLoop::new(0);
            serve_by_callbacks(&given_up, user, i as u64, &total);
        }
        let lp = CallbackLoop::new(service.bound);
        serve_by_callbacks(&lp, user, i as u64, &total);
        lp.run();
    }
    total.get()
}

/// A question that is asked too early: it looks, lets answers come, and only then says whom to wake.
struct AskingLate<'a> {
    event_loop: &'a EventLoop,
    question: u64,
    place: Option<usize>,
}

impl Future for AskingLate<'_> {
    type Output = u64;
    fn poll(mut self: Pin<&mut Self>, polling: &mut Polling<'_>) -> Poll<u64> {
        let Some(place) = self.place else {
            let Err(place) = self.event_loop.start(self.question) else {
                panic!("nothing is there at once")
            };
            self.place = Some(place);
            while self.event_loop.answer_one() {}
            let entries = &mut *self.event_loop.entries.borrow_mut();
            entries.all[place].waker = Some(polling.waker().clone());
            return Poll::Pending;
        };
        self.event_loop.poll(place, polling)
    }
}

async fn serve_late(event_loop: &EventLoop, user: u64) -> u64 {
    AskingLate { event_loop, question: user, place: None }.await;
    serve(event_loop, user).await
}

#[inline(always)]
fn tasks_with<'a, W: Wakers, F: Future<Output = u64> + 'a>(
    service: &'a AsyncService<W>,
    serve: impl Fn(&'a EventLoop, u64) -> F,
    what: Wrong,
) -> u64 {
    let wrong = drawn(service.users.len() as u64) as usize;
    let event_loop = &service.event_loop;
    let mut total = 0u64;
    for (i, &user) in service.users.iter().enumerate() {
        if i == wrong {
            event_loop.bound.set(0);
        }
        let mut executor: Executor<'_, W, Pin<Box<dyn Future<Output = u64> + 'a>>> =
            Executor::new(event_loop, &service.wakers);
        if i == wrong && what == Wrong::LostWakeup {
            executor.spawn(Box::pin(serve_late(event_loop, user)));
        } else {
            executor.spawn(Box::pin(serve(event_loop, user)));
        }
        if i == wrong {
            match what {
                Wrong::ResumedTwice => {
                    service.wakers.waker(0).wake_by_ref();
                    service.wakers.waker(0).wake_by_ref();
                }
                Wrong::FrameLeaked => event_loop.forget(),
                _ => {}
            }
            if matches!(what, Wrong::FrameLeaked | Wrong::DestroyedWaiting) {
                executor.tasks.clear();
                executor.run();
                executor.spawn(Box::pin(serve(event_loop, user)));
            }
        }
        executor.run();
        total = total.wrapping_add(executor.result(0) ^ i as u64);
        event_loop.bound.set(service.bound);
    }
    total
}

macro_rules! task_faults {
    ($($name:ident: $wakers:ty, $serve:ident, $what:ident;)+) => { $(
        #[inline(always)]
        fn $name(service: &mut AsyncService<$wakers>) -> u64 {
            tasks_with(service, $serve, Wrong::$what)
        }
    )+ };
}

task_faults! {
    rust_async_twice: Counted, serve, ResumedTwice;
    rust_async_lost: Counted, serve, LostWakeup;
    rust_async_leaked: Counted, serve, FrameLeaked;
    rust_async_destroyed: Counted, serve, DestroyedWaiting;
    rust_boxed_twice: Counted, serve_boxed, ResumedTwice;
    rust_boxed_lost: Counted, serve_boxed, LostWakeup;
    rust_boxed_leaked: Counted, serve_boxed, FrameLeaked;
    rust_boxed_destroyed: Counted, serve_boxed, DestroyedWaiting;
    rust_number_twice: Numbered, serve, ResumedTwice;
    rust_number_lost: Numbered, serve, LostWakeup;
    rust_number_leaked: Numbered, serve, FrameLeaked;
    rust_number_destroyed: Numbered, serve, DestroyedWaiting;
}

case! { Input:
    raw rust_unchecked(Service) "a callback a step by raw pointers, requests in an array" [ordinary]
        { reference_in_frame: rust_unchecked_reference, resumed_twice: rust_unchecked_twice,
          lost_wakeup: rust_unchecked_lost, destroyed_waiting: rust_unchecked_destroyed,
          frame_leaked: "a request is a local variable: there is no block that could be leaked" };
    raw rust_unchecked_box(Service) "the same, a block for each request, which the last callback frees" [ordinary]
        { reference_in_frame: rust_box_reference, resumed_twice: rust_box_twice,
          lost_wakeup: rust_box_lost, frame_leaked: rust_box_leaked,
          destroyed_waiting: rust_box_destroyed };
    raw rust_unchecked_switch(Service) "one callback, and a number for where the request is" [ordinary]
        { reference_in_frame: rust_switch_reference, resumed_twice: rust_switch_twice,
          lost_wakeup: rust_switch_lost, destroyed_waiting: rust_switch_destroyed,
          frame_leaked: "a request is a local variable: there is no block that could be leaked" };
    safe rust_index(KeyService) "answers by slot and ticket: nobody is called back" as "keys" [ordinary]
        { reference_in_frame: "the compiler lets no request outlive what it borrows (E0597)",
          resumed_twice: rust_index_twice,
          lost_wakeup: "who is called back is given together with the question",
          frame_leaked: "a request is a local variable: there is no block that could be leaked",
          destroyed_waiting: rust_index_destroyed }
        claims { resumed_twice: "always", destroyed_waiting: "always" };
    safe rust_callbacks(Requests) "Box<dyn FnOnce>, a closure a step, which own what they need" [library]
        { reference_in_frame: "the compiler lets no closure outlive what it borrows (E0597)",
          resumed_twice: "a FnOnce is moved by its call (E0382)",
          lost_wakeup: "who is called back is given together with the question",
          frame_leaked: rust_callbacks_leaked,
          destroyed_waiting: "the closure owns the request: who destroys that takes the closure away" }
        claims { frame_leaked: "always" };
    safe rust_async(AsyncService<Counted>) "async fn, a block a request, wakers that are counted" as "coroutine" [ordinary]
        { reference_in_frame: "the compiler lets no future outlive what it borrows (E0597)",
          resumed_twice: rust_async_twice, lost_wakeup: rust_async_lost,
          frame_leaked: rust_async_leaked, destroyed_waiting: rust_async_destroyed }
        claims { resumed_twice: "always", lost_wakeup: "always", frame_leaked: "always",
                 destroyed_waiting: "always" };
    safe rust_async_boxed(AsyncService<Counted>) "the same, a block for each step, too" as "coroutine" [ordinary]
        { reference_in_frame: "the compiler lets no future outlive what it borrows (E0597)",
          resumed_twice: rust_boxed_twice, lost_wakeup: rust_boxed_lost,
          frame_leaked: rust_boxed_leaked, destroyed_waiting: rust_boxed_destroyed }
        claims { resumed_twice: "always", lost_wakeup: "always", frame_leaked: "always",
                 destroyed_waiting: "always" };
    safe rust_async_number(AsyncService<Numbered>) "async fn, a block a request, wakers that are numbers" as "coroutine" [bespoke trusted_core]
        { reference_in_frame: "the compiler lets no future outlive what it borrows (E0597)",
          resumed_twice: rust_number_twice, lost_wakeup: rust_number_lost,
          frame_leaked: rust_number_leaked, destroyed_waiting: rust_number_destroyed }
        claims { resumed_twice: "always", lost_wakeup: "always", frame_leaked: "always",
                 destroyed_waiting: "always" };
}
