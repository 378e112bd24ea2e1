#include "runner/count.h"

#include <alloca.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <limits>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "fmt/format.h"
#include "nlohmann/json.hpp"
#include "runner/allocations.h"
#include "runner/fields.h"
#include "runner/panel.h"
#include "runner/platform.h"
#include "runner/protocol.h"
#include "runner/reap.h"
#include "runner/status_macros.h"
#include "runner/workers.h"

#if __has_include(<valgrind/callgrind.h>)
#include <valgrind/callgrind.h>
#else  // as if no Valgrind ran this process
#define RUNNING_ON_VALGRIND 0
#define CALLGRIND_START_INSTRUMENTATION static_cast<void>(0)
#define CALLGRIND_ZERO_STATS static_cast<void>(0)
#define CALLGRIND_TOGGLE_COLLECT static_cast<void>(0)
#define CALLGRIND_DUMP_STATS static_cast<void>(0)
#endif

namespace safecost {

namespace {

using nlohmann::json;

constexpr std::size_t kLongestRequest = 64 << 10;
constexpr std::size_t kStackStep = 64 << 10;
constexpr std::int64_t kEmptyInstructions = 2;

// The kernel that does nothing, in two instructions on every processor that has a name for them.
#if defined(__x86_64__)
[[gnu::naked, gnu::noinline]] std::uint64_t empty_kernel(void*) { asm("xorl %eax, %eax\n\tret"); }
#elif defined(__aarch64__)
[[gnu::naked, gnu::noinline]] std::uint64_t empty_kernel(void*) { asm("mov x0, #0\n\tret"); }
#else
[[gnu::noinline]] std::uint64_t empty_kernel(void*) { return 0; }
#endif

// What is counted: the same machine code for every kernel, the empty one included, whose count is taken off again.
[[gnu::noinline]] std::uint64_t counted_calls(safecost_kernel run, void* const* contexts,
                                              std::size_t count) {
  std::uint64_t sum = 0;
  CALLGRIND_TOGGLE_COLLECT;
  for (std::size_t i = 0; i < count; ++i) sum += run(contexts[i]);
  CALLGRIND_TOGGLE_COLLECT;
  return sum;
}

// Runs the kernel between two dumps of Callgrind's: the second holds these calls only.
void dump_instructions(safecost_kernel run, void* const* contexts, std::size_t count) {
  CALLGRIND_ZERO_STATS;
  const std::uint64_t sum = counted_calls(run, contexts, count);
  asm volatile("" : : "r"(sum) : "memory");
  CALLGRIND_DUMP_STATS;
}

// The total of Callgrind's dump number `part` of this process, negative where there is none. Streams would take twice
// as long as all the rest, as Callgrind translates each instruction of theirs.
std::int64_t total_of_dump(const char* folder, int part) {
  char text[512];
  char path[1'024];
  std::snprintf(path, sizeof path, "%s/%d.%d", folder, getpid(), part);
  const int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return -1;
  const off_t size = lseek(file, 0, SEEK_END);
  const off_t from = std::max<off_t>(size - 200, 0);  // the total is the last line
  const ssize_t got = pread(file, text, sizeof text - 1, from);
  close(file);
  if (got <= 0) return -1;
  text[got] = '\0';
  static constexpr char key[] = "totals: ";
  const char* const line = std::strstr(text, key);
  return line == nullptr ? -1 : std::strtoll(line + sizeof key - 1, nullptr, 10);
}

struct Counted {
  std::size_t calls = 0;
  std::int64_t instructions = -1;
  const safecost_allocation_counter* allocations = nullptr;

  // True when all of it was written.
  bool write_to(int file, std::size_t index) const {
    const auto number = [](char(&text)[32], bool known, std::uint64_t value) {
      std::snprintf(text, sizeof text, known ? "%llu" : "null",
                    static_cast<unsigned long long>(value));
      return text;
    };
    char one[32], two[32], three[32];
    const bool allocated = allocations != nullptr;
    return dprintf(file,
                   "{\"protocol\": %d, \"evidence\": \"count\", \"index\": %zu, \"calls\": %zu, "
                   "\"instructions\": %s, "
                   "\"allocations\": %s, \"allocated_bytes\": %s}\n",
                   kProtocol, index, calls,
                   number(one, instructions >= 0, static_cast<std::uint64_t>(instructions)),
                   number(two, allocated, allocated ? allocations->count : 0),
                   number(three, allocated, allocated ? allocations->bytes : 0)) > 0;
  }
};

// Counts, writes the result and ends this process without taking anything down: that, too, would be translated. Returns
// only what went wrong.
absl::Status count_one(Panel& panel, const std::string& dumps, const char* variant,
                       std::size_t index, int results) {
  PanelPlan::Arm arm = panel.plan().contenders.front();
  arm.variant = variant;
  RETURN_IF_ERROR(panel.add(arm));
  RETURN_IF_ERROR(panel.have_threads());
  Contender& contender = panel.contenders().front();
  Counted counted;
  counted.calls = panel.pool().count();
  RETURN_IF_ERROR(contender.prepare(counted.calls));
  std::vector<void*> contexts;
  contexts.reserve(counted.calls);
  for (std::size_t i = 0; i < counted.calls; ++i) contexts.push_back(contender.context(i));
  const safecost_kernel run = contender.variant().run;

  contender.reset(0, counted.calls);
  contender.call(0, counted.calls);  // whatever is set up by a first call is set up now
  contender.reset(0, counted.calls);

  if (RUNNING_ON_VALGRIND) {
    // Waiting is no work of the kernel's, and lasts as long as the scheduler wants.
    Workers::of_process().count_with([] { CALLGRIND_TOGGLE_COLLECT; });
    CALLGRIND_START_INSTRUMENTATION;
    dump_instructions(empty_kernel, contexts.data(), counted.calls);
    dump_instructions(run, contexts.data(), counted.calls);
    const std::int64_t empty = total_of_dump(dumps.c_str(), 1);
    const std::int64_t total = total_of_dump(dumps.c_str(), 2);
    if (empty < 0 || total < empty - kEmptyInstructions * static_cast<std::int64_t>(counted.calls))
      return absl::InternalError(fmt::format("Callgrind wrote no total to {}", dumps));
    counted.instructions =
        total - empty + kEmptyInstructions * static_cast<std::int64_t>(counted.calls);
  } else if (auto* const allocations = static_cast<safecost_allocation_counter*>(
                 dlsym(RTLD_DEFAULT, SAFECOST_ALLOCATION_COUNTER));
             allocations != nullptr) {
    allocations->counting = true;
    const std::uint64_t sum = counted_calls(run, contexts.data(), counted.calls);
    allocations->counting = false;
    asm volatile("" : : "r"(sum) : "memory");
    counted.allocations = allocations;
  }
  _exit(counted.write_to(results, index) ? 0 : 1);
}

// Environment, arguments and the name of the program lie on the stack and shift all below them; code that looks at
// addresses (string functions at the edge of a page) would count otherwise. So the stack goes on at a round address.
[[gnu::noinline]] absl::Status on_a_round_stack(Panel& panel, const std::string& dumps,
                                                const char* variant, std::size_t index,
                                                int results) {
  const auto here = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
  volatile char* const pad = static_cast<char*>(alloca(here % kStackStep + kStackStep));
  pad[0] = 0;
  return count_one(panel, dumps, variant, index, results);
}

bool tell_problem(int results, std::size_t index, const std::string& problem) {
  const json answer = {
      {"protocol", kProtocol}, {"evidence", "count"}, {"index", index}, {"problem", problem}};
  const std::string text = answer.dump(-1, ' ', false, json::error_handler_t::replace);
  return dprintf(results, "%s\n", text.c_str()) > 0;
}

// Reads a line without its end into `line`; the heap stays as it was. False at the end of all lines.
bool read_line(int file, char (&line)[kLongestRequest]) {
  for (std::size_t length = 0; length < kLongestRequest;) {
    const ssize_t got = read(file, line + length, 1);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    if (line[length] == '\n') {
      line[length] = '\0';
      return true;
    }
    ++length;
  }
  return false;
}

// Reads the number of a variant's answer and its name, which is a part of `line`; false where the line holds none.
bool read_variant(const char* line, std::size_t& index, const char*& name) {
  char* end = nullptr;
  index = std::strtoull(line, &end, 10);
  if (end == line || *end != ' ') return false;
  name = end + 1;
  return true;
}

// Calls `tell` with number and name of each variant up to the request's end, until it returns false. False then, too.
template <class Tell>
bool for_each_variant(int requests, char (&line)[kLongestRequest], const Tell& tell) {
  std::size_t index = 0;
  const char* name = nullptr;
  while (read_line(requests, line) && line[0] != '\0') {
    if (!read_variant(line, index, name) || !tell(index, name)) return false;
  }
  return true;
}

// How a fork ended: as waitpid says it, negative where there was none; and whether it left processes behind.
struct ForkEnd {
  int status = -1;
  bool left_processes = false;
  bool well() const { return status == 0 && !left_processes; }
};

// Says how a fork ended that gave no answer, or one that cannot stand.
bool tell_accident(int results, std::size_t index, const ForkEnd& end) {
  char text[200];
  const int number = WIFSIGNALED(end.status) ? WTERMSIG(end.status) : 0;
  if (number == SIGALRM) {
    std::snprintf(text, sizeof text, "did not come back in time");
  } else if (number != 0) {
    std::snprintf(text, sizeof text, "crashed: %s", strsignal(number));
  } else if (end.left_processes) {
    std::snprintf(text, sizeof text, "leaves processes behind");
  } else {
    std::snprintf(text, sizeof text, "ended the process with exit code %d",
                  WEXITSTATUS(end.status));
  }
  return dprintf(
             results,
             "{\"protocol\": %d, \"evidence\": \"count\", \"index\": %zu, \"problem\": \"%s\"}\n",
             kProtocol, index, text) > 0;
}

double now() {
  timespec time = {};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

// When a fork is late: shared with the fork, which moves it; the fork's own alarm cannot end it while it is stopped.
struct Deadline {
  volatile double at;
  void set(double seconds) { at = now() + seconds + reap::kGrace; }
  void lift() { at = std::numeric_limits<double>::infinity(); }
  static Deadline* shared() {
    void* const page =
        mmap(nullptr, sizeof(Deadline), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return page == MAP_FAILED ? nullptr : new (page) Deadline;
  }
};

// Does `work` in a fork, which is killed at its deadline.
template <class Work>
ForkEnd in_a_fork(const Deadline& deadline, const Work& work) {
  constexpr double slice = 1;  // seconds until a deadline that was moved is looked at again
  const pid_t fork_of_mine = fork();
  if (fork_of_mine < 0) return {};
  if (fork_of_mine == 0) {
    platform::die_with_parent();
    platform::expect_crashes();
    reap::adopt_strays();
    _exit(work() ? 0 : 1);
  }
  std::optional<int> status;
  while (!status && now() < deadline.at)
    status = reap::ended(fork_of_mine, std::min(slice, deadline.at - now()));
  ForkEnd end;
  end.status = status ? *status : reap::wait_at_most(fork_of_mine, 0);
  end.left_processes = reap::end_strays() != 0;
  return end;
}

// What a request asks for, loaded; `seconds` is how long a variant may take.
absl::StatusOr<std::unique_ptr<Panel>> open_request(const char* line, std::string& dumps,
                                                    unsigned& seconds, Deadline& deadline) {
  const json request = json::parse(line, nullptr, false);
  ASSIGN_OR_RETURN(const CountPlan plan, CountPlan::from_json(request));
  dumps = plan.dumps;
  seconds = static_cast<unsigned>(std::ceil(std::max(plan.seconds, 1.0)));
  alarm(seconds);
  deadline.set(seconds);
  return Panel::open(plan.panel);
}

// In a fork: loads what a request asks for, then counts its variants in forks of this one. Between them nothing is
// allocated. Its `deadline` is for loading. False where the results cannot be written.
bool serve_request(char (&line)[kLongestRequest], int requests, int results, Deadline& deadline) {
  std::string problem, dumps;
  std::unique_ptr<Panel> panel;
  unsigned seconds = 0;
  try {
    absl::StatusOr<std::unique_ptr<Panel>> opened = open_request(line, dumps, seconds, deadline);
    if (opened.ok()) {
      panel = *std::move(opened);
    } else {
      problem = std::string(opened.status().message());
    }
  } catch (const std::exception& error) {
    problem = error.what();
  }
  alarm(0);
  deadline.lift();
  return for_each_variant(requests, line, [&](std::size_t index, const char* name) {
    if (panel == nullptr) return tell_problem(results, index, problem);
    Deadline of_variant = {};
    of_variant.set(seconds);
    const ForkEnd end = in_a_fork(of_variant, [&] {
      alarm(seconds);
      try {
        const absl::Status wrong = on_a_round_stack(*panel, dumps, name, index, results);
        return tell_problem(results, index, std::string(wrong.message()));
      } catch (const std::exception& error) {  // which must not go on in this fork
        return tell_problem(results, index, error.what());
      }
    });
    if (end.status < 0) return tell_problem(results, index, "cannot fork");
    return end.well() || tell_accident(results, index, end);
  });
}

}  // namespace

absl::StatusOr<CountPlan> CountPlan::from_json(const nlohmann::json& json) {
  CountPlan plan;
  Fields fields(json);
  fields.head("count");
  fields.required("panel", plan.panel);
  fields.required("dumps", plan.dumps);
  fields.required("seconds", plan.seconds, kSeconds);
  RETURN_IF_ERROR(fields.done());
  if (plan.panel.contenders.size() != 1)
    return absl::InvalidArgumentError(fmt::format(
        "panel.contenders has {} entries, and a count is of 1", plan.panel.contenders.size()));
  return plan;
}

// This process allocates nothing until the last request, nor does a request's between its variants: each fork begins
// with the same heap, whatever else is counted.
absl::Status serve_counts(int requests, int results) {
  static char line[kLongestRequest];
  Deadline* const loading = Deadline::shared();
  if (loading == nullptr) return absl::ResourceExhaustedError("cannot share memory");
  while (read_line(requests, line)) {
    loading->lift();
    const ForkEnd end =
        in_a_fork(*loading, [&] { return serve_request(line, requests, results, *loading); });
    if (end.status < 0) return absl::ResourceExhaustedError("cannot fork");
    // It ended while it loaded, then, and left its variants to be read.
    if (end.status != 0 && !for_each_variant(requests, line, [&](std::size_t index, const char*) {
          return tell_accident(results, index, end);
        }))
      return absl::UnavailableError("cannot write the results");
  }
  return absl::OkStatus();
}

}  // namespace safecost
