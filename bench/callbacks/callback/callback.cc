// What does it cost to call back through something that knows the type of its state?
//
// A walk over numbers adds up what a callback makes of each; who walks does not know who is called. The
// callback needs a state, which it reads. In C that is a function and a void pointer: nothing says
// that the two belong together, that there is a function, or that the state still lives. Who walks is
// another translation unit (walk.cc), so that each number takes a call.
//
//  - A reference to a function and one to its state (typed_reference) are raw's machine code, 12
//    instructions a number, with the types left in; what keeps the state alive, too, is a capture by
//    value, and not the wrapper around it: move_only_function and any_invocable take the same 12, a virtual
//    function 13.
//  - std::function asks in each call whether it holds something (16; 17 with libc++), since it throws where
//    it does not. The call takes as long as before: it waits for the jump.
//  - Two variants call nobody back, and answer another question: who may be a template needs no callback.
//    template_parameter takes raw_loop's 8 instructions (GCC), and half of raw's time or less. Clang
//    vectorises both, but only since the walk goes by index: its model of cost finds the same loop as a
//    range-for, whose pointer it must count with, not worth it, which then takes 1.4 of the time.
#include <memory>
#include <vector>

#include "kernel/case.h"
#include "walk.h"

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

struct Context {
  explicit Context(const Input& input)
      : values(input.values, input.values + input.count), state{input.factor, input.summand} {}

  std::vector<std::int32_t> values;
  State state;
};

// Cannot be pulled out of a sum: what is shifted out of each product is lost.
inline std::uint64_t apply(const State& state, std::int32_t value) {
  return (static_cast<std::uint64_t>(value) + state.summand) * state.factor >> 16;
}

// A state on the heap, for programs that destroy it before the walk.
inline std::unique_ptr<State> on_heap(const Context& context) {
  return std::make_unique<State>(context.state);
}

std::uint64_t call(void* state, std::int32_t value) {
  return apply(*static_cast<const State*>(state), value);
}

SAFECOST_KERNEL raw(const Context& context) {
  State state = context.state;
  return walk(context.values.data(), context.values.size(), call, &state);
}

SAFECOST_KERNEL raw_null(const Context& context) {
  State state = context.state;
  return walk(context.values.data(), context.values.size(), nullptr, &state);
}

SAFECOST_KERNEL raw_destroyed(const Context& context) {
  std::unique_ptr<State> owner = on_heap(context);
  State* const state = owner.get();
  destroy(owner);
  return walk(context.values.data(), context.values.size(), call, state);
}

// The state of another callback, which has a factor only.
SAFECOST_KERNEL raw_foreign(const Context& context) {
  const auto other = std::make_unique<std::uint64_t>(context.state.factor);
  return walk(context.values.data(), context.values.size(), call, other.get());
}

// Where the loop is written out nothing is called, and the state stays in registers.
SAFECOST_KERNEL raw_loop(const Context& context) {
  const std::int32_t* const values = context.values.data();
  const std::size_t count = context.values.size();
  const State state = context.state;
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < count; ++i)
    total += (static_cast<std::uint64_t>(values[i]) + state.summand) * state.factor >> 16;
  return total;
}

std::uint64_t call_typed(const State& state, std::int32_t value) { return apply(state, value); }

SAFECOST_KERNEL typed_reference(const Context& context) {
  State state = context.state;
  return walk(context.values, call_typed, state);
}

SAFECOST_KERNEL typed_reference_destroyed(const Context& context) {
  std::unique_ptr<State> owner = on_heap(context);
  const State& state = *owner;
  destroy(owner);
  return walk(context.values, call_typed, state);
}

// A callback that refers to a state, as a lambda does that captures by reference.
SAFECOST_HELPER auto referring(const State& state) {
  return [&state](std::int32_t value) { return apply(state, value); };
}

// A callback that owns its state: a copy of it goes wherever the callback goes.
SAFECOST_HELPER auto owning(const State& state) {
  return [state](std::int32_t value) { return apply(state, value); };
}

// The walk is a template, and becomes a part of its caller, together with the callback.
template <class Function>
inline std::uint64_t walk_inlined(Values values, const Function& callback) {
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < values.size(); ++i) total += callback(values[i]);
  return total;
}

SAFECOST_KERNEL template_parameter(const Context& context) {
  return walk_inlined(context.values, owning(context.state));
}

SAFECOST_KERNEL template_parameter_destroyed(const Context& context) {
  std::unique_ptr<State> state = on_heap(context);
  const auto callback = owning(*state);
  destroy(state);
  return walk_inlined(context.values, callback);
}

SAFECOST_KERNEL template_parameter_referring(const Context& context) {
  std::unique_ptr<State> state = on_heap(context);
  const auto callback = referring(*state);
  destroy(state);
  return walk_inlined(context.values, callback);
}

template <class Wrapper>
SAFECOST_KERNEL wrapped(const Context& context) {
  Wrapper callback = owning(context.state);
  return walk(context.values, callback);
}

template <class Wrapper>
SAFECOST_KERNEL wrapped_null(const Context& context) {
  Wrapper callback;
  return walk(context.values, callback);
}

template <class Wrapper>
SAFECOST_KERNEL wrapped_destroyed(const Context& context) {
  std::unique_ptr<State> state = on_heap(context);
  Wrapper callback = owning(*state);
  destroy(state);
  return walk(context.values, callback);
}

template <class Wrapper>
SAFECOST_KERNEL wrapped_referring(const Context& context) {
  std::unique_ptr<State> state = on_heap(context);
  Wrapper callback = referring(*state);
  destroy(state);
  return walk(context.values, callback);
}

using Function = std::function<Signature>;
#if defined(__cpp_lib_move_only_function)
using MoveOnlyFunction = std::move_only_function<Signature>;
#endif

#if defined(CALLBACK_ABSEIL)
using AnyInvocable = absl::AnyInvocable<Signature>;
using FunctionRef = absl::FunctionRef<Signature>;

// Refers to a lambda that refers to its state, as most are that are handed down.
SAFECOST_KERNEL function_ref(const Context& context) {
  State state = context.state;
  const auto callback = [&state](std::int32_t value) { return apply(state, value); };
  return walk(context.values, FunctionRef(callback));
}

SAFECOST_KERNEL function_ref_null(const Context& context) {
  Signature* const callback = nullptr;
  return walk(context.values, FunctionRef(callback));
}

SAFECOST_KERNEL function_ref_destroyed(const Context& context) {
  std::unique_ptr<State> owner = on_heap(context);
  const auto callback = [&state = *owner](std::int32_t value) { return apply(state, value); };
  destroy(owner);
  return walk(context.values, FunctionRef(callback));
}
#endif

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

SAFECOST_KERNEL interface(const Context& context) {
  Scaled callback(context.state);
  return walk(context.values, callback);
}

SAFECOST_KERNEL interface_null(const Context& context) {
  return walk(context.values, *unregistered());
}

SAFECOST_KERNEL interface_destroyed(const Context& context) {
  std::unique_ptr<Callback> owner = std::make_unique<Scaled>(context.state);
  Callback& callback = *owner;
  destroy(owner);
  return walk(context.values, callback);
}

SAFECOST_KERNEL interface_referring(const Context& context) {
  std::unique_ptr<State> state = on_heap(context);
  Referring callback(*state);
  destroy(state);
  return walk(context.values, callback);
}

// What an idiom gives that prevents a fault: the callback has its own state.
std::uint64_t total_of_values(const void* input) {
  const Context given(*static_cast<const Input*>(input));
  return walk_inlined(given.values, owning(given.state));
}

constexpr char no_callback[] = "there is no callback that could be null";
constexpr char no_state[] = "there is no state apart from the loop";
constexpr char a_reference[] = "a reference to a function is bound to one";
constexpr char a_lambda[] = "a lambda is there, or the program does not compile";
constexpr char typed[] = "callback and state are one object, or their types must agree";

auto the_case =
    safecost::Case<Input>(generate)
        .straight()
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
                                  "no callback: a lambda of its own type, inlined with the walk")
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
