#include "runner/steps.h"

#include <signal.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__aarch64__)
#include <elf.h>
#endif

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>

#include "absl/status/status.h"
#include "fmt/format.h"
#include "runner/platform.h"
#include "runner/status_macros.h"

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
  // Where it is now.
  std::uint64_t address() const {
#if defined(__x86_64__)
    return static_cast<std::uint64_t>(
        ptrace(PTRACE_PEEKUSER, process_, offsetof(user, regs.rip), nullptr));
#elif defined(__aarch64__)
    user_regs_struct registers = {};
    iovec into = {&registers, sizeof registers};
    ptrace(PTRACE_GETREGSET, process_, NT_PRSTATUS, &into);
    return registers.pc;
#else
    return 0;
#endif
  }
  bool at_mark() const { return WSTOPSIG(status_) == SIGSTOP; }
  bool ended_well() const {
    return process_ < 0 && WIFEXITED(status_) && WEXITSTATUS(status_) == 0;
  }

 private:
  pid_t process_;
  int status_ = 0;
};

struct Steps {
  std::uint64_t count = 0;
  std::uint64_t way = 0;
};

// Those of each action, after those of an action that does nothing, which has the marks alone.
absl::StatusOr<std::vector<Steps>> stepped(const std::function<void(const Count& count)>& work,
                                           std::uint64_t most, const std::function<void()>& alive,
                                           bool follow) {
  const pid_t process = fork();
  if (process == 0) be_stepped(work);
  if (process < 0) return absl::UnavailableError(fmt::format("cannot fork: {}", strerror(errno)));
  Stepped child(process);
  if (!child.wait() || !child.at_mark())
    return absl::UnavailableError("this machine does not let a process be traced");
  std::vector<Steps> all;
  while (child.go_on(false)) {
    if (!child.at_mark()) continue;  // a signal of its own, which is passed on
    alive();
    Steps steps;
    // The marks of a count that is ended by its limit take a few more.
    const std::uint64_t limit = all.empty() ? most : most + all.front().count;
    bool there = true;
    do {
      there = child.go_on(steps.count < limit);
      if (!there || steps.count == limit) continue;
      ++steps.count;
      if (follow) steps.way = (steps.way ^ child.address()) * 0x100000001b3u;
      if (steps.count % kStepsBetweenSigns == 0) alive();
    } while (there && !child.at_mark());
    if (!there) break;
    if (steps.count == limit) steps.way = 0;
    all.push_back(steps);
  }
  if (!child.ended_well()) return absl::InternalError("did not end well while it was stepped");
  if (all.empty()) return absl::UnavailableError("this machine cannot step a process");
  return all;
}

}  // namespace

absl::StatusOr<std::vector<std::uint64_t>> count_steps(
    const std::function<void(const Count& count)>& work, std::uint64_t most,
    const std::function<void()>& alive) {
  ASSIGN_OR_RETURN(const std::vector<Steps> all, stepped(work, most, alive, false));
  std::vector<std::uint64_t> counts;
  for (std::size_t i = 1; i < all.size(); ++i)
    counts.push_back(all[i].count - std::min(all[i].count, all.front().count));
  return counts;
}

absl::StatusOr<std::vector<std::uint64_t>> follow_steps(
    const std::function<void(const Count& count)>& work, std::uint64_t most,
    const std::function<void()>& alive) {
  ASSIGN_OR_RETURN(const std::vector<Steps> all, stepped(work, most, alive, true));
  std::vector<std::uint64_t> ways;
  for (std::size_t i = 1; i < all.size(); ++i) ways.push_back(all[i].way);
  return ways;
}

}  // namespace safecost
