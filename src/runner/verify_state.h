// What the supervisor of a verification knows: what its workers told it, and what became of them.
#ifndef SAFECOST_RUNNER_VERIFY_STATE_H
#define SAFECOST_RUNNER_VERIFY_STATE_H

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "nlohmann/json.hpp"
#include "runner/contain.h"
#include "runner/plugin.h"
#include "runner/verify_events.h"

namespace safecost {

// A worker sees the state of the moment at which it was forked.
struct VerifyState {
  std::set<std::size_t> dead_plugins;
  std::set<std::string> dead;  // "variant@profile"
  std::map<std::size_t, std::map<std::string, std::uint64_t>>
      digests;                                  // request -> contender -> digest
  std::map<std::size_t, events::Place> places;  // of each request
  std::set<std::string> grown;                  // contenders whose work was seen to grow
  std::set<std::string> compared;               // profiles whose inputs were compared
  bool generator_failed = false;
  events::Now now;
  std::map<std::size_t, nlohmann::json> descriptions;
  std::vector<Problem> problems;
};

void note(VerifyState& state, events::Event event);
// `starved`: the worker had waited for a processor rather than hung.
void note(VerifyState& state, const Accident& accident, bool starved);

// Contenders that disagree with the majority become problems, each named once, at the first
// request where it does.
void compare_digests(VerifyState& state);

}  // namespace safecost

#endif
