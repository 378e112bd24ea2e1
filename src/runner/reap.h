// Waits for children with a limit, and ends whatever they leave behind. Allocates nothing, since a process that counts
// must keep its heap as it is.
#ifndef SAFECOST_RUNNER_REAP_H
#define SAFECOST_RUNNER_REAP_H

#include <sys/types.h>

#include <cstddef>
#include <optional>
#include <span>

namespace safecost::reap {

// Seconds that a child with a timer of its own is given beyond it: one that is stopped never sees its timer's signal.
constexpr double kGrace = 1;

// From now on whatever a descendant leaves behind becomes a child of this process, a daemon too. Forks do not inherit it.
void adopt_strays();

// The state of a child that has ended, as waitpid says it; nothing if it has not within so many seconds. Negative where
// there is no such child any more.
std::optional<int> ended(pid_t child, double seconds);

// The same, but one that is late is killed; then it is the state of a child whose timer has ended it (SIGALRM). Where
// `if_running` is longer, it is given that, unless it is stopped. With `asleep`, one all of whose threads sleep for a tenth
// of a second is killed, too, and noted there: they wait for each other, and no processor time would ever tell.
int wait_at_most(pid_t child, double seconds, double if_running = 0, bool* asleep = nullptr);

// The first children of this process that are alive; how many there are. Next to free where there is none. Only what
// has no children of its own to wait for can call them strays.
std::size_t strays(std::span<pid_t> first = {});

// Kills every child of this process, and what these leave in turn; how many there were at first.
std::size_t end_strays();

}  // namespace safecost::reap

#endif
