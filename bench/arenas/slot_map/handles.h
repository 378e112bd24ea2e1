// What all maps of slot_map.cc agree on: handles as numbers, and the answer that there is nothing.
#ifndef SAFECOST_BENCH_ARENAS_SLOT_MAP_HANDLES_H
#define SAFECOST_BENCH_ARENAS_SLOT_MAP_HANDLES_H

#include <cstdint>

#include "kernel/case.h"

namespace arenas::slot_map {

// What a look gives whose object is gone, or never was.
constexpr std::uint64_t none = UINT64_MAX;

constexpr std::uint32_t nowhere = UINT32_MAX;

// How a handle looks as a number: the index of a slot, and above it a generation.
SAFECOST_HELPER std::uint32_t index_in(std::uint64_t number) {
  return static_cast<std::uint32_t>(number);
}
SAFECOST_HELPER std::uint32_t generation_in(std::uint64_t number) {
  return static_cast<std::uint32_t>(number >> 32);
}
constexpr std::uint64_t one_generation = std::uint64_t{1} << 32;

}  // namespace arenas::slot_map

#endif
