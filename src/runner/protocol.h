// The language of plans, which the driver writes, and of evidence, which the runner, the prover and the oracle's host
// answer. Its types are those of scripts/python/safecost/document/plan.py and evidence.py.
#ifndef SAFECOST_RUNNER_PROTOCOL_H
#define SAFECOST_RUNNER_PROTOCOL_H

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "nlohmann/json.hpp"

namespace safecost {

// One number for both; PROTOCOL in document/plan.py is the other side's. It grows with every change of a field.
inline constexpr int kProtocol = 5;

// A plan's JSON object, from a file or, for "-", from stdin.
absl::StatusOr<nlohmann::json> read_plan(const std::string& path);

// Writes an answer, to a file or, for "-", to stdout; `kind` says what it is of.
absl::Status write_evidence(const char* kind, nlohmann::json answer, const std::string& path);

}  // namespace safecost

#endif
