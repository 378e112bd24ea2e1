// Does saying what is wanted (filter, map, sum) cost more than the loop that does it?
//
// The sum of the squares of the even values. The parity is random, and its rate is the share of values that
// are even: at 0.5 code that jumps on it guesses wrong half the time, at 0.01 hardly ever, and code that
// computes with it takes the same at each. What separates the idioms is less any check than what the
// compiler makes of the condition.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <new>
#include <numeric>
#include <ranges>
#include <span>
#include <stdexcept>
#include <vector>

#include "kernel/case.h"

namespace iteration::filter_map_sum {

struct Input {
  const std::uint32_t*
      values;  // below a million: no sum of squares overflows, whatever the language checks
  std::size_t count;
  std::size_t bound;  // how many to look at; equals count unless a fault lies
};

Input generate(safecost::Generator& generator) {
  const auto values = generator.array<std::uint32_t>(generator.size());
  for (std::uint32_t& value : values)
    value = static_cast<std::uint32_t>(2 * generator.random.below(500'000) +
                                       (generator.random.unit() < generator.rate() ? 0 : 1));
  // One is odd, about which to fail.
  if (generator.commits("predicate_throws")) values[generator.random.below(values.size())] |= 1;
  const std::size_t too_far = generator.commits("one_past_end") ? 1
                              : generator.commits("far_past_end")
                                  ? generator.random.between(2, 4'096)
                                  : 0;
  return {values.data(), values.size(), values.size() + too_far};
}

struct Values {
  explicit Values(const Input& input)
      : values(input.values, input.values + input.count), bound(input.bound) {}

  std::vector<std::uint32_t> values;
  std::size_t bound;
};

SAFECOST_HELPER bool even(std::uint32_t value) { return value % 2 == 0; }
SAFECOST_HELPER std::uint64_t square(std::uint32_t value) { return std::uint64_t{value} * value; }
// The value if it is even, else 0, by a mask of all bits or none: nothing a compiler could jump on.
SAFECOST_HELPER std::uint32_t kept(std::uint32_t value) { return value & (value % 2 - 1); }

// Written out, as C is: with `even` and `square` in its place GCC 12 does not vectorise it at -O3 for x86-64-v3.
SAFECOST_KERNEL raw(const Values& context) {
  const std::uint32_t* const values = context.values.data();
  const std::size_t bound = context.bound;
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < bound; ++i) {
    if (values[i] % 2 == 0) total += (std::uint64_t)values[i] * values[i];
  }
  return total;
}

// The same loop that asks a function, for the fault in which that fails. Each idiom that asks has whom it asks for a
// parameter.
template <auto even>
SAFECOST_KERNEL raw_asking(const Values& context) {
  const std::uint32_t* const values = context.values.data();
  const std::size_t bound = context.bound;
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < bound; ++i) {
    if (even(values[i])) total += square(values[i]);
  }
  return total;
}

// What somebody writes who knows that the data are random.
SAFECOST_KERNEL raw_branchless(const Values& context) {
  const std::uint32_t* const values = context.values.data();
  const std::size_t bound = context.bound;
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < bound; ++i) {
    const std::uint32_t kept = values[i] & (values[i] % 2 - 1);
    total += (std::uint64_t)kept * kept;
  }
  return total;
}

constexpr std::size_t block_size = 8;

// The same, eight values at a time: GCC at -O2 computes with several at once only where their number is a constant.
SAFECOST_KERNEL raw_blocks(const Values& context) {
  const std::uint32_t* values = context.values.data();
  std::size_t rest = context.bound;
  std::uint64_t total = 0;
  for (; rest >= block_size; rest -= block_size, values += block_size) {
    for (std::size_t i = 0; i < block_size; ++i) {
      const std::uint32_t kept = values[i] & (values[i] % 2 - 1);
      total += (std::uint64_t)kept * kept;
    }
  }
  for (std::size_t i = 0; i < rest; ++i) {
    const std::uint32_t kept = values[i] & (values[i] % 2 - 1);
    total += (std::uint64_t)kept * kept;
  }
  return total;
}

// Checked under the library's assertions, not otherwise.
template <auto even = even>
SAFECOST_KERNEL span_index(const Values& context) {
  const std::span<const std::uint32_t> values(context.values);
  const std::size_t bound = context.bound;
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < bound; ++i) {
    if (even(values[i])) total += square(values[i]);
  }
  return total;
}

// From here on there is nothing to check: the container's own ends are the bound.
template <auto even = even>
SAFECOST_KERNEL range_for(const Values& context) {
  std::uint64_t total = 0;
  for (const std::uint32_t value : context.values) {
    if (even(value)) total += square(value);
  }
  return total;
}

// To raw_branchless what range_for is to raw.
SAFECOST_KERNEL range_for_branchless(const Values& context) {
  std::uint64_t total = 0;
  for (const std::uint32_t value : context.values) total += square(kept(value));
  return total;
}

// To raw_blocks what range_for_branchless is to raw_branchless: a block's extent is part of its type.
SAFECOST_KERNEL span_blocks(const Values& context) {
  std::uint64_t total = 0;
  std::span<const std::uint32_t> rest = context.values;
  for (; rest.size() >= block_size; rest = rest.subspan(block_size)) {
    for (const std::uint32_t value : rest.first<block_size>()) total += square(kept(value));
  }
  for (const std::uint32_t value : rest) total += square(kept(value));
  return total;
}

template <auto even = even>
SAFECOST_KERNEL accumulate(const Values& context) {
  const std::vector<std::uint32_t>& values = context.values;
  return std::accumulate(values.begin(), values.end(), std::uint64_t{0},
                         [](std::uint64_t total, std::uint32_t value) {
                           return even(value) ? total + square(value) : total;
                         });
}

template <auto even = even>
SAFECOST_KERNEL transform_reduce(const Values& context) {
  const std::vector<std::uint32_t>& values = context.values;
  return std::transform_reduce(values.begin(), values.end(), std::uint64_t{0}, std::plus<>(),
                               [](std::uint32_t value) { return even(value) ? square(value) : 0; });
}

template <auto even = even>
SAFECOST_KERNEL ranges_pipeline(const Values& context) {
  std::uint64_t total = 0;
  for (const std::uint64_t squared :
       context.values | std::views::filter([](std::uint32_t value) { return even(value); }) |
           std::views::transform([](std::uint32_t value) { return square(value); })) {
    total += squared;
  }
  return total;
}

// transform_reduce's condition in a view: what costs above is filter's, which asks where the next one is.
template <auto even = even>
SAFECOST_KERNEL ranges_transform(const Values& context) {
  std::uint64_t total = 0;
  for (const std::uint64_t squared :
       context.values | std::views::transform([](std::uint32_t value) -> std::uint64_t {
         return even(value) ? square(value) : 0;
       })) {
    total += squared;
  }
  return total;
}

// A view that owns, together with others: the walk holds a share of the values for as long as it lasts,
// so that they live until it ends, whoever gives them up. One share a walk closes what no view can.
struct SharedValues {
  explicit SharedValues(const Input& input)
      : values(std::make_shared<const std::vector<std::uint32_t>>(input.values,
                                                                  input.values + input.count)) {}

  std::shared_ptr<const std::vector<std::uint32_t>> values;
};

SAFECOST_KERNEL shared_branchless(const SharedValues& context) {
  const std::shared_ptr<const std::vector<std::uint32_t>> values = context.values;
  std::uint64_t total = 0;
  for (const std::uint32_t value : *values) total += square(kept(value));
  return total;
}

// For `destroyed_before`: an idiom's own kernel on values whose memory was freed when it comes to walk
// them, as happens to a view, lazy or not, of what a function returned. The destructor is opaque, lest
// a compiler see the end of what is still read.
SAFECOST_OPAQUE void destroy(Values* values) { std::destroy_at(values); }

template <auto Walk>
SAFECOST_KERNEL destroyed(Values& context) {
  alignas(Values) std::byte place[sizeof(Values)];
  Values* const values = new (place) Values(context);
  destroy(values);
  return Walk(*values);
}

// The same where a view holds a share: the last owner but the view gives the values up.
SAFECOST_OPAQUE void give_up(SharedValues& owner) { owner.values.reset(); }

SAFECOST_KERNEL given_up(SharedValues& context) {
  SharedValues owner = context;
  owner.values = std::make_shared<const std::vector<std::uint32_t>>(*context.values);
  const SharedValues view = owner;
  give_up(owner);
  return shared_branchless(view);
}

// For `predicate_throws`: whoever is asked fails for one of the odd values. C cannot throw: the function returns -1,
// which a condition takes for yes.
std::size_t odd_ones_left;

template <bool throws>
SAFECOST_HELPER int failing(std::uint32_t value) {
  if (even(value)) return 1;
  if (odd_ones_left-- > 0) return 0;
  if constexpr (throws) throw std::invalid_argument("nobody knows whether this value is even");
  return -1;
}

template <auto Walk>
SAFECOST_KERNEL failed(const Values& context) {
  const auto odd = std::ranges::count_if(context.values, std::not_fn(even));
  odd_ones_left = safecost::drawn(static_cast<std::uint64_t>(std::max<std::ptrdiff_t>(odd, 1)));
  return Walk(context);
}

// What an idiom gives that never asks for the bound.
std::uint64_t sum_of_all(const void* input) {
  const Input& given = *static_cast<const Input*>(input);
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < given.count; ++i) {
    if (even(given.values[i])) total += square(given.values[i]);
  }
  return total;
}

constexpr char no_question[] = "nobody is asked: the condition is a mask";

auto the_case =
    safecost::Case<Input>(generate)
        .size_and_rate(4'096, 0.5, "L1")
        .size_and_rate(4'096, 0.1, "L1", safecost::Tier::full)
        .size_and_rate(4'096, 0.01, "L1")
        .size_and_rate(65'536, 0.5, "L2", safecost::Tier::full)
        .size_and_rate(4'194'304, 0.5, "beyond L3", safecost::Tier::publish)  // 16 MiB
        .fault({.name = "one_past_end",
                .cwe = 125,
                .description = "the bound is one more than there are values",
                .contract = "bound <= count",
                .reference = sum_of_all})
        .fault({.name = "far_past_end",
                .cwe = 125,
                .description = "the bound is 2 to 4,096 more than there are values",
                .contract = "bound <= count",
                .reference = sum_of_all})
        .fault({.name = "destroyed_before",
                .cwe = 416,
                .description = "the values are destroyed, then walked",
                .contract = "what is walked lives until the walk ends",
                .kind = SAFECOST_FAULT_KERNEL,
                .oracles = SAFECOST_ORACLE_GUARD | SAFECOST_ORACLE_SANITIZER |
                           SAFECOST_ORACLE_MEMCHECK | SAFECOST_ORACLE_VALUE,
                .reference = sum_of_all})
        .fault({.name = "predicate_throws",
                .cwe = 755,
                .description = "who is asked in the walk fails for a value that is odd",
                .contract = "where it cannot be known whether a value is even, there is no sum",
                .kind = SAFECOST_FAULT_KERNEL,
                .oracles = SAFECOST_ORACLE_VALUE,
                .reference = sum_of_all})
        .raw<raw>("raw", "pointer and bound, if")
        .ordinary()
        .fault_kernel<destroyed<raw>>("destroyed_before")
        .fault_kernel<failed<raw_asking<failing<false>>>>("predicate_throws")
        .raw<raw_branchless>("raw_branchless", "pointer and bound, the condition as a mask")
        .bespoke()
        .algorithm("branchless")
        .fault_kernel<destroyed<raw_branchless>>("destroyed_before")
        .inexpressible("predicate_throws", no_question)
        .raw<raw_blocks>("raw_blocks", "the same, eight values at a time")
        .bespoke()
        .algorithm("blocks")
        .fault_kernel<destroyed<raw_blocks>>("destroyed_before")
        .inexpressible("predicate_throws", no_question)
        .safe<span_index<>>("span_index", "span::operator[] up to the bound, if")
        .library()
        .fault_kernel<destroyed<span_index<>>>("destroyed_before")
        .fault_kernel<failed<span_index<failing<true>>>>("predicate_throws")
        .claims("always", "predicate_throws")
        .claims("assertions", "one_past_end", "far_past_end")
        .safe<range_for<>>("range_for", "range-for over the container, if")
        .library()
        .fault_kernel<destroyed<range_for<>>>("destroyed_before")
        .fault_kernel<failed<range_for<failing<true>>>>("predicate_throws")
        .claims("always", "one_past_end", "far_past_end", "predicate_throws")
        .safe<range_for_branchless>("range_for_branchless", "range-for, the condition as a mask")
        .bespoke()
        .algorithm("branchless")
        .fault_kernel<destroyed<range_for_branchless>>("destroyed_before")
        .inexpressible("predicate_throws", no_question)
        .claims("always", "one_past_end", "far_past_end")
        .safe<span_blocks>("span_blocks", "spans of eight values, the condition as a mask")
        .bespoke()
        .algorithm("blocks")
        .fault_kernel<destroyed<span_blocks>>("destroyed_before")
        .inexpressible("predicate_throws", no_question)
        .claims("always", "one_past_end", "far_past_end")
        .safe<shared_branchless>("shared_branchless", "the same, with a share of the container")
        .bespoke()
        .algorithm("branchless")
        .fault_kernel<given_up>("destroyed_before")
        .inexpressible("predicate_throws", no_question)
        .claims("always", "one_past_end", "far_past_end", "destroyed_before")
        .safe<accumulate<>>("accumulate", "std::accumulate with a conditional step")
        .library()
        .fault_kernel<destroyed<accumulate<>>>("destroyed_before")
        .fault_kernel<failed<accumulate<failing<true>>>>("predicate_throws")
        .claims("always", "one_past_end", "far_past_end", "predicate_throws")
        .safe<transform_reduce<>>("transform_reduce", "std::transform_reduce; odd values give 0")
        .library()
        .fault_kernel<destroyed<transform_reduce<>>>("destroyed_before")
        .fault_kernel<failed<transform_reduce<failing<true>>>>("predicate_throws")
        .claims("always", "one_past_end", "far_past_end", "predicate_throws")
        .safe<ranges_pipeline<>>("ranges_pipeline", "views::filter and views::transform, range-for")
        .library()
        .fault_kernel<destroyed<ranges_pipeline<>>>("destroyed_before")
        .fault_kernel<failed<ranges_pipeline<failing<true>>>>("predicate_throws")
        .claims("always", "one_past_end", "far_past_end", "predicate_throws")
        .safe<ranges_transform<>>("ranges_transform",
                                  "views::transform, range-for; odd values give 0")
        .library()
        .fault_kernel<destroyed<ranges_transform<>>>("destroyed_before")
        .fault_kernel<failed<ranges_transform<failing<true>>>>("predicate_throws")
        .claims("always", "one_past_end", "far_past_end", "predicate_throws");

}  // namespace iteration::filter_map_sum

SAFECOST_EXPORT(iteration::filter_map_sum::the_case)
