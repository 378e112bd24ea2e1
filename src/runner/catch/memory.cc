#include "runner/catch/memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>

#include "runner/catch/allocator.h"

namespace safecost::memory {

namespace {

constexpr std::size_t kPage = 4'096;
constexpr std::size_t kChunk = std::size_t{2} << 20;     // of pattern, mapped as it is needed
constexpr std::size_t kGap = std::size_t{64} << 10;      // of pattern between blocks
constexpr std::size_t kSmallGap = std::size_t{6} << 10;  // the same behind so many of them
constexpr std::size_t kManyBlocks = 512;
constexpr std::size_t kWatched = 2'048;  // of it on either side, looked at afterwards
constexpr std::size_t kNoAccess = std::size_t{1} << 20;  // between blocks of guard and front
constexpr std::size_t kStack = std::size_t{1} << 20;
constexpr std::size_t kReserved = std::size_t{64} << 30;
constexpr std::size_t kLargest = std::size_t{256} << 20;  // beyond this malloc fails, as it may
// Two mappings a block, and Linux allows 65,530 of them.
constexpr std::size_t kMostBlocks = 30'000;
constexpr std::size_t kMostPagedBlocks = 8'192;  // each of them costs two system calls
constexpr std::size_t kMostRemembered = std::size_t{4} << 20;
// Far from where Linux puts programs, libraries and heaps.
constexpr std::uintptr_t kArenaStart = 0x2000'0000'0000;
constexpr std::uintptr_t kStackStart = 0x1f00'0000'0000;

struct Block {
  std::uintptr_t start;
  std::size_t size;
  Stage stage;
  bool freed;

  std::uintptr_t end() const { return start + size; }
  // The pages that hold it, in the worlds that have pages of their own for each block.
  std::uintptr_t first_page() const { return start / kPage * kPage; }
  std::uintptr_t last_page() const {
    return (std::max(end(), start + 1) + kPage - 1) / kPage * kPage;
  }
};

struct State {
  bool active = false;
  Flush flush = Flush::all;
  World world = World::real;
  Stage stage = Stage::start;
  int patterns[2] = {-1, -1};  // files of kChunk bytes
  Block* blocks = nullptr;
  std::size_t count = 0;
  std::uintptr_t next = 0;    // where the next gap begins
  std::uintptr_t mapped = 0;  // how far the arena is mapped
  std::uint8_t* remembered = nullptr;
  std::size_t remembered_blocks = 0;
  std::uintptr_t context = 0;
  Ledger* ledger = nullptr;  // shared with the parent, who reads it when the program is gone
};
State state;

// Held while blocks are made and freed, which several workers may do at once.
std::atomic_flag busy;
class Turn {
 public:
  Turn() {
    while (busy.test_and_set(std::memory_order_acquire)) {
    }
  }
  ~Turn() { busy.clear(std::memory_order_release); }
  Turn(const Turn&) = delete;
};

// Worlds lie at addresses of their own choice, so here a number becomes a pointer.
void* pointer_to(std::uintptr_t address) {
  return reinterpret_cast<void*>(address);  // NOLINT(performance-no-int-to-ptr)
}

[[noreturn]] void give_up(const char* what) {
  std::fprintf(stderr, "safecost-prover: cannot make a world: %s: %s\n", what,
               std::strerror(errno));
  _exit(99);
}

bool is_second(World world) { return world == World::b || world == World::front; }
bool has_pages() { return state.world == World::guard || state.world == World::front; }

// No byte is the same in both. A zero now and then ends what looks for one; as a pointer each eight bytes lie
// where no memory can be.
std::uint8_t pattern(std::uintptr_t address, bool second) {
  if (address % 64 == (second ? 23 : 7)) return 0;
  return second ? 0x5a : 0xa5;
}
std::uint8_t pattern(std::uintptr_t address) { return pattern(address, is_second(state.world)); }

// The pattern repeats every 64 bytes, so whatever begins at an address is found in these at its remainder.
constexpr std::size_t kPeriod = 64;
std::uint8_t spelled_out[2][kPage + kPeriod];
const std::uint8_t* pattern_at(std::uintptr_t address) {
  return spelled_out[is_second(state.world) ? 1 : 0] + address % kPeriod;
}

void map_pattern(std::uintptr_t start, std::size_t size) {
  void* const wanted = pointer_to(start);
  const int file = state.patterns[is_second(state.world) ? 1 : 0];
  const int flags = MAP_PRIVATE | MAP_NORESERVE | MAP_FIXED_NOREPLACE;
  if (mmap(wanted, size, PROT_READ | PROT_WRITE, flags, file, 0) != wanted) give_up("mmap");
}

void fill(std::uintptr_t start, std::size_t size) {
  for (std::size_t done = 0; done < size; done += kPage)
    std::memcpy(pointer_to(start + done), pattern_at(start + done), std::min(size - done, kPage));
}

// The index of the first block that starts behind the address.
std::size_t behind(std::uintptr_t address) {
  const auto starts_behind = [](std::uintptr_t value, const Block& block) {
    return value < block.start;
  };
  return static_cast<std::size_t>(
      std::upper_bound(state.blocks, state.blocks + state.count, address, starts_behind) -
      state.blocks);
}

Block* block_at(const void* pointer) {
  const auto address = reinterpret_cast<std::uintptr_t>(pointer);
  const std::size_t i = behind(address);
  return i > 0 && state.blocks[i - 1].start == address ? &state.blocks[i - 1] : nullptr;
}

std::size_t natural_alignment(std::size_t size) {
  return size == 0 ? 16 : std::min<std::size_t>(16, size & (~size + 1));
}

// Does the next block end where its page does?
bool is_flush() {
  if (state.world != World::guard || state.flush == Flush::none) return false;
  const bool makes = state.stage == Stage::generate || state.stage == Stage::prepare;
  const bool first = state.count == 0 || state.blocks[state.count - 1].stage != state.stage;
  return !(state.flush == Flush::all_but_objects && makes && first);
}

// Where a block of guard or front begins, its pages made accessible.
std::uintptr_t in_pages(std::size_t size, std::size_t alignment) {
  const std::uintptr_t first = (state.next + kNoAccess + kPage - 1) / kPage * kPage;
  const std::size_t pages =
      (std::max<std::size_t>(size, 1) + alignment - 1 + kPage - 1) / kPage * kPage;
  if (first + pages + kNoAccess > kArenaStart + kReserved) return 0;
  if (mprotect(pointer_to(first), pages, PROT_READ | PROT_WRITE) != 0) give_up("mprotect");
  fill(first, pages);
  state.next = first + pages;
  if (state.world == World::front) return (first + alignment - 1) / alignment * alignment;
  return (first + pages - size) / alignment * alignment;
}

// Where a block of a or b begins; the pattern reaches at least a chunk further.
std::uintptr_t in_pattern(std::size_t size, std::size_t alignment) {
  const std::size_t gap = state.count < kManyBlocks ? kGap : kSmallGap;
  const std::uintptr_t start = (state.next + gap + alignment - 1) / alignment * alignment;
  if (start + size + 2 * kChunk > kArenaStart + kReserved) return 0;
  for (; state.mapped < start + size + kChunk; state.mapped += kChunk)
    map_pattern(state.mapped, kChunk);
  state.next = start + size;
  return start;
}

void blame(std::uint32_t& count, const void* pointer) {
  if (state.ledger->double_frees + state.ledger->bad_frees == 0)
    state.ledger->first_bad = place_of(pointer);
  ++count;
}

void note(Damage& damage, std::uintptr_t address) {
  if (damage.bytes++ == 0) damage.first = place_of(pointer_to(address));
}

void compare(Damage& damage, std::uintptr_t from, std::uintptr_t to) {
  for (std::uintptr_t page = from; page < to; page += kPage) {
    const std::uintptr_t end = std::min(page + kPage, to);
    if (std::memcmp(pointer_to(page), pattern_at(page), end - page) == 0) continue;
    for (std::uintptr_t at = page; at < end; ++at) {
      if (*static_cast<const std::uint8_t*>(pointer_to(at)) != pattern(at)) note(damage, at);
    }
  }
}

void* make(std::size_t size, std::size_t alignment, bool zeroed) {
  const bool full = state.count == (has_pages() ? kMostPagedBlocks : kMostBlocks);
  if (size > kLargest || full) {
    state.ledger->exhausted = state.ledger->exhausted || full;
    errno = ENOMEM;
    return nullptr;
  }
  if (alignment == 0) alignment = is_flush() ? natural_alignment(size) : 16;
  const std::uintptr_t start =
      has_pages() ? in_pages(size, alignment) : in_pattern(size, alignment);
  if (start == 0) {
    state.ledger->exhausted = true;
    errno = ENOMEM;
    return nullptr;
  }
  state.blocks[state.count++] = {start, size, state.stage, false};
  ++state.ledger->made;
  ++state.ledger->live;
  state.ledger->live_bytes += static_cast<std::int64_t>(size);
  void* const pointer = pointer_to(start);
  if (zeroed) std::memset(pointer, 0, size);
  return pointer;
}

void end(void* pointer) {
  Block* const block = block_at(pointer);
  if (block == nullptr || block->freed) {
    blame(block == nullptr ? state.ledger->bad_frees : state.ledger->double_frees, pointer);
    return;  // no allocator to be corrupted: the proof goes on, and the ledger tells
  }
  block->freed = true;
  --state.ledger->live;
  state.ledger->live_bytes -= static_cast<std::int64_t>(block->size);
  if (has_pages()) {
    void* const page = pointer_to(block->first_page());
    if (mprotect(page, block->last_page() - block->first_page(), PROT_NONE) != 0)
      give_up("mprotect");
  } else {
    fill(block->start, block->size);
  }
}

}  // namespace

bool serving() { return state.active; }

bool owns(const void* pointer) {
  const auto address = reinterpret_cast<std::uintptr_t>(pointer);
  return address >= kArenaStart && address < kArenaStart + kReserved;
}

void* allocate(std::size_t size, std::size_t alignment, bool zeroed) {
  const Turn turn;
  return make(size, alignment, zeroed);
}

void release(void* pointer) {
  const Turn turn;
  end(pointer);
}

void* resize(void* pointer, std::size_t size) {
  const Turn turn;
  const Block* const block = block_at(pointer);
  if (block == nullptr || block->freed) {
    end(pointer);  // notes it
    return make(size, 0, false);
  }
  const std::size_t kept = std::min(size, block->size);
  void* const moved = make(size, 0, false);
  if (moved == nullptr) return nullptr;
  std::memcpy(moved, pointer, kept);
  end(pointer);
  return moved;
}

std::size_t usable(const void* pointer) {
  const Turn turn;
  const Block* const block = block_at(pointer);
  return block == nullptr ? 0 : block->size;
}

void prepare_worlds() {
  static_assert(kChunk % 64 == 0 && kStackStart % 64 == 0 && kArenaStart % 64 == 0);
  for (const bool second : {false, true}) {
    const int file = memfd_create("pattern", MFD_CLOEXEC);
    if (file < 0 || ftruncate(file, kChunk) != 0) give_up("memfd_create");
    void* const bytes = mmap(nullptr, kChunk, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (bytes == MAP_FAILED) give_up("mmap");
    for (std::size_t i = 0; i < kChunk; ++i)
      static_cast<std::uint8_t*>(bytes)[i] = pattern(i, second);
    std::memcpy(spelled_out[second ? 1 : 0], bytes, sizeof spelled_out[0]);
    munmap(bytes, kChunk);
    state.patterns[second ? 1 : 0] = file;
  }
  void* const table = mmap(nullptr, kMostBlocks * sizeof(Block), PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (table == MAP_FAILED) give_up("mmap");
  state.blocks = static_cast<Block*>(table);
  void* const page =
      mmap(nullptr, sizeof(Ledger), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) give_up("mmap");
  state.ledger = new (page) Ledger();
}

void enter(World world, Flush flush) {
  state.world = world;
  state.flush = flush;
  *state.ledger = {};
  if (world == World::real) return;
  map_pattern(kStackStart, kStack);
  state.next = state.mapped = kArenaStart;
  if (has_pages()) {
    void* const wanted = pointer_to(kArenaStart);
    const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE;
    if (mmap(wanted, kReserved, PROT_NONE, flags, -1, 0) != wanted) give_up("mmap");
  } else {
    map_pattern(state.mapped, kChunk);  // what lies before the first block
    state.mapped += kChunk;
    state.next = state.mapped;
  }
  state.active = true;
}

void leave() { state.active = false; }

void set_stage(Stage stage) { state.stage = stage; }
Stage stage() { return state.stage; }

void* stack_top() {
  return state.world == World::real ? nullptr : pointer_to(kStackStart + kStack);
}
void* stack_bottom() { return state.world == World::real ? nullptr : pointer_to(kStackStart); }
std::size_t stack_bytes() { return kStack; }

Place place_of(const void* pointer) {
  const auto address = reinterpret_cast<std::uintptr_t>(pointer);
  if (state.world == World::real) return {};
  if (address >= kStackStart - kStack && address < kStackStart + 2 * kStack)
    return {Place::Kind::stack, false, Stage::run, kStack,
            static_cast<std::int64_t>(address - kStackStart)};
  if (!owns(pointer) || state.count == 0) return {};
  std::size_t i = behind(address);
  const bool nearer_before =
      i > 0 && i < state.count &&
      (address < state.blocks[i - 1].end() ||
       address - state.blocks[i - 1].end() < state.blocks[i].start - address);
  if (i == state.count || nearer_before) --i;
  const Block& block = state.blocks[i];
  return {Place::Kind::block, block.freed, block.stage, block.size,
          static_cast<std::int64_t>(address - block.start)};
}

void remember(const void* context) {
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < state.count; ++i) bytes += state.blocks[i].size;
  if (state.count == 0 || state.count > kMostChanges || bytes > kMostRemembered) return;
  void* const copy =
      mmap(nullptr, bytes + 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (copy == MAP_FAILED) return;
  auto* to = static_cast<std::uint8_t*>(copy);
  state.remembered = to;
  state.remembered_blocks = state.count;
  state.context = reinterpret_cast<std::uintptr_t>(context);
  for (std::size_t i = 0; i < state.count; ++i) {
    const Block& block = state.blocks[i];
    std::memcpy(to, pointer_to(block.start), block.size);
    to += block.size;
  }
}

std::size_t changed(Change (&changes)[kMostChanges]) {
  std::size_t found = 0;
  std::uint32_t ordinal = 0;
  const std::uint8_t* was = state.remembered;
  for (std::size_t i = 0; i < state.remembered_blocks; ++i) {
    const Block& block = state.blocks[i];
    ordinal = i > 0 && state.blocks[i - 1].stage == block.stage ? ordinal + 1 : 0;
    const auto* const is = static_cast<const std::uint8_t*>(pointer_to(block.start));
    std::size_t first = 0;
    const bool looked_at = !block.freed && block.start != state.context;
    if (looked_at && std::memcmp(is, was, block.size) != 0) {
      while (is[first] == was[first]) ++first;
      changes[found++] = {block.stage, ordinal, block.size, first};
    }
    was += block.size;
  }
  return found;
}

Damage find_damage() {
  Damage damage;
  if (state.world == World::real) return damage;
  for (std::size_t i = 0; i < state.count; ++i) {
    const Block& block = state.blocks[i];
    if (has_pages()) {
      if (block.freed) continue;  // inaccessible: nobody changed it
      compare(damage, block.first_page(), block.start);
      compare(damage, block.end(), block.last_page());
    } else {
      compare(damage, block.start - kWatched, block.start);
      if (block.freed) compare(damage, block.start, block.end());
      compare(damage, block.end(), block.end() + kWatched);
    }
  }
  return damage;
}

const Ledger& ledger() { return *state.ledger; }

Place first_leak() {
  for (std::size_t i = 0; i < state.count; ++i) {
    const Block& block = state.blocks[i];
    if (block.stage == Stage::run && !block.freed)
      return {Place::Kind::block, false, block.stage, block.size, 0};
  }
  return {};
}

}  // namespace safecost::memory
