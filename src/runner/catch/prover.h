// Proofs of one plugin: each variant with each fault in every world, and beside each the same without the fault.
#ifndef SAFECOST_RUNNER_CATCH_PROVER_H
#define SAFECOST_RUNNER_CATCH_PROVER_H

#include "absl/status/statusor.h"
#include "nlohmann/json.hpp"
#include "runner/catch/plan.h"

namespace safecost {

// {"plugin": description, "faults": [...], "proofs": [...]}: evidence, no verdicts; what it means is decided by the
// driver (scripts/python/safecost/catch/classify.py). Its types are in scripts/python/safecost/document/evidence.py.
absl::StatusOr<nlohmann::json> prove(const ProvePlan& plan);

}  // namespace safecost

#endif
