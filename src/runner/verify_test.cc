// Every check of the verification, seen red on a plugin with that fault planted, and green on one without.
#include "runner/verify.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "runner/reap.h"
#include "runner/verify_state.h"
#include "runner/work.h"

namespace safecost {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string plugin(const std::string& plant) {
  return std::string(PLANTED_FOLDER) + "/planted_" + plant + ".so";
}

// Verifies the sound plugin as profile "good" together with the planted one as profile "bad".
nlohmann::json verify_with(const std::string& plant) {
  VerifyPlan plan;
  plan.case_name = "planted/case";
  plan.data = plan.scratch = ".";
  plan.plugins = {{"good", plugin("nothing")}, {"bad", plugin(plant)}};
  plan.timeout_seconds = 1;
  return verify(plan);
}

struct Expected {
  const char* plant;
  const char* kind;
  const char* variant;  // null: not a variant's fault
  const char* message;
};
std::ostream& operator<<(std::ostream& out, const Expected& expected) {
  return out << expected.plant;
}

class Planted : public ::testing::TestWithParam<Expected> {};

TEST_P(Planted, IsFoundAndNamed) {
  const nlohmann::json result = verify_with(GetParam().plant);
  ASSERT_EQ(result["problems"].size(), 1u) << result["problems"].dump(1);
  const nlohmann::json& problem = result["problems"][0];
  EXPECT_EQ(problem["kind"], GetParam().kind);
  EXPECT_EQ(problem["profile"], "bad");
  EXPECT_EQ(problem["variant"],
            GetParam().variant == nullptr ? nlohmann::json() : nlohmann::json(GetParam().variant));
  EXPECT_THAT(problem["message"].get<std::string>(), HasSubstr(GetParam().message));
  // The sound profile has been checked all the same: three contenders at six sizes, twice.
  EXPECT_GE(result["checked"].get<int>(), 3 * 6 * 2);
}

INSTANTIATE_TEST_SUITE_P(
    All, Planted,
    ::testing::Values(Expected{"off_by_one", "digest", "bad", "5 of 6 contenders agree on"},
                      Expected{"null_write", "crash", "bad", "Segmentation fault"},
                      Expected{"endless_loop", "hang", "bad", "did not come back within 1 s"},
                      Expected{"exit", "crash", "bad", "ended the process with exit code 3"},
                      Expected{"quiet_exit", "crash", "bad", "ended the process with exit code 0"},
                      Expected{"throws", "digest", "bad", "thrown on valid input"},
                      Expected{"vanished_work", "growth", "bad", "its work vanished"},
                      Expected{"moved_work", "moved", "bad", "does work in prepare"},
                      Expected{"kept_work", "kept", "bad", "keeps results in its context"},
                      Expected{"thread_beside", "leftover", "bad", "leaves 1 thread running"},
                      Expected{"process_behind", "leftover", "bad", "leaves 1 process behind"},
                      Expected{"out_of_memory", "digest", "bad", "bad_alloc"},
                      Expected{"no_reset", "digest", "bad", "needs a reset()"},
                      Expected{"other_inputs", "pool", nullptr, "makes other inputs than good"},
                      Expected{"other_layout", "layout", nullptr, "{0:*u4,8:u4,12:u4}16"},
                      Expected{"other_version", "abi", nullptr, "rebuild it"},
                      Expected{"short_table", "abi", nullptr, "16 bytes"},
                      Expected{"folded", "folded", "bad", "shares its code"},
                      Expected{"jump", "folded", "bad", "only a jump"},
                      Expected{"second_symbol", "exports", nullptr, "instead of one"},
                      Expected{"crash_at_load", "crash", nullptr, "while it was loaded"},
                      Expected{"daemon_at_load", "load", nullptr, "leaves 1 process"},
                      Expected{"stops", "hang", "bad", "did not come back within 1 s"},
                      Expected{"floods_stderr", "hang", "bad", "did not come back within 1 s"},
                      Expected{"no_raw", "abi", nullptr, "no raw variant"},
                      Expected{"unknown_role", "abi", nullptr, "bad has the unknown role 77"},
                      Expected{"control_without_ratio", "abi", nullptr, "bad plants the ratio 0"},
                      Expected{"safe_with_ratio", "abi", nullptr, "bad plants the ratio 1.01"}),
    [](const auto& plant) { return std::string(plant.param.plant); });

TEST(Verify, IsNotHeldByAProcessThatAKernelLeavesAndEndsIt) {
  verify_with("daemon");
  EXPECT_EQ(reap::strays(), 0u);
}

TEST(Verify, FindsNothingInSoundPlugins) {
  const nlohmann::json result = verify_with("nothing");
  EXPECT_THAT(result["problems"], IsEmpty()) << result["problems"].dump(1);
  EXPECT_EQ(result["plugins"].size(), 2u);
  EXPECT_EQ(result["checked"], 6 * 6 * 2);  // contenders, sizes 0 1 2 3 101 1024, seeds
}

TEST(Verify, TellsTheRatioThatANullHasByConstruction) {
  const nlohmann::json variants = verify_with("nothing")["plugins"][0]["variants"];
  std::vector<nlohmann::json> planted;
  for (const nlohmann::json& variant : variants) planted.push_back(variant["planted"]);
  EXPECT_THAT(planted, ElementsAre(nlohmann::json(), nlohmann::json(), 1.0));  // raw, bad, aa
}

TEST(Verify, NamesSizeAndBothDigests) {
  const nlohmann::json problem = verify_with("off_by_one")["problems"][0];
  EXPECT_EQ(problem["size"], 101);
  EXPECT_THAT(problem["message"].get<std::string>(),
              ::testing::ContainsRegex("digest [0-9a-f]{16}.*[0-9a-f]{16}"));
}

TEST(Verify, ReportsInputsThatAreAllAlike) {
  VerifyPlan plan;
  plan.case_name = "planted/case";
  plan.data = plan.scratch = ".";
  plan.plugins = {{"bad", plugin("alike_inputs")}};
  const nlohmann::json result = verify(plan);
  ASSERT_FALSE(result["problems"].empty());
  for (const nlohmann::json& problem : result["problems"]) {
    EXPECT_EQ(problem["kind"], "pool");
    EXPECT_EQ(problem["variant"], nlohmann::json());
  }
}

// The answer to a question with two answers is often the same; its inputs are not.
TEST(Verify, MarksResultsThatAreAllAlikeAndRefusesNothing) {
  VerifyPlan plan;
  plan.case_name = "planted/case";
  plan.data = plan.scratch = ".";
  plan.plugins = {{"bad", plugin("yes_or_no")}};
  const nlohmann::json result = verify(plan);
  ASSERT_FALSE(result["problems"].empty());
  for (const nlohmann::json& problem : result["problems"]) {
    EXPECT_EQ(problem["kind"], "alike");
    EXPECT_THAT(problem["message"].get<std::string>(), HasSubstr("all results are alike"));
  }
}

TEST(Verify, ComparesInputsThatResultsDoNotTellApart) {
  VerifyPlan plan;
  plan.case_name = "planted/case";
  plan.data = plan.scratch = ".";
  plan.plugins = {{"good", plugin("yes_or_no")}, {"bad", plugin("other_yes_or_no")}};
  const nlohmann::json result = verify(plan);
  EXPECT_TRUE(std::ranges::any_of(result["problems"], [](const nlohmann::json& problem) {
    return problem["kind"] == "pool" && problem["profile"] == "bad";
  })) << result["problems"].dump(1);
}

TEST(Verify, LetsAFixedCostStay) {
  // What is left to say of a kernel that only looks its answer up: who made it.
  for (const nlohmann::json& problem : verify_with("fixed_cost")["problems"])
    EXPECT_EQ(problem["kind"], "moved");
}

TEST(Verify, FollowsTheKernelsOfACaseThatSaysThatNoBranchDependsOnData) {
  VerifyPlan plan;
  plan.case_name = "planted/case";
  plan.data = plan.scratch = ".";
  plan.plugins = {{"good", plugin("branches")}};
  const nlohmann::json problems = verify(plan)["problems"];
  ASSERT_EQ(problems.size(), 1u) << problems.dump(1);
  EXPECT_EQ(problems[0]["kind"], "branches");
  EXPECT_EQ(problems[0]["variant"], "bad");
}

TEST(Verify, ReportsAContextThatCannotBePrepared) {
  const nlohmann::json result = verify_with("throwing_prepare");
  ASSERT_EQ(result["problems"].size(), 3u);  // raw, aa, bad
  EXPECT_THAT(result["problems"][0]["message"].get<std::string>(), HasSubstr("cannot prepare"));
}

TEST(Verify, SurvivesAGeneratorThatCrashes) {
  VerifyPlan plan;
  plan.case_name = "planted/case";
  plan.data = plan.scratch = ".";
  plan.plugins = {{"bad", plugin("crashing_generator")}};
  const nlohmann::json result = verify(plan);
  ASSERT_EQ(result["problems"].size(), 1u);
  EXPECT_EQ(result["problems"][0]["kind"], "crash");
  EXPECT_THAT(result["problems"][0]["message"].get<std::string>(),
              AllOf(HasSubstr("while its inputs were generated"), HasSubstr("Segmentation fault")));
}

TEST(Verify, RefusesAnotherCaseAndAMissingFile) {
  VerifyPlan plan;
  plan.case_name = "other/case";
  plan.data = plan.scratch = ".";
  plan.plugins = {{"good", plugin("nothing")}, {"bad", plugin("does_not_exist")}};
  const nlohmann::json result = verify(plan);
  std::vector<std::string> kinds;
  for (const nlohmann::json& problem : result["problems"]) kinds.push_back(problem["kind"]);
  EXPECT_THAT(kinds, ElementsAre("abi", "load"));
  EXPECT_THAT(result["plugins"], IsEmpty());
}

// What the machine did is no result of the code.
TEST(Accidents, OfTheMachineAreTrouble) {
  const auto kind_of = [](bool hung, const char* what, bool starved) {
    VerifyState state;
    state.now.stage = "call";
    note(state, Accident{hung, what}, starved);
    return state.problems.front().kind;
  };
  EXPECT_EQ(kind_of(true, "did not come back within 1 s", true), "trouble");
  EXPECT_EQ(kind_of(true, "did not come back within 1 s", false), "hang");
  EXPECT_EQ(kind_of(false, "crashed: Killed", false), "trouble");
  EXPECT_EQ(kind_of(false, "crashed: Segmentation fault", true), "crash");
}

TEST(Work, IsJudgedByBounds) {
  EXPECT_TRUE(grows({.again = 300, .small = 100}));
  EXPECT_FALSE(grows({.again = 299, .small = 100}));
  EXPECT_TRUE(repeats({.first = 100, .again = 70}));
  EXPECT_FALSE(repeats({.first = 100, .again = 69}));
  const Effort raw = {.prepare = 50, .again = 100};
  EXPECT_TRUE(moves({.prepare = 125, .again = 25}, raw));   // what it saves is done before
  EXPECT_FALSE(moves({.prepare = 50, .again = 25}, raw));   // it is faster
  EXPECT_FALSE(moves({.prepare = 500, .again = 90}, raw));  // it prepares more, and saves nothing
}

}  // namespace
}  // namespace safecost
