// Around the rounds of a launch: do its contenders agree, and once the last round is over, are they right, at work and
// alone still?
#ifndef SAFECOST_RUNNER_LAST_LOOK_H
#define SAFECOST_RUNNER_LAST_LOOK_H

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "runner/panel.h"

namespace safecost {

// The digests that all contenders of a placement give on the first `inputs` of the pool. DataLoss where one gives
// another, or where an error reaches its border.
absl::StatusOr<std::vector<std::uint64_t>> agreed_digests(const Panel& panel,
                                                          std::vector<Contender>& contenders,
                                                          std::size_t inputs);

// Forgets what was reported at the borders.
void clear_reports(Panel& panel);

// After the last round: in each placement the pool gives digests that agree, and begin as `before`; nothing was reported at borders
// since `clear_reports`; inputs that no call has seen take no more work than those that were timed; no thread and no
// process is left. DataLoss with "kind: message" otherwise.
absl::Status last_look(Panel& panel, const std::vector<std::uint64_t>& before);

}  // namespace safecost

#endif
