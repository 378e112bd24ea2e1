#include "runner/contain.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <optional>
#include <stdexcept>
#include <string_view>

#include "fmt/format.h"
#include "runner/platform.h"
#include "runner/reap.h"

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

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// A worker with two pipes to its supervisor: events, and what it writes to stderr. Either may be held open by a process
// that outlives the worker, so its own end is what counts.
class Worker {
 public:
  explicit Worker(const std::function<void(const Emit&)>& work) {
    int events[2], errors[2];
    if (pipe2(events, O_CLOEXEC) != 0 || pipe2(errors, O_CLOEXEC) != 0)
      throw std::runtime_error(fmt::format("cannot start a worker: {}", strerror(errno)));
    fflush(nullptr);
    process_ = fork();
    if (process_ < 0)
      throw std::runtime_error(fmt::format("cannot fork a worker: {}", strerror(errno)));
    if (process_ == 0) {
      platform::die_with_parent();
      platform::expect_crashes();
      reap::adopt_strays();
      dup2(errors[1], STDERR_FILENO);
      for (const int end : {events[0], errors[0], errors[1]}) close(end);
      const auto emit = [&](const nlohmann::json& event) {
        write_all(events[1],
                  event.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
      };
      work(emit);
      emit(nullptr);  // the end of the work, which code that calls exit() does not reach
      _exit(0);       // neither destructors nor a plugin's atexit handlers
    }
    for (const int end : {events[1], errors[1]}) close(end);
    events_ = events[0];
    errors_ = errors[0];
    for (const int end : {events_, errors_}) fcntl(end, F_SETFL, O_NONBLOCK);
  }
  ~Worker() {
    close(events_);
    close(errors_);
  }
  Worker(const Worker&) = delete;

  // Hands events on until the worker ends (true), or is killed since it was silent for too long (false).
  bool follow(const std::function<void(const nlohmann::json&)>& on_event, double timeout_seconds) {
    double deadline = now() + timeout_seconds;
    std::optional<int> status;
    while (!(status = reap::ended(process_, is_closed() ? deadline - now() : 0)) &&
           now() < deadline) {
      wait_for_news(deadline - now());
      keep_errors();
      if (read_events(on_event)) deadline = now() + timeout_seconds;
    }
    status_ = status ? *status : reap::wait_at_most(process_, 0);
    keep_errors();
    read_events(on_event);
    reap::end_strays();
    return status.has_value();
  }

  bool done() const { return done_; }

  std::string describe_end() const {
    const std::string what =
        WIFSIGNALED(status_)
            ? fmt::format("crashed: {}", strsignal(WTERMSIG(status_)))
            : fmt::format("ended the process with exit code {}", WEXITSTATUS(status_));
    const std::string line = last_line();
    return line.empty() ? what : fmt::format("{} ({})", what, line);
  }

 private:
  static constexpr std::size_t kPipe = 64 << 10;  // bytes, the most that an unread pipe holds
  static constexpr std::size_t kTail = 2'048;     // bytes
  static constexpr double kSlice =
      0.02;  // seconds until the worker's end is noticed, unless its pipes close

  bool is_closed() const { return !events_open_ && !errors_open_; }

  // Waits until a pipe has something to read. One that is closed is left out: it would always be ready.
  void wait_for_news(double seconds) {
    pollfd ready[] = {{events_open_ ? events_ : -1, POLLIN, 0},
                      {errors_open_ ? errors_ : -1, POLLIN, 0}};
    poll(ready, 2, static_cast<int>(std::clamp(seconds, 0.001, kSlice) * 1'000));
  }

  // Reads what a pipe holds and no more, lest a writer that never ends is read for ever. False once it is closed.
  template <class Use>
  static bool read_some(int file, const Use& use) {
    char chunk[kPipe];
    const ssize_t got = read(file, chunk, sizeof chunk);
    if (got > 0) use(std::string_view(chunk, static_cast<std::size_t>(got)));
    return got != 0;
  }

  void keep_errors() {
    errors_open_ = errors_open_ && read_some(errors_, [&](std::string_view text) {
                     said_.append(text);
                     if (said_.size() > kTail) said_.erase(0, said_.size() - kTail);
                   });
  }

  // True when there was an event.
  bool read_events(const std::function<void(const nlohmann::json&)>& on_event) {
    events_open_ =
        events_open_ && read_some(events_, [&](std::string_view text) { unread_.append(text); });
    std::size_t begin = 0;
    for (std::size_t end; (end = unread_.find('\n', begin)) != std::string::npos; begin = end + 1) {
      const auto event = nlohmann::json::parse(unread_.substr(begin, end - begin));
      if (event.is_null()) {
        done_ = true;
      } else {
        on_event(event);
      }
    }
    unread_.erase(0, begin);
    return begin != 0;
  }

  // The last non-empty line of what the worker wrote to stderr, at most 300 bytes of it.
  std::string last_line() const {
    std::string text = said_;
    while (!text.empty() && text.back() == '\n') text.pop_back();
    const std::size_t line = text.rfind('\n');
    if (line != std::string::npos) text.erase(0, line + 1);
    return text.substr(0, 300);
  }

  pid_t process_ = -1;
  int events_ = -1, errors_ = -1;
  bool events_open_ = true, errors_open_ = true;
  std::string unread_, said_;
  int status_ = 0;
  bool done_ = false;  // it said that its work has ended
};

}  // namespace

void contain(const std::function<void(const Emit&)>& work,
             const std::function<void(const nlohmann::json&)>& on_event,
             const std::function<void(const Accident&)>& on_accident, double timeout_seconds) {
  reap::adopt_strays();
  for (int accidents = 0; accidents < kMostAccidents; ++accidents) {
    Worker worker(work);
    const bool ended = worker.follow(on_event, timeout_seconds);
    if (worker.done()) return;
    if (ended) {
      on_accident({false, worker.describe_end()});
    } else {
      on_accident({true, fmt::format("did not come back within {} s", timeout_seconds)});
    }
  }
  throw std::runtime_error(fmt::format("gave up after {} accidents of one case", kMostAccidents));
}

}  // namespace safecost
