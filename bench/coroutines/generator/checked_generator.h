// A generator that holds what it promises: one owner, no value before it is asked for, none after the last.
//
// The coroutine's frame lives as long as the generator does. What its body throws is thrown to whoever asked. Asked
// after the end it answers with nothing, again and again; asked after it was moved away, or by its own body, it throws. Arguments of a coroutine are copied into its frame, but what they
// refer to is not: a span, a pointer or a reference must outlive it, a share or a value need not.
// It may be asked by several threads one after another, never by two at a time.
#ifndef COROUTINES_GENERATOR_CHECKED_GENERATOR_H
#define COROUTINES_GENERATOR_CHECKED_GENERATOR_H

#include <coroutine>
#include <cstddef>
#include <exception>
#include <optional>
#include <stdexcept>
#include <utility>

#include "frames.h"

namespace coroutines::generator {

// Where frames come from: operator new, unless something else is said.
struct FromHeap {};

template <class T, class Frames = FromHeap>
class [[nodiscard]] Generator {
 public:
  struct promise_type : Frames {
    Generator get_return_object() { return Generator(Handle::from_promise(*this)); }
    std::suspend_always initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    std::suspend_always yield_value(T given) {
      value = std::move(given);
      return {};
    }
    void return_void() {}
    void unhandled_exception() { error = std::current_exception(); }
    // A generator hands values out, and waits for nobody.
    template <class Awaited>
    void await_transform(Awaited&&) = delete;

    T value{};
    std::exception_ptr error;
  };

  Generator(Generator&& other) noexcept
      : frame_(std::exchange(other.frame_, nullptr)),
        ready_(std::exchange(other.ready_, nullptr)) {}
  Generator& operator=(Generator&& other) noexcept {
    std::swap(frame_, other.frame_);
    std::swap(ready_, other.ready_);
    return *this;
  }
  ~Generator() {
    if (frame_) frame_.destroy();
  }

  std::optional<T> next() {
    // While the frame runs nobody can resume it: its own body would be told so.
    const Handle frame = std::exchange(ready_, nullptr);
    if (!frame) [[unlikely]]
      return not_ready(frame_);
    frame.resume();
    if (frame.done()) [[unlikely]]
      return ended(frame);
    ready_ = frame;
    return std::move(frame.promise().value);
  }

 private:
  using Handle = std::coroutine_handle<promise_type>;

  explicit Generator(Handle frame) : frame_(frame), ready_(frame) {}

  // Static, and out of the way: a generator whose address nobody knows can stay in registers.
  [[gnu::cold, gnu::noinline]] static std::nullopt_t not_ready(Handle frame) {
    if (!frame) throw std::logic_error("the generator was moved away");
    if (!frame.done()) throw std::logic_error("the generator was asked by its own body");
    return std::nullopt;
  }
  static std::nullopt_t ended(Handle frame) {
    if (frame.promise().error != nullptr) rethrow(frame.promise());
    return std::nullopt;
  }
  [[gnu::cold, gnu::noinline]] static void rethrow(promise_type& promise) {
    std::rethrow_exception(std::exchange(promise.error, nullptr));
  }

  Handle frame_;  // null: moved away
  Handle ready_;  // to be resumed; null: it runs, or has ended
};

// The coroutine's first argument says where its frame lies.
struct FromPool {
  template <class... Arguments>
  static void* operator new(std::size_t bytes, FramePool& pool, const Arguments&...) {
    return pool.lend(bytes);
  }
  static void operator delete(void* frame) { FramePool::give_back(frame); }
};

}  // namespace coroutines::generator

#endif
