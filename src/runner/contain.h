// Runs code that may crash or hang in a forked worker and starts it again behind the accident.
#ifndef SAFECOST_RUNNER_CONTAIN_H
#define SAFECOST_RUNNER_CONTAIN_H

#include <functional>
#include <string>

#include "nlohmann/json.hpp"

namespace safecost {

// Sends one event, a line of JSON, from the worker to its supervisor.
using Emit = std::function<void(const nlohmann::json& event)>;

struct Accident {
  bool hung = false;
  std::string what;  // "crashed: Segmentation fault", with the last line it wrote to stderr
};

// Forks `work` until it ends well. Each event reaches `on_event` in this process, in order, as it is
// sent. When the worker dies or sends nothing for `timeout_seconds`, `on_accident` is told; what it
// changed in memory is seen by the next worker, which must not run into the same accident again.
void contain(const std::function<void(const Emit&)>& work,
             const std::function<void(const nlohmann::json&)>& on_event,
             const std::function<void(const Accident&)>& on_accident, double timeout_seconds);

}  // namespace safecost

#endif
