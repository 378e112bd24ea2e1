// The other side: what is asked waits in a list, and is answered when the loop runs.
#include "loop.h"

#include <cerrno>
#include <cstdlib>

namespace coroutines::async_chain {

static void append(Loop* loop, Operation* operation) {
  if (loop->count == loop->capacity) {
    loop->capacity *= 2;
    loop->waiting = (Operation**)std::realloc(loop->waiting, loop->capacity * sizeof(Operation*));
    if (loop->waiting == nullptr) std::abort();
  }
  loop->waiting[loop->count++] = operation;
}

void loop_init(Loop* loop, std::uint64_t bound) {
  const std::size_t capacity = 256;
  *loop = {(Operation**)std::malloc(capacity * sizeof(Operation*)), 0, 0, capacity, bound};
  if (loop->waiting == nullptr) std::abort();
}

void loop_destroy(Loop* loop) { std::free(loop->waiting); }

bool loop_start(Loop* loop, Operation* operation) {
  operation->answer = answer_to(operation->question);
  if (there_at_once(operation->answer, loop->bound)) return true;
  append(loop, operation);
  return false;
}

void loop_run(Loop* loop) {
  while (loop->first < loop->count) {
    Operation* const operation = loop->waiting[loop->first++];
    if (operation->done != nullptr) operation->done(operation);
  }
  loop_drop(loop);
}

void loop_drop(Loop* loop) { loop->first = loop->count = 0; }

int loop_start_checked(Loop* loop, Operation* operation) {
  if (operation->waiting || operation->done == nullptr) return -1;
  operation->status = 0;
  operation->answer = answer_to(operation->question);
  if (there_at_once(operation->answer, loop->bound)) return 1;
  append(loop, operation);
  operation->waiting = true;
  return 0;
}

void loop_run_checked(Loop* loop) {
  while (loop->first < loop->count) {
    Operation* const operation = loop->waiting[loop->first++];
    if (operation == nullptr) continue;
    operation->waiting = false;
    operation->done(operation);
  }
  loop_drop(loop);
}

void loop_cancel(Loop* loop) {
  for (std::size_t i = loop->first; i < loop->count; ++i) {
    if (loop->waiting[i] != nullptr) loop->waiting[i]->status = ECANCELED;
  }
  loop_run_checked(loop);
}

void loop_forget(Loop* loop, Operation* operation) {
  if (!operation->waiting) return;
  for (std::size_t i = loop->first; i < loop->count; ++i) {
    if (loop->waiting[i] == operation) loop->waiting[i] = nullptr;
  }
}

template <class Callback>
void CallbackLoop<Callback>::ask(std::uint64_t question, Callback callback) {
  if (!callback) throw std::invalid_argument("there is nobody to be called back");
  const std::uint64_t answer = answer_to(question);
  if (there_at_once(answer, bound_)) {
    callback(answer);
  } else {
    waiting_.push_back({answer, std::move(callback)});
  }
}

template <class Callback>
void CallbackLoop<Callback>::run() {
  while (first_ < waiting_.size()) {
    Waiting next = std::move(waiting_[first_++]);
    next.callback(next.answer);
  }
  drop();
}

template <class Callback>
void CallbackLoop<Callback>::drop() {
  waiting_.clear();
  first_ = 0;
}

template class CallbackLoop<Function>;
#if defined(__cpp_lib_move_only_function)
template class CallbackLoop<MoveOnlyFunction>;
#endif

std::optional<std::uint64_t> KeyLoop::ask(std::uint64_t question, Key& key) {
  key.ticket = ++tickets_;
  const std::uint64_t answer = answer_to(question);
  if (there_at_once(answer, bound_)) return answer;
  waiting_.push_back({answer, key});
  return std::nullopt;
}

bool KeyLoop::take(std::vector<Answer>& answers) {
  answers.clear();
  std::swap(answers, waiting_);
  return !answers.empty();
}

std::optional<std::uint64_t> Waiter::ask(EventLoop& loop, std::uint64_t question) {
  if (loop_ != nullptr) throw std::logic_error("it waits for an answer already");
  answer_ = answer_to(question);
  if (there_at_once(answer_, loop.bound_)) return answer_;
  place_ = loop.waiting_.size();
  loop.waiting_.push_back(this);
  loop_ = &loop;
  return std::nullopt;
}

void Waiter::forget() { loop_->waiting_[place_] = nullptr; }

void EventLoop::run() {
  while (first_ < waiting_.size()) {
    Waiter* const next = waiting_[first_++];
    if (next == nullptr) continue;
    next->loop_ = nullptr;
    next->answered(next->answer_);
  }
  drop();
}

void EventLoop::drop() {
  for (; first_ < waiting_.size(); ++first_) {
    if (waiting_[first_] != nullptr) waiting_[first_]->loop_ = nullptr;
  }
  waiting_.clear();
  first_ = 0;
}

}  // namespace coroutines::async_chain
