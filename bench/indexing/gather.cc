// What does a check cost where nothing about the index is known before it is loaded?
//
// Elements of a table, added up in the order that a list of indices gives: a join by row number, a
// colour by palette, a weight by word. No compiler can prove such an index, so whatever an idiom
// checks, it checks for each element; but the check always holds, so its jump is well predicted.
//
// That check stays: `cmp rsi,rdx; jae` beside the six instructions of raw's loop (at; with Clang `cmp
// rdx,rsi; jbe` beside the same six). What it costs depends on what raw's loop is: Clang 19 unrolls the one that
// counts (raw_counted) and none that checks, nor one that walks by pointer (raw); GCC 12 unrolls neither at -O2, and a
// hand does it for both (raw_four), also where each element is checked (at_four). No way to spare the check was found:
// to look at all indices first walks them twice (validate_first), and what computes instead of asking (clamp) waits for
// what it computed.
#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <vector>

#include "kernel/case.h"
#include "kernel/dangling.h"

namespace indexing::gather {

struct Input {
  const std::int32_t* table;
  std::size_t table_count;  // a power of two, so that a mask is an honest idiom; at least 1
  const std::int32_t*
      indices;  // signed, as indices from files and networks are; each in [0, table_count)
  std::size_t index_count;
};

// `size` indices into a table of as many elements, rounded up. They are drawn with repetition: some
// elements are asked for twice, a third never. Without an index there is still a table of one.
Input generate(safecost::Generator& generator) {
  const auto table = generator.array<std::int32_t>(std::bit_ceil(generator.size()));
  for (std::int32_t& value : table)
    value = static_cast<std::int32_t>(generator.random.below(2'000)) - 1'000;
  const auto indices = generator.array<std::int32_t>(generator.size());
  for (std::int32_t& index : indices)
    index = static_cast<std::int32_t>(generator.random.below(table.size()));

  // One index, anywhere among the others.
  const auto plant = [&](std::int64_t wrong) {
    indices[generator.random.below(indices.size())] = static_cast<std::int32_t>(wrong);
  };
  const auto end = static_cast<std::int64_t>(table.size());
  const auto distance = [&](std::uint64_t least, std::uint64_t most) {
    return static_cast<std::int64_t>(generator.random.between(least, most));
  };
  if (generator.commits("one_past_end")) plant(end);
  if (generator.commits("far_past_end")) plant(end - 1 + distance(2, 4'096));
  if (generator.commits("before_start")) plant(-distance(1, 4'096));
  if (generator.commits("short_table")) {
    // Half of it is missing or more, and what is left is a power of two as well. Of a table of one, nothing is.
    const auto halvings = static_cast<std::uint64_t>(std::max(std::countr_zero(table.size()), 1));
    const std::size_t left = table.size() >> generator.random.between(1, halvings);
    plant(distance(left, table.size() - 1));
    return {table.data(), left, indices.data(), indices.size()};
  }
  return {table.data(), table.size(), indices.data(), indices.size()};
}

struct Tables {
  explicit Tables(const Input& input)
      : table(input.table, input.table + input.table_count),
        indices(input.indices, input.indices + input.index_count) {}

  std::vector<std::int32_t> table;
  std::vector<std::int32_t> indices;
};

// The walk over the indices is the machine code of range-for.
SAFECOST_KERNEL raw(const Tables& context) {
  const std::int32_t* const table = context.table.data();
  const std::int32_t* const end = context.indices.data() + context.indices.size();
  std::int64_t total = 0;
  for (const std::int32_t* index = context.indices.data(); index != end; ++index)
    total += table[*index];
  return static_cast<std::uint64_t>(total);
}

// The loop that most people write. Clang 19 unrolls this one and not the other.
SAFECOST_KERNEL raw_counted(const Tables& context) {
  const std::int32_t* const table = context.table.data();
  const std::int32_t* const indices = context.indices.data();
  const std::size_t count = context.indices.size();
  std::int64_t total = 0;
  for (std::size_t i = 0; i < count; ++i) total += table[indices[i]];
  return static_cast<std::uint64_t>(total);
}

// The same with four sums, so that a compiler which does not unroll at -O2 executes one jump for four elements.
SAFECOST_KERNEL raw_four(const Tables& context) {
  const std::int32_t* const table = context.table.data();
  const std::int32_t* const indices = context.indices.data();
  const std::size_t count = context.indices.size();
  std::int64_t a = 0, b = 0, c = 0, d = 0;
  std::size_t i = 0;
  for (; count - i >= 4; i += 4) {
    a += table[indices[i]];
    b += table[indices[i + 1]];
    c += table[indices[i + 2]];
    d += table[indices[i + 3]];
  }
  for (; i < count; ++i) a += table[indices[i]];
  return static_cast<std::uint64_t>(a + b + c + d);
}

// What C functions do with an index that they were given: one comparison as unsigned, and an error for an answer.
// GCC 12 turns this loop so that the check is its end, and aligns where it is entered instead of where it begins.
SAFECOST_KERNEL raw_checked(const Tables& context) {
  const std::int32_t* const table = context.table.data();
  const std::size_t table_count = context.table.size();
  const std::int32_t* const indices = context.indices.data();
  const std::size_t count = context.indices.size();
  std::int64_t total = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if ((std::size_t)indices[i] >= table_count) return EINVAL;
    total += table[indices[i]];
  }
  return static_cast<std::uint64_t>(total);
}

// Checked under the library's assertions, not otherwise. A negative index becomes a large one.
SAFECOST_KERNEL index(const Tables& context) {
  const std::vector<std::int32_t>& table = context.table;
  std::int64_t total = 0;
  for (const std::int32_t index : context.indices) total += table[static_cast<std::size_t>(index)];
  return static_cast<std::uint64_t>(total);
}

SAFECOST_KERNEL at(const Tables& context) {
  const std::vector<std::int32_t>& table = context.table;
  std::int64_t total = 0;
  for (const std::int32_t index : context.indices)
    total += table.at(static_cast<std::size_t>(index));
  return static_cast<std::uint64_t>(total);
}

// To raw_four what at is to raw.
SAFECOST_KERNEL at_four(const Tables& context) {
  const std::vector<std::int32_t>& table = context.table;
  const auto value_of = [&](std::int32_t index) {
    return table.at(static_cast<std::size_t>(index));
  };
  std::int64_t a = 0, b = 0, c = 0, d = 0;
  std::span<const std::int32_t> rest = context.indices;
  for (; rest.size() >= 4; rest = rest.subspan(4)) {
    const std::span<const std::int32_t, 4> four = rest.first<4>();
    a += value_of(four[0]);
    b += value_of(four[1]);
    c += value_of(four[2]);
    d += value_of(four[3]);
  }
  for (const std::int32_t index : rest) a += value_of(index);
  return static_cast<std::uint64_t>(a + b + c + d);
}

// What most people write by hand: one comparison as unsigned, which a negative index fails too. It keeps
// the walk within the table, as the next two do, and nobody learns that an element is missing.
SAFECOST_KERNEL branch(const Tables& context) {
  const std::vector<std::int32_t>& table = context.table;
  std::int64_t total = 0;
  for (const std::int32_t index : context.indices) {
    const auto position = static_cast<std::size_t>(index);
    if (position < table.size()) total += table[position];
  }
  return static_cast<std::uint64_t>(total);
}

// No branch, but the address now waits for a comparison.
SAFECOST_KERNEL clamp(const Tables& context) {
  const std::vector<std::int32_t>& table = context.table;
  std::int64_t total = 0;
  for (const std::int32_t index : context.indices) {
    total += table[std::min(static_cast<std::size_t>(index), table.size() - 1)];
  }
  return static_cast<std::uint64_t>(total);
}

// Stays inside only because the table's size is a power of two.
SAFECOST_KERNEL mask(const Tables& context) {
  const std::vector<std::int32_t>& table = context.table;
  std::int64_t total = 0;
  for (const std::int32_t index : context.indices) {
    total += table[static_cast<std::size_t>(index) & (table.size() - 1)];
  }
  return static_cast<std::uint64_t>(total);
}

// One verdict for the whole list before the first access, which leaves a plain gather.
SAFECOST_KERNEL validate_first(const Tables& context) {
  const std::vector<std::int32_t>& table = context.table;
  const auto inside = [&](std::int32_t index) {
    return static_cast<std::size_t>(index) < table.size();
  };
  if (!std::ranges::all_of(context.indices, inside))
    throw std::out_of_range("an index lies outside the table");
  std::int64_t total = 0;
  for (const std::int32_t index : context.indices) total += table[static_cast<std::size_t>(index)];
  return static_cast<std::uint64_t>(total);
}

// For `destroyed_before`: a reference to the table is lent as well as a pointer into it.
template <auto Body>
constexpr auto destroyed = safecost::destroyed<Body, &Tables::table>;

std::uint64_t sum_of_all(const void* input) {
  return raw(Tables(*static_cast<const Input*>(input)));
}

auto the_case =
    safecost::Case<Input>(generate)
        .straight()
        .size(2'048, "L1")                         // 8 KiB of table, 8 KiB of indices
        .size(32'768, "L2", safecost::Tier::full)  // 128 KiB and 128 KiB
        .fault({.name = "one_past_end",
                .cwe = 125,
                .description = "one index is the number of elements",
                .contract = "0 <= index < table_count",
                .reference = safecost::unknowable})
        .fault({.name = "far_past_end",
                .cwe = 125,
                .description = "one index lies 2 to 4,096 elements past the last",
                .contract = "0 <= index < table_count",
                .reference = safecost::unknowable})
        .fault({.name = "before_start",
                .cwe = 127,
                .description =
                    "one index is -1 to -4,096, which as an unsigned number is a very large one",
                .contract = "0 <= index < table_count",
                .reference = safecost::unknowable})
        .fault({.name = "short_table",
                .cwe = 125,
                .description =
                    "the table holds half of the elements that the indices were made for, or fewer",
                .contract = "table and indices belong together",
                .reference = safecost::unknowable})
        .fault({.name = "destroyed_before",
                .cwe = 416,
                .description = "the table is destroyed, then looked into",
                .contract = "the table lives until the walk ends",
                .kind = SAFECOST_FAULT_KERNEL,
                .oracles = SAFECOST_ORACLE_GUARD | SAFECOST_ORACLE_SANITIZER |
                           SAFECOST_ORACLE_MEMCHECK | SAFECOST_ORACLE_VALUE,
                .reference = sum_of_all})
        .raw<raw>("raw", "pointer and signed index")
        .ordinary()
        .fault_kernel<destroyed<raw>>("destroyed_before")
        .raw<raw_counted>("raw_counted", "pointer and signed index, counted")
        .ordinary()
        .fault_kernel<destroyed<raw_counted>>("destroyed_before")
        .raw<raw_four>("raw_four", "the same, four sums")
        .bespoke()
        .algorithm("four_sums")
        .fault_kernel<destroyed<raw_four>>("destroyed_before")
        .raw<raw_checked>("raw_checked", "the same, compared by hand; a wrong index is an error")
        .ordinary()
        .fault_kernel<destroyed<raw_checked>>("destroyed_before")
        .safe<index>("index", "vector::operator[]")
        .library()
        .fault_kernel<destroyed<index>>("destroyed_before")
        .claims("assertions", "one_past_end", "far_past_end", "before_start", "short_table")
        .safe<at>("at", "vector::at, which throws")
        .library()
        .fault_kernel<destroyed<at>>("destroyed_before")
        .claims("always", "one_past_end", "far_past_end", "before_start", "short_table")
        .safe<at_four>("at_four", "vector::at, four sums")
        .bespoke()
        .algorithm("four_sums")
        .fault_kernel<destroyed<at_four>>("destroyed_before")
        .claims("always", "one_past_end", "far_past_end", "before_start", "short_table")
        .safe<branch>("branch", "compared by hand; a wrong index adds nothing")
        .ordinary()
        .fault_kernel<destroyed<branch>>("destroyed_before")
        .safe<clamp>("clamp", "std::min with the last position")
        .ordinary()
        .fault_kernel<destroyed<clamp>>("destroyed_before")
        .safe<mask>("mask", "anded with size() - 1, a power of two less one")
        .ordinary()
        .fault_kernel<destroyed<mask>>("destroyed_before")
        .safe<validate_first>("validate_first", "all indices compared in a pass of their own")
        .ordinary()
        .fault_kernel<destroyed<validate_first>>("destroyed_before")
        .claims("always", "one_past_end", "far_past_end", "before_start", "short_table");

}  // namespace indexing::gather

SAFECOST_EXPORT(indexing::gather::the_case)
