// What does a check cost where each element is computed from the two before it?
//
// f[i] = f[i-1] + f[i-2], modulo 2^64, from two start values: the shape of recurrences, prefix sums and
// filters. Nothing can be computed side by side, so the checks of three indices compete with one
// addition. What is loaded anew after each store matters as much: the elements are of the type of
// a size, so a store may change the size of a span that lies in memory, for all a compiler knows.
// fibonacci.md tells what the compilers make of it.
#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "kernel/case.h"
#include "kernel/dangling.h"

namespace indexing::fibonacci {

struct Input {
  const std::uint64_t* stale;  // what the buffer holds before
  std::size_t count;
  std::size_t bound;  // how many to write; equals count unless a fault lies
  std::uint64_t first;
  std::uint64_t second;
};

Input generate(safecost::Generator& generator) {
  const auto stale = generator.array<std::uint64_t>(generator.size());
  for (std::uint64_t& value : stale) value = generator.random.next();
  const std::uint64_t first = generator.random.next();
  const std::uint64_t second = generator.random.next();
  // Of any series the shortest: the only one that two start values do not fit into.
  if (generator.commits("short_buffer")) return {stale.data(), 1, 1, first, second};
  const std::size_t too_far = generator.commits("one_past_end") ? 1
                              : generator.commits("far_past_end")
                                  ? generator.random.between(2, 4'096)
                                  : 0;
  return {stale.data(), stale.size(), stale.size() + too_far, first, second};
}

// The kernels return 0: what they did is in memory, and digest() reads as many values as there were
// before. They write the same each time, so nothing has to be undone.
struct Series {
  explicit Series(const Input& input)
      : values(input.stale, input.stale + input.count),
        view(values),
        count(input.count),
        bound(input.bound),
        first(input.first),
        second(input.second) {}

  std::uint64_t digest() const { return digest_of(std::span(values).first(count)); }
  static std::uint64_t digest_of(std::span<const std::uint64_t> values) {
    std::uint64_t digest = 0;
    for (const std::uint64_t value : values) digest = digest * 0x9e3779b97f4a7c15u + value;
    return digest;
  }

  std::vector<std::uint64_t> values;
  std::span<std::uint64_t> view;  // of the values, as a struct holds it that somebody else fills
  std::size_t count;
  std::size_t bound;
  std::uint64_t first;
  std::uint64_t second;
};

SAFECOST_KERNEL raw(Series& context) {
  std::uint64_t* const values = context.values.data();
  const std::size_t bound = context.bound;
  if (bound > 0) values[0] = context.first;
  if (bound > 1) values[1] = context.second;
  for (std::size_t i = 2; i < bound; ++i) values[i] = values[i - 1] + values[i - 2];
  return 0;
}

// The last two values in two variables: nothing is read from memory, whatever the compiler sees.
SAFECOST_KERNEL raw_running(Series& context) {
  std::uint64_t* const values = context.values.data();
  const std::size_t bound = context.bound;
  std::uint64_t now = context.first, next = context.second;
  for (std::size_t i = 0; i < bound; ++i) {
    values[i] = now;
    const std::uint64_t sum = now + next;
    now = next;
    next = sum;
  }
  return 0;
}

// Two values a step: then the variables need not change places.
SAFECOST_KERNEL raw_pairs(Series& context) {
  std::uint64_t* values = context.values.data();
  std::uint64_t now = context.first, next = context.second;
  std::size_t rest = context.bound;
  for (; rest >= 2; rest -= 2, values += 2) {
    values[0] = now;
    values[1] = next;
    now += next;
    next += now;
  }
  if (rest > 0) *values = now;
  return 0;
}

// Checked under the library's assertions, not otherwise.
SAFECOST_KERNEL index(Series& context) {
  std::vector<std::uint64_t>& values = context.values;
  const std::size_t bound = context.bound;
  if (bound > 0) values[0] = context.first;
  if (bound > 1) values[1] = context.second;
  for (std::size_t i = 2; i < bound; ++i) values[i] = values[i - 1] + values[i - 2];
  return 0;
}

SAFECOST_KERNEL at(Series& context) {
  std::vector<std::uint64_t>& values = context.values;
  const std::size_t bound = context.bound;
  if (bound > 0) values.at(0) = context.first;
  if (bound > 1) values.at(1) = context.second;
  for (std::size_t i = 2; i < bound; ++i) values.at(i) = values.at(i - 1) + values.at(i - 2);
  return 0;
}

// Up to the span's own size, which lies in memory: each store may have changed it.
SAFECOST_KERNEL span_reference(Series& context) {
  const std::span<std::uint64_t>& values = context.view;
  if (values.size() > 0) values[0] = context.first;
  if (values.size() > 1) values[1] = context.second;
  for (std::size_t i = 2; i < values.size(); ++i) values[i] = values[i - 1] + values[i - 2];
  return 0;
}

// The same without the ampersand: nobody else can change a span of our own.
SAFECOST_KERNEL span_value(Series& context) {
  const std::span<std::uint64_t> values = context.view;
  if (values.size() > 0) values[0] = context.first;
  if (values.size() > 1) values[1] = context.second;
  for (std::size_t i = 2; i < values.size(); ++i) values[i] = values[i - 1] + values[i - 2];
  return 0;
}

// To raw_running what span_value is to raw.
SAFECOST_KERNEL span_running(Series& context) {
  const std::span<std::uint64_t> values = context.view;
  std::uint64_t now = context.first, next = context.second;
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = now;
    const std::uint64_t sum = now + next;
    now = next;
    next = sum;
  }
  return 0;
}

// No index is left.
SAFECOST_KERNEL range_for(Series& context) {
  std::uint64_t now = context.first, next = context.second;
  for (std::uint64_t& value : context.values) {
    value = now;
    const std::uint64_t sum = now + next;
    now = next;
    next = sum;
  }
  return 0;
}

// To raw_pairs what range_for is to raw_running.
SAFECOST_KERNEL span_pairs(Series& context) {
  std::span<std::uint64_t> rest = context.values;
  std::uint64_t now = context.first, next = context.second;
  for (; rest.size() >= 2; rest = rest.subspan(2)) {
    const std::span<std::uint64_t, 2> pair = rest.first<2>();
    pair[0] = now;
    pair[1] = next;
    now += next;
    next += now;
  }
  if (!rest.empty()) rest.front() = now;
  return 0;
}

// The vector grows with what is written, and compares with its capacity for each value, which reserve
// has seen to.
SAFECOST_KERNEL push_back(Series& context) {
  std::vector<std::uint64_t>& values = context.values;
  const std::size_t bound = context.bound;
  std::uint64_t now = context.first, next = context.second;
  values.clear();
  values.reserve(bound);
  for (std::size_t i = 0; i < bound; ++i) {
    values.push_back(now);
    const std::uint64_t sum = now + next;
    now = next;
    next = sum;
  }
  return 0;
}

// For `short_buffer`: the start values are written, or a pair is, without a look at how many fit.

SAFECOST_KERNEL raw_unasked(Series& context) {
  std::uint64_t* const values = context.values.data();
  const std::size_t bound = context.bound;
  values[0] = context.first;
  values[1] = context.second;
  for (std::size_t i = 2; i < bound; ++i) values[i] = values[i - 1] + values[i - 2];
  return 0;
}

SAFECOST_KERNEL raw_pairs_unasked(Series& context) {
  std::uint64_t* values = context.values.data();
  std::uint64_t now = context.first, next = context.second;
  for (std::size_t i = 0; i < context.bound; i += 2, values += 2) {
    values[0] = now;
    values[1] = next;
    now += next;
    next += now;
  }
  return 0;
}

SAFECOST_KERNEL index_unasked(Series& context) {
  std::vector<std::uint64_t>& values = context.values;
  const std::size_t bound = context.bound;
  values[0] = context.first;
  values[1] = context.second;
  for (std::size_t i = 2; i < bound; ++i) values[i] = values[i - 1] + values[i - 2];
  return 0;
}

SAFECOST_KERNEL at_unasked(Series& context) {
  std::vector<std::uint64_t>& values = context.values;
  const std::size_t bound = context.bound;
  values.at(0) = context.first;
  values.at(1) = context.second;
  for (std::size_t i = 2; i < bound; ++i) values.at(i) = values.at(i - 1) + values.at(i - 2);
  return 0;
}

SAFECOST_KERNEL span_reference_unasked(Series& context) {
  const std::span<std::uint64_t>& values = context.view;
  values[0] = context.first;
  values[1] = context.second;
  for (std::size_t i = 2; i < values.size(); ++i) values[i] = values[i - 1] + values[i - 2];
  return 0;
}

SAFECOST_KERNEL span_value_unasked(Series& context) {
  const std::span<std::uint64_t> values = context.view;
  values[0] = context.first;
  values[1] = context.second;
  for (std::size_t i = 2; i < values.size(); ++i) values[i] = values[i - 1] + values[i - 2];
  return 0;
}

SAFECOST_KERNEL span_pairs_unasked(Series& context) {
  std::span<std::uint64_t> rest = context.values;
  std::uint64_t now = context.first, next = context.second;
  for (; !rest.empty(); rest = rest.subspan(2)) {
    const std::span<std::uint64_t, 2> pair = rest.first<2>();
    pair[0] = now;
    pair[1] = next;
    now += next;
    next += now;
  }
  return 0;
}

// For `before_start`: the recurrence begins one element too early or two, so that values[1 - 2] is read, or
// values[0 - 1] and values[0 - 2].
SAFECOST_HELPER std::size_t too_early(std::size_t count) {
  return safecost::drawn(std::min<std::size_t>(count, 2));
}

SAFECOST_KERNEL raw_early(Series& context) {
  std::uint64_t* const values = context.values.data();
  const std::size_t bound = context.bound;
  if (bound > 0) values[0] = context.first;
  for (std::size_t i = too_early(bound); i < bound; ++i) values[i] = values[i - 1] + values[i - 2];
  return 0;
}

SAFECOST_KERNEL index_early(Series& context) {
  std::vector<std::uint64_t>& values = context.values;
  const std::size_t bound = context.bound;
  if (bound > 0) values[0] = context.first;
  for (std::size_t i = too_early(bound); i < bound; ++i) values[i] = values[i - 1] + values[i - 2];
  return 0;
}

SAFECOST_KERNEL at_early(Series& context) {
  std::vector<std::uint64_t>& values = context.values;
  const std::size_t bound = context.bound;
  if (bound > 0) values.at(0) = context.first;
  for (std::size_t i = too_early(bound); i < bound; ++i)
    values.at(i) = values.at(i - 1) + values.at(i - 2);
  return 0;
}

SAFECOST_KERNEL span_reference_early(Series& context) {
  const std::span<std::uint64_t>& values = context.view;
  if (values.size() > 0) values[0] = context.first;
  for (std::size_t i = too_early(values.size()); i < values.size(); ++i)
    values[i] = values[i - 1] + values[i - 2];
  return 0;
}

SAFECOST_KERNEL span_value_early(Series& context) {
  const std::span<std::uint64_t> values = context.view;
  if (values.size() > 0) values[0] = context.first;
  for (std::size_t i = too_early(values.size()); i < values.size(); ++i)
    values[i] = values[i - 1] + values[i - 2];
  return 0;
}

// For `destroyed_before`: a reference to the values is lent as well as a span of them.
template <auto Body>
constexpr auto destroyed = safecost::destroyed<Body, &Series::values>;

// What an idiom gives that never asks for the bound, or whose container grows with it.
std::uint64_t all_written(const void* input) {
  const Input& given = *static_cast<const Input*>(input);
  Series series(given);
  range_for(series);
  return series.digest();
}

constexpr auto reads_nothing = "no element is read: the last two values are variables";
constexpr auto one_by_one = "each value is written to an element of its own, or appended";

auto the_case =
    safecost::Case<Input>(generate)
        .straight()
        .size(1'024, "L1")                         // 8 KiB
        .size(16'384, "L2", safecost::Tier::full)  // 128 KiB
        .fault({.name = "one_past_end",
                .cwe = 787,
                .description = "the bound is one more than there are elements",
                .contract = "bound <= count",
                .reference = all_written})
        .fault({.name = "far_past_end",
                .cwe = 787,
                .description = "the bound is up to 4,096 more than there are elements",
                .contract = "bound <= count",
                .reference = all_written})
        .fault({.name = "short_buffer",
                .cwe = 787,
                .description = "two values are written into a buffer for one",
                .contract = "the second value is written only where there are two elements",
                .kind = SAFECOST_FAULT_KERNEL,
                .oracles = SAFECOST_ORACLE_GUARD | SAFECOST_ORACLE_SANITIZER |
                           SAFECOST_ORACLE_MEMCHECK | SAFECOST_ORACLE_CANARY,
                .reference = all_written})
        .fault({.name = "before_start",
                .cwe = 127,
                .description =
                    "the recurrence begins at 1, or at 0, and reads what lies before the first",
                .contract = "the recurrence begins at 2",
                .kind = SAFECOST_FAULT_KERNEL,
                .oracles = SAFECOST_ORACLE_GUARD | SAFECOST_ORACLE_SANITIZER |
                           SAFECOST_ORACLE_MEMCHECK | SAFECOST_ORACLE_VALUE,
                .reference = all_written})
        .fault({.name = "destroyed_before",
                .cwe = 416,
                .description = "the values are destroyed, then written",
                .contract = "what is written to lives until the end",
                .kind = SAFECOST_FAULT_KERNEL,
                .oracles = SAFECOST_ORACLE_GUARD | SAFECOST_ORACLE_SANITIZER |
                           SAFECOST_ORACLE_MEMCHECK | SAFECOST_ORACLE_VALUE,
                .reference = all_written})
        .raw<raw>("raw", "pointer and bound")
        .ordinary()
        .fault_kernel<destroyed<raw>>("destroyed_before")
        .fault_kernel<raw_unasked>("short_buffer")
        .fault_kernel<raw_early>("before_start")
        .raw<raw_running>("raw_running", "pointer and bound, the last two values in variables")
        .ordinary()
        .algorithm("running")
        .fault_kernel<destroyed<raw_running>>("destroyed_before")
        .inexpressible("short_buffer", one_by_one)
        .inexpressible("before_start", reads_nothing)
        .raw<raw_pairs>("raw_pairs", "the same, two values a step")
        .bespoke()
        .algorithm("pairs")
        .fault_kernel<destroyed<raw_pairs>>("destroyed_before")
        .fault_kernel<raw_pairs_unasked>("short_buffer")
        .inexpressible("before_start", reads_nothing)
        .safe<index>("index", "vector::operator[] up to the bound")
        .library()
        .fault_kernel<destroyed<index>>("destroyed_before")
        .fault_kernel<index_unasked>("short_buffer")
        .fault_kernel<index_early>("before_start")
        .claims("assertions", "one_past_end", "far_past_end", "short_buffer", "before_start")
        .safe<at>("at", "vector::at up to the bound, which throws")
        .library()
        .fault_kernel<destroyed<at>>("destroyed_before")
        .fault_kernel<at_unasked>("short_buffer")
        .fault_kernel<at_early>("before_start")
        .claims("always", "one_past_end", "far_past_end", "short_buffer", "before_start")
        .safe<span_reference>("span_reference", "a span by reference, up to its own size")
        .library()
        .fault_kernel<destroyed<span_reference>>("destroyed_before")
        .fault_kernel<span_reference_unasked>("short_buffer")
        .fault_kernel<span_reference_early>("before_start")
        .claims("always", "one_past_end", "far_past_end")
        .claims("assertions", "short_buffer", "before_start")
        .safe<span_value>("span_value", "a span by value, up to its own size")
        .library()
        .fault_kernel<destroyed<span_value>>("destroyed_before")
        .fault_kernel<span_value_unasked>("short_buffer")
        .fault_kernel<span_value_early>("before_start")
        .claims("always", "one_past_end", "far_past_end")
        .claims("assertions", "short_buffer", "before_start")
        .safe<span_running>("span_running", "a span by value, the last two values in variables")
        .library()
        .algorithm("running")
        .fault_kernel<destroyed<span_running>>("destroyed_before")
        .inexpressible("short_buffer", one_by_one)
        .inexpressible("before_start", reads_nothing)
        .claims("always", "one_past_end", "far_past_end")
        .safe<range_for>("range_for", "range-for, the last two values in variables")
        .library()
        .algorithm("running")
        .fault_kernel<destroyed<range_for>>("destroyed_before")
        .inexpressible("short_buffer", one_by_one)
        .inexpressible("before_start", reads_nothing)
        .claims("always", "one_past_end", "far_past_end")
        .safe<span_pairs>("span_pairs", "spans of two elements, the last two values in variables")
        .bespoke()
        .algorithm("pairs")
        .fault_kernel<destroyed<span_pairs>>("destroyed_before")
        .fault_kernel<span_pairs_unasked>("short_buffer")
        .inexpressible("before_start", reads_nothing)
        .claims("always", "one_past_end", "far_past_end")
        .claims("assertions", "short_buffer")
        .safe<push_back>("push_back", "reserve and push_back, the last two values in variables")
        .library()
        .algorithm("running")
        .fault_kernel<destroyed<push_back>>("destroyed_before")
        .inexpressible("short_buffer", one_by_one)
        .inexpressible("before_start", reads_nothing)
        .claims("always", "one_past_end", "far_past_end");

}  // namespace indexing::fibonacci

SAFECOST_EXPORT(indexing::fibonacci::the_case)
