// What does sorting cost when the sort knows where its data end?
//
// C has two answers. As practised: qsort, which calls back for each comparison. With the algorithm
// of a C++ library: an introsort stamped out for the type, comparison inlined. The second is the
// baseline, so that the price of a callback does not pay for checks; its source over a span then
// shows what checks cost inside a sort. The values are random and a comparison goes either way:
// that is where the time goes, unless a sort computes where others jump.
#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include "kernel/case.h"

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

// Below, `Array` is a bare pointer in raw code and a span in safe code, and `Stack` an array that
// does not or does know its size; nothing else differs. A C programmer makes these functions with
// macros that take the type and the comparison, as klib's ksort.h does.

constexpr std::size_t few = 16;  // parts this small are left to one insertion sort at the end
// A part waits for each partition that its depth allows: two for each bit of a size.
constexpr std::size_t most_parts = 2 * 64;

struct Part {
  std::size_t first, last;
  int depth;  // further partitions allowed before heap sort takes over
};

template <class Array, class Less>
SAFECOST_HELPER void median_to_front(Array values, std::size_t first, std::size_t last, Less less) {
  std::size_t a = first + 1, b = first + (last - first) / 2, c = last - 1;
  if (less(values[b], values[a])) std::swap(a, b);
  if (less(values[c], values[b])) b = less(values[c], values[a]) ? a : c;
  std::swap(values[first], values[b]);
}

// Hoare's: two fingers walk towards each other. Neither looks for the end of the data: the median
// of three guarantees each an element to stop at, if the order is one.
struct Jumping {
  template <class Array, class Less>
  SAFECOST_HELPER std::size_t partition(Array values, std::size_t first, std::size_t last,
                                        Less less) {
    const std::int32_t pivot = values[first];
    for (;;) {
      do ++first;
      while (less(values[first], pivot));
      do --last;
      while (less(pivot, values[last]));
      if (first >= last) return first;
      std::swap(values[first], values[last]);
    }
  }
};

// Lomuto's: each element is swapped to the border of the smaller ones, which then moves or stays.
// More stores, but nothing for the branch predictor to get wrong.
struct Branchless {
  template <class Array, class Less>
  SAFECOST_HELPER std::size_t partition(Array values, std::size_t first, std::size_t last,
                                        Less less) {
    const std::int32_t pivot = values[first];
    std::size_t border = first + 1;
    for (std::size_t i = border; i < last; ++i) {
      const std::int32_t value = values[i];
      values[i] = values[border];
      values[border] = value;
      border += less(value, pivot);
    }
    std::swap(values[first], values[border - 1]);
    return border;
  }
};

template <class Array, class Less>
SAFECOST_HELPER void sift_down(Array heap, std::size_t first, std::size_t count, std::size_t hole,
                               Less less) {
  const std::int32_t value = heap[first + hole];
  for (std::size_t child; (child = 2 * hole + 1) < count; hole = child) {
    if (child + 1 < count && less(heap[first + child], heap[first + child + 1])) ++child;
    if (!less(value, heap[first + child])) break;
    heap[first + hole] = heap[first + child];
  }
  heap[first + hole] = value;
}

// Keeps the worst case at n log n; random values never come here.
template <class Array, class Less>
SAFECOST_HELPER void heap_sort(Array values, std::size_t first, std::size_t last, Less less) {
  std::size_t count = last - first;
  for (std::size_t i = count / 2; i-- > 0;) sift_down(values, first, count, i, less);
  while (count-- > 1) {
    std::swap(values[first], values[first + count]);
    sift_down(values, first, count, 0, less);
  }
}

// The least of all is among the first few. In front, it stops the others, which then need not look
// for the start of the data.
template <class Array, class Less>
SAFECOST_HELPER void insertion_sort(Array values, std::size_t count, Less less) {
  std::size_t least = 0;
  for (std::size_t i = 1; i < std::min(count, few); ++i)
    least = less(values[i], values[least]) ? i : least;
  std::swap(values[0], values[least]);
  for (std::size_t i = 1; i < count; ++i) {
    const std::int32_t value = values[i];
    std::size_t hole = i;
    for (; less(value, values[hole - 1]); --hole) values[hole] = values[hole - 1];
    values[hole] = value;
  }
}

// `parts` are those that wait.
template <class Method, class Array, class Stack, class Less>
SAFECOST_HELPER void introsort(Array values, std::size_t count, Stack& parts, Less less) {
  if (count < 2) return;
  std::size_t first = 0, last = count, waiting = 0;
  int depth = 2 * static_cast<int>(std::bit_width(count));
  for (;;) {
    while (last - first > few) {
      if (depth-- == 0) {
        heap_sort(values, first, last, less);
        break;
      }
      median_to_front(values, first, last, less);
      const std::size_t cut = Method::partition(values, first, last, less);
      parts[waiting++] = {cut, last, depth};
      last = cut;
    }
    if (waiting == 0) break;
    const Part& part = parts[--waiting];
    first = part.first;
    last = part.last;
    depth = part.depth;
  }
  insertion_sort(values, count, less);
}

// Every idiom comes with three orders: the one that is timed, and the wrong ones of faults, <= for <
// and the sign of a difference, which a difference that overflows turns round.
// The first is the default of ranges::sort, and leads std::sort where its own default does: libc++
// has that sort of integers compiled in its archive, and does not know std::less<> for the same.
using Smaller = std::ranges::less;
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

// What an idiom leaves that sorts what is there and stays inside.
std::uint64_t digest_of_sorted(const void* input) {
  const Input& given = *static_cast<const Input*>(input);
  std::vector<std::int32_t> values(given.values, given.values + given.count);
  std::ranges::sort(values);
  return Values::digest_of(values);
}

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
        .safe<span_sort<Smaller>>("span_sort", "ranges::sort on a span cut to the bound")
        .algorithm(library)
        .fault_kernel<span_sort<NotLarger>>("inconsistent_order")
        .fault_kernel<span_sort<NotLarger>>("before_start")
        .fault_kernel<span_sort<Difference>>("overflowing_comparison")
        .claims("assertions", "one_past_end", "far_past_end")
        .claims("libc++", "inconsistent_order")
        .safe<std_sort<Smaller>>("std_sort", "std::sort from begin to end")
        .algorithm(library)
        .fault_kernel<std_sort<NotLarger>>("inconsistent_order")
        .fault_kernel<std_sort<NotLarger>>("before_start")
        .fault_kernel<std_sort<Difference>>("overflowing_comparison")
        .claims("always", "one_past_end", "far_past_end")
        .claims("libc++", "inconsistent_order")
        .safe<ranges_sort<Smaller>>("ranges_sort", "ranges::sort on the container")
        .algorithm(library)
        .fault_kernel<ranges_sort<NotLarger>>("inconsistent_order")
        .fault_kernel<ranges_sort<NotLarger>>("before_start")
        .fault_kernel<ranges_sort<Difference>>("overflowing_comparison")
        .claims("always", "one_past_end", "far_past_end")
        .claims("libc++", "inconsistent_order");

}  // namespace iteration::sort

SAFECOST_EXPORT(iteration::sort::the_case)
