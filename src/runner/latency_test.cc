// Quantiles are those of what was noted, and only contenders with a kernel for it are asked.
#include "runner/latency.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <numeric>
#include <string>

#include "runner/panel.h"

namespace safecost {
namespace {

TEST(OperationTimes, AreQuantilesOfWhatWasNoted) {
  std::vector<std::uint64_t> ticks(10'000);
  std::iota(ticks.rbegin(), ticks.rend(), 1);  // 1 to 10,000
  const OperationTimes times = summed_up(std::move(ticks), 0.5);
  EXPECT_EQ(times.operations, 10'000u);
  EXPECT_EQ(times.p50, 2'500.0);
  EXPECT_EQ(times.p99, 4'950.0);
  EXPECT_EQ(times.p999, 4'995.0);
  EXPECT_EQ(times.longest, 5'000.0);
}

TEST(OperationTimes, OfASingleOperationAreAllThatOne) {
  const OperationTimes times = summed_up({7}, 1);
  EXPECT_EQ(times.p50, 7.0);
  EXPECT_EQ(times.p999, 7.0);
  EXPECT_EQ(summed_up({}, 1).operations, 0u);
}

TEST(OperationTimes, AreThoseOfAllWorkers) {
  if (Workers::processors() < 2) GTEST_SKIP() << "this process may use one processor";
  const auto ends_well = [] {
    PanelPlan plan;
    plan.case_name = "planted/workers";
    plan.data = plan.scratch = ".";
    plan.size = 1'024;
    plan.workers = 2;
    plan.contender_seconds = 0.002;
    plan.generator = {"good", std::string(PLANTED_FOLDER) + "/planted_workers_nothing.so"};
    plan.contenders = {{plan.generator, "raw", {}}, {plan.generator, "bad", {}}};
    const auto panel = Panel::load(plan);
    const auto launch = time_panel(**panel, plan);
    if (!launch.ok()) return 1;
    const auto& operations = launch->operations;
    if (!operations[0] || operations[1]) return 2;
    // Whole calls of 1,024 operations, one of each element.
    if (operations[0]->operations == 0 || operations[0]->operations % 1'024 != 0) return 3;
    const OperationTimes& times = *operations[0];
    const bool ordered = 0 < times.reading && times.reading <= times.p50 &&
                         times.p50 <= times.p99 && times.p99 <= times.p999 &&
                         times.p999 <= times.longest;
    return ordered ? 0 : 4;
  };
  EXPECT_EXIT(std::exit(ends_well()), ::testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace safecost
