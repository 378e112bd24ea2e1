// The runner: loads plugins and describes, verifies, times or calls them. The driver writes its plans.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "benchmark/benchmark.h"
#include "fmt/format.h"
#include "kernel/abi.h"
#include "nlohmann/json.hpp"
#include "runner/count.h"
#include "runner/google_benchmark.h"
#include "runner/panel.h"
#include "runner/platform.h"
#include "runner/verify.h"

ABSL_FLAG(std::string, plan, "", "the plan, a JSON file ('-' reads stdin)");
ABSL_FLAG(std::string, out, "-", "where the result goes, a JSON file ('-' writes stdout)");
ABSL_FLAG(std::uint64_t, calls, 1, "call: how many calls");

// A debugger stops here and learns which kernel is called next and on what.
extern "C" [[gnu::noinline, gnu::used]] void safecost_before_call(safecost_kernel kernel,
                                                                  void* context) {
  asm volatile("" : : "r"(kernel), "r"(context) : "memory");
}

namespace safecost {
namespace {

absl::StatusOr<nlohmann::json> read_plan() {
  const std::string path = absl::GetFlag(FLAGS_plan);
  if (path.empty()) return absl::InvalidArgumentError("no plan: give --plan FILE");
  std::ifstream file;
  if (path != "-") {
    file.open(path);
    if (!file) return absl::NotFoundError(fmt::format("cannot read the plan {}", path));
  }
  nlohmann::json json = nlohmann::json::parse(path == "-" ? std::cin : file, nullptr, false);
  if (json.is_discarded() || !json.is_object())
    return absl::InvalidArgumentError(fmt::format("{} is no JSON object", path));
  return json;
}

absl::Status write_result(const nlohmann::json& json) {
  const std::string path = absl::GetFlag(FLAGS_out);
  std::ofstream file;
  if (path != "-") file.open(path);
  std::ostream& out = path == "-" ? std::cout : file;
  out << json.dump(1, ' ', false, nlohmann::json::error_handler_t::replace) << std::endl;
  return out ? absl::OkStatus()
             : absl::UnavailableError(fmt::format("cannot write all of {}", path));
}

absl::Status run_verify() {
  absl::StatusOr<nlohmann::json> json = read_plan();
  if (!json.ok()) return json.status();
  platform::die_with_parent();
  return write_result(verify(VerifyPlan::from_json(*json)));
}

absl::Status run_time() {
  absl::StatusOr<nlohmann::json> json = read_plan();
  if (!json.ok()) return json.status();
  platform::die_with_parent();
  platform::tell_where_it_ends();
  const PanelPlan plan = PanelPlan::from_json(*json);
  absl::StatusOr<std::unique_ptr<Panel>> panel = Panel::load(plan);
  if (!panel.ok()) return panel.status();
  absl::StatusOr<Launch> launch = time_panel(**panel, plan);
  if (!launch.ok()) return launch.status();
  return write_result(to_json(**panel, *launch, plan));
}

absl::Status run_solo_mode() {
  absl::StatusOr<nlohmann::json> json = read_plan();
  if (!json.ok()) return json.status();
  // Google Benchmark runs everything that is registered at once, so all panels stay loaded.
  std::vector<std::unique_ptr<Panel>> panels;
  for (const nlohmann::json& one : (*json)["panels"]) {
    absl::StatusOr<std::unique_ptr<Panel>> panel = Panel::load(PanelPlan::from_json(one));
    if (!panel.ok()) return panel.status();
    panels.push_back(*std::move(panel));
  }
  // No way back from a process that has had a second thread.
  std::ranges::stable_sort(
      panels, {}, [](const std::unique_ptr<Panel>& panel) { return panel->plan().threads; });
  register_solo(panels);
  benchmark::RunSpecifiedBenchmarks();
  return absl::OkStatus();
}

// Calls the first contender of a plan, for a debugger or a profiler.
absl::Status run_call() {
  absl::StatusOr<nlohmann::json> json = read_plan();
  if (!json.ok()) return json.status();
  absl::StatusOr<std::unique_ptr<Panel>> panel = Panel::load(PanelPlan::from_json(*json));
  if (!panel.ok()) return panel.status();
  if (absl::Status status = (*panel)->have_threads(); !status.ok()) return status;
  Contender& contender = (*panel)->contenders().front();
  if (absl::Status status = contender.prepare((*panel)->pool().count()); !status.ok())
    return status;
  std::uint64_t digest = 0;
  for (std::uint64_t i = 0; i < absl::GetFlag(FLAGS_calls); ++i) {
    const std::size_t at = i % contender.contexts();
    safecost_before_call(contender.variant().run, contender.context(at));
    digest = contender.digest(at);
  }
  return write_result(
      {{"contender", (*panel)->name(0)}, {"digest", fmt::format("{:016x}", digest)}});
}

absl::Status run_facts() {
  return write_result({{"abi_version", SAFECOST_ABI_VERSION},
#if defined(__clang__)
                       {"compiler", fmt::format("Clang {}.{}.{}", __clang_major__, __clang_minor__,
                                                __clang_patchlevel__)},
#else
                       {"compiler",
                        fmt::format("GCC {}.{}.{}", __GNUC__, __GNUC_MINOR__, __GNUC_PATCHLEVEL__)},
#endif
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
