// Google Benchmark on the variants that PEERS_VARIANTS names, with all of its own flags.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <sstream>
#include <string>

#include "arms.h"

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  std::istringstream variants(std::getenv("PEERS_VARIANTS"));
  for (std::string variant; variants >> variant;) {
    const peers_arm arm = peers_load(variant.c_str());
    benchmark::RegisterBenchmark(variant.c_str(),
                                 [arm, at = std::size_t{0}](benchmark::State& state) mutable {
                                   for ([[maybe_unused]] auto _ : state) {
                                     benchmark::DoNotOptimize(arm.run(arm.contexts[at]));
                                     if (++at == arm.count) at = 0;
                                   }
                                 });
  }
  benchmark::RunSpecifiedBenchmarks();
}
