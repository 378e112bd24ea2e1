// A launch: same digests, one number of calls, every contender once a round, and nothing left behind.
#include "runner/panel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace safecost {
namespace {

using ::testing::HasSubstr;

PanelPlan plan_with(const std::string& plant) {
  const std::string path = std::string(PLANTED_FOLDER) + "/planted_" + plant + ".so";
  PanelPlan plan;
  plan.case_name = "planted/case";
  plan.data = plan.scratch = ".";
  plan.size = 1'024;
  plan.seed = 5;
  plan.contender_seconds = 0.002;
  plan.generator = {"good", path, ""};
  plan.contenders = {{"good", path, "raw"}, {"good", path, "null"}, {"good", path, "bad"}};
  return plan;
}

std::string message(const absl::Status& status) { return std::string(status.message()); }

TEST(Panel, TimesEveryContenderInEveryRound) {
  const PanelPlan plan = plan_with("nothing");
  const auto panel = Panel::load(plan);
  ASSERT_TRUE(panel.ok()) << message(panel.status());
  const auto launch = time_panel(**panel, plan);
  ASSERT_TRUE(launch.ok()) << message(launch.status());
  ASSERT_EQ(launch->nanoseconds.size(), 3u);
  const std::size_t rounds = launch->nanoseconds[0].size();
  EXPECT_GE(rounds, 8u);
  for (const auto& values : launch->nanoseconds) {
    EXPECT_EQ(values.size(), rounds);
    for (const double value : values) EXPECT_GT(value, 0.0);
  }
  EXPECT_GE(launch->calls, 1u);
}

TEST(Panel, DrawsAPoolOfManyInputs) {
  const auto panel = Panel::load(plan_with("nothing"));
  ASSERT_TRUE(panel.ok());
  EXPECT_EQ((*panel)->pool().count(), 128u);  // 512 KiB of 4 KiB inputs
}

TEST(Panel, WritesGoogleBenchmarkJsonWithoutHostAndPath) {
  const PanelPlan plan = plan_with("nothing");
  const auto panel = Panel::load(plan);
  ASSERT_TRUE(panel.ok());
  const auto launch = time_panel(**panel, plan);
  ASSERT_TRUE(launch.ok());
  const nlohmann::json json = to_json(**panel, *launch, plan);
  ASSERT_EQ(json["benchmarks"].size(), 3u);
  EXPECT_EQ(json["benchmarks"][0]["name"], "planted/case/raw/size:1024@good");
  EXPECT_EQ(json["benchmarks"][0]["run_type"], "iteration");
  EXPECT_EQ(json["safecost"]["nanoseconds"].size(), 3u);
  EXPECT_FALSE(json["context"].contains("host_name"));
  EXPECT_FALSE(json["context"].contains("executable"));
}

TEST(Panel, StopsWhenDigestsDiffer) {
  const PanelPlan plan = plan_with("off_by_one");
  const auto panel = Panel::load(plan);
  ASSERT_TRUE(panel.ok());
  const auto launch = time_panel(**panel, plan);
  ASSERT_FALSE(launch.ok());
  EXPECT_THAT(message(launch.status()), HasSubstr("digest: planted/case/bad/size:1024@good gives"));
}

TEST(Panel, RefusesAVariantThatIsNotThere) {
  PanelPlan plan = plan_with("nothing");
  plan.contenders.push_back({"good", plan.generator.path, "absent"});
  const auto panel = Panel::load(plan);
  ASSERT_FALSE(panel.ok());
  EXPECT_THAT(message(panel.status()), HasSubstr("no variant absent"));
}

TEST(Panel, RefusesATwinOfAnotherLayout) {
  PanelPlan plan = plan_with("nothing");
  plan.contenders.push_back(
      {"bad", std::string(PLANTED_FOLDER) + "/planted_other_layout.so", "raw"});
  const auto panel = Panel::load(plan);
  ASSERT_FALSE(panel.ok());
  EXPECT_THAT(message(panel.status()), HasSubstr("layout: bad"));
}

}  // namespace
}  // namespace safecost
