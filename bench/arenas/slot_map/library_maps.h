// The maps of slot_map.cc that are made of what the library has: hash tables and shared ownership.
#ifndef SAFECOST_BENCH_ARENAS_SLOT_MAP_LIBRARY_MAPS_H
#define SAFECOST_BENCH_ARENAS_SLOT_MAP_LIBRARY_MAPS_H

#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#if defined(SAFECOST_ABSEIL_THREAD_LOCAL)
#include "absl/container/flat_hash_map.h"
#endif
#include "handles.h"
#include "kernel/case.h"

namespace arenas::slot_map {

// Ids that are never given out twice, and a hash table: what most people write. The hash is our own,
// alike everywhere, so that counts are.

struct MixedBits {
  std::size_t operator()(std::uint64_t id) const {
    const std::uint64_t mixed = id * 0x9e3779b97f4a7c15u;
    return mixed ^ (mixed >> 32);
  }
};

using HashTable = std::unordered_map<std::uint64_t, std::uint64_t, MixedBits>;
#if defined(SAFECOST_ABSEIL_THREAD_LOCAL)
using FlatHashTable = absl::flat_hash_map<std::uint64_t, std::uint64_t, MixedBits>;
#endif

template <class Table>
struct ById {
  [[gnu::always_inline]] explicit ById(std::size_t capacity) { objects.reserve(capacity); }
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

// The map owns; the others watch, and become owners for as long as they look.

struct Object {
  std::uint64_t value;
  std::uint32_t index;  // where its owner is
};

struct SharedMap {
  [[gnu::always_inline]] explicit SharedMap(std::size_t capacity) { owners.reserve(capacity); }
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

}  // namespace arenas::slot_map

#endif
