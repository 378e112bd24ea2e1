// Does checking an index cost anything where the loop already knows its bound?
//
// One pass over integers, adding them up. The bound comes from outside, as it does when a length
// travels beside a pointer: an idiom that trusts it reads too far when it is wrong, an idiom that
// asks the container does not.
#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

#include "kernel/case.h"

namespace indexing::sum {

struct Input {
  const std::int32_t* values;
  std::size_t count;
  std::size_t bound;  // how many to add up; equals count unless a fault lies
};

Input generate(safecost::Generator& generator) {
  const auto values = generator.array<std::int32_t>(generator.size());
  for (std::int32_t& value : values)
    value = static_cast<std::int32_t>(generator.random.below(2'000)) - 1'000;
  const std::size_t too_far = generator.commits("one_past_end")   ? 1
                              : generator.commits("far_past_end") ? 4'096
                                                                  : 0;
  return {values.data(), values.size(), values.size() + too_far};
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

// Checked under the library's assertions, not otherwise.
SAFECOST_KERNEL index(const Values& context) {
  const std::vector<std::int32_t>& values = context.values;
  const std::size_t bound = context.bound;
  std::int64_t total = 0;
  for (std::size_t i = 0; i < bound; ++i) total += values[i];
  return static_cast<std::uint64_t>(total);
}

SAFECOST_KERNEL at(const Values& context) {
  const std::vector<std::int32_t>& values = context.values;
  const std::size_t bound = context.bound;
  std::int64_t total = 0;
  for (std::size_t i = 0; i < bound; ++i) total += values.at(i);
  return static_cast<std::uint64_t>(total);
}

// One check for the whole loop: cut the span to the bound, then nobody can leave it.
SAFECOST_KERNEL span_first(const Values& context) {
  const std::span<const std::int32_t> values = std::span(context.values).first(context.bound);
  std::int64_t total = 0;
  for (const std::int32_t value : values) total += value;
  return static_cast<std::uint64_t>(total);
}

// Nothing to check: the container knows its own size, and the bound from outside is not asked.
SAFECOST_KERNEL range_for(const Values& context) {
  std::int64_t total = 0;
  for (const std::int32_t value : context.values) total += value;
  return static_cast<std::uint64_t>(total);
}

SAFECOST_KERNEL accumulate(const Values& context) {
  const std::vector<std::int32_t>& values = context.values;
  return static_cast<std::uint64_t>(std::accumulate(values.begin(), values.end(), std::int64_t{0}));
}

// What an idiom gives that never asks for the bound: the sum of what is there.
std::uint64_t sum_of_all(const void* input) {
  const Input& given = *static_cast<const Input*>(input);
  return static_cast<std::uint64_t>(
      std::accumulate(given.values, given.values + given.count, std::int64_t{0}));
}

auto the_case = safecost::Case<Input>(generate)
                    .size(2'048, "L1")
                    .size(65'536, "L2", safecost::Tier::full)
                    .fault({.name = "one_past_end",
                            .cwe = 125,
                            .description = "the bound is one more than there are values",
                            .contract = "bound <= count",
                            .reference = sum_of_all})
                    .fault({.name = "far_past_end",
                            .cwe = 125,
                            .description = "the bound is 4,096 more than there are values",
                            .contract = "bound <= count",
                            .reference = sum_of_all})
                    .raw<raw>("raw", "pointer and bound")
                    .safe<index>("index", "vector::operator[]")
                    .safe<at>("at", "vector::at, which throws")
                    .safe<span_first>("span_first", "span cut to the bound once, then range-for")
                    .safe<range_for>("range_for", "range-for over the container")
                    .safe<accumulate>("accumulate", "std::accumulate over the container");

}  // namespace indexing::sum

SAFECOST_EXPORT(indexing::sum::the_case)
