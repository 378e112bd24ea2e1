#include "runner/steps.h"

#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "absl/status/status.h"
#include "fmt/format.h"
#include "runner/platform.h"

namespace safecost {

namespace {

constexpr std::uint64_t kStepsBetweenSigns = 4'096;

// Stops this process, which its parent traces: what is between two such stops is counted.
void mark() { raise(SIGSTOP); }

[[noreturn]] void be_stepped(const std::function<void(const Count& count)>& work) {
  platform::die_with_parent();
  if (ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) _exit(1);
  mark();
  const Count count = [](const std::function<void()>& action) {
    mark();
    action();
    mark();
  };
  count([] {});  // what the marks themselves take
  work(count);
  _exit(0);
}

class Stepped {
 public:
  explicit Stepped(pid_t process) : process_(process) {}
  ~Stepped() {
    if (process_ > 0) kill(process_, SIGKILL);
    while (process_ > 0 && waitpid(process_, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
  Stepped(const Stepped&) = delete;

  bool wait() {
    int status = 0;
    while (waitpid(process_, &status, 0) < 0) {
      if (errno != EINTR) return false;
    }
    status_ = status;
    if (!WIFSTOPPED(status_)) process_ = -1;
    return WIFSTOPPED(status_);
  }
  // Lets it go on, for one instruction or to its next signal. False where it ended or cannot be traced.
  bool go_on(bool one_step) {
    const int number = WSTOPSIG(status_);
    // Signals of its own reach it; marks and steps are between us.
    const auto pass = number == SIGSTOP || number == SIGTRAP ? 0L : static_cast<long>(number);
    if (ptrace(one_step ? PTRACE_SINGLESTEP : PTRACE_CONT, process_, nullptr, pass) != 0)
      return false;
    return wait();
  }
  bool at_mark() const { return WSTOPSIG(status_) == SIGSTOP; }
  bool ended_well() const {
    return process_ < 0 && WIFEXITED(status_) && WEXITSTATUS(status_) == 0;
  }

 private:
  pid_t process_;
  int status_ = 0;
};

}  // namespace

absl::StatusOr<std::vector<std::uint64_t>> count_steps(
    const std::function<void(const Count& count)>& work, std::uint64_t most,
    const std::function<void()>& alive) {
  const pid_t process = fork();
  if (process == 0) be_stepped(work);
  if (process < 0) return absl::UnavailableError(fmt::format("cannot fork: {}", strerror(errno)));
  Stepped stepped(process);
  if (!stepped.wait() || !stepped.at_mark())
    return absl::UnavailableError("this machine does not let a process be traced");
  std::vector<std::uint64_t> counts;
  while (stepped.go_on(false)) {
    if (!stepped.at_mark()) continue;  // a signal of its own, which is passed on
    alive();
    std::uint64_t steps = 0;
    // The marks of a count that is ended by its limit take a few more.
    const std::uint64_t limit = counts.empty() ? most : most + counts.front();
    bool there = true;
    do {
      there = stepped.go_on(steps < limit);
      if (!there || steps == limit) continue;
      ++steps;
      if (steps % kStepsBetweenSigns == 0) alive();
    } while (there && !stepped.at_mark());
    if (!there) break;
    counts.push_back(steps);
  }
  if (!stepped.ended_well()) return absl::InternalError("did not end well while it was stepped");
  if (counts.empty()) return absl::UnavailableError("this machine cannot step a process");
  const std::uint64_t marks = counts.front();
  counts.erase(counts.begin());
  for (std::uint64_t& count : counts) count -= std::min(count, marks);
  return counts;
}

}  // namespace safecost
