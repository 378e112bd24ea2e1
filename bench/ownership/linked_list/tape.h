// The tape of linked_list.cc, and how it is played on a list.
#ifndef SAFECOST_BENCH_OWNERSHIP_LINKED_LIST_TAPE_H
#define SAFECOST_BENCH_OWNERSHIP_LINKED_LIST_TAPE_H

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "kernel/case.h"

namespace ownership::linked_list {

enum class Kind : std::uint32_t {
  push,  // make a node at the front
  take,  // unlink the node at a position: it is the hand's now
  put,   // link the hand's node in at a position: it is the list's again
  drop,  // destroy the hand's node
  read,  // look at the hand's node; the value is what is to be seen
  sum    // walk the list and add it up; the value is what is to come out
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

Input generate(safecost::Generator& generator);

// What an idiom gives that prevents a fault.
std::uint64_t values_alone(const void* input);

struct Tape {
  explicit Tape(const Input& input)
      : operations(input.operations, input.operations + input.count) {}

  std::vector<Operation> operations;
};

template <class List>
SAFECOST_HELPER std::uint64_t seen_in(List& list, const Operation&) {
  return read(list);
}
template <class List>
SAFECOST_HELPER std::uint64_t sum_of(List& list, const Operation&) {
  return sum(list);
}

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
        digest = digest * 31 + seen_in(list, operation);
        break;
      case Kind::sum:
        digest = digest * 31 + sum_of(list, operation);
        break;
    }
  }
  return digest;
}

}  // namespace ownership::linked_list

#endif
