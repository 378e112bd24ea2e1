#include "runner/google_benchmark.h"

#include <dlfcn.h>

#include <sstream>

#include "benchmark/benchmark.h"
#include "runner/panel.h"
#include "runner/workers.h"

namespace safecost {

nlohmann::json google_benchmark_json(const std::vector<TimedRun>& timed) {
  std::ostringstream text;
  std::ostringstream errors;
  benchmark::JSONReporter reporter;
  reporter.SetOutputStream(&text);
  reporter.SetErrorStream(&errors);
  reporter.ReportContext(benchmark::BenchmarkReporter::Context());
  std::vector<benchmark::BenchmarkReporter::Run> runs;
  for (const TimedRun& one : timed) {
    benchmark::BenchmarkReporter::Run run;
    run.run_name.function_name = one.name;
    run.family_index = static_cast<std::int64_t>(runs.size());
    run.per_family_instance_index = 0;
    run.iterations = one.iterations;
    run.real_accumulated_time = one.real_seconds;
    run.cpu_accumulated_time = one.cpu_seconds;
    run.repetitions = 1;
    run.repetition_index = 0;
    run.threads = 1;
    runs.push_back(std::move(run));
  }
  reporter.ReportRuns(runs);
  reporter.Finalize();
  nlohmann::json json = nlohmann::json::parse(text.str());
  json["context"].erase("host_name");
  json["context"].erase("executable");
  return json;
}

nlohmann::json google_benchmark_facts() {
  const nlohmann::json context = google_benchmark_json({})["context"];
  return {{"build", context.value("library_build_type", "unknown")},
          {"version", context.value("library_version", SAFECOST_BENCHMARK_VERSION)},
          {"perf_counters", dlsym(RTLD_DEFAULT, "pfm_initialize") != nullptr}};
}

namespace {

// A mutating kernel is timed in batches of as many calls as there are contexts; others call by call,
// as Google Benchmark does it.
void solo(benchmark::State& state, const Panel& panel, Contender& contender) {
  if (const absl::Status status = panel.have_threads(); !status.ok()) {
    state.SkipWithError(std::string(status.message()).c_str());
    return;
  }
  if (panel.plan().workers > 0) Workers::of_process().place();
  if (contender.contexts() == 0) {
    if (const absl::Status status = contender.prepare(contender.mutates() ? 64 : 256);
        !status.ok()) {
      state.SkipWithError(std::string(status.message()).c_str());
      return;
    }
  }
  const std::size_t contexts = contender.contexts();
  const Workers::Awake awake = Workers::of_process().awake();
  std::size_t at = 0;
  for ([[maybe_unused]] auto _ : state) {  // NOLINT(clang-analyzer-deadcode.DeadStores)
    if (contender.mutates() && at == 0) {
      state.PauseTiming();
      contender.reset(0, contexts);
      state.ResumeTiming();
    }
    std::uint64_t digest = contender.call(at, 1);
    benchmark::DoNotOptimize(digest);
    if (++at == contexts) at = 0;
  }
}

}  // namespace

void register_solo(const std::vector<std::unique_ptr<Panel>>& panels) {
  for (const std::unique_ptr<Panel>& panel : panels) {
    for (std::size_t i = 0; i < panel->contenders().size(); ++i) {
      Contender& contender = panel->contenders()[i];
      benchmark::RegisterBenchmark(
          panel->name(i).c_str(),
          [&panel, &contender](benchmark::State& state) { solo(state, *panel, contender); });
    }
  }
}

}  // namespace safecost
