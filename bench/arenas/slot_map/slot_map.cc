// What does a handle cost that knows whether its object is still there?
//
// Objects come and go, and others hold on to them: entities of a game, sessions, timers, file tables.
// A tape inserts, erases and, seven times of eight, looks at an object through a handle that lies
// somewhere else. In C the handle is a pointer into a slab: nothing to check, and nothing that could tell
// that the object was erased and its slot given to another. No tool tells either: the slab's memory is
// there all the time. A generation in slot and handle tells for one comparison.
//
// A valid tape looks at live objects only, and ends with none. So each check holds, and its jump is
// well predicted; what an idiom costs is what it reads and computes for it. A pointer and a generation
// (raw_generation, generation_pointer) are two loads from a place that has to be scaled, and the answer
// for what is gone is one more value to choose: ten instructions a look (Clang), where raw_index has three.
// Index and generation as one number (raw_key, generation_key) are one load, compared with memory:
// `mov rsi,[r12+rdx*8]; mov edx,esi; cmp [r15+rdx*8],rsi; jne`, then raw_index's `add rsi,[rbp+rdx*8]`.
// Who throws for what is gone (generation_key) chooses nothing. With GCC it is the same code. What stays is
// those three instructions, since nobody can know how the comparison ends. All of it is little beside the tape: most of
// the time of a raw look is that of finding out that there is one (dispatch_only).
// That only the map makes handles is not enough to trust an index or a pointer: all maps of a type make the same, and
// who has several needs a handle that names its map (generation_map_id).
#include <algorithm>
#include <bit>
#include <cstdint>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "blind_maps.h"
#include "generation_maps.h"
#include "handles.h"
#include "kernel/case.h"
#include "library_maps.h"
#include "tape.h"

namespace arenas::slot_map {

// What breaks a contract. Numbers are spare places.
struct Step {
  Kind kind;
  std::uint32_t place;
};
std::vector<Step> breach_of(const safecost::Generator& generator) {
  using enum Kind;
  if (generator.commits("use_after_erase")) return {{insert, 0}, {erase, 0}, {look, 0}};
  if (generator.commits("slot_reused"))
    return {{insert, 0}, {erase, 0}, {insert, 1}, {look, 0}, {erase, 1}};
  if (generator.commits("double_erase"))
    return {{insert, 0}, {erase, 0}, {erase, 0}, {insert, 1}, {insert, 2},
            {look, 1},   {look, 2},  {erase, 1}, {erase, 2}};
  if (generator.commits("never_issued")) return {{insert, 0}, {receive, 1}, {look, 1}, {erase, 0}};
  if (generator.commits("foreign_map")) return {{insert, 0}, {receive, 1}, {look, 1}, {erase, 0}};
  if (generator.commits("foreign_index"))
    return {{insert, 0}, {receive, 1}, {look, 1},  {erase, 1},
            {insert, 2}, {look, 2},    {erase, 2}, {erase, 0}};
  if (generator.commits("null_handle")) return {{look, 3}};
  return {};
}

Input generate(safecost::Generator& generator) {
  const std::size_t capacity = std::bit_ceil(std::max<std::size_t>(generator.size() / 8, 4));
  const std::size_t usual = capacity - capacity / 4;  // objects at a time, once there are as many
  safecost::Random& random = generator.random;

  const std::size_t valid = generator.size();
  std::vector<Operation> tape;
  std::vector<std::uint32_t> live, vacant;
  std::vector<std::size_t> roomy;  // places of the tape where two slots are free
  for (std::uint32_t place = 0; place < capacity; ++place) vacant.push_back(place);
  const auto draw = [&](std::vector<std::uint32_t>& places) {
    std::swap(places[random.below(places.size())], places.back());
    const std::uint32_t place = places.back();
    places.pop_back();
    return place;
  };
  std::vector<std::uint64_t> held(capacity);
  const auto write = [&](Kind kind, std::uint32_t place) {
    const std::uint64_t value = random.below(1'000'000);
    if (kind == Kind::insert) held[place] = value;
    tape.push_back(
        {.kind = kind, .place = place, .value = kind == Kind::look ? held[place] : value});
  };
  const auto note = [&] {
    if (vacant.size() >= 2) roomy.push_back(tape.size());
  };
  for (std::size_t left = valid; left > 0; --left) {
    note();
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
  note();

  std::vector<Operation> breach;
  for (const Step step : breach_of(generator)) {
    breach.push_back({.kind = step.kind,
                      .place = static_cast<std::uint32_t>(capacity) + step.place,
                      .value = random.below(1'000'000)});
    // An index behind all slots, and the generation of slots that are new.
    if (generator.commits("never_issued") && step.kind == Kind::receive)
      breach.back().value = std::uint64_t{1} << 32 | (capacity + random.below(4'096));
  }
  if (!breach.empty()) {
    const auto place = static_cast<std::ptrdiff_t>(roomy[random.below(roomy.size())]);
    tape.insert(tape.begin() + place, breach.begin(), breach.end());
  }
  const auto operations = generator.array<Operation>(tape.size());
  std::ranges::copy(tape, operations.begin());
  return {operations.data(), operations.size(), capacity};
}

template <class Map>
SAFECOST_KERNEL played(const Tape& tape) {
  return play<Map>(tape.operations, tape.capacity);
}

// The tape alone: each operation is read and recognised, and nothing is done.

struct Nothing {
  explicit Nothing(std::size_t) {}
  using Handle = void*;
};
SAFECOST_HELPER void* insert(Nothing&, std::uint64_t value) {
  asm volatile("/* insert */" : : "r"(value));
  return nullptr;
}
SAFECOST_HELPER void erase(Nothing&, void* handle) { asm volatile("/* erase */" : : "r"(handle)); }
SAFECOST_HELPER std::uint64_t seen_in(Nothing&, void* handle, const Operation& look) {
  asm volatile("/* look */" : : "r"(handle));
  return look.value;
}
SAFECOST_HELPER void* receive(Nothing&, std::uint64_t) { return nullptr; }

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
        .fault({.name = "never_issued",
                .cwe = 129,
                .description =
                    "a number from outside is taken for a handle, up to 4,096 slots past the last",
                .contract = "a handle was given out by the map",
                .kind = SAFECOST_FAULT_TAPE,
                .oracles =
                    SAFECOST_ORACLE_GUARD | SAFECOST_ORACLE_SANITIZER | SAFECOST_ORACLE_MEMCHECK,
                .reference = nothing_for_stale})
        .fault({.name = "foreign_map",
                .cwe = 672,
                .description =
                    "another map gave the handle out, whose handles look like those of this one",
                .contract = "a handle was given out by the map",
                .kind = SAFECOST_FAULT_KERNEL,
                // All memory is in order: nobody sees but who knows the answer.
                .oracles = SAFECOST_ORACLE_VALUE,
                .reference = nothing_for_stale})
        .fault(
            {.name = "foreign_index",
             .cwe = 129,
             .description = "a larger map gave the handle out, for a slot behind all of this one",
             .contract = "a handle was given out by the map",
             .kind = SAFECOST_FAULT_KERNEL,
             .oracles = SAFECOST_ORACLE_GUARD | SAFECOST_ORACLE_SANITIZER |
                        SAFECOST_ORACLE_MEMCHECK | SAFECOST_ORACLE_VALUE,
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
        .raw<played<RawMap>>("raw", "pointer into a slab")
        .ordinary()
        .fault_kernel<foreign_map<RawMap>>("foreign_map")
        .fault_kernel<foreign_index<RawMap>>("foreign_index")
        .raw<played<IndexMap>>("raw_index",
                               "index into a slab, which is half as large and as blind")
        .ordinary()
        .fault_kernel<foreign_map<IndexMap>>("foreign_map")
        .fault_kernel<foreign_index<IndexMap>>("foreign_index")
        .algorithm("index")
        .raw<played<CountedMap>>("raw_generation", "pointer into a slab, and a generation")
        .ordinary()
        .fault_kernel<foreign_map<CountedMap>>("foreign_map")
        .fault_kernel<foreign_index<CountedMap>>("foreign_index")
        .algorithm("generation")
        .claims("always", "use_after_erase", "slot_reused", "double_erase")
        .raw<played<KeyedMap>>("raw_key", "index and generation compared as one number")
        .bespoke()
        .fault_kernel<foreign_map<KeyedMap>>("foreign_map")
        .fault_kernel<foreign_index<KeyedMap>>("foreign_index")
        .algorithm("generation")
        .claims("always", "use_after_erase", "slot_reused", "double_erase")
        .raw<played<MallocMap>>("raw_malloc", "pointer from malloc")
        .ordinary()
        .fault_kernel<foreign_map<MallocMap>>("foreign_map")
        .fault_kernel<foreign_index<MallocMap>>("foreign_index")
        .algorithm("heap")
        .practised()
        .raw<played<Nothing>>("dispatch_only", "the tape alone, of which nothing is done")
        .bespoke()
        .inexpressible("foreign_map", "there is no map")
        .inexpressible("foreign_index", "there is no map")
        .safe<played<BracketMap>>("generation", "generation, and vector::operator[]")
        .ordinary()
        .fault_kernel<foreign_map<BracketMap>>("foreign_map")
        .fault_kernel<foreign_index<BracketMap>>("foreign_index")
        .algorithm("generation")
        .claims("always", "use_after_erase", "slot_reused", "double_erase")
        .claims("assertions", "never_issued", "foreign_index", "null_handle")
        .safe<played<AtMap>>("generation_at", "generation, and vector::at, which throws")
        .ordinary()
        .fault_kernel<foreign_map<AtMap>>("foreign_map")
        .fault_kernel<foreign_index<AtMap>>("foreign_index")
        .algorithm("generation")
        .claims("always", "use_after_erase", "slot_reused", "double_erase", "never_issued",
                "foreign_index", "null_handle")
        .safe<played<FindMap>>("generation_find", "generation; a wrong index finds nothing either")
        .ordinary()
        .fault_kernel<foreign_map<FindMap>>("foreign_map")
        .fault_kernel<foreign_index<FindMap>>("foreign_index")
        .algorithm("generation")
        .claims("always", "use_after_erase", "slot_reused", "double_erase", "never_issued",
                "foreign_index", "null_handle")
        .safe<played<NumberedMap>>("generation_map_id", "the same, and the handle names its map")
        .ordinary()
        .fault_kernel<foreign_map<NumberedMap>>("foreign_map")
        .fault_kernel<foreign_index<NumberedMap>>("foreign_index")
        .algorithm("generation")
        .claims("always", "use_after_erase", "slot_reused", "double_erase", "never_issued",
                "foreign_map", "foreign_index", "null_handle")
        .safe<played<MaskMap>>("generation_mask", "generation, and the index anded with size() - 1")
        .ordinary()
        .fault_kernel<foreign_map<MaskMap>>("foreign_map")
        .fault_kernel<foreign_index<MaskMap>>("foreign_index")
        .algorithm("generation")
        .claims("always", "use_after_erase", "slot_reused", "double_erase", "null_handle")
        .safe<played<PointerMap>>("generation_pointer",
                                  "generation, and a pointer that the map alone can make")
        .bespoke()
        .trusted_core()
        .fault_kernel<foreign_map<PointerMap>>("foreign_map")
        .fault_kernel<foreign_index<PointerMap>>("foreign_index")
        .algorithm("generation")
        .claims("always", "never_issued", "use_after_erase", "slot_reused", "double_erase",
                "null_handle")
        .safe<played<KeyMap>>("generation_key", "the same number, which the map alone can make")
        .bespoke()
        .trusted_core()
        .fault_kernel<foreign_map<KeyMap>>("foreign_map")
        .fault_kernel<foreign_index<KeyMap>>("foreign_index")
        .algorithm("generation")
        .claims("always", "never_issued", "use_after_erase", "slot_reused", "double_erase",
                "null_handle")
        .safe<played<ById<HashTable>>>("unordered_map",
                                       "std::unordered_map by an id that is never used again")
        .library()
        .fault_kernel<foreign_map<ById<HashTable>>>("foreign_map")
        .fault_kernel<foreign_index<ById<HashTable>>>("foreign_index")
        .algorithm("hash")
        .claims("always", "use_after_erase", "slot_reused", "double_erase", "never_issued",
                "null_handle")
#if defined(SAFECOST_ABSEIL_THREAD_LOCAL)
        .safe<played<ById<FlatHashTable>>>("flat_hash_map",
                                           "absl::flat_hash_map by an id that is never used again")
        .library()
        .fault_kernel<foreign_map<ById<FlatHashTable>>>("foreign_map")
        .fault_kernel<foreign_index<ById<FlatHashTable>>>("foreign_index")
        .algorithm("hash")
        .claims("always", "use_after_erase", "slot_reused", "double_erase", "never_issued",
                "null_handle")
#else
        .gap("flat_hash_map", "absl::flat_hash_map by an id that is never used again",
             "no Abseil for this toolchain")
#endif
        .safe<played<SharedMap>>("weak_ptr", "shared_ptr owns, weak_ptr::lock looks")
        .library()
        .fault_kernel<foreign_map<SharedMap>>("foreign_map")
        .fault_kernel<foreign_index<SharedMap>>("foreign_index")
        .algorithm("heap")
        .claims("always", "never_issued", "use_after_erase", "slot_reused", "double_erase",
                "null_handle");

}  // namespace arenas::slot_map

SAFECOST_EXPORT(arenas::slot_map::the_case)
