// The lists of linked_list.cc that own each node by one unique_ptr: nodes of their own, or of a pool.
#ifndef SAFECOST_BENCH_OWNERSHIP_LINKED_LIST_EXCLUSIVE_LISTS_H
#define SAFECOST_BENCH_OWNERSHIP_LINKED_LIST_EXCLUSIVE_LISTS_H

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <new>
#include <stdexcept>
#include <utility>

#include "kernel/case.h"
#include "operations.h"

namespace ownership::linked_list {

// Each node is owned by the link that leads to it; a link that gives its node away is empty.

struct OwnedNode {
  std::uint64_t value;
  std::unique_ptr<OwnedNode> next;
};

struct OwnedList {
  std::unique_ptr<OwnedNode> head;
  std::unique_ptr<OwnedNode> hand;

  // One node after the other: left to itself, the first would destroy the rest by recursion.
  ~OwnedList() {
    while (head != nullptr) head = std::move(head->next);
  }
};

// The same, and each link is asked for null before its node is used.
struct CheckedList : OwnedList {};

template <class Link>
SAFECOST_HELPER auto& asked(Link& link) {
  if (link == nullptr) throw std::logic_error("no node is here");
  return *link;
}

SAFECOST_HELPER OwnedNode& node_of(OwnedList&, std::unique_ptr<OwnedNode>& link) { return *link; }
SAFECOST_HELPER OwnedNode& node_of(CheckedList&, std::unique_ptr<OwnedNode>& link) {
  return asked(link);
}

template <class List>
concept Owned = std::derived_from<List, OwnedList>;

SAFECOST_HELPER std::unique_ptr<OwnedNode>& link_at(Owned auto& list, std::uint32_t position) {
  std::unique_ptr<OwnedNode>* link = &list.head;
  while (position-- > 0) link = &node_of(list, *link).next;
  return *link;
}

SAFECOST_HELPER void push(Owned auto& list, std::uint64_t value) {
  list.head = std::make_unique<OwnedNode>(value, std::move(list.head));
}

SAFECOST_HELPER void take(Owned auto& list, std::uint32_t position) {
  std::unique_ptr<OwnedNode>& link = link_at(list, position);
  list.hand = std::move(link);
  link = std::move(node_of(list, list.hand).next);
}

SAFECOST_HELPER void put(Owned auto& list, std::uint32_t position) {
  std::unique_ptr<OwnedNode>& link = link_at(list, position);
  node_of(list, list.hand).next = std::move(link);
  link = std::move(list.hand);
}

SAFECOST_HELPER void drop(Owned auto& list) { list.hand.reset(); }

SAFECOST_HELPER std::uint64_t read(Owned auto& list) { return node_of(list, list.hand).value; }

SAFECOST_HELPER std::uint64_t sum(const Owned auto& list) {
  std::uint64_t total = 0;
  for (const OwnedNode* node = list.head.get(); node != nullptr; node = node->next.get())
    total += node->value;
  return total;
}

// A pool owns all nodes and outlives the list, whose links are unique all the same: they end no
// node, but a link that gives its node away is empty. Within the list, the pool would be destroyed by a
// function that is given the list's address, and Clang would keep hand and free nodes in memory.

template <class Node>
class Pool {
 public:
  Pool() = default;
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;
  // One chunk after the other, as with nodes. What lies in them needs no end.
  ~Pool() {
    while (chunks_ != nullptr) chunks_ = std::move(chunks_->before);
  }

  Node* make() {
    if (unused_ == end_) {
      auto chunk = std::make_unique_for_overwrite<Chunk>();
      chunk->before = std::move(chunks_);
      unused_ = std::begin(chunk->nodes);
      end_ = std::end(chunk->nodes);
      chunks_ = std::move(chunk);
    }
    return new (unused_++) Node;
  }

 private:
  struct alignas(Node) Place {
    std::byte bytes[sizeof(Node)];
  };
  struct Chunk {
    std::unique_ptr<Chunk> before;
    Place nodes[chunk_nodes];
  };

  std::unique_ptr<Chunk> chunks_;
  Place* unused_ = nullptr;
  Place* end_ = nullptr;
};

struct StaysInPool {
  void operator()(auto*) const noexcept {}
};

struct PooledNode {
  std::uint64_t value;
  std::unique_ptr<PooledNode, StaysInPool> next;
};

using Pooled = std::unique_ptr<PooledNode, StaysInPool>;

// A position is held against the length, once; where the hand's node is used, the hand is asked.
struct PooledList {
  explicit PooledList(Pool<PooledNode>& nodes) : pool(nodes) {}

  Pool<PooledNode>& pool;
  Pooled head;
  Pooled hand;
  Pooled free;
  std::size_t length = 0;
};

SAFECOST_HELPER Pooled& link_at(PooledList& list, std::uint32_t position, std::size_t end) {
  if (position >= end) throw std::out_of_range("no node is there");
  Pooled* link = &list.head;
  while (position-- > 0) link = &(*link)->next;
  return *link;
}

SAFECOST_HELPER void push(PooledList& list, std::uint64_t value) {
  Pooled node = std::move(list.free);
  if (node != nullptr)
    list.free = std::move(node->next);
  else
    node.reset(list.pool.make());
  node->value = value;
  node->next = std::move(list.head);
  list.head = std::move(node);
  ++list.length;
}

SAFECOST_HELPER void take(PooledList& list, std::uint32_t position) {
  Pooled& link = link_at(list, position, list.length);
  list.hand = std::move(link);
  link = std::move(list.hand->next);
  --list.length;
}

SAFECOST_HELPER void put(PooledList& list, std::uint32_t position) {
  Pooled& link = link_at(list, position, list.length + 1);
  asked(list.hand).next = std::move(link);
  link = std::move(list.hand);
  ++list.length;
}

SAFECOST_HELPER void drop(PooledList& list) {
  asked(list.hand).next = std::move(list.free);
  list.free = std::move(list.hand);
}

SAFECOST_HELPER std::uint64_t read(const PooledList& list) { return asked(list.hand).value; }

SAFECOST_HELPER std::uint64_t sum(const PooledList& list) {
  std::uint64_t total = 0;
  for (const PooledNode* node = list.head.get(); node != nullptr; node = node->next.get())
    total += node->value;
  return total;
}

}  // namespace ownership::linked_list

#endif
