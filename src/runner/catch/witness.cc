#include "runner/catch/witness.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>
#include <unwind.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <new>
#include <stdexcept>

#include "fmt/format.h"
#include "runner/platform.h"
#include "runner/reap.h"
#include "runner/workers.h"

namespace safecost {

namespace {

using memory::Stage;
using memory::World;

constexpr std::size_t kMostSaid = 2'000;
constexpr rlim_t kMostData = rlim_t{4} << 30;
constexpr rlim_t kMostWritten = 64 << 20;  // bytes of a file; stderr is one in memory
constexpr int kSignals[] = {SIGSEGV, SIGBUS, SIGILL,  SIGABRT, SIGFPE,
                            SIGTRAP, SIGSYS, SIGALRM, SIGPROF};
// By the clock on the wall a program is given so many times the seconds that it may compute: on a busy machine it waits.
constexpr double kWaiting = 20;

Evidence* shared = nullptr;  // written by the child, read by its parent
int said = -1;               // a file that is the child's stderr
int nowhere = -1;            // its stdin and stdout
bool witnessing = false;     // in a child, with handlers in place
Hook hook = Hook::none;
volatile sig_atomic_t unwinding = 0;
sigjmp_buf unwinding_failed;
alignas(16) char handler_stack[64 << 10];

// glibc's private record of why it aborts; null on another C library.
struct AbortMessage {
  unsigned size;
  char text[1];  // and more: it ends with a zero
};
AbortMessage* const* abort_message = nullptr;

template <std::size_t N>
void copy_text(char (&to)[N], const char* from) {
  std::size_t i = 0;
  for (; i + 1 < N && from[i] != '\0'; ++i) to[i] = from[i];
  to[i] = '\0';
}

// Only what a signal handler may call, here and below.
void note_ledger(Evidence& evidence) {
  const memory::Ledger& ledger = memory::ledger();
  evidence.double_frees = ledger.double_frees;
  evidence.bad_frees = ledger.bad_frees;
  evidence.first_bad_free = ledger.first_bad;
  evidence.exhausted = ledger.exhausted;
  evidence.blocks = ledger.made;
}

void on_signal(int number, siginfo_t* info, void* context) {
  // A stack that the program overwrote leads nowhere: then nothing is known of the callers, and abort() goes on.
  if (unwinding != 0 && (number == SIGSEGV || number == SIGBUS)) siglongjmp(unwinding_failed, 1);
  Evidence& evidence = *shared;
  evidence.end = number == SIGALRM || number == SIGPROF ? End::hung : End::stopped;
  evidence.stage = memory::stage();
  evidence.signal = number;
  evidence.code = info->si_code;
  evidence.hook = hook;
  evidence.address = reinterpret_cast<std::uintptr_t>(info->si_addr);
  const platform::Interrupted at = platform::interrupted(context);
  evidence.pc = at.pc;
  evidence.writes = at.writes;
  if (number == SIGILL || number == SIGTRAP)
    platform::copy_code(at.pc, evidence.instruction, sizeof evidence.instruction);
  if (number == SIGABRT && abort_message != nullptr && *abort_message != nullptr)
    copy_text(evidence.abort_message, static_cast<const char*>((*abort_message)->text));
  if (number == SIGSEGV || number == SIGBUS) evidence.place = memory::place_of(info->si_addr);
  note_ledger(evidence);
  // Last: should this fault in turn, what is above has been said.
  if (evidence.damage.bytes == 0) evidence.damage = memory::find_damage();
  _exit(0);
}

// How many callers have been noted so far: none before the one that called the hook.
struct Unwound {
  std::uintptr_t first = 0;
  std::size_t count = 0;
};

_Unwind_Reason_Code note_caller(_Unwind_Context* context, void* state) {
  Unwound& unwound = *static_cast<Unwound*>(state);
  const std::uintptr_t address = _Unwind_GetIP(context);
  if (unwound.count == 0 && address != unwound.first) return _URC_NO_REASON;
  shared->callers[unwound.count++] = address;
  return unwound.count < kMostCallers ? _URC_NO_REASON : _URC_END_OF_STACK;
}

// The unwinder asks for no memory: where frames are described is found through the loaded objects.
void note_callers(const void* first) {
  if (sigsetjmp(unwinding_failed, 1) == 0) {
    unwinding = 1;
    Unwound unwound = {.first = reinterpret_cast<std::uintptr_t>(first)};
    _Unwind_Backtrace(note_caller, &unwound);
  } else {
    std::fill(std::begin(shared->callers), std::end(shared->callers), 0);
  }
  unwinding = 0;
}

void limit(int resource, rlim_t value) {
  const rlimit both = {value, value};
  setrlimit(resource, &both);
}

void set_timer(__itimer_which which, double seconds) {
  itimerval timer = {};
  timer.it_value.tv_sec = static_cast<time_t>(seconds);
  timer.it_value.tv_usec =
      static_cast<suseconds_t>((seconds - static_cast<double>(timer.it_value.tv_sec)) * 1e6);
  setitimer(which, &timer, nullptr);
}

void contain_child(double seconds) {
  platform::die_with_parent();
  platform::expect_crashes();
  limit(RLIMIT_DATA, kMostData);
  signal(SIGXFSZ, SIG_IGN);  // what it writes beyond the limit fails, as on a full disk
  limit(RLIMIT_FSIZE, kMostWritten);
  dup2(nowhere, STDIN_FILENO);
  dup2(nowhere, STDOUT_FILENO);
  dup2(said, STDERR_FILENO);
  const stack_t own = {.ss_sp = handler_stack, .ss_flags = 0, .ss_size = sizeof handler_stack};
  sigaltstack(&own, nullptr);
  struct sigaction action = {};
  action.sa_sigaction = on_signal;
  action.sa_flags = SA_ONSTACK | SA_SIGINFO;
  sigfillset(&action.sa_mask);
  for (const int number : {SIGSEGV, SIGBUS}) sigdelset(&action.sa_mask, number);
  for (const int number : kSignals) sigaction(number, &action, nullptr);
  set_timer(ITIMER_PROF, seconds);
  set_timer(ITIMER_REAL, kWaiting * seconds);
  witnessing = true;
}

struct Call {
  safecost_kernel kernel;
  void* context;
  std::uint64_t result;
  ucontext_t here;
  ucontext_t there;
} call;

void call_on_own_stack() { call.result = call.kernel(call.context); }

// On the world's own stack, none of which an earlier call has written to.
std::uint64_t call_kernel(safecost_kernel kernel, void* context) {
  if (memory::stack_top() == nullptr) return kernel(context);
  call.kernel = kernel;
  call.context = context;
  getcontext(&call.there);
  call.there.uc_stack = {
      .ss_sp = memory::stack_bottom(), .ss_flags = 0, .ss_size = memory::stack_bytes()};
  call.there.uc_link = &call.here;
  makecontext(&call.there, call_on_own_stack, 0);
  swapcontext(&call.here, &call.there);
  return call.result;
}

// An error that reached the border, where one did.
void note_report(const Subject& subject) {
  const safecost_report* const report = subject.plugin->table().report;
  if (report == nullptr || report->stop == 0) return;
  shared->report_stop = report->stop;
  copy_text(shared->report_text, report->text);
}

// Where a fault kernel's wrong step is, and how large.
void draw(const Subject& subject) {
  std::uint64_t* const drawn = subject.plugin->table().draw;
  if (drawn != nullptr) *drawn = subject.request.seed;
}

void go_to(Stage stage) {
  memory::set_stage(stage);
  shared->stage = stage;
}

constexpr int kWarmCalls = 2;

// Valid calls, as the C library's malloc serves a program: what looks once a process has looked by now. Returns
// whether they went well; evidence of what went wrong is that of the proof.
bool warm_up(const Subject& subject) {
  if (subject.warm == nullptr) return true;
  Evidence& evidence = *shared;
  go_to(Stage::warm);
  evidence.end = End::not_made;
  const safecost_variant& variant = *subject.variant;
  void* const context = variant.prepare(subject.valid);
  if (context == nullptr) return false;
  evidence.end = End::none;
  if (safecost_report* const report = subject.plugin->table().report; report != nullptr)
    report->stop = 0;
  for (int i = 0; i < kWarmCalls; ++i) {
    if (variant.reset != nullptr) variant.reset(context, subject.valid);
    evidence.result = subject.warm(context);
  }
  variant.release(context);
  note_report(subject);
  if (evidence.report_stop != 0) evidence.end = End::returned;
  return evidence.report_stop == 0;
}

void run_child(const Subject& subject, bool looks_at_its_own) {
  Evidence& evidence = *shared;
  evidence.end = End::none;
  go_to(Stage::generate);
  const safecost_pool* const pool = subject.generator->table().generate(&subject.request);
  evidence.end = End::not_made;
  if (pool == nullptr || pool->count == 0) return;
  evidence.end = End::none;
  if (subject.reference != nullptr) {
    evidence.result = subject.reference(pool->inputs);
    evidence.end = End::returned;
    return;
  }
  const safecost_variant& variant = *subject.variant;
  go_to(Stage::prepare);
  void* const context = variant.prepare(pool->inputs);
  evidence.end = End::not_made;
  if (context == nullptr) return;
  evidence.end = End::none;
  go_to(Stage::reset);
  if (variant.reset != nullptr) variant.reset(context, pool->inputs);
  safecost_report* const report = subject.plugin->table().report;
  if (report != nullptr) report->stop = 0;
  if (looks_at_its_own) memory::remember(context);

  const memory::Ledger before = memory::ledger();
  go_to(Stage::run);
  draw(subject);
  evidence.result = call_kernel(subject.kernel, context);
  // A check that is made once, on a context or in a process, is none: what was reported must be reported again.
  if (report != nullptr && report->stop != 0) {
    report->stop = 0;
    if (variant.reset != nullptr) variant.reset(context, pool->inputs);
    draw(subject);
    evidence.result = call_kernel(subject.kernel, context);
  }
  const memory::Ledger& after = memory::ledger();
  evidence.leaked = after.live - before.live;
  evidence.leaked_bytes = after.live_bytes - before.live_bytes;
  if (evidence.leaked != 0) evidence.first_leak = memory::first_leak();
  note_report(subject);
  if (looks_at_its_own)
    evidence.changes = static_cast<std::uint32_t>(memory::changed(evidence.change));

  go_to(Stage::digest);
  if (variant.digest != nullptr) evidence.digest = variant.digest(context);
  evidence.damage = memory::find_damage();  // before blocks are freed, which fills them again
  go_to(Stage::release);
  variant.release(context);
  subject.generator->table().release(pool);
  note_ledger(evidence);
  evidence.end = End::returned;
}

struct Errand {
  const Subject& subject;
  World world;
  memory::Flush flush;
  double seconds;
};

void* do_errand(void* given) {
  const Errand& errand = *static_cast<const Errand*>(given);
  contain_child(errand.seconds);
  Workers::start_for(errand.subject.plugin->table(), errand.subject.generator->workers());
  if (!warm_up(errand.subject)) _exit(0);
  go_to(Stage::start);
  shared->end = End::not_made;  // the world, should it end here
  memory::enter(errand.world, errand.flush);
  run_child(errand.subject, errand.world == World::a);
  _exit(0);  // neither destructors nor a plugin's atexit handlers
}

// In a thread of its own, to which malloc gives a heap of its own: what malloc's checks notice must not depend on what
// the prover itself allocated before.
[[noreturn]] void be_child(Errand errand) {
  pthread_t thread = {};
  shared->end = End::not_made;
  if (pthread_create(&thread, nullptr, do_errand, &errand) == 0) pthread_join(thread, nullptr);
  _exit(1);
}

std::string read_said() {
  std::string text(kMostSaid, '\0');
  const ssize_t got = pread(said, text.data(), text.size(), 0);
  text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return text;
}

[[noreturn]] void fail(const char* what) {
  throw std::runtime_error(
      fmt::format("cannot prove anything: {}: {}", what, std::strerror(errno)));
}

}  // namespace

void end_by_hook(Hook which, const void* caller) {
  hook = which;
  if (!witnessing) signal(SIGABRT, SIG_DFL);
  if (witnessing && which == Hook::abort) note_callers(caller);
  raise(SIGABRT);
  _exit(134);
}

void prepare_witness() {
  memory::prepare_worlds();
  void* const page =
      mmap(nullptr, sizeof(Evidence), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  said = memfd_create("stderr", MFD_CLOEXEC);
  nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
  if (page == MAP_FAILED || said < 0 || nowhere < 0) fail("shared memory");
  shared = static_cast<Evidence*>(page);
  abort_message =
      static_cast<AbortMessage* const*>(dlvsym(RTLD_DEFAULT, "__abort_msg", "GLIBC_PRIVATE"));
}

Observation observe(const Subject& subject, World world, memory::Flush flush, double seconds) {
  new (shared) Evidence();
  if (ftruncate(said, 0) != 0 || lseek(said, 0, SEEK_SET) != 0) fail("ftruncate");
  const pid_t child = fork();
  if (child < 0) fail("fork");
  if (child == 0) be_child({subject, world, flush, seconds});
  bool asleep = false;
  const int status =
      reap::wait_at_most(child, seconds + reap::kGrace, kWaiting * seconds + reap::kGrace, &asleep);
  if (status < 0) fail("waitpid");
  if (reap::end_strays() != 0) {
    const char* const name = subject.variant == nullptr ? "a reference" : subject.variant->name;
    throw std::runtime_error(fmt::format("load: {} leaves processes behind", name));
  }
  Observation observation = {*shared, read_said(), -1, flush, asleep};
  if (observation.evidence.end == End::none) {
    note_ledger(observation.evidence);
    if (WIFEXITED(status)) observation.exit_code = WEXITSTATUS(status);
    if (WIFSIGNALED(status)) observation.evidence.signal = WTERMSIG(status);
    if (observation.evidence.signal == SIGALRM) observation.evidence.end = End::hung;
  }
  return observation;
}

}  // namespace safecost
