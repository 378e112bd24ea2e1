// Is a difference of 1, 2 or 5 % found in straight-line code, and is it found at its size?
//
// The base calls one function 100 times, a calibration calls the same function 101, 102, 105 or 98
// times: so much more or less time by construction, whatever the machine. A run that does not find
// these ratios cannot be believed where it finds others. The function adds up integers: one loop, no
// jump that depends on data.
//
// What is not exact: what a call costs but for its repeats, which is the border and the first
// repeat's way to data that later ones find in L1. Where that is 1 % of a call, a planted 1 % reads
// 0.99 %.
//
// There is no Rust twin: clock, rounds and statistics are those of the runner, whatever language a
// kernel is written in.
#include <cstdint>
#include <vector>

#include "kernel/case.h"

namespace calibration::straight {

constexpr int kBase = 100;

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

// One function for the base and all calibrations, so that where it lies weighs on all alike; opaque, so
// that no compiler looks into it, merges calls of it, or takes one out of a loop. `Copy` makes a
// second one, which lies elsewhere.
template <int Copy>
SAFECOST_OPAQUE std::uint64_t sum(void* context) noexcept {
  std::int64_t total = 0;
  for (const std::int32_t value : static_cast<const Values*>(context)->values) total += value;
  return static_cast<std::uint64_t>(total);
}

template <int Times, int Copy = 0>
SAFECOST_KERNEL repeated(Values& context) {
  std::uint64_t last = 0;
  for (int i = 0; i < Times; ++i) last = safecost::call(sum<Copy>, &context);
  return last;
}

auto the_case =
    safecost::Case<Input>(generate)
        .straight()
        .size(1'024, "L1")
        .raw<repeated<kBase>>("base", "a sum over the values, 100 times")
        .calibration<repeated<kBase, 1>>("copy", 1.00,
                                         "100 times a second copy of the sum's function")
        .calibration<repeated<kBase + 1>>("plus_1", 1.01, "101 times the same function")
        .calibration<repeated<kBase + 2>>("plus_2", 1.02, "102 times the same function")
        .calibration<repeated<kBase + 5>>("plus_5", 1.05, "105 times the same function")
        .calibration<repeated<kBase - 2>>("minus_2", 0.98, "98 times the same function");

}  // namespace calibration::straight

SAFECOST_EXPORT(calibration::straight::the_case)
