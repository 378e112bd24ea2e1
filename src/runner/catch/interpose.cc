// The malloc family, abort and the stack protector's end as plugins see them: a plugin binds to the program's
// definition, whatever runtime is linked into it, since these names are the only ones that it leaves open.
#include <dlfcn.h>
#include <malloc.h>

#include <cerrno>
#include <cstdint>
#include <cstdlib>

#include "runner/catch/allocator.h"
#include "runner/catch/witness.h"

using safecost::memory::allocate;
using safecost::memory::owns;
using safecost::memory::release;
using safecost::memory::resize;
using safecost::memory::serving;
using safecost::memory::usable;

// The C library's own, by the names under which it offers them to replacements.
// NOLINTBEGIN(bugprone-reserved-identifier): these names are the C library's
extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);
void __libc_free(void*);
}
// NOLINTEND(bugprone-reserved-identifier)

namespace {

bool is_power_of_two(std::size_t value) { return value != 0 && (value & (value - 1)) == 0; }

void* aligned(std::size_t alignment, std::size_t size) {
  return serving() ? allocate(size, alignment, false) : __libc_memalign(alignment, size);
}

}  // namespace

#define EXPORTED extern "C" [[gnu::visibility("default")]]

EXPORTED void* malloc(std::size_t size) noexcept {
  return serving() ? allocate(size, 0, false) : __libc_malloc(size);
}

EXPORTED void* calloc(std::size_t count, std::size_t size) noexcept {
  if (!serving()) return __libc_calloc(count, size);
  std::size_t bytes = 0;
  if (__builtin_mul_overflow(count, size, &bytes)) bytes = SIZE_MAX;  // fails below
  return allocate(bytes, 0, true);
}

EXPORTED void free(void* pointer) noexcept {
  if (pointer == nullptr) return;
  return owns(pointer) ? release(pointer) : __libc_free(pointer);
}

EXPORTED void* realloc(void* pointer, std::size_t size) noexcept {
  if (pointer == nullptr) return malloc(size);
  if (!owns(pointer)) return __libc_realloc(pointer, size);
  if (size != 0) return resize(pointer, size);
  release(pointer);
  return nullptr;
}

EXPORTED void* reallocarray(void* pointer, std::size_t count, std::size_t size) noexcept {
  std::size_t bytes = 0;
  if (!__builtin_mul_overflow(count, size, &bytes)) return realloc(pointer, bytes);
  errno = ENOMEM;
  return nullptr;
}

EXPORTED void* memalign(std::size_t alignment, std::size_t size) noexcept {
  return aligned(alignment, size);
}
EXPORTED void* aligned_alloc(std::size_t alignment, std::size_t size) noexcept {
  return aligned(alignment, size);
}
EXPORTED int posix_memalign(void** pointer, std::size_t alignment, std::size_t size) noexcept {
  if (!is_power_of_two(alignment) || alignment % sizeof(void*) != 0) return EINVAL;
  void* const made = aligned(alignment, size);
  if (made == nullptr) return ENOMEM;
  *pointer = made;
  return 0;
}

EXPORTED std::size_t malloc_usable_size(void* pointer) noexcept {
  if (pointer == nullptr || owns(pointer)) return pointer == nullptr ? 0 : usable(pointer);
  static const auto original =
      reinterpret_cast<std::size_t (*)(void*)>(dlsym(RTLD_NEXT, "malloc_usable_size"));
  return original(pointer);
}

EXPORTED void abort() noexcept {
  safecost::end_by_hook(safecost::Hook::abort, __builtin_return_address(0));
}
// NOLINTNEXTLINE(bugprone-reserved-identifier): the name that compilers call
EXPORTED [[noreturn]] void __stack_chk_fail() {
  safecost::end_by_hook(safecost::Hook::stack_protector, __builtin_return_address(0));
}
