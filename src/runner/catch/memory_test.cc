// The worlds' memory seen from inside: each test enters one in a process of its own, as a proof does.
#include "runner/catch/memory.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <functional>

#include "runner/catch/allocator.h"

namespace safecost::memory {
namespace {

// Runs `look` in a forked child that has entered the world; 0 is what a child that is content exits with.
void in_world(World world, const std::function<bool()>& look) {
  EXPECT_EXIT(
      {
        prepare_worlds();
        enter(world, Flush::all);
        set_stage(Stage::run);
        _exit(look() ? 0 : 1);
      },
      ::testing::ExitedWithCode(0), "");
}

std::uint8_t* block(std::size_t size) {
  return static_cast<std::uint8_t*>(allocate(size, 0, false));
}

constexpr World kPatterns[] = {World::a, World::b};
constexpr World kPages[] = {World::guard, World::front};

TEST(Memory, ATouchedCanaryIsDamageWithItsPlace) {
  for (const World world : kPatterns) {
    in_world(world, [] {
      std::uint8_t* const bytes = block(24);
      if (find_damage().bytes != 0) return false;
      bytes[24] ^= 1;
      bytes[-3] ^= 1;
      const Damage damage = find_damage();
      return damage.bytes == 2 && damage.first.size == 24 && damage.first.offset == -3 &&
             !damage.first.freed;
    });
  }
}

TEST(Memory, AWriteToAFreedBlockIsDamage) {
  for (const World world : kPatterns) {
    in_world(world, [] {
      std::uint8_t* const bytes = block(24);
      std::memset(bytes, 1, 24);
      release(bytes);
      if (find_damage().bytes != 0) return false;
      bytes[8] = 1;
      const Damage damage = find_damage();
      return damage.bytes == 1 && damage.first.freed && damage.first.offset == 8;
    });
  }
}

// What a byte of a fresh block holds, told by an exit code.
int byte_in(World world, int place) {
  const pid_t child = fork();
  if (child == 0) {
    prepare_worlds();
    enter(world, Flush::all);
    _exit(block(64)[place]);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WEXITSTATUS(status);
}

TEST(Memory, TheTwoPatternsDifferInEachByte) {
  for (int place = 0; place < 64; ++place) {
    EXPECT_NE(byte_in(World::a, place), byte_in(World::b, place)) << "at " << place;
  }
}

TEST(Memory, NothingIsGivenOutTwice) {
  in_world(World::a, [] {
    std::uint8_t* const first = block(32);
    release(first);
    for (int i = 0; i < 100; ++i) {
      if (block(32) == first) return false;
    }
    return true;
  });
}

TEST(Memory, ABlockIsFlushWithItsPage) {
  in_world(World::guard, [] {
    return reinterpret_cast<std::uintptr_t>(block(20) + 20) % 4'096 == 0 &&
           reinterpret_cast<std::uintptr_t>(block(1) + 1) % 4'096 == 0;
  });
  in_world(World::front, [] { return reinterpret_cast<std::uintptr_t>(block(20)) % 4'096 == 0; });
}

TEST(Memory, ObjectsKeepMallocsAlignmentWhereTheyMust) {
  EXPECT_EXIT(
      {
        prepare_worlds();
        enter(World::guard, Flush::all_but_objects);
        const auto is_flush = [](std::size_t size) {
          return reinterpret_cast<std::uintptr_t>(block(size) + size) % 4'096 == 0;
        };
        bool as_told = is_flush(24);
        set_stage(Stage::prepare);
        as_told = as_told && !is_flush(24) && is_flush(24);
        set_stage(Stage::run);
        _exit(as_told && is_flush(24) ? 0 : 1);
      },
      ::testing::ExitedWithCode(0), "");
}

TEST(Memory, AnAlignmentThatIsAskedForIsKept) {
  for (const World world : {World::a, World::guard, World::front}) {
    in_world(world, [] {
      for (const std::size_t alignment : {32u, 64u, 4'096u, 8'192u}) {
        const void* const pointer = allocate(100, alignment, false);
        if (reinterpret_cast<std::uintptr_t>(pointer) % alignment != 0) return false;
      }
      return true;
    });
  }
}

TEST(MemoryDeathTest, PagesBesideABlockAndOfAFreedOneAreInaccessible) {
  const auto touch = [](World world, std::ptrdiff_t offset, bool freed) {
    prepare_worlds();
    enter(world, Flush::all);
    volatile std::uint8_t* const bytes = block(32);
    if (freed) release(const_cast<std::uint8_t*>(bytes));
    const std::uint8_t byte = bytes[offset];
    _exit(byte == 0 ? 1 : 2);
  };
  EXPECT_EXIT(touch(World::guard, 32, false), ::testing::KilledBySignal(SIGSEGV), "");
  EXPECT_EXIT(touch(World::front, -1, false), ::testing::KilledBySignal(SIGSEGV), "");
  for (const World world : kPages)
    EXPECT_EXIT(touch(world, 0, true), ::testing::KilledBySignal(SIGSEGV), "");
}

TEST(Memory, TheLedgerCountsWhatIsLeftAndWhatIsFreedWrongly) {
  in_world(World::b, [] {
    std::uint8_t* const kept = block(40);
    std::uint8_t* const twice = block(8);
    release(twice);
    release(twice);
    release(kept + 1);
    return ledger().live == 1 && ledger().live_bytes == 40 && ledger().double_frees == 1 &&
           ledger().bad_frees == 1 && ledger().first_bad.size == 8 && first_leak().size == 40;
  });
}

TEST(Memory, ARealBlockGrownKeepsItsBytesAndFreesTheOld) {
  in_world(World::guard, [] {
    std::uint8_t* const small = block(16);
    std::memset(small, 7, 16);
    const auto* const large = static_cast<const std::uint8_t*>(resize(small, 64));
    return large != small && large[15] == 7 && ledger().live == 1 && place_of(small).freed;
  });
}

TEST(Memory, AnAddressBelongsToTheNearerBlock) {
  in_world(World::guard, [] {
    const std::uint8_t* const first = block(32);
    const std::uint8_t* const second = block(48);
    return place_of(first + 4'096).size == 32 && place_of(second - 4'096).size == 48 &&
           place_of(second - 4'096).offset == -4'096;
  });
}

TEST(Memory, WhatNoMallocWouldGiveIsRefused) {
  in_world(World::a, [] { return allocate(SIZE_MAX, 0, false) == nullptr && !ledger().exhausted; });
}

}  // namespace
}  // namespace safecost::memory
