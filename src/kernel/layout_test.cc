// The spelling of layouts: what the Rust side must reproduce, and what makes two layouts differ.
#include "kernel/layout.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>

#include "kernel/generator.h"

namespace safecost {
namespace {

struct Flat {
  const std::int32_t* values;
  std::size_t count;
};
struct Step {
  std::uint8_t kind;
  std::uint32_t handle;
};
struct Tape {
  const Step* steps;
  std::size_t count;
  double share;
  bool sorted;
  const char* const* texts;
};

TEST(Layout, SpellsOffsetsKindsAndSizes) {
  EXPECT_EQ(layout_of<Flat>(), "{0:*i4,8:u8}16");
  EXPECT_EQ(layout_of<Tape>(), "{0:*{0:b,4:u4}8,8:u8,16:f8,24:bool,32:**b}40");
}

TEST(Layout, DiffersInWidthSignOrderAndTarget) {
  struct Narrow {
    const std::int32_t* values;
    std::uint32_t count;
  };
  struct Signed {
    const std::int32_t* values;
    std::ptrdiff_t count;
  };
  struct Swapped {
    std::size_t count;
    const std::int32_t* values;
  };
  struct Pointee {
    const std::int64_t* values;
    std::size_t count;
  };
  for (const std::string& other :
       {layout_of<Narrow>(), layout_of<Signed>(), layout_of<Swapped>(), layout_of<Pointee>()}) {
    EXPECT_NE(other, layout_of<Flat>());
  }
}

TEST(Random, IsTheSameEverywhere) {
  Random random(42);
  EXPECT_EQ(random.next(), 0xbdd732262feb6e95u);  // SplitMix64's published sequence for seed 42
  EXPECT_LT(random.below(10), 10u);
  EXPECT_LT(random.unit(), 1.0);
}

TEST(Generator, MakesInputsThatDoNotDependOnTheirNumber) {
  const safecost_request request = {sizeof(safecost_request), 2, 9,   4,  -1.0,
                                    SAFECOST_NO_FAULT,        0, ".", "."};
  Arena arena;
  EXPECT_EQ(Generator(request, 1, nullptr, arena).random.next(),
            Generator(request, 1, nullptr, arena).random.next());
  EXPECT_NE(Generator(request, 0, nullptr, arena).random.next(),
            Generator(request, 1, nullptr, arena).random.next());
}

TEST(Arena, CountsBytesAndZeroes) {
  Arena arena;
  for (const int value : arena.array<int>(5)) EXPECT_EQ(value, 0);
  EXPECT_EQ(arena.bytes(), 20u);
  EXPECT_EQ(arena.array<int>(0).size(), 0u);
}

}  // namespace
}  // namespace safecost
