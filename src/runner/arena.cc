#include "runner/arena.h"

#include <dlfcn.h>
#include <link.h>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <utility>

namespace safecost {

namespace {

constexpr std::size_t kPage = 4'096;
constexpr std::size_t kStep = 16;          // what libc's malloc aligns to
constexpr std::size_t kHeader = 8;         // the size of a block, before it
constexpr std::size_t kStretch = 2 << 20;  // contenders begin at multiples of it
// Addresses only: pages come with their first use. Less where a process may not have so many.
constexpr std::size_t kReserved = std::size_t{1} << 40;
constexpr std::size_t kFewest = std::size_t{1} << 30;
constexpr std::size_t kShareOfSmall = 16;
constexpr std::size_t kSmall = 256;
constexpr std::size_t kLongestGap = 1'024;

// Of the process's only arena, at fixed addresses, as every block that a kernel frees is held against them.
std::uintptr_t first_byte = 0;
std::size_t all_bytes = 0;

bool in_arena(const void* block) {
  return reinterpret_cast<std::uintptr_t>(block) - first_byte < all_bytes;
}

std::uintptr_t up(std::uintptr_t address, std::size_t to) { return (address + to - 1) / to * to; }

std::size_t& header(void* block) {
  return *reinterpret_cast<std::size_t*>(static_cast<char*>(block) - kHeader);
}

}  // namespace

Laying Laying::draw(std::mt19937_64& random, Mode mode) {
  return {mode, random() % (kPage / kStep) * kStep, random()};
}

const char* name(Laying::Mode mode) {
  switch (mode) {
    case Laying::Mode::adjacent:
      return "adjacent";
    case Laying::Mode::split:
      return "split";
    case Laying::Mode::jittered:
      return "jittered";
  }
  return "unknown";
}

Arena& Arena::of_process() {
  static Arena arena;
  return arena;
}

Arena::Arena() {
  void* memory = MAP_FAILED;
  std::size_t bytes = kReserved;
  for (; memory == MAP_FAILED && bytes >= kFewest; bytes /= 2) {
    memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  }
  if (memory == MAP_FAILED) return;
  first_byte = reinterpret_cast<std::uintptr_t>(memory);
  all_bytes = bytes * 2;
  large_ = {.next = first_byte, .end = first_byte + all_bytes - all_bytes / kShareOfSmall};
  small_ = {.next = large_.end, .end = first_byte + all_bytes};
}

bool Arena::holds(const void* block) const { return in_arena(block); }

void Arena::begin(const Laying& laying) {
  laying_ = laying;
  gaps_.seed(laying.seed);
  for (Stretch* stretch : {&large_, &small_}) {
    stretch->next = up(stretch->next, kStretch) + laying.offset;
    stretch->last = nullptr;
  }
}

Arena::Stretch& Arena::stretch_for(std::size_t bytes) {
  return laying_.mode == Laying::Mode::split && bytes <= kSmall ? small_ : large_;
}

void* Arena::allocate(std::size_t bytes, std::size_t alignment) {
  Stretch& stretch = stretch_for(bytes);
  std::uintptr_t from = stretch.next;
  if (laying_.mode == Laying::Mode::jittered) from += gaps_() % (kLongestGap / kStep) * kStep;
  const std::uintptr_t block = up(from + kHeader, std::max(alignment, kStep));
  if (bytes > stretch.end || block > stretch.end - bytes) {
    errno = ENOMEM;
    return nullptr;
  }
  used_ += block + bytes - stretch.next;
  stretch.next = block + bytes;
  stretch.last = reinterpret_cast<void*>(block);  // NOLINT(performance-no-int-to-ptr)
  header(stretch.last) = bytes;
  return stretch.last;
}

void* Arena::reallocate(void* block, std::size_t bytes) {
  const std::size_t now = size_of(block);
  if (bytes <= now) return block;
  void* const moved = allocate(bytes, kStep);
  if (moved != nullptr) std::memcpy(moved, block, now);
  return moved;
}

void Arena::free(void* block) {
  if (!owned_by_this_thread()) return;  // lost, as most blocks are
  for (Stretch* stretch : {&large_, &small_}) {
    if (block != stretch->last || block == nullptr) continue;
    // What is given out again must be zero, as all else is.
    std::memset(block, 0, size_of(block));
    stretch->next = reinterpret_cast<std::uintptr_t>(block) - kHeader;
    stretch->last = nullptr;
  }
}

std::size_t Arena::size_of(const void* block) { return header(const_cast<void*>(block)); }

// ---- in the place of libc's -------------------------------------------------------------------------------------------

namespace {

void* placed(std::size_t bytes, std::size_t alignment) {
  Arena& arena = Arena::of_process();
  return arena.owned_by_this_thread() ? arena.allocate(bytes, alignment) : nullptr;
}

void* prepared_malloc(std::size_t bytes) {
  void* const block = placed(bytes, kStep);
  return block != nullptr ? block : std::malloc(bytes);
}

void* prepared_calloc(std::size_t count, std::size_t bytes) {
  std::size_t all = 0;
  void* const block = __builtin_mul_overflow(count, bytes, &all) ? nullptr : placed(all, kStep);
  return block != nullptr ? block : std::calloc(count, bytes);
}

void* prepared_aligned_alloc(std::size_t alignment, std::size_t bytes) {
  void* const block = placed(bytes, alignment);
  return block != nullptr ? block : std::aligned_alloc(alignment, bytes);
}

int prepared_posix_memalign(void** into, std::size_t alignment, std::size_t bytes) {
  void* const block = placed(bytes, alignment);
  if (block == nullptr) return posix_memalign(into, alignment, bytes);
  *into = block;
  return 0;
}

void* prepared_realloc(void* block, std::size_t bytes) {
  if (block == nullptr) return prepared_malloc(bytes);
  return in_arena(block) ? Arena::of_process().reallocate(block, bytes)
                         : std::realloc(block, bytes);
}

// From then on what grows is libc's, and what was prepared is not.
void* either_realloc(void* block, std::size_t bytes) {
  if (!in_arena(block)) return std::realloc(block, bytes);
  void* const moved = std::malloc(bytes);
  if (moved != nullptr) std::memcpy(moved, block, std::min(bytes, Arena::size_of(block)));
  return moved;
}

void either_free(void* block) {
  if (__builtin_expect(static_cast<long>(in_arena(block)), 0L) != 0) {
    Arena::of_process().free(block);
    return;
  }
  std::free(block);
}

std::size_t either_usable_size(void* block) {
  return in_arena(block) ? Arena::size_of(block) : malloc_usable_size(block);
}

template <class Function>
void* address_of(Function* function) {
  return reinterpret_cast<void*>(function);
}

struct Replacement {
  const char* name;
  void* preparing;
  void* afterwards;  // null: libc's own
};

const std::array<Replacement, 8>& replacements() {
  static const std::array<Replacement, 8> all = {
      {{"malloc", address_of(prepared_malloc), nullptr},
       {"calloc", address_of(prepared_calloc), nullptr},
       {"aligned_alloc", address_of(prepared_aligned_alloc), nullptr},
       {"memalign", address_of(prepared_aligned_alloc), nullptr},
       {"posix_memalign", address_of(prepared_posix_memalign), nullptr},
       {"realloc", address_of(prepared_realloc), address_of(either_realloc)},
       {"free", address_of(either_free), address_of(either_free)},
       {"malloc_usable_size", address_of(either_usable_size), address_of(either_usable_size)}}};
  return all;
}

// What the dynamic section of a library says under a tag; 0 where it says nothing.
std::uintptr_t tagged(const link_map& library, ElfW(Sxword) tag) {
  for (const ElfW(Dyn)* entry = library.l_ld; entry->d_tag != DT_NULL; ++entry) {
    if (entry->d_tag == tag) return entry->d_un.d_ptr;
  }
  return 0;
}

// glibc's loader adds where a library lies to the addresses in its dynamic section, others leave that to readers.
template <class T>
const T* table(const link_map& library, ElfW(Sxword) tag) {
  const std::uintptr_t address = tagged(library, tag);
  // NOLINTNEXTLINE(performance-no-int-to-ptr)
  return reinterpret_cast<const T*>(address < library.l_addr ? library.l_addr + address : address);
}

}  // namespace

Allocations::Allocations(void* library) {
  link_map* map = nullptr;
  if (dlinfo(library, RTLD_DI_LINKMAP, static_cast<void*>(&map)) != 0 || map == nullptr) return;
  const auto page_bytes = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  const auto* const symbols = table<ElfW(Sym)>(*map, DT_SYMTAB);
  const auto* const names = table<char>(*map, DT_STRTAB);
  for (const auto& [tag, size] :
       {std::pair(DT_RELA, DT_RELASZ), std::pair(DT_JMPREL, DT_PLTRELSZ)}) {
    const std::size_t count = tagged(*map, size) / sizeof(ElfW(Rela));
    const auto* const relocations = table<ElfW(Rela)>(*map, tag);
    for (std::size_t i = 0; i < count; ++i) {
      const auto symbol = relocations[i].r_info >> 32;
      if (symbol == 0) continue;
      const std::string_view name = names + symbols[symbol].st_name;
      for (const Replacement& replacement : replacements()) {
        if (name != replacement.name) continue;
        // NOLINTNEXTLINE(performance-no-int-to-ptr)
        auto** const address = reinterpret_cast<void**>(map->l_addr + relocations[i].r_offset);
        void* const libc = dlsym(RTLD_DEFAULT, replacement.name);
        if (*address != libc) continue;  // resolved otherwise, or no address at all
        const std::uintptr_t page =
            reinterpret_cast<std::uintptr_t>(address) / page_bytes * page_bytes;
        // NOLINTNEXTLINE(performance-no-int-to-ptr)
        if (mprotect(reinterpret_cast<void*>(page), page_bytes, PROT_READ | PROT_WRITE) != 0)
          continue;
        places_.push_back({address, replacement.preparing,
                           replacement.afterwards != nullptr ? replacement.afterwards : libc});
      }
    }
  }
}

void Allocations::to_arena() const {
  for (const Place& place : places_) *place.address = place.preparing;
}

void Allocations::to_libc() const {
  for (const Place& place : places_) *place.address = place.afterwards;
}

}  // namespace safecost
