// Raw code that races without any fault: it is not clean on valid input.
#include <cstdint>
#include <numeric>
#include <thread>
#include <vector>

#include "kernel/case.h"

namespace planted::dirty_race {

struct Input {
  const std::int32_t* values;
  std::size_t count;
};

Input generate(safecost::Generator& generator) {
  const auto values = generator.array<std::int32_t>(generator.size());
  std::iota(values.begin(), values.end(), static_cast<std::int32_t>(generator.random.below(9)));
  return {values.data(), values.size()};
}

struct Values {
  explicit Values(const Input& input) : values(input.values, input.values + input.count) {}

  std::vector<std::int32_t> values;
};

// A number that another thread writes, read before that has ended: -1 is none of its values.
template <bool joins>
SAFECOST_HELPER std::uint64_t sum(const Values& context) {
  std::int64_t total = 0;
  std::thread other([&] {
    total = std::accumulate(context.values.begin(), context.values.end(), std::int64_t{0});
  });
  if (joins) other.join();
  const std::int64_t early = total;
  if (!joins) other.join();
  return static_cast<std::uint64_t>(total + (early == -1 ? 1 : 0));
}
SAFECOST_KERNEL raw(Values& context) { return sum<false>(context); }
SAFECOST_KERNEL raw_fault(Values& context) { return sum<false>(context) + 0; }
SAFECOST_KERNEL clean(Values& context) { return sum<true>(context); }

auto the_case = safecost::Case<Input>(generate)
                    .size(64, "L1")
                    .fault({.name = "early",
                            .cwe = 362,
                            .description = "the sum is read while it is written",
                            .contract = "a result is read when it is there",
                            .kind = SAFECOST_FAULT_KERNEL,
                            .oracles = SAFECOST_ORACLE_RACE})
                    .raw<raw>("raw", "reads too early")
                    .fault_kernel<raw_fault>("early")
                    .safe<clean>("clean", "waits first");

}  // namespace planted::dirty_race

SAFECOST_EXPORT(planted::dirty_race::the_case)
