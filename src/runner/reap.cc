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

// Is it a child of this process, and alive?
bool is_ours(const char* number) {
  char path[64];
  char text[512];
  std::snprintf(path, sizeof path, "/proc/%s/stat", number);
  const int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  const ssize_t got = read(file, text, sizeof text - 1);
  close(file);
  text[std::max<ssize_t>(got, 0)] = '\0';
  const char* const name_end = std::strrchr(text, ')');  // a name may hold anything
  char state = 'Z';
  int parent = 0;
  return name_end != nullptr && std::sscanf(name_end, ") %c %d", &state, &parent) == 2 &&
         state != 'Z' && parent == getpid();
}

// Calls `act` with each living child of this process. Not by /proc/self/task/*/children, which some kernels lack.
template <class Act>
void each_child(const Act& act) {
  // An entry, as the system call has it: 16 bytes of numbers, its length, a byte of type, its name.
  constexpr std::size_t length_at = 16, name_at = 19;
  char entries[4'096];
  const int folder = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return;
  for (long got; (got = syscall(SYS_getdents64, folder, entries, sizeof entries)) > 0;) {
    for (long at = 0; at < got;) {
      const char* const name = entries + at + name_at;
      unsigned short length = 0;
      std::memcpy(&length, entries + at + length_at, sizeof length);
      at += length;
      if (*name >= '1' && *name <= '9' && is_ours(name)) act(static_cast<pid_t>(std::atoi(name)));
    }
  }
  close(folder);
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

int wait_at_most(pid_t child, double seconds, double if_running) {
  std::optional<int> status = ended(child, seconds);
  if (!status && !is_stopped(child)) status = ended(child, if_running - seconds);
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
