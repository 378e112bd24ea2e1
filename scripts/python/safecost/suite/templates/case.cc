// Is the question that this case answers one sentence? Write it here: it heads the case in every report.
//
// Then say in a few lines what is done, and what about it could cost something.
#include <cstdint>
#include <vector>

#include "kernel/case.h"

namespace FAMILY::CASE {

// Plain C data: every variant of every compiler, and the Rust twin, is given these same bytes.
struct Input {
  const std::int32_t* values;
  std::size_t count;
  std::size_t bound;  // trusted by some idioms; equals count unless a fault lies
};

// One input of the pool. Draw everything from generator.random, so that no two inputs are alike:
// an input that never changes is learned by the branch predictor.
Input generate(safecost::Generator& generator) {
  const auto values = generator.array<std::int32_t>(generator.size());
  for (std::int32_t& value : values) value = static_cast<std::int32_t>(generator.random.below(1'000));
  const std::size_t too_far = generator.commits("one_past_end") ? 1 : 0;
  return {values.data(), values.size(), values.size() + too_far};
}

// What the variants work on, made untimed. The same for all, so that only the code differs.
struct Values {
  explicit Values(const Input& input) : values(input.values, input.values + input.count), bound(input.bound) {}

  std::vector<std::int32_t> values;
  std::size_t bound;
};

// What a good C programmer writes: no straw man, and no undefined behaviour on valid input.
SAFECOST_KERNEL raw(const Values& context) {
  const std::int32_t* const values = context.values.data();
  const std::size_t bound = context.bound;
  std::uint64_t digest = 0;
  for (std::size_t i = 0; i < bound; ++i) digest = digest * 31 + static_cast<std::uint64_t>(values[i]);
  return digest;  // of all the work: what is not in it, the compiler may leave out
}

// What a good C++ programmer writes: the same in all but one thing, and named after its idiom.
SAFECOST_KERNEL index(const Values& context) {
  const std::vector<std::int32_t>& values = context.values;
  const std::size_t bound = context.bound;
  std::uint64_t digest = 0;
  for (std::size_t i = 0; i < bound; ++i) digest = digest * 31 + static_cast<std::uint64_t>(values[i]);
  return digest;
}

SAFECOST_KERNEL at(const Values& context) {
  const std::vector<std::int32_t>& values = context.values;
  const std::size_t bound = context.bound;
  std::uint64_t digest = 0;
  for (std::size_t i = 0; i < bound; ++i) digest = digest * 31 + static_cast<std::uint64_t>(values.at(i));
  return digest;
}

auto the_case = safecost::Case<Input>(generate)
                    .size(1'024, "L1")
                    .size(65'536, "L2", safecost::Tier::full)
                    .fault({.name = "one_past_end",
                            .cwe = 125,
                            .description = "the bound is one more than there are values",
                            .contract = "bound <= count"})
                    .raw<raw>("raw", "pointer and bound")
                    .ordinary()
                    .safe<index>("index", "vector::operator[]")
                    .library()
                    .safe<at>("at", "vector::at, which throws")
                    .library();

}  // namespace FAMILY::CASE

SAFECOST_EXPORT(FAMILY::CASE::the_case)
