// One small case that keeps every rule of the border; PLANT breaks one of them, so that tests see each check go red.
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <new>
#include <stdexcept>
#include <thread>
#include <vector>

#include "kernel/case.h"

#define PLANT_IS(what) (PLANT == what)
#define NOTHING 0
#define OFF_BY_ONE 1
#define NULL_WRITE 2
#define ENDLESS_LOOP 3
#define EXIT 4
#define THROWS 5
#define ALIKE_INPUTS 6
#define VANISHED_WORK 7
#define NO_RESET 8
#define OTHER_LAYOUT 9
#define OTHER_VERSION 10
#define SHORT_TABLE 11
#define FOLDED 12
#define JUMP 13
#define SECOND_SYMBOL 14
#define CRASH_AT_LOAD 15
#define CRASHING_GENERATOR 16
#define NO_RAW 17
#define THROWING_PREPARE 18
#define OTHER_INPUTS 19
#define QUIET_EXIT 20
#define UNKNOWN_ROLE 21
#define CONTROL_WITHOUT_RATIO 22
#define SAFE_WITH_RATIO 23
#define DAEMON_AT_LOAD 24
#define DAEMON 25
#define STOPS 26
#define FLOODS_STDERR 27
#define YES_OR_NO 28
#define MOVED_WORK 29
#define KEPT_WORK 30
#define FIXED_COST 31
#define THREAD_BESIDE 32
#define PROCESS_BEHIND 33
#define OUT_OF_MEMORY 34
#define LATE_GARBAGE 35
#define LATE_MEMO 36
#define LATE_ERRORS 37
#define LATE_THREAD 38
#define OTHER_YES_OR_NO 39
#define BRANCHES 40

namespace planted {

struct Input {
  const std::uint32_t* values;
#if PLANT_IS(OTHER_LAYOUT)
  std::uint32_t count;
  std::uint32_t padding;
#else
  std::size_t count;
#endif
};

Input generate(safecost::Generator& generator) {
  const auto values = generator.array<std::uint32_t>(generator.size());
  for (std::uint32_t& value : values) {
    value = static_cast<std::uint32_t>(
        PLANT_IS(ALIKE_INPUTS)
            ? 7
            : generator.random.below(PLANT_IS(OTHER_INPUTS) || PLANT_IS(OTHER_YES_OR_NO) ? 999
                                                                                         : 1'000));
  }
#if PLANT_IS(CRASHING_GENERATOR)
  if (generator.size() == 3) std::raise(SIGSEGV);
#endif
  return {values.data(), static_cast<decltype(Input::count)>(values.size())
#if PLANT_IS(OTHER_LAYOUT)
                             ,
          0
#endif
  };
}

// Leaves a process behind that no session or group of its maker's knows, and that holds all of its files open.
[[maybe_unused]] bool start_daemon() {
  if (fork() != 0) return true;
  setsid();
  if (fork() == 0) sleep(600);
  _exit(0);
}

struct Values {
  explicit Values(const Input& input) : values(input.values, input.values + input.count) {
    if (PLANT_IS(THROWING_PREPARE) && values.size() == 2)
      throw std::runtime_error("cannot prepare");
  }
  std::vector<std::uint32_t> values;
  std::uint64_t calls = 0;
};

// Is no number larger than all that the generator draws? Of different inputs the answer is the same.
SAFECOST_KERNEL is_small(Values& context) {
  std::uint64_t large = 0;
  for (const std::uint32_t value : context.values) large += value >= 1'000;
  return large == 0;
}

SAFECOST_KERNEL raw(Values& context) {
  if (PLANT_IS(YES_OR_NO) || PLANT_IS(OTHER_YES_OR_NO)) return is_small(context);
  std::uint64_t digest = 0;
  for (const std::uint32_t value : context.values) digest = digest * 31 + value;
  return digest;
}

std::uint64_t digest_from(const std::vector<std::uint32_t>& values, std::size_t first,
                          std::uint64_t digest) {
  for (std::size_t i = first; i < values.size(); ++i) digest = digest * 31 + values[i];
  return digest;
}

void leave_a_thread() {
  static const bool once = [] {
    std::thread([] {
      for (;;) usleep(100'000);
    }).detach();
    return true;
  }();
  static_cast<void>(once);
}

void leave_a_process() {
  static const bool once = [] {
    if (fork() == 0) {
      usleep(3'000'000);
      _exit(0);
    }
    return true;
  }();
  static_cast<void>(once);
}

// What goes wrong after more calls than verification makes.
std::uint64_t late(Values& context, std::uint64_t digest) {
  static int calls = 0;
  if (++calls < 300) return digest_from(context.values, 0, 0);
#if PLANT_IS(LATE_GARBAGE)
  return 0;
#elif PLANT_IS(LATE_ERRORS)
  if (calls % 1'000 == 999) throw std::runtime_error("thrown late");
#elif PLANT_IS(LATE_THREAD)
  leave_a_thread();
#elif PLANT_IS(LATE_MEMO)
  static std::map<const void*, std::uint64_t> memo;
  const auto known = memo.find(&context);
  if (known != memo.end()) return known->second;
  return memo[&context] = digest_from(context.values, 0, 0);
#endif
  return digest_from(context.values, 0, digest);
}

SAFECOST_KERNEL bad(Values& context) {
  if (PLANT_IS(YES_OR_NO) || PLANT_IS(OTHER_YES_OR_NO)) return is_small(context);
  if (PLANT_IS(LATE_GARBAGE) || PLANT_IS(LATE_ERRORS) || PLANT_IS(LATE_THREAD) ||
      PLANT_IS(LATE_MEMO))
    return late(context, 0);
  if (PLANT_IS(THREAD_BESIDE)) leave_a_thread();
  if (PLANT_IS(PROCESS_BEHIND)) leave_a_process();
  const std::size_t count = context.values.size();
  std::uint64_t digest = 0;
  for (std::size_t i = PLANT_IS(OFF_BY_ONE) && count > 100 ? 1 : 0; i < count; ++i) {
    digest = digest * 31 + context.values[i];
  }
  if (count != 2) return digest + (PLANT_IS(NO_RESET) ? context.calls++ : 0);
#if PLANT_IS(NULL_WRITE)
  *static_cast<volatile int*>(nullptr) = 1;
#elif PLANT_IS(ENDLESS_LOOP)
  for (volatile bool on = true; on;) {
  }
#elif PLANT_IS(EXIT)
  std::exit(3);
#elif PLANT_IS(QUIET_EXIT)
  std::_Exit(0);
#elif PLANT_IS(DAEMON)
  start_daemon();
#elif PLANT_IS(STOPS)
  std::raise(SIGSTOP);
#elif PLANT_IS(FLOODS_STDERR)
  for (const std::vector<char> block(1 << 20, 'x'); true;)
    std::fwrite(block.data(), 1, block.size(), stderr);
#elif PLANT_IS(OUT_OF_MEMORY)
  throw std::bad_alloc();
#elif PLANT_IS(THROWS)
  throw std::runtime_error("thrown on valid input");
#endif
  return digest;
}

// The same digest, known before the call: as if the compiler had found a closed form.
struct Known : Values {
  explicit Known(const Input& input) : Values(input) {
    for (const std::uint32_t value : values) answer = answer * 31 + value;
  }
  std::uint64_t answer = 0;
};
SAFECOST_KERNEL vanished(Known& context) { return context.answer; }

#if PLANT_IS(DAEMON_AT_LOAD)
const bool started = start_daemon();
#endif
// Three quarters of the work, done before the call.
struct Moved : Values {
  explicit Moved(const Input& input) : Values(input), first(values.size() / 4 * 3) {
    for (std::size_t i = 0; i < first; ++i) begun = begun * 31 + values[i];
  }
  std::size_t first;
  std::uint64_t begun = 0;
};
SAFECOST_KERNEL moved(Moved& context) {
  return digest_from(context.values, context.first, context.begun);
}

// Half of the work, done in the first call.
struct Kept : Values {
  using Values::Values;
  std::size_t first = 0;
  std::uint64_t begun = 0;
};
SAFECOST_KERNEL kept(Kept& context) {
  for (const std::size_t half = context.values.size() / 2; context.first < half; ++context.first)
    context.begun = context.begun * 31 + context.values[context.first];
  return digest_from(context.values, context.first, context.begun);
}

// Goes another way for odd values, and comes to the same result.
SAFECOST_KERNEL branching(const Values& context) {
  for (const std::uint32_t value : context.values) {
    if (value % 2 == 1) asm volatile("nop");
  }
  return digest_from(context.values, 0, 0);
}

#if PLANT_IS(CRASH_AT_LOAD)
const bool crashed = [] { return std::raise(SIGSEGV) == 0; }();
#endif

auto the_case = safecost::Case<Input>(generate)
                    .size(1'024, "L1")
#if !PLANT_IS(NO_RAW)
                    .raw<raw>("raw", "the reference")
#endif
#if PLANT_IS(FIXED_COST)
                    .fixed_cost()
#endif
#if PLANT_IS(BRANCHES)
                    .straight()
#endif
#if PLANT_IS(VANISHED_WORK) || PLANT_IS(FIXED_COST)
                    .safe<vanished>("bad", "does nothing");
#elif PLANT_IS(BRANCHES)
                    .safe<branching>("bad", "jumps over what is even");
#elif PLANT_IS(MOVED_WORK)
                    .safe<moved>("bad", "does most of it before");
#elif PLANT_IS(KEPT_WORK)
                    .safe<kept>("bad", "does half of it once");
#else
                    .safe<bad>("bad", "does it wrong");
#endif

}  // namespace planted

#if PLANT_IS(OTHER_VERSION) || PLANT_IS(SHORT_TABLE) || PLANT_IS(FOLDED) || PLANT_IS(JUMP) || \
    PLANT_IS(UNKNOWN_ROLE) || PLANT_IS(CONTROL_WITHOUT_RATIO) || PLANT_IS(SAFE_WITH_RATIO)
namespace {
[[gnu::naked]] std::uint64_t jump(void*) { asm(".byte 0xe9, 0, 0, 0, 0; ret"); }

const safecost_plugin* broken() {
  static safecost_plugin plugin = *planted::the_case.plugin(SAFECOST_NAME);
  static std::vector<safecost_variant> variants(plugin.variants,
                                                plugin.variants + plugin.variant_count);
  if (PLANT_IS(OTHER_VERSION)) plugin.abi_version = SAFECOST_ABI_VERSION + 1;
  if (PLANT_IS(SHORT_TABLE)) plugin.struct_size = 16;
  if (PLANT_IS(FOLDED)) variants[1].run = variants[0].run;
  if (PLANT_IS(JUMP)) variants[1].run = jump;
  if (PLANT_IS(UNKNOWN_ROLE)) variants[1].role = 77;
  if (PLANT_IS(CONTROL_WITHOUT_RATIO)) variants[1].role = SAFECOST_ROLE_CALIBRATION;
  if (PLANT_IS(SAFE_WITH_RATIO)) variants[1].planted = 1.01;
  plugin.variants = variants.data();
  return &plugin;
}
}  // namespace
extern "C" [[gnu::visibility("default")]] const safecost_plugin* safecost_plugin_entry() {
  return broken();
}
#else
SAFECOST_EXPORT(planted::the_case)
#endif

#if PLANT_IS(SECOND_SYMBOL)
extern "C" [[gnu::visibility("default")]] int safecost_second_symbol() { return 1; }
#endif
