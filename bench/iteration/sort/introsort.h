// The sorts of sort.cc that are written out. `Array` is a bare pointer in raw code and a span in safe
// code, and `Stack` an array that does not or does know its size; nothing else differs. A C programmer
// makes these functions with macros that take the type and the comparison, as klib's ksort.h does.
#ifndef SAFECOST_BENCH_ITERATION_SORT_INTROSORT_H
#define SAFECOST_BENCH_ITERATION_SORT_INTROSORT_H

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "kernel/case.h"

namespace iteration::sort {

// A part waits for each partition that its depth allows: two for each bit of a size.
constexpr std::size_t most_parts = 2 * 64;

struct Part {
  std::size_t first, last;
  int depth;  // further partitions allowed before heap sort takes over
};

template <class Array, class Less>
static inline void sift_down(Array heap, std::size_t first, std::size_t count, std::size_t hole,
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
static inline void heap_sort(Array values, std::size_t first, std::size_t last, Less less) {
  std::size_t count = last - first;
  for (std::size_t i = count / 2; i-- > 0;) sift_down(values, first, count, i, less);
  while (count-- > 1) {
    std::swap(values[first], values[first + count]);
    sift_down(values, first, count, 0, less);
  }
}

// `Method` says by which value to partition and how, how small a part it sorts otherwise, and how: each
// such part at once, or all together at the end. Its partition says where the right part begins, and may move `first`
// beyond what is in its place. `parts` are those that wait.
template <class Method, class Array, class Stack, class Less>
static inline void introsort(Array values, std::size_t count, Stack& parts, Less less) {
  if (count < 2) return;
  std::size_t first = 0, last = count, waiting = 0;
  int depth = 2 * static_cast<int>(std::bit_width(count));
  for (;;) {
    while (last - first > Method::few) {
      if (depth-- == 0) {
        heap_sort(values, first, last, less);
        first = last;
        break;
      }
      Method::pivot_to_front(values, first, last, less);
      const std::size_t cut = Method::partition(values, first, last, less);
      parts[waiting++] = {cut, last, depth};
      last = cut;
    }
    Method::sort_few(values, first, last, less);
    if (waiting == 0) break;
    const Part& part = parts[--waiting];
    first = part.first;
    last = part.last;
    depth = part.depth;
  }
  Method::sort_rest(values, count, less);
}

// What libraries of C++ do: the median of three is the pivot, and one insertion sort at the end.
struct MedianAndInsertion {
  static constexpr std::size_t few = 16;

  template <class Array, class Less>
  static inline void pivot_to_front(Array values, std::size_t first, std::size_t last, Less less) {
    std::size_t a = first + 1, b = first + (last - first) / 2, c = last - 1;
    if (less(values[b], values[a])) std::swap(a, b);
    if (less(values[c], values[b])) b = less(values[c], values[a]) ? a : c;
    std::swap(values[first], values[b]);
  }

  template <class Array, class Less>
  static inline void sort_few(Array, std::size_t, std::size_t, Less) {}

  // The least of all is among the first few. In front, it stops the others, which then need not look
  // for the start of the data.
  template <class Array, class Less>
  static inline void sort_rest(Array values, std::size_t count, Less less) {
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
};

// Hoare's: two fingers walk towards each other. Neither looks for the end of the data: the median
// of three guarantees each an element to stop at, if the order is one.
struct Jumping : MedianAndInsertion {
  template <class Array, class Less>
  static inline std::size_t partition(Array values, std::size_t first, std::size_t last,
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

// Lomuto's: each element is swapped to behind the last of those that go left, whose number then grows or
// stays. More stores, but nothing for the branch predictor to get wrong.
template <class Array, class GoesLeft>
static inline std::size_t partition_by(Array values, std::size_t first, std::size_t last,
                                       GoesLeft goes_left) {
  std::size_t last_left = first;
  for (std::size_t i = first + 1; i < last; ++i) {
    const std::int32_t value = values[i];
    values[i] = values[last_left + 1];
    values[last_left + 1] = value;
    last_left += goes_left(value);
  }
  std::swap(values[first], values[last_left]);
  return last_left + 1;
}

// What lies in front of a part is no larger than what is in it. If it is no smaller than the pivot either, nothing here
// is, and what equals the pivot is where it belongs: of few distinct values each is partitioned by once.
template <class Array, class Less>
static inline std::size_t partition_branchless(Array values, std::size_t& first, std::size_t last,
                                               Less less) {
  const std::int32_t pivot = values[first];
  if (first > 0 && !less(values[first - 1], pivot))
    return first = partition_by(values, first, last,
                                [=](std::int32_t value) { return !less(pivot, value); });
  return partition_by(values, first, last, [=](std::int32_t value) { return less(value, pivot); });
}

struct Branchless : MedianAndInsertion {
  template <class Array, class Less>
  static inline std::size_t partition(Array values, std::size_t& first, std::size_t last,
                                      Less less) {
    return partition_branchless(values, first, last, less);
  }
};

}  // namespace iteration::sort

#endif  // SAFECOST_BENCH_ITERATION_SORT_INTROSORT_H
