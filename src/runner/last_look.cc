#include "runner/last_look.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "fmt/format.h"
#include "runner/contender.h"
#include "runner/platform.h"
#include "runner/status_macros.h"
#include "runner/steps.h"

namespace safecost {

namespace {

constexpr std::uint64_t kOtherSeed = 0x9e3779b97f4a7c15u;
constexpr std::size_t kUnseenInputs = 4;
// Of the pool, over all placements: a walk over 256 inputs takes as long as the timing of a quick launch.
constexpr std::size_t kComparedAgain = 64;
// A call on an input that was timed takes at least this share of the time of a first call on one of the same size that
// was not; of the instructions, a smaller share is allowed, since inputs of one size need not be equal work.
constexpr double kSuspicious = 0.5;
constexpr double kVanished = 1.0 / 3;
constexpr std::uint64_t kMostSteps = 20'000;  // each takes ten microseconds and more

// Least seconds of a call on each of the first `count` contexts.
double least_seconds(Contender& contender, std::size_t count) {
  double least = 1e9;
  for (std::size_t i = 0; i < std::min(count, contender.contexts()); ++i) {
    contender.reset(i, 1);
    least = std::min(least, contender.timed_call(i, 1));
  }
  return least;
}

// The instructions of a call on each of `count` contexts from `begin` on, as far as kMostSteps.
absl::StatusOr<std::vector<std::uint64_t>> instructions(Contender& contender, std::size_t begin,
                                                        std::size_t count) {
  absl::StatusOr<std::vector<std::uint64_t>> counts = count_steps(
      [&](const Count& counting) {
        for (std::size_t i = begin; i < begin + count; ++i) {
          contender.reset(i, 1);
          counting([&] {
            const std::uint64_t result = contender.call(i, 1);
            asm volatile("" : : "r"(result) : "memory");
          });
        }
      },
      kMostSteps, [] {});
  if (counts.ok() && counts->size() == count) return counts;
  return absl::InternalError(fmt::format(
      "trouble: {} became faster while it was timed, and its instructions cannot be counted: {}",
      contender.name(), counts.ok() ? "it ended" : std::string(counts.status().message())));
}

absl::Status still_works(Contender& timed, const Pool& unseen) {
  Contender fresh(timed.plugin(), timed.variant(), unseen);
  RETURN_IF_ERROR(fresh.prepare(2 * kUnseenInputs));
  // The contexts of the second half are kept for what is exact: no call has seen them.
  double first = 1e9;
  for (std::size_t i = 0; i < kUnseenInputs; ++i) {
    fresh.reset(i, 1);
    first = std::min(first, fresh.timed_call(i, 1));
  }
  if (least_seconds(timed, kUnseenInputs) >= kSuspicious * first) return absl::OkStatus();
  // What an input holds may decide how much there is to do: the most of those that were timed, the least of the others.
  // A kernel that is learned by the processor, as sorting what is nearly sorted is, mostly shows that on the first of them.
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < std::min(kUnseenInputs, timed.contexts()); ++i) {
    ASSIGN_OR_RETURN(const std::vector<std::uint64_t> counts, instructions(timed, i, 1));
    seen = std::max(seen, counts[0]);
    if (seen >= kMostSteps) return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(const std::vector<std::uint64_t> others,
                   instructions(fresh, kUnseenInputs, kUnseenInputs));
  const std::uint64_t not_seen = *std::min_element(others.begin(), others.end());
  if (static_cast<double>(seen) >= kVanished * static_cast<double>(not_seen))
    return absl::OkStatus();
  return absl::DataLossError(
      fmt::format("growth: {}: its work vanished while it was timed: a call on an input of then "
                  "executes {} instructions at most, and {} or more on one that it had not seen",
                  timed.name(), seen, not_seen));
}

}  // namespace

absl::StatusOr<std::vector<std::uint64_t>> agreed_digests(const Panel& panel,
                                                          std::vector<Contender>& contenders,
                                                          std::size_t inputs) {
  std::vector<std::uint64_t> expected;
  for (std::size_t c = 0; c < contenders.size(); ++c) {
    safecost_report* const report = contenders[c].plugin().table().report;
    if (report != nullptr) report->count = 0;
    for (std::size_t i = 0; i < std::min(panel.pool().count(), inputs); ++i) {
      const std::uint64_t digest = contenders[c].digest(i);
      if (c == 0) expected.push_back(digest);
      if (digest == expected[i]) continue;
      return absl::DataLossError(
          fmt::format("digest: {} gives {:016x} for input {}, {} gives {:016x}", panel.name(c),
                      digest, i, panel.name(0), expected[i]));
    }
    if (report != nullptr && report->count > 0) {
      return absl::DataLossError(
          fmt::format("digest: {}: an error reached the border on valid input: {}", panel.name(c),
                      report->text));
    }
  }
  return expected;
}

void clear_reports(Panel& panel) {
  for (const std::vector<Contender>& contenders : panel.placements()) {
    for (const Contender& contender : contenders) {
      safecost_report* const report = contender.plugin().table().report;
      if (report != nullptr) report->count = 0;
    }
  }
}

absl::Status last_look(Panel& panel, const std::vector<std::uint64_t>& before) {
  const std::size_t inputs = std::max(before.size(), kComparedAgain / panel.placements().size());
  for (std::vector<Contender>& contenders : panel.placements()) {
    for (const Contender& contender : contenders) {
      const safecost_report* const report = contender.plugin().table().report;
      if (report != nullptr && report->count > 0) {
        return absl::DataLossError(fmt::format(
            "digest: errors reached the border of {} while it was timed, {} of them: {}",
            contender.plugin().profile(), report->count, report->text));
      }
    }
    ASSIGN_OR_RETURN(const std::vector<std::uint64_t> after,
                     agreed_digests(panel, contenders, inputs));
    for (std::size_t i = 0; i < before.size(); ++i) {
      if (before[i] == after[i]) continue;
      return absl::DataLossError(
          fmt::format("digest: all give {:016x} for input {} after the last round, and {:016x} "
                      "before the first",
                      after[i], i, before[i]));
    }
  }
  ASSIGN_OR_RETURN(const Pool unseen,
                   panel.draw(panel.plan().seed ^ kOtherSeed, 2 * kUnseenInputs));
  for (Contender& contender : panel.contenders()) RETURN_IF_ERROR(still_works(contender, unseen));
  if (const std::string left = platform::leftovers(platform::company()); !left.empty())
    return absl::DataLossError(fmt::format("leftover: a contender leaves {}", left));
  return absl::OkStatus();
}

}  // namespace safecost
