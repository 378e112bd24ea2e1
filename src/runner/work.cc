#include "runner/work.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "fmt/format.h"
#include "runner/arena.h"
#include "runner/contender.h"
#include "runner/status_macros.h"
#include "runner/steps.h"

namespace safecost {

namespace {

// ... executes this many times the instructions. Of 677 kernels of three profiles the least, buffer_fill/rust_extend,
// executes 4.4 times as many, the median 8. What is left out at every size alike is no matter of growth.
constexpr double kGrowth = 3.0;
// A later call on a context executes this share of the first one's instructions. In linked_list/raw, the least, it is
// 0.81: the first call finds malloc's lists empty.
constexpr double kRepeated = 0.7;
// A kernel that executes less than this share of raw's instructions, and whose prepare executes more than raw's by this
// share of what it saves, has moved its work. In the suite the former is often so, and the latter at most 0.03.
constexpr double kLess = 0.7;
constexpr double kMoved = 0.5;

constexpr int kFreshContexts = 5;
constexpr int kCalls = 15;
constexpr int kTries = 3;
// Seconds at 25 us an instruction.
constexpr std::uint64_t kMostSteps = 150'000;

double seconds_of(Contender& contender) {
  contender.reset(0, 1);
  return contender.timed_call(0, 1);
}

void keep_least(Effort& least, const Effort& effort) {
  least = {std::min(least.prepare, effort.prepare), std::min(least.first, effort.first),
           std::min(least.again, effort.again), std::min(least.small, effort.small)};
}

}  // namespace

bool grows(const Effort& effort) { return effort.again >= kGrowth * effort.small; }

bool repeats(const Effort& effort) { return effort.again >= kRepeated * effort.first; }

bool moves(const Effort& effort, const Effort& raw) {
  const double saved = raw.again - effort.again;
  return effort.again < kLess * raw.again && effort.prepare - raw.prepare > kMoved * saved;
}

const char* WorkCheck::suspicion(const Effort& effort, const Effort* raw) const {
  if (!fixed_cost_ && !grows(effort)) return "growth";
  if (!repeats(effort)) return "kept";
  return raw != nullptr && moves(effort, *raw) ? "moved" : nullptr;
}

Effort WorkCheck::by_stopwatch(const Plugin& plugin, const safecost_variant& variant) const {
  Effort least = {1e9, 1e9, 1e9, small_ == nullptr ? 0 : 1e9};
  // Several contexts of one input: a branch predictor knows it as well in a first call as in a later one.
  for (int i = 0; i < kFreshContexts; ++i) {
    Contender fresh(plugin, variant, large_);
    const auto start = Clock::now();
    if (!fresh.prepare(1).ok()) return {};
    least.prepare =
        std::min(least.prepare, std::chrono::duration<double>(Clock::now() - start).count());
    least.first = std::min(least.first, seconds_of(fresh));
    for (int call = 0; call < kCalls / kFreshContexts; ++call)
      least.again = std::min(least.again, seconds_of(fresh));
  }
  if (small_ == nullptr) return least;
  Contender little(plugin, variant, *small_);
  if (!little.prepare(1).ok()) return {};
  for (int call = 0; call < kCalls; ++call) least.small = std::min(least.small, seconds_of(little));
  return least;
}

absl::StatusOr<Effort> WorkCheck::by_steps(const Plugin& plugin, const safecost_variant& variant,
                                           bool with_prepare) const {
  const auto call = [](Contender& contender, std::size_t i) {
    const std::uint64_t result = contender.call(i, 1);
    asm volatile("" : : "r"(result) : "memory");
  };
  ASSIGN_OR_RETURN(const std::vector<std::uint64_t> counts,
                   count_steps(
                       [&](const Count& count) {
                         if (small_ != nullptr) {
                           Contender little(plugin, variant, *small_);
                           if (!little.prepare(1).ok()) return;
                           little.reset(0, 1);
                           call(little, 0);
                           little.reset(0, 1);
                           count([&] { call(little, 0); });
                         }
                         // What a first call sets up for the process is set up on another input.
                         Contender other(plugin, variant, large_);
                         if (!other.prepare(large_.count()).ok()) return;
                         other.reset(large_.count() - 1, 1);
                         call(other, large_.count() - 1);
                         Contender fresh(plugin, variant, large_);
                         const auto prepare = [&] { static_cast<void>(fresh.prepare(1)); };
                         with_prepare ? count(prepare) : prepare();
                         for (int again = 0; again < 2; ++again) {
                           fresh.reset(0, 1);
                           count([&] { call(fresh, 0); });
                         }
                       },
                       kMostSteps, alive_));
  if (counts.size() != 2u + (small_ == nullptr ? 0 : 1) + (with_prepare ? 1 : 0))
    return absl::InternalError("cannot prepare an input");
  const auto last = [&](std::size_t i) {
    return static_cast<double>(counts[counts.size() - 1 - i]);
  };
  return Effort{with_prepare ? last(2) : 0, last(1), last(0),
                small_ == nullptr ? 0 : static_cast<double>(counts.front())};
}

std::optional<Finding> WorkCheck::look_at(const Plugin& plugin, const safecost_variant& variant,
                                          const safecost_variant* raw) {
  if (raw != nullptr && !raw_.contains(raw)) raw_[raw] = by_stopwatch(plugin, *raw);
  const Effort* const least_of_raw = raw == nullptr ? nullptr : &raw_[raw];
  Effort least = by_stopwatch(plugin, variant);
  // A neighbour who takes the processor during one reading costs another, not yet a count of instructions.
  for (int again = 0; again < kTries && suspicion(least, least_of_raw) != nullptr; ++again) {
    keep_least(least, by_stopwatch(plugin, variant));
    if (raw != nullptr) keep_least(raw_[raw], by_stopwatch(plugin, *raw));
  }
  if (suspicion(least, least_of_raw) == nullptr) return std::nullopt;

  // To step a prepare, and raw besides, takes longest: only where it is they that are doubted.
  const bool may_have_moved = raw != nullptr && moves(least, *least_of_raw);
  const absl::StatusOr<Effort> effort = by_steps(plugin, variant, may_have_moved);
  const absl::StatusOr<Effort> effort_of_raw =
      may_have_moved ? by_steps(plugin, *raw, true) : absl::StatusOr<Effort>(Effort{});
  if (!effort.ok() || !effort_of_raw.ok()) {
    return Finding{
        "trouble",
        fmt::format("a stopwatch doubts its work, and its instructions cannot be counted: {}",
                    std::string((effort.ok() ? effort_of_raw : effort).status().message()))};
  }
  const auto& [prepare, first, again, small] = *effort;
  const char* const kind = suspicion(*effort, may_have_moved ? &*effort_of_raw : nullptr);
  if (kind == nullptr) return std::nullopt;
  const std::string what = kind;
  if (what == "growth" && small >= kMostSteps / kGrowth) {
    return Finding{
        "trouble",
        fmt::format("a stopwatch doubts its work, and a call with an eighth of it executes "
                    "{:.0f} instructions or more, too many to step: time a smaller size first",
                    small)};
  }
  if (what == "growth") {
    return Finding{
        what,
        fmt::format("its work vanished: a call executes {:.0f} instructions, and {:.0f} with an "
                    "eighth of the work",
                    again, small)};
  }
  if (what == "kept") {
    return Finding{
        what,
        fmt::format("keeps results in its context: the first call on an input executes {:.0f} "
                    "instructions, a later one {:.0f}",
                    first, again)};
  }
  return Finding{
      what,
      fmt::format(
          "does work in prepare, which is not timed: {:.0f} instructions there and {:.0f} in a "
          "call; {} has {:.0f} and {:.0f}",
          prepare, again, raw->name, effort_of_raw->prepare, effort_of_raw->again)};
}

std::optional<Finding> follow(const Plugin& plugin, const safecost_variant& variant,
                              const Pool& pool, const std::function<void()>& alive) {
  const auto ways = follow_steps(
      [&](const Count& count) {
        const Allocations allocations(plugin.library());
        for (std::size_t i = 0; i < pool.count(); ++i) {
          Arena::of_process().begin({Laying::Mode::adjacent, 0, 0});
          allocations.to_arena();
          void* const context = variant.prepare(pool.input(i));
          allocations.to_libc();
          if (context == nullptr) return;
          const auto call = [&] {
            const std::uint64_t result = variant.run(context);
            asm volatile("" : : "r"(result) : "memory");
          };
          const auto reset = [&] {
            if (variant.reset != nullptr) variant.reset(context, pool.input(i));
          };
          reset();
          call();  // sets things up
          reset();
          count(call);
        }
      },
      kMostSteps, alive);
  if (!ways.ok() || ways->size() != pool.count()) return std::nullopt;
  for (std::size_t i = 1; i < ways->size(); ++i) {
    if ((*ways)[i] == ways->front()) continue;
    return Finding{"branches",
                   fmt::format("its case says that no branch depends on data, and on input {} it "
                               "takes another way than on input 0",
                               i)};
  }
  return std::nullopt;
}

}  // namespace safecost
