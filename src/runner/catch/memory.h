// The memory that a proof runs in: what malloc and free do there, and what can be seen of misuse afterwards.
//
// One binary, several worlds, each of which shows something else (docs/CATCHING.md):
//   real     the C library's malloc
//   a, b     blocks far apart in memory filled with a pattern; freed blocks are filled again and never given out
//            twice. The two differ in the pattern alone, also on the stack.
//   guard    a block ends where an inaccessible page begins, and becomes inaccessible when it is freed
//   front    a block begins where an inaccessible page ends; otherwise as guard
//
// Addresses are the same in each process, so that evidence is, too, but where threads allocate at once. All of this is
// meant for a forked child that ends soon: there is no way back from `enter`.
#ifndef SAFECOST_RUNNER_CATCH_MEMORY_H
#define SAFECOST_RUNNER_CATCH_MEMORY_H

#include <cstddef>
#include <cstdint>

namespace safecost::memory {

enum class World : std::uint8_t { real, a, b, guard, front };
inline constexpr int kWorlds = 5;

// What the program is doing: the ledger tells what was allocated when. `warm` are the valid calls before.
enum class Stage : std::uint8_t { start, warm, generate, prepare, reset, run, digest, release };

// Where an address lies, seen from the nearest block of the world's memory.
struct Place {
  enum class Kind : std::uint8_t { none, block, stack };
  Kind kind = Kind::none;
  bool freed = false;
  Stage stage = Stage::start;  // that allocated the block
  std::uint64_t size = 0;      // of the block, bytes
  std::int64_t offset = 0;  // from the block's start, bytes; from the stack's low end for a stack
};

// Bytes that nobody owned and somebody changed.
struct Damage {
  std::uint64_t bytes = 0;
  Place first;
};

// Blocks given back wrongly, and blocks made in the stage `run` that were still there at its end.
struct Ledger {
  std::uint32_t double_frees = 0;
  std::uint32_t bad_frees = 0;  // of an address that is no block's start
  Place first_bad;
  std::int64_t live = 0;  // blocks
  std::int64_t live_bytes = 0;
  std::uint32_t made = 0;  // blocks, freed ones too
  bool exhausted = false;  // the world had no room for another block
};

// A block that a call changed, and its first byte that differs; `ordinal` counts its stage's blocks.
struct Change {
  Stage stage = Stage::start;
  std::uint32_t ordinal = 0;
  std::uint64_t size = 0;
  std::uint64_t first = 0;
};
inline constexpr std::size_t kMostChanges = 16;

// Before any fork: makes the patterns.
void prepare_worlds();

// Which blocks of the world `guard` end at their page's last byte whatever their size. The others keep the alignment of
// 16 that malloc promises, and on which compilers rely for an object behind `new`; that leaves up to 15 bytes
// of canary behind them.
enum class Flush : std::uint8_t {
  all,
  all_but_objects,  // the first block of `generate` is the pool itself, that of `prepare` the context
  none
};

// In the child: from now on the malloc family serves this world.
void enter(World world, Flush flush);
// From now on new blocks come from the C library again; the world's stay.
void leave();
void set_stage(Stage stage);
Stage stage();

// The high end of the world's own stack, filled with its pattern; null in the world `real`.
void* stack_top();
std::size_t stack_bytes();
void* stack_bottom();

// Copies what inputs and context consist of, for `changed` to compare: the program's own memory, which no pattern
// and no page guards. Not the context's own block, whose pointers and sizes go where the program goes. Does nothing
// where that is more than 4 MiB or 16 blocks.
void remember(const void* context);
// How many of those blocks have changed, which in `changes`.
std::size_t changed(Change (&changes)[kMostChanges]);

// These three may be called in a signal handler.
Place place_of(const void* address);
Damage find_damage();
const Ledger& ledger();
// The first block that was made in `run` and not freed.
Place first_leak();

}  // namespace safecost::memory

#endif
