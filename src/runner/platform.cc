#include "runner/platform.h"

#include <dlfcn.h>
#include <link.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <ucontext.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "fmt/format.h"

#if defined(__ELF__)
#include <elf.h>
#endif
#if __has_include(<sys/single_threaded.h>)
#include <sys/single_threaded.h>
#endif

namespace safecost::platform {

#if defined(__ELF__)
namespace {

// A struct at an offset of the file, or null when the file is too short for it.
template <class T>
const T* at(const std::string& bytes, std::uint64_t offset, std::uint64_t count = 1) {
  if (offset > bytes.size() || count > (bytes.size() - offset) / sizeof(T)) return nullptr;
  return reinterpret_cast<const T*>(bytes.data() + offset);
}

}  // namespace

absl::StatusOr<std::vector<std::string>> exported_symbols(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return absl::NotFoundError(fmt::format("cannot open {}", path));
  std::ostringstream all;  // in blocks: byte by byte takes a second under Valgrind
  all << file.rdbuf();
  const std::string bytes = std::move(all).str();
  const auto broken = [] {
    return absl::InvalidArgumentError("not a complete ELF64 shared object");
  };
  const auto* header = at<Elf64_Ehdr>(bytes, 0);
  if (header == nullptr || std::memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 ||
      header->e_ident[EI_CLASS] != ELFCLASS64) {
    return broken();
  }
  const auto* sections = at<Elf64_Shdr>(bytes, header->e_shoff, header->e_shnum);
  if (sections == nullptr) return broken();
  std::vector<std::string> names;
  for (std::size_t i = 0; i < header->e_shnum; ++i) {
    if (sections[i].sh_type != SHT_DYNSYM || sections[i].sh_link >= header->e_shnum) continue;
    const Elf64_Shdr& text = sections[sections[i].sh_link];
    const std::uint64_t count = sections[i].sh_size / sizeof(Elf64_Sym);
    const auto* symbols = at<Elf64_Sym>(bytes, sections[i].sh_offset, count);
    if (symbols == nullptr || at<char>(bytes, text.sh_offset, text.sh_size) == nullptr)
      return broken();
    for (std::uint64_t s = 0; s < count; ++s) {
      const bool defined = symbols[s].st_shndx != SHN_UNDEF;
      const bool shared = ELF64_ST_BIND(symbols[s].st_info) != STB_LOCAL;
      if (!defined || !shared || symbols[s].st_name >= text.sh_size) continue;
      const char* name = bytes.data() + text.sh_offset + symbols[s].st_name;
      names.emplace_back(name, strnlen(name, text.sh_size - symbols[s].st_name));
    }
  }
  return names;
}
#else
absl::StatusOr<std::vector<std::string>> exported_symbols(const std::string&) {
  return absl::UnimplementedError("exported symbols are not readable on this platform");
}
#endif

std::optional<std::uint64_t> address_in_file(safecost_kernel kernel) {
  Dl_info info;
  link_map* object = nullptr;
  const auto address = reinterpret_cast<std::uintptr_t>(kernel);
  // NOLINTNEXTLINE(performance-no-int-to-ptr): a function's address, which no pointer conversion makes an object's
  if (dladdr1(reinterpret_cast<void*>(address), &info, reinterpret_cast<void**>(&object),
              RTLD_DL_LINKMAP) == 0 ||
      object == nullptr) {
    return std::nullopt;
  }
  return address - object->l_addr;
}

bool is_only_a_jump(safecost_kernel kernel) {
#if defined(__x86_64__)
  const auto* code = reinterpret_cast<const unsigned char*>(kernel);
  static constexpr unsigned char endbr64[] = {0xf3, 0x0f, 0x1e, 0xfa};
  if (std::memcmp(code, endbr64, sizeof endbr64) == 0) code += sizeof endbr64;
  return code[0] == 0xe9 || code[0] == 0xeb || (code[0] == 0xff && code[1] == 0x25);
#else
  static_cast<void>(kernel);
  return false;
#endif
}

void expect_crashes() {
  const rlimit none = {0, 0};
  setrlimit(RLIMIT_CORE, &none);
  prctl(PR_SET_DUMPABLE, 0);
}

namespace {

const char* volatile current = nullptr;

// Only what a signal handler may call.
void say_where(int number) {
  const char* const name = current;
  if (name != nullptr) {
    const auto say = [](const char* text) {
      [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, text, std::strlen(text));
    };
    say("\nsafecost-runner: in ");
    say(name);
    say("\n");
  }
  raise(number);  // the handler is gone by now, so this ends the process as it would have ended
}

}  // namespace

void working_on(const char* name) { current = name; }

void tell_where_it_ends() {
  static char stack[64 << 10];  // of its own, as the usual one may be what has run out
  const stack_t own = {.ss_sp = stack, .ss_flags = 0, .ss_size = sizeof stack};
  sigaltstack(&own, nullptr);
  struct sigaction action = {};
  action.sa_handler = say_where;
  action.sa_flags = SA_ONSTACK | static_cast<int>(SA_RESETHAND) | SA_NODEFER;
  for (const int number : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGTERM}) {
    sigaction(number, &action, nullptr);
  }
}

Interrupted interrupted(const void* context) {
  const auto& machine = static_cast<const ucontext_t*>(context)->uc_mcontext;
#if defined(__x86_64__)
  constexpr greg_t page_fault = 14;
  const bool writes = machine.gregs[REG_TRAPNO] == page_fault && (machine.gregs[REG_ERR] & 2) != 0;
  return {static_cast<std::uintptr_t>(machine.gregs[REG_RIP]), writes};
#elif defined(__aarch64__)
  return {static_cast<std::uintptr_t>(machine.pc), false};
#else
  static_cast<void>(machine);
  return {};
#endif
}

void copy_code(std::uintptr_t pc, void* to, std::size_t bytes) {
  std::memcpy(to, reinterpret_cast<const void*>(pc), bytes);  // NOLINT(performance-no-int-to-ptr)
}

void die_with_parent() { prctl(PR_SET_PDEATHSIG, SIGKILL); }

namespace {

constexpr int kLooks = 20;  // a millisecond apart: a thread that was joined may still be listed

std::size_t own = 0;

Company company_now() {
  Company all;
  std::error_code failed;
  const std::filesystem::directory_iterator none;
  for (std::filesystem::directory_iterator task("/proc/self/task", failed); !failed && task != none;
       task.increment(failed)) {
    ++all.threads;
    std::ifstream children(task->path() / "children");
    for (std::string child; children >> child;) ++all.processes;
  }
  all.threads -= std::min(all.threads, 1 + own);
  return all;
}

std::string counted(std::size_t count, const char* what, const char* several, const char* then) {
  return count == 0 ? "" : fmt::format("{} {}{}", count, count == 1 ? what : several, then);
}

}  // namespace

void own_threads(std::size_t count) { own = count; }

Company company() {
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  Company all = company_now();
  for (int look = 0; look < kLooks && all.threads + all.processes > 0; ++look) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    all = company_now();
  }
  return all;
}

std::string leftovers(const Company& now, const Company& known) {
  const auto beyond = [](std::size_t count, std::size_t before) {
    return count > before ? count - before : 0;
  };
  const std::string threads =
      counted(beyond(now.threads, known.threads), "thread", "threads", " running");
  const std::string processes =
      counted(beyond(now.processes, known.processes), "process", "processes", " behind");
  return threads + (threads.empty() || processes.empty() ? "" : " and ") + processes;
}

namespace {

double seconds_of_children() {
  rusage usage = {};
  getrusage(RUSAGE_CHILDREN, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

}  // namespace

Stopwatch::Stopwatch()
    : start_(std::chrono::steady_clock::now()), children_(seconds_of_children()) {}

Elapsed Stopwatch::read() const {
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - start_;
  return {wall.count(), seconds_of_children() - children_};
}

bool is_starved(const Elapsed& elapsed) {
  // A process that sleeps or is stopped uses no processor either: so would another one get more?
  constexpr double share = 0.1;
  if (elapsed.children >= share * elapsed.wall) return false;
  const auto seconds_of_mine = [] {
    timespec now = {};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
  };
  const double before = seconds_of_mine();
  const auto start = std::chrono::steady_clock::now();
  std::chrono::duration<double> wall{};
  do wall = std::chrono::steady_clock::now() - start;
  while (wall.count() < 0.2);
  return seconds_of_mine() - before < share * wall.count();
}

const std::vector<int>& processors() {
  static const std::vector<int> all = [] {
    std::vector<int> allowed;
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) != 0) return std::vector<int>{0};
    for (int number = 0; number < CPU_SETSIZE; ++number) {
      if (CPU_ISSET(number, &set)) allowed.push_back(number);
    }
    std::set<std::string> cores;
    std::stable_partition(allowed.begin(), allowed.end(), [&](int number) {
      std::ifstream file(
          fmt::format("/sys/devices/system/cpu/cpu{}/topology/thread_siblings_list", number));
      std::string siblings = std::to_string(number);
      std::getline(file, siblings);
      return cores.insert(siblings).second;
    });
    return allowed;
  }();
  return all;
}

std::size_t memory_bytes() {
  return static_cast<std::size_t>(sysconf(_SC_PHYS_PAGES)) *
         static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

bool memory_is_short() {
  constexpr std::size_t block = 64 << 20;
  void* const memory = mmap(nullptr, block, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) return true;
  munmap(memory, block);
  return false;
}

bool has_started_a_thread() {
#if __has_include(<sys/single_threaded.h>)
  return __libc_single_threaded == 0;
#else
  return false;
#endif
}

void start_and_join_a_thread() {
  std::thread([] {}).join();
}

}  // namespace safecost::platform
