// What allocations.so tells the runner. It is preloaded where allocations are counted, and nowhere else.
#ifndef SAFECOST_RUNNER_ALLOCATIONS_H
#define SAFECOST_RUNNER_ALLOCATIONS_H

#include <cstdint>

extern "C" {

struct safecost_allocation_counter {
  bool counting;  // the runner sets it around the calls that count
  std::uint64_t
      count;  // by whatever thread: calls that handed out a block or gave one another size
  std::uint64_t bytes;  // that they asked for; a block that grows counts with its whole new size
};

// The symbol that the runner looks up, a safecost_allocation_counter.
#define SAFECOST_ALLOCATION_COUNTER "safecost_allocations"
}

#endif
