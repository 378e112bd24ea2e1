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
#include "kernel/dangling.h"

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
  if (generator.commits("no_values")) return {nullptr, 0, values.size()};
  // An error's code where a count was expected, in a variable without a sign.
  if (generator.commits("negative_bound"))
    return {values.data(), values.size(), 0 - generator.random.between(1, 4'095)};
  const std::size_t too_far = generator.commits("one_past_end") ? 1
                              : generator.commits("far_past_end")
                                  ? generator.random.between(2, 4'096)
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

constexpr std::size_t block_size = 8;

// Eight values at a time: GCC at -O2 adds several at once only where their number is a constant.
SAFECOST_KERNEL raw_blocks(const Values& context) {
  const std::int32_t* values = context.values.data();
  std::size_t rest = context.bound;
  std::int64_t total = 0;
  for (; rest >= block_size; rest -= block_size, values += block_size)
    for (std::size_t i = 0; i < block_size; ++i) total += values[i];
  for (std::size_t i = 0; i < rest; ++i) total += values[i];
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

// To raw_blocks what span_first is to raw: a block's extent is part of its type.
SAFECOST_KERNEL span_blocks(const Values& context) {
  std::span<const std::int32_t> rest = std::span(context.values).first(context.bound);
  std::int64_t total = 0;
  for (; rest.size() >= block_size; rest = rest.subspan(block_size))
    for (const std::int32_t value : rest.first<block_size>()) total += value;
  for (const std::int32_t value : rest) total += value;
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

// For `grown_meanwhile`: each idiom once more, and somewhere on the walk somebody appends a 0. The vector
// is full, so all values move, and what pointed to them points to freed memory. An index does not point.
// A range-for names its values by reference here, so that the one after which nobody looks is read, too.
// std::accumulate has no such kernel: nothing of ours runs while it walks.

SAFECOST_KERNEL raw_grown(Values& context) {
  const std::int32_t* const values = context.values.data();
  const std::size_t bound = context.bound;
  const std::size_t when = safecost::drawn(bound);
  std::int64_t total = 0;
  for (std::size_t i = 0; i < bound; ++i) {
    if (i == when) context.values.push_back(0);
    total += values[i];
  }
  return static_cast<std::uint64_t>(total);
}

SAFECOST_KERNEL raw_blocks_grown(Values& context) {
  const std::int32_t* values = context.values.data();
  std::size_t rest = context.bound;
  const std::size_t when = safecost::drawn(context.bound);
  std::int64_t total = 0;
  std::size_t seen = 0;
  const auto add = [&](const std::int32_t& value) {
    if (seen++ == when) context.values.push_back(0);
    total += value;
  };
  for (; rest >= block_size; rest -= block_size, values += block_size)
    for (std::size_t i = 0; i < block_size; ++i) add(values[i]);
  for (std::size_t i = 0; i < rest; ++i) add(values[i]);
  return static_cast<std::uint64_t>(total);
}

SAFECOST_KERNEL index_grown(Values& context) {
  std::vector<std::int32_t>& values = context.values;
  const std::size_t bound = context.bound;
  const std::size_t when = safecost::drawn(bound);
  std::int64_t total = 0;
  for (std::size_t i = 0; i < bound; ++i) {
    if (i == when) values.push_back(0);
    total += values[i];
  }
  return static_cast<std::uint64_t>(total);
}

SAFECOST_KERNEL at_grown(Values& context) {
  std::vector<std::int32_t>& values = context.values;
  const std::size_t bound = context.bound;
  const std::size_t when = safecost::drawn(bound);
  std::int64_t total = 0;
  for (std::size_t i = 0; i < bound; ++i) {
    if (i == when) values.push_back(0);
    total += values.at(i);
  }
  return static_cast<std::uint64_t>(total);
}

SAFECOST_KERNEL span_first_grown(Values& context) {
  const std::span<const std::int32_t> values = std::span(context.values).first(context.bound);
  const std::size_t when = safecost::drawn(context.bound);
  std::int64_t total = 0;
  std::size_t seen = 0;
  for (const std::int32_t& value : values) {
    if (seen++ == when) context.values.push_back(0);
    total += value;
  }
  return static_cast<std::uint64_t>(total);
}

SAFECOST_KERNEL span_blocks_grown(Values& context) {
  std::span<const std::int32_t> rest = std::span(context.values).first(context.bound);
  const std::size_t when = safecost::drawn(context.bound);
  std::int64_t total = 0;
  std::size_t seen = 0;
  const auto add = [&](const std::int32_t& value) {
    if (seen++ == when) context.values.push_back(0);
    total += value;
  };
  for (; rest.size() >= block_size; rest = rest.subspan(block_size))
    for (const std::int32_t& value : rest.first<block_size>()) add(value);
  for (const std::int32_t& value : rest) add(value);
  return static_cast<std::uint64_t>(total);
}

SAFECOST_KERNEL range_for_grown(Values& context) {
  const std::size_t when = safecost::drawn(context.bound);
  std::int64_t total = 0;
  std::size_t seen = 0;
  for (const std::int32_t& value : context.values) {
    if (seen++ == when) context.values.push_back(0);
    total += value;
  }
  return static_cast<std::uint64_t>(total);
}

// For `destroyed_before`: a reference to the container is lent as well as a span of it.
template <auto Body>
constexpr auto destroyed = safecost::destroyed<Body, &Values::values>;

// What an idiom gives that never asks for the bound: the sum of what is there.
std::uint64_t sum_of_all(const void* input) {
  const Input& given = *static_cast<const Input*>(input);
  return static_cast<std::uint64_t>(
      std::accumulate(given.values, given.values + given.count, std::int64_t{0}));
}

auto the_case =
    safecost::Case<Input>(generate)
        .straight()
        .size(2'048, "L1")
        .size(65'536, "L2", safecost::Tier::full)
        .size(4'194'304, "beyond L3", safecost::Tier::publish)  // 16 MiB
        .fault({.name = "one_past_end",
                .cwe = 125,
                .description = "the bound is one more than there are values",
                .contract = "bound <= count",
                .reference = sum_of_all})
        .fault({.name = "far_past_end",
                .cwe = 125,
                .description = "the bound is up to 4,096 more than there are values",
                .contract = "bound <= count",
                .reference = sum_of_all})
        .fault({.name = "negative_bound",
                .cwe = 195,
                .description =
                    "the bound is an error's code, -1 to -4,095, which became a very large number",
                .contract = "bound <= count",
                .reference = sum_of_all})
        .fault({.name = "no_values",
                .cwe = 476,
                .description =
                    "there are no values, the pointer is null, and the bound is what it should be",
                .contract = "values is not null where bound is above 0",
                // No guard page: address 0 belongs to no block.
                .oracles = SAFECOST_ORACLE_SANITIZER | SAFECOST_ORACLE_MEMCHECK,
                .reference = sum_of_all})
        .fault({.name = "grown_meanwhile",
                .cwe = 416,
                .description = "a value is appended somewhere on the walk, and all values move",
                .contract = "the container keeps its memory while it is walked",
                .kind = SAFECOST_FAULT_KERNEL,
                .oracles = SAFECOST_ORACLE_GUARD | SAFECOST_ORACLE_SANITIZER |
                           SAFECOST_ORACLE_MEMCHECK | SAFECOST_ORACLE_VALUE,
                .reference = sum_of_all})
        .fault({.name = "destroyed_before",
                .cwe = 416,
                .description = "the values are destroyed, then added up",
                .contract = "what is walked lives until the walk ends",
                .kind = SAFECOST_FAULT_KERNEL,
                .oracles = SAFECOST_ORACLE_GUARD | SAFECOST_ORACLE_SANITIZER |
                           SAFECOST_ORACLE_MEMCHECK | SAFECOST_ORACLE_VALUE,
                .reference = sum_of_all})
        .raw<raw>("raw", "pointer and bound")
        .ordinary()
        .fault_kernel<destroyed<raw>>("destroyed_before")
        .fault_kernel<raw_grown>("grown_meanwhile")
        .raw<raw_blocks>("raw_blocks", "pointer and bound, eight values at a time")
        .bespoke()
        .algorithm("blocks")
        .fault_kernel<destroyed<raw_blocks>>("destroyed_before")
        .fault_kernel<raw_blocks_grown>("grown_meanwhile")
        .safe<index>("index", "vector::operator[]")
        .library()
        .fault_kernel<destroyed<index>>("destroyed_before")
        .fault_kernel<index_grown>("grown_meanwhile")
        .claims("always", "grown_meanwhile")
        .claims("assertions", "one_past_end", "far_past_end", "negative_bound", "no_values")
        .safe<at>("at", "vector::at, which throws")
        .library()
        .fault_kernel<destroyed<at>>("destroyed_before")
        .fault_kernel<at_grown>("grown_meanwhile")
        .claims("always", "one_past_end", "far_past_end", "negative_bound", "no_values",
                "grown_meanwhile")
        .safe<span_first>("span_first", "span cut to the bound once, then range-for")
        .library()
        .fault_kernel<destroyed<span_first>>("destroyed_before")
        .fault_kernel<span_first_grown>("grown_meanwhile")
        .claims("assertions", "one_past_end", "far_past_end", "negative_bound", "no_values")
        .safe<span_blocks>("span_blocks", "span cut to the bound once, then spans of eight values")
        .bespoke()
        .algorithm("blocks")
        .fault_kernel<destroyed<span_blocks>>("destroyed_before")
        .fault_kernel<span_blocks_grown>("grown_meanwhile")
        .claims("assertions", "one_past_end", "far_past_end", "negative_bound", "no_values")
        .safe<range_for>("range_for", "range-for over the container")
        .library()
        .fault_kernel<destroyed<range_for>>("destroyed_before")
        .fault_kernel<range_for_grown>("grown_meanwhile")
        .claims("always", "one_past_end", "far_past_end", "negative_bound", "no_values")
        .safe<accumulate>("accumulate", "std::accumulate over the container")
        .library()
        .fault_kernel<destroyed<accumulate>>("destroyed_before")
        .claims("always", "one_past_end", "far_past_end", "negative_bound", "no_values")
        .inexpressible("grown_meanwhile", "nothing of the caller's runs while the algorithm walks");

}  // namespace indexing::sum

SAFECOST_EXPORT(indexing::sum::the_case)
