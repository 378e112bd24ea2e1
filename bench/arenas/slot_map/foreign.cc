// The fault kernels of slot_map.cc that have a second map of the same type, which gave the handle out.
#include <cstddef>
#include <cstdint>
#include <vector>

#include "blind_maps.h"
#include "generation_maps.h"
#include "kernel/case.h"
#include "library_maps.h"
#include "tape.h"

namespace arenas::slot_map {

// It has come the same way, so that its handles look like this one's, and has other values.
template <class Map>
std::uint64_t foreign_map(const Tape& tape) {
  Map other(tape.capacity);
  return play<Map>(tape.operations, tape.capacity, [&] {
    std::vector<typename Map::Handle> handles(tape.capacity + spare);
    for (const Operation& operation : tape.operations) {
      if (operation.kind == Kind::receive) break;
      typename Map::Handle& handle = handles[operation.place];
      if (operation.kind == Kind::insert) handle = insert(other, operation.value + 1);
      if (operation.kind == Kind::erase) erase(other, handle);
    }
    return handles[tape.capacity];
  });
}

// It is larger, and the slot behind all that this one has, in whatever arrays it has them.
template <class Map>
std::uint64_t foreign_index(const Tape& tape) {
  Map other(4 * tape.capacity);
  return play<Map>(tape.operations, tape.capacity, [&] {
    typename Map::Handle handle = insert(other, 0);
    for (std::uint64_t more = 2 * tape.capacity + safecost::drawn(tape.capacity) + 2; more > 0;
         --more)
      handle = insert(other, more);
    return handle;
  });
}

#define SAFECOST_BY_FOREIGN_MAPS(...)                                \
  template std::uint64_t foreign_map<__VA_ARGS__>(const Tape& tape); \
  template std::uint64_t foreign_index<__VA_ARGS__>(const Tape& tape)
SAFECOST_BY_FOREIGN_MAPS(RawMap);
SAFECOST_BY_FOREIGN_MAPS(IndexMap);
SAFECOST_BY_FOREIGN_MAPS(CountedMap);
SAFECOST_BY_FOREIGN_MAPS(KeyedMap);
SAFECOST_BY_FOREIGN_MAPS(MallocMap);
SAFECOST_BY_FOREIGN_MAPS(BracketMap);
SAFECOST_BY_FOREIGN_MAPS(AtMap);
SAFECOST_BY_FOREIGN_MAPS(FindMap);
SAFECOST_BY_FOREIGN_MAPS(NumberedMap);
SAFECOST_BY_FOREIGN_MAPS(MaskMap);
SAFECOST_BY_FOREIGN_MAPS(PointerMap);
SAFECOST_BY_FOREIGN_MAPS(KeyMap);
SAFECOST_BY_FOREIGN_MAPS(ById<HashTable>);
#if defined(SAFECOST_ABSEIL_THREAD_LOCAL)
SAFECOST_BY_FOREIGN_MAPS(ById<FlatHashTable>);
#endif
SAFECOST_BY_FOREIGN_MAPS(SharedMap);

}  // namespace arenas::slot_map
