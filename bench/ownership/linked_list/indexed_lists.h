// The lists of linked_list.cc whose nodes lie in vectors, linked by index.
#ifndef SAFECOST_BENCH_OWNERSHIP_LINKED_LIST_INDEXED_LISTS_H
#define SAFECOST_BENCH_OWNERSHIP_LINKED_LIST_INDEXED_LISTS_H

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "kernel/case.h"
#include "operations.h"

namespace ownership::linked_list {

// Without a check of the index, save the library's assertions, and through vector::at.

struct ArenaList : IndexedList {
  ArenaList() { slots.reserve(chunk_nodes); }

  std::vector<Slot> slots;
};

struct CheckedArenaList : ArenaList {};

SAFECOST_HELPER Slot& at(ArenaList& list, std::size_t slot) { return list.slots[slot]; }
SAFECOST_HELPER Slot& at(CheckedArenaList& list, std::size_t slot) { return list.slots.at(slot); }

template <class List>
concept Arena = std::derived_from<List, ArenaList>;

SAFECOST_HELPER std::uint64_t& value_of(Arena auto& list, std::size_t slot) {
  return at(list, slot).value;
}
SAFECOST_HELPER std::size_t& next_of(Arena auto& list, std::size_t slot) {
  return at(list, slot).next;
}
SAFECOST_HELPER std::size_t unused_slot(ArenaList& list) {
  list.slots.emplace_back();
  return list.slots.size() - 1;
}

// A vector for the links and one for the values.
struct CheckedArrays : IndexedList {
  CheckedArrays() {
    nexts.reserve(chunk_nodes);
    values.reserve(chunk_nodes);
  }

  std::vector<std::size_t> nexts;
  std::vector<std::uint64_t> values;
};

SAFECOST_HELPER std::uint64_t& value_of(CheckedArrays& list, std::size_t slot) {
  return list.values.at(slot);
}
SAFECOST_HELPER std::size_t& next_of(CheckedArrays& list, std::size_t slot) {
  return list.nexts.at(slot);
}
SAFECOST_HELPER std::size_t unused_slot(CheckedArrays& list) {
  list.nexts.push_back(nowhere);
  list.values.push_back(0);
  return list.values.size() - 1;
}

}  // namespace ownership::linked_list

#endif
