// Does checking an index cost anything where a loop only writes, one element after the other?
//
// An arithmetic sequence written over what the buffer held before: sample times, pixel offsets, row
// numbers. The work for an element is one addition and one store, so that nothing hides a check, and
// a compiler may write several elements at once unless the check forbids it. The bound comes from
// outside, as it does when a length travels beside a pointer; too large a bound overwrites what lies
// behind the buffer. sequential_write.md tells what the compilers make of each idiom.
#include <algorithm>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <vector>

#include "kernel/case.h"
#include "kernel/dangling.h"

namespace indexing::sequential_write {

struct Input {
  const std::uint32_t* stale;  // what the buffer holds before
  std::size_t count;
  std::size_t bound;  // how many to write; equals count unless a fault lies
  std::uint32_t start;
  std::uint32_t step;
};

Input generate(safecost::Generator& generator) {
  const auto stale = generator.array<std::uint32_t>(generator.size());
  for (std::uint32_t& value : stale) value = static_cast<std::uint32_t>(generator.random.next());
  const auto start = static_cast<std::uint32_t>(generator.random.next());
  const auto step = static_cast<std::uint32_t>(generator.random.below(1'000)) + 1;
  // malloc(count) for malloc(count * sizeof *values), or the size of what the elements were once.
  if (generator.commits("short_allocation"))
    return {stale.data(), stale.size() * generator.random.between(1, 3) / sizeof(std::uint32_t),
            stale.size(), start, step};
  const std::size_t too_far = generator.commits("one_past_end") ? 1
                              : generator.commits("far_past_end")
                                  ? generator.random.between(2, 4'096)
                                  : 0;
  return {stale.data(), stale.size(), stale.size() + too_far, start, step};
}

// The kernels return 0: what they did is in memory, and digest() reads all of it. They write the same
// each time, so nothing has to be undone.
struct Output {
  explicit Output(const Input& input)
      : values(input.stale, input.stale + input.count),
        bound(input.bound),
        start(input.start),
        step(input.step) {}

  std::uint64_t digest() const { return digest_of(values); }
  static std::uint64_t digest_of(std::span<const std::uint32_t> values) {
    std::uint64_t digest = 0;
    for (const std::uint32_t value : values) digest = digest * 0x9e3779b97f4a7c15u + value;
    return digest;
  }

  std::vector<std::uint32_t> values;
  std::size_t bound;
  std::uint32_t start;
  std::uint32_t step;
};

SAFECOST_KERNEL raw(Output& context) {
  std::uint32_t* const values = context.values.data();
  const std::size_t bound = context.bound;
  const std::uint32_t step = context.step;
  std::uint32_t value = context.start;
  for (std::size_t i = 0; i < bound; ++i, value += step) values[i] = value;
  return 0;
}

constexpr std::uint32_t block_size = 8;

// What a C programmer writes who knows that GCC at -O2 stores several elements at once only where the
// number of elements is a constant. How many are left is counted: asked of two pointers (end - values), it
// is one instruction more a block, of thirteen.
SAFECOST_KERNEL raw_blocks(Output& context) {
  std::uint32_t* values = context.values.data();
  std::size_t rest = context.bound;
  const std::uint32_t step = context.step;
  std::uint32_t value = context.start;
  for (; rest >= block_size; rest -= block_size, value += block_size * step) {
    for (std::uint32_t i = 0; i < block_size; ++i) values[i] = value + i * step;
    values += block_size;
  }
  for (std::size_t i = 0; i < rest; ++i, value += step) values[i] = value;
  return 0;
}

// Checked under the library's assertions, not otherwise.
SAFECOST_KERNEL index(Output& context) {
  std::vector<std::uint32_t>& values = context.values;
  const std::size_t bound = context.bound;
  const std::uint32_t step = context.step;
  std::uint32_t value = context.start;
  for (std::size_t i = 0; i < bound; ++i, value += step) values[i] = value;
  return 0;
}

SAFECOST_KERNEL at(Output& context) {
  std::vector<std::uint32_t>& values = context.values;
  const std::size_t bound = context.bound;
  const std::uint32_t step = context.step;
  std::uint32_t value = context.start;
  for (std::size_t i = 0; i < bound; ++i, value += step) values.at(i) = value;
  return 0;
}

// One check by hand before the loop. That i < bound <= size() makes the check of each element
// needless, Clang sees and GCC does not.
SAFECOST_KERNEL check_first(Output& context) {
  std::vector<std::uint32_t>& values = context.values;
  const std::size_t bound = context.bound;
  if (bound > values.size()) throw std::out_of_range("the bound lies past the end");
  const std::uint32_t step = context.step;
  std::uint32_t value = context.start;
  for (std::size_t i = 0; i < bound; ++i, value += step) values[i] = value;
  return 0;
}

// The index is compared with the size by the loop already, so every compiler drops the second check. Where
// fewer elements are there than should be, the others are never missed.
SAFECOST_KERNEL index_own_size(Output& context) {
  std::vector<std::uint32_t>& values = context.values;
  const std::uint32_t step = context.step;
  std::uint32_t value = context.start;
  for (std::size_t i = 0; i < values.size(); ++i, value += step) values[i] = value;
  return 0;
}

// One check for the whole loop: cut the span to the bound, then nobody can leave it.
SAFECOST_KERNEL span_first(Output& context) {
  const std::span<std::uint32_t> values = std::span(context.values).first(context.bound);
  const std::uint32_t step = context.step;
  std::uint32_t value = context.start;
  for (std::uint32_t& element : values) {
    element = value;
    value += step;
  }
  return 0;
}

// To raw_blocks what span_first is to raw. The block's extent is part of its type, so that an index
// into it is checked when it is compiled.
SAFECOST_KERNEL span_blocks(Output& context) {
  std::span<std::uint32_t> rest = std::span(context.values).first(context.bound);
  const std::uint32_t step = context.step;
  std::uint32_t value = context.start;
  for (; rest.size() >= block_size; value += block_size * step) {
    const std::span<std::uint32_t, block_size> block = rest.first<block_size>();
    for (std::uint32_t i = 0; i < block_size; ++i) block[i] = value + i * step;
    rest = rest.subspan(block_size);
  }
  for (std::uint32_t& element : rest) {
    element = value;
    value += step;
  }
  return 0;
}

// Nothing to check: the container knows its own ends, and the bound from outside is not asked.
SAFECOST_KERNEL range_for(Output& context) {
  const std::uint32_t step = context.step;
  std::uint32_t value = context.start;
  for (std::uint32_t& element : context.values) {
    element = value;
    value += step;
  }
  return 0;
}

SAFECOST_KERNEL generate_algorithm(Output& context) {
  const std::uint32_t step = context.step;
  std::uint32_t value = context.start;
  std::ranges::generate(context.values, [&] {
    const std::uint32_t now = value;
    value += step;
    return now;
  });
  return 0;
}

// For `before_start`: places are counted from 1, or from where a preamble ends, and the walk begins at 0. Where
// no place is named, the bug cannot be written.
SAFECOST_HELPER std::size_t too_early() { return 1 + safecost::drawn(64); }

SAFECOST_KERNEL raw_before(Output& context) {
  std::uint32_t* const values = context.values.data();
  const std::size_t bound = context.bound;
  const std::uint32_t step = context.step;
  const std::size_t early = too_early();
  std::uint32_t value = context.start;
  for (std::size_t i = 0; i < bound; ++i, value += step) values[i - early] = value;
  return 0;
}

SAFECOST_KERNEL raw_blocks_before(Output& context) {
  std::uint32_t* values = context.values.data() - too_early();
  std::size_t rest = context.bound;
  const std::uint32_t step = context.step;
  std::uint32_t value = context.start;
  for (; rest >= block_size; rest -= block_size, value += block_size * step) {
    for (std::uint32_t i = 0; i < block_size; ++i) values[i] = value + i * step;
    values += block_size;
  }
  for (std::size_t i = 0; i < rest; ++i, value += step) values[i] = value;
  return 0;
}

SAFECOST_KERNEL index_before(Output& context) {
  std::vector<std::uint32_t>& values = context.values;
  const std::size_t bound = context.bound;
  const std::uint32_t step = context.step;
  const std::size_t early = too_early();
  std::uint32_t value = context.start;
  for (std::size_t i = 0; i < bound; ++i, value += step) values[i - early] = value;
  return 0;
}

SAFECOST_KERNEL at_before(Output& context) {
  std::vector<std::uint32_t>& values = context.values;
  const std::size_t bound = context.bound;
  const std::uint32_t step = context.step;
  const std::size_t early = too_early();
  std::uint32_t value = context.start;
  for (std::size_t i = 0; i < bound; ++i, value += step) values.at(i - early) = value;
  return 0;
}

SAFECOST_KERNEL check_first_before(Output& context) {
  std::vector<std::uint32_t>& values = context.values;
  const std::size_t bound = context.bound;
  if (bound > values.size()) throw std::out_of_range("the bound lies past the end");
  const std::uint32_t step = context.step;
  const std::size_t early = too_early();
  std::uint32_t value = context.start;
  for (std::size_t i = 0; i < bound; ++i, value += step) values[i - early] = value;
  return 0;
}

SAFECOST_KERNEL index_own_size_before(Output& context) {
  std::vector<std::uint32_t>& values = context.values;
  const std::uint32_t step = context.step;
  const std::size_t early = too_early();
  std::uint32_t value = context.start;
  for (std::size_t i = 0; i < values.size(); ++i, value += step) values[i - early] = value;
  return 0;
}

// For `destroyed_before`: a reference to the buffer is lent as well as a span of it.
template <auto Body>
constexpr auto destroyed = safecost::destroyed<Body, &Output::values>;

// What an idiom gives that never asks for the bound: all there is, written.
std::uint64_t all_written(const void* input) {
  const Input& given = *static_cast<const Input*>(input);
  std::vector<std::uint32_t> values;
  for (std::uint32_t i = 0; i < given.count; ++i) values.push_back(given.start + i * given.step);
  return Output::digest_of(values);
}

constexpr auto no_place = "no place is named: the walk begins where the elements do";

auto the_case =
    safecost::Case<Input>(generate)
        .straight()
        .size(2'048, "L1")
        .size(65'536, "L2", safecost::Tier::full)
        .size(4'194'304, "beyond L3", safecost::Tier::publish)  // 16 MiB
        .fault({.name = "one_past_end",
                .cwe = 787,
                .description = "the bound is one more than there are elements",
                .contract = "bound <= count",
                .oracles = SAFECOST_ORACLE_GUARD | SAFECOST_ORACLE_SANITIZER |
                           SAFECOST_ORACLE_MEMCHECK | SAFECOST_ORACLE_CANARY,
                .reference = all_written})
        .fault({.name = "far_past_end",
                .cwe = 787,
                .description = "the bound is up to 4,096 more than there are elements",
                .contract = "bound <= count",
                .reference = all_written})
        .fault({.name = "short_allocation",
                .cwe = 131,
                .description = "the buffer was made with 1 to 3 bytes for each element of 4",
                .contract = "the buffer holds as many elements as were asked for",
                .oracles = SAFECOST_ORACLE_GUARD | SAFECOST_ORACLE_SANITIZER |
                           SAFECOST_ORACLE_MEMCHECK | SAFECOST_ORACLE_CANARY,
                .reference = safecost::unknowable})
        .fault({.name = "before_start",
                .cwe = 124,
                .description =
                    "each element is written up to 64 places too early, the first before all",
                .contract = "0 <= index",
                .kind = SAFECOST_FAULT_KERNEL,
                .oracles = SAFECOST_ORACLE_GUARD | SAFECOST_ORACLE_SANITIZER |
                           SAFECOST_ORACLE_MEMCHECK | SAFECOST_ORACLE_CANARY,
                .reference = all_written})
        .fault({.name = "destroyed_before",
                .cwe = 416,
                .description = "the buffer is destroyed, then written",
                .contract = "what is written to lives until the end",
                .kind = SAFECOST_FAULT_KERNEL,
                .oracles = SAFECOST_ORACLE_GUARD | SAFECOST_ORACLE_SANITIZER |
                           SAFECOST_ORACLE_MEMCHECK | SAFECOST_ORACLE_VALUE,
                .reference = all_written})
        .raw<raw>("raw", "pointer and bound")
        .ordinary()
        .fault_kernel<destroyed<raw>>("destroyed_before")
        .fault_kernel<raw_before>("before_start")
        .raw<raw_blocks>("raw_blocks", "pointer and bound, eight elements at a time")
        .bespoke()
        .algorithm("blocks")
        .fault_kernel<destroyed<raw_blocks>>("destroyed_before")
        .fault_kernel<raw_blocks_before>("before_start")
        .safe<index>("index", "vector::operator[]")
        .library()
        .fault_kernel<destroyed<index>>("destroyed_before")
        .fault_kernel<index_before>("before_start")
        .claims("assertions", "one_past_end", "far_past_end", "short_allocation", "before_start")
        .safe<at>("at", "vector::at, which throws")
        .library()
        .fault_kernel<destroyed<at>>("destroyed_before")
        .fault_kernel<at_before>("before_start")
        .claims("always", "one_past_end", "far_past_end", "short_allocation", "before_start")
        .safe<check_first>("check_first", "the bound compared by hand once, then operator[]")
        .ordinary()
        .fault_kernel<destroyed<check_first>>("destroyed_before")
        .fault_kernel<check_first_before>("before_start")
        .claims("always", "one_past_end", "far_past_end", "short_allocation")
        .claims("assertions", "before_start")
        .safe<index_own_size>("index_own_size", "operator[] up to the vector's own size")
        .library()
        .fault_kernel<destroyed<index_own_size>>("destroyed_before")
        .fault_kernel<index_own_size_before>("before_start")
        .claims("always", "one_past_end", "far_past_end")
        .claims("assertions", "before_start")
        .safe<span_first>("span_first", "span cut to the bound once, then range-for")
        .library()
        .fault_kernel<destroyed<span_first>>("destroyed_before")
        .inexpressible("before_start", no_place)
        .claims("assertions", "one_past_end", "far_past_end", "short_allocation")
        .safe<span_blocks>("span_blocks", "span cut to the bound once, then spans of fixed extent")
        .bespoke()
        .algorithm("blocks")
        .fault_kernel<destroyed<span_blocks>>("destroyed_before")
        .inexpressible("before_start", no_place)
        .claims("assertions", "one_past_end", "far_past_end", "short_allocation")
        .safe<range_for>("range_for", "range-for over the container")
        .library()
        .fault_kernel<destroyed<range_for>>("destroyed_before")
        .inexpressible("before_start", no_place)
        .claims("always", "one_past_end", "far_past_end")
        .safe<generate_algorithm>("generate", "std::ranges::generate over the container")
        .library()
        .fault_kernel<destroyed<generate_algorithm>>("destroyed_before")
        .inexpressible("before_start", no_place)
        .claims("always", "one_past_end", "far_past_end");

}  // namespace indexing::sequential_write

SAFECOST_EXPORT(indexing::sequential_write::the_case)
