// Workers start once, each on a processor of its own, begin together, are waited for, and sleep between.
#include "runner/workers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "runner/panel.h"
#include "runner/platform.h"
#include "runner/verify.h"

namespace safecost {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// A plugin's slot, given `count` workers.
class Given {
 public:
  explicit Given(std::uint32_t count) {
    plugin_.workers = &workers_;
    Workers::start_for(plugin_, count);
  }
  template <class Work>
  std::uint64_t run(const Work& work) const {
    return workers_.run(
        &workers_,
        [](void* context, std::uint32_t worker) -> std::uint64_t {
          return (*static_cast<const Work*>(context))(worker);
        },
        const_cast<Work*>(&work));
  }

 private:
  safecost_workers workers_ = {};
  safecost_plugin plugin_ = {};
};

TEST(Workers, AllWorkAtOnceAndTheirResultsAreAddedUp) {
  const Given given(3);
  std::atomic<int> there{0};
  const std::uint64_t sum = given.run([&](std::uint32_t worker) -> std::uint64_t {
    ++there;
    while (there < 3) sched_yield();  // each waits for the others
    return 10 + worker;
  });
  EXPECT_EQ(sum, 33u);
}

TEST(Workers, AreStartedOnce) {
  const Given given(2);
  std::set<pid_t> threads[2];
  for (int call = 0; call < 200; ++call) {
    given.run([&](std::uint32_t worker) -> std::uint64_t {
      threads[worker].insert(gettid());
      return 0;
    });
  }
  EXPECT_THAT(threads[0], ElementsAre(gettid()));
  EXPECT_EQ(threads[1].size(), 1u);
  EXPECT_EQ(platform::company().threads, 0u);  // the host's own are no company
}

double processor_seconds() {
  std::timespec now = {};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

TEST(Workers, WaitWithoutSleepOnlyWhereTheyAreAskedTo) {
  const Given given(2);
  const auto nap = [] { std::this_thread::sleep_for(std::chrono::milliseconds(200)); };
  double start = processor_seconds();
  nap();
  EXPECT_LT(processor_seconds() - start, 0.01);
  const Workers::Awake awake(Workers::of_process(), 2);
  start = processor_seconds();
  // On a busy machine they wait for a processor, too.
  for (int naps = 0; naps < 100 && processor_seconds() - start < 0.02; ++naps) nap();
  EXPECT_GE(processor_seconds() - start, 0.02);
}

TEST(Workers, EachHasAProcessorOfItsOwnOncePlaced) {
  const auto ends_well = [] {
    const Given given(2);
    Workers::of_process().place();
    int processors[2] = {-1, -1};
    for (int call = 0; call < 50; ++call) {
      given.run([&](std::uint32_t worker) -> std::uint64_t {
        processors[worker] = sched_getcpu();
        return 0;
      });
      for (int worker = 0; worker < 2; ++worker) {
        if (processors[worker] != platform::processors()[static_cast<std::size_t>(worker)])
          return 1;
      }
    }
    return 0;
  };
  if (Workers::processors() < 2) GTEST_SKIP() << "this process may use one processor";
  EXPECT_EXIT(std::exit(ends_well()), ::testing::ExitedWithCode(0), "");
}

TEST(Workers, AForkStartsItsOwn) {
  const Given given(2);
  const auto both = [&] {
    return given.run([](std::uint32_t worker) -> std::uint64_t { return worker + 1; });
  };
  ASSERT_EQ(both(), 3u);
  const pid_t child = fork();
  if (child == 0) _exit(both() == 3 && platform::company().threads == 0 ? 0 : 1);
  int status = -1;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(both(), 3u);
}

std::string planted(const std::string& plant) {
  return std::string(PLANTED_FOLDER) + "/planted_workers_" + plant + ".so";
}

PanelPlan plan_with(std::uint32_t workers) {
  PanelPlan plan;
  plan.case_name = "planted/workers";
  plan.data = plan.scratch = ".";
  plan.size = 1'024;
  plan.workers = workers;
  plan.contender_seconds = 0.002;
  plan.generator = {"good", planted("nothing")};
  for (const char* const variant : {"raw", "aa", "bad"})
    plan.contenders.push_back({plan.generator, variant, {}});
  return plan;
}

TEST(PanelOfWorkers, IsTimedByThemAndLeavesNothing) {
  if (Workers::processors() < 2) GTEST_SKIP() << "this process may use one processor";
  const auto ends_well = [] {
    const PanelPlan plan = plan_with(2);
    const auto panel = Panel::load(plan);
    if (!panel.ok()) return 1;
    if ((*panel)->name(0) != "planted/workers/raw/size:1024/workers:2@good") return 2;
    return time_panel(**panel, plan).ok() ? 0 : 3;
  };
  EXPECT_EXIT(std::exit(ends_well()), ::testing::ExitedWithCode(0), "");
}

TEST(PanelOfWorkers, OfOneIsInAProcessThatHasHadASecondThread) {
  const auto ends_well = [] {
    const PanelPlan plan = plan_with(1);
    const auto panel = Panel::load(plan);
    if (!panel.ok()) return 1;
    if (!time_panel(**panel, plan).ok()) return 2;
    return platform::has_started_a_thread() && platform::company().threads == 0 ? 0 : 3;
  };
  EXPECT_EXIT(std::exit(ends_well()), ::testing::ExitedWithCode(0), "");
}

TEST(PanelOfWorkers, IsRefusedWhereTheyWouldTakeTurns) {
  const auto panel = Panel::load(plan_with(64));
  ASSERT_TRUE(panel.ok());
  if (Workers::processors() >= 64) GTEST_SKIP() << "this machine has processors for all";
  EXPECT_THAT(std::string((*panel)->have_threads().message()),
              HasSubstr("workers: 64 are to work at once"));
}

// What is wrong with the planted plugin, beside a sound one.
nlohmann::json problems_of(const std::string& plant) {
  VerifyPlan plan;
  plan.case_name = "planted/workers";
  plan.data = plan.scratch = ".";
  plan.plugins = {{"good", planted("nothing")}, {"bad", planted(plant)}};
  plan.timeout_seconds = 3;
  return verify(plan)["problems"];
}

struct Expected {
  const char* plant;
  const char* kind;
  const char* message;
};
std::ostream& operator<<(std::ostream& out, const Expected& expected) {
  return out << expected.plant;
}

class PlantedWorkers : public ::testing::TestWithParam<Expected> {};

TEST_P(PlantedWorkers, AreFoundAndNamed) {
  if (Workers::processors() < 2) GTEST_SKIP() << "this process may use one processor";
  const nlohmann::json problems = problems_of(GetParam().plant);
  ASSERT_EQ(problems.size(), 1u) << problems.dump(1);
  EXPECT_EQ(problems[0]["kind"], GetParam().kind);
  EXPECT_EQ(problems[0]["variant"], "bad");
  EXPECT_THAT(problems[0]["message"].get<std::string>(), HasSubstr(GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
    All, PlantedWorkers,
    ::testing::Values(Expected{"worker_throws", "digest", "thrown by a worker"},
                      Expected{"worker_hangs", "hang", "did not come back within 3 s"},
                      Expected{"worker_leaves_a_thread", "leftover", "leaves 1 thread running"},
                      Expected{"vanished_work", "growth", "its work vanished"},
                      Expected{"other_latency", "digest", "its second kernel"}));

TEST(PlantedWorkers, ThatKeepAllRulesHaveNoProblem) {
  EXPECT_THAT(problems_of("nothing"), IsEmpty());
}

TEST(PlantedWorkers, OfSomeSizesAloneAreRefused) {
  const nlohmann::json problems = problems_of("some_workers");
  ASSERT_EQ(problems.size(), 1u) << problems.dump(1);
  EXPECT_EQ(problems[0]["kind"], "abi");
  EXPECT_THAT(problems[0]["message"].get<std::string>(),
              HasSubstr("gives kernels workers at some sizes, and not at all"));
}

}  // namespace
}  // namespace safecost
