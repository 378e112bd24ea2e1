// What does sorting cost when the sort knows where its data end?
//
// C has several answers. As practised: qsort, which calls back for each comparison. With the algorithm
// of a C++ library: an introsort stamped out for the type, comparison inlined (raw). Where values are random
// a comparison goes either way: that is where the time of raw goes, so the fastest code computes
// where others jump, when it partitions (raw_branchless) and also when parts are small (raw_networks,
// Rust's ipnsort written in C, but for its look at whether all is one run). Each of the three has a twin over a
// span, which shows what checks cost inside a sort.
//
// Data decide which is fastest. The rate is the share of values that those before do not foretell: at 1 each is drawn
// from all numbers; at 0.01 one of a hundred is, and the others go upwards; at 0 each is one of sixteen, in no order.
// Where jumps are guessed right, computing in their stead gains little, and merges find the order that is there.
//
// Most sorts trust the order: a walk goes on until it meets a value that is not smaller. An order that is
// none leads it out of the data, and to have the ends of a container does not help. What helps is a walk
// that ends by count: std::stable_sort's, and all of raw_networks'. Over a span of what is there
// (span_networks) that stops each bound and order that is wrong and costs nothing, with no check to execute. A
// comparison that throws loses a value in each of them, the library's included, and one that moves the values leads
// all of them astray; Rust's sorts keep the values, and let no comparison touch them. With the
// library's checks it costs a seventh on GCC: where partition and merge go next depends on the values, so
// each step looks again (`cmp r8,31; ja`, five times for two values merged). The networks' places do not,
// and their span's extent is fixed: there nothing is left to be looked at.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <iterator>
#include <limits>
#include <memory>
#include <new>
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
  const auto drawn = [&] { return static_cast<std::int32_t>(generator.random.next() >> 32); };
  const auto values = generator.array<std::int32_t>(generator.size());
  std::ranges::generate(values, drawn);
  if (generator.rate() == 0) {
    std::int32_t few[16];
    std::ranges::generate(few, drawn);
    for (std::int32_t& value : values) value = few[generator.random.below(std::size(few))];
  } else if (generator.rate() < 1) {
    std::ranges::sort(values);
    for (std::int32_t& value : values)
      if (generator.random.unit() < generator.rate()) value = drawn();
  }
  using Limits = std::numeric_limits<std::int32_t>;
  safecost::Random& random = generator.random;
  const std::size_t too_many = generator.commits("one_past_end")   ? 1
                               : generator.commits("far_past_end") ? random.between(2, 4'096)
                                                                   : 0;
  // Equal values, so that an order which calls them smaller than each other never meets an end.
  if (generator.commits("inconsistent_order")) std::ranges::fill(values, drawn());
  const auto put_in_two = [&](std::int32_t one, std::int32_t other) {
    if (values.size() < 2) return;
    const std::size_t place = random.below(values.size());
    const std::size_t distance = random.between(1, values.size() - 1);
    values[place] = one;
    values[(place + distance) % values.size()] = other;
  };
  // The least number there is, twice: one moves down to the front, where the other does not stop it.
  if (generator.commits("before_start")) put_in_two(Limits::min(), Limits::min());
  if (generator.commits("overflowing_comparison")) put_in_two(Limits::max(), Limits::min());
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

// An order that is right, and a type of its own: a sort that two kernels share is not inlined as one that has one
// caller is, so no fault kernel shares a sort that is timed.
template <class Less>
struct Same : Less {};

// Orders that are right, and do something at one of the comparisons: the number of those that come before it.
std::size_t comparisons_left;
template <void (*act)()>
struct Acting {
  bool operator()(std::int32_t left, std::int32_t right) const {
    if (comparisons_left-- == 0) act();
    return left < right;
  }
};

// For `comparator_throws`.
struct Failed {};
SAFECOST_OPAQUE void fail() { throw Failed(); }

// For `comparator_modifies`: the values move to other memory, as they do where one is added, and the old is freed.
Values* compared;
SAFECOST_OPAQUE void relocate() { compared->values = std::vector<std::int32_t>(compared->values); }

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

template <void (*act)()>
int acting(const void* left, const void* right) {
  if (comparisons_left-- == 0) act();
  return three_way(left, right);
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

// The same for faults.
template <class Key>
SAFECOST_KERNEL ranges_sort_by(Values& context) {
  std::ranges::sort(context.values, {}, Key());
  return 0;
}
template <void (*act)()>
struct ActingKey {
  std::int32_t operator()(std::int32_t value) const {
    if (comparisons_left-- == 0) act();
    return value;
  }
};

// A kernel that sorts by an order that throws: none of the values may be lost. 32 times, since not at every
// comparison a sort holds one in its hand, and eight were seen to meet none; the first loss ends it.
template <auto Sort>
SAFECOST_KERNEL failed(Values& context) {
  const std::vector<std::int32_t> given = context.values;
  comparisons_left = SIZE_MAX;
  Sort(context);
  const std::size_t all = SIZE_MAX - comparisons_left;
  const std::vector<std::int32_t> sorted = context.values;
  for (int i = 0; i < 32; ++i) {
    context.values = given;
    comparisons_left = safecost::drawn(std::max<std::size_t>(all, 1));
    try {
      Sort(context);
    } catch (const Failed&) {
      comparisons_left = SIZE_MAX;
      Sort(context);
    }
    if (context.values != sorted) break;
  }
  return 0;
}

// The same by an order that gives the values other memory.
template <auto Sort>
SAFECOST_KERNEL relocated(Values& context) {
  compared = &context;
  comparisons_left = safecost::drawn(std::max<std::size_t>(context.values.size(), 2) - 1);
  return Sort(context);
}

// For `destroyed_before`: an idiom's own kernel on values whose memory was freed. The destructor is opaque, lest a
// compiler see the end of what is still sorted.
SAFECOST_OPAQUE void destroy(Values* values) { std::destroy_at(values); }

template <auto Sort>
SAFECOST_KERNEL destroyed(Values& context) {
  alignas(Values) std::byte place[sizeof(Values)];
  Values* const values = new (place) Values(context);
  destroy(values);
  return Sort(*values);
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
        // About 30 us; qsort takes a copy of 4 KiB beside it.
        .size_and_rate(1'024, 1, "L1, random")
        .size_and_rate(1'024, 0.01, "L1, nearly sorted")
        .size_and_rate(1'024, 0, "L1, few distinct")
        // 128 KiB, and the copy.
        .size_and_rate(32'768, 1, "L2, random", safecost::Tier::full)
        .fault({.name = "one_past_end",
                .cwe = 787,
                .description = "the bound is one more than there are values",
                .contract = "bound <= count",
                .reference = digest_of_sorted})
        .fault({.name = "far_past_end",
                .cwe = 787,
                .description = "the bound is 2 to 4,096 more than there are values",
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
        .fault({.name = "before_start",
                .cwe = 124,
                .description = "the comparison says <=, and the least value, which is there twice, "
                               "moves before the first",
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
        .fault({.name = "destroyed_before",
                .cwe = 416,
                .description = "the values are destroyed, then sorted",
                .contract = "what is sorted lives until the sort ends",
                .kind = SAFECOST_FAULT_KERNEL,
                .reference = digest_of_sorted})
        .fault({.name = "comparator_throws",
                .cwe = 460,
                .description = "the comparison throws, and one of the values is lost",
                .contract = "after a sort that failed the values are those of before, in any order",
                .kind = SAFECOST_FAULT_KERNEL,
                .oracles = SAFECOST_ORACLE_VALUE,
                .size = 64,
                .reference = digest_of_sorted})
        .fault(
            {.name = "comparator_modifies",
             .cwe = 416,
             .description = "the comparison moves the values to other memory, as a push_back does",
             .contract = "the comparison changes nothing",
             .kind = SAFECOST_FAULT_KERNEL,
             .reference = digest_of_sorted})
        .raw<raw<Smaller>>("raw", "introsort over a pointer, comparison inlined")
        .ordinary()
        .fault_kernel<raw<NotLarger>>("inconsistent_order")
        .fault_kernel<raw<NotLarger>>("before_start")
        .fault_kernel<raw<Difference>>("overflowing_comparison")
        .fault_kernel<destroyed<raw<Same<Smaller>>>>("destroyed_before")
        .fault_kernel<failed<raw<Acting<fail>>>>("comparator_throws")
        .fault_kernel<relocated<raw<Acting<relocate>>>>("comparator_modifies")
        .raw<raw_branchless<Smaller>>("raw_branchless",
                                      "introsort over a pointer, partition without jumps")
        .bespoke()
        .algorithm("branchless")
        .fault_kernel<raw_branchless<NotLarger>>("inconsistent_order")
        .fault_kernel<raw_branchless<NotLarger>>("before_start")
        .fault_kernel<raw_branchless<Difference>>("overflowing_comparison")
        .fault_kernel<destroyed<raw_branchless<Same<Smaller>>>>("destroyed_before")
        .fault_kernel<failed<raw_branchless<Acting<fail>>>>("comparator_throws")
        .fault_kernel<relocated<raw_branchless<Acting<relocate>>>>("comparator_modifies")
        .raw<raw_networks<Smaller>>("raw_networks",
                                    "the same, parts of 32 by networks and a merge from both ends")
        .bespoke()
        .algorithm("ipnsort")
        .fault_kernel<raw_networks<NotLarger>>("inconsistent_order")
        .fault_kernel<raw_networks<NotLarger>>("before_start")
        .fault_kernel<raw_networks<Difference>>("overflowing_comparison")
        .fault_kernel<destroyed<raw_networks<Same<Smaller>>>>("destroyed_before")
        .fault_kernel<failed<raw_networks<Acting<fail>>>>("comparator_throws")
        .fault_kernel<relocated<raw_networks<Acting<relocate>>>>("comparator_modifies")
        .raw<raw_qsort<three_way>>("raw_qsort", "the C library's qsort, which calls back")
        .library()
        .algorithm("qsort")
        .practised()
        .fault_kernel<raw_qsort<never_equal>>("inconsistent_order")
        .fault_kernel<raw_qsort<never_equal>>("before_start")
        .fault_kernel<raw_qsort<difference>>("overflowing_comparison")
        .fault_kernel<destroyed<raw_qsort<three_way>>>("destroyed_before")
        .fault_kernel<failed<raw_qsort<acting<fail>>>>("comparator_throws")
        .fault_kernel<relocated<raw_qsort<acting<relocate>>>>("comparator_modifies")
        .safe<span_introsort<Smaller>>("span_introsort", "raw's introsort over a span")
        .bespoke()
        .fault_kernel<span_introsort<NotLarger>>("inconsistent_order")
        .fault_kernel<span_introsort<NotLarger>>("before_start")
        .fault_kernel<span_introsort<Difference>>("overflowing_comparison")
        .fault_kernel<destroyed<span_introsort<Same<Smaller>>>>("destroyed_before")
        .fault_kernel<failed<span_introsort<Acting<fail>>>>("comparator_throws")
        .fault_kernel<relocated<span_introsort<Acting<relocate>>>>("comparator_modifies")
        .claims("assertions", "one_past_end", "far_past_end", "inconsistent_order", "before_start")
        .safe<span_branchless<Smaller>>("span_branchless", "raw_branchless's introsort over a span")
        .bespoke()
        .algorithm("branchless")
        .fault_kernel<span_branchless<NotLarger>>("inconsistent_order")
        .fault_kernel<span_branchless<NotLarger>>("before_start")
        .fault_kernel<span_branchless<Difference>>("overflowing_comparison")
        .fault_kernel<destroyed<span_branchless<Same<Smaller>>>>("destroyed_before")
        .fault_kernel<failed<span_branchless<Acting<fail>>>>("comparator_throws")
        .fault_kernel<relocated<span_branchless<Acting<relocate>>>>("comparator_modifies")
        .claims("assertions", "one_past_end", "far_past_end", "inconsistent_order", "before_start")
        .safe<span_networks<Smaller>>("span_networks",
                                      "raw_networks' sort over a span of all values")
        .bespoke()
        .algorithm("ipnsort")
        .fault_kernel<span_networks<NotLarger>>("inconsistent_order")
        .fault_kernel<span_networks<NotLarger>>("before_start")
        .fault_kernel<span_networks<Difference>>("overflowing_comparison")
        .fault_kernel<destroyed<span_networks<Same<Smaller>>>>("destroyed_before")
        .fault_kernel<failed<span_networks<Acting<fail>>>>("comparator_throws")
        .fault_kernel<relocated<span_networks<Acting<relocate>>>>("comparator_modifies")
        .claims("always", "one_past_end", "far_past_end", "inconsistent_order", "before_start")
        .safe<span_sort<Default>>("span_sort", "ranges::sort on a span cut to the bound")
        .library()
        .algorithm(library)
        .fault_kernel<span_sort<NotLarger>>("inconsistent_order")
        .fault_kernel<span_sort<NotLarger>>("before_start")
        .fault_kernel<span_sort<Difference>>("overflowing_comparison")
        .fault_kernel<destroyed<span_sort<Same<Default>>>>("destroyed_before")
        .fault_kernel<failed<span_sort<Acting<fail>>>>("comparator_throws")
        .fault_kernel<relocated<span_sort<Acting<relocate>>>>("comparator_modifies")
        .claims("assertions", "one_past_end", "far_past_end")
        .claims("libc++", "inconsistent_order")
        .safe<std_sort<Default>>("std_sort", "std::sort from begin to end")
        .library()
        .algorithm(library)
        .fault_kernel<std_sort<NotLarger>>("inconsistent_order")
        .fault_kernel<std_sort<NotLarger>>("before_start")
        .fault_kernel<std_sort<Difference>>("overflowing_comparison")
        .fault_kernel<destroyed<std_sort<Same<Default>>>>("destroyed_before")
        .fault_kernel<failed<std_sort<Acting<fail>>>>("comparator_throws")
        .fault_kernel<relocated<std_sort<Acting<relocate>>>>("comparator_modifies")
        .claims("always", "one_past_end", "far_past_end")
        .claims("libc++", "inconsistent_order")
        .safe<ranges_sort<Default>>("ranges_sort", "ranges::sort on the container")
        .library()
        .algorithm(library)
        .fault_kernel<ranges_sort<NotLarger>>("inconsistent_order")
        .fault_kernel<ranges_sort<NotLarger>>("before_start")
        .fault_kernel<ranges_sort<Difference>>("overflowing_comparison")
        .fault_kernel<destroyed<ranges_sort<Same<Default>>>>("destroyed_before")
        .fault_kernel<failed<ranges_sort<Acting<fail>>>>("comparator_throws")
        .fault_kernel<relocated<ranges_sort<Acting<relocate>>>>("comparator_modifies")
        .claims("always", "one_past_end", "far_past_end")
        .claims("libc++", "inconsistent_order")
        .safe<ranges_sort_key>("ranges_sort_key", "ranges::sort by a key instead of an order")
        .library()
        .algorithm(library)
        .inexpressible("inconsistent_order", no_order)
        .inexpressible("before_start", no_order)
        .inexpressible("overflowing_comparison", no_order)
        .fault_kernel<destroyed<ranges_sort_by<std::identity>>>("destroyed_before")
        .fault_kernel<failed<ranges_sort_by<ActingKey<fail>>>>("comparator_throws")
        .fault_kernel<relocated<ranges_sort_by<ActingKey<relocate>>>>("comparator_modifies")
        .claims("always", "one_past_end", "far_past_end")
        .safe<stable_sort<Default>>("stable_sort", "std::stable_sort from begin to end")
        .library()
        .algorithm("merge_sort")
        .fault_kernel<stable_sort<NotLarger>>("inconsistent_order")
        .fault_kernel<stable_sort<NotLarger>>("before_start")
        .fault_kernel<stable_sort<Difference>>("overflowing_comparison")
        .fault_kernel<destroyed<stable_sort<Same<Default>>>>("destroyed_before")
        .fault_kernel<failed<stable_sort<Acting<fail>>>>("comparator_throws")
        .fault_kernel<relocated<stable_sort<Acting<relocate>>>>("comparator_modifies")
        .claims("always", "one_past_end", "far_past_end", "inconsistent_order", "before_start");

}  // namespace iteration::sort

SAFECOST_EXPORT(iteration::sort::the_case)
