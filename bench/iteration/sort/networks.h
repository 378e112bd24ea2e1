// Small parts without jumps: as in Rust's ipnsort, two halves are put in order by networks of
// compare-exchanges, whatever the values are, and merged from both ends at once.
//
// No walk here ends by a value. Networks touch fixed places, each end of a merge takes as many steps as
// half of the part has values, and an insertion stops at the front: no order can lead them out.
#ifndef SAFECOST_BENCH_ITERATION_SORT_NETWORKS_H
#define SAFECOST_BENCH_ITERATION_SORT_NETWORKS_H

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "introsort.h"
#include "kernel/case.h"

namespace iteration::sort {

struct Exchange {
  std::uint8_t upper, lower;
};

// The shortest that are known (Dobbelaere's list), in the order that ipnsort has them.
constexpr Exchange network_of_9[] = {{0, 3}, {1, 7}, {2, 5}, {4, 8}, {0, 7}, {2, 4}, {3, 8},
                                     {5, 6}, {0, 2}, {1, 3}, {4, 5}, {7, 8}, {1, 4}, {3, 6},
                                     {5, 7}, {0, 1}, {2, 4}, {3, 5}, {6, 8}, {2, 3}, {4, 5},
                                     {6, 7}, {1, 2}, {3, 4}, {5, 6}};
constexpr Exchange network_of_13[] = {
    {0, 12}, {1, 10}, {2, 9},   {3, 7},   {5, 11}, {6, 8}, {1, 6},  {2, 3},   {4, 11},
    {7, 9},  {8, 10}, {0, 4},   {1, 2},   {3, 6},  {7, 8}, {9, 10}, {11, 12}, {4, 6},
    {5, 9},  {8, 11}, {10, 12}, {0, 5},   {3, 8},  {4, 7}, {6, 11}, {9, 10},  {0, 1},
    {2, 5},  {6, 9},  {7, 8},   {10, 11}, {1, 3},  {2, 4}, {5, 6},  {9, 10},  {1, 2},
    {3, 4},  {5, 7},  {6, 8},   {2, 3},   {4, 5},  {6, 7}, {8, 9},  {3, 4},   {5, 6}};

template <class Less>
static inline void exchange(std::int32_t& upper, std::int32_t& lower, Less less) {
  const std::int32_t first = upper, second = lower;
  const bool swapped = less(second, first);
  upper = swapped ? second : first;
  lower = swapped ? first : second;
}

// Reads `count` values, puts them in order where they need no memory, and writes them.
template <std::size_t count, const auto& network, class From, class To, class Less>
static inline void run(From from, To to, Less less) {
  std::int32_t values[count];
  [&]<std::size_t... place>(std::index_sequence<place...>) {
    ((values[place] = from[place]), ...);
  }(std::make_index_sequence<count>());
  [&]<std::size_t... step>(std::index_sequence<step...>) {
    (exchange(values[network[step].upper], values[network[step].lower], less), ...);
  }(std::make_index_sequence<std::size(network)>());
  [&]<std::size_t... place>(std::index_sequence<place...>) {
    ((to[place] = values[place]), ...);
  }(std::make_index_sequence<count>());
}

// A part of some values: raw code moves its pointer, safe code cuts its span.
static inline std::int32_t* part_of(std::int32_t* values, std::size_t first, std::size_t) {
  return values + first;
}
static inline std::span<std::int32_t> part_of(std::span<std::int32_t> values, std::size_t first,
                                              std::size_t count) {
  return values.subspan(first, count);
}

// So many that it is known at compile time, which leaves no index of a network to be checked.
template <std::size_t count>
static inline std::int32_t* front(std::int32_t* values) {
  return values;
}
template <std::size_t count>
static inline std::span<std::int32_t, count> front(std::span<std::int32_t> values) {
  return values.template first<count>();
}

// In order from one place to another, which may be the same.
template <class Array, class Less>
static inline void sort_half(Array from, Array to, std::size_t count, Less less) {
  std::size_t sorted = 1;
  if (count >= 13) {
    run<13, network_of_13>(front<13>(from), front<13>(to), less);
    sorted = 13;
  } else if (count >= 9) {
    run<9, network_of_9>(front<9>(from), front<9>(to), less);
    sorted = 9;
  } else {
    to[0] = from[0];
  }
  for (std::size_t i = sorted; i < count; ++i) {
    const std::int32_t value = from[i];
    std::size_t hole = i;
    for (; hole > 0 && less(value, to[hole - 1]); --hole) to[hole] = to[hole - 1];
    to[hole] = value;
  }
}

// Each end takes half of the values; of an odd number one is left over, in either half.
template <class Array, class Less>
static inline void merge_from_both_ends(Array halves, Array merged, std::size_t count, Less less) {
  const std::size_t half = count / 2;
  std::size_t left = 0, right = half, left_end = half, right_end = count;
  for (std::size_t i = 0; i < half; ++i) {
    const std::int32_t l = halves[left], r = halves[right];
    const bool take_right = less(r, l);
    merged[i] = take_right ? r : l;
    right += take_right;
    left += !take_right;

    const std::int32_t l_last = halves[left_end - 1], r_last = halves[right_end - 1];
    const bool take_left = less(r_last, l_last);
    merged[count - 1 - i] = take_left ? l_last : r_last;
    left_end -= take_left;
    right_end -= !take_left;
  }
  if (count % 2 != 0) merged[half] = halves[left < left_end ? left : right];
}

// The middle one of three places, by their values.
template <class Array, class Less>
static inline std::size_t middle(Array values, std::size_t a, std::size_t b, std::size_t c,
                                 Less less) {
  const bool ab = less(values[a], values[b]), ac = less(values[a], values[c]),
             bc = less(values[b], values[c]);
  const std::size_t other = ab == bc ? b : c;
  return ab == ac ? other : a;
}

// `Scratch` is an array of `few` numbers that does not or does know its size.
template <class Scratch>
struct Networks {
  static constexpr std::size_t few = 32;

  // Of a part that is worth it, Tukey's ninther: the middle one of three middle ones. Parts become more
  // equal, and fewer.
  template <class Array, class Less>
  static inline void pivot_to_front(Array values, std::size_t first, std::size_t last, Less less) {
    const std::size_t count = last - first, eighth = count / 8, part = eighth / 8;
    std::size_t places[] = {first, first + 4 * eighth, first + 7 * eighth};
    if (count >= 64) {
      for (std::size_t& place : places)
        place = middle(values, place, place + 4 * part, place + 7 * part, less);
    }
    std::swap(values[first], values[middle(values, places[0], places[1], places[2], less)]);
  }

  template <class Array, class Less>
  static inline std::size_t partition(Array values, std::size_t& first, std::size_t last,
                                      Less less) {
    return partition_branchless(values, first, last, less);
  }

  template <class Array, class Less>
  static inline void sort_few(Array values, std::size_t first, std::size_t last, Less less) {
    const std::size_t count = last - first;
    if (count < 2) return;
    const Array part = part_of(values, first, count);
    Scratch scratch;
    const Array halves(scratch);
    const bool merges = count >= 18;  // below, it takes longer than insertions do
    const Array to = merges ? halves : part;
    for (std::size_t begin = 0, end = merges ? count / 2 : count;;) {
      sort_half(part_of(part, begin, end - begin), part_of(to, begin, end - begin), end - begin,
                less);
      if (end == count) break;
      begin = std::exchange(end, count);
    }
    if (merges) merge_from_both_ends(halves, part, count, less);
  }

  template <class Array, class Less>
  static inline void sort_rest(Array, std::size_t, Less) {}
};

}  // namespace iteration::sort

#endif  // SAFECOST_BENCH_ITERATION_SORT_NETWORKS_H
