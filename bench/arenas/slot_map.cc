// What does a handle cost that knows whether its object is still there?
//
// Objects come and go, and others hold on to them: entities of a game, sessions, timers, file tables.
// A tape inserts, erases and, seven times of eight, looks at an object through a handle that lies
// somewhere else. In C the handle is a pointer into a slab: nothing to check, and nothing that could tell
// that the object was erased and its slot given to another. No tool tells either: the slab's memory is
// there all the time. A generation in slot and handle tells for one comparison.
//
// A valid tape looks at live objects only, and ends with none. So each check holds, and its jump is
// well predicted; what an idiom costs is what it reads and computes for it.
#include <algorithm>
#include <bit>
#include <concepts>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <memory>
#include <span>
#include <stdexcept>
#include <unordered_map>
#include <utility>
#include <vector>

#include "kernel/case.h"

namespace arenas::slot_map {

enum class Kind : std::uint32_t {
  insert,  // make an object; its handle goes to a place
  erase,   // destroy the object of a place's handle, which stays where it is
  look,    // read the object of a place's handle
  receive  // a handle arrives as a number, as from a client; no valid tape has one
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

constexpr std::size_t spare = 4;  // places beyond the capacity, for endings

// What breaks a contract comes last on a tape. Numbers are spare places.
struct Step {
  Kind kind;
  std::uint32_t place;
};
std::vector<Step> ending_of(const safecost::Generator& generator) {
  using enum Kind;
  if (generator.commits("use_after_erase")) return {{insert, 0}, {erase, 0}, {look, 0}};
  if (generator.commits("slot_reused"))
    return {{insert, 0}, {erase, 0}, {insert, 1}, {look, 0}, {erase, 1}};
  if (generator.commits("double_erase"))
    return {{insert, 0}, {erase, 0}, {erase, 0}, {insert, 1}, {insert, 2},
            {look, 1},   {look, 2},  {erase, 1}, {erase, 2}};
  if (generator.commits("never_issued")) return {{insert, 0}, {receive, 1}, {look, 1}, {erase, 0}};
  if (generator.commits("null_handle")) return {{look, 3}};
  return {};
}

Input generate(safecost::Generator& generator) {
  const std::vector<Step> ending = ending_of(generator);
  const std::size_t capacity = std::bit_ceil(std::max<std::size_t>(generator.size() / 8, 4));
  const std::size_t usual = capacity - capacity / 4;  // objects at a time, once there are as many
  safecost::Random& random = generator.random;

  // Nothing comes before a handle that nobody made, lest its generation be wrong by luck.
  const std::size_t valid = generator.commits("never_issued") ? 0 : generator.size();

  std::vector<Operation> tape;
  std::vector<std::uint32_t> live, vacant;
  for (std::uint32_t place = 0; place < capacity; ++place) vacant.push_back(place);
  const auto draw = [&](std::vector<std::uint32_t>& places) {
    std::swap(places[random.below(places.size())], places.back());
    const std::uint32_t place = places.back();
    places.pop_back();
    return place;
  };
  const auto write = [&](Kind kind, std::uint32_t place) {
    tape.push_back({.kind = kind, .place = place, .value = random.below(1'000'000)});
  };
  for (std::size_t left = valid; left > 0; --left) {
    const bool room = left >= live.size() + 2 && !vacant.empty();
    const bool filling = left + usual > valid;
    const std::uint64_t dice = random.below(16);
    if (room && (live.empty() || filling || dice == 0)) {
      live.push_back(draw(vacant));
      write(Kind::insert, live.back());
    } else if (left == live.size() || (!live.empty() && dice == 1)) {
      vacant.push_back(draw(live));
      write(Kind::erase, vacant.back());
    } else if (!live.empty()) {
      write(Kind::look, live[random.below(live.size())]);
    }
  }
  for (const Step step : ending) {
    write(step.kind, static_cast<std::uint32_t>(capacity) + step.place);
    // The first index behind all slots, and the generation of slots that are new.
    if (step.kind == Kind::receive) tape.back().value = std::uint64_t{1} << 32 | capacity;
  }
  const auto operations = generator.array<Operation>(tape.size());
  std::ranges::copy(tape, operations.begin());
  return {operations.data(), operations.size(), capacity};
}

struct Tape {
  explicit Tape(const Input& input)
      : operations(input.operations, input.operations + input.count), capacity(input.capacity) {}

  std::vector<Operation> operations;
  std::size_t capacity;
};

// What a look gives whose object is gone, or never was.
constexpr std::uint64_t none = UINT64_MAX;

template <class Map>
SAFECOST_HELPER std::uint64_t play(std::span<const Operation> operations, std::size_t capacity) {
  Map map(capacity);
  // Whoever holds handles is no part of the question, so no idiom pays for it.
  std::vector<typename Map::Handle> holders(capacity + spare);
  typename Map::Handle* const handles = holders.data();
  std::uint64_t digest = 0;
  for (const Operation& operation : operations) {
    switch (operation.kind) {
      case Kind::insert:
        handles[operation.place] = insert(map, operation.value);
        break;
      case Kind::erase:
        erase(map, handles[operation.place]);
        break;
      case Kind::look:
        digest = digest * 31 + look(map, handles[operation.place]);
        break;
      case Kind::receive:
        handles[operation.place] = receive(map, operation.value);
        break;
    }
  }
  return digest;
}

// How a handle looks as a number: the index of a slot, and above it a generation.
SAFECOST_HELPER std::uint32_t index_in(std::uint64_t number) {
  return static_cast<std::uint32_t>(number);
}
SAFECOST_HELPER std::uint32_t generation_in(std::uint64_t number) {
  return static_cast<std::uint32_t>(number >> 32);
}

// Raw: a slab, and a list of free slots that lies in them.

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

SAFECOST_HELPER RawSlot* insert(RawMap& map, std::uint64_t value) {
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

SAFECOST_HELPER void erase(RawMap& map, RawSlot* slot) {
  slot->next = map.free;
  map.free = slot;
}

SAFECOST_HELPER std::uint64_t look(const RawMap&, const RawSlot* slot) { return slot->value; }
SAFECOST_HELPER RawSlot* receive(const RawMap& map, std::uint64_t number) {
  return map.slots + index_in(number);
}

SAFECOST_KERNEL raw(const Tape& tape) { return play<RawMap>(tape.operations, tape.capacity); }

// The same slab by index: half the size of a pointer, and a base to add.

struct IndexMap : RawMap {
  using RawMap::RawMap;
  using Handle = std::uint32_t;
};

SAFECOST_HELPER std::uint32_t insert(IndexMap& map, std::uint64_t value) {
  return static_cast<std::uint32_t>(insert(static_cast<RawMap&>(map), value) - map.slots);
}
SAFECOST_HELPER void erase(IndexMap& map, std::uint32_t index) {
  erase(static_cast<RawMap&>(map), map.slots + index);
}
SAFECOST_HELPER std::uint64_t look(const IndexMap& map, std::uint32_t index) {
  return map.slots[index].value;
}
SAFECOST_HELPER std::uint32_t receive(const IndexMap&, std::uint64_t number) {
  return index_in(number);
}

SAFECOST_KERNEL raw_index(const Tape& tape) {
  return play<IndexMap>(tape.operations, tape.capacity);
}

// What C can do about stale handles: a pointer and a generation. It trusts the pointer.

struct CountedSlot {
  std::uint64_t value;
  std::uint32_t generation;
  std::uint32_t next;  // free; its index
};
constexpr std::uint32_t nowhere = UINT32_MAX;

struct CountedMap : Slab<CountedSlot> {
  using Slab::Slab;
  struct Handle {
    CountedSlot* slot;
    std::uint32_t generation;
  };
  std::uint32_t first_free = nowhere;
};

SAFECOST_HELPER CountedMap::Handle insert(CountedMap& map, std::uint64_t value) {
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

SAFECOST_HELPER void erase(CountedMap& map, CountedMap::Handle handle) {
  CountedSlot* const slot = handle.slot;
  if (slot->generation != handle.generation) return;
  ++slot->generation;
  slot->next = map.first_free;
  map.first_free = static_cast<std::uint32_t>(slot - map.slots);
}

SAFECOST_HELPER std::uint64_t look(const CountedMap&, CountedMap::Handle handle) {
  return handle.slot->generation == handle.generation ? handle.slot->value : none;
}
SAFECOST_HELPER CountedMap::Handle receive(const CountedMap& map, std::uint64_t number) {
  return {map.slots + index_in(number), generation_in(number)};
}

SAFECOST_KERNEL raw_generation(const Tape& tape) {
  return play<CountedMap>(tape.operations, tape.capacity);
}

// What most C programs do: each object from malloc, and a pointer to it in many hands.

struct MallocMap {
  explicit MallocMap(std::size_t) {}
  using Handle = std::uint64_t*;
};

SAFECOST_HELPER std::uint64_t* insert(MallocMap&, std::uint64_t value) {
  auto* const object = static_cast<std::uint64_t*>(std::malloc(sizeof(std::uint64_t)));
  if (object == nullptr) std::abort();
  *object = value;
  return object;
}
SAFECOST_HELPER void erase(MallocMap&, std::uint64_t* object) { std::free(object); }
SAFECOST_HELPER std::uint64_t look(const MallocMap&, const std::uint64_t* object) {
  return *object;
}
SAFECOST_HELPER std::uint64_t* receive(const MallocMap&, std::uint64_t number) {
  return reinterpret_cast<std::uint64_t*>(static_cast<std::uintptr_t>(number));
}

SAFECOST_KERNEL raw_malloc(const Tape& tape) {
  return play<MallocMap>(tape.operations, tape.capacity);
}

// Safe: slots in a vector, a handle of an index and a generation, and maps that differ in how they
// get from a handle to its slot, or to nothing. A slot's generation grows when its object is erased.

struct Slot {
  std::uint64_t value = 0;
  std::uint32_t generation = 1;
  std::uint32_t next = nowhere;  // free
};

struct SlotMap {
  explicit SlotMap(std::size_t capacity) { slots.reserve(capacity); }

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

SAFECOST_HELPER void erase(Generations auto& map, SlotMap::Handle handle) {
  Slot* const slot = find(map, handle);
  if (slot == nullptr) return;
  ++slot->generation;
  slot->next = std::exchange(map.free, static_cast<std::uint32_t>(slot - map.slots.data()));
}

SAFECOST_HELPER std::uint64_t look(Generations auto& map, SlotMap::Handle handle) {
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

// No index leads out of a power of two of slots, so that one comparison is left; whoever makes up an
// index can meet another's slot.
struct MaskMap {
  explicit MaskMap(std::size_t capacity) : slots(capacity) {}
  using Handle = SlotMap::Handle;
  std::vector<Slot> slots;
  std::size_t used = 0;
  std::uint32_t free = nowhere;
};

SAFECOST_HELPER Slot* find(MaskMap& map, SlotMap::Handle handle) {
  Slot& slot = map.slots[handle.index & (map.slots.size() - 1)];
  return slot.generation == handle.generation ? &slot : nullptr;
}

SAFECOST_HELPER SlotMap::Handle insert(MaskMap& map, std::uint64_t value) {
  std::uint32_t index = map.free;
  if (index == nowhere) {
    if (map.used == map.slots.size()) throw std::length_error("no slot is left");
    index = static_cast<std::uint32_t>(map.used++);
  }
  Slot& slot = map.slots[index];
  map.free = std::exchange(slot.next, nowhere);
  slot.value = value;
  return {index, slot.generation};
}

SAFECOST_HELPER void erase(MaskMap& map, SlotMap::Handle handle) {
  Slot* const slot = find(map, handle);
  if (slot == nullptr) return;
  ++slot->generation;
  slot->next = std::exchange(map.free, static_cast<std::uint32_t>(slot - map.slots.data()));
}
SAFECOST_HELPER std::uint64_t look(MaskMap& map, SlotMap::Handle handle) {
  const Slot* const slot = find(map, handle);
  return slot == nullptr ? none : slot->value;
}
SAFECOST_HELPER SlotMap::Handle receive(const MaskMap&, std::uint64_t number) {
  return {index_in(number), generation_in(number)};
}

SAFECOST_KERNEL generation(const Tape& tape) {
  return play<BracketMap>(tape.operations, tape.capacity);
}
SAFECOST_KERNEL generation_at(const Tape& tape) {
  return play<AtMap>(tape.operations, tape.capacity);
}
SAFECOST_KERNEL generation_find(const Tape& tape) {
  return play<FindMap>(tape.operations, tape.capacity);
}
SAFECOST_KERNEL generation_mask(const Tape& tape) {
  return play<MaskMap>(tape.operations, tape.capacity);
}

// A handle that nobody else can make: then its pointer can be trusted, and the generation is all there
// is to look at. Slots never move; the empty handle points to a slot that no generation fits. To look is
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

  explicit PointerMap(std::size_t capacity) : capacity_(capacity) { slots_.reserve(capacity); }

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

SAFECOST_KERNEL generation_pointer(const Tape& tape) {
  return play<PointerMap>(tape.operations, tape.capacity);
}

// Ids that are never given out twice, and a hash table: what most people write. The hash is our own,
// alike everywhere, so that counts are.

struct MixedBits {
  std::size_t operator()(std::uint64_t id) const {
    const std::uint64_t mixed = id * 0x9e3779b97f4a7c15u;
    return mixed ^ (mixed >> 32);
  }
};

template <class Table>
struct ById {
  explicit ById(std::size_t capacity) { objects.reserve(capacity); }
  using Handle = std::uint64_t;  // 0 for none
  Table objects;
  std::uint64_t last_id = 0;
};

template <class Table>
SAFECOST_HELPER std::uint64_t insert(ById<Table>& map, std::uint64_t value) {
  map.objects.emplace(++map.last_id, value);
  return map.last_id;
}
template <class Table>
SAFECOST_HELPER void erase(ById<Table>& map, std::uint64_t id) {
  map.objects.erase(id);
}
template <class Table>
SAFECOST_HELPER std::uint64_t look(const ById<Table>& map, std::uint64_t id) {
  const auto found = map.objects.find(id);
  return found == map.objects.end() ? none : found->second;
}
template <class Table>
SAFECOST_HELPER std::uint64_t receive(const ById<Table>&, std::uint64_t number) {
  return number;
}

SAFECOST_KERNEL unordered_map(const Tape& tape) {
  using Table = std::unordered_map<std::uint64_t, std::uint64_t, MixedBits>;
  return play<ById<Table>>(tape.operations, tape.capacity);
}

// The map owns; the others watch, and become owners for as long as they look.

struct Object {
  std::uint64_t value;
  std::uint32_t index;  // where its owner is
};

struct SharedMap {
  explicit SharedMap(std::size_t capacity) { owners.reserve(capacity); }
  using Handle = std::weak_ptr<Object>;
  std::vector<std::shared_ptr<Object>> owners;
  std::vector<std::uint32_t> free;
};

SAFECOST_HELPER std::weak_ptr<Object> insert(SharedMap& map, std::uint64_t value) {
  if (map.free.empty()) {
    const auto index = static_cast<std::uint32_t>(map.owners.size());
    return map.owners.emplace_back(std::make_shared<Object>(value, index));
  }
  const std::uint32_t index = map.free.back();
  map.free.pop_back();
  return map.owners[index] = std::make_shared<Object>(value, index);
}
SAFECOST_HELPER void erase(SharedMap& map, const std::weak_ptr<Object>& handle) {
  const std::shared_ptr<Object> object = handle.lock();
  if (object == nullptr) return;
  map.owners[object->index].reset();
  map.free.push_back(object->index);
}
SAFECOST_HELPER std::uint64_t look(const SharedMap&, const std::weak_ptr<Object>& handle) {
  const std::shared_ptr<Object> object = handle.lock();
  return object == nullptr ? none : object->value;
}
SAFECOST_HELPER std::weak_ptr<Object> receive(const SharedMap&, std::uint64_t) { return {}; }

SAFECOST_KERNEL weak_ptr(const Tape& tape) {
  return play<SharedMap>(tape.operations, tape.capacity);
}

// What an idiom gives that answers a look through a stale, an empty or an invented handle with nothing,
// and does not erase through one.

struct Model {
  explicit Model(std::size_t) {}
  using Handle = std::uint64_t;
  std::map<std::uint64_t, std::uint64_t> objects;
  std::uint64_t last_id = 0;
};

std::uint64_t insert(Model& map, std::uint64_t value) {
  map.objects[++map.last_id] = value;
  return map.last_id;
}
void erase(Model& map, std::uint64_t id) { map.objects.erase(id); }
std::uint64_t look(const Model& map, std::uint64_t id) {
  const auto found = map.objects.find(id);
  return found == map.objects.end() ? none : found->second;
}
std::uint64_t receive(const Model&, std::uint64_t) { return 0; }

std::uint64_t nothing_for_stale(const void* input) {
  const Input& given = *static_cast<const Input*>(input);
  return play<Model>(std::span(given.operations, given.count), given.capacity);
}

auto the_case =
    safecost::Case<Input>(generate)
        .size(1'024, "L1")                         // 16 KiB of tape, about 96 objects
        .size(16'384, "L2", safecost::Tier::full)  // 256 KiB, about 1,536 objects
        .fault({.name = "use_after_erase",
                .cwe = 416,
                .description = "an object is erased, then looked at through its handle",
                .contract = "a handle is used while its object lives",
                .kind = SAFECOST_FAULT_TAPE,
                // A slab's memory is there all the time: nobody sees but who knows the answer.
                .oracles = SAFECOST_ORACLE_GUARD | SAFECOST_ORACLE_SANITIZER |
                           SAFECOST_ORACLE_MEMCHECK | SAFECOST_ORACLE_VALUE,
                .reference = nothing_for_stale})
        .fault(
            {.name = "slot_reused",
             .cwe = 672,
             .description = "an object is erased, another takes its slot, the old handle is used",
             .contract = "a handle leads to the object that it was made for",
             .kind = SAFECOST_FAULT_TAPE,
             .oracles = SAFECOST_ORACLE_GUARD | SAFECOST_ORACLE_SANITIZER |
                        SAFECOST_ORACLE_MEMCHECK | SAFECOST_ORACLE_VALUE,
             .reference = nothing_for_stale})
        .fault({.name = "double_erase",
                .cwe = 415,
                .description = "an object is erased twice, and two new ones get the same slot",
                .contract = "an object is erased once",
                .kind = SAFECOST_FAULT_TAPE,
                .oracles = SAFECOST_ORACLE_SANITIZER | SAFECOST_ORACLE_MEMCHECK |
                           SAFECOST_ORACLE_LEDGER | SAFECOST_ORACLE_VALUE,
                .reference = nothing_for_stale})
        .fault(
            {.name = "never_issued",
             .cwe = 129,
             .description = "a number from outside is taken for a handle, one slot past the last",
             .contract = "a handle was given out by the map",
             .kind = SAFECOST_FAULT_TAPE,
             .oracles =
                 SAFECOST_ORACLE_GUARD | SAFECOST_ORACLE_SANITIZER | SAFECOST_ORACLE_MEMCHECK,
             .reference = nothing_for_stale})
        .fault({.name = "null_handle",
                .cwe = 476,
                .description = "a handle is used that no object was ever assigned to",
                .contract = "a handle was given out by the map",
                .kind = SAFECOST_FAULT_TAPE,
                // No guard page: address 0 belongs to no block.
                .oracles =
                    SAFECOST_ORACLE_SANITIZER | SAFECOST_ORACLE_MEMCHECK | SAFECOST_ORACLE_VALUE,
                .reference = nothing_for_stale})
        .raw<raw>("raw", "pointer into a slab")
        .raw<raw_index>("raw_index", "index into a slab, which is half as large and as blind")
        .algorithm("index")
        .raw<raw_generation>("raw_generation", "pointer into a slab, and a generation")
        .algorithm("generation")
        .claims("always", "use_after_erase", "slot_reused", "double_erase")
        .raw<raw_malloc>("raw_malloc", "pointer from malloc")
        .algorithm("heap")
        .practised()
        .safe<generation>("generation", "generation, and vector::operator[]")
        .algorithm("generation")
        .claims("always", "use_after_erase", "slot_reused", "double_erase")
        .claims("assertions", "never_issued", "null_handle")
        .safe<generation_at>("generation_at", "generation, and vector::at, which throws")
        .algorithm("generation")
        .claims("always", "use_after_erase", "slot_reused", "double_erase", "never_issued",
                "null_handle")
        .safe<generation_find>("generation_find", "generation; a wrong index finds nothing either")
        .algorithm("generation")
        .claims("always", "use_after_erase", "slot_reused", "double_erase", "never_issued",
                "null_handle")
        .safe<generation_mask>("generation_mask", "generation, and the index anded with size() - 1")
        .algorithm("generation")
        .claims("always", "use_after_erase", "slot_reused", "double_erase", "null_handle")
        .safe<generation_pointer>("generation_pointer",
                                  "generation, and a pointer that the map alone can make")
        .algorithm("generation")
        .inexpressible("never_issued", "only the map makes handles, and none of a number")
        .claims("always", "use_after_erase", "slot_reused", "double_erase", "null_handle")
        .safe<unordered_map>("unordered_map",
                             "std::unordered_map by an id that is never used again")
        .algorithm("hash")
        .claims("always", "use_after_erase", "slot_reused", "double_erase", "never_issued",
                "null_handle")
        .gap("flat_hash_map", "absl::flat_hash_map by an id that is never used again",
             "its seed is a variable of the thread, and Abseil's archive of it fits no shared "
             "object")
        .safe<weak_ptr>("weak_ptr", "shared_ptr owns, weak_ptr::lock looks")
        .algorithm("heap")
        .inexpressible("never_issued", "a weak_ptr is made of a shared_ptr, not of a number")
        .claims("always", "use_after_erase", "slot_reused", "double_erase", "null_handle");

}  // namespace arenas::slot_map

SAFECOST_EXPORT(arenas::slot_map::the_case)
