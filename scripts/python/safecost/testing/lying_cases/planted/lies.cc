// Is a claim that does not hold found out? A case for tests of claims, never measured.
#include <cstdint>
#include <numeric>
#include <vector>

#include "kernel/case.h"

namespace lies {

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

SAFECOST_KERNEL raw(const Values& context) {
  const std::int32_t* const values = context.values.data();
  std::int64_t total = 0;
  for (std::size_t i = 0; i < context.bound; ++i) total += values[i];
  return static_cast<std::uint64_t>(total);
}

// Claims to stop always what it stops under assertions alone.
SAFECOST_KERNEL index(const Values& context) {
  std::int64_t total = 0;
  for (std::size_t i = 0; i < context.bound; ++i) total += context.values[i];
  return static_cast<std::uint64_t>(total);
}

// Says nothing and does it.
SAFECOST_KERNEL modest(const Values& context) {
  std::int64_t total = 0;
  for (std::size_t i = 0; i < context.bound; ++i) total += context.values.at(i);
  return static_cast<std::uint64_t>(total);
}

// Keeps what it promises.
SAFECOST_KERNEL at(const Values& context) {
  std::int64_t total = 0;
  for (std::size_t i = 0; i < context.bound; ++i) total += context.values.at(i);
  return static_cast<std::uint64_t>(total);
}

auto the_case = safecost::Case<Input>(generate)
                    .size(64, "L1")
                    .fault({.name = "past_end",
                            .cwe = 125,
                            .description = "the bound is one more than there are values",
                            .contract = "bound <= count"})
                    .raw<raw>("raw", "pointer and bound")
                    .safe<index>("index", "vector::operator[]")
                    .claims("always", "past_end")
                    .safe<modest>("modest", "vector::at, claimed by nobody")
                    .safe<at>("at", "vector::at, which throws")
                    .claims("always", "past_end");

}  // namespace lies

SAFECOST_EXPORT(lies::the_case)
