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
#include <cstdint>
#include <cstdlib>
#include <forward_list>
#include <memory_resource>
#include <utility>

#include "exclusive_lists.h"
#include "indexed_lists.h"
#include "kernel/case.h"
#include "library_lists.h"
#include "raw_lists.h"
#include "tape.h"

namespace ownership::linked_list {

// The tape alone: each operation is read and recognised, and nothing is done.

struct Nothing {};
SAFECOST_HELPER void push(Nothing&, std::uint64_t value) {
  asm volatile("/* push */" : : "r"(value));
}
SAFECOST_HELPER void take(Nothing&, std::uint32_t position) {
  asm volatile("/* take */" : : "r"(position));
}
SAFECOST_HELPER void put(Nothing&, std::uint32_t position) {
  asm volatile("/* put */" : : "r"(position));
}
SAFECOST_HELPER void drop(Nothing&) { asm volatile("/* drop */"); }
SAFECOST_HELPER std::uint64_t seen_in(Nothing&, const Operation& read) { return read.value; }
SAFECOST_HELPER std::uint64_t sum_of(Nothing&, const Operation& sum) {
  asm volatile("/* sum */");
  return sum.value;
}

SAFECOST_KERNEL dispatch_only(const Tape& tape) {
  Nothing list;
  return play(tape.operations, list);
}

SAFECOST_KERNEL raw(const Tape& tape) {
  RawList list;
  const std::uint64_t digest = play(tape.operations, list);
  while (list.head != nullptr) std::free(std::exchange(list.head, list.head->next));
  return digest;
}

SAFECOST_KERNEL raw_new(const Tape& tape) {
  NewList list;
  const std::uint64_t digest = play(tape.operations, list);
  while (list.head != nullptr) delete std::exchange(list.head, list.head->next);
  return digest;
}

SAFECOST_KERNEL raw_pool(const Tape& tape) {
  PoolList list;
  const std::uint64_t digest = play(tape.operations, list);
  while (list.chunks != nullptr) std::free(std::exchange(list.chunks, list.chunks->before));
  return digest;
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

SAFECOST_KERNEL pool_checked(const Tape& tape) {
  Pool<PooledNode> pool;
  PooledList list(pool);
  return play(tape.operations, list);
}

SAFECOST_KERNEL forward_list(const Tape& tape) {
  SingleList list;
  return play(tape.operations, list);
}

SAFECOST_KERNEL pmr_forward_list(const Tape& tape) {
  std::pmr::unsynchronized_pool_resource pool;
  using Nodes = std::pmr::forward_list<std::uint64_t>;
  LibraryList<Nodes> list = {Nodes(&pool), Nodes(&pool)};
  return play(tape.operations, list);
}

SAFECOST_KERNEL list(const Tape& tape) {
  DoubleList list;
  return play(tape.operations, list);
}

SAFECOST_KERNEL unique_ptr(const Tape& tape) {
  OwnedList list;
  return play(tape.operations, list);
}

SAFECOST_KERNEL unique_ptr_checked(const Tape& tape) {
  CheckedList list;
  return play(tape.operations, list);
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
        .ordinary()
        .practised()
        .raw<raw_new>("raw_new", "the same from new and delete")
        .ordinary()
        .raw<raw_pool>("raw_pool", "the same from a pool, which is freed as a whole")
        .ordinary()
        .algorithm("pool")
        .claims("always", "leak")
        .raw<raw_arena>("raw_arena", "nodes in an array that grows, linked by index")
        .ordinary()
        .algorithm("arena")
        .claims("always", "leak")
        .raw<raw_arrays>("raw_arrays", "links in one array, values in another")
        .bespoke()
        .algorithm("arrays")
        .claims("always", "leak")
        .raw<dispatch_only>("dispatch_only", "the tape alone, of which nothing is done")
        .bespoke()
        .safe<unique_ptr>("unique_ptr", "each link owns the node it leads to")
        .library()
        .claims("always", "double_free", "leak")
        .safe<unique_ptr_checked>("unique_ptr_checked", "asked for null before each use")
        .ordinary()
        .claims("always", "use_after_free", "double_free", "leak", "take_from_empty")
        .safe<pool_checked>("pool_checked", "unique links into a pool; length and hand are asked")
        .bespoke()
        .algorithm("pool")
        .claims("always", "use_after_free", "double_free", "leak", "take_from_empty")
        .safe<arena>("arena", "nodes in a vector, linked by index, with a free list")
        .ordinary()
        .algorithm("arena")
        .claims("always", "leak")
        .claims("assertions", "use_after_free", "double_free", "take_from_empty")
        .safe<arena_at>("arena_at", "the same through vector::at")
        .ordinary()
        .algorithm("arena")
        .claims("always", "use_after_free", "double_free", "leak", "take_from_empty")
        .safe<arrays_at>("arrays_at", "links in one vector, values in another, through vector::at")
        .bespoke()
        .algorithm("arrays")
        .claims("always", "use_after_free", "double_free", "leak", "take_from_empty")
        .safe<forward_list>("forward_list", "std::forward_list, nodes moved by splicing")
        .library()
        .claims("always", "double_free", "leak")
        .safe<pmr_forward_list>("pmr_forward_list",
                                "the same, from an unsynchronized_pool_resource")
        .library()
        .algorithm("pool")
        .claims("always", "double_free", "leak")
        .safe<list>("list", "std::list, nodes moved by splicing")
        .library()
        .algorithm("doubly_linked")
        .claims("always", "double_free", "leak")
        .claims("libc++", "use_after_free");

}  // namespace ownership::linked_list

SAFECOST_EXPORT(ownership::linked_list::the_case)
