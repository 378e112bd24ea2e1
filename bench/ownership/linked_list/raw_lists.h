// The raw lists of linked_list.cc: what C has, from malloc, from a pool and in arrays.
#ifndef SAFECOST_BENCH_OWNERSHIP_LINKED_LIST_RAW_LISTS_H
#define SAFECOST_BENCH_OWNERSHIP_LINKED_LIST_RAW_LISTS_H

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iterator>

#include "kernel/case.h"
#include "operations.h"

namespace ownership::linked_list {

// Raw: a pointer says where a node is, not whose it is, and stays when the node is gone.

struct Node {
  std::uint64_t value;
  Node* next;
};

struct RawList {
  Node* head = nullptr;
  Node* hand = nullptr;
};

inline Node** link_at(RawList& list, std::uint32_t position) {
  Node** link = &list.head;
  while (position-- > 0) link = &(*link)->next;
  return link;
}

inline void push(RawList& list, std::uint64_t value) {
  Node* const node = static_cast<Node*>(std::malloc(sizeof(Node)));
  if (node == nullptr) std::abort();
  node->value = value;
  node->next = list.head;
  list.head = node;
}

inline void take(RawList& list, std::uint32_t position) {
  Node** const link = link_at(list, position);
  list.hand = *link;
  *link = list.hand->next;
}

inline void put(RawList& list, std::uint32_t position) {
  Node** const link = link_at(list, position);
  list.hand->next = *link;
  *link = list.hand;
}

inline void drop(RawList& list) { std::free(list.hand); }

inline std::uint64_t read(const RawList& list) { return list.hand->value; }

inline std::uint64_t sum(const RawList& list) {
  std::uint64_t total = 0;
  for (const Node* node = list.head; node != nullptr; node = node->next) total += node->value;
  return total;
}

// The same list from new and delete: what malloc costs less than they do is no price of an owner.

struct NewList : RawList {};

inline void push(NewList& list, std::uint64_t value) { list.head = new Node{value, list.head}; }

inline void drop(NewList& list) { delete list.hand; }

// The same list from a pool: chunks of a KiB, all freed at once, and a list of the nodes that were
// given back.

struct Chunk {
  Chunk* before;
  Node nodes[chunk_nodes];
};

struct PoolList : RawList {
  Node* free = nullptr;
  Node* unused = nullptr;
  Node* end = nullptr;
  Chunk* chunks = nullptr;
};

inline Node* unused_node(PoolList& list) {
  if (list.unused == list.end) {
    Chunk* const chunk = static_cast<Chunk*>(std::malloc(sizeof(Chunk)));
    if (chunk == nullptr) std::abort();
    chunk->before = list.chunks;
    list.chunks = chunk;
    list.unused = std::begin(chunk->nodes);
    list.end = std::end(chunk->nodes);
  }
  return list.unused++;
}

inline void push(PoolList& list, std::uint64_t value) {
  Node* node = list.free;
  if (node != nullptr)
    list.free = node->next;
  else
    node = unused_node(list);
  *node = {value, list.head};
  list.head = node;
}

inline void drop(PoolList& list) {
  list.hand->next = list.free;
  list.free = list.hand;
}

// By index, in an array that grows. Links are as blind as pointers are.

template <class Element>
Element* resized(Element* elements, std::size_t count) {
  void* const larger = std::realloc(elements, count * sizeof(Element));
  if (larger == nullptr) std::abort();
  return static_cast<Element*>(larger);
}

struct RawArena : IndexedList {
  Slot* slots = nullptr;
  std::size_t count = 0;
  std::size_t capacity = 0;
};

inline std::uint64_t& value_of(RawArena& list, std::size_t slot) { return list.slots[slot].value; }
inline std::size_t& next_of(RawArena& list, std::size_t slot) { return list.slots[slot].next; }
inline std::size_t unused_slot(RawArena& list) {
  if (list.count == list.capacity) {
    list.capacity = list.capacity == 0 ? chunk_nodes : 2 * list.capacity;
    list.slots = resized(list.slots, list.capacity);
  }
  return list.count++;
}

// An array for the links and one for the values, so that a link is as large as what lies between two.
struct RawArrays : IndexedList {
  std::size_t* nexts = nullptr;
  std::uint64_t* values = nullptr;
  std::size_t count = 0;
  std::size_t capacity = 0;
};

inline std::uint64_t& value_of(RawArrays& list, std::size_t slot) { return list.values[slot]; }
inline std::size_t& next_of(RawArrays& list, std::size_t slot) { return list.nexts[slot]; }
inline std::size_t unused_slot(RawArrays& list) {
  if (list.count == list.capacity) {
    list.capacity = list.capacity == 0 ? chunk_nodes : 2 * list.capacity;
    list.nexts = resized(list.nexts, list.capacity);
    list.values = resized(list.values, list.capacity);
  }
  return list.count++;
}

// In C a hand that gave its node away is left as it is.
inline void empty_hand(RawArena&) {}
inline void empty_hand(RawArrays&) {}

}  // namespace ownership::linked_list

#endif
