// Proofs of one plugin: each variant with each fault in every world, and beside each the same without the fault.
#ifndef SAFECOST_RUNNER_CATCH_PROVER_H
#define SAFECOST_RUNNER_CATCH_PROVER_H

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "nlohmann/json.hpp"

namespace safecost {

// A plan: {"case": "family/case", "plugin": {"profile", "path"}, "generator": {"profile", "path"}, "data": folder,
// "scratch": folder, "seed": number, "timeout_seconds": number, "pairs": [[variant, fault], ...]}. The generator is
// the plugin that makes inputs and declares the faults; without one it is the plugin itself. Without "pairs" all
// are proved.
struct ProvePlan {
  struct Built {
    std::string profile;
    std::string path;
  };
  std::string case_name;
  Built plugin;
  Built generator;
  std::string data;
  std::string scratch;
  std::uint64_t seed = 1;
  double timeout_seconds = 1;
  std::vector<std::pair<std::string, std::string>> pairs;  // empty: all
};

// What is wrong with a plan: a missing key, a value of another kind.
absl::StatusOr<ProvePlan> read_prove_plan(const nlohmann::json& json);

// {"case", "profile", "facts", "variants": [...], "faults": [...], "proofs": [...]}: evidence, no verdicts; what
// it means is decided by the desk (scripts/desk/verdict.py).
absl::StatusOr<nlohmann::json> prove(const ProvePlan& plan);

}  // namespace safecost

#endif
