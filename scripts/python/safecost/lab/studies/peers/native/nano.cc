// nanobench's compare() on the two variants that PEERS_VARIANTS names; its one argument is the number of epochs.
#define ANKERL_NANOBENCH_IMPLEMENT
#include <cstdlib>
#include <iostream>
#include <sstream>
#include <string>

#include "arms.h"
#include "nanobench.h"

int main(int, char** argv) {
  std::istringstream variants(std::getenv("PEERS_VARIANTS"));
  std::string names[2];
  variants >> names[0] >> names[1];
  const peers_arm base = peers_load(names[0].c_str());
  const peers_arm other = peers_load(names[1].c_str());
  const auto calls = [](const peers_arm& arm) {
    return [&arm, at = std::size_t{0}]() mutable {
      ankerl::nanobench::doNotOptimizeAway(arm.run(arm.contexts[at]));
      if (++at == arm.count) at = 0;
    };
  };
  const auto result = ankerl::nanobench::Bench()
                          .output(nullptr)
                          .epochs(std::strtoul(argv[1], nullptr, 10))
                          .compare("base", calls(base), "other", calls(other));
  const auto& entry = result[1];
  std::cout.precision(12);
  std::cout << "{\"relative\": " << entry.relative << ", \"low\": " << entry.relativeLow
            << ", \"high\": " << entry.relativeHigh << ", \"rounds\": " << result.rounds()
            << ", \"significant\": " << (result.isSignificant(1) ? "true" : "false") << "}\n";
}
