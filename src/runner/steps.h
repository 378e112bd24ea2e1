// How many instructions a piece of work executes, and which: a fork of this process does it, single-stepped by this one. Exact on
// a busy machine, and slow: 5 to 50 us an instruction.
#ifndef SAFECOST_RUNNER_STEPS_H
#define SAFECOST_RUNNER_STEPS_H

#include <cstdint>
#include <functional>
#include <vector>

#include "absl/status/statusor.h"

namespace safecost {

// Does an action, and counts its instructions.
using Count = std::function<void(const std::function<void()>& action)>;

// `work` is done in a fork, and counts actions with what it is given: their instructions, in order, each at most `most`
// (beyond it an action runs freely). `alive` is called now and then. Unavailable where no process can be stepped.
absl::StatusOr<std::vector<std::uint64_t>> count_steps(
    const std::function<void(const Count& count)>& work, std::uint64_t most,
    const std::function<void()>& alive);

// The same of the way that each action takes: a hash of the addresses of its instructions, in order, which are alike in
// all forks of this process. 0 for an action of more than `most` instructions.
absl::StatusOr<std::vector<std::uint64_t>> follow_steps(
    const std::function<void(const Count& count)>& work, std::uint64_t most,
    const std::function<void()>& alive);

}  // namespace safecost

#endif
