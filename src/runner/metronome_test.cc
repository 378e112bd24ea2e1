// Slow beats are known by the calm ones, and rounds beside them are made up for.
#include "runner/metronome.h"

#include <gtest/gtest.h>

#include <numeric>
#include <vector>

namespace safecost {
namespace {

TEST(Metronome, BeatsForAMicrosecondOrSo) {
  for (int i = 0; i < 20; ++i) EXPECT_GT(beat(), 300.0);  // 4,000 iterations at 13 GHz
}

TEST(Metronome, ACalmBeatIsTheFifthPercentile) {
  std::vector<double> beats(100);
  std::iota(beats.begin(), beats.end(), 1'000.0);
  EXPECT_EQ(calm_beat(beats, 0), 1'005.0);
  EXPECT_EQ(calm_beat(beats, 900.0), 900.0);
  EXPECT_EQ(calm_beat({}, 900.0), 900.0);
}

}  // namespace
}  // namespace safecost
