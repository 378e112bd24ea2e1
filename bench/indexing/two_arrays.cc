// What does a check cost where one loop walks two arrays, and only one of them can lend it its length?
//
// A step of a simulation in fixed point: each position moves by its velocity, each velocity changes by
// a pull. Both arrays are as long as each other, and only their owner knows: a compiler that has seen
// i below one size must compare it with the other. The arrays may overlap for all that the types
// say, unless code promises that they do not. two_arrays.md tells what the compilers make of it.
#include <algorithm>
#include <array>
#include <cstdint>
#include <ranges>
#include <span>
#include <vector>

#include "kernel/case.h"
#include "kernel/dangling.h"

namespace indexing::two_arrays {

struct Input {
  const std::int32_t* positions;
  std::size_t position_count;
  const std::int32_t* velocities;
  std::size_t velocity_count;  // equals position_count unless a fault lies
  std::size_t bound;           // how many to move; equals both unless a fault lies
  std::int32_t pull;
};

Input generate(safecost::Generator& generator) {
  const std::size_t size = generator.size();
  const auto drawn = [&](std::size_t count, std::uint64_t below) {
    const auto values = generator.array<std::int32_t>(count);
    for (std::int32_t& value : values) {
      value = static_cast<std::int32_t>(generator.random.below(2 * below)) -
              static_cast<std::int32_t>(below);
    }
    return values;
  };
  const std::size_t too_far = generator.commits("one_past_end") ? 1 : 0;
  const auto positions = drawn(size, 1'000'000);
  const auto pull = static_cast<std::int32_t>(generator.random.below(100)) - 50;
  if (generator.commits("no_velocities")) return {positions.data(), size, nullptr, 0, size, pull};
  const auto velocities = drawn(size, 1'000);
  const std::size_t velocity_count =
      generator.commits("second_shorter") ? generator.random.below(size / 2 + 1) : size;
  return {positions.data(), size, velocities.data(), velocity_count, size + too_far, pull};
}

// The kernels return 0: what they did is in memory, and digest() reads all of it.
struct Bodies {
  explicit Bodies(const Input& input)
      : positions(input.positions, input.positions + input.position_count),
        velocities(input.velocities, input.velocities + input.velocity_count),
        bound(input.bound),
        pull(input.pull) {}

  void reset(const Input& input) {
    std::copy(input.positions, input.positions + input.position_count, positions.begin());
    std::copy(input.velocities, input.velocities + input.velocity_count, velocities.begin());
  }
  std::uint64_t digest() const { return digest_of(positions) * 31 + digest_of(velocities); }
  static std::uint64_t digest_of(std::span<const std::int32_t> values) {
    std::uint64_t digest = 0;
    for (const std::int32_t value : values) {
      digest = digest * 0x9e3779b97f4a7c15u + static_cast<std::uint32_t>(value);  // order counts
    }
    return digest;
  }

  std::vector<std::int32_t> positions;
  std::vector<std::int32_t> velocities;
  std::size_t bound;
  std::int32_t pull;
};

SAFECOST_KERNEL raw(Bodies& context) {
  std::int32_t* const positions = context.positions.data();
  std::int32_t* const velocities = context.velocities.data();
  const std::size_t bound = context.bound;
  const std::int32_t pull = context.pull;
  for (std::size_t i = 0; i < bound; ++i) {
    positions[i] += velocities[i];
    velocities[i] += pull;
  }
  return 0;
}

// A function of its own: compilers believe `restrict` of parameters, and hardly of local variables.
static inline void move_restrict(std::int32_t* __restrict positions,
                                 std::int32_t* __restrict velocities, std::size_t bound,
                                 std::int32_t pull) {
  for (std::size_t i = 0; i < bound; ++i) {
    positions[i] += velocities[i];
    velocities[i] += pull;
  }
}

SAFECOST_KERNEL raw_restrict(Bodies& context) {
  move_restrict(context.positions.data(), context.velocities.data(), context.bound, context.pull);
  return 0;
}

constexpr std::size_t block_size = 8;

// GCC at -O2 computes with several elements at once only where the number of elements is a constant
// and nothing has to be compared when the program runs, neither a rest nor an overlap. A block is two loops:
// one loop has four velocities written before the next four positions are read, and takes 1.3 of the time.
static inline void move_restrict_blocks(std::int32_t* __restrict positions,
                                        std::int32_t* __restrict velocities, std::size_t bound,
                                        std::int32_t pull) {
  for (; bound >= block_size; bound -= block_size) {
    for (std::size_t j = 0; j < block_size; ++j) positions[j] += velocities[j];
    for (std::size_t j = 0; j < block_size; ++j) velocities[j] += pull;
    positions += block_size;
    velocities += block_size;
  }
  for (std::size_t i = 0; i < bound; ++i) {
    positions[i] += velocities[i];
    velocities[i] += pull;
  }
}

SAFECOST_KERNEL raw_restrict_blocks(Bodies& context) {
  move_restrict_blocks(context.positions.data(), context.velocities.data(), context.bound,
                       context.pull);
  return 0;
}

// Checked under the library's assertions, not otherwise.
SAFECOST_KERNEL index(Bodies& context) {
  std::vector<std::int32_t>& positions = context.positions;
  std::vector<std::int32_t>& velocities = context.velocities;
  const std::size_t bound = context.bound;
  const std::int32_t pull = context.pull;
  for (std::size_t i = 0; i < bound; ++i) {
    positions[i] += velocities[i];
    velocities[i] += pull;
  }
  return 0;
}

SAFECOST_KERNEL at(Bodies& context) {
  std::vector<std::int32_t>& positions = context.positions;
  std::vector<std::int32_t>& velocities = context.velocities;
  const std::size_t bound = context.bound;
  const std::int32_t pull = context.pull;
  for (std::size_t i = 0; i < bound; ++i) {
    positions.at(i) += velocities.at(i);
    velocities.at(i) += pull;
  }
  return 0;
}

// The highest index first: if it is inside, all are. What a compiler makes of that is its own affair.
SAFECOST_KERNEL touch_last(Bodies& context) {
  std::vector<std::int32_t>& positions = context.positions;
  std::vector<std::int32_t>& velocities = context.velocities;
  const std::size_t bound = context.bound;
  const std::int32_t pull = context.pull;
  if (bound > 0) {
    static_cast<void>(positions.at(bound - 1));
    static_cast<void>(velocities.at(bound - 1));
  }
  for (std::size_t i = 0; i < bound; ++i) {
    positions[i] += velocities[i];
    velocities[i] += pull;
  }
  return 0;
}

// Each step asks both for their size, so that the check of an element is there already. Where one is shorter,
// this and all below stay inside, and nobody learns that some positions did not move.
SAFECOST_KERNEL both_sizes(Bodies& context) {
  std::vector<std::int32_t>& positions = context.positions;
  std::vector<std::int32_t>& velocities = context.velocities;
  const std::int32_t pull = context.pull;
  for (std::size_t i = 0; i < positions.size() && i < velocities.size(); ++i) {
    positions[i] += velocities[i];
    velocities[i] += pull;
  }
  return 0;
}

// Trimmed to the common length once: then one number is the bound of the loop and both sizes, and
// every compiler sees that i is below it.
SAFECOST_KERNEL trim(Bodies& context) {
  const std::size_t common =
      std::min({context.bound, context.positions.size(), context.velocities.size()});
  const std::span<std::int32_t> positions = std::span(context.positions).first(common);
  const std::span<std::int32_t> velocities = std::span(context.velocities).first(common);
  const std::int32_t pull = context.pull;
  for (std::size_t i = 0; i < common; ++i) {
    positions[i] += velocities[i];
    velocities[i] += pull;
  }
  return 0;
}

// To raw_restrict_blocks what trim is to raw. A span cannot promise that it overlaps no other; the copy
// of eight velocities makes the promise needless. It is listed: GCC keeps eight that are named in two
// registers, writes those of an algorithm to the stack as well, and loads those of a loop twice.
SAFECOST_KERNEL trim_blocks(Bodies& context) {
  const std::size_t common =
      std::min({context.bound, context.positions.size(), context.velocities.size()});
  std::span<std::int32_t> positions = std::span(context.positions).first(common);
  std::span<std::int32_t> velocities = std::span(context.velocities).first(common);
  const std::int32_t pull = context.pull;
  while (positions.size() >= block_size && velocities.size() >= block_size) {
    const std::span<std::int32_t, block_size> moved = positions.first<block_size>();
    const std::span<std::int32_t, block_size> pulled = velocities.first<block_size>();
    const std::array before = {pulled[0], pulled[1], pulled[2], pulled[3],
                               pulled[4], pulled[5], pulled[6], pulled[7]};
    for (std::size_t j = 0; j < block_size; ++j) pulled[j] = before[j] + pull;
    for (std::size_t j = 0; j < block_size; ++j) moved[j] += before[j];
    positions = positions.subspan(block_size);
    velocities = velocities.subspan(block_size);
  }
  for (std::size_t i = 0; i < positions.size() && i < velocities.size(); ++i) {
    positions[i] += velocities[i];
    velocities[i] += pull;
  }
  return 0;
}

// A zip by hand: each container's own ends, and no index.
SAFECOST_KERNEL two_iterators(Bodies& context) {
  auto position = context.positions.begin();
  auto velocity = context.velocities.begin();
  const std::int32_t pull = context.pull;
  for (; position != context.positions.end() && velocity != context.velocities.end();
       ++position, ++velocity) {
    *position += *velocity;
    *velocity += pull;
  }
  return 0;
}

#ifdef __cpp_lib_ranges_zip
SAFECOST_KERNEL zip(Bodies& context) {
  const std::int32_t pull = context.pull;
  for (auto [position, velocity] : std::views::zip(context.positions, context.velocities)) {
    position += velocity;
    velocity += pull;
  }
  return 0;
}
#endif

// For `destroyed_before`: a reference to the velocities is lent as well as a span of them.
template <auto Body>
constexpr auto destroyed = safecost::destroyed<Body, &Bodies::velocities>;

// What an idiom gives that never asks for the bound.
std::uint64_t all_moved(const void* input) {
  Bodies bodies(*static_cast<const Input*>(input));
  two_iterators(bodies);
  return bodies.digest();
}

auto the_case =
    safecost::Case<Input>(generate)
        .straight()
        .size(2'048, "L1")                                      // 8 KiB each
        .size(32'768, "L2", safecost::Tier::full)               // 128 KiB each
        .size(2'097'152, "beyond L3", safecost::Tier::publish)  // 8 MiB each
        .fault({.name = "one_past_end",
                .cwe = 787,
                .description = "the bound is one more than there are elements in either array",
                .contract = "bound <= position_count and bound <= velocity_count",
                .reference = all_moved})
        .fault({.name = "second_shorter",
                .cwe = 787,
                .description = "there are half as many velocities as positions, or fewer",
                .contract = "both arrays have the same length",
                .oracles = SAFECOST_ORACLE_GUARD | SAFECOST_ORACLE_SANITIZER |
                           SAFECOST_ORACLE_MEMCHECK | SAFECOST_ORACLE_CANARY,
                .reference = safecost::unknowable})
        .fault({.name = "no_velocities",
                .cwe = 476,
                .description = "there are positions and no velocities, whose pointer is null",
                .contract = "velocities is not null where bound is above 0",
                // No guard page: address 0 belongs to no block.
                .oracles = SAFECOST_ORACLE_SANITIZER | SAFECOST_ORACLE_MEMCHECK,
                .reference = safecost::unknowable})
        .fault({.name = "destroyed_before",
                .cwe = 416,
                .description = "the velocities are destroyed, then added",
                .contract = "what is walked lives until the walk ends",
                .kind = SAFECOST_FAULT_KERNEL,
                .oracles = SAFECOST_ORACLE_GUARD | SAFECOST_ORACLE_SANITIZER |
                           SAFECOST_ORACLE_MEMCHECK | SAFECOST_ORACLE_VALUE,
                .reference = all_moved})
        .raw<raw>("raw", "pointers and bound")
        .ordinary()
        .fault_kernel<destroyed<raw>>("destroyed_before")
        .raw<raw_restrict>("raw_restrict", "the same, promised not to overlap")
        .ordinary()
        .fault_kernel<destroyed<raw_restrict>>("destroyed_before")
        .raw<raw_restrict_blocks>("raw_restrict_blocks", "the same, eight elements at a time")
        .bespoke()
        .algorithm("blocks")
        .fault_kernel<destroyed<raw_restrict_blocks>>("destroyed_before")
        .safe<index>("index", "vector::operator[] on both")
        .library()
        .fault_kernel<destroyed<index>>("destroyed_before")
        .claims("assertions", "one_past_end", "second_shorter", "no_velocities")
        .safe<at>("at", "vector::at on both, which throws")
        .library()
        .fault_kernel<destroyed<at>>("destroyed_before")
        .claims("always", "one_past_end", "second_shorter", "no_velocities")
        .safe<touch_last>("touch_last", "at(bound - 1) on both, then operator[]")
        .bespoke()
        .fault_kernel<destroyed<touch_last>>("destroyed_before")
        .claims("always", "one_past_end", "second_shorter", "no_velocities")
        .safe<both_sizes>("both_sizes", "operator[] while the index is below both sizes")
        .ordinary()
        .fault_kernel<destroyed<both_sizes>>("destroyed_before")
        .claims("always", "one_past_end")
        .safe<trim>("trim", "spans of both cut to the common length, then operator[]")
        .ordinary()
        .fault_kernel<destroyed<trim>>("destroyed_before")
        .claims("always", "one_past_end")
        .safe<trim_blocks>("trim_blocks", "the same, then spans of fixed extent")
        .bespoke()
        .algorithm("blocks")
        .fault_kernel<destroyed<trim_blocks>>("destroyed_before")
        .claims("always", "one_past_end")
        .safe<two_iterators>("two_iterators", "an iterator each, until one is at its end")
        .library()
        .fault_kernel<destroyed<two_iterators>>("destroyed_before")
        .claims("always", "one_past_end")
#ifdef __cpp_lib_ranges_zip
        .safe<zip>("zip", "range-for over views::zip")
        .library()
        .fault_kernel<destroyed<zip>>("destroyed_before")
        .claims("always", "one_past_end");
#else
        .gap("zip", "range-for over views::zip", "the standard library has no views::zip");
#endif

}  // namespace indexing::two_arrays

SAFECOST_EXPORT(indexing::two_arrays::the_case)
