// Is a contender's work really done, and in the call that is timed? A stopwatch acquits; only instructions convict.
#ifndef SAFECOST_RUNNER_WORK_H
#define SAFECOST_RUNNER_WORK_H

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "runner/plugin.h"

namespace safecost {

// A kernel given this many times the work ...
inline constexpr std::uint64_t kMoreWork = 8;

// What one contender takes, in seconds or in instructions: to prepare an input, in the first call on it, in a later
// one, and in one on an input with an eighth of the work (0 where there is no such size).
struct Effort {
  double prepare = 0;
  double first = 0;
  double again = 0;
  double small = 0;
};

// What an effort shows; bounds and the suite's own figures are in work.cc.
bool grows(const Effort& effort);
bool repeats(const Effort& effort);
bool moves(const Effort& effort, const Effort& raw);

// What is wrong with a contender's work; `kind` is a problem's.
struct Finding {
  std::string kind;
  std::string message;
};

// Looks at the contenders of one case on the same inputs.
class WorkCheck {
 public:
  // `small` may be null. Where the case's cost is fixed, it need not grow.
  WorkCheck(const Pool& large, const Pool* small, bool fixed_cost, std::function<void()> alive)
      : large_(large), small_(small), fixed_cost_(fixed_cost), alive_(std::move(alive)) {}

  // `raw` is the plugin's first raw variant, null where it cannot be used.
  std::optional<Finding> look_at(const Plugin& plugin, const safecost_variant& variant,
                                 const safecost_variant* raw);

 private:
  Effort by_stopwatch(const Plugin& plugin, const safecost_variant& variant) const;
  absl::StatusOr<Effort> by_steps(const Plugin& plugin, const safecost_variant& variant,
                                  bool with_prepare) const;
  // What a reading suggests; null kind for nothing.
  const char* suspicion(const Effort& effort, const Effort* raw) const;

  const Pool& large_;
  const Pool* small_;
  bool fixed_cost_;
  std::function<void()> alive_;
  std::map<const safecost_variant*, Effort> raw_;  // by stopwatch
};

// Does a kernel take the same way through its code on all of these inputs, which are of one size? None where it does,
// or where this machine cannot follow it. Contexts lie alike, since code that streams may begin by an address.
std::optional<Finding> follow(const Plugin& plugin, const safecost_variant& variant,
                              const Pool& pool, const std::function<void()>& alive);

}  // namespace safecost

#endif
