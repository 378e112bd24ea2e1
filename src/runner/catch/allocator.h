// What the malloc family calls while a world is entered (interpose.cc).
#ifndef SAFECOST_RUNNER_CATCH_ALLOCATOR_H
#define SAFECOST_RUNNER_CATCH_ALLOCATOR_H

#include <cstddef>

namespace safecost::memory {

// Is a world other than `real` entered?
bool serving();
// Does an address lie in a world's memory, a block or not?
bool owns(const void* pointer);

// Null and ENOMEM where there is no room. `alignment` 0: as malloc would.
void* allocate(std::size_t size, std::size_t alignment, bool zeroed);
void release(void* pointer);
void* resize(void* pointer, std::size_t size);
std::size_t usable(const void* pointer);

}  // namespace safecost::memory

#endif
