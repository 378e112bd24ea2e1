// What does it cost to walk over values? The base of planted regressions; gate_study.py says which.
#include <cstdint>
#include <vector>

#include "kernel/case.h"

namespace gate::walk {

struct Input {
  const std::int32_t* values;
  std::size_t count;
  std::size_t bound;
};

Input generate(safecost::Generator& generator) {
  const auto values = generator.array<std::int32_t>(generator.size());
  for (std::int32_t& value : values)
    value = static_cast<std::int32_t>(generator.random.below(2'000)) - 1'000;
  return {values.data(), values.size(),
          values.size() + (generator.commits("one_past_end") ? 1 : 0)};
}

struct Values {
  explicit Values(const Input& input)
      : values(input.values, input.values + input.count), bound(input.bound) {}

  std::vector<std::int32_t> values;
  std::size_t bound;
};

SAFECOST_KERNEL raw(const Values& context) {
  const std::int32_t* const values = context.values.data();
  const std::size_t bound = context.bound;
  std::int64_t total = 0;
  for (std::size_t i = 0; i < bound; ++i) total += values[i];
  return static_cast<std::uint64_t>(total);
}

SAFECOST_KERNEL range_for(const Values& context) {
  std::int64_t total = 0;
  for (const std::int32_t value : context.values) total += value;
  return static_cast<std::uint64_t>(total);
}

SAFECOST_KERNEL at(const Values& context) {
  const std::vector<std::int32_t>& values = context.values;
  const std::size_t bound = context.bound;
  std::int64_t total = 0;
  for (std::size_t i = 0; i < bound; ++i) total += values.at(i);
  return static_cast<std::uint64_t>(total);
}

// Here a head may have one more idiom.

auto the_case = safecost::Case<Input>(generate)
                    .size(2'048, "L1")
                    .fault({.name = "one_past_end",
                            .cwe = 125,
                            .description = "the bound is one more than there are values",
                            .contract = "bound <= count"})
                    .raw<raw>("raw", "pointer and bound")
                    .safe<range_for>("range_for", "range-for over the container")
                    .safe<at>("at", "vector::at, which throws");

}  // namespace gate::walk

SAFECOST_EXPORT(gate::walk::the_case)
