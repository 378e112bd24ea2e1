#include "runner/catch/sightings.h"

#include <execinfo.h>

#include <algorithm>
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
#endif
#if !defined(WITH_SANITIZERS)
#define WITH_SANITIZERS 0
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
#endif

namespace safecost::sightings {

namespace {

Sightings* shared = nullptr;
bool leaks = false;
std::uint32_t errors_before = 0;
std::int64_t lost_before = 0;

#if WITH_SANITIZERS
bool checking_leaks = false;

template <std::size_t N>
void copy(char (&to)[N], const char* from) {
  const std::size_t length = from == nullptr ? 0 : std::min(std::strlen(from), N - 1);
  std::memcpy(to, from == nullptr ? "" : from, length);
  to[length] = '\0';
}

void note(Tool tool, const char* kind, const char* text) {
  if (shared == nullptr || checking_leaks) return;
  const std::uint32_t index = shared->reports++;
  if (index >= Sightings::kReports) return;
  Report& report = shared->report[index];
  report.tool = tool;
  copy(report.kind, kind);
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

}  // namespace

Tool watching() {
  if (WITH_SANITIZERS) return Tool::address_sanitizer;
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
#endif
