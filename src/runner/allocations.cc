// A malloc family that counts and passes on to glibc's; built as a shared object of its own, for LD_PRELOAD.
//
// Static runtimes of a plugin (libstdc++, libc++, Rust's std) all end in libc's malloc, which a preloaded library stands
// in front of. `free` is not counted, so it is left alone.
#include "runner/allocations.h"

#include <unistd.h>

#include <cerrno>
#include <cstddef>

extern "C" {

// glibc's own, under the names that it exports for libraries such as this one.
// NOLINTBEGIN(bugprone-reserved-identifier)
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* block, std::size_t size);
void* __libc_memalign(std::size_t alignment, std::size_t size);
// NOLINTEND(bugprone-reserved-identifier)

safecost_allocation_counter safecost_allocations = {};

}  // extern "C"

namespace {

void* counted(void* block, std::size_t bytes) {
  if (safecost_allocations.counting && block != nullptr) {
    __atomic_fetch_add(&safecost_allocations.count, 1, __ATOMIC_RELAXED);
    __atomic_fetch_add(&safecost_allocations.bytes, bytes, __ATOMIC_RELAXED);
  }
  return block;
}

std::size_t page() { return static_cast<std::size_t>(sysconf(_SC_PAGESIZE)); }

}  // namespace

extern "C" {

void* malloc(std::size_t size) { return counted(__libc_malloc(size), size); }

void* calloc(std::size_t count, std::size_t size) {
  return counted(__libc_calloc(count, size),
                 count * size);  // a product that overflows gives no block
}

void* realloc(void* block, std::size_t size) { return counted(__libc_realloc(block, size), size); }

void* reallocarray(void* block, std::size_t count, std::size_t size) {
  std::size_t bytes = 0;
  if (__builtin_mul_overflow(count, size, &bytes)) {
    errno = ENOMEM;
    return nullptr;
  }
  return realloc(block, bytes);
}

void* memalign(std::size_t alignment, std::size_t size) {
  return counted(__libc_memalign(alignment, size), size);
}

void* aligned_alloc(std::size_t alignment, std::size_t size) { return memalign(alignment, size); }

int posix_memalign(void** block, std::size_t alignment, std::size_t size) {
  if (alignment % sizeof(void*) != 0 || (alignment & (alignment - 1)) != 0 || alignment == 0)
    return EINVAL;
  void* const made = memalign(alignment, size);
  if (made == nullptr) return ENOMEM;
  *block = made;
  return 0;
}

void* valloc(std::size_t size) { return memalign(page(), size); }

void* pvalloc(std::size_t size) { return memalign(page(), (size + page() - 1) / page() * page()); }

}  // extern "C"
