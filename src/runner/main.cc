// The runner: loads plugins and describes, verifies, times or calls them. The driver writes its plans.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "absl/status/status.h"
#include "benchmark/benchmark.h"
#include "fmt/format.h"
#include "kernel/abi.h"
#include "nlohmann/json.hpp"
#include "runner/count.h"
#include "runner/google_benchmark.h"
#include "runner/panel.h"
#include "runner/platform.h"
#include "runner/protocol.h"
#include "runner/reap.h"
#include "runner/status_macros.h"
#include "runner/verify.h"

ABSL_FLAG(std::string, plan, "", "the plan, a JSON file ('-' reads stdin)");
ABSL_FLAG(std::string, out, "-", "where the result goes, a JSON file ('-' writes stdout)");
ABSL_FLAG(std::uint64_t, calls, 1, "call: how many calls of each contender");

// A debugger stops here and learns which kernel is called next and on what.
extern "C" [[gnu::noinline, gnu::used]] void safecost_before_call(safecost_kernel kernel,
                                                                  void* context) {
  asm volatile("" : : "r"(kernel), "r"(context) : "memory");
}

namespace safecost {
namespace {

absl::Status answer(const char* kind, nlohmann::json json) {
  return write_evidence(kind, std::move(json), absl::GetFlag(FLAGS_out));
}

absl::Status run_verify() {
  ASSIGN_OR_RETURN(const nlohmann::json json, read_plan(absl::GetFlag(FLAGS_plan)));
  ASSIGN_OR_RETURN(const VerifyPlan plan, VerifyPlan::from_json(json));
  platform::die_with_parent();
  return answer("verification", verify(plan));
}

absl::Status run_time() {
  ASSIGN_OR_RETURN(const nlohmann::json json, read_plan(absl::GetFlag(FLAGS_plan)));
  ASSIGN_OR_RETURN(const PanelPlan plan, PanelPlan::from_json(json));
  platform::die_with_parent();
  platform::tell_where_it_ends();
  ASSIGN_OR_RETURN(const std::unique_ptr<Panel> panel, Panel::load(plan));
  ASSIGN_OR_RETURN(const Launch launch, time_panel(*panel, plan));
  return answer("times", to_json(*panel, launch, plan));
}

absl::Status run_solo_mode() {
  ASSIGN_OR_RETURN(const nlohmann::json json, read_plan(absl::GetFlag(FLAGS_plan)));
  ASSIGN_OR_RETURN(const SoloPlan plan, SoloPlan::from_json(json));
  // Google Benchmark runs everything that is registered at once, so all panels stay loaded.
  std::vector<std::unique_ptr<Panel>> panels;
  for (const PanelPlan& panel_plan : plan.panels) {
    ASSIGN_OR_RETURN(std::unique_ptr<Panel> panel, Panel::load(panel_plan));
    panels.push_back(std::move(panel));
  }
  // No way back from a process that has had a second thread.
  std::ranges::stable_sort(panels, {}, [](const std::unique_ptr<Panel>& panel) {
    return std::pair(panel->plan().workers, panel->plan().threads);
  });
  register_solo(panels);
  benchmark::RunSpecifiedBenchmarks();
  return absl::OkStatus();
}

// Calls the contenders of a plan one after the other, for a debugger, a profiler, or what a compiler's instrumentation
// counts and writes when this process ends.
absl::Status run_call() {
  ASSIGN_OR_RETURN(const nlohmann::json json, read_plan(absl::GetFlag(FLAGS_plan)));
  ASSIGN_OR_RETURN(const PanelPlan plan, PanelPlan::from_json(json));
  ASSIGN_OR_RETURN(const std::unique_ptr<Panel> panel, Panel::load(plan));
  RETURN_IF_ERROR(panel->have_threads());
  std::uint64_t digest = 0;
  for (Contender& contender : panel->contenders()) {
    RETURN_IF_ERROR(contender.prepare(panel->pool().count()));
    for (std::uint64_t i = 0; i < absl::GetFlag(FLAGS_calls); ++i) {
      const std::size_t at = i % contender.contexts();
      safecost_before_call(contender.variant().run, contender.context(at));
      digest = contender.digest(at);
    }
  }
  return answer("call", {{"contender", panel->contenders().back().name()},
                         {"digest", fmt::format("{:016x}", digest)}});
}

absl::Status run_facts() {
#if defined(__clang__)
  const std::string compiler =
      fmt::format("Clang {}.{}.{}", __clang_major__, __clang_minor__, __clang_patchlevel__);
#else
  const std::string compiler =
      fmt::format("GCC {}.{}.{}", __GNUC__, __GNUC_MINOR__, __GNUC_PATCHLEVEL__);
#endif
  return answer("facts", {{"abi_version", SAFECOST_ABI_VERSION},
                          {"compiler", compiler},
                          {"benchmark", google_benchmark_facts()}});
}

// Before any flag is parsed: what a parser keeps, such as the program's path, would shift the heap of all kernels.
int count(const char* out) {
  static constexpr std::string_view flag = "--out=";
  const bool named = out != nullptr && std::string_view(out).starts_with(flag);
  const int results = named
                          ? open(out + flag.size(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666)
                          : STDOUT_FILENO;
  if ((out != nullptr && !named) || results < 0) {
    fmt::print(stderr, "safecost-runner: count: cannot write to {}: give --out=FILE\n", out);
    return 2;
  }
  platform::die_with_parent();
  const absl::Status status = serve_counts(STDIN_FILENO, results);
  if (!status.ok())
    fmt::print(stderr, "safecost-runner: count: {}\n", std::string(status.message()));
  return status.ok() ? 0 : 1;
}

int run(const std::string& command) {
  static const std::vector<std::pair<std::string, absl::Status (*)()>> commands = {
      {"verify", run_verify},
      {"time", run_time},
      {"solo", run_solo_mode},
      {"call", run_call},
      {"facts", run_facts}};
  for (const auto& [name, action] : commands) {
    if (name != command) continue;
    try {
      const absl::Status status = action();
      if (status.ok()) return 0;
      fmt::print(stderr, "safecost-runner: {}\n", std::string(status.message()));
      return status.code() == absl::StatusCode::kDataLoss ? 5 : 1;
    } catch (const std::exception& error) {
      fmt::print(stderr, "safecost-runner: {}: {}\n", command, error.what());
      return 1;
    }
  }
  fmt::print(stderr,
             "safecost-runner: no command '{}': use verify, time, solo, call, count or facts\n",
             command);
  return 2;
}

}  // namespace
}  // namespace safecost

int main(int argc, char** argv) {
  absl::SetProgramUsageMessage(
      "runs kernel plugins; `scripts/safecost` is the front door\n"
      "  safecost-runner verify|time|call --plan FILE [--out FILE]\n"
      "  safecost-runner solo --plan FILE [Google Benchmark's flags]\n"
      "  safecost-runner count [--out=FILE] < REQUESTS\n"
      "  safecost-runner facts");
  safecost::reap::adopt_strays();
  if (argc > 1 && std::string_view(argv[1]) == "count")
    return safecost::count(argc > 2 ? argv[2] : nullptr);
  benchmark::Initialize(&argc, argv);  // takes its own flags and leaves ours
  const std::vector<char*> words = absl::ParseCommandLine(argc, argv);
  if (words.size() != 2) {
    fmt::print(stderr,
               "safecost-runner: give one command: verify, time, solo, call, count or facts\n");
    return 2;
  }
  return safecost::run(words[1]);
}
