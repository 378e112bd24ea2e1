// What does sorting cost when the sort knows where its data end?
//
// C has several answers. As practised: qsort, which calls back for each comparison. With the algorithm
// of a C++ library: an introsort stamped out for the type, comparison inlined (raw). Values are random
// and a comparison goes either way: that is where the time of raw goes, so the fastest code computes
// where others jump, when it partitions (raw_branchless) and also when parts are small (raw_networks,
// Rust's ipnsort written in C). Each of the three has a twin over a span, which shows what checks cost
// inside a sort.
//
// Most sorts trust the order: a walk goes on until it meets a value that is not smaller. An order that is
// none leads it out of the data, and to have the ends of a container does not help. What helps is a walk
// that ends by count: std::stable_sort's, and all of raw_networks'. Over a span of what is there
// (span_networks) that stops every fault and costs nothing, with no check to execute. With the
// library's checks it costs a seventh on GCC: where partition and merge go next depends on the values, so
// each step looks again (`cmp r8,31; ja`, five times for two values merged). The networks' places do not,
// and their span's extent is fixed: there nothing is left to be looked at.
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <limits>
#include <span>
#include <vector>

#include "introsort.h"
#include "kernel/case.h"
#include "networks.h"

namespace iteration::sort {

struct Input {
  const std::int32_t* values;
  std::size_t count;
  std::size_t bound;  // how many to sort; equals count unless a fault lies
};

Input generate(safecost::Generator& generator) {
  const auto values = generator.array<std::int32_t>(generator.size());
  for (std::int32_t& value : values)
    value = static_cast<std::int32_t>(generator.random.next() >> 32);
  using Limits = std::numeric_limits<std::int32_t>;
  const std::size_t too_many = generator.commits("one_past_end")   ? 1
                               : generator.commits("far_past_end") ? 4'096
                                                                   : 0;
  // The largest number there is: whatever lies behind the values, this moves there.
  if (too_many > 0) values.front() = Limits::max();
  // Equal values, so that an order which calls them smaller than each other never meets an end.
  if (generator.commits("inconsistent_order")) std::ranges::fill(values, 7);
  // And so few that insertion sort does all: the least number there is moves down to the front, which
  // such an order does not know for the front.
  if (generator.commits("before_start")) std::ranges::fill(values, Limits::min());
  if (generator.commits("overflowing_comparison")) {
    values.front() = Limits::max();
    values.back() = Limits::min();
  }
  return {values.data(), values.size(), values.size() + too_many};
}

// The kernels return 0: what they did is in memory, and digest() reads all of it.
struct Values {
  explicit Values(const Input& input)
      : values(input.values, input.values + input.count), bound(input.bound) {}

  void reset(const Input& input) {
    std::copy(input.values, input.values + input.count, values.begin());
  }
  std::uint64_t digest() const { return digest_of(values); }
  static std::uint64_t digest_of(std::span<const std::int32_t> values) {
    std::uint64_t digest = 0;
    for (const std::int32_t value : values) {
      digest = digest * 0x9e3779b97f4a7c15u + static_cast<std::uint32_t>(value);  // order counts
    }
    return digest;
  }

  std::vector<std::int32_t> values;
  std::size_t bound;
};

// What is written out here compares as a macro of C would, in place from the first pass on. GCC 12
// otherwise inlines the comparison after it has looked for minima and maxima, and jumps instead.
struct Smaller {
  [[gnu::always_inline]] bool operator()(std::int32_t left, std::int32_t right) const {
    return left < right;
  }
};
// The library's sorts have their default, also where std::sort has another one: libc++ has that sort of
// integers compiled in its archive, and does not know std::less<> for the same.
using Default = std::ranges::less;
// The wrong orders of faults: <= for <, and the sign of a difference, which one that overflows turns
// round.
using NotLarger = std::ranges::less_equal;
// Compilers that may take signed overflow for impossible make left < right of it, and nothing is left
// of the bug but in qsort's callback, which returns the difference itself.
struct Difference {
  bool operator()(std::int32_t left, std::int32_t right) const { return left - right < 0; }
};

template <class Less>
SAFECOST_KERNEL raw(Values& context) {
  Part parts[most_parts];
  introsort<Jumping>(context.values.data(), context.bound, parts, Less());
  return 0;
}

template <class Less>
SAFECOST_KERNEL raw_branchless(Values& context) {
  Part parts[most_parts];
  introsort<Branchless>(context.values.data(), context.bound, parts, Less());
  return 0;
}

template <class Less>
SAFECOST_KERNEL raw_networks(Values& context) {
  Part parts[most_parts];
  introsort<Networks<std::int32_t[32]>>(context.values.data(), context.bound, parts, Less());
  return 0;
}

int three_way(const void* left, const void* right) {
  const std::int32_t a = *static_cast<const std::int32_t*>(left),
                     b = *static_cast<const std::int32_t*>(right);
  return (a > b) - (a < b);  // not a - b, which overflows
}
int never_equal(const void* left, const void* right) {
  return *static_cast<const std::int32_t*>(left) <= *static_cast<const std::int32_t*>(right) ? -1
                                                                                             : 1;
}
int difference(const void* left, const void* right) {
  return *static_cast<const std::int32_t*>(left) - *static_cast<const std::int32_t*>(right);
}

template <int (*compare)(const void*, const void*)>
SAFECOST_KERNEL raw_qsort(Values& context) {
  // Of an empty vector the pointer may be null, which qsort does not take.
  if (context.bound > 1) qsort(context.values.data(), context.bound, sizeof(std::int32_t), compare);
  return 0;
}

// raw, but each access can be checked: it is under the library's assertions, not otherwise.
template <class Less>
SAFECOST_KERNEL span_introsort(Values& context) {
  std::array<Part, most_parts> parts;
  introsort<Jumping>(std::span(context.values), context.bound, parts, Less());
  return 0;
}

// The same for raw_branchless.
template <class Less>
SAFECOST_KERNEL span_branchless(Values& context) {
  std::array<Part, most_parts> parts;
  introsort<Branchless>(std::span(context.values), context.bound, parts, Less());
  return 0;
}

// raw_networks, on all that the container has: as many values as it says, and no walk ends by a value.
template <class Less>
SAFECOST_KERNEL span_networks(Values& context) {
  std::array<Part, most_parts> parts;
  const std::span<std::int32_t> values = context.values;
  introsort<Networks<std::array<std::int32_t, 32>>>(values, values.size(), parts, Less());
  return 0;
}

// One check for the whole sort: cut the span to the bound.
template <class Less>
SAFECOST_KERNEL span_sort(Values& context) {
  std::ranges::sort(std::span(context.values).first(context.bound), Less());
  return 0;
}

// Nothing to check: the container's own ends are the bound. Within, the library trusts the order.
template <class Less>
SAFECOST_KERNEL std_sort(Values& context) {
  std::sort(context.values.begin(), context.values.end(), Less());
  return 0;
}

template <class Less>
SAFECOST_KERNEL ranges_sort(Values& context) {
  std::ranges::sort(context.values, Less());
  return 0;
}

// Merges by count, from and to memory that it takes for it.
template <class Less>
SAFECOST_KERNEL stable_sort(Values& context) {
  std::stable_sort(context.values.begin(), context.values.end(), Less());
  return 0;
}

// Who says by what to order, and not how, has no order to get wrong.
SAFECOST_KERNEL ranges_sort_key(Values& context) {
  std::ranges::sort(context.values, {}, [](std::int32_t value) { return value; });
  return 0;
}

// What an idiom leaves that sorts what is there and stays inside.
std::uint64_t digest_of_sorted(const void* input) {
  const Input& given = *static_cast<const Input*>(input);
  std::vector<std::int32_t> values(given.values, given.values + given.count);
  std::ranges::sort(values);
  return Values::digest_of(values);
}

constexpr const char* no_order = "a key is given, and what compares keys is the library's";

// What the library's own sorts do: libstdc++'s is raw's introsort, libc++'s partitions without jumps.
#if defined(_LIBCPP_VERSION)
constexpr const char* library = "branchless";
#else
constexpr const char* library = nullptr;
#endif

auto the_case =
    safecost::Case<Input>(generate)
        .size(1'024, "L1")  // about 30 us; qsort takes a copy of 4 KiB beside it
        .size(32'768, "L2", safecost::Tier::full)  // 128 KiB, and the copy
        .fault({.name = "one_past_end",
                .cwe = 787,
                .description = "the bound is one more than there are values",
                .contract = "bound <= count",
                .reference = digest_of_sorted})
        .fault({.name = "far_past_end",
                .cwe = 787,
                .description = "the bound is 4,096 more than there are values",
                .contract = "bound <= count",
                .reference = digest_of_sorted})
        .fault(
            {.name = "inconsistent_order",
             .cwe = 125,
             .description = "the comparison says <= and calls equal values smaller than each other",
             .contract = "the comparison is a strict weak order",
             .kind = SAFECOST_FAULT_KERNEL,
             .size = 64,  // beyond what insertion sort does alone
             .reference = digest_of_sorted})
        .fault(
            {.name = "before_start",
             .cwe = 124,
             .description = "the comparison says <=, and the least value is moved before the first",
             .contract = "the comparison is a strict weak order",
             .kind = SAFECOST_FAULT_KERNEL,
             .reference = digest_of_sorted})
        .fault(
            {.name = "overflowing_comparison",
             .cwe = 190,
             .description = "values are compared by the sign of their difference, which overflows",
             .contract = "differences fit into the type",
             .kind = SAFECOST_FAULT_KERNEL,
             .oracles = SAFECOST_ORACLE_SANITIZER | SAFECOST_ORACLE_VALUE,
             .size = 64,
             .reference = digest_of_sorted})
        .raw<raw<Smaller>>("raw", "introsort over a pointer, comparison inlined")
        .fault_kernel<raw<NotLarger>>("inconsistent_order")
        .fault_kernel<raw<NotLarger>>("before_start")
        .fault_kernel<raw<Difference>>("overflowing_comparison")
        .raw<raw_branchless<Smaller>>("raw_branchless",
                                      "introsort over a pointer, partition without jumps")
        .algorithm("branchless")
        .fault_kernel<raw_branchless<NotLarger>>("inconsistent_order")
        .fault_kernel<raw_branchless<NotLarger>>("before_start")
        .fault_kernel<raw_branchless<Difference>>("overflowing_comparison")
        .raw<raw_networks<Smaller>>("raw_networks",
                                    "the same, parts of 32 by networks and a merge from both ends")
        .algorithm("ipnsort")
        .fault_kernel<raw_networks<NotLarger>>("inconsistent_order")
        .fault_kernel<raw_networks<NotLarger>>("before_start")
        .fault_kernel<raw_networks<Difference>>("overflowing_comparison")
        .raw<raw_qsort<three_way>>("raw_qsort", "the C library's qsort, which calls back")
        .algorithm("qsort")
        .practised()
        .fault_kernel<raw_qsort<never_equal>>("inconsistent_order")
        .fault_kernel<raw_qsort<never_equal>>("before_start")
        .fault_kernel<raw_qsort<difference>>("overflowing_comparison")
        .safe<span_introsort<Smaller>>("span_introsort", "raw's introsort over a span")
        .fault_kernel<span_introsort<NotLarger>>("inconsistent_order")
        .fault_kernel<span_introsort<NotLarger>>("before_start")
        .fault_kernel<span_introsort<Difference>>("overflowing_comparison")
        .claims("assertions", "one_past_end", "far_past_end", "inconsistent_order", "before_start")
        .safe<span_branchless<Smaller>>("span_branchless", "raw_branchless's introsort over a span")
        .algorithm("branchless")
        .fault_kernel<span_branchless<NotLarger>>("inconsistent_order")
        .fault_kernel<span_branchless<NotLarger>>("before_start")
        .fault_kernel<span_branchless<Difference>>("overflowing_comparison")
        .claims("assertions", "one_past_end", "far_past_end", "inconsistent_order", "before_start")
        .safe<span_networks<Smaller>>("span_networks",
                                      "raw_networks' sort over a span of all values")
        .algorithm("ipnsort")
        .fault_kernel<span_networks<NotLarger>>("inconsistent_order")
        .fault_kernel<span_networks<NotLarger>>("before_start")
        .fault_kernel<span_networks<Difference>>("overflowing_comparison")
        .claims("always", "one_past_end", "far_past_end", "inconsistent_order", "before_start")
        .safe<span_sort<Default>>("span_sort", "ranges::sort on a span cut to the bound")
        .algorithm(library)
        .fault_kernel<span_sort<NotLarger>>("inconsistent_order")
        .fault_kernel<span_sort<NotLarger>>("before_start")
        .fault_kernel<span_sort<Difference>>("overflowing_comparison")
        .claims("assertions", "one_past_end", "far_past_end")
        .claims("libc++", "inconsistent_order")
        .safe<std_sort<Default>>("std_sort", "std::sort from begin to end")
        .algorithm(library)
        .fault_kernel<std_sort<NotLarger>>("inconsistent_order")
        .fault_kernel<std_sort<NotLarger>>("before_start")
        .fault_kernel<std_sort<Difference>>("overflowing_comparison")
        .claims("always", "one_past_end", "far_past_end")
        .claims("libc++", "inconsistent_order")
        .safe<ranges_sort<Default>>("ranges_sort", "ranges::sort on the container")
        .algorithm(library)
        .fault_kernel<ranges_sort<NotLarger>>("inconsistent_order")
        .fault_kernel<ranges_sort<NotLarger>>("before_start")
        .fault_kernel<ranges_sort<Difference>>("overflowing_comparison")
        .claims("always", "one_past_end", "far_past_end")
        .claims("libc++", "inconsistent_order")
        .safe<ranges_sort_key>("ranges_sort_key", "ranges::sort by a key instead of an order")
        .algorithm(library)
        .inexpressible("inconsistent_order", no_order)
        .inexpressible("before_start", no_order)
        .inexpressible("overflowing_comparison", no_order)
        .claims("always", "one_past_end", "far_past_end")
        .safe<stable_sort<Default>>("stable_sort", "std::stable_sort from begin to end")
        .algorithm("merge_sort")
        .fault_kernel<stable_sort<NotLarger>>("inconsistent_order")
        .fault_kernel<stable_sort<NotLarger>>("before_start")
        .fault_kernel<stable_sort<Difference>>("overflowing_comparison")
        .claims("always", "one_past_end", "far_past_end", "inconsistent_order", "before_start");

}  // namespace iteration::sort

SAFECOST_EXPORT(iteration::sort::the_case)
