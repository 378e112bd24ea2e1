// What does it cost to call back through something that knows the type of its state?
//
// A walk over numbers adds up what a callback makes of each; who walks does not know who is called. The
// callback needs a state, which it reads. In C that is a function and a void pointer: nothing says
// that the two belong together, that there is a function, or that the state still lives. All walks are
// opaque to their callers, so that each number takes a call, but for the template, whose walk and
// callback the caller inlines: there no call is left, as in C where the loop is written out.
//
//  - A reference to a function and one to its state (typed_reference) are raw's machine code, 12
//    instructions a number, with the types left in; what keeps the state alive, too, is a capture by
//    value, and not the wrapper around it: move_only_function and any_invocable take the same 12, a virtual
//    function 13.
//  - std::function asks in each call whether it holds something (16; 17 with libc++), since it throws where
//    it does not. The call takes as long as before: it waits for the jump.
//  - The template takes raw_loop's 8 instructions (GCC), and half of raw's time or less. Clang vectorises
//    both, but only since the walk goes by index: its model of cost finds the same loop as a range-for,
//    whose pointer it must count with, not worth it, which then takes 1.4 of the time.
//  - Where GCC sees one implementation of the interface alone it compares the function with that one and
//    inlines it: a walk then took 0.43 of raw's time. The interface has two here, so that it is opaque.
#include <functional>
#include <memory>
#include <span>
#include <vector>

// Headers alone: nothing to link, whatever library the rest of Abseil was compiled with.
#if __has_include("absl/functional/any_invocable.h") && \
                  __has_include("absl/functional/function_ref.h")
#define CALLBACK_ABSEIL
#include "absl/functional/any_invocable.h"
#include "absl/functional/function_ref.h"
#endif
#include "kernel/case.h"

namespace callbacks::callback {

struct Input {
  const std::int32_t* values;
  std::size_t count;
  std::uint64_t factor;
  std::uint64_t summand;
};

Input generate(safecost::Generator& generator) {
  const auto values = generator.array<std::int32_t>(generator.size());
  for (std::int32_t& value : values)
    value = static_cast<std::int32_t>(generator.random.below(1'000'000));
  return {values.data(), values.size(), generator.random.below(1'000'000),
          generator.random.below(1'000'000)};
}

struct State {
  std::uint64_t factor;
  std::uint64_t summand;
};

struct Values {
  explicit Values(const Input& input)
      : values(input.values, input.values + input.count), state{input.factor, input.summand} {}

  std::vector<std::int32_t> values;
  State state;
};

// Cannot be pulled out of a sum: what is shifted out of each product is lost.
SAFECOST_HELPER std::uint64_t apply(const State& state, std::int32_t value) {
  return (static_cast<std::uint64_t>(value) + state.summand) * state.factor >> 16;
}

// Calls back for each value.
template <class Callback>
SAFECOST_HELPER std::uint64_t each(std::span<const std::int32_t> values, Callback&& callback) {
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < values.size(); ++i) total += callback(values[i]);
  return total;
}

// A state on the heap, for programs that destroy it before the walk, out of a compiler's sight.
SAFECOST_HELPER std::unique_ptr<State> on_heap(const Values& context) {
  return std::make_unique<State>(context.state);
}
template <class Owned>
SAFECOST_OPAQUE void destroy(std::unique_ptr<Owned>& owner) {
  owner.reset();
}

// Raw: a function and whatever it likes to be given.

namespace by_pointer {

using Callback = std::uint64_t (*)(void* state, std::int32_t value);

SAFECOST_OPAQUE std::uint64_t walk(const std::int32_t* values, std::size_t count, Callback callback,
                                   void* state) {
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < count; ++i) total += callback(state, values[i]);
  return total;
}

std::uint64_t call(void* state, std::int32_t value) {
  return apply(*static_cast<const State*>(state), value);
}

}  // namespace by_pointer

SAFECOST_HELPER std::uint64_t walk_raw(const Values& context, by_pointer::Callback callback,
                                       void* state) {
  return by_pointer::walk(context.values.data(), context.values.size(), callback, state);
}

SAFECOST_KERNEL raw(const Values& context) {
  State state = context.state;
  return walk_raw(context, by_pointer::call, &state);
}

SAFECOST_KERNEL raw_null(const Values& context) {
  State state = context.state;
  return walk_raw(context, nullptr, &state);
}

SAFECOST_KERNEL raw_destroyed(const Values& context) {
  std::unique_ptr<State> owner = on_heap(context);
  State* const state = owner.get();
  destroy(owner);
  return walk_raw(context, by_pointer::call, state);
}

// The state of another callback, which has a factor only.
SAFECOST_KERNEL raw_foreign(const Values& context) {
  const auto other = std::make_unique<std::uint64_t>(context.state.factor);
  return walk_raw(context, by_pointer::call, other.get());
}

// Where the loop is written out nothing is called, and the state stays in registers.
SAFECOST_KERNEL raw_loop(const Values& context) {
  const std::int32_t* const values = context.values.data();
  const std::size_t count = context.values.size();
  const State state = context.state;
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < count; ++i) total += apply(state, values[i]);
  return total;
}

// Safe: the same function, with the type of its state, and both by reference.

namespace by_typed_reference {

template <class Any>
SAFECOST_OPAQUE std::uint64_t walk(std::span<const std::int32_t> values,
                                   std::uint64_t (&callback)(const Any&, std::int32_t),
                                   const Any& state) {
  return each(values, [&](std::int32_t value) { return callback(state, value); });
}

std::uint64_t call(const State& state, std::int32_t value) { return apply(state, value); }

}  // namespace by_typed_reference

SAFECOST_KERNEL typed_reference(const Values& context) {
  State state = context.state;
  return by_typed_reference::walk(context.values, by_typed_reference::call, state);
}

SAFECOST_KERNEL typed_reference_destroyed(const Values& context) {
  std::unique_ptr<State> owner = on_heap(context);
  const State& state = *owner;
  destroy(owner);
  return by_typed_reference::walk(context.values, by_typed_reference::call, state);
}

// A callback that refers to a state, as a lambda does that captures by reference.
SAFECOST_HELPER auto referring(const State& state) {
  return [&state](std::int32_t value) { return apply(state, value); };
}

// A callback that owns its state: a copy of it goes wherever the callback goes.
SAFECOST_HELPER auto owning(const State& state) {
  return [state](std::int32_t value) { return apply(state, value); };
}

SAFECOST_KERNEL template_parameter(const Values& context) {
  return each(context.values, owning(context.state));
}

SAFECOST_KERNEL template_parameter_destroyed(const Values& context) {
  std::unique_ptr<State> state = on_heap(context);
  const auto callback = owning(*state);
  destroy(state);
  return each(context.values, callback);
}

SAFECOST_KERNEL template_parameter_referring(const Values& context) {
  std::unique_ptr<State> state = on_heap(context);
  const auto callback = referring(*state);
  destroy(state);
  return each(context.values, callback);
}

// One walk for all callbacks of a wrapper's type.
template <class Wrapper>
SAFECOST_OPAQUE std::uint64_t walk_wrapped(std::span<const std::int32_t> values,
                                           Wrapper& callback) {
  return each(values, callback);
}

template <class Wrapper>
SAFECOST_KERNEL wrapped(const Values& context) {
  Wrapper callback = owning(context.state);
  return walk_wrapped(context.values, callback);
}

template <class Wrapper>
SAFECOST_KERNEL wrapped_null(const Values& context) {
  Wrapper callback;
  return walk_wrapped(context.values, callback);
}

template <class Wrapper>
SAFECOST_KERNEL wrapped_destroyed(const Values& context) {
  std::unique_ptr<State> state = on_heap(context);
  Wrapper callback = owning(*state);
  destroy(state);
  return walk_wrapped(context.values, callback);
}

template <class Wrapper>
SAFECOST_KERNEL wrapped_referring(const Values& context) {
  std::unique_ptr<State> state = on_heap(context);
  Wrapper callback = referring(*state);
  destroy(state);
  return walk_wrapped(context.values, callback);
}

using Signature = std::uint64_t(std::int32_t);
using Function = std::function<Signature>;
#if defined(__cpp_lib_move_only_function)
using MoveOnlyFunction = std::move_only_function<Signature>;
#endif

#if defined(CALLBACK_ABSEIL)
using AnyInvocable = absl::AnyInvocable<Signature>;
using FunctionRef = absl::FunctionRef<Signature>;

SAFECOST_OPAQUE std::uint64_t walk_referred(std::span<const std::int32_t> values,
                                            FunctionRef callback) {
  return each(values, callback);
}

// Refers to a lambda that refers to its state, as most are that are handed down.
SAFECOST_KERNEL function_ref(const Values& context) {
  State state = context.state;
  const auto callback = [&state](std::int32_t value) { return apply(state, value); };
  return walk_referred(context.values, callback);
}

SAFECOST_KERNEL function_ref_null(const Values& context) {
  Signature* const callback = nullptr;
  return walk_referred(context.values, callback);
}

SAFECOST_KERNEL function_ref_destroyed(const Values& context) {
  std::unique_ptr<State> owner = on_heap(context);
  const auto callback = [&state = *owner](std::int32_t value) { return apply(state, value); };
  destroy(owner);
  return walk_referred(context.values, callback);
}
#endif

namespace by_interface {

class Callback {
 public:
  Callback() = default;
  Callback(const Callback&) = delete;
  Callback& operator=(const Callback&) = delete;
  virtual ~Callback() = default;

  virtual std::uint64_t see(std::int32_t value) = 0;
};

class Scaled : public Callback {
 public:
  explicit Scaled(const State& state) : state_(state) {}

  std::uint64_t see(std::int32_t value) override { return apply(state_, value); }

 private:
  State state_;
};

// The same without a state of its own.
class Referring : public Callback {
 public:
  explicit Referring(const State& state) : state_(state) {}

  std::uint64_t see(std::int32_t value) override { return apply(state_, value); }

 private:
  const State& state_;
};

SAFECOST_OPAQUE std::uint64_t walk(std::span<const std::int32_t> values, Callback& callback) {
  return each(values, [&](std::int32_t value) { return callback.see(value); });
}

// A second implementation, as any interface has: where there is one alone, GCC guesses it and inlines it.
class Shifted : public Callback {
 public:
  std::uint64_t see(std::int32_t value) override { return static_cast<std::uint64_t>(value) >> 16; }
};

enum class Name { scaled, shifted, unknown };

// What a program is given that asks for a callback by its name: none, where nobody registered one.
SAFECOST_OPAQUE std::unique_ptr<Callback> find(const Values& context, Name name) {
  switch (name) {
    case Name::scaled:
      return std::make_unique<Scaled>(context.state);
    case Name::shifted:
      return std::make_unique<Shifted>();
    case Name::unknown:
      break;
  }
  return nullptr;
}

}  // namespace by_interface

SAFECOST_KERNEL interface(const Values& context) {
  by_interface::Scaled callback(context.state);
  return by_interface::walk(context.values, callback);
}

SAFECOST_KERNEL interface_null(const Values& context) {
  return by_interface::walk(context.values,
                            *by_interface::find(context, by_interface::Name::unknown));
}

SAFECOST_KERNEL interface_destroyed(const Values& context) {
  std::unique_ptr<by_interface::Callback> owner =
      by_interface::find(context, by_interface::Name::scaled);
  by_interface::Callback& callback = *owner;
  destroy(owner);
  return by_interface::walk(context.values, callback);
}

SAFECOST_KERNEL interface_referring(const Values& context) {
  std::unique_ptr<State> state = on_heap(context);
  by_interface::Referring callback(*state);
  destroy(state);
  return by_interface::walk(context.values, callback);
}

// What an idiom gives that prevents a fault: the callback has its own state.
std::uint64_t total_of_values(const void* input) {
  const Values given(*static_cast<const Input*>(input));
  return each(given.values, owning(given.state));
}

constexpr char no_callback[] = "there is no callback that could be null";
constexpr char no_state[] = "there is no state apart from the loop";
constexpr char a_reference[] = "a reference to a function is bound to one";
constexpr char a_lambda[] = "a lambda is there, or the program does not compile";
constexpr char typed[] = "callback and state are one object, or their types must agree";

auto the_case =
    safecost::Case<Input>(generate)
        .size(1'024, "L1")
        .size(32'768, "L2", safecost::Tier::full)
        .fault({.name = "null_callback",
                .cwe = 476,
                .description = "nobody set a callback",
                .contract = "there is a callback",
                .kind = SAFECOST_FAULT_KERNEL,
                // No guard page: address 0 belongs to no block.
                .oracles = SAFECOST_ORACLE_SANITIZER | SAFECOST_ORACLE_MEMCHECK})
        .fault({.name = "destroyed_state",
                .cwe = 416,
                .description =
                    "the state is destroyed, then called back with; who captures it by value "
                    "has another one",
                .contract = "the state outlives the walk",
                .kind = SAFECOST_FAULT_KERNEL,
                .oracles =
                    SAFECOST_ORACLE_GUARD | SAFECOST_ORACLE_SANITIZER | SAFECOST_ORACLE_MEMCHECK,
                .reference = total_of_values})
        .fault({.name = "captured_by_reference",
                .cwe = 416,
                .description = "the same, where the callback captures its state by reference",
                .contract = "the state outlives the walk",
                .kind = SAFECOST_FAULT_KERNEL,
                .oracles =
                    SAFECOST_ORACLE_GUARD | SAFECOST_ORACLE_SANITIZER | SAFECOST_ORACLE_MEMCHECK,
                .reference = total_of_values})
        .fault({.name = "foreign_state",
                .cwe = 843,
                .description = "the state behind the pointer is that of another callback",
                .contract = "the state is of the type that the callback takes it for",
                .kind = SAFECOST_FAULT_KERNEL,
                // No guard page: it lies behind what malloc aligns the smaller state to.
                .oracles = SAFECOST_ORACLE_SANITIZER | SAFECOST_ORACLE_MEMCHECK,
                .reference = total_of_values})
        .raw<raw>("raw", "a function and a void pointer")
        .ordinary()
        .practised()
        .fault_kernel<raw_null>("null_callback")
        .fault_kernel<raw_destroyed>("destroyed_state")
        .fault_kernel<raw_destroyed>("captured_by_reference")
        .fault_kernel<raw_foreign>("foreign_state")
        .raw<raw_loop>("raw_loop", "no callback: the loop written out")
        .ordinary()
        .algorithm("inlined")
        .inexpressible("null_callback", no_callback)
        .inexpressible("destroyed_state", no_state)
        .inexpressible("captured_by_reference", no_state)
        .inexpressible("foreign_state", no_state)
        .safe<typed_reference>("typed_reference",
                               "references to a function and to the state that it takes")
        .ordinary()
        .inexpressible("null_callback", a_reference)
        .fault_kernel<typed_reference_destroyed>("destroyed_state")
        .fault_kernel<typed_reference_destroyed>("captured_by_reference")
        .inexpressible("foreign_state", typed)
        .claims("always", "null_callback", "foreign_state")
        .safe<template_parameter>("template_parameter",
                                  "a lambda of its own type, inlined with the walk")
        .library()
        .algorithm("inlined")
        .inexpressible("null_callback", a_lambda)
        .fault_kernel<template_parameter_destroyed>("destroyed_state")
        .fault_kernel<template_parameter_referring>("captured_by_reference")
        .inexpressible("foreign_state", typed)
        .claims("always", "null_callback", "destroyed_state", "foreign_state")
        .safe<wrapped<Function>>("function", "std::function that owns its state")
        .library()
        .fault_kernel<wrapped_null<Function>>("null_callback")
        .fault_kernel<wrapped_destroyed<Function>>("destroyed_state")
        .fault_kernel<wrapped_referring<Function>>("captured_by_reference")
        .inexpressible("foreign_state", typed)
        .claims("always", "null_callback", "destroyed_state", "foreign_state")
#if defined(__cpp_lib_move_only_function)
        .safe<wrapped<MoveOnlyFunction>>("move_only_function",
                                         "std::move_only_function that owns its state")
        .library()
        .fault_kernel<wrapped_null<MoveOnlyFunction>>("null_callback")
        .fault_kernel<wrapped_destroyed<MoveOnlyFunction>>("destroyed_state")
        .fault_kernel<wrapped_referring<MoveOnlyFunction>>("captured_by_reference")
        .inexpressible("foreign_state", typed)
        .claims("assertions", "null_callback")
        .claims("always", "destroyed_state", "foreign_state")
#else
        .gap("move_only_function", "std::move_only_function that owns its state",
             "this standard library has no move_only_function")
#endif
#if defined(CALLBACK_ABSEIL)
        .safe<wrapped<AnyInvocable>>("any_invocable", "absl::AnyInvocable that owns its state")
        .library()
        .fault_kernel<wrapped_null<AnyInvocable>>("null_callback")
        .fault_kernel<wrapped_destroyed<AnyInvocable>>("destroyed_state")
        .fault_kernel<wrapped_referring<AnyInvocable>>("captured_by_reference")
        .inexpressible("foreign_state", typed)
        .claims("always", "destroyed_state", "foreign_state")
        .safe<function_ref>("function_ref", "absl::FunctionRef to a lambda")
        .library()
        .fault_kernel<function_ref_null>("null_callback")
        .fault_kernel<function_ref_destroyed>("destroyed_state")
        .fault_kernel<function_ref_destroyed>("captured_by_reference")
        .inexpressible("foreign_state", typed)
        .claims("always", "foreign_state")
#else
        .gap("any_invocable", "absl::AnyInvocable that owns its state", "no Abseil here has one")
        .gap("function_ref", "absl::FunctionRef to a lambda", "no Abseil here has one")
#endif
        .safe<interface>("interface", "a class with a virtual function")
        .library()
        .fault_kernel<interface_null>("null_callback")
        .fault_kernel<interface_destroyed>("destroyed_state")
        .fault_kernel<interface_referring>("captured_by_reference")
        .inexpressible("foreign_state", typed)
        .claims("libstdc++", "null_callback")
        .claims("always", "foreign_state");

}  // namespace callbacks::callback

SAFECOST_EXPORT(callbacks::callback::the_case)
