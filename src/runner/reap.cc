#include "runner/reap.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>

namespace safecost::reap {

namespace {

constexpr int kRounds =
    200;  // of killing what forks faster than it dies; a round takes a millisecond at least

constexpr double kBetweenLooks = 0.02;
constexpr int kLooks = 5;  // that see a process asleep: a tenth of a second

double now() {
  timespec time = {};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

void reap_dead() {
  while (waitpid(-1, nullptr, WNOHANG | __WALL) > 0) {
  }
}

bool has_children() {
  siginfo_t info = {};
  return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT | __WALL) == 0 || errno != ECHILD;
}

bool is_stopped(pid_t child) {
  siginfo_t info = {};
  return waitid(P_PID, static_cast<id_t>(child), &info, WSTOPPED | WNOHANG | WNOWAIT) == 0 &&
         info.si_pid == child;
}

struct State {
  char letter = 'Z';
  int parent = 0;
};

// What /proc says of a process, or of a thread, whose folder that is.
State state_of(const char* folder) {
  char path[64];
  char text[512];
  State state;
  std::snprintf(path, sizeof path, "%s/stat", folder);
  const int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return state;
  const ssize_t got = read(file, text, sizeof text - 1);
  close(file);
  text[std::max<ssize_t>(got, 0)] = '\0';
  const char* const name_end = std::strrchr(text, ')');  // a name may hold anything
  if (name_end != nullptr) std::sscanf(name_end, ") %c %d", &state.letter, &state.parent);
  return state;
}

// Calls `act` with each name in this folder that is a number.
template <class Act>
void each_number(const char* path, const Act& act) {
  // An entry, as the system call has it: 16 bytes of numbers, its length, a byte of type, its name.
  constexpr std::size_t length_at = 16, name_at = 19;
  char entries[4'096];
  const int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return;
  for (long got; (got = syscall(SYS_getdents64, folder, entries, sizeof entries)) > 0;) {
    for (long at = 0; at < got;) {
      const char* const name = entries + at + name_at;
      unsigned short length = 0;
      std::memcpy(&length, entries + at + length_at, sizeof length);
      at += length;
      if (*name >= '1' && *name <= '9') act(name);
    }
  }
  close(folder);
}

// Calls `act` with each living child of this process. Not by /proc/self/task/*/children, which some kernels lack.
template <class Act>
void each_child(const Act& act) {
  each_number("/proc", [&](const char* number) {
    char folder[48];
    std::snprintf(folder, sizeof folder, "/proc/%s", number);
    const State state = state_of(folder);
    if (state.letter != 'Z' && state.parent == getpid()) act(static_cast<pid_t>(std::atoi(number)));
  });
}

// Does every thread of this process sleep at this moment?
bool is_asleep(pid_t process) {
  char tasks[32];
  std::snprintf(tasks, sizeof tasks, "/proc/%d/task", process);
  std::size_t all = 0, asleep = 0;
  each_number(tasks, [&](const char* number) {
    char folder[64];
    std::snprintf(folder, sizeof folder, "%s/%s", tasks, number);
    ++all;
    if (state_of(folder).letter == 'S') ++asleep;
  });
  return all > 0 && asleep == all;
}

// As `ended`, and nothing where the child was asleep whenever it was looked at, so often in turn.
std::optional<int> ended_or_asleep(pid_t child, double seconds, bool& asleep) {
  int looks = 0;
  std::optional<int> status = ended(child, 0);
  for (const double deadline = now() + seconds; !status && now() < deadline && !asleep;) {
    status = ended(child, kBetweenLooks);
    looks = !status && is_asleep(child) ? looks + 1 : 0;
    asleep = looks == kLooks;
  }
  return status;
}

}  // namespace

void adopt_strays() { prctl(PR_SET_CHILD_SUBREAPER, 1); }

std::optional<int> ended(pid_t child, double seconds) {
  const auto look = [child]() -> std::optional<int> {
    int status = 0;
    const pid_t got = waitpid(child, &status, WNOHANG);
    if (got == child) return status;
    return got < 0 && errno != EINTR ? std::optional(-1) : std::nullopt;
  };
  std::optional<int> status = look();
  if (status || seconds <= 0) return status;
  const double deadline = now() + seconds;
  // Readable once the child has ended; without it (an old kernel) the child is looked at every millisecond.
  pollfd handle = {static_cast<int>(syscall(SYS_pidfd_open, child, 0)), POLLIN, 0};
  for (double left = seconds; !status && left > 0; left = deadline - now()) {
    const int milliseconds = static_cast<int>(std::min(left * 1'000 + 1, 1e6));
    poll(&handle, handle.fd < 0 ? 0 : 1, handle.fd < 0 ? 1 : milliseconds);
    status = look();
  }
  if (handle.fd >= 0) close(handle.fd);
  return status;
}

int wait_at_most(pid_t child, double seconds, double if_running, bool* asleep) {
  bool is_late = false;
  const auto wait = [&](double limit) {
    return asleep == nullptr ? ended(child, limit) : ended_or_asleep(child, limit, is_late);
  };
  std::optional<int> status = wait(seconds);
  if (!status && !is_late && !is_stopped(child)) status = wait(if_running - seconds);
  if (asleep != nullptr) *asleep = is_late;
  if (status) return *status;
  kill(child, SIGKILL);
  while (waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
  return SIGALRM;
}

std::size_t strays(std::span<pid_t> first) {
  std::size_t count = 0;
  reap_dead();
  if (!has_children()) return 0;
  each_child([&](pid_t child) {
    if (count < first.size()) first[count] = child;
    ++count;
  });
  return count;
}

std::size_t end_strays() {
  std::size_t count = strays();
  for (int round = 0; round < kRounds && has_children(); ++round) {
    // One whose parent ended while the others were counted is ours since then.
    std::size_t now = 0;
    each_child([&now](pid_t child) {
      kill(child, SIGKILL);
      ++now;
    });
    if (count == 0) count = now;
    poll(nullptr, 0, 1);
    reap_dead();
  }
  return count;
}

}  // namespace safecost::reap
