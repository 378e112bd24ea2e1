#include "runner/catch/oracle.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>
#include <set>
#include <stdexcept>

#include "absl/status/status.h"
#include "fmt/format.h"
#include "runner/catch/evidence_json.h"
#include "runner/catch/sightings.h"
#include "runner/platform.h"
#include "runner/reap.h"
#include "runner/status_macros.h"
#include "runner/workers.h"

namespace safecost {

namespace {

using sightings::Sightings;
using sightings::Tool;

enum class End : std::uint32_t { none, returned, not_made, reported };
enum class Right : std::uint32_t { unknown, yes, no };

// Shared with the child that fills it.
struct Page {
  End end = End::none;
  Right right = Right::unknown;
  Sightings seen;
};

template <std::size_t N>
std::string text_of(const char (&text)[N]) {
  return {text, strnlen(text, N)};
}

const char* tool_name(Tool tool) {
  switch (tool) {
    case Tool::address_sanitizer:
      return "address";
    case Tool::undefined_behavior_sanitizer:
      return "undefined";
    case Tool::thread_sanitizer:
      return "thread";
    default:
      return "memcheck";
  }
}

// The oracle that asks this tool, as the document spells it.
const char* oracle_name(Tool tool) {
  switch (tool) {
    case Tool::memcheck:
      return "memcheck";
    case Tool::thread_sanitizer:
      return "race";
    default:
      return "sanitizer";
  }
}

// A race is seen in one order of events and not in another: until one is reported, every proof is made so many times.
constexpr int kLooksForRaces = 20;

[[noreturn]] void fail(const char* what) {
  throw std::runtime_error(
      fmt::format("cannot prove anything: {}: {}", what, std::strerror(errno)));
}

class Oracle {
 public:
  Oracle(const ProvePlan& plan, const Loaded& loaded)
      : plan_(plan), plugin_(*loaded.plugin), generator_(loaded.generator()) {
    void* const page =
        mmap(nullptr, sizeof(Page), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) fail("mmap");
    page_ = new (page) Page();
    nowhere_ = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (nowhere_ < 0) fail("/dev/null");
    sightings::install(&page_->seen);
  }

  nlohmann::json run() {
    const Tool tool = sightings::watching();
    // Only raw code is asked of Memcheck, which is slow; of the detector of races all variants, since their outcomes
    // rest on it, but only the faults that name it.
    const bool memcheck = tool == Tool::memcheck, races = tool == Tool::thread_sanitizer;
    const std::uint32_t oracle = races ? SAFECOST_ORACLE_RACE : SAFECOST_ORACLE_MEMCHECK;
    nlohmann::json json = {{"plugin", plugin_.describe()},
                           {"tool", oracle_name(tool)},
                           {"faults", nlohmann::json::array()},
                           {"proofs", nlohmann::json::array()}};
    const safecost_plugin& table = generator_.table();
    for (std::uint32_t i = 0; i < table.fault_count; ++i)
      json["faults"].push_back(fault_json(element(table.faults, i)));
    for (const safecost_variant* variant : plugin_.variants()) {
      const bool raw = variant->role == SAFECOST_ROLE_RAW;
      if ((!raw && variant->role != SAFECOST_ROLE_SAFE) || variant->gap != nullptr) continue;
      for (const auto& [size, rate] : valid_parameters()) {
        safecost_request request = request_of(plan_, generator_, size, SAFECOST_NO_FAULT);
        if (rate >= 0) request.rate = rate;
        json["proofs"].push_back(look(*variant, variant->run, request, nullptr));
      }
      for (std::uint32_t i = 0; i < table.fault_count; ++i) {
        const safecost_fault& fault = element(table.faults, i);
        const bool declared = (fault.oracles & oracle) != 0;
        if ((memcheck && !(raw && declared)) || (races && !declared)) continue;
        const safecost_kernel kernel = kernel_of(*variant, fault);
        if (kernel != nullptr && plan_.wants(variant->name, fault.name))
          json["proofs"].push_back(
              look(*variant, kernel, request_of(plan_, generator_, fault.size, i), &fault));
      }
    }
    return json;
  }

 private:
  // Null where nobody wrote the faulty program, or cannot.
  safecost_kernel kernel_of(const safecost_variant& variant, const safecost_fault& fault) const {
    const auto own = own_index(plugin_, fault.name);
    if (own && variant.inexpressible != nullptr && variant.inexpressible[*own] != nullptr)
      return nullptr;
    if (fault.kind != SAFECOST_FAULT_KERNEL) return variant.run;
    return own && variant.fault_kernels != nullptr ? variant.fault_kernels[*own] : nullptr;
  }

  std::set<std::pair<std::uint64_t, double>> valid_parameters() const {
    std::set<std::pair<std::uint64_t, double>> found;
    for (const safecost_parameter* parameter : generator_.parameters()) {
      if (parameter->size <= plan_.largest_valid) found.emplace(parameter->size, parameter->rate);
    }
    const safecost_plugin& table = generator_.table();
    for (std::uint32_t i = 0; i < table.fault_count; ++i)
      found.emplace(element(table.faults, i).size, -1.0);
    return found;
  }

  nlohmann::json look(const safecost_variant& variant, safecost_kernel kernel,
                      const safecost_request& request, const safecost_fault* fault) {
    const bool races = sightings::watching() == Tool::thread_sanitizer;
    nlohmann::json json;
    bool wrong = false;
    for (int looks = races ? kLooksForRaces : 1; looks > 0; --looks) {
      json = look_once(variant, kernel, request, fault);
      wrong |= page_->right == Right::no;
      if (page_->seen.reports != 0 || page_->end != End::returned) break;
    }
    if (wrong) json["right"] = false;  // once is enough
    return json;
  }

  nlohmann::json look_once(const safecost_variant& variant, safecost_kernel kernel,
                           const safecost_request& request, const safecost_fault* fault) {
    new (page_) Page();
    const pid_t child = fork();
    if (child < 0) fail("fork");
    if (child == 0) {
      // A leak is looked for where a fault may be one, and there in the program without the fault.
      const bool ledger = sightings::watching() != Tool::thread_sanitizer &&
                          (fault == nullptr || (fault->oracles & (SAFECOST_ORACLE_LEDGER)) != 0);
      contain_child();
      call(variant, kernel, request, fault, ledger);
      _exit(0);
    }
    bool asleep = false;
    const int status = reap::wait_at_most(child, plan_.timeout_seconds + reap::kGrace, 0, &asleep);
    if (status < 0) fail("waitpid");
    if (reap::end_strays() != 0)
      throw std::runtime_error(fmt::format("load: {} leaves processes behind", variant.name));
    nlohmann::json json = {
        {"variant", variant.name},
        {"fault", fault == nullptr ? nlohmann::json() : nlohmann::json(fault->name)},
        {"size", request.size},
        {"rate", request.rate < 0 ? nlohmann::json() : nlohmann::json(request.rate)},
        {"process", child},
        {"errors", page_->seen.errors},
        {"leaked_bytes",
         page_->seen.leaks_looked_at ? nlohmann::json(page_->seen.leaked_bytes) : nlohmann::json()},
        {"reports", nlohmann::json::array()}};
    if (page_->right != Right::unknown) json["right"] = page_->right == Right::yes;
    json["end"] = page_->end == End::returned   ? "returned"
                  : page_->end == End::not_made ? "not_made"
                  : page_->end == End::reported ? "reported"
                                                : how_it_left(status);
    const std::size_t count = std::min<std::size_t>(page_->seen.reports, Sightings::kReports);
    for (std::size_t i = 0; i < count; ++i)
      json["reports"].push_back(
          to_json(page_->seen.report[i], reinterpret_cast<void*>(variant.run)));
    return json;
  }

  static std::string how_it_left(int status) {
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM) return "hung";
    if (WIFSIGNALED(status)) {
      const char* const name = sigabbrev_np(WTERMSIG(status));
      return fmt::format("SIG{}", name == nullptr ? "?" : name);
    }
    return fmt::format("exit code {}", WEXITSTATUS(status));
  }

  // Frames as offsets in the plugin; those of other modules are left out.
  static nlohmann::json to_json(const sightings::Report& report, const void* inside) {
    nlohmann::json frames = nlohmann::json::array();
    Dl_info plugin = {};
    dladdr(inside, &plugin);
    const std::size_t count = std::min<std::size_t>(report.frames, sightings::Report::kFrames);
    for (std::size_t i = 0; i < count; ++i) {
      Dl_info found = {};
      // A return address may lie behind the function that does not return; the call lies before it.
      const std::uint64_t call = report.frame[i] - 1;
      // NOLINTNEXTLINE(performance-no-int-to-ptr): an address that a sanitizer told as a number
      if (dladdr(reinterpret_cast<const void*>(call), &found) != 0 &&
          found.dli_fbase == plugin.dli_fbase)
        frames.push_back(call - reinterpret_cast<std::uint64_t>(found.dli_fbase));
    }
    return {{"tool", tool_name(report.tool)},
            {"kind", text_of(report.kind)},
            {"text", text_of(report.text)},
            {"frames", std::move(frames)}};
  }

  void contain_child() const {
    platform::die_with_parent();
    platform::expect_crashes();
    for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) dup2(nowhere_, stream);
    itimerval timer = {};
    timer.it_value.tv_sec = static_cast<time_t>(plan_.timeout_seconds);
    timer.it_value.tv_usec = static_cast<suseconds_t>(
        (plan_.timeout_seconds - static_cast<double>(timer.it_value.tv_sec)) * 1e6);
    setitimer(ITIMER_REAL, &timer, nullptr);
  }

  void call(const safecost_variant& variant, safecost_kernel kernel,
            const safecost_request& request, const safecost_fault* fault, bool look_for_leaks) {
    Workers::start_for(plugin_.table(), generator_.workers());
    const safecost_pool* const pool = generator_.table().generate(&request);
    page_->end = End::not_made;
    if (pool == nullptr || pool->count == 0) return;
    void* const context = variant.prepare(pool->inputs);
    if (context == nullptr) return;
    page_->end = End::none;
    if (variant.reset != nullptr) variant.reset(context, pool->inputs);
    safecost_report* const error = plugin_.table().report;
    if (error != nullptr) error->stop = 0;
    sightings::begin(look_for_leaks);
    const std::uint64_t result = kernel(context);
    const std::uint64_t digest = variant.digest == nullptr ? 0 : variant.digest(context);
    sightings::end(result, digest);
    // No world judges a race, so whether the program came out right is told here.
    const bool judges = fault != nullptr && (fault->oracles & SAFECOST_ORACLE_RACE) != 0;
    const bool reported = judges && error != nullptr && error->stop != 0;
    if (judges && !reported && fault->reference != nullptr) {
      const std::uint64_t value = variant.digest == nullptr ? result : digest;
      page_->right = value == fault->reference(pool->inputs) ? Right::yes : Right::no;
    }
    variant.release(context);
    generator_.table().release(pool);
    page_->end = reported ? End::reported : End::returned;
    sightings::end_leaks();  // last: where it is not allowed it ends the process
  }

  const ProvePlan& plan_;
  const Plugin& plugin_;
  const Plugin& generator_;
  Page* page_ = nullptr;
  int nowhere_ = -1;
};

}  // namespace

absl::StatusOr<nlohmann::json> confirm(const ProvePlan& plan) {
  if (sightings::watching() == Tool::none)
    return absl::FailedPreconditionError(
        "no sanitizer and no Memcheck watches: run it with valgrind, or build it with sanitizers");
  ASSIGN_OR_RETURN(const Loaded loaded, load(plan));
  return Oracle(plan, loaded).run();
}

}  // namespace safecost
