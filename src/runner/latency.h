// How long single operations of contenders take: each is noted by a second kernel, which no ratio is made of.
#ifndef SAFECOST_RUNNER_LATENCY_H
#define SAFECOST_RUNNER_LATENCY_H

#include <cstdint>
#include <optional>
#include <random>
#include <vector>

#include "nlohmann/json.hpp"

namespace safecost {

class Panel;

// Nanoseconds of all operations that were noted, exact for these.
struct OperationTimes {
  std::uint64_t operations = 0;
  double p50 = 0;
  double p99 = 0;
  double p999 = 0;
  double longest = 0;
  double reading = 0;  // what is noted of an operation that does nothing; it is in all others
};

// Of ticks in any order, each so many nanoseconds long. A quantile is the smallest time that at least its share of the
// operations does not exceed.
OperationTimes summed_up(std::vector<std::uint64_t> ticks, double tick_nanoseconds);

// Of each contender that has a kernel for it, in turns of `calls` calls, in random order.
std::vector<std::optional<OperationTimes>> time_operations(Panel& panel, std::size_t calls,
                                                           std::mt19937_64& random);

// Null for those without; empty where all are.
nlohmann::json to_json(const std::vector<std::optional<OperationTimes>>& contenders);

}  // namespace safecost

#endif
