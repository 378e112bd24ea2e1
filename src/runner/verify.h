// Before anything is timed: does every contender of a case compute the same, really work, and come back?
#ifndef SAFECOST_RUNNER_VERIFY_H
#define SAFECOST_RUNNER_VERIFY_H

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "nlohmann/json.hpp"
#include "runner/plugin.h"

namespace safecost {

struct VerifyPlan {
  std::string case_name;
  std::string data = ".";
  std::string scratch = ".";
  std::vector<PluginAt> plugins;
  std::uint32_t tier = 0;  // sizes up to this tier are checked
  double timeout_seconds = 10;
  bool describe_only = false;

  static absl::StatusOr<VerifyPlan> from_json(const nlohmann::json& json);
};

// {"plugins": [descriptions], "problems": [problems], "checked": number of digests compared}
nlohmann::json verify(const VerifyPlan& plan);

}  // namespace safecost

#endif
