// What does it cost to go on where one stopped to wait, in a program that waits for something at each step?
//
// A service answers requests. Each asks four questions one after another (session, rights, page, receipt), for which it
// needs what it learnt before, and the answer to a question is there at once or comes later, when a loop gets to it:
// 32 requests are under way at a time. The state of a request lives from question to question, which is where
// programs go wrong: who keeps it, who ends it, and who is called back once it is gone.
//
// The rate is the share of answers that are there at once, as where data were read ahead: at 0 each step waits.
//
//  - C cuts the request into a function a step (raw), or has a number for where it is (raw_switch).
//  - A coroutine is written as if nothing waited. Each of a request's five coroutines has a frame (task); the steps'
//    may lie in the request's where a compiler sees both and can (task_inlined), or there are none (task_flat).
//  - What an argument of a coroutine refers to may be gone when it goes on. A type of task can refuse such arguments, for
//    it is told their types (task.h): no other idiom of C++ here stops `reference_in_frame`.
//
// The loop is in another translation unit (loop.cc), and so are the steps of `task` (steps.cc).
#include <algorithm>
#include <array>
#include <cerrno>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <utility>
#include <vector>

#include "asio_chain.h"
#include "kernel/case.h"
#include "loop.h"
#include "steps.h"
#include "task.h"

namespace coroutines::async_chain {

struct Input {
  const std::uint64_t* users;
  std::size_t count;
  std::uint64_t bound;  // below which the upper half of an answer is that is there at once
};

Input generate(safecost::Generator& generator) {
  const auto users = generator.array<std::uint64_t>(generator.size());
  for (std::uint64_t& user : users) user = generator.random.next();
  const double rate = std::max(generator.rate(), 0.0);
  return {users.data(), users.size(), static_cast<std::uint64_t>(rate * 0x1p32)};
}

constexpr std::size_t window = 32;  // requests under way

struct Service {
  explicit Service(const Input& input)
      : users(input.users, input.users + input.count), bound(input.bound) {
    loop_init(&loop, bound);
  }
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;
  ~Service() { loop_destroy(&loop); }

  std::vector<std::uint64_t> users;
  Loop loop;
  std::uint64_t bound;
};

// A request of C: its operation first, so that a pointer to that is one to it. `User` is a number, and for one fault a
// reference to one.
template <class User>
struct Request {
  Operation operation;
  Loop* loop;
  std::uint64_t* total;
  std::uint64_t place;
  User user;
  std::uint64_t session;
  std::uint64_t rights;
  int step;
};

// Callbacks: each step names the next.

static void ask(Loop* loop, Operation* operation, std::uint64_t question,
                void (*done)(Operation*)) {
  operation->question = question;
  operation->done = done;
  if (loop_start(loop, operation)) done(operation);
}

template <class User, auto end>
static void on_receipt(Operation* operation) {
  auto* const request = (Request<User>*)operation;
  *request->total += (operation->answer + request->rights) ^ request->place;
  end(request);
}
template <class User, auto end>
static void on_page(Operation* operation) {
  auto* const request = (Request<User>*)operation;
  ask(request->loop, operation, request->user ^ operation->answer, on_receipt<User, end>);
}
template <class User, auto end>
static void on_rights(Operation* operation) {
  auto* const request = (Request<User>*)operation;
  request->rights = operation->answer;
  ask(request->loop, operation, request->session + request->rights, on_page<User, end>);
}
template <class User, auto end>
static void on_session(Operation* operation) {
  auto* const request = (Request<User>*)operation;
  request->session = operation->answer;
  ask(request->loop, operation, request->user ^ request->session, on_rights<User, end>);
}

static void stays(void*) {}
static void is_freed(void* request) { std::free(request); }

SAFECOST_KERNEL raw(Service& service) {
  std::uint64_t total = 0;
  Request<std::uint64_t> requests[window];
  for (std::size_t first = 0; first < service.users.size(); first += window) {
    const std::size_t count = std::min(window, service.users.size() - first);
    for (std::size_t i = 0; i < count; ++i) {
      const std::uint64_t user = service.users[first + i];
      requests[i] = {{}, &service.loop, &total, first + i, user, 0, 0, 0};
      ask(&service.loop, &requests[i].operation, user, on_session<std::uint64_t, stays>);
    }
    loop_run(&service.loop);
  }
  return total;
}

template <class User>
static Request<User>* request_new(Loop* loop, std::uint64_t* total, std::uint64_t place,
                                  const std::uint64_t& user) {
  void* const memory = std::malloc(sizeof(Request<User>));
  if (memory == nullptr) std::abort();
  return new (memory) Request<User>{{}, loop, total, place, user, 0, 0, 0};
}

SAFECOST_KERNEL raw_malloc(Service& service) {
  std::uint64_t total = 0;
  for (std::size_t first = 0; first < service.users.size(); first += window) {
    const std::size_t count = std::min(window, service.users.size() - first);
    for (std::size_t i = 0; i < count; ++i) {
      const std::uint64_t user = service.users[first + i];
      auto* const request = request_new<std::uint64_t>(&service.loop, &total, first + i, user);
      ask(&service.loop, &request->operation, user, on_session<std::uint64_t, is_freed>);
    }
    loop_run(&service.loop);
  }
  return total;
}

// One callback, and a number for where the request is.
template <class User>
static void advance(Operation* operation) {
  auto* const request = (Request<User>*)operation;
  do {
    switch (request->step++) {
      case 0:
        operation->question = request->user;
        break;
      case 1:
        request->session = operation->answer;
        operation->question = request->user ^ request->session;
        break;
      case 2:
        request->rights = operation->answer;
        operation->question = request->session + request->rights;
        break;
      case 3:
        operation->question = request->user ^ operation->answer;
        break;
      default:
        *request->total += (operation->answer + request->rights) ^ request->place;
        return;
    }
  } while (loop_start(request->loop, operation));
}

SAFECOST_KERNEL raw_switch(Service& service) {
  std::uint64_t total = 0;
  Request<std::uint64_t> requests[window];
  for (std::size_t first = 0; first < service.users.size(); first += window) {
    const std::size_t count = std::min(window, service.users.size() - first);
    for (std::size_t i = 0; i < count; ++i) {
      requests[i] = {{}, &service.loop, &total, first + i, service.users[first + i], 0, 0, 0};
      requests[i].operation.done = advance<std::uint64_t>;
      advance<std::uint64_t>(&requests[i].operation);
    }
    loop_run(&service.loop);
  }
  return total;
}

// As careful C programs do: an operation is started once, whoever is called back looks whether there is an answer, and
// what ends is called off before.
template <class User>
static void advance_checked(Operation* operation) {
  auto* const request = (Request<User>*)operation;
  if (operation->status != 0) {
    std::free(request);
    return;
  }
  do {
    switch (request->step++) {
      case 0:
        operation->question = request->user;
        break;
      case 1:
        request->session = operation->answer;
        operation->question = request->user ^ request->session;
        break;
      case 2:
        request->rights = operation->answer;
        operation->question = request->session + request->rights;
        break;
      case 3:
        operation->question = request->user ^ operation->answer;
        break;
      default:
        *request->total += (operation->answer + request->rights) ^ request->place;
        std::free(request);
        return;
    }
  } while (loop_start_checked(request->loop, operation) > 0);
}

static void call_off(Loop* loop, Operation* operation) {
  loop_forget(loop, operation);
  std::free(operation);
}

SAFECOST_KERNEL raw_checked(Service& service) {
  std::uint64_t total = 0;
  for (std::size_t first = 0; first < service.users.size(); first += window) {
    const std::size_t count = std::min(window, service.users.size() - first);
    for (std::size_t i = 0; i < count; ++i) {
      auto* const request =
          request_new<std::uint64_t>(&service.loop, &total, first + i, service.users[first + i]);
      request->operation.done = advance_checked<std::uint64_t>;
      advance_checked<std::uint64_t>(&request->operation);
    }
    loop_run_checked(&service.loop);
  }
  return total;
}

// A coroutine by what the language gives alone. It starts at once, and its frame ends with it.

struct Detached {
  struct promise_type {
    Detached get_return_object() {
      return {std::coroutine_handle<promise_type>::from_promise(*this)};
    }
    std::suspend_never initial_suspend() const noexcept { return {}; }
    std::suspend_never final_suspend() const noexcept { return {}; }
    void return_void() const {}
    void unhandled_exception() const { std::terminate(); }
  };
  std::coroutine_handle<> handle;
};

struct RawAsking {
  RawAsking(Loop* asked, std::uint64_t question) : loop(asked) {
    operation.question = question;
    operation.done = [](Operation* done) { ((RawAsking*)done)->handle.resume(); };
  }
  bool await_ready() { return loop_start(loop, &operation); }
  void await_suspend(std::coroutine_handle<> waiting) { handle = waiting; }
  std::uint64_t await_resume() const { return operation.answer; }

  Operation operation;
  Loop* loop;
  std::coroutine_handle<> handle;
};

template <class User>
static Detached serve_raw(Loop* loop, std::uint64_t* total, std::uint64_t place, User user) {
  const std::uint64_t session = co_await RawAsking(loop, user);
  const std::uint64_t rights = co_await RawAsking(loop, user ^ session);
  const std::uint64_t page = co_await RawAsking(loop, session + rights);
  const std::uint64_t receipt = co_await RawAsking(loop, user ^ page);
  *total += (receipt + rights) ^ place;
}

SAFECOST_KERNEL raw_coroutine(Service& service) {
  std::uint64_t total = 0;
  for (std::size_t first = 0; first < service.users.size(); first += window) {
    const std::size_t count = std::min(window, service.users.size() - first);
    for (std::size_t i = 0; i < count; ++i)
      serve_raw<std::uint64_t>(&service.loop, &total, first + i, service.users[first + i]);
    loop_run(&service.loop);
  }
  return total;
}

// Safe. A request's result is in the request, and whoever started it looks at it when the loop has run.

SAFECOST_HELPER std::uint64_t in_batches(const std::vector<std::uint64_t>& users, const auto& start,
                                         const auto& run, const auto& result) {
  std::uint64_t total = 0;
  std::uint64_t place = 0;
  for (std::span<const std::uint64_t> rest = users; !rest.empty();) {
    const std::span<const std::uint64_t> batch = rest.first(std::min(window, rest.size()));
    rest = rest.subspan(batch.size());
    for (std::size_t i = 0; i < batch.size(); ++i) start(i, batch[i]);
    run();
    for (std::size_t i = 0; i < batch.size(); ++i) total += result(i) ^ place++;
  }
  return total;
}

template <class User>
struct Served {
  explicit Served(const std::uint64_t& of) : user(of) {}

  // Whoever is served twice is charged twice.
  void charge(std::uint64_t amount) { result = result.value_or(0) + amount; }

  User user;
  std::uint64_t session = 0;
  std::uint64_t rights = 0;
  std::optional<std::uint64_t> result;
};

template <class Callback>
struct CallbackService {
  explicit CallbackService(const Input& input)
      : users(input.users, input.users + input.count), loop(input.bound), bound(input.bound) {}

  std::vector<std::uint64_t> users;
  CallbackLoop<Callback> loop;
  std::uint64_t bound;
};

// Each callback has a share of the request, which lives as long as one of them does.
template <class User, class Callback>
static Callback callback_of(CallbackLoop<Callback>& loop,
                            const std::shared_ptr<Served<User>>& request) {
  return [&loop, request](std::uint64_t session) {
    request->session = session;
    loop.ask(request->user ^ session, [&loop, request](std::uint64_t rights) {
      request->rights = rights;
      loop.ask(request->session + rights, [&loop, request](std::uint64_t page) {
        loop.ask(request->user ^ page,
                 [request](std::uint64_t receipt) { request->charge(receipt + request->rights); });
      });
    });
  };
}

template <class User, class Callback>
static std::shared_ptr<Served<User>> serve_by_callbacks(CallbackLoop<Callback>& loop,
                                                        const std::uint64_t& user) {
  const auto request = std::make_shared<Served<User>>(user);
  loop.ask(user, callback_of(loop, request));
  return request;
}

template <class Callback>
SAFECOST_KERNEL callbacks(CallbackService<Callback>& service) {
  std::array<std::shared_ptr<const Served<std::uint64_t>>, window> requests;
  return in_batches(
      service.users,
      [&](std::size_t i, std::uint64_t user) {
        requests.at(i) = serve_by_callbacks<std::uint64_t>(service.loop, user);
      },
      [&] { service.loop.run(); }, [&](std::size_t i) { return requests.at(i)->result.value(); });
}

// An object that waits, and knows by a number where it is.
template <class User>
class Chain final : public Waiter {
 public:
  Chain(EventLoop& loop, const std::uint64_t& user) : loop_(loop), user_(user) {}

  void start() { go_on(ask(loop_, user_)); }
  std::uint64_t result() const { return result_.value(); }

 private:
  enum class Step { session, rights, page, receipt, none };

  void answered(std::uint64_t answer) override { go_on(answer); }

  void go_on(std::optional<std::uint64_t> answer) {
    while (answer.has_value()) answer = next(*answer);
  }
  std::optional<std::uint64_t> next(std::uint64_t answer) {
    switch (step_) {
      case Step::session:
        step_ = Step::rights;
        session_ = answer;
        return ask(loop_, user_ ^ session_);
      case Step::rights:
        step_ = Step::page;
        rights_ = answer;
        return ask(loop_, session_ + rights_);
      case Step::page:
        step_ = Step::receipt;
        return ask(loop_, user_ ^ answer);
      case Step::receipt:
        step_ = Step::none;
        result_ = answer + rights_;
        return std::nullopt;
      case Step::none:
        break;
    }
    throw std::logic_error("the request was served before");
  }

  EventLoop& loop_;
  User user_;
  std::uint64_t session_ = 0;
  std::uint64_t rights_ = 0;
  std::optional<std::uint64_t> result_;
  Step step_ = Step::session;
};

struct WaiterService {
  explicit WaiterService(const Input& input)
      : users(input.users, input.users + input.count), loop(input.bound), bound(input.bound) {}

  std::vector<std::uint64_t> users;
  EventLoop loop;
  std::uint64_t bound;
};

SAFECOST_KERNEL state_machine(WaiterService& service) {
  std::array<std::optional<Chain<std::uint64_t>>, window> requests;
  return in_batches(
      service.users,
      [&](std::size_t i, std::uint64_t user) {
        requests.at(i).emplace(service.loop, user).start();
      },
      [&] { service.loop.run(); }, [&](std::size_t i) { return requests.at(i).value().result(); });
}

// Nobody is called: an answer comes with the key of who asked, a slot and a ticket, and is passed over where that
// request waits for another one by now, or is gone.
template <class User>
class KeyedChain {
 public:
  KeyedChain(KeyLoop& loop, std::size_t slot, const std::uint64_t& user)
      : loop_(loop), user_(user), key_{slot, 0} {}

  void start() { go_on(loop_.ask(user_, key_)); }
  void answered(const KeyLoop::Answer& come) {
    if (come.key.ticket == key_.ticket) go_on(come.answer);
  }
  std::uint64_t result() const { return result_.value(); }

 private:
  enum class Step { session, rights, page, receipt, none };

  void go_on(std::optional<std::uint64_t> answer) {
    while (answer.has_value()) answer = next(*answer);
  }
  std::optional<std::uint64_t> next(std::uint64_t answer) {
    switch (step_) {
      case Step::session:
        step_ = Step::rights;
        session_ = answer;
        return loop_.ask(user_ ^ session_, key_);
      case Step::rights:
        step_ = Step::page;
        rights_ = answer;
        return loop_.ask(session_ + rights_, key_);
      case Step::page:
        step_ = Step::receipt;
        return loop_.ask(user_ ^ answer, key_);
      case Step::receipt:
        step_ = Step::none;
        result_ = answer + rights_;
        return std::nullopt;
      case Step::none:
        break;
    }
    throw std::logic_error("the request was served before");
  }

  KeyLoop& loop_;
  User user_;
  std::uint64_t session_ = 0;
  std::uint64_t rights_ = 0;
  std::optional<std::uint64_t> result_;
  KeyLoop::Key key_;
  Step step_ = Step::session;
};

template <class User>
using KeyedRequests = std::array<std::optional<KeyedChain<User>>, window>;

template <class User>
SAFECOST_HELPER void run(KeyLoop& loop, KeyedRequests<User>& requests) {
  for (std::vector<KeyLoop::Answer> answers; loop.take(answers);) {
    for (const KeyLoop::Answer& come : answers) {
      std::optional<KeyedChain<User>>& request = requests.at(come.key.slot);
      if (request.has_value()) request->answered(come);
    }
  }
}

struct KeyService {
  explicit KeyService(const Input& input)
      : users(input.users, input.users + input.count), loop(input.bound), bound(input.bound) {}

  std::vector<std::uint64_t> users;
  KeyLoop loop;
  std::uint64_t bound;
};

SAFECOST_KERNEL keys(KeyService& service) {
  KeyedRequests<std::uint64_t> requests;
  return in_batches(
      service.users,
      [&](std::size_t i, std::uint64_t user) {
        requests.at(i).emplace(service.loop, i, user).start();
      },
      [&] { run(service.loop, requests); },
      [&](std::size_t i) { return requests.at(i).value().result(); });
}

// Tasks. That no argument can dangle is looked at where a coroutine is compiled.

struct TaskService : WaiterService {
  explicit TaskService(const Input& input) : WaiterService(input), frames(5 * window, 512) {}

  LoopReference reference() { return LoopReference(loop, frames); }

  FramePool frames;
};

template <class Frames>
static Reply<Frames> serve(LoopReference loop, std::uint64_t user) {
  const std::uint64_t session = co_await session_of<Frames>(loop, user);
  const std::uint64_t rights = co_await rights_of<Frames>(loop, user, session);
  const std::uint64_t page = co_await page_of<Frames>(loop, session, rights);
  const std::uint64_t receipt = co_await receipt_of<Frames>(loop, user, page);
  co_return receipt + rights;
}

// Steps that the request sees: a compiler may put their frames into its own.

static inline Reply<FromHeap> asked(LoopReference loop, std::uint64_t question) {
  co_return co_await loop.ask(question);
}

static Reply<FromHeap> serve_inlined(LoopReference loop, std::uint64_t user) {
  const std::uint64_t session = co_await asked(loop, user);
  const std::uint64_t rights = co_await asked(loop, user ^ session);
  const std::uint64_t page = co_await asked(loop, session + rights);
  const std::uint64_t receipt = co_await asked(loop, user ^ page);
  co_return receipt + rights;
}

// No steps: one coroutine asks.
static Reply<FromHeap> serve_flat(LoopReference loop, std::uint64_t user) {
  const std::uint64_t session = co_await loop.ask(user);
  const std::uint64_t rights = co_await loop.ask(user ^ session);
  const std::uint64_t page = co_await loop.ask(session + rights);
  const std::uint64_t receipt = co_await loop.ask(user ^ page);
  co_return receipt + rights;
}

static Reply<FromPool> serve_flat_recycled(LoopReference loop, std::uint64_t user) {
  const std::uint64_t session = co_await loop.ask(user);
  const std::uint64_t rights = co_await loop.ask(user ^ session);
  const std::uint64_t page = co_await loop.ask(session + rights);
  const std::uint64_t receipt = co_await loop.ask(user ^ page);
  co_return receipt + rights;
}

template <auto serves>
SAFECOST_KERNEL tasks(TaskService& service) {
  using OneTask = decltype(serves(service.reference(), 0));
  std::array<std::optional<OneTask>, window> requests;
  return in_batches(
      service.users,
      [&](std::size_t i, std::uint64_t user) {
        requests.at(i).emplace(serves(service.reference(), user)).start();
      },
      [&] { service.loop.run(); }, [&](std::size_t i) { return requests.at(i).value().result(); });
}

// The faults: one request, drawn, is served by a program with a wrong step, while no answer is there at once.

// Asio's wrong programs have a loop of their own.
template <class Service>
void set_bound(Service& service, std::uint64_t bound) {
  if constexpr (requires { service.loop.bound; }) {
    service.loop.bound = bound;
  } else if constexpr (requires { service.loop.set_bound(bound); }) {
    service.loop.set_bound(bound);
  }
}

template <class Service>
struct NothingAtOnce {
  explicit NothingAtOnce(Service& slow) : service(slow) { set_bound(service, 0); }
  NothingAtOnce(const NothingAtOnce&) = delete;
  NothingAtOnce& operator=(const NothingAtOnce&) = delete;
  ~NothingAtOnce() {
    if constexpr (requires { service.bound; }) set_bound(service, service.bound);
  }

  Service& service;
};

// Where a request's result goes, and as which of all.
struct Place {
  std::uint64_t& total;
  std::uint64_t place;
};

template <class Idiom, auto wrong>
SAFECOST_KERNEL one_wrong(typename Idiom::Context& service) {
  std::uint64_t total = 0;
  const std::size_t drawn = safecost::drawn(service.users.size());
  for (std::size_t i = 0; i < service.users.size(); ++i) {
    if (i == drawn) {
      const NothingAtOnce slowly(service);
      wrong(service, Place{total, i}, service.users[i]);
    } else {
      Idiom::serve(service, Place{total, i}, service.users[i]);
    }
  }
  return total;
}

// Raw idioms that are callbacks. Each request has a block of its own here, which the last callback frees or we do.
template <class Idiom>
struct RawIdiom {
  using Context = Service;

  template <class User>
  static Request<User>* made(Service& service, Place at, const std::uint64_t& user) {
    auto* const request = request_new<User>(&service.loop, &at.total, at.place, user);
    request->operation.done = Idiom::template first<User>;
    return request;
  }
  template <class User>
  static void finish(Service& service, Request<User>* request) {
    Idiom::run(&service.loop);
    if (!Idiom::frees) std::free(request);
  }

  static void serve(Service& service, Place at, std::uint64_t user) {
    auto* const request = made<std::uint64_t>(service, at, user);
    Idiom::begin(request);
    finish(service, request);
  }
  static void reference_in_frame(Service& service, Place at, std::uint64_t user) {
    auto message = std::make_unique<std::uint64_t>(user);
    auto* const request = made<const std::uint64_t&>(service, at, *message);
    Idiom::begin(request);
    message.reset();
    finish(service, request);
  }
  static void resumed_twice(Service& service, Place at, std::uint64_t user) {
    auto* const request = made<std::uint64_t>(service, at, user);
    Idiom::begin(request);
    Idiom::start(&service.loop, &request->operation);
    finish(service, request);
  }
  static void lost_wakeup(Service& service, Place at, std::uint64_t user) {
    auto* const request = made<std::uint64_t>(service, at, user);
    request->step = 1;
    request->operation.question = user;
    const auto callback = std::exchange(request->operation.done, nullptr);
    Idiom::start(&service.loop, &request->operation);
    Idiom::run(&service.loop);
    request->operation.done = callback;
    Idiom::run(&service.loop);
    std::free(request);
  }
  static void frame_leaked(Service& service, Place at, std::uint64_t user) {
    Idiom::begin(made<std::uint64_t>(service, at, user));
    Idiom::give_up(&service.loop);
    serve(service, at, user);
  }
  static void destroyed_waiting(Service& service, Place at, std::uint64_t user) {
    auto* const request = made<std::uint64_t>(service, at, user);
    Idiom::begin(request);
    Idiom::destroy(&service.loop, request);
    Idiom::run(&service.loop);
    serve(service, at, user);
  }

  static void start(Loop* loop, Operation* operation) { loop_start(loop, operation); }
  static void run(Loop* loop) { loop_run(loop); }
  static void give_up(Loop* loop) { loop_drop(loop); }
  template <class User>
  static void destroy(Loop*, Request<User>* request) {
    std::free(request);
  }
};

struct ByCallbacks : RawIdiom<ByCallbacks> {
  static constexpr bool frees = false;
  template <class User>
  static constexpr auto first = on_session<User, stays>;
  template <class User>
  static void begin(Request<User>* request) {
    ask(request->loop, &request->operation, request->user, first<User>);
  }
};

struct ByMalloc : RawIdiom<ByMalloc> {
  static constexpr bool frees = true;
  template <class User>
  static constexpr auto first = on_session<User, is_freed>;
  template <class User>
  static void begin(Request<User>* request) {
    ask(request->loop, &request->operation, request->user, first<User>);
  }
};

struct BySwitch : RawIdiom<BySwitch> {
  static constexpr bool frees = false;
  template <class User>
  static constexpr auto first = advance<User>;
  template <class User>
  static void begin(Request<User>* request) {
    advance<User>(&request->operation);
  }
};

struct ByChecked : RawIdiom<ByChecked> {
  static constexpr bool frees = true;
  template <class User>
  static constexpr auto first = advance_checked<User>;
  template <class User>
  static void begin(Request<User>* request) {
    advance_checked<User>(&request->operation);
  }
  static void start(Loop* loop, Operation* operation) { loop_start_checked(loop, operation); }
  static void run(Loop* loop) { loop_run_checked(loop); }
  static void give_up(Loop* loop) { loop_cancel(loop); }
  template <class User>
  static void destroy(Loop* loop, Request<User>* request) {
    call_off(loop, &request->operation);
  }
};

// Asks twice where it should once.
struct RawAskingTwice : RawAsking {
  using RawAsking::RawAsking;
  bool await_ready() {
    loop_start(loop, &operation);
    return loop_start(loop, &operation);
  }
};

// Looks whether the answer is there, lets the loop run, and waits because it was not.
struct RawAskingLate : RawAsking {
  using RawAsking::RawAsking;
  bool await_ready() {
    const auto callback = std::exchange(operation.done, nullptr);
    const bool there = loop_start(loop, &operation);
    loop_run(loop);
    operation.done = callback;
    return there;
  }
};

template <class First>
static Detached serve_raw_by(Loop* loop, Place at, std::uint64_t user) {
  const std::uint64_t session = co_await First(loop, user);
  const std::uint64_t rights = co_await RawAsking(loop, user ^ session);
  const std::uint64_t page = co_await RawAsking(loop, session + rights);
  const std::uint64_t receipt = co_await RawAsking(loop, user ^ page);
  at.total += (receipt + rights) ^ at.place;
}

struct ByRawCoroutine {
  using Context = Service;

  static void serve(Service& service, Place at, std::uint64_t user) {
    serve_raw<std::uint64_t>(&service.loop, &at.total, at.place, user);
    loop_run(&service.loop);
  }
  static void reference_in_frame(Service& service, Place at, std::uint64_t user) {
    auto message = std::make_unique<std::uint64_t>(user);
    serve_raw<const std::uint64_t&>(&service.loop, &at.total, at.place, *message);
    message.reset();
    loop_run(&service.loop);
  }
  static void resumed_twice(Service& service, Place at, std::uint64_t user) {
    serve_raw_by<RawAskingTwice>(&service.loop, at, user);
    loop_run(&service.loop);
  }
  static void lost_wakeup(Service& service, Place at, std::uint64_t user) {
    serve_raw_by<RawAskingLate>(&service.loop, at, user);
    loop_run(&service.loop);
  }
  static void frame_leaked(Service& service, Place at, std::uint64_t user) {
    serve_raw<std::uint64_t>(&service.loop, &at.total, at.place, user);
    loop_drop(&service.loop);
    serve(service, at, user);
  }
  static void destroyed_waiting(Service& service, Place at, std::uint64_t user) {
    serve_raw<std::uint64_t>(&service.loop, &at.total, at.place, user).handle.destroy();
    loop_run(&service.loop);
    serve(service, at, user);
  }
};

template <class Callback>
struct ByOwningCallbacks {
  using Context = CallbackService<Callback>;

  static void serve(Context& service, Place at, std::uint64_t user) {
    const auto request = serve_by_callbacks<std::uint64_t>(service.loop, user);
    service.loop.run();
    at.total += request->result.value() ^ at.place;
  }
  static void reference_in_frame(Context& service, Place at, std::uint64_t user) {
    auto message = std::make_unique<std::uint64_t>(user);
    const auto request = serve_by_callbacks<const std::uint64_t&>(service.loop, *message);
    message.reset();
    service.loop.run();
    at.total += request->result.value() ^ at.place;
  }
  // What can be copied is given twice, and what cannot is moved away twice.
  static void resumed_twice(Context& service, Place at, std::uint64_t user) {
    const auto request = std::make_shared<Served<std::uint64_t>>(user);
    Callback callback = callback_of(service.loop, request);
    if constexpr (std::is_copy_constructible_v<Callback>) {
      service.loop.ask(user, callback);
    } else {
      service.loop.ask(user, std::move(callback));
    }
    service.loop.ask(user, std::move(callback));  // NOLINT(bugprone-use-after-move)
    service.loop.run();
    at.total += request->result.value() ^ at.place;
  }
  static void frame_leaked(Context& service, Place at, std::uint64_t user) {
    serve_by_callbacks<std::uint64_t>(service.loop, user);
    service.loop.drop();
    serve(service, at, user);
  }
  static void destroyed_waiting(Context& service, Place at, std::uint64_t user) {
    auto request = serve_by_callbacks<std::uint64_t>(service.loop, user);
    request.reset();
    service.loop.run();
    serve(service, at, user);
  }
};

struct ByStateMachine {
  using Context = WaiterService;

  template <class User>
  static void serve_as(Context& service, Place at, std::unique_ptr<std::uint64_t> message) {
    Chain<User> request(service.loop, *message);
    request.start();
    message.reset();
    service.loop.run();
    at.total += request.result() ^ at.place;
  }
  static void serve(Context& service, Place at, std::uint64_t user) {
    serve_as<std::uint64_t>(service, at, std::make_unique<std::uint64_t>(user));
  }
  static void reference_in_frame(Context& service, Place at, std::uint64_t user) {
    serve_as<const std::uint64_t&>(service, at, std::make_unique<std::uint64_t>(user));
  }
  static void resumed_twice(Context& service, Place at, std::uint64_t user) {
    Chain<std::uint64_t> request(service.loop, user);
    request.start();
    request.start();
    service.loop.run();
    at.total += request.result() ^ at.place;
  }
  static void destroyed_waiting(Context& service, Place at, std::uint64_t user) {
    auto request = std::make_unique<Chain<std::uint64_t>>(service.loop, user);
    request->start();
    request.reset();
    service.loop.run();
    serve(service, at, user);
  }
};

struct ByKeys {
  using Context = KeyService;

  template <class User>
  static void serve_as(Context& service, Place at, std::unique_ptr<std::uint64_t> message) {
    KeyedRequests<User> requests;
    requests[0].emplace(service.loop, 0, *message).start();
    message.reset();
    run(service.loop, requests);
    at.total += requests[0].value().result() ^ at.place;
  }
  static void serve(Context& service, Place at, std::uint64_t user) {
    serve_as<std::uint64_t>(service, at, std::make_unique<std::uint64_t>(user));
  }
  static void reference_in_frame(Context& service, Place at, std::uint64_t user) {
    serve_as<const std::uint64_t&>(service, at, std::make_unique<std::uint64_t>(user));
  }
  static void resumed_twice(Context& service, Place at, std::uint64_t user) {
    KeyedRequests<std::uint64_t> requests;
    requests[0].emplace(service.loop, 0, user).start();
    requests[0]->start();
    run(service.loop, requests);
    at.total += requests[0].value().result() ^ at.place;
  }
  static void destroyed_waiting(Context& service, Place at, std::uint64_t user) {
    KeyedRequests<std::uint64_t> requests;
    requests[0].emplace(service.loop, 0, user).start();
    requests[0].reset();
    run(service.loop, requests);
    serve(service, at, user);
  }
};

template <auto serves>
struct ByTasks {
  using Context = TaskService;

  static void serve(Context& service, Place at, std::uint64_t user) {
    auto request = serves(service.reference(), user);
    request.start();
    service.loop.run();
    at.total += request.result() ^ at.place;
  }
  static void resumed_twice(Context& service, Place at, std::uint64_t user) {
    auto request = serves(service.reference(), user);
    request.start();
    request.start();
    service.loop.run();
    at.total += request.result() ^ at.place;
  }
  static void frame_leaked(Context& service, Place at, std::uint64_t user) {
    {
      auto request = serves(service.reference(), user);
      request.start();
      service.loop.drop();
    }
    serve(service, at, user);
  }
  static void destroyed_waiting(Context& service, Place at, std::uint64_t user) {
    {
      auto request = serves(service.reference(), user);
      request.start();
    }
    service.loop.run();
    serve(service, at, user);
  }
};

#if defined(ASYNC_CHAIN_ASIO)
struct AsioContext : AsioService {
  explicit AsioContext(const Input& input) : AsioService({input.users, input.count}, input.bound) {}
};

SAFECOST_KERNEL asio_callbacks(AsioContext& service) { return service.by_callbacks(); }
SAFECOST_KERNEL asio_coroutines(AsioContext& service) { return service.by_coroutines(); }

struct ByAsio {
  using Context = AsioContext;

  static void serve(Context& service, Place at, std::uint64_t user) {
    at.total += service.served(user) ^ at.place;
  }
};

struct ByAsioCallbacks : ByAsio {
  static void reference_in_frame(Context& service, Place at, std::uint64_t user) {
    at.total += service.callback_refers(user) ^ at.place;
  }
  static void resumed_twice(Context& service, Place at, std::uint64_t user) {
    at.total += service.callback_twice(user) ^ at.place;
  }
  static void frame_leaked(Context& service, Place at, std::uint64_t user) {
    service.callback_given_up(user);
    serve(service, at, user);
  }
  static void destroyed_waiting(Context& service, Place at, std::uint64_t user) {
    service.callback_destroyed(user);
    serve(service, at, user);
  }
};

struct ByAsioCoroutines : ByAsio {
  static void reference_in_frame(Context& service, Place at, std::uint64_t user) {
    at.total += service.coroutine_refers(user) ^ at.place;
  }
  static void resumed_twice(Context& service, Place at, std::uint64_t user) {
    at.total += service.coroutine_twice(user) ^ at.place;
  }
  static void frame_leaked(Context& service, Place at, std::uint64_t user) {
    service.coroutine_given_up(user);
    serve(service, at, user);
  }
};
#endif

// What an idiom gives that prevents a fault: each request served, once.
std::uint64_t all_served(const void* input) {
  const Input& given = *static_cast<const Input*>(input);
  std::uint64_t total = 0;
  std::uint64_t place = 0;
  for (const std::uint64_t user : std::span(given.users, given.count)) {
    const std::uint64_t session = answer_to(user);
    const std::uint64_t rights = answer_to(user ^ session);
    const std::uint64_t page = answer_to(session + rights);
    total += (answer_to(user ^ page) + rights) ^ place++;
  }
  return total;
}

constexpr std::uint32_t memory_tools =
    SAFECOST_ORACLE_GUARD | SAFECOST_ORACLE_SANITIZER | SAFECOST_ORACLE_MEMCHECK;
constexpr char with_question[] = "who is called back is given together with the question";
constexpr char when_awaited[] = "a question is asked when its answer is awaited, never before";
constexpr char in_place[] = "a request is a local variable: there is no block that could be leaked";
constexpr char owns[] =
    "a task's type refuses references, pointers and views as arguments when it is compiled";
#if !defined(ASYNC_CHAIN_ASIO)
constexpr char no_asio[] = "Asio's headers are not installed";
#else
constexpr char contexts[] =
    "a coroutine that waits belongs to the context: nobody else destroys it";
#endif

using ByFunction = ByOwningCallbacks<Function>;
#if defined(__cpp_lib_move_only_function)
using ByMoveOnlyFunction = ByOwningCallbacks<MoveOnlyFunction>;
#endif
using ByTask = ByTasks<serve<FromHeap>>;
using ByTaskRecycled = ByTasks<serve<FromPool>>;
using ByTaskInlined = ByTasks<serve_inlined>;
using ByTaskFlat = ByTasks<serve_flat>;
using ByTaskFlatRecycled = ByTasks<serve_flat_recycled>;

auto the_case =
    safecost::Case<Input>(generate)
        .size_and_rate(512, 0.0, "L1")
        .size_and_rate(512, 0.9, "L1")
        .size_and_rate(2'048, 0.5, "L1", safecost::Tier::full)
        .fault({.name = "reference_in_frame",
                .cwe = 416,
                .description =
                    "a request refers to a message of its caller, which ends while it waits",
                .contract = "what a request refers to outlives it",
                .kind = SAFECOST_FAULT_KERNEL,
                .oracles = memory_tools,
                .reference = all_served})
        .fault({.name = "resumed_twice",
                .cwe = 675,
                .description = "a request is started twice, and goes on twice from one place",
                .contract = "who waits is resumed once",
                .kind = SAFECOST_FAULT_KERNEL,
                .oracles = memory_tools | SAFECOST_ORACLE_VALUE,
                .reference = all_served})
        .fault({.name = "lost_wakeup",
                .cwe = 367,
                .description =
                    "an answer comes between the look whether it is there and the wait for it",
                .contract = "who is to be called back is known before the answer can come",
                .kind = SAFECOST_FAULT_KERNEL,
                .oracles = SAFECOST_ORACLE_VALUE,
                .reference = all_served})
        .fault({.name = "frame_leaked",
                .cwe = 401,
                .description = "the loop forgets a request that waits, and nobody ends it",
                .contract = "a request that is given up is ended",
                .kind = SAFECOST_FAULT_KERNEL,
                .oracles =
                    SAFECOST_ORACLE_LEDGER | SAFECOST_ORACLE_SANITIZER | SAFECOST_ORACLE_MEMCHECK,
                .reference = all_served})
        .fault({.name = "destroyed_waiting",
                .cwe = 416,
                .description = "a request is destroyed while it waits, and called back",
                .contract = "who is called back lives",
                .kind = SAFECOST_FAULT_KERNEL,
                .oracles = memory_tools,
                .reference = all_served})
        .raw<raw>("raw", "a callback a step, requests in an array")
        .ordinary()
        .fault_kernel<one_wrong<ByCallbacks, ByCallbacks::reference_in_frame>>("reference_in_frame")
        .fault_kernel<one_wrong<ByCallbacks, ByCallbacks::resumed_twice>>("resumed_twice")
        .fault_kernel<one_wrong<ByCallbacks, ByCallbacks::lost_wakeup>>("lost_wakeup")
        .inexpressible("frame_leaked", in_place)
        .fault_kernel<one_wrong<ByCallbacks, ByCallbacks::destroyed_waiting>>("destroyed_waiting")
        .raw<raw_malloc>("raw_malloc",
                         "the same, a block for each request, which the last callback frees")
        .ordinary()
        .practised()
        .fault_kernel<one_wrong<ByMalloc, ByMalloc::reference_in_frame>>("reference_in_frame")
        .fault_kernel<one_wrong<ByMalloc, ByMalloc::resumed_twice>>("resumed_twice")
        .fault_kernel<one_wrong<ByMalloc, ByMalloc::lost_wakeup>>("lost_wakeup")
        .fault_kernel<one_wrong<ByMalloc, ByMalloc::frame_leaked>>("frame_leaked")
        .fault_kernel<one_wrong<ByMalloc, ByMalloc::destroyed_waiting>>("destroyed_waiting")
        .raw<raw_switch>("raw_switch", "one callback, and a number for where the request is")
        .ordinary()
        .fault_kernel<one_wrong<BySwitch, BySwitch::reference_in_frame>>("reference_in_frame")
        .fault_kernel<one_wrong<BySwitch, BySwitch::resumed_twice>>("resumed_twice")
        .fault_kernel<one_wrong<BySwitch, BySwitch::lost_wakeup>>("lost_wakeup")
        .inexpressible("frame_leaked", in_place)
        .fault_kernel<one_wrong<BySwitch, BySwitch::destroyed_waiting>>("destroyed_waiting")
        .raw<raw_checked>("raw_checked",
                          "the same in blocks, started once, called off, and told so")
        .ordinary()
        .fault_kernel<one_wrong<ByChecked, ByChecked::reference_in_frame>>("reference_in_frame")
        .fault_kernel<one_wrong<ByChecked, ByChecked::resumed_twice>>("resumed_twice")
        .fault_kernel<one_wrong<ByChecked, ByChecked::lost_wakeup>>("lost_wakeup")
        .fault_kernel<one_wrong<ByChecked, ByChecked::frame_leaked>>("frame_leaked")
        .fault_kernel<one_wrong<ByChecked, ByChecked::destroyed_waiting>>("destroyed_waiting")
        .claims("always", "resumed_twice", "frame_leaked", "destroyed_waiting")
        .raw<raw_coroutine>("raw_coroutine",
                            "a coroutine that nobody owns, resumed by its bare handle")
        .ordinary()
        .algorithm("coroutine")
        .fault_kernel<one_wrong<ByRawCoroutine, ByRawCoroutine::reference_in_frame>>(
            "reference_in_frame")
        .fault_kernel<one_wrong<ByRawCoroutine, ByRawCoroutine::resumed_twice>>("resumed_twice")
        .fault_kernel<one_wrong<ByRawCoroutine, ByRawCoroutine::lost_wakeup>>("lost_wakeup")
        .fault_kernel<one_wrong<ByRawCoroutine, ByRawCoroutine::frame_leaked>>("frame_leaked")
        .fault_kernel<one_wrong<ByRawCoroutine, ByRawCoroutine::destroyed_waiting>>(
            "destroyed_waiting")
        .safe<callbacks<Function>>("callback_function",
                                   "std::function that shares the request, a lambda a step")
        .library()
        .fault_kernel<one_wrong<ByFunction, ByFunction::reference_in_frame>>("reference_in_frame")
        .fault_kernel<one_wrong<ByFunction, ByFunction::resumed_twice>>("resumed_twice")
        .inexpressible("lost_wakeup", with_question)
        .fault_kernel<one_wrong<ByFunction, ByFunction::frame_leaked>>("frame_leaked")
        .fault_kernel<one_wrong<ByFunction, ByFunction::destroyed_waiting>>("destroyed_waiting")
        .claims("always", "lost_wakeup", "frame_leaked", "destroyed_waiting")
#if defined(__cpp_lib_move_only_function)
        .safe<callbacks<MoveOnlyFunction>>("callback_move_only",
                                           "the same with std::move_only_function")
        .library()
        .fault_kernel<one_wrong<ByMoveOnlyFunction, ByMoveOnlyFunction::reference_in_frame>>(
            "reference_in_frame")
        .fault_kernel<one_wrong<ByMoveOnlyFunction, ByMoveOnlyFunction::resumed_twice>>(
            "resumed_twice")
        .inexpressible("lost_wakeup", with_question)
        .fault_kernel<one_wrong<ByMoveOnlyFunction, ByMoveOnlyFunction::frame_leaked>>(
            "frame_leaked")
        .fault_kernel<one_wrong<ByMoveOnlyFunction, ByMoveOnlyFunction::destroyed_waiting>>(
            "destroyed_waiting")
        .claims("always", "resumed_twice", "lost_wakeup", "frame_leaked", "destroyed_waiting")
#else
        .gap("callback_move_only", "the same with std::move_only_function",
             "this standard library has no move_only_function")
#endif
        .safe<state_machine>("state_machine",
                             "an object that waits, and tells the loop when it ends")
        .ordinary()
        .fault_kernel<one_wrong<ByStateMachine, ByStateMachine::reference_in_frame>>(
            "reference_in_frame")
        .fault_kernel<one_wrong<ByStateMachine, ByStateMachine::resumed_twice>>("resumed_twice")
        .inexpressible("lost_wakeup", with_question)
        .inexpressible("frame_leaked", in_place)
        .fault_kernel<one_wrong<ByStateMachine, ByStateMachine::destroyed_waiting>>(
            "destroyed_waiting")
        .claims("always", "resumed_twice", "lost_wakeup", "frame_leaked", "destroyed_waiting")
        .safe<keys>("keys", "answers by slot and ticket: nobody is called back")
        .ordinary()
        .algorithm("keys")
        .fault_kernel<one_wrong<ByKeys, ByKeys::reference_in_frame>>("reference_in_frame")
        .fault_kernel<one_wrong<ByKeys, ByKeys::resumed_twice>>("resumed_twice")
        .inexpressible("lost_wakeup", with_question)
        .inexpressible("frame_leaked", in_place)
        .fault_kernel<one_wrong<ByKeys, ByKeys::destroyed_waiting>>("destroyed_waiting")
        .claims("always", "resumed_twice", "lost_wakeup", "frame_leaked", "destroyed_waiting")
#if defined(ASYNC_CHAIN_ASIO)
        .safe<asio_callbacks>("asio_callback",
                              "Asio's loop, a lambda a step, which share the request")
        .library()
        .fault_kernel<one_wrong<ByAsioCallbacks, ByAsioCallbacks::reference_in_frame>>(
            "reference_in_frame")
        .fault_kernel<one_wrong<ByAsioCallbacks, ByAsioCallbacks::resumed_twice>>("resumed_twice")
        .inexpressible("lost_wakeup", with_question)
        .fault_kernel<one_wrong<ByAsioCallbacks, ByAsioCallbacks::frame_leaked>>("frame_leaked")
        .fault_kernel<one_wrong<ByAsioCallbacks, ByAsioCallbacks::destroyed_waiting>>(
            "destroyed_waiting")
        .claims("always", "lost_wakeup", "frame_leaked", "destroyed_waiting")
        .safe<asio_coroutines>("asio_coroutine", "Asio's loop and coroutines, one a step")
        .library()
        .algorithm("coroutine")
        .fault_kernel<one_wrong<ByAsioCoroutines, ByAsioCoroutines::reference_in_frame>>(
            "reference_in_frame")
        .fault_kernel<one_wrong<ByAsioCoroutines, ByAsioCoroutines::resumed_twice>>("resumed_twice")
        .inexpressible("lost_wakeup", when_awaited)
        .fault_kernel<one_wrong<ByAsioCoroutines, ByAsioCoroutines::frame_leaked>>("frame_leaked")
        .inexpressible("destroyed_waiting", contexts)
        .claims("always", "lost_wakeup", "frame_leaked", "destroyed_waiting")
#else
        .gap("asio_callback", "Asio's loop, a lambda a step, which share the request", no_asio)
        .gap("asio_coroutine", "Asio's loop and coroutines, one a step", no_asio)
#endif
        .safe<tasks<serve<FromHeap>>>("task",
                                      "a coroutine a step, each with a frame and an owner, checked")
        .ordinary()
        .algorithm("coroutine")
        .inexpressible("reference_in_frame", owns)
        .fault_kernel<one_wrong<ByTask, ByTask::resumed_twice>>("resumed_twice")
        .inexpressible("lost_wakeup", when_awaited)
        .fault_kernel<one_wrong<ByTask, ByTask::frame_leaked>>("frame_leaked")
        .fault_kernel<one_wrong<ByTask, ByTask::destroyed_waiting>>("destroyed_waiting")
        .claims("always", "reference_in_frame", "resumed_twice", "lost_wakeup", "frame_leaked",
                "destroyed_waiting")
        .safe<tasks<serve<FromPool>>>("task_recycled", "the same, frames in room that is kept")
        .bespoke()
        .trusted_core()
        .algorithm("coroutine")
        .inexpressible("reference_in_frame", owns)
        .fault_kernel<one_wrong<ByTaskRecycled, ByTaskRecycled::resumed_twice>>("resumed_twice")
        .inexpressible("lost_wakeup", when_awaited)
        .fault_kernel<one_wrong<ByTaskRecycled, ByTaskRecycled::frame_leaked>>("frame_leaked")
        .fault_kernel<one_wrong<ByTaskRecycled, ByTaskRecycled::destroyed_waiting>>(
            "destroyed_waiting")
        .claims("always", "reference_in_frame", "resumed_twice", "lost_wakeup", "frame_leaked",
                "destroyed_waiting")
        .safe<tasks<serve_inlined>>("task_inlined",
                                    "the same as task, steps where the request sees them")
        .ordinary()
        .algorithm("coroutine")
        .inexpressible("reference_in_frame", owns)
        .fault_kernel<one_wrong<ByTaskInlined, ByTaskInlined::resumed_twice>>("resumed_twice")
        .inexpressible("lost_wakeup", when_awaited)
        .fault_kernel<one_wrong<ByTaskInlined, ByTaskInlined::frame_leaked>>("frame_leaked")
        .fault_kernel<one_wrong<ByTaskInlined, ByTaskInlined::destroyed_waiting>>(
            "destroyed_waiting")
        .claims("always", "reference_in_frame", "resumed_twice", "lost_wakeup", "frame_leaked",
                "destroyed_waiting")
        .safe<tasks<serve_flat>>("task_flat", "one coroutine a request, checked")
        .ordinary()
        .algorithm("coroutine")
        .inexpressible("reference_in_frame", owns)
        .fault_kernel<one_wrong<ByTaskFlat, ByTaskFlat::resumed_twice>>("resumed_twice")
        .inexpressible("lost_wakeup", when_awaited)
        .fault_kernel<one_wrong<ByTaskFlat, ByTaskFlat::frame_leaked>>("frame_leaked")
        .fault_kernel<one_wrong<ByTaskFlat, ByTaskFlat::destroyed_waiting>>("destroyed_waiting")
        .claims("always", "reference_in_frame", "resumed_twice", "lost_wakeup", "frame_leaked",
                "destroyed_waiting")
        .safe<tasks<serve_flat_recycled>>("task_flat_recycled",
                                          "the same, frames in room that is kept")
        .bespoke()
        .trusted_core()
        .algorithm("coroutine")
        .inexpressible("reference_in_frame", owns)
        .fault_kernel<one_wrong<ByTaskFlatRecycled, ByTaskFlatRecycled::resumed_twice>>(
            "resumed_twice")
        .inexpressible("lost_wakeup", when_awaited)
        .fault_kernel<one_wrong<ByTaskFlatRecycled, ByTaskFlatRecycled::frame_leaked>>(
            "frame_leaked")
        .fault_kernel<one_wrong<ByTaskFlatRecycled, ByTaskFlatRecycled::destroyed_waiting>>(
            "destroyed_waiting")
        .claims("always", "reference_in_frame", "resumed_twice", "lost_wakeup", "frame_leaked",
                "destroyed_waiting");

}  // namespace coroutines::async_chain

SAFECOST_EXPORT(coroutines::async_chain::the_case)
