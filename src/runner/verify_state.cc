#include "runner/verify_state.h"

#include <algorithm>
#include <csignal>
#include <cstring>
#include <utility>
#include <variant>

#include "fmt/format.h"

namespace safecost {

namespace {

// Problems after which a contender is not called again.
const std::set<std::string> kFailed = {"digest", "leftover", "trouble"};

// What each event changes.
struct Notes {
  VerifyState& state;

  void operator()(events::Now& now) const { state.now = std::move(now); }
  void operator()(events::Described& described) const {
    state.descriptions[described.plugin] = std::move(described.as);
  }
  void operator()(const events::Digest& digest) const {
    state.digests[digest.request][digest.contender] = digest.digest;
    state.places[digest.request] = digest.place;
  }
  void operator()(const events::Grown& grown) const { state.grown.insert(grown.contender); }
  void operator()(const events::Compared& compared) const {
    state.compared.insert(compared.profile);
  }
  void operator()(const events::Found& found) const {
    const Problem& problem = found.problem;
    state.problems.push_back(problem);
    if (state.now.stage == "load") {
      state.dead_plugins.insert(state.now.plugin);
    } else if (kFailed.contains(problem.kind) && !problem.variant.empty()) {
      state.dead.insert(problem.variant + "@" + problem.profile);
    }
  }
  void operator()(const events::Fatal& fatal) const {
    state.problems.push_back(fatal.problem);
    state.generator_failed = true;
  }
};

// What an accident is, and in which words: what the machine did is no result of the code.
std::pair<std::string, std::string> blamed(const Accident& accident, bool starved) {
  if (accident.hung && starved)
    return {"trouble",
            accident.what +
                ", and got less than a tenth of a processor: try again when less else runs"};
  if (accident.what.starts_with(fmt::format("crashed: {}", strsignal(SIGKILL))))
    return {"trouble", "was killed from outside, as a system does that is out of memory"};
  return {accident.hung ? "hang" : "crash", accident.what};
}

}  // namespace

void note(VerifyState& state, events::Event event) { std::visit(Notes{state}, event); }

void note(VerifyState& state, const Accident& accident, bool starved) {
  const events::Now& now = state.now;
  const auto [kind, message] = blamed(accident, starved);
  Problem problem{kind,           now.profile,    now.variant,       message,
                  now.place.size, now.place.rate, now.place.threads, now.place.workers};
  if (now.stage == "load") {
    problem.message = "while it was loaded: " + problem.message;
    state.dead_plugins.insert(now.plugin);
  } else if (now.stage == "generate") {
    problem.message = "while its inputs were generated: " + problem.message;
    state.generator_failed = true;
  } else if (now.stage == "compare") {
    problem.message = "while its inputs were compared: " + problem.message;
    state.compared.insert(problem.profile);
  } else {
    state.dead.insert(problem.variant + "@" + problem.profile);
  }
  state.problems.push_back(std::move(problem));
}

void compare_digests(VerifyState& state) {
  std::set<std::string> named;
  for (const auto& [r, digests] : state.digests) {
    std::map<std::uint64_t, std::size_t> votes;
    for (const auto& [name, digest] : digests) ++votes[digest];
    const auto expected =
        std::max_element(votes.begin(), votes.end(),
                         [](const auto& a, const auto& b) { return a.second < b.second; });
    for (const auto& [name, digest] : digests) {
      if (digest == expected->first || !named.insert(name).second) continue;
      const std::size_t at = name.find('@');
      state.problems.push_back(
          {"digest", name.substr(at + 1), name.substr(0, at),
           fmt::format("digest {:016x}, {} of {} contenders agree on {:016x}", digest,
                       expected->second, digests.size(), expected->first),
           state.places[r].size, state.places[r].rate, state.places[r].threads,
           state.places[r].workers});
    }
  }
}

}  // namespace safecost
