// Idioms that only look safe: each stops the fault somewhere, and none of them in the code that is timed.
//
// A case for tests of verdicts, never measured. Values are written in order up to a bound that comes from outside.
// test_lies.py says what must be made of each variant; `at`, `clamp` and `own_bound` are what they seem.
#include <algorithm>
#include <cstdint>
#include <numeric>
#include <stdexcept>
#include <vector>

#include <time.h>

#include "kernel/case.h"

namespace lies {

struct Input {
  std::size_t count;
  std::size_t bound;
  std::uint64_t first;
};

Input generate(safecost::Generator& generator) {
  const std::size_t count = generator.size();
  const std::uint64_t first = generator.random.next();
  const std::size_t too_far = generator.commits("one_past_end") ? 1
                              : generator.commits("far_past_end")
                                  ? generator.random.between(2, 4'096)
                                  : 0;
  return {count, count + too_far, first};
}

struct Values {
  explicit Values(const Input& input)
      : first(input.first),
        bound(input.bound),
        values(input.count),
        other(2 * input.count + 8'192) {
    spacious.reserve(input.count + 8'192);
    spacious.resize(input.count);
  }

  std::uint64_t first;
  std::size_t bound;
  std::vector<std::uint64_t> values;
  std::vector<std::uint64_t> other;     // of this program, and nothing that the task is about
  std::vector<std::uint64_t> spacious;  // with room behind its last element
  bool looked = false;

  void reset(const Input&) {
    std::ranges::fill(values, 0);
    std::ranges::fill(spacious, 0);
  }
  std::uint64_t digest() const {
    return std::accumulate(values.begin(), values.end(), std::uint64_t{0}) +
           std::accumulate(spacious.begin(), spacious.end(), std::uint64_t{0});
  }
};

[[noreturn, gnu::noinline]] void refuse() { throw std::out_of_range("the bound is too large"); }

SAFECOST_HELPER std::uint64_t fill(Values& context) {
  std::uint64_t* const values = context.values.data();
  for (std::size_t i = 0; i < context.bound; ++i) values[i] = context.first + i;
  return context.bound;
}

SAFECOST_KERNEL raw(Values& context) { return fill(context); }
// The raw loop word for word, and two declarations that nobody should believe.
SAFECOST_KERNEL trust_me(Values& context) { return fill(context); }

SAFECOST_KERNEL at(Values& context) {
  for (std::size_t i = 0; i < context.bound; ++i) context.values.at(i) = context.first + i;
  return context.bound;
}

// A bound in too narrow a type: a check at 8 elements, none at 2,048.
SAFECOST_KERNEL one_byte(Values& context) {
  std::uint64_t* const values = context.values.data();
  for (std::size_t i = 0; i < context.bound; ++i) {
    if (static_cast<std::uint8_t>(i) > static_cast<std::uint8_t>(context.values.size() - 1))
      refuse();
    values[i] = context.first + i;
  }
  return context.bound;
}

// Looks on the first call of the process.
SAFECOST_KERNEL once_a_process(Values& context) {
  static bool looked = false;
  if (!looked) {
    looked = true;
    if (context.bound > context.values.size()) refuse();
  }
  return fill(context);
}

// Looks on the first call of each context, of which a timed one has thousands.
SAFECOST_KERNEL once_a_context(Values& context) {
  if (!context.looked) {
    context.looked = true;
    if (context.bound > context.values.size()) refuse();
  }
  return fill(context);
}

// Knows by how much the suite's faults used to miss.
SAFECOST_KERNEL knows_the_fault(Values& context) {
  const std::size_t size = context.values.size();
  if (context.bound == size + 1 || context.bound == size + 4'096) refuse();
  return fill(context);
}

// Writes what does not fit into another live block of its own.
SAFECOST_KERNEL into_another(Values& context) {
  const std::size_t size = context.values.size();
  for (std::size_t i = 0; i < context.bound; ++i)
    (i < size ? context.values[i] : context.other[i - size]) = context.first + i;
  return size;
}

// Writes it behind the last element, into capacity.
SAFECOST_KERNEL into_capacity(Values& context) {
  std::uint64_t* const values = context.spacious.data();
  for (std::size_t i = 0; i < context.bound; ++i) values[i] = context.first + i;
  return context.spacious.size();
}

// Stays inside, and the last element is not what it should be.
SAFECOST_KERNEL clamp(Values& context) {
  for (std::size_t i = 0; i < context.bound; ++i)
    context.values[std::min(i, context.values.size() - 1)] = context.first + i;
  return context.bound;
}

// Looks at one call in two, as the clock will have it.
SAFECOST_KERNEL by_chance(Values& context) {
  timespec now = {};
  clock_gettime(CLOCK_MONOTONIC, &now);
  const auto mixed = static_cast<std::uint64_t>(now.tv_nsec) * 0x9e3779b97f4a7c15u;
  if (mixed >> 63 != 0 && context.bound > context.values.size()) refuse();
  return fill(context);
}

// Never asks for the bound.
SAFECOST_KERNEL own_bound(Values& context) {
  for (std::size_t i = 0; i < context.values.size(); ++i) context.values[i] = context.first + i;
  return context.values.size();
}

std::uint64_t all_written(const void* input) {
  const Input& given = *static_cast<const Input*>(input);
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < given.count; ++i) total += given.first + i;
  return total;
}

constexpr const char* trust = "trust me";

auto the_case =
    safecost::Case<Input>(generate)
        .size(2'048, "L1")
        .size(16'384, "L2", safecost::Tier::full)
        .fault({.name = "one_past_end",
                .cwe = 787,
                .description = "the bound is one more than there are elements",
                .contract = "bound <= count",
                .oracles = SAFECOST_ORACLE_GUARD | SAFECOST_ORACLE_CANARY,
                .reference = all_written})
        .fault({.name = "far_past_end",
                .cwe = 787,
                .description = "the bound is up to 4,096 more than there are elements",
                .contract = "bound <= count",
                .oracles = SAFECOST_ORACLE_GUARD | SAFECOST_ORACLE_CANARY,
                .reference = all_written})
        .raw<raw>("raw", "up to the bound")
        .safe<trust_me>("trust_me", "the same, called safe")
        .inexpressible("one_past_end", trust)
        .inexpressible("far_past_end", trust)
        .safe<at>("at", "vector::at")
        .claims("always", "one_past_end", "far_past_end")
        .safe<one_byte>("one_byte", "a check of one byte of the index")
        .safe<once_a_process>("once_a_process", "a check on the first call")
        .safe<once_a_context>("once_a_context", "a check on the first call of a context")
        .safe<knows_the_fault>("knows_the_fault", "a check of two magnitudes")
        .safe<into_another>("into_another", "the rest goes into another block")
        .safe<into_capacity>("into_capacity", "the rest goes into capacity")
        .safe<clamp>("clamp", "the index is cut to the last")
        .safe<by_chance>("by_chance", "a check now and then")
        .claims("sampled", "one_past_end", "far_past_end")
        .safe<own_bound>("own_bound", "up to the container's own size")
        .inexpressible("one_past_end", "the bound is not asked for")
        .inexpressible("far_past_end", "the bound is not asked for");

}  // namespace lies

SAFECOST_EXPORT(lies::the_case)
