// Who walks, in a translation unit of its own, and what it is given to call back. Nothing of a callback is known there
// but its type, and nothing of a walk where it is called.
#ifndef CALLBACKS_CALLBACK_WALK_H
#define CALLBACKS_CALLBACK_WALK_H

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>

// Headers alone: nothing to link, whatever library the rest of Abseil was compiled with.
#if __has_include("absl/functional/any_invocable.h") && \
                  __has_include("absl/functional/function_ref.h")
#define CALLBACK_ABSEIL
#include "absl/functional/any_invocable.h"
#include "absl/functional/function_ref.h"
#endif

namespace callbacks::callback {

using Values = std::span<const std::int32_t>;
using Signature = std::uint64_t(std::int32_t);

struct State {
  std::uint64_t factor;
  std::uint64_t summand;
};

// A function and whatever it likes to be given.
using Pointer = std::uint64_t (*)(void* state, std::int32_t value);
std::uint64_t walk(const std::int32_t* values, std::size_t count, Pointer callback, void* state);

// The same function, with the type of its state, and both by reference.
using Typed = std::uint64_t(const State& state, std::int32_t value);
std::uint64_t walk(Values values, Typed& callback, const State& state);

// Wrappers that own what they call, or refer to it. One walk for all callbacks of a wrapper's type.
std::uint64_t walk(Values values, std::function<Signature>& callback);
#if defined(__cpp_lib_move_only_function)
std::uint64_t walk(Values values, std::move_only_function<Signature>& callback);
#endif
#if defined(CALLBACK_ABSEIL)
std::uint64_t walk(Values values, absl::AnyInvocable<Signature>& callback);
std::uint64_t walk(Values values, absl::FunctionRef<Signature> callback);
#endif

class Callback {
 public:
  Callback() = default;
  Callback(const Callback&) = delete;
  Callback& operator=(const Callback&) = delete;
  virtual ~Callback() = default;

  virtual std::uint64_t see(std::int32_t value) = 0;
};
std::uint64_t walk(Values values, Callback& callback);

// What a program is given that asks for a callback by a name that nobody registered: none.
std::unique_ptr<Callback> unregistered();

// Ends a state's life out of a compiler's sight, and that of a callback.
void destroy(std::unique_ptr<State>& owner);
void destroy(std::unique_ptr<Callback>& owner);

}  // namespace callbacks::callback

#endif
