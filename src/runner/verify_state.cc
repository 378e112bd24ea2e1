#include "runner/verify_state.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "fmt/format.h"

namespace safecost {

namespace {

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
    } else if (problem.kind == "digest" && !problem.variant.empty()) {
      state.dead.insert(problem.variant + "@" + problem.profile);
    }
  }
  void operator()(const events::Fatal& fatal) const {
    state.problems.push_back(fatal.problem);
    state.generator_failed = true;
  }
};

}  // namespace

void note(VerifyState& state, events::Event event) { std::visit(Notes{state}, event); }

void note(VerifyState& state, const Accident& accident) {
  const events::Now& now = state.now;
  Problem problem{accident.hung ? "hang" : "crash",
                  now.profile,
                  now.variant,
                  accident.what,
                  now.place.size,
                  now.place.rate,
                  now.place.threads};
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
           state.places[r].size, state.places[r].rate, state.places[r].threads});
    }
  }
}

}  // namespace safecost
