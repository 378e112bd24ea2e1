// The oracles beside the worlds: each variant with each fault, and with none, where a sanitizer or Memcheck watches.
#ifndef SAFECOST_RUNNER_CATCH_ORACLE_H
#define SAFECOST_RUNNER_CATCH_ORACLE_H

#include "absl/status/statusor.h"
#include "nlohmann/json.hpp"
#include "runner/catch/plan.h"

namespace safecost {

// {"plugin": description, "tool": "sanitizer" or "memcheck", "faults": [...], "proofs": [...]}. A proof
// without a fault has valid input, of each size that the case is timed at up to the plan's `largest_valid` and of
// each at which a fault is proved. Memcheck takes raw code alone, and faults that declare it.
// FailedPrecondition where nobody watches this process.
absl::StatusOr<nlohmann::json> confirm(const ProvePlan& plan);

}  // namespace safecost

#endif
