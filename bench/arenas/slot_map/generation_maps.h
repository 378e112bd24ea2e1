// The maps of slot_map.cc that know an old handle by its generation.
#ifndef SAFECOST_BENCH_ARENAS_SLOT_MAP_GENERATION_MAPS_H
#define SAFECOST_BENCH_ARENAS_SLOT_MAP_GENERATION_MAPS_H

#include <atomic>
#include <concepts>
#include <cstdint>
#include <memory>
#include <span>
#include <stdexcept>
#include <utility>
#include <vector>

#include "handles.h"
#include "kernel/case.h"

namespace arenas::slot_map {

// Slots in a vector, a handle of an index and a generation, and maps that differ in how they
// get from a handle to its slot, or to nothing. A slot's generation grows when its object is erased.

struct Slot {
  std::uint64_t value = 0;
  std::uint32_t generation = 1;
  std::uint32_t next = nowhere;  // free
};

struct SlotMap {
  [[gnu::always_inline]] explicit SlotMap(std::size_t capacity) { slots.reserve(capacity); }

  struct Handle {
    std::uint32_t index = nowhere;
    std::uint32_t generation = 0;  // which no slot has
  };
  std::vector<Slot> slots;
  std::uint32_t free = nowhere;
};

template <class Map>
concept Generations = std::derived_from<Map, SlotMap>;

SAFECOST_HELPER SlotMap::Handle insert(Generations auto& map, std::uint64_t value) {
  if (map.free == nowhere) {
    map.slots.push_back({.value = value});
    return {static_cast<std::uint32_t>(map.slots.size() - 1), 1};
  }
  Slot& slot = map.slots[map.free];
  const SlotMap::Handle handle = {map.free, slot.generation};
  map.free = slot.next;
  slot.value = value;
  return handle;
}

template <Generations Map>
SAFECOST_HELPER void erase(Map& map, typename Map::Handle handle) {
  Slot* const slot = find(map, handle);
  if (slot == nullptr) return;
  ++slot->generation;
  slot->next = std::exchange(map.free, static_cast<std::uint32_t>(slot - map.slots.data()));
}

template <Generations Map>
SAFECOST_HELPER std::uint64_t look(Map& map, typename Map::Handle handle) {
  const Slot* const slot = find(map, handle);
  return slot == nullptr ? none : slot->value;
}
SAFECOST_HELPER SlotMap::Handle receive(const Generations auto&, std::uint64_t number) {
  return {index_in(number), generation_in(number)};
}

// The index is checked under the library's assertions, not otherwise.
struct BracketMap : SlotMap {
  using SlotMap::SlotMap;
};
SAFECOST_HELPER Slot* find(BracketMap& map, SlotMap::Handle handle) {
  Slot& slot = map.slots[handle.index];
  return slot.generation == handle.generation ? &slot : nullptr;
}

struct AtMap : SlotMap {
  using SlotMap::SlotMap;
};
SAFECOST_HELPER Slot* find(AtMap& map, SlotMap::Handle handle) {
  Slot& slot = map.slots.at(handle.index);
  return slot.generation == handle.generation ? &slot : nullptr;
}

// A wrong index is answered as a stale generation is: with nothing.
struct FindMap : SlotMap {
  using SlotMap::SlotMap;
};
SAFECOST_HELPER Slot* find(FindMap& map, SlotMap::Handle handle) {
  if (handle.index >= map.slots.size()) return nullptr;
  Slot& slot = map.slots[handle.index];
  return slot.generation == handle.generation ? &slot : nullptr;
}

// A handle that says of which map it is, too, as the ids of Box2D and of other engines with several worlds do. A number
// from outside is taken for one of this map.
struct NumberedMap : SlotMap {
  [[gnu::always_inline]] explicit NumberedMap(std::size_t capacity)
      : SlotMap(capacity), number(++last_number) {}

  struct Handle {
    SlotMap::Handle slot;
    std::uint32_t map = 0;  // which no map has
  };
  static inline std::atomic<std::uint32_t> last_number;
  std::uint32_t number;
};
SAFECOST_HELPER NumberedMap::Handle insert(NumberedMap& map, std::uint64_t value) {
  return {insert(static_cast<SlotMap&>(map), value), map.number};
}
SAFECOST_HELPER Slot* find(NumberedMap& map, NumberedMap::Handle handle) {
  const auto [index, generation] = handle.slot;
  if (handle.map != map.number || index >= map.slots.size()) return nullptr;
  Slot& slot = map.slots[index];
  return slot.generation == generation ? &slot : nullptr;
}
SAFECOST_HELPER NumberedMap::Handle receive(const NumberedMap& map, std::uint64_t number) {
  return {{index_in(number), generation_in(number)}, map.number};
}

// No index leads out of a power of two of slots, so that one comparison is left; whoever makes up an
// index can meet another's slot. All slots are there from the start.
struct MaskMap : SlotMap {
  [[gnu::always_inline]] explicit MaskMap(std::size_t capacity) : SlotMap(capacity) {
    slots.resize(capacity);
    for (std::uint32_t next = free = 0; Slot & slot : slots) slot.next = ++next;
    slots.back().next = nowhere;
  }
};
SAFECOST_HELPER SlotMap::Handle insert(MaskMap& map, std::uint64_t value) {
  if (map.free == nowhere) throw std::length_error("no slot is left");
  return insert(static_cast<SlotMap&>(map), value);
}
SAFECOST_HELPER Slot* find(MaskMap& map, SlotMap::Handle handle) {
  Slot& slot = map.slots[handle.index & (map.slots.size() - 1)];
  return slot.generation == handle.generation ? &slot : nullptr;
}

// A handle that only maps can make: then its pointer can be trusted, if it is this map's, and the generation is all
// there is to look at. Slots never move; the empty handle points to a slot that no generation fits. To look is
// what it is in raw_generation, instruction for instruction. The comparison itself stays in all of these:
// no compiler can know how it ends.
class PointerMap {
 public:
  class Handle {
   public:
    Handle() = default;

   private:
    friend class PointerMap;
    Handle(Slot& slot, std::uint32_t generation) : slot_(&slot), generation_(generation) {}

    static inline Slot nobodys_;
    Slot* slot_ = &nobodys_;
    std::uint32_t generation_ = 0;
  };

  [[gnu::always_inline]] explicit PointerMap(std::size_t capacity) : capacity_(capacity) {
    slots_.reserve(capacity);
  }

  [[gnu::always_inline]] Handle put(std::uint64_t value) {
    if (free_ == nowhere) {
      // More would move the others, to which handles point.
      if (slots_.size() == capacity_) throw std::length_error("no slot is left");
      return {slots_.emplace_back(Slot{.value = value}), 1};
    }
    Slot& slot = slots_[free_];
    free_ = slot.next;
    slot.value = value;
    return {slot, slot.generation};
  }
  [[gnu::always_inline]] void remove(Handle handle) {
    if (!lives(handle)) return;
    Slot& slot = *handle.slot_;
    ++slot.generation;
    slot.next = std::exchange(free_, static_cast<std::uint32_t>(&slot - slots_.data()));
  }
  [[gnu::always_inline]] static std::uint64_t value_of(Handle handle) {
    return lives(handle) ? handle.slot_->value : none;
  }

 private:
  [[gnu::always_inline]] static bool lives(Handle handle) {
    return handle.slot_->generation == handle.generation_;
  }

  std::size_t capacity_;
  std::vector<Slot> slots_;
  std::uint32_t free_ = nowhere;
};

SAFECOST_HELPER PointerMap::Handle insert(PointerMap& map, std::uint64_t value) {
  return map.put(value);
}
SAFECOST_HELPER void erase(PointerMap& map, PointerMap::Handle handle) { map.remove(handle); }
SAFECOST_HELPER std::uint64_t look(const PointerMap&, PointerMap::Handle handle) {
  return PointerMap::value_of(handle);
}
SAFECOST_HELPER PointerMap::Handle receive(const PointerMap&, std::uint64_t) { return {}; }

// raw_key with handles that nobody else can make, so that the index can be trusted, by the map that made
// it: as PointerMap's, handles of two maps have one type. Slot 0 is nobody's, and the empty handle's. Whoever
// looks through an old handle is told by an exception, as at() does it: then no second way leads to what
// comes next, and what was found is added from where it lies.
class KeyMap {
 public:
  class Handle {
   public:
    Handle() = default;

   private:
    friend class KeyMap;
    explicit Handle(std::uint64_t key) : key_(key) {}

    std::uint64_t key_ = 0;
  };

  [[gnu::always_inline]] explicit KeyMap(std::size_t capacity)
      : words_(std::make_unique_for_overwrite<std::uint64_t[]>(2 * (capacity + 1))),
        keys_(words_.get(), capacity + 1),
        values_(words_.get() + capacity + 1, capacity + 1) {
    keys_[0] = nobodys;
  }
  KeyMap(const KeyMap&) = delete;
  KeyMap& operator=(const KeyMap&) = delete;

  [[gnu::always_inline]] Handle put(std::uint64_t value) {
    std::uint32_t index = free_;
    if (index != 0) {
      free_ = static_cast<std::uint32_t>(values_[index]);
    } else {
      if (unused_ == keys_.size()) throw std::length_error("no slot is left");
      index = unused_++;
      keys_[index] = one_generation | index;
    }
    values_[index] = value;
    return Handle(keys_[index]);
  }
  [[gnu::always_inline]] void remove(Handle handle) {
    const std::uint32_t index = index_of(handle);
    keys_[index] += one_generation;
    values_[index] = std::exchange(free_, index);
  }
  [[gnu::always_inline]] std::uint64_t value_of(Handle handle) const {
    return values_[index_of(handle)];
  }

 private:
  static constexpr std::uint64_t nobodys = UINT64_MAX;

  [[noreturn, gnu::cold, gnu::noinline]] static void stale() {
    throw std::out_of_range("the object is gone");
  }
  [[gnu::always_inline]] std::uint32_t index_of(Handle handle) const {
    const std::uint32_t index = index_in(handle.key_);
    if (keys_[index] != handle.key_) stale();
    return index;
  }

  // Not cleared: no handle leads to a slot that was never given out.
  std::unique_ptr<std::uint64_t[]> words_;
  std::span<std::uint64_t> keys_;
  std::span<std::uint64_t> values_;  // of a free slot: the next one, or 0
  std::uint32_t free_ = 0;
  std::uint32_t unused_ = 1;  // from here on no slot was ever given out
};

SAFECOST_HELPER KeyMap::Handle insert(KeyMap& map, std::uint64_t value) { return map.put(value); }
SAFECOST_HELPER void erase(KeyMap& map, KeyMap::Handle handle) { map.remove(handle); }
SAFECOST_HELPER std::uint64_t look(const KeyMap& map, KeyMap::Handle handle) {
  return map.value_of(handle);
}
SAFECOST_HELPER KeyMap::Handle receive(const KeyMap&, std::uint64_t) { return {}; }

}  // namespace arenas::slot_map

#endif
