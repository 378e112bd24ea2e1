// The command line that the programs of proofs have in common: one command, a plan in, evidence out.
#ifndef SAFECOST_RUNNER_CATCH_PROGRAM_H
#define SAFECOST_RUNNER_CATCH_PROGRAM_H

#include "absl/status/statusor.h"
#include "nlohmann/json.hpp"
#include "runner/catch/plan.h"

namespace safecost {

struct Program {
  const char* name;
  const char* command;
  const char* evidence;  // what its answers are of
  const char* usage;
  absl::StatusOr<nlohmann::json> (*work)(const ProvePlan& plan);
  // Called once the command line has been understood.
  void (*start)(char** arguments);
};

// Returns the exit code: 0 fine, 1 the plan could not be carried out, 2 usage; what is wrong is told on stderr.
int run_program(const Program& program, int count, char** arguments);

}  // namespace safecost

#endif
