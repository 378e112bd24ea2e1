// The tape of slot_map.cc, and how it is played on a map.
#ifndef SAFECOST_BENCH_ARENAS_SLOT_MAP_TAPE_H
#define SAFECOST_BENCH_ARENAS_SLOT_MAP_TAPE_H

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "kernel/case.h"

namespace arenas::slot_map {

enum class Kind : std::uint32_t {
  insert,  // make an object; its handle goes to a place
  erase,   // destroy the object of a place's handle, which stays where it is
  look,    // read the object of a place's handle; the value is what is to be seen
  receive  // a handle arrives from outside, as a number from a client does; no valid tape has one
};

struct Operation {
  Kind kind;
  std::uint32_t place;
  std::uint64_t value;
};

struct Input {
  const Operation* operations;
  std::size_t count;
  std::size_t capacity;  // a power of two; never more objects at a time
};

constexpr std::size_t spare = 4;  // places beyond the capacity, for what breaks a contract

struct Tape {
  explicit Tape(const Input& input)
      : operations(input.operations, input.operations + input.count), capacity(input.capacity) {}

  std::vector<Operation> operations;
  std::size_t capacity;
};

template <class Map>
SAFECOST_HELPER std::uint64_t seen_in(Map& map, const typename Map::Handle& handle,
                                      const Operation&) {
  return look(map, handle);
}

// Most operations look, so that is asked first: of a switch Clang makes a jump through a table, which costs more than
// what is asked here. `outside`, if there is one, is where a handle comes from that is no number.
template <class Map, class... Outside>
SAFECOST_HELPER std::uint64_t play(std::span<const Operation> operations, std::size_t capacity,
                                   Outside... outside) {
  Map map(capacity);
  // Whoever holds handles is no part of the question, so no idiom pays for it.
  std::vector<typename Map::Handle> holders(capacity + spare);
  typename Map::Handle* const handles = holders.data();
  std::uint64_t digest = 0;
  for (const Operation& operation : operations) {
    if (operation.kind == Kind::look) {
      digest = digest * 31 + seen_in(map, handles[operation.place], operation);
    } else if (operation.kind == Kind::insert) {
      handles[operation.place] = insert(map, operation.value);
    } else if (operation.kind == Kind::erase) {
      erase(map, handles[operation.place]);
    } else if constexpr (sizeof...(outside) == 0) {
      handles[operation.place] = receive(map, operation.value);
    } else {
      ((handles[operation.place] = outside()), ...);
    }
  }
  return digest;
}

// Fault kernels, in foreign.cc: a map shares no code with what is compiled elsewhere, and is inlined as if there were
// none.
template <class Map>
std::uint64_t foreign_map(const Tape& tape);
template <class Map>
std::uint64_t foreign_index(const Tape& tape);

}  // namespace arenas::slot_map

#endif
