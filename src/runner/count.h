// Counts what a call of a contender does, not how long it takes: instructions under Callgrind, allocations natively.
#ifndef SAFECOST_RUNNER_COUNT_H
#define SAFECOST_RUNNER_COUNT_H

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "nlohmann/json.hpp"
#include "runner/panel.h"

namespace safecost {

// One plugin's variants at one point.
struct CountPlan {
  PanelPlan panel;      // of one contender, whose variant does not matter
  std::string dumps;    // the folder where Callgrind writes (--callgrind-out-file=DUMPS/%p)
  double seconds = 60;  // how long a variant may take

  static absl::StatusOr<CountPlan> from_json(const nlohmann::json& json);
};

// Reads requests from `requests`. Each is a line of JSON, then the variants to count, a line each, then an empty line:
//   {"plan": "count", ...}     a CountPlan
//   17 raw                     the number by which the answer is known, and the variant's name
//   18 checked
//
// A fork loads plugins and inputs for a request, which takes most of the time, as Valgrind reads what debuggers would.
// A fork of that fork counts a variant: so none sees the heap of another, and a crash costs one only. Writes one line
// of JSON to `results` for each variant:
//   {"protocol": 1, "evidence": "count", "index": 17, "calls": 32, "instructions": 98304, "allocations": null,
//    "allocated_bytes": null}
//   {"protocol": 1, "evidence": "count", "index": 18, "problem": "crashed: Segmentation fault"}
// Instructions are null where Callgrind does not run this process, allocations where allocations.so is not preloaded.
absl::Status serve_counts(int requests, int results);

}  // namespace safecost

#endif
