// What answers later, in a translation unit of its own: a loop that takes questions, and calls back with answers when it
// is run. Some answers are there at once, as where data were read ahead; then nobody waits.
//
// There is one loop in C, which trusts its callers, and those of C++ beside it, one for each way to be called back.
#ifndef COROUTINES_ASYNC_CHAIN_LOOP_H
#define COROUTINES_ASYNC_CHAIN_LOOP_H

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

namespace coroutines::async_chain {

// The answer to each question, which stands for a lookup elsewhere. It is there at once where its upper half is below
// a bound: the share of these is the case's rate.
inline std::uint64_t answer_to(std::uint64_t question) {
  question ^= question >> 32;
  question *= 0x9e3779b97f4a7c15u;
  return question ^ question >> 29;
}
inline bool there_at_once(std::uint64_t answer, std::uint64_t bound) {
  return answer >> 32 < bound;
}

// Raw. An operation is in memory of whoever starts it, and stays there until it is done.
struct Operation {
  std::uint64_t question;
  std::uint64_t answer;
  void (*done)(Operation* operation);
  int status;    // for callers who look: 0, or ECANCELED
  bool waiting;  // set and looked at by the checked functions alone
};

struct Loop {
  Operation** waiting;
  std::size_t first;  // of those that wait still
  std::size_t count;
  std::size_t capacity;
  std::uint64_t bound;
};
void loop_init(Loop* loop, std::uint64_t bound);
void loop_destroy(Loop* loop);
// True where the answer is there at once; else `done` is called when the loop runs.
bool loop_start(Loop* loop, Operation* operation);
// Runs until nobody waits.
void loop_run(Loop* loop);
// Forgets all that wait, and calls nobody.
void loop_drop(Loop* loop);

// The same for careful callers. Returns 1 where the answer is there, 0 where it will come, or -1: the operation waits
// already, or has nobody to be called.
int loop_start_checked(Loop* loop, Operation* operation);
void loop_run_checked(Loop* loop);
// Tells all that wait, by a status.
void loop_cancel(Loop* loop);
// Forgets this one.
void loop_forget(Loop* loop, Operation* operation);

// Callbacks that own what they need. What waits is destroyed with the loop.
template <class Callback>
class CallbackLoop {
 public:
  explicit CallbackLoop(std::uint64_t bound) : bound_(bound) {}

  // Calls back at once where the answer is there.
  void ask(std::uint64_t question, Callback callback);
  void run();
  void drop();
  void set_bound(std::uint64_t bound) { bound_ = bound; }

 private:
  struct Waiting {
    std::uint64_t answer;
    Callback callback;
  };

  std::vector<Waiting> waiting_;
  std::size_t first_ = 0;
  std::uint64_t bound_;
};
using Function = std::function<void(std::uint64_t answer)>;
extern template class CallbackLoop<Function>;
#if defined(__cpp_lib_move_only_function)
using MoveOnlyFunction = std::move_only_function<void(std::uint64_t answer)>;
extern template class CallbackLoop<MoveOnlyFunction>;
#endif

// Keys instead of callbacks: an answer comes with the key of who asked, and nobody is called.
class KeyLoop {
 public:
  // A slot, and which of all questions was asked from there.
  struct Key {
    std::size_t slot;
    std::uint64_t ticket;
  };
  struct Answer {
    std::uint64_t answer;
    Key key;
  };

  explicit KeyLoop(std::uint64_t bound) : bound_(bound) {}

  // Gives the key a ticket of its own.
  std::optional<std::uint64_t> ask(std::uint64_t question, Key& key);
  // Gives all that have come since it was last asked for them. False where nobody waits.
  bool take(std::vector<Answer>& answers);
  void set_bound(std::uint64_t bound) { bound_ = bound; }

 private:
  std::vector<Answer> waiting_;
  std::uint64_t tickets_ = 0;
  std::uint64_t bound_;
};

// Objects that wait. One waits for one answer at a time, is called back once for it, and not after its end; a loop
// that ends first leaves it waiting for ever, and is not called back.
class EventLoop;
class Waiter {
 public:
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;

 protected:
  Waiter() = default;
  ~Waiter() {
    if (loop_ != nullptr) forget();
  }

  // The answer if it is there; else `answered` is called later.
  std::optional<std::uint64_t> ask(EventLoop& loop, std::uint64_t question);

 private:
  friend class EventLoop;

  virtual void answered(std::uint64_t answer) = 0;
  void forget();

  EventLoop* loop_ = nullptr;  // while it waits
  std::uint64_t answer_ = 0;
  std::size_t place_ = 0;
};

class EventLoop {
 public:
  explicit EventLoop(std::uint64_t bound) : bound_(bound) {}
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;
  ~EventLoop() { drop(); }

  void run();
  void drop();
  void set_bound(std::uint64_t bound) { bound_ = bound; }

 private:
  friend class Waiter;

  std::vector<Waiter*> waiting_;  // null where one ended meanwhile
  std::size_t first_ = 0;
  std::uint64_t bound_;
};

// A question whose answer is awaited: it is asked when a coroutine awaits it, so nothing can come before.
class Asking final : public Waiter {
 public:
  Asking(EventLoop& loop, std::uint64_t question) : asked_(loop), answer_(question) {}

  bool await_ready() {
    const std::optional<std::uint64_t> answer = ask(asked_, answer_);
    if (answer.has_value()) answer_ = *answer;
    return answer.has_value();
  }
  void await_suspend(std::coroutine_handle<> handle) { handle_ = handle; }
  std::uint64_t await_resume() const { return answer_; }

 private:
  void answered(std::uint64_t answer) override {
    answer_ = answer;
    handle_.resume();
  }

  EventLoop& asked_;
  std::uint64_t answer_;  // the question, until then
  std::coroutine_handle<> handle_;
};

}  // namespace coroutines::async_chain

#endif
