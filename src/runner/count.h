// Counts what a call of a contender does, not how long it takes: instructions under Callgrind, allocations natively.
#ifndef SAFECOST_RUNNER_COUNT_H
#define SAFECOST_RUNNER_COUNT_H

#include "absl/status/status.h"

namespace safecost {

// Reads requests from `requests`, one a line: a PanelPlan of one contender in JSON, with "dumps", the folder where
// Callgrind writes (--callgrind-out-file=DUMPS/%p), and "seconds", the time limit. Each is served by a fork of its own,
// so that no contender sees the heap of another and a crash costs one only. Writes one line of JSON to `results` for
// each, in order:
//   {"index": 0, "calls": 32, "instructions": 98304, "allocations": null, "allocated_bytes": null}
//   {"index": 0, "problem": "crashed: Segmentation fault"}
// Instructions are null where Callgrind does not run this process, allocations where allocations.so is not preloaded.
absl::Status serve_counts(int requests, int results);

}  // namespace safecost

#endif
