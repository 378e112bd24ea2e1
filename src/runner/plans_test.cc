// Plans are read strictly: what is wrong is refused by its name, with its value and what it must be.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "nlohmann/json.hpp"
#include "runner/count.h"
#include "runner/panel.h"
#include "runner/protocol.h"
#include "runner/verify.h"
#include "runner/verify_events.h"

namespace safecost {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

json panel() {
  return {{"protocol", kProtocol},
          {"plan", "panel"},
          {"case", "planted/case"},
          {"size", 1'024},
          {"generator", {{"profile", "good"}, {"path", "good.so"}}},
          {"contenders", {{{"profile", "good"}, {"path", "good.so"}, {"variant", "raw"}}}}};
}

json verification() {
  return {{"protocol", kProtocol},
          {"plan", "verify"},
          {"case", "planted/case"},
          {"plugins", {{{"profile", "good"}, {"path", "good.so"}}}}};
}

template <class Plan>
std::string refusal(const json& plan) {
  return std::string(Plan::from_json(plan).status().message());
}

struct Changed {
  const char* pointer;
  json value;
  const char* message;
};
std::ostream& operator<<(std::ostream& out, const Changed& changed) {
  return out << changed.pointer << " " << changed.value;
}

class PanelPlans : public ::testing::TestWithParam<Changed> {};

TEST_P(PanelPlans, AreRefusedByFieldAndValue) {
  json plan = panel();
  plan[json::json_pointer(GetParam().pointer)] = GetParam().value;
  EXPECT_THAT(refusal<PanelPlan>(plan), HasSubstr(GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
    All, PanelPlans,
    ::testing::Values(
        Changed{"/protocol", kProtocol + 1, ": remove the build folder and try again"},
        Changed{"/protocol", "1", "and the plan is of \"1\""},
        Changed{"/protocol", nullptr, "and the plan is of null"},
        Changed{"/plan", "verify", "plan is \"verify\", and must be \"panel\""},
        Changed{"/case", 1, "case is 1, and must be a text"},
        Changed{"/size", -1, "size is -1, and must be a whole number from 0 to 281474976710656"},
        Changed{"/size", 1.5, "size is 1.5, and must be a whole number"},
        Changed{"/size", (1ull << 48) + 1, "size is 281474976710657"},
        Changed{"/rate", 1.5, "rate is 1.5, and must be a number from 0 to 1"},
        Changed{"/rate", "0", "rate is \"0\""},
        Changed{"/threads", 3, "threads is 3, and must be a whole number from 1 to 2"},
        Changed{"/fewest_inputs", 0, "fewest_inputs is 0, and must be a whole number from 1 to"},
        Changed{"/contender_seconds", 0, "contender_seconds is 0, and must be a number from"},
        Changed{"/contenders", json::array(), "contenders has 0 entries, and must have 1 to"},
        Changed{"/contenders", 1, "contenders is 1, and must be a list"},
        Changed{"/contenders/0/path", nullptr, "contenders[0].path is null, and must be a text"},
        Changed{"/contenders/0", "good", "contenders[0] is \"good\", and must be an object"},
        Changed{"/contenders/0/color", 1, "contenders[0].\"color\" is no part of a plan"},
        Changed{"/generator", 1, "generator is 1, and must be an object"},
        Changed{"/seeds", 1, "\"seeds\" is no part of a plan of protocol "}));

TEST(Plans, ThatAreAsTheyShouldBeAreTaken) {
  const auto plan = PanelPlan::from_json(panel());
  ASSERT_TRUE(plan.ok()) << plan.status().message();
  EXPECT_EQ(plan->contenders[0].variant, "raw");
  EXPECT_EQ(plan->rate, -1.0);
  json bounds = panel();
  bounds.update({{"rate", 1}, {"threads", 2}, {"seed", ~0ull}, {"size", 1ull << 48}});
  EXPECT_EQ(refusal<PanelPlan>(bounds), "");
  EXPECT_EQ(refusal<VerifyPlan>(verification()), "");
}

TEST(Plans, ThatLackAKeyAreRefused) {
  for (const char* const key : {"case", "size", "generator", "contenders"}) {
    json plan = panel();
    plan.erase(key);
    EXPECT_EQ(refusal<PanelPlan>(plan), std::string(key) + " is missing from the plan");
  }
  json plan = verification();
  plan["plugins"][0].erase("path");
  EXPECT_EQ(refusal<VerifyPlan>(plan), "plugins[0].path is missing from the plan");
}

TEST(Plans, OfNoProtocolAreOfAnOlderSafecost) {
  json plan = panel();
  plan.erase("protocol");
  EXPECT_THAT(refusal<PanelPlan>(plan), HasSubstr(", and the plan names none"));
}

TEST(Plans, OfSeveralPanelsNameThePanel) {
  json plan = {{"protocol", kProtocol}, {"plan", "solo"}, {"panels", {panel(), panel()}}};
  EXPECT_EQ(refusal<SoloPlan>(plan), "");
  plan["panels"][1]["size"] = "large";
  EXPECT_THAT(refusal<SoloPlan>(plan), HasSubstr("panels[1].size is \"large\", and must be"));
}

TEST(Plans, OfACountHaveOneContender) {
  json plan = {{"protocol", kProtocol},
               {"plan", "count"},
               {"dumps", "."},
               {"seconds", 1},
               {"panel", panel()}};
  EXPECT_EQ(refusal<CountPlan>(plan), "");
  plan["panel"]["contenders"].push_back(plan["panel"]["contenders"][0]);
  EXPECT_EQ(refusal<CountPlan>(plan), "panel.contenders has 2 entries, and a count is of 1");
}

TEST(Events, ComeOutAsTheyWentIn) {
  const events::Event digest = events::Digest{~0ull, 3, "raw@good", {5, 0.25, 2}};
  const auto read = std::get<events::Digest>(events::from_json(events::to_json(digest)));
  EXPECT_EQ(read.digest, ~0ull);
  EXPECT_EQ(read.contender, "raw@good");
  EXPECT_EQ(read.place.rate, 0.25);
  const events::Event fatal = events::Fatal{{"pool", "good", "", "why", 7}};
  EXPECT_EQ(std::get<events::Fatal>(events::from_json(events::to_json(fatal))).problem.size, 7);
  EXPECT_THROW(events::from_json(json::array({99, json::object()})), std::out_of_range);
}

}  // namespace
}  // namespace safecost
