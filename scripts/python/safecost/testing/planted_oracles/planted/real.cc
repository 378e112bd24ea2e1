// Faults that are real, and one that is not: what the oracles must confirm, and what they must not.
//
// A case for tests, never measured. Only `past_end` is an input; the others are fault kernels.
#include <cstdint>
#include <cstdlib>
#include <numeric>
#include <vector>

#include "kernel/case.h"

namespace planted::real {

struct Input {
  const std::int32_t* values;
  std::size_t count;
  std::size_t bound;
};

Input generate(safecost::Generator& generator) {
  const auto values = generator.array<std::int32_t>(generator.size());
  std::iota(values.begin(), values.end(), static_cast<std::int32_t>(generator.random.below(9)));
  return {values.data(), values.size(), values.size() + (generator.commits("past_end") ? 1 : 0)};
}

struct Values {
  explicit Values(const Input& input)
      : values(input.values, input.values + input.count), bound(input.bound) {}

  std::vector<std::int32_t> values;
  std::size_t bound;
};

SAFECOST_HELPER std::uint64_t sum(const Values& context, std::size_t bound) {
  const std::int32_t* const values = context.values.data();
  std::int64_t total = 0;
  for (std::size_t i = 0; i < bound; ++i) total += values[i];
  return static_cast<std::uint64_t>(total);
}

SAFECOST_KERNEL raw(Values& context) { return sum(context, context.bound); }
// Says that it commits an error, and commits none.
SAFECOST_KERNEL raw_harmless(Values& context) {
  return sum(context, context.values.size()) * (context.bound > 0 ? 1 : 2);
}
// Nobody uses what is read behind the array, so an optimiser leaves the access out.
template <int number>
SAFECOST_KERNEL dead_read(Values& context) {
  std::int32_t room[4] = {1, 2, 3, number};
  const std::int32_t unused = room[context.bound / 2];
  static_cast<void>(unused);
  return sum(context, context.values.size());
}
// An overflow of a number and no error of memory.
SAFECOST_KERNEL overflows(Values& context) {
  std::int32_t number = INT32_MAX;
  number += static_cast<std::int32_t>(context.bound);
  return sum(context, context.values.size()) + (number == 1 ? 1 : 0);
}
SAFECOST_KERNEL uninitialised(Values& context) {
  const auto* const number = static_cast<std::uint64_t*>(std::malloc(sizeof(std::uint64_t)));
  asm volatile("" : : "r"(number) : "memory");
  const std::uint64_t digest = sum(context, context.values.size()) + *number;
  std::free(const_cast<std::uint64_t*>(number));
  return digest;
}
SAFECOST_KERNEL safe(Values& context) { return sum(context, context.values.size()); }

constexpr std::uint32_t all = SAFECOST_ORACLE_GUARD | SAFECOST_ORACLE_SANITIZER |
                              SAFECOST_ORACLE_MEMCHECK | SAFECOST_ORACLE_CANARY;
constexpr safecost::Fault kernel_fault(const char* name, std::uint32_t cwe, std::uint32_t oracles) {
  return {.name = name,
          .cwe = cwe,
          .description = "what its name says",
          .contract = "none",
          .kind = SAFECOST_FAULT_KERNEL,
          .oracles = oracles};
}

auto the_case = safecost::Case<Input>(generate)
                    .size(64, "L1")
                    .fault({.name = "past_end",
                            .cwe = 125,
                            .description = "the bound is one more than there are values",
                            .contract = "bound <= count"})
                    .fault(kernel_fault("harmless", 125, all))
                    .fault(kernel_fault("dead_read", 125, SAFECOST_ORACLE_SANITIZER))
                    .fault(kernel_fault("overflow_only", 125, SAFECOST_ORACLE_SANITIZER))
                    .fault(kernel_fault("uninitialised", 457, SAFECOST_ORACLE_MEMCHECK))
                    .raw<raw>("raw", "up to the bound")
                    .fault_kernel<raw_harmless>("harmless")
                    .fault_kernel<dead_read<4>>("dead_read")
                    .fault_kernel<overflows>("overflow_only")
                    .fault_kernel<uninitialised>("uninitialised")
                    .safe<safe>("safe", "never asks for the bound")
                    .fault_kernel<dead_read<5>>("dead_read");

}  // namespace planted::real

SAFECOST_EXPORT(planted::real::the_case)
