// What does it cost to give the nodes of a linked list an owner?
//
// A tape of operations is played on a singly linked list and on a hand that holds one node at most.
// Nodes are made, unlinked into the hand, put back elsewhere and destroyed, so that ownership moves
// all the time: from the list to the hand, back to the list, to nobody. In C it moves by convention
// and a tape that breaks the convention is the bug; an idiom that gives each node one owner cannot
// be talked into it. Each call starts from an empty list and frees all that it made.
//
// Half of raw's instructions are malloc's and free's. Raw code with a pool or an array takes 0.8 of its
// time on a short list (L1) and 0.9 on a long one, and that is what idioms are held against:
//
//  - Where nodes come from malloc, a question for null before each use (unique_ptr_checked) cannot be told
//    from none (unique_ptr), but both take a third more than raw_pool on a short list.
//  - An index costs on a long list, where a walk waits for one link after the other. With GCC the way from
//    a slot of 16 bytes to the next is `shl rax, 4`, `add rax, rbp`, `mov rax, [rax+8]`; a pointer's is
//    the load alone. Clang and Rust add within the load, which leaves the shift. What vector::at compares
//    is not on that way: raw_arena is slowed as arena_at is, to 1.27 of raw_pool (GCC) and 1.14 (Clang).
//    Links in a vector of their own are scaled by the load, `mov rsi, [rcx+rsi*8]`: on a long list
//    arrays_at closes the gap, 1.03 and 1.01; on a short one two vectors are to be asked.
//  - Unique links into a pool that owns the nodes (pool_checked): a position is held against the length,
//    once, and the walk behind it is raw_pool's, instruction for instruction. That stops every fault for
//    1.01 on a long list. On a short one 1.03 to 1.04 stay, five instructions an operation: the length is
//    counted and compared, the hand asked, and a link that gives its node away is cleared, `mov QWORD
//    PTR [rax], 0`, since that is how it is found empty.
#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <forward_list>
#include <iterator>
#include <list>
#include <memory>
#include <new>
#include <numeric>
#include <span>
#include <stdexcept>
#include <utility>
#include <vector>

#include "kernel/case.h"

namespace ownership::linked_list {

enum class Kind : std::uint32_t {
  push,  // make a node at the front
  take,  // unlink the node at a position: it is the hand's now
  put,   // link the hand's node in at a position: it is the list's again
  drop,  // destroy the hand's node
  read,  // look at the hand's node
  sum    // walk the list and add it up
};

struct Operation {
  Kind kind;
  std::uint32_t position;
  std::uint64_t value;
};

struct Input {
  const Operation* operations;
  std::size_t count;
};

// A valid tape takes with an empty hand, uses a hand that holds a node, and ends with an empty one.
Kind choose(safecost::Random& random, std::size_t left, std::size_t length, bool holds, bool fill) {
  if (holds) {
    constexpr Kind choices[] = {Kind::read, Kind::put, Kind::drop};
    return left == 1 ? Kind::drop : choices[random.below(3)];
  }
  if (fill || length == 0) return Kind::push;
  const std::uint64_t dice = random.below(32);
  if (dice == 0) return Kind::sum;
  // Of two nodes taken one is dropped: two takes for each push keep the list as long as it is.
  return dice <= 10 || left == 1 ? Kind::push : Kind::take;
}

// What breaks a convention comes last on a tape. Where a node is used after its end, or ended twice,
// the next one is made before anybody looks: a pool gives it the same place.
std::vector<Kind> ending_of(const safecost::Generator& generator) {
  using enum Kind;
  if (generator.commits("use_after_free")) return {push, take, drop, push, read};
  if (generator.commits("double_free"))
    return {push, take, drop, drop, push, take, push, read, drop};
  if (generator.commits("leak")) return {push, push, take, take, drop};
  if (generator.commits("take_from_empty")) return {take, read};
  return {};
}

Input generate(safecost::Generator& generator) {
  const std::vector<Kind> ending = ending_of(generator);
  // Nothing comes before a list that is empty.
  const std::size_t count = generator.commits("take_from_empty")
                                ? ending.size()
                                : std::max(generator.size(), ending.size());
  const std::size_t valid = count - ending.size();

  const auto operations = generator.array<Operation>(count);
  std::size_t length = 0;
  bool holds = false;
  for (std::size_t i = 0; i < count; ++i) {
    const bool fill = i < count / 8;
    const Kind kind =
        i < valid ? choose(generator.random, valid - i, length, holds, fill) : ending[i - valid];
    // Near the front, lest a long list make the walk all that is measured.
    const std::size_t places = std::min<std::size_t>(length + (kind == Kind::put ? 1 : 0), 16);
    const bool walks = i < valid && (kind == Kind::take || kind == Kind::put);
    operations[i] = {
        .kind = kind,
        .position = walks ? static_cast<std::uint32_t>(generator.random.below(places)) : 0,
        .value = generator.random.below(1'000'000)};
    if (kind == Kind::push || kind == Kind::put) ++length;
    if (kind == Kind::take && length > 0) --length;
    if (kind != Kind::read) holds = kind == Kind::take;
  }
  return {operations.data(), operations.size()};
}

struct Tape {
  explicit Tape(const Input& input)
      : operations(input.operations, input.operations + input.count) {}

  std::vector<Operation> operations;
};

template <class List>
SAFECOST_HELPER std::uint64_t play(std::span<const Operation> operations, List& list) {
  std::uint64_t digest = 0;
  for (const Operation& operation : operations) {
    switch (operation.kind) {
      case Kind::push:
        push(list, operation.value);
        break;
      case Kind::take:
        take(list, operation.position);
        break;
      case Kind::put:
        put(list, operation.position);
        break;
      case Kind::drop:
        drop(list);
        break;
      case Kind::read:
        digest = digest * 31 + read(list);
        break;
      case Kind::sum:
        digest = digest * 31 + sum(list);
        break;
    }
  }
  return digest;
}

// Raw: a pointer says where a node is, not whose it is, and stays when the node is gone.

struct Node {
  std::uint64_t value;
  Node* next;
};

struct RawList {
  Node* head = nullptr;
  Node* hand = nullptr;
};

SAFECOST_HELPER Node** link_at(RawList& list, std::uint32_t position) {
  Node** link = &list.head;
  while (position-- > 0) link = &(*link)->next;
  return link;
}

SAFECOST_HELPER void push(RawList& list, std::uint64_t value) {
  Node* const node = static_cast<Node*>(std::malloc(sizeof(Node)));
  if (node == nullptr) std::abort();
  node->value = value;
  node->next = list.head;
  list.head = node;
}

SAFECOST_HELPER void take(RawList& list, std::uint32_t position) {
  Node** const link = link_at(list, position);
  list.hand = *link;
  *link = list.hand->next;
}

SAFECOST_HELPER void put(RawList& list, std::uint32_t position) {
  Node** const link = link_at(list, position);
  list.hand->next = *link;
  *link = list.hand;
}

SAFECOST_HELPER void drop(RawList& list) { std::free(list.hand); }

SAFECOST_HELPER std::uint64_t read(const RawList& list) { return list.hand->value; }

SAFECOST_HELPER std::uint64_t sum(const RawList& list) {
  std::uint64_t total = 0;
  for (const Node* node = list.head; node != nullptr; node = node->next) total += node->value;
  return total;
}

SAFECOST_KERNEL raw(const Tape& tape) {
  RawList list;
  const std::uint64_t digest = play(tape.operations, list);
  while (list.head != nullptr) std::free(std::exchange(list.head, list.head->next));
  return digest;
}

// The same list from new and delete: what malloc costs less than they do is no price of an owner.

struct NewList : RawList {};

SAFECOST_HELPER void push(NewList& list, std::uint64_t value) {
  list.head = new Node{value, list.head};
}

SAFECOST_HELPER void drop(NewList& list) { delete list.hand; }

SAFECOST_KERNEL raw_new(const Tape& tape) {
  NewList list;
  const std::uint64_t digest = play(tape.operations, list);
  while (list.head != nullptr) delete std::exchange(list.head, list.head->next);
  return digest;
}

// The same list from a pool: chunks of a KiB, all freed at once, and a list of the nodes that were
// given back.

constexpr std::size_t chunk_nodes = 63;

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

SAFECOST_HELPER Node* unused_node(PoolList& list) {
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

SAFECOST_HELPER void push(PoolList& list, std::uint64_t value) {
  Node* node = list.free;
  if (node != nullptr)
    list.free = node->next;
  else
    node = unused_node(list);
  *node = {value, list.head};
  list.head = node;
}

SAFECOST_HELPER void drop(PoolList& list) {
  list.hand->next = list.free;
  list.free = list.hand;
}

SAFECOST_KERNEL raw_pool(const Tape& tape) {
  PoolList list;
  const std::uint64_t digest = play(tape.operations, list);
  while (list.chunks != nullptr) std::free(std::exchange(list.chunks, list.chunks->before));
  return digest;
}

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

SAFECOST_KERNEL unique_ptr(const Tape& tape) {
  OwnedList list;
  return play(tape.operations, list);
}

SAFECOST_KERNEL unique_ptr_checked(const Tape& tape) {
  CheckedList list;
  return play(tape.operations, list);
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

SAFECOST_KERNEL pool_checked(const Tape& tape) {
  Pool<PooledNode> pool;
  PooledList list(pool);
  return play(tape.operations, list);
}

// All nodes in an array that grows; links are indices into it. Freed slots wait in a list of their own.

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

template <class Element>
SAFECOST_HELPER Element* resized(Element* elements, std::size_t count) {
  void* const larger = std::realloc(elements, count * sizeof(Element));
  if (larger == nullptr) std::abort();
  return static_cast<Element*>(larger);
}

struct RawArena : IndexedList {
  Slot* slots = nullptr;
  std::size_t count = 0;
  std::size_t capacity = 0;
};

SAFECOST_HELPER std::uint64_t& value_of(RawArena& list, std::size_t slot) {
  return list.slots[slot].value;
}
SAFECOST_HELPER std::size_t& next_of(RawArena& list, std::size_t slot) {
  return list.slots[slot].next;
}
SAFECOST_HELPER std::size_t unused_slot(RawArena& list) {
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

SAFECOST_HELPER std::uint64_t& value_of(RawArrays& list, std::size_t slot) {
  return list.values[slot];
}
SAFECOST_HELPER std::size_t& next_of(RawArrays& list, std::size_t slot) { return list.nexts[slot]; }
SAFECOST_HELPER std::size_t unused_slot(RawArrays& list) {
  if (list.count == list.capacity) {
    list.capacity = list.capacity == 0 ? chunk_nodes : 2 * list.capacity;
    list.nexts = resized(list.nexts, list.capacity);
    list.values = resized(list.values, list.capacity);
  }
  return list.count++;
}

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

// In C a hand that gave its node away is left as it is.
SAFECOST_HELPER void empty_hand(RawArena&) {}
SAFECOST_HELPER void empty_hand(RawArrays&) {}
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

SAFECOST_KERNEL raw_arena(const Tape& tape) {
  RawArena list;
  const std::uint64_t digest = play(tape.operations, list);
  std::free(list.slots);
  return digest;
}

SAFECOST_KERNEL raw_arrays(const Tape& tape) {
  RawArrays list;
  const std::uint64_t digest = play(tape.operations, list);
  std::free(list.nexts);
  std::free(list.values);
  return digest;
}

SAFECOST_KERNEL arena(const Tape& tape) {
  ArenaList list;
  return play(tape.operations, list);
}

SAFECOST_KERNEL arena_at(const Tape& tape) {
  CheckedArenaList list;
  return play(tape.operations, list);
}

SAFECOST_KERNEL arrays_at(const Tape& tape) {
  CheckedArrays list;
  return play(tape.operations, list);
}

// The library's lists. The hand is a list too: splicing moves a node from one to the other.

template <class Nodes>
struct LibraryList {
  Nodes nodes;
  Nodes hand;
};

using SingleList = LibraryList<std::forward_list<std::uint64_t>>;
using DoubleList = LibraryList<std::list<std::uint64_t>>;

SAFECOST_HELPER void take(SingleList& list, std::uint32_t position) {
  const auto before = std::next(list.nodes.before_begin(), position);
  list.hand.splice_after(list.hand.before_begin(), list.nodes, before);
}

SAFECOST_HELPER void take(DoubleList& list, std::uint32_t position) {
  const auto node = std::next(list.nodes.begin(), position);
  list.hand.splice(list.hand.begin(), list.nodes, node);
}

SAFECOST_HELPER void put(SingleList& list, std::uint32_t position) {
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

SAFECOST_KERNEL forward_list(const Tape& tape) {
  SingleList list;
  return play(tape.operations, list);
}

SAFECOST_KERNEL list(const Tape& tape) {
  DoubleList list;
  return play(tape.operations, list);
}

// What an idiom gives that prevents a fault: nothing is there to be dropped twice or to be lost.

struct Values {
  std::vector<std::uint64_t> nodes;
  std::uint64_t hand = 0;
};

void push(Values& list, std::uint64_t value) { list.nodes.insert(list.nodes.begin(), value); }
void take(Values& list, std::uint32_t position) {
  list.hand = list.nodes[position];
  list.nodes.erase(list.nodes.begin() + position);
}
void put(Values& list, std::uint32_t position) {
  list.nodes.insert(list.nodes.begin() + position, list.hand);
}
void drop(Values&) {}
std::uint64_t read(const Values& list) { return list.hand; }
std::uint64_t sum(const Values& list) {
  return std::accumulate(list.nodes.begin(), list.nodes.end(), std::uint64_t{0});
}

std::uint64_t values_alone(const void* input) {
  const Input& given = *static_cast<const Input*>(input);
  Values list;
  return play(std::span(given.operations, given.count), list);
}

auto the_case =
    safecost::Case<Input>(generate)
        .size(256, "L1")                          // about 32 nodes at a time
        .size(8'192, "L2", safecost::Tier::full)  // about 1,024
        .fault({.name = "use_after_free",
                .cwe = 416,
                .description = "the hand's node is destroyed, another is made, the hand's is read",
                .contract = "a node is used before it is destroyed",
                .kind = SAFECOST_FAULT_TAPE,
                // A pool's memory is there all the time: nobody sees but who knows the answer.
                .oracles = SAFECOST_ORACLE_GUARD | SAFECOST_ORACLE_SANITIZER |
                           SAFECOST_ORACLE_MEMCHECK | SAFECOST_ORACLE_VALUE,
                .reference = values_alone})
        .fault({.name = "double_free",
                .cwe = 415,
                .description = "the hand's node is destroyed twice, and two new ones are made",
                .contract = "a node is destroyed once",
                .kind = SAFECOST_FAULT_TAPE,
                .oracles = SAFECOST_ORACLE_SANITIZER | SAFECOST_ORACLE_MEMCHECK |
                           SAFECOST_ORACLE_LEDGER | SAFECOST_ORACLE_VALUE,
                .reference = values_alone})
        .fault({.name = "leak",
                .cwe = 401,
                .description = "a second node is taken while the hand still holds one",
                .contract = "a node has an owner until it is destroyed",
                .kind = SAFECOST_FAULT_TAPE,
                .oracles =
                    SAFECOST_ORACLE_SANITIZER | SAFECOST_ORACLE_MEMCHECK | SAFECOST_ORACLE_LEDGER,
                .reference = values_alone})
        .fault({.name = "take_from_empty",
                .cwe = 476,
                .description = "a node is taken from an empty list, whose head is null",
                .contract = "the list holds the node that is taken",
                .kind = SAFECOST_FAULT_TAPE,
                // No guard page: address 0 belongs to no block.
                .oracles = SAFECOST_ORACLE_SANITIZER | SAFECOST_ORACLE_MEMCHECK})
        .raw<raw>("raw", "nodes from malloc, owned by convention")
        .practised()
        .raw<raw_new>("raw_new", "the same from new and delete")
        .raw<raw_pool>("raw_pool", "the same from a pool, which is freed as a whole")
        .algorithm("pool")
        .claims("always", "leak")
        .raw<raw_arena>("raw_arena", "nodes in an array that grows, linked by index")
        .algorithm("arena")
        .claims("always", "leak")
        .raw<raw_arrays>("raw_arrays", "links in one array, values in another")
        .algorithm("arrays")
        .claims("always", "leak")
        .safe<unique_ptr>("unique_ptr", "each link owns the node it leads to")
        .claims("always", "double_free", "leak")
        .safe<unique_ptr_checked>("unique_ptr_checked", "asked for null before each use")
        .claims("always", "use_after_free", "double_free", "leak", "take_from_empty")
        .safe<pool_checked>("pool_checked", "unique links into a pool; length and hand are asked")
        .algorithm("pool")
        .claims("always", "use_after_free", "double_free", "leak", "take_from_empty")
        .safe<arena>("arena", "nodes in a vector, linked by index, with a free list")
        .algorithm("arena")
        .claims("always", "leak")
        .claims("assertions", "use_after_free", "double_free", "take_from_empty")
        .safe<arena_at>("arena_at", "the same through vector::at")
        .algorithm("arena")
        .claims("always", "use_after_free", "double_free", "leak", "take_from_empty")
        .safe<arrays_at>("arrays_at", "links in one vector, values in another, through vector::at")
        .algorithm("arrays")
        .claims("always", "use_after_free", "double_free", "leak", "take_from_empty")
        .safe<forward_list>("forward_list", "std::forward_list, nodes moved by splicing")
        .claims("always", "double_free", "leak")
        .safe<list>("list", "std::list, nodes moved by splicing")
        .algorithm("doubly_linked")
        .claims("always", "double_free", "leak")
        .claims("libc++", "use_after_free");

}  // namespace ownership::linked_list

SAFECOST_EXPORT(ownership::linked_list::the_case)
