// The other side: it calls back for each value, whom it does not know.
#include "walk.h"

namespace callbacks::callback {

namespace {

template <class Function>
inline std::uint64_t each(Values values, Function&& callback) {
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < values.size(); ++i) total += callback(values[i]);
  return total;
}

}  // namespace

std::uint64_t walk(const std::int32_t* values, std::size_t count, Pointer callback, void* state) {
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < count; ++i) total += callback(state, values[i]);
  return total;
}

std::uint64_t walk(Values values, Typed& callback, const State& state) {
  return each(values, [&](std::int32_t value) { return callback(state, value); });
}

std::uint64_t walk(Values values, std::function<Signature>& callback) {
  return each(values, callback);
}

#if defined(__cpp_lib_move_only_function)
std::uint64_t walk(Values values, std::move_only_function<Signature>& callback) {
  return each(values, callback);
}
#endif

#if defined(CALLBACK_ABSEIL)
std::uint64_t walk(Values values, absl::AnyInvocable<Signature>& callback) {
  return each(values, callback);
}

std::uint64_t walk(Values values, absl::FunctionRef<Signature> callback) {
  return each(values, callback);
}
#endif

std::uint64_t walk(Values values, Callback& callback) {
  return each(values, [&](std::int32_t value) { return callback.see(value); });
}

std::unique_ptr<Callback> unregistered() { return nullptr; }

void destroy(std::unique_ptr<State>& owner) { owner.reset(); }
void destroy(std::unique_ptr<Callback>& owner) { owner.reset(); }

}  // namespace callbacks::callback
