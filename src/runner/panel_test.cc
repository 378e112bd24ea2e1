// A launch: same digests, one number of calls, every contender once a round, and nothing left behind.
#include "runner/panel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "runner/platform.h"

namespace safecost {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

PanelPlan plan_with(const std::string& plant) {
  const std::string path = std::string(PLANTED_FOLDER) + "/planted_" + plant + ".so";
  PanelPlan plan;
  plan.case_name = "planted/case";
  plan.data = plan.scratch = ".";
  plan.size = 1'024;
  plan.seed = 5;
  plan.contender_seconds = 0.002;
  plan.generator = {"good", path};
  plan.contenders = {
      {{"good", path}, "raw", {}}, {{"good", path}, "aa", {}}, {{"good", path}, "bad", {}}};
  return plan;
}

std::string message(const absl::Status& status) { return std::string(status.message()); }

// How a launch of a planted panel ends.
std::string end_of(const std::string& plant) {
  const PanelPlan plan = plan_with(plant);
  const auto panel = Panel::load(plan);
  return message(time_panel(**panel, plan).status());
}

TEST(LastLook, FindsResultsThatBecomeWrongWhileTheyAreTimed) {
  EXPECT_THAT(end_of("late_garbage"), ::testing::StartsWith("digest: planted/case/"));
}

TEST(LastLook, FindsErrorsThatReachTheBorderNowAndThen) {
  EXPECT_THAT(end_of("late_errors"), AllOf(HasSubstr("digest: "), HasSubstr("thrown late")));
}

TEST(LastLook, FindsWorkThatVanishesWhileItIsTimed) {
  EXPECT_THAT(end_of("late_memo"),
              AllOf(HasSubstr("growth: planted/case/bad"), HasSubstr("while it was timed")));
}

TEST(LastLook, FindsAThreadThatRunsBeside) {
  EXPECT_EXIT(
      std::exit(end_of("late_thread") == "leftover: a contender leaves 1 thread running" ? 0 : 1),
      ::testing::ExitedWithCode(0), "");
}

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

// A launch of the planted panel, in a few milliseconds.
Launch launched(
    const PanelPlan& plan, const std::function<double()>& beat = [] { return 1'000.0; }) {
  const auto panel = Panel::load(plan);
  return *time_panel(**panel, plan, beat);
}

TEST(Panel, GoesThroughAllPlacementsInRandomOrder) {
  PanelPlan plan = plan_with("nothing");
  plan.placements = 4;
  plan.order_seed = 11;
  const Launch launch = launched(plan);
  ASSERT_EQ(launch.layings.size(), 4u);
  ASSERT_EQ(launch.placements.size(), launch.nanoseconds[0].size());
  for (std::size_t turn = 0; turn + 4 <= launch.placements.size(); turn += 4) {
    const auto from = launch.placements.begin() + static_cast<std::ptrdiff_t>(turn);
    EXPECT_EQ(std::set<std::size_t>(from, from + 4).size(), 4u);
  }
}

TEST(Panel, LoadsTheNextLayoutForEachPlacement) {
  PanelPlan plan = plan_with("nothing");
  const std::string other = std::string(PLANTED_FOLDER) + "/planted_off_by_one.so";
  plan.placements = 2;
  for (auto& arm : plan.contenders) arm.layouts = {arm.plugin.path, other};
  const auto panel = Panel::load(plan);
  ASSERT_TRUE(panel.ok());
  const auto launch = time_panel(**panel, plan);
  EXPECT_THAT(message(launch.status()), HasSubstr("digest: planted/case/bad"));
}

TEST(Panel, GoesOnUntilEnoughRoundsAreCalm) {
  PanelPlan plan = plan_with("nothing");
  plan.contender_seconds = 0.02;
  // Both take wall time, which a busy machine stretches by turns: a few tries.
  bool longer = false;
  for (int attempt = 0; attempt < 8 && !longer; ++attempt) {
    const std::size_t rounds = launched(plan).placements.size();
    std::size_t beats = 0;  // six a round, of which each second round has a slow one
    const Launch disturbed = launched(plan, [&] { return beats++ % 12 == 3 ? 2'000.0 : 1'000.0; });
    EXPECT_EQ(disturbed.calm_beat, 1'000.0);
    longer = disturbed.placements.size() > rounds * 5 / 4;
  }
  EXPECT_TRUE(longer);
}

TEST(Panel, EndsWhereNoRoundIsCalm) {
  PanelPlan plan = plan_with("nothing");
  plan.calm_beat = 1'000.0;
  const std::size_t rounds = launched(plan).placements.size();
  const Launch contended = launched(plan, [] { return 2'000.0; });
  EXPECT_EQ(contended.calm_beat, 1'000.0);  // by those before
  EXPECT_LT(contended.placements.size(), rounds * 5);
}

// How far contexts lie from the first one of their contender.
std::vector<std::uintptr_t> distances(const Contender& contender) {
  std::vector<std::uintptr_t> all;
  all.reserve(contender.contexts());
  const auto first = reinterpret_cast<std::uintptr_t>(contender.context(0));
  for (std::size_t i = 0; i < contender.contexts(); ++i)
    all.push_back(reinterpret_cast<std::uintptr_t>(contender.context(i)) - first);
  return all;
}

// A heap that others have used: whoever prepares first gets the holes.
std::vector<void*> leave_holes() {
  std::vector<void*> blocks(4'000);
  for (void*& block : blocks) block = std::malloc(40);
  std::vector<void*> kept;
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    if (i % 7 == 0)
      kept.push_back(blocks[i]);
    else
      std::free(blocks[i]);
  }
  return kept;
}

TEST(Panel, WhoPreparesFirstLiesAsAllOthersDo) {
  const std::vector<void*> kept = leave_holes();
  const auto panel = Panel::load(plan_with("nothing"));
  ASSERT_TRUE(panel.ok());
  ASSERT_TRUE(time_panel(**panel, (*panel)->plan()).ok());
  const std::vector<Contender>& contenders = (*panel)->contenders();
  for (const Contender& contender : contenders)
    EXPECT_EQ(distances(contender), distances(contenders.front()));

  // As it was: from libc's heap, one after the other.
  const auto before = Panel::load(plan_with("nothing"));
  ASSERT_TRUE(before.ok());
  for (Contender& contender : (*before)->contenders())
    ASSERT_TRUE(contender.prepare((*before)->pool().count()).ok());
  EXPECT_NE(distances((*before)->contenders()[0]), distances((*before)->contenders()[1]));
  for (void* const block : kept) std::free(block);
}

TEST(Panel, PreparesInAnOrderThatTheSeedOfTheLaunchDecides) {
  const auto prepared = [](std::uint64_t seed) {
    PanelPlan plan = plan_with("nothing");
    plan.order_seed = seed;
    const auto panel = Panel::load(plan);
    return time_panel(**panel, plan)->prepared;
  };
  std::set<std::vector<std::size_t>> orders;
  for (std::uint64_t seed = 0; seed < 12; ++seed) orders.insert(prepared(seed));
  EXPECT_GT(orders.size(), 2u);
  EXPECT_EQ(prepared(3), prepared(3));
}

// What `calibrate` makes of these readings, in seconds, and how many of them it took.
std::pair<Calibration, std::size_t> calibrated(const std::vector<double>& readings) {
  std::size_t taken = 0;
  const Calibration found = calibrate([&] { return readings.at(taken++); }, 200e-6);
  return {found, taken};
}

TEST(Calibration, TakesTwoReadingsThatAgree) {
  const auto [found, taken] = calibrated({1e-6, 1.1e-6});
  EXPECT_TRUE(found.confirmed);
  EXPECT_EQ(found.calls, 182u);  // 200 us by the second
  EXPECT_EQ(taken, 2u);
}

TEST(Calibration, ReadsOnUntilTwoAgree) {
  const auto [found, taken] = calibrated({9e-6, 4e-6, 2e-6, 2e-6});
  EXPECT_TRUE(found.confirmed);
  EXPECT_EQ(found.calls, 100u);
  EXPECT_EQ(taken, 4u);
}

TEST(Calibration, SaysThatNoTwoAgreed) {
  const auto [found, taken] = calibrated({64e-6, 32e-6, 16e-6, 8e-6, 4e-6, 2e-6, 1e-6});
  EXPECT_FALSE(found.confirmed);
  EXPECT_EQ(found.calls, 200u);
  EXPECT_EQ(taken, 7u);
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
  plan.contenders.push_back({plan.generator, "absent", {}});
  const auto panel = Panel::load(plan);
  ASSERT_FALSE(panel.ok());
  EXPECT_THAT(message(panel.status()), HasSubstr("no variant absent"));
}

TEST(Panel, RefusesATwinOfAnotherLayout) {
  PanelPlan plan = plan_with("nothing");
  plan.contenders.push_back(
      {{"bad", std::string(PLANTED_FOLDER) + "/planted_other_layout.so"}, "raw", {}});
  const auto panel = Panel::load(plan);
  ASSERT_FALSE(panel.ok());
  EXPECT_THAT(message(panel.status()), HasSubstr("layout: bad"));
}

// In a process of its own, as there is no way back.
TEST(Panel, OfOneThreadIsRefusedWhereAThreadHasBeen) {
  const auto ends_well = [] {
    PanelPlan plan = plan_with("nothing");
    plan.threads = 1;
    const auto alone = Panel::load(plan);
    plan.threads = 2;
    const auto threaded = Panel::load(plan);
    if (!(*alone)->have_threads().ok() || platform::has_started_a_thread()) return 1;
    if (!(*threaded)->have_threads().ok() || !platform::has_started_a_thread()) return 2;
    if ((*threaded)->name(0) != "planted/case/raw/size:1024/threads:2@good") return 3;
    return (*alone)->have_threads().ok() ? 4 : 0;
  };
  EXPECT_EXIT(std::exit(ends_well()), ::testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace safecost
