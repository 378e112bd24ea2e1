// Where the contexts of contenders lie: a stretch of memory of its own for each, all laid out by one rule.
//
// From libc's heap, whoever prepares first gets its small objects from holes that others left, and later ones get theirs
// from the heap's end, between their arrays. Code that streams through memory tells these apart by up to a tenth.
#ifndef SAFECOST_RUNNER_ARENA_H
#define SAFECOST_RUNNER_ARENA_H

#include <cstddef>
#include <cstdint>
#include <random>
#include <thread>
#include <vector>

namespace safecost {

// How blocks lie. The same for all contenders of a placement, so that a ratio is not that of two placements.
struct Laying {
  enum class Mode : std::uint8_t {
    adjacent,  // one after the other, as from a fresh heap
    split,     // small blocks apart from large ones
    jittered   // with gaps of random length
  };
  Mode mode = Mode::adjacent;
  std::size_t offset = 0;  // of the first block in its page: a multiple of 16
  std::uint64_t seed = 0;  // of the gaps

  static Laying draw(std::mt19937_64& random, Mode mode);
};

const char* name(Laying::Mode mode);

class Arena {
 public:
  // The process's only one; reserves addresses when it is first asked for. Contains nothing where there are none.
  static Arena& of_process();

  // The next blocks are those of another contender, on pages of its own.
  void begin(const Laying& laying);
  // Null where its addresses are used up. Blocks are zero.
  void* allocate(std::size_t bytes, std::size_t alignment);
  void* reallocate(void* block, std::size_t bytes);
  // Gives the last block of a stretch back; of others, what they took is lost until the process ends.
  void free(void* block);
  bool holds(const void* block) const;
  static std::size_t size_of(const void* block);

  // Of all contenders so far, in bytes.
  std::size_t used() const { return used_; }
  bool owned_by_this_thread() const { return owner_ == std::this_thread::get_id(); }

 private:
  // Blocks follow each other from `next` on; each has its size in the 8 bytes before it, as glibc's have.
  struct Stretch {
    std::uintptr_t next = 0;
    std::uintptr_t end = 0;
    void* last = nullptr;
  };
  Arena();
  Stretch& stretch_for(std::size_t bytes);

  Stretch large_;
  Stretch small_;
  std::size_t used_ = 0;
  Laying laying_;
  std::mt19937_64 gaps_;
  std::thread::id owner_ = std::this_thread::get_id();
};

// What a loaded plugin calls to allocate: libc, and the arena while contexts are prepared. What a kernel allocates while
// it is timed comes from libc, by the same instructions as ever; freeing asks first whether a block is the arena's.
class Allocations {
 public:
  // Of a library that dlopen gave: the places in which the loader keeps the addresses of malloc and the like for it.
  explicit Allocations(void* library);

  bool found() const { return !places_.empty(); }
  void to_arena() const;
  void to_libc() const;

 private:
  struct Place {
    void** address;
    void* preparing;
    void* afterwards;
  };
  std::vector<Place> places_;
};

}  // namespace safecost

#endif
