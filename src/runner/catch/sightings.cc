#include "runner/catch/sightings.h"

#include <execinfo.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <iterator>

#if __has_include(<valgrind/memcheck.h>)
#include <valgrind/memcheck.h>
#else  // a gap: without Valgrind's headers nothing runs under it either
#define RUNNING_ON_VALGRIND 0
#define VALGRIND_COUNT_ERRORS 0u
#define VALGRIND_CHECK_VALUE_IS_DEFINED(value) static_cast<void>(value)
#define VALGRIND_DO_QUICK_LEAK_CHECK static_cast<void>(0)
#define VALGRIND_COUNT_LEAKS(lost, dubious, reachable, suppressed) static_cast<void>(0)
#endif

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WITH_SANITIZERS 1
#endif
#if __has_feature(thread_sanitizer)
#define WITH_THREAD_SANITIZER 1
#endif
#endif
#if !defined(WITH_SANITIZERS)
#define WITH_SANITIZERS 0
#endif
#if !defined(WITH_THREAD_SANITIZER)
#define WITH_THREAD_SANITIZER 0
#endif

// Declared here, since not every Clang comes with the headers of its runtimes.
#if WITH_SANITIZERS
extern "C" {
void __asan_set_error_report_callback(void (*callback)(const char* text));
const char* __asan_get_report_description();
int __lsan_do_recoverable_leak_check();
void __ubsan_get_current_report_data(const char** kind, const char** message, const char** file,
                                     unsigned* line, unsigned* column, char** address);
// Called by the runtimes.
const char* __asan_default_options();
const char* __ubsan_default_options();
void __ubsan_on_report();
}
#elif WITH_THREAD_SANITIZER
extern "C" {
int __tsan_get_report_data(void* report, const char** kind, int* count, int* stacks, int* accesses,
                           int* places, int* mutexes, int* threads, int* unique_threads,
                           void** sleep_frames, unsigned long most_frames);
int __tsan_get_report_mop(void* report, unsigned long index, int* thread, void** address, int* size,
                          int* write, int* atomic, void** frames, unsigned long most_frames);
int __tsan_get_report_loc(void* report, unsigned long index, const char** kind, void** address,
                          unsigned long* start, unsigned long* size, int* thread, int* file,
                          int* suppressable, void** frames, unsigned long most_frames);
void AnnotateIgnoreReadsBegin(const char* file, int line);
void AnnotateIgnoreReadsEnd(const char* file, int line);
void AnnotateIgnoreWritesBegin(const char* file, int line);
void AnnotateIgnoreWritesEnd(const char* file, int line);
// Called by the runtime.
const char* __tsan_default_options();
void __tsan_on_report(void* report);
}
#endif

namespace safecost::sightings {

namespace {

Sightings* shared = nullptr;
bool leaks = false;
std::uint32_t errors_before = 0;
std::int64_t lost_before = 0;

#if WITH_SANITIZERS || WITH_THREAD_SANITIZER
template <std::size_t N>
void copy(char (&to)[N], const char* from) {
  const std::size_t length = from == nullptr ? 0 : std::min(std::strlen(from), N - 1);
  std::memcpy(to, from == nullptr ? "" : from, length);
  to[length] = '\0';
}

// A report to be filled in; null where there is no room for it.
Report* next_report(Tool tool, const char* kind) {
  if (shared == nullptr) return nullptr;
  const std::uint32_t index = shared->reports++;
  if (index >= Sightings::kReports) return nullptr;
  Report& report = shared->report[index];
  report.tool = tool;
  copy(report.kind, kind);
  return &report;
}
#endif

#if WITH_SANITIZERS
bool checking_leaks = false;

void note(Tool tool, const char* kind, const char* text) {
  Report* const noted = checking_leaks ? nullptr : next_report(tool, kind);
  if (noted == nullptr) return;
  Report& report = *noted;
  copy(report.text, text);
  void* frames[Report::kFrames + 8];
  const int count = backtrace(frames, static_cast<int>(std::size(frames)));
  for (int i = 0; i < count && report.frames < Report::kFrames; ++i)
    report.frame[report.frames++] = reinterpret_cast<std::uint64_t>(frames[i]);
}

// Without the lines of stacks, which are addresses alone: what else is said fits.
void on_address_error(const char* text) {
  static char kept[sizeof Report::text];
  std::size_t length = 0;
  for (const char* line = text; *line != '\0';) {
    const char* const end = std::strchr(line, '\n');
    const std::size_t size =
        end == nullptr ? std::strlen(line) : static_cast<std::size_t>(end - line) + 1;
    if (std::strncmp(line, "    #", 5) != 0 && length + size < sizeof kept) {
      std::memcpy(kept + length, line, size);
      length += size;
    }
    line += size;
  }
  kept[length] = '\0';
  note(Tool::address_sanitizer, __asan_get_report_description(), kept);
}
#else
std::int64_t lost() {
  unsigned long definitely = 0, dubious = 0, reachable = 0, suppressed = 0;
  VALGRIND_DO_QUICK_LEAK_CHECK;
  VALGRIND_COUNT_LEAKS(definitely, dubious, reachable, suppressed);
  static_cast<void>(dubious), static_cast<void>(reachable), static_cast<void>(suppressed);
  return static_cast<std::int64_t>(definitely);
}
#endif

#if WITH_THREAD_SANITIZER
// The two accesses, which of them came first, and the block that they meet in.
void on_race(void* given) {
  const char* kind = nullptr;
  int count = 0, stacks = 0, accesses = 0, places = 0, mutexes = 0, threads = 0, unique_threads = 0;
  void* frames[Report::kFrames / 2] = {};
  __tsan_get_report_data(given, &kind, &count, &stacks, &accesses, &places, &mutexes, &threads,
                         &unique_threads, frames, std::size(frames));
  Report* const report = next_report(Tool::thread_sanitizer, kind);
  if (report == nullptr) return;
  std::size_t length = 0;
  const auto add = [&](const char* format, auto... values) {
    const int more =
        std::snprintf(report->text + length, sizeof report->text - length, format, values...);
    length =
        std::min(length + static_cast<std::size_t>(std::max(more, 0)), sizeof report->text - 1);
  };
  void* address = nullptr;
  for (int i = 0; i < std::min(accesses, 2); ++i) {
    int thread = 0, size = 0, write = 0, atomic = 0;
    std::fill(std::begin(frames), std::end(frames), nullptr);
    __tsan_get_report_mop(given, static_cast<unsigned long>(i), &thread, &address, &size, &write,
                          &atomic, frames, std::size(frames));
    add("%sthread %d %s%s %d bytes", i == 0 ? "" : ", after ", thread,
        atomic != 0 ? "atomically " : "", write != 0 ? "wrote" : "read", size);
    for (void* const frame : frames) {
      if (frame != nullptr && report->frames < Report::kFrames)
        report->frame[report->frames++] = reinterpret_cast<std::uint64_t>(frame);
    }
  }
  if (places == 0) return;
  const char* place = nullptr;
  void* found = nullptr;
  unsigned long start = 0, size = 0;
  int thread = 0, file = 0, suppressable = 0;
  __tsan_get_report_loc(given, 0, &place, &found, &start, &size, &thread, &file, &suppressable,
                        frames, std::size(frames));
  if (place == nullptr) return;
  if (std::strcmp(place, "heap") == 0)
    add(", %lu bytes into a block of %lu bytes", reinterpret_cast<std::uintptr_t>(address) - start,
        size);
  else
    add(", %s", std::strcmp(place, "stack") == 0 ? "on a stack" : "in a variable that is no local");
}
#endif

}  // namespace

Tool watching() {
  if (WITH_SANITIZERS) return Tool::address_sanitizer;
  if (WITH_THREAD_SANITIZER) return Tool::thread_sanitizer;
  return RUNNING_ON_VALGRIND ? Tool::memcheck : Tool::none;
}

void install(Sightings* page) {
  shared = page;
  void* frames[4];
  backtrace(frames, 4);  // loads what it needs, here and not in a report
#if WITH_SANITIZERS
  __asan_set_error_report_callback(on_address_error);
#endif
}

void begin(bool look_for_leaks) {
  leaks = look_for_leaks;
#if !WITH_SANITIZERS
  if (leaks) lost_before = lost();
  errors_before = VALGRIND_COUNT_ERRORS;
#endif
}

void end(std::uint64_t result, std::uint64_t digest) {
#if !WITH_SANITIZERS
  VALGRIND_CHECK_VALUE_IS_DEFINED(result);
  VALGRIND_CHECK_VALUE_IS_DEFINED(digest);
#else
  static_cast<void>(result), static_cast<void>(digest);
#endif
}

void end_leaks() {
#if !WITH_SANITIZERS
  shared->errors = VALGRIND_COUNT_ERRORS - errors_before;
  if (leaks) shared->leaked_bytes = lost() - lost_before;
  shared->leaks_looked_at = leaks;
#else
  static_cast<void>(errors_before), static_cast<void>(lost_before);
  if (!leaks) return;
  checking_leaks =
      true;  // where it may not trace itself it ends the process with a report of its own
  shared->leaked_bytes = __lsan_do_recoverable_leak_check() != 0 ? 1 : 0;
  shared->leaks_looked_at = true;
#endif
}

}  // namespace safecost::sightings

#if WITH_SANITIZERS
// Reports name no functions: a symbolizer takes 80 ms a report, and the driver does it once for all.
const char* __asan_default_options() {
  return "symbolize=0:leak_check_at_exit=0:allocator_may_return_null=1:max_allocation_size_mb=1024:"
         "detect_stack_use_after_return=1:malloc_context_size=4:disable_coredump=1";
}
const char* __ubsan_default_options() { return "symbolize=0:print_stacktrace=0:halt_on_error=0"; }

void __ubsan_on_report() {
  const char *kind = nullptr, *message = nullptr, *file = nullptr;
  unsigned line = 0, column = 0;
  char* address = nullptr;
  __ubsan_get_current_report_data(&kind, &message, &file, &line, &column, &address);
  safecost::sightings::note(safecost::sightings::Tool::undefined_behavior_sanitizer, kind, message);
}
#elif WITH_THREAD_SANITIZER
const char* __tsan_default_options() {
  return "symbolize=0:atexit_sleep_ms=0:exitcode=0:disable_coredump=1";
}

// Its own writes are no race, whichever thread a report comes from: the runtime holds a lock of which it knows nothing.
void __tsan_on_report(void* report) {
  AnnotateIgnoreReadsBegin(__FILE__, __LINE__);
  AnnotateIgnoreWritesBegin(__FILE__, __LINE__);
  safecost::sightings::on_race(report);
  AnnotateIgnoreWritesEnd(__FILE__, __LINE__);
  AnnotateIgnoreReadsEnd(__FILE__, __LINE__);
}
#endif
