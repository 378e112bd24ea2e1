// Is a difference of 1, 2 or 5 % found in code that jumps on its data, and is it found at its size?
//
// The base keeps the small values of 100 rows and leaves out the others, which a branch predictor
// guesses wrong half the time; a calibration does so with 101, 102, 105 or 98 rows. All rows hold as many
// small values, in random order, hence each executes the same instructions. How many guesses fail
// differs from row to row: over the inputs of a pool a planted 1 % is exact to about 0.01 %.
//
// A row that is read again is guessed better, so each repeat has a row of its own. For the same reason
// there is no function that base and calibrations share, as in straight.cc: one would be taught by the other on
// the same inputs. A second copy of such a function, used by one contender of six, took 7 to 11 % longer than
// the shared one.
//
// There is no Rust twin: clock, rounds and statistics are those of the runner, whatever language a
// kernel is written in.
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "kernel/case.h"

namespace calibration::branchy {

constexpr std::size_t kBase = 100;
constexpr std::size_t kRows = kBase + 5;   // as many as the longest calibration reads
constexpr std::uint16_t kLarge = 1 << 15;  // values from here on are left out

struct Input {
  const std::uint16_t* values;  // rows one after the other
  std::size_t width;            // values in a row
};

Input generate(safecost::Generator& generator) {
  const std::size_t width = generator.size();
  const auto values = generator.array<std::uint16_t>(kRows * width);
  for (std::size_t begin = 0; begin < values.size(); begin += width) {
    const auto row = values.subspan(begin, width);
    for (std::size_t i = 0; i < width; ++i) {
      row[i] = static_cast<std::uint16_t>(generator.random.below(kLarge) + (i % 2) * kLarge);
    }
    for (std::size_t i = width; i > 1; --i) std::swap(row[i - 1], row[generator.random.below(i)]);
  }
  return {values.data(), width};
}

struct Row {
  const std::uint16_t* values;
  std::size_t width;
  std::uint16_t* kept;
};

struct Rows {
  explicit Rows(const Input& input)
      : values(input.values, input.values + kRows * input.width), kept(input.width) {
    for (std::size_t i = 0; i < kRows; ++i)
      rows.push_back({values.data() + i * input.width, input.width, kept.data()});
  }
  std::vector<std::uint16_t> values;
  std::vector<std::uint16_t> kept;
  std::vector<Row> rows;
};

// Hides a value, so that the compiler knows neither what it is nor what it was needed for.
template <class Value>
SAFECOST_HELPER Value hidden(Value value) {
  asm volatile("" : "+r"(value) : : "memory");
  return value;
}

// The store is there for the jump: a compiler may compute with a condition, but not store.
SAFECOST_HELPER std::uint64_t keep_small(const Row& row) {
  std::uint16_t* kept = row.kept;
  std::uint64_t digest = 0;
  for (const std::uint16_t value : std::span(row.values, row.width)) {
    if (value < kLarge) {
      *kept++ = value;
      digest = digest * 31 + value;
    }
  }
  return digest;
}

// Ends at the same row however many it reads, so that all give the digest of that row.
template <std::size_t Times>
SAFECOST_KERNEL repeated(Rows& context) {
  static_assert(Times <= kRows);
  std::uint64_t last = 0;
  for (std::size_t i = kRows - Times; i < kRows; ++i) {
    last = hidden(keep_small(*hidden(&context.rows[i])));
  }
  return last;
}

auto the_case = safecost::Case<Input>(generate)
                    .size(64, "L1")
                    .raw<repeated<kBase>>("base", "the small values of 100 rows")
                    .calibration<repeated<kBase + 1>>("plus_1", 1.01, "the same of 101 rows")
                    .calibration<repeated<kBase + 2>>("plus_2", 1.02, "the same of 102 rows")
                    .calibration<repeated<kBase + 5>>("plus_5", 1.05, "the same of 105 rows")
                    .calibration<repeated<kBase - 2>>("minus_2", 0.98, "the same of 98 rows");

}  // namespace calibration::branchy

SAFECOST_EXPORT(calibration::branchy::the_case)
