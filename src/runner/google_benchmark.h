// Google Benchmark's part: its JSON for a launch, and solo mode, where it times each contender by itself.
#ifndef SAFECOST_RUNNER_GOOGLE_BENCHMARK_H
#define SAFECOST_RUNNER_GOOGLE_BENCHMARK_H

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "nlohmann/json.hpp"

namespace safecost {

class Panel;

struct TimedRun {
  std::string name;
  std::int64_t iterations;
  double real_seconds;  // of all iterations
  double cpu_seconds;   // of all iterations
};

// What Google Benchmark's own JSON reporter writes for these runs, without host name and path.
nlohmann::json google_benchmark_json(const std::vector<TimedRun>& runs);

// The version and build type of the Google Benchmark library in use, as it reports them itself, and whether it reads
// hardware counters, for which it needs libpfm.
nlohmann::json google_benchmark_facts();

// Registers every contender of the panels with Google Benchmark, which then filters, times and reports
// them one after the other, by its own flags.
void register_solo(const std::vector<std::unique_ptr<Panel>>& panels);

}  // namespace safecost

#endif
