// How long does it take to call a function 100 times? The base of a planted +2 %; gate_study.py plants it.
//
// As in the suite's controls: head calls the same function 102 times, so that it takes 2 % longer by construction.
#include <cstdint>
#include <vector>

#include "kernel/case.h"

namespace gate::repeat {

struct Input {
  const std::int32_t* values;
  std::size_t count;
};

Input generate(safecost::Generator& generator) {
  const auto values = generator.array<std::int32_t>(generator.size());
  for (std::int32_t& value : values)
    value = static_cast<std::int32_t>(generator.random.below(2'000)) - 1'000;
  return {values.data(), values.size()};
}

struct Values {
  explicit Values(const Input& input) : values(input.values, input.values + input.count) {}
  std::vector<std::int32_t> values;
};

SAFECOST_OPAQUE std::uint64_t sum(void* context) noexcept {
  std::int64_t total = 0;
  for (const std::int32_t value : static_cast<const Values*>(context)->values) total += value;
  return static_cast<std::uint64_t>(total);
}

template <int Times>
SAFECOST_HELPER std::uint64_t repeated(Values& context) {
  std::uint64_t last = 0;
  for (int i = 0; i < Times; ++i) last = safecost::call(sum, &context);
  return last;
}

SAFECOST_KERNEL raw(Values& context) { return repeated<100>(context); }

SAFECOST_KERNEL idiom(Values& context) { return repeated<100>(context); }

auto the_case = safecost::Case<Input>(generate)
                    .size(1'024, "L1")
                    .raw<raw>("raw", "a sum over the values, 100 times")
                    .safe<idiom>("idiom", "the same sum as often");

}  // namespace gate::repeat

SAFECOST_EXPORT(gate::repeat::the_case)
