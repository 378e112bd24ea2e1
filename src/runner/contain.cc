#include "runner/contain.h"

#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <stdexcept>

#include "fmt/format.h"
#include "runner/platform.h"

namespace safecost {

namespace {

constexpr int kMostAccidents = 1'000;  // far more than a case has contenders

void write_all(int file, const std::string& text) {
  for (std::size_t done = 0; done < text.size();) {
    const ssize_t written = write(file, text.data() + done, text.size() - done);
    if (written < 0 && errno != EINTR) _exit(1);  // the supervisor is gone
    if (written > 0) done += static_cast<std::size_t>(written);
  }
}

// The last non-empty line of what the worker wrote to stderr, at most 300 bytes of it.
std::string last_line(int file) {
  char tail[2'048];
  const off_t size = lseek(file, 0, SEEK_END);
  const off_t from =
      size > static_cast<off_t>(sizeof tail) ? size - static_cast<off_t>(sizeof tail) : 0;
  const ssize_t got = pread(file, tail, sizeof tail, from);
  std::string text(tail, got > 0 ? static_cast<std::size_t>(got) : 0);
  while (!text.empty() && text.back() == '\n') text.pop_back();
  const std::size_t line = text.rfind('\n');
  if (line != std::string::npos) text.erase(0, line + 1);
  return text.substr(0, 300);
}

std::string describe_end(int status, int errors) {
  std::string what = WIFSIGNALED(status)
                         ? fmt::format("crashed: {}", strsignal(WTERMSIG(status)))
                         : fmt::format("ended the process with exit code {}", WEXITSTATUS(status));
  const std::string line = last_line(errors);
  return line.empty() ? what : fmt::format("{} ({})", what, line);
}

class Worker {
 public:
  explicit Worker(const std::function<void(const Emit&)>& work) {
    int ends[2];
    errors_ = memfd_create("stderr", MFD_CLOEXEC);
    if (errors_ < 0 || pipe(ends) != 0)
      throw std::runtime_error(fmt::format("cannot start a worker: {}", strerror(errno)));
    fflush(nullptr);
    process_ = fork();
    if (process_ < 0)
      throw std::runtime_error(fmt::format("cannot fork a worker: {}", strerror(errno)));
    if (process_ == 0) {
      platform::die_with_parent();
      platform::expect_crashes();
      dup2(errors_, STDERR_FILENO);
      close(ends[0]);
      const auto emit = [&](const nlohmann::json& event) {
        write_all(ends[1],
                  event.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
      };
      work(emit);
      emit(nullptr);  // the end of the work, which code that calls exit() does not reach
      _exit(0);       // neither destructors nor a plugin's atexit handlers
    }
    close(ends[1]);
    events_ = ends[0];
  }
  ~Worker() {
    close(events_);
    close(errors_);
  }
  Worker(const Worker&) = delete;

  // Hands events on until the worker closes the pipe (true) or is silent for too long (false).
  bool follow(const std::function<void(const nlohmann::json&)>& on_event, double timeout_seconds) {
    std::string buffer;
    char chunk[16'384];
    for (;;) {
      pollfd ready = {events_, POLLIN, 0};
      const int count = poll(&ready, 1, static_cast<int>(timeout_seconds * 1'000));
      if (count < 0 && errno == EINTR) continue;
      if (count == 0) return false;
      const ssize_t got = read(events_, chunk, sizeof chunk);
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) return true;
      buffer.append(chunk, static_cast<std::size_t>(got));
      std::size_t begin = 0;
      for (std::size_t end; (end = buffer.find('\n', begin)) != std::string::npos;
           begin = end + 1) {
        const auto event = nlohmann::json::parse(buffer.substr(begin, end - begin));
        if (event.is_null()) {
          done_ = true;
        } else {
          on_event(event);
        }
      }
      buffer.erase(0, begin);
    }
  }
  int finish(bool kill_it) const {
    if (kill_it) kill(process_, SIGKILL);
    int status = 0;
    while (waitpid(process_, &status, 0) < 0 && errno == EINTR) {
    }
    return status;
  }
  bool done() const { return done_; }
  int errors() const { return errors_; }

 private:
  pid_t process_ = -1;
  int events_ = -1;
  int errors_ = -1;
  bool done_ = false;  // it said that its work has ended
};

}  // namespace

void contain(const std::function<void(const Emit&)>& work,
             const std::function<void(const nlohmann::json&)>& on_event,
             const std::function<void(const Accident&)>& on_accident, double timeout_seconds) {
  for (int accidents = 0; accidents < kMostAccidents; ++accidents) {
    Worker worker(work);
    const bool ended = worker.follow(on_event, timeout_seconds);
    const int status = worker.finish(!ended);
    if (worker.done()) return;
    if (ended) {
      on_accident({false, describe_end(status, worker.errors())});
    } else {
      on_accident({true, fmt::format("did not come back within {} s", timeout_seconds)});
    }
  }
  throw std::runtime_error(fmt::format("gave up after {} accidents of one case", kMostAccidents));
}

}  // namespace safecost
