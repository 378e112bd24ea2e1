// A task that holds what it promises: a coroutine with one owner, started once, whose result is there when it has ended.
//
// It begins when it is awaited or started, goes on with whoever awaits it when it ends, and hands on what its body throws.
// Its frame lives as long as the task does; who is destroyed while it waits is not called back (Asking). Arguments
// are copied into the frame; what they refer to is not, and it may be gone when the frame is resumed, so none may be a
// reference, a pointer or a view: see OwnedArgument. A member function or a lambda with captures, whose object
// would be such a reference, is no task either. One thread.
#ifndef COROUTINES_ASYNC_CHAIN_TASK_H
#define COROUTINES_ASYNC_CHAIN_TASK_H

#include <concepts>
#include <coroutine>
#include <cstddef>
#include <exception>
#include <new>
#include <optional>
#include <ranges>
#include <stdexcept>
#include <type_traits>
#include <utility>

// From 20 on Clang puts the frame of a task into that of the one that awaits it, where it sees both.
#if __has_cpp_attribute(clang::coro_await_elidable)
#define ASYNC_CHAIN_ELIDABLE [[clang::coro_await_elidable]]
#else
#define ASYNC_CHAIN_ELIDABLE
#endif

namespace coroutines::async_chain {

template <class T>
concept OwnedArgument =
    !std::is_reference_v<T> && !std::is_pointer_v<T> && !std::ranges::borrowed_range<T>;

// Where frames come from: operator new, unless something else is said.
struct FromHeap {};

template <class T, class Frames = FromHeap>
class [[nodiscard]] ASYNC_CHAIN_ELIDABLE Task {
 public:
  struct promise_type;

  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Task& operator=(Task&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~Task() {
    if (handle_) handle_.destroy();
  }

  // For whoever is no coroutine: runs until the task waits for something, or ends.
  void start() {
    begin();
    handle_.resume();
  }
  // Of a task that has ended, once; what its body threw is thrown here.
  T result() {
    if (!handle_ || !handle_.done()) throw std::logic_error("the task has not ended");
    return handle_.promise().take();
  }

  // For another task, which goes on when this one has ended.
  auto operator co_await() && {
    struct Awaited {
      bool await_ready() const { return false; }
      std::coroutine_handle<> await_suspend(std::coroutine_handle<> caller) {
        handle.promise().caller = caller;
        return handle;
      }
      T await_resume() { return handle.promise().take(); }

      Handle handle;
    };
    begin();
    return Awaited{handle_};
  }

 private:
  using Handle = std::coroutine_handle<promise_type>;

  explicit Task(Handle handle) : handle_(handle) {}

  void begin() {
    if (!handle_) throw std::logic_error("the task was moved away");
    if (std::exchange(handle_.promise().begun, true))
      throw std::logic_error("the task was begun before");
  }

  Handle handle_;
};

template <class T, class Frames>
struct Task<T, Frames>::promise_type : Frames {
  // Whoever waits goes on; a task that was started by hand has nobody.
  struct Ended {
    bool await_ready() const noexcept { return false; }
    std::coroutine_handle<> await_suspend(Handle handle) const noexcept {
      return handle.promise().caller;
    }
    void await_resume() const noexcept {}
  };

  Task get_return_object() { return Task(Handle::from_promise(*this)); }
  std::suspend_always initial_suspend() const noexcept { return {}; }
  Ended final_suspend() const noexcept { return {}; }
  void return_value(T given) { value = std::move(given); }
  void unhandled_exception() { error = std::current_exception(); }

  T take() {
    if (error != nullptr) std::rethrow_exception(std::exchange(error, nullptr));
    if (!value.has_value()) throw std::logic_error("the result was taken before");
    return *std::exchange(value, std::nullopt);
  }

  std::coroutine_handle<> caller = std::noop_coroutine();
  std::exception_ptr error;
  std::optional<T> value;
  bool begun = false;
};

}  // namespace coroutines::async_chain

template <class T, class Frames, class... Arguments>
struct std::coroutine_traits<coroutines::async_chain::Task<T, Frames>, Arguments...> {
  static_assert((coroutines::async_chain::OwnedArgument<Arguments> && ...),
                "a task owns its arguments: no reference, pointer or view");
  using promise_type = typename coroutines::async_chain::Task<T, Frames>::promise_type;
};

#endif
