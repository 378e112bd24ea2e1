// What is prepared lies in the arena, alike for all contenders; what is timed allocates from libc as ever.
#include "runner/arena.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <vector>

#include "runner/contender.h"
#include "runner/panel.h"

namespace safecost {
namespace {

using Mode = Laying::Mode;

std::uintptr_t address(const void* block) { return reinterpret_cast<std::uintptr_t>(block); }

// Where blocks of these sizes lie, from the first on.
std::vector<std::uintptr_t> laid_out(const Laying& laying, const std::vector<std::size_t>& sizes) {
  Arena& arena = Arena::of_process();
  arena.begin(laying);
  std::vector<std::uintptr_t> at;
  at.reserve(sizes.size());
  for (const std::size_t size : sizes) at.push_back(address(arena.allocate(size, 16)));
  const std::uintptr_t first = at.front();
  for (std::uintptr_t& one : at) one -= first;
  return at;
}

TEST(Arena, LaysEveryContenderOutAlike) {
  const std::vector<std::size_t> sizes = {48, 8'192, 48, 8'192, 24, 100'000, 48};
  for (const Mode mode : {Mode::adjacent, Mode::split, Mode::jittered}) {
    const Laying laying = {mode, 64, 7};
    const auto first = laid_out(laying, sizes);
    EXPECT_EQ(first, laid_out(laying, sizes)) << name(mode);
  }
}

TEST(Arena, AdjacentBlocksLieAsFromAFreshHeap) {
  const auto at = laid_out({Mode::adjacent, 0, 1}, {48, 8'192, 48});
  EXPECT_EQ(at, (std::vector<std::uintptr_t>{0, 64, 64 + 8'208}));
}

TEST(Arena, SplitKeepsSmallBlocksFromLargeOnes) {
  const auto at = laid_out({Mode::split, 0, 1}, {8'192, 48, 8'192, 48});
  EXPECT_EQ(at[2], 8'208u);
  EXPECT_GT(at[1], std::uintptr_t{1} << 20);
  EXPECT_EQ(at[3] - at[1], 64u);
}

TEST(Arena, GapsAreThoseOfTheSeed) {
  const std::vector<std::size_t> sizes(20, 48);
  EXPECT_NE(laid_out({Mode::jittered, 0, 1}, sizes), laid_out({Mode::jittered, 0, 2}, sizes));
}

TEST(Arena, ContendersBeginOnPagesOfTheirOwnAtOneOffset) {
  Arena& arena = Arena::of_process();
  for (int contender = 0; contender < 3; ++contender) {
    arena.begin({Mode::adjacent, 128, 0});
    EXPECT_EQ(address(arena.allocate(100, 16)) % (2 << 20), 144u);  // behind its size
  }
}

TEST(Arena, GivesZeroesAlignedAsAsked) {
  Arena& arena = Arena::of_process();
  arena.begin({Mode::adjacent, 0, 0});
  auto* const block = static_cast<unsigned char*>(arena.allocate(64, 16));
  block[5] = 9;
  arena.free(block);
  auto* const again = static_cast<unsigned char*>(arena.allocate(64, 64));
  EXPECT_EQ(address(again) % 64, 0u);
  for (int i = 0; i < 64; ++i) EXPECT_EQ(again[i], 0);
  EXPECT_EQ(Arena::size_of(again), 64u);
}

// The planted kernel's contexts are one block each, which `prepare` allocates and `release` frees.
PanelPlan plan_of_planted() {
  const std::string path = std::string(PLANTED_FOLDER) + "/planted_nothing.so";
  PanelPlan plan;
  plan.case_name = "planted/case";
  plan.data = plan.scratch = ".";
  plan.size = 1'024;
  plan.generator = {"good", path};
  plan.contenders = {{{"good", path}, "raw", {}}};
  return plan;
}

TEST(Allocations, BringWhatIsPreparedToTheArenaAndNothingElse) {
  const PanelPlan plan = plan_of_planted();
  const auto panel = Panel::load(plan);
  ASSERT_TRUE(panel.ok());
  Contender& contender = (*panel)->contenders().front();
  const Allocations allocations(contender.plugin().library());
  ASSERT_TRUE(allocations.found());
  Arena& arena = Arena::of_process();
  arena.begin({Mode::adjacent, 0, 0});
  allocations.to_arena();
  ASSERT_TRUE(contender.prepare(1).ok());
  allocations.to_libc();
  ASSERT_TRUE(contender.prepare(1).ok());
  EXPECT_TRUE(arena.holds(contender.context(0)));
  EXPECT_FALSE(arena.holds(contender.context(1)));
  // Both are freed by the plugin, each to where it is from.
}

}  // namespace
}  // namespace safecost
