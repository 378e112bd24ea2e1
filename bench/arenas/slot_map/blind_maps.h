// The raw maps of slot_map.cc: what C has, and a generation, which is as much as C can do.
#ifndef SAFECOST_BENCH_ARENAS_SLOT_MAP_BLIND_MAPS_H
#define SAFECOST_BENCH_ARENAS_SLOT_MAP_BLIND_MAPS_H

#include <cstdint>
#include <cstdlib>

#include "handles.h"
#include "kernel/case.h"

namespace arenas::slot_map {

// A slab, and a list of free slots that lies in them.

template <class Slot>
struct Slab {
  explicit Slab(std::size_t size)
      : slots(static_cast<Slot*>(std::malloc(size * sizeof(Slot)))), end(slots + size) {
    if (slots == nullptr) std::abort();
    unused = slots;
  }
  Slab(const Slab&) = delete;
  Slab& operator=(const Slab&) = delete;
  ~Slab() { std::free(slots); }

  Slot* slots;
  Slot* unused;  // from here on no slot was ever given out
  Slot* end;
  Slot* free = nullptr;
};

union RawSlot {
  std::uint64_t value;
  RawSlot* next;  // free
};

struct RawMap : Slab<RawSlot> {
  using Slab::Slab;
  using Handle = RawSlot*;
};

inline RawSlot* insert(RawMap& map, std::uint64_t value) {
  RawSlot* slot = map.free;
  if (slot != nullptr)
    map.free = slot->next;
  else if (map.unused != map.end)
    slot = map.unused++;
  else
    std::abort();
  slot->value = value;
  return slot;
}

inline void erase(RawMap& map, RawSlot* slot) {
  slot->next = map.free;
  map.free = slot;
}

inline std::uint64_t look(const RawMap&, const RawSlot* slot) { return slot->value; }
inline RawSlot* receive(const RawMap& map, std::uint64_t number) {
  return map.slots + index_in(number);
}

// The same slab by index: half the size of a pointer, and a base to add.

struct IndexMap : RawMap {
  using RawMap::RawMap;
  using Handle = std::uint32_t;
};

inline std::uint32_t insert(IndexMap& map, std::uint64_t value) {
  return static_cast<std::uint32_t>(insert(static_cast<RawMap&>(map), value) - map.slots);
}
inline void erase(IndexMap& map, std::uint32_t index) {
  erase(static_cast<RawMap&>(map), map.slots + index);
}
inline std::uint64_t look(const IndexMap& map, std::uint32_t index) {
  return map.slots[index].value;
}
inline std::uint32_t receive(const IndexMap&, std::uint64_t number) { return index_in(number); }

// What C can do about stale handles: a pointer and a generation. It trusts the pointer.

struct CountedSlot {
  std::uint64_t value;
  std::uint32_t generation;
  std::uint32_t next;  // free; its index
};

struct CountedMap : Slab<CountedSlot> {
  using Slab::Slab;
  struct Handle {
    CountedSlot* slot;
    std::uint32_t generation;
  };
  std::uint32_t first_free = nowhere;
};

inline CountedMap::Handle insert(CountedMap& map, std::uint64_t value) {
  CountedSlot* slot;
  if (map.first_free != nowhere) {
    slot = map.slots + map.first_free;
    map.first_free = slot->next;
  } else {
    if (map.unused == map.end) std::abort();
    slot = map.unused++;
    slot->generation = 1;
  }
  slot->value = value;
  return {slot, slot->generation};
}

inline void erase(CountedMap& map, CountedMap::Handle handle) {
  CountedSlot* const slot = handle.slot;
  if (slot->generation != handle.generation) return;
  ++slot->generation;
  slot->next = map.first_free;
  map.first_free = static_cast<std::uint32_t>(slot - map.slots);
}

inline std::uint64_t look(const CountedMap&, CountedMap::Handle handle) {
  return handle.slot->generation == handle.generation ? handle.slot->value : none;
}
inline CountedMap::Handle receive(const CountedMap& map, std::uint64_t number) {
  return {map.slots + index_in(number), generation_in(number)};
}

// Index and generation as one number, which lies in an array beside the values': half the handle, and
// one comparison. It trusts the index.

struct KeyedMap {
  explicit KeyedMap(std::size_t size)
      : keys(static_cast<std::uint64_t*>(std::malloc(2 * size * sizeof(std::uint64_t)))),
        values(keys + size),
        end(static_cast<std::uint32_t>(size)) {
    if (keys == nullptr) std::abort();
  }
  KeyedMap(const KeyedMap&) = delete;
  KeyedMap& operator=(const KeyedMap&) = delete;
  ~KeyedMap() { std::free(keys); }
  using Handle = std::uint64_t;

  std::uint64_t* keys;
  std::uint64_t* values;  // of a free slot: the next one
  std::uint32_t end;
  std::uint32_t unused = 0;
  std::uint32_t first_free = nowhere;
};

inline std::uint64_t insert(KeyedMap& map, std::uint64_t value) {
  std::uint32_t index = map.first_free;
  if (index != nowhere) {
    map.first_free = static_cast<std::uint32_t>(map.values[index]);
  } else {
    if (map.unused == map.end) std::abort();
    index = map.unused++;
    map.keys[index] = one_generation | index;
  }
  map.values[index] = value;
  return map.keys[index];
}

inline void erase(KeyedMap& map, std::uint64_t key) {
  const std::uint32_t index = index_in(key);
  if (map.keys[index] != key) return;
  map.keys[index] += one_generation;
  map.values[index] = map.first_free;
  map.first_free = index;
}

inline std::uint64_t look(const KeyedMap& map, std::uint64_t key) {
  const std::uint32_t index = index_in(key);
  return map.keys[index] == key ? map.values[index] : none;
}
inline std::uint64_t receive(const KeyedMap&, std::uint64_t number) { return number; }

// What most C programs do: each object from malloc, and a pointer to it in many hands.

struct MallocMap {
  explicit MallocMap(std::size_t) {}
  using Handle = std::uint64_t*;
};

inline std::uint64_t* insert(MallocMap&, std::uint64_t value) {
  auto* const object = static_cast<std::uint64_t*>(std::malloc(sizeof(std::uint64_t)));
  if (object == nullptr) std::abort();
  *object = value;
  return object;
}
inline void erase(MallocMap&, std::uint64_t* object) { std::free(object); }
inline std::uint64_t look(const MallocMap&, const std::uint64_t* object) { return *object; }
inline std::uint64_t* receive(const MallocMap&, std::uint64_t number) {
  return reinterpret_cast<std::uint64_t*>(static_cast<std::uintptr_t>(number));
}

}  // namespace arenas::slot_map

#endif
