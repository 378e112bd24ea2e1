// What lists of linked_list.cc share: the size of a chunk, and the operations on links that are indices.
#ifndef SAFECOST_BENCH_OWNERSHIP_LINKED_LIST_OPERATIONS_H
#define SAFECOST_BENCH_OWNERSHIP_LINKED_LIST_OPERATIONS_H

#include <concepts>
#include <cstddef>
#include <cstdint>

#include "kernel/case.h"

namespace ownership::linked_list {

// Nodes of a pool's chunk, nearly a KiB; arrays begin with as many.
constexpr std::size_t chunk_nodes = 63;

// All nodes in arrays that grow; links are indices into them. Freed slots wait in a list of their own.
// A list says where a slot's value and link are, and how to get an unused one. All else is the work of the case, the same
// for raw and safe lists. It is inlined by force, since GCC otherwise calls raw_arena's push, which a kernel and its A/A copy
// share, and inlines that of a list that one kernel has.

constexpr std::size_t nowhere = SIZE_MAX;

// A link of 32 bits would leave padding behind it and cost Clang a `mov esi, esi` before each use.
struct Slot {
  std::uint64_t value;
  std::size_t next;  // the next node of the list, or the next free slot
};

struct IndexedList {
  std::size_t head = nowhere;
  std::size_t hand = nowhere;
  std::size_t free = nowhere;
};

template <class List>
concept Indexed = std::derived_from<List, IndexedList>;

SAFECOST_HELPER void empty_hand(IndexedList& list) { list.hand = nowhere; }

SAFECOST_HELPER std::size_t& link_at(Indexed auto& list, std::uint32_t position) {
  std::size_t* link = &list.head;
  while (position-- > 0) link = &next_of(list, *link);
  return *link;
}

SAFECOST_HELPER void push(Indexed auto& list, std::uint64_t value) {
  std::size_t slot = list.free;
  if (slot != nowhere)
    list.free = next_of(list, slot);
  else
    slot = unused_slot(list);
  value_of(list, slot) = value;
  next_of(list, slot) = list.head;
  list.head = slot;
}

SAFECOST_HELPER void take(Indexed auto& list, std::uint32_t position) {
  std::size_t& link = link_at(list, position);
  list.hand = link;
  link = next_of(list, list.hand);
}

SAFECOST_HELPER void put(Indexed auto& list, std::uint32_t position) {
  std::size_t& link = link_at(list, position);
  next_of(list, list.hand) = link;
  link = list.hand;
  empty_hand(list);
}

SAFECOST_HELPER void drop(Indexed auto& list) {
  next_of(list, list.hand) = list.free;
  list.free = list.hand;
  empty_hand(list);
}

SAFECOST_HELPER std::uint64_t read(Indexed auto& list) { return value_of(list, list.hand); }

SAFECOST_HELPER std::uint64_t sum(Indexed auto& list) {
  std::uint64_t total = 0;
  for (std::size_t slot = list.head; slot != nowhere; slot = next_of(list, slot))
    total += value_of(list, slot);
  return total;
}

}  // namespace ownership::linked_list

#endif
