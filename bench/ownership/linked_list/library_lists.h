// The lists of linked_list.cc that the library has.
#ifndef SAFECOST_BENCH_OWNERSHIP_LINKED_LIST_LIBRARY_LISTS_H
#define SAFECOST_BENCH_OWNERSHIP_LINKED_LIST_LIBRARY_LISTS_H

#include <cstdint>
#include <forward_list>
#include <iterator>
#include <list>
#include <memory>
#include <numeric>

#include "kernel/case.h"

namespace ownership::linked_list {

// The library's lists. The hand is a list too: splicing moves a node from one to the other.

template <class Nodes>
struct LibraryList {
  Nodes nodes;
  Nodes hand;
};

template <class Allocator>
using SingleListIn = LibraryList<std::forward_list<std::uint64_t, Allocator>>;
using SingleList = SingleListIn<std::allocator<std::uint64_t>>;
using DoubleList = LibraryList<std::list<std::uint64_t>>;

template <class Allocator>
SAFECOST_HELPER void take(SingleListIn<Allocator>& list, std::uint32_t position) {
  const auto before = std::next(list.nodes.before_begin(), position);
  list.hand.splice_after(list.hand.before_begin(), list.nodes, before);
}

SAFECOST_HELPER void take(DoubleList& list, std::uint32_t position) {
  const auto node = std::next(list.nodes.begin(), position);
  list.hand.splice(list.hand.begin(), list.nodes, node);
}

template <class Allocator>
SAFECOST_HELPER void put(SingleListIn<Allocator>& list, std::uint32_t position) {
  list.nodes.splice_after(std::next(list.nodes.before_begin(), position), list.hand);
}

SAFECOST_HELPER void put(DoubleList& list, std::uint32_t position) {
  list.nodes.splice(std::next(list.nodes.begin(), position), list.hand);
}

template <class Nodes>
SAFECOST_HELPER void push(LibraryList<Nodes>& list, std::uint64_t value) {
  list.nodes.push_front(value);
}

template <class Nodes>
SAFECOST_HELPER void drop(LibraryList<Nodes>& list) {
  list.hand.clear();
}

template <class Nodes>
SAFECOST_HELPER std::uint64_t read(const LibraryList<Nodes>& list) {
  return list.hand.front();
}

template <class Nodes>
SAFECOST_HELPER std::uint64_t sum(const LibraryList<Nodes>& list) {
  return std::accumulate(list.nodes.begin(), list.nodes.end(), std::uint64_t{0});
}

}  // namespace ownership::linked_list

#endif
