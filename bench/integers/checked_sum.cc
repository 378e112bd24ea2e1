// What does it cost to know that a sum still fits into its type?
//
// Amounts are added up into a number of the same 32 bits: lengths, counts, cents. The raw loop is the
// one that vectorises best, and it overflows without a word; in C++ that is undefined, in the unsigned
// form of the raw code it wraps. There are two questions. Does the *sum* fit: then additions may be made
// in any order, hence many at a time, and one look at the end will do. Does every *partial sum* fit:
// then each addition has to be looked at, in turn, and nobody vectorises that.
//
// With the first question the sum takes half as long again. Raw code loads four values and adds them
// (`movdqu; paddd`); upper_halves_vector adds their upper halves as well (`psrad xmm4,0x10; paddd`; GCC
// copies by `movdqa` before), which is three operations where one was. No idiom with two was found: of
// signed numbers neither a wider sum nor bounds on both sides take less than two more.
//
// Abseil has no arithmetic that checks (its int128 could widen sums of 64 bits); C23's ckd_add is GCC's
// and Clang's __builtin_add_overflow by another name.
#include <algorithm>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <limits>
#include <numeric>
#include <optional>
#include <span>
#include <stdexcept>
#include <utility>
#include <vector>

#if __has_include(<gsl/narrow>)
#define SAFECOST_GSL 1
#include <gsl/narrow>
#endif
#include "kernel/case.h"

namespace integers::checked_sum {

struct Input {
  const std::int32_t* values;
  std::size_t count;
};

using Limits = std::numeric_limits<std::int32_t>;

// Small amounts of either sign: at the sizes that are timed no partial sum comes near a limit.
Input generate(safecost::Generator& generator) {
  safecost::Random& random = generator.random;
  // What overflows takes two values, or three where it comes back.
  const bool returns = generator.commits("overflow_on_the_way");
  const bool above = generator.commits("overflow");
  const bool below = generator.commits("underflow");
  const bool twice = generator.commits("overflow_twice");
  const std::size_t least = returns ? 3 : above || below || twice ? 2 : 0;
  const auto values = generator.array<std::int32_t>(std::max<std::size_t>(generator.size(), least));
  for (std::int32_t& value : values) value = static_cast<std::int32_t>(random.below(2'000)) - 1'000;

  const auto drawn = [&](std::uint64_t low, std::uint64_t high) {
    return static_cast<std::int32_t>(random.between(low, high));
  };
  // What the first so many values add up to.
  const auto sum_of = [&](std::size_t count) {
    return std::accumulate(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(count), 0);
  };
  if (above || below) {
    const std::size_t first = random.below(values.size());
    const std::size_t second = (first + random.between(1, values.size() - 1)) % values.size();
    values[first] = values[second] = 0;
    const std::int32_t others = sum_of(values.size());
    const std::int32_t beyond = drawn(1, 1'000);
    values[first] = above ? Limits::max() : Limits::min();
    values[second] = above ? std::max(0, -others) + beyond : std::min(0, -others) - beyond;
  }
  // Far beyond: what wraps may be a small number again, and look like a sum.
  if (twice)
    for (std::int32_t& value : values) value = Limits::max() - drawn(0, 1'000);
  if (returns) {
    const std::size_t first = random.below(values.size() - 2);
    const std::size_t second = random.between(first + 1, values.size() - 2);
    const std::size_t third = random.between(second + 1, values.size() - 1);
    values[first] = values[second] = 0;
    values[second] = std::max(0, -sum_of(second)) + drawn(1, 1'000);
    values[first] = Limits::max();
    values[third] = -Limits::max();
  }
  // Fits into 32 bits, not into 16.
  if (generator.commits("narrowed")) {
    std::int32_t& largest = values[random.below(values.size())];
    largest = 0;
    largest = drawn(40'000, 1'000'000'000) - sum_of(values.size());
  }
  return {values.data(), values.size()};
}

struct Values {
  explicit Values(const Input& input) : values(input.values, input.values + input.count) {}

  std::vector<std::int32_t> values;
};

// Every kernel is a template of what its sum is put into at the end: 32 bits, and for `narrowed` 16.
template <class Result>
static inline std::uint64_t widened(Result result) {
  return static_cast<std::uint64_t>(static_cast<std::int64_t>(result));
}

template <class Result>
SAFECOST_KERNEL raw(const Values& context) {
  std::int32_t total = 0;
  for (const std::int32_t value : context.values) total += value;
  return widened(static_cast<Result>(total));
}

// Wraps, and nothing is undefined.
template <class Result>
SAFECOST_KERNEL raw_wrapping(const Values& context) {
  std::uint32_t total = 0;
  for (const std::int32_t value : context.values) total += static_cast<std::uint32_t>(value);
  return widened(static_cast<Result>(static_cast<std::int32_t>(total)));
}

// Eight at a time with the vectors that GCC and Clang have as an extension: what GCC leaves undone at
// -O2, where it vectorises no loop of unknown length.
using Lanes [[gnu::vector_size(16)]] = std::uint32_t;
using SignedLanes [[gnu::vector_size(16)]] = std::int32_t;
constexpr std::size_t lanes = sizeof(Lanes) / sizeof(std::uint32_t);
constexpr std::size_t stride = 2 * lanes;

static inline Lanes load(const std::int32_t* values) {
  Lanes loaded;
  std::memcpy(&loaded, values, sizeof loaded);
  return loaded;
}

template <class Result>
SAFECOST_KERNEL raw_vector(const Values& context) {
  const std::int32_t* next = context.values.data();
  const std::int32_t* const end = next + context.values.size();
  Lanes even = {}, odd = {};
  for (; static_cast<std::size_t>(end - next) >= stride; next += stride) {
    even += load(next);
    odd += load(next + lanes);
  }
  const Lanes all = even + odd;
  std::uint32_t total = all[0] + all[1] + all[2] + all[3];
  for (; next != end; ++next) total += static_cast<std::uint32_t>(*next);
  return widened(static_cast<Result>(static_cast<std::int32_t>(total)));
}

[[noreturn, gnu::cold, gnu::noinline]] void overflow() {
  throw std::overflow_error("the sum does not fit into its type");
}

// One addition, one look, one addition ...
template <class Result>
SAFECOST_KERNEL add_overflow(const Values& context) {
  std::int32_t total = 0;
  for (const std::int32_t value : context.values)
    if (__builtin_add_overflow(total, value, &total)) overflow();
  return widened(static_cast<Result>(total));
}

// The verdicts are collected and looked at once. No jump is left in the loop, and still it goes one by
// one: whether a partial sum overflowed is a question of their order.
template <class Result>
SAFECOST_KERNEL sticky_flag(const Values& context) {
  std::int32_t total = 0;
  bool overflowed = false;
  for (const std::int32_t value : context.values)
    overflowed |= __builtin_add_overflow(total, value, &total);
  if (overflowed) overflow();
  return widened(static_cast<Result>(total));
}

// An addition that gives a sum or nothing.
SAFECOST_HELPER std::optional<std::int32_t> checked_add(std::int32_t left, std::int32_t right) {
  std::int32_t sum;
  if (__builtin_add_overflow(left, right, &sum)) return std::nullopt;
  return sum;
}

template <class Result>
SAFECOST_KERNEL optional(const Values& context) {
  std::int32_t total = 0;
  for (const std::int32_t value : context.values) total = checked_add(total, value).value();
  return widened(static_cast<Result>(total));
}

// A number that knows whether it is one, as Chromium's CheckedNumeric; it is asked where it is used, and
// whatever type it is wanted in.
class Checked {
 public:
  [[gnu::always_inline]] inline Checked& operator+=(std::int32_t value) {
    valid_ = !__builtin_add_overflow(value_, value, &value_) && valid_;
    return *this;
  }
  template <std::integral Result>
  [[gnu::always_inline]] inline Result value_or_throw() const {
    if (!valid_ || !std::in_range<Result>(value_)) overflow();
    return static_cast<Result>(value_);
  }

 private:
  std::int32_t value_ = 0;
  bool valid_ = true;
};

template <class Result>
SAFECOST_KERNEL checked_type(const Values& context) {
  Checked total;
  for (const std::int32_t value : context.values) total += value;
  return widened(total.value_or_throw<Result>());
}

// In 64 bits nothing overflows before there are 2^32 values: one look, at the end. Order no longer
// counts, and the loop vectorises; each value takes twice the room, though, and must be widened first.
template <class Result>
SAFECOST_HELPER Result narrowed(std::int64_t total) {
  if (!std::in_range<Result>(total)) overflow();
  return static_cast<Result>(total);
}

template <class Result>
SAFECOST_KERNEL widen(const Values& context) {
  const std::vector<std::int32_t>& values = context.values;
  return widened(narrowed<Result>(std::accumulate(values.begin(), values.end(), std::int64_t{0})));
}

#if defined(SAFECOST_GSL)
template <class Result>
SAFECOST_KERNEL gsl_narrow(const Values& context) {
  const std::vector<std::int32_t>& values = context.values;
  return widened(
      gsl::narrow<Result>(std::accumulate(values.begin(), values.end(), std::int64_t{0})));
}
#endif

// Widened late: a sum that wraps and, beside it, the sum of the upper halves. The latter says what the
// sum is to within the lower halves, 65,535 each; of 65,536 values these are less than 2^32 together,
// which is what the former knows. Vectors stay full: three operations for four values, where widening
// takes six and the sum that wraps one.
constexpr std::size_t block = 65'536;

// `uppers` is the sum of the upper halves, which are signed; it is added up without a sign, so that a
// build which checks signed additions finds none here.
SAFECOST_HELPER std::int64_t exact(std::uint32_t wrapped, std::uint32_t uppers) {
  const std::uint32_t lowers = wrapped - (uppers << 16);
  return std::int64_t{static_cast<std::int32_t>(uppers)} * 65'536 + lowers;
}

template <class Result>
SAFECOST_KERNEL upper_halves(const Values& context) {
  std::span<const std::int32_t> left = context.values;
  std::int64_t total = 0;
  while (!left.empty()) {
    const std::span<const std::int32_t> values = left.first(std::min(left.size(), block));
    left = left.subspan(values.size());
    std::uint32_t wrapped = 0;
    std::uint32_t uppers = 0;
    for (const std::int32_t value : values) {
      wrapped += static_cast<std::uint32_t>(value);
      uppers += static_cast<std::uint32_t>(value >> 16);
    }
    total += exact(wrapped, uppers);
  }
  return widened(narrowed<Result>(total));
}

SAFECOST_HELPER Lanes upper_halves_of(Lanes values) {
  return reinterpret_cast<Lanes>(reinterpret_cast<SignedLanes>(values) >> 16);
}

// The same in vectors, for raw_vector. A stride is a span of its extent: nothing in it can lie outside.
template <class Result>
SAFECOST_KERNEL upper_halves_vector(const Values& context) {
  std::span<const std::int32_t> left = context.values;
  std::int64_t total = 0;
  while (!left.empty()) {
    std::span<const std::int32_t> values = left.first(std::min(left.size(), block));
    left = left.subspan(values.size());
    Lanes even = {}, odd = {};
    Lanes upper_even = {}, upper_odd = {};
    while (values.size() >= stride) {
      const std::span<const std::int32_t, stride> some = values.first<stride>();
      values = values.subspan(stride);
      const Lanes first = load(some.first<lanes>().data());
      const Lanes second = load(some.last<lanes>().data());
      even += first;
      odd += second;
      upper_even += upper_halves_of(first);
      upper_odd += upper_halves_of(second);
    }
    const Lanes all = even + odd;
    const Lanes upper = upper_even + upper_odd;
    std::uint32_t wrapped = all[0] + all[1] + all[2] + all[3];
    std::uint32_t uppers = upper[0] + upper[1] + upper[2] + upper[3];
    for (const std::int32_t value : values) {
      wrapped += static_cast<std::uint32_t>(value);
      uppers += static_cast<std::uint32_t>(value >> 16);
    }
    total += exact(wrapped, uppers);
  }
  return widened(narrowed<Result>(total));
}

// What the sum is, whether it fits or not.
std::uint64_t exact_sum(const void* input) {
  const Input& given = *static_cast<const Input*>(input);
  return widened(std::accumulate(given.values, given.values + given.count, std::int64_t{0}));
}

using Whole = std::int32_t;
using Half = std::int16_t;

auto the_case =
    safecost::Case<Input>(generate)
        .straight()
        .size(2'048, "L1")
        .size(65'536, "L2", safecost::Tier::full)
        .size(4'194'304, "beyond L3", safecost::Tier::publish)  // 16 MiB
        .fault({.name = "overflow",
                .cwe = 190,
                .description = "two values, anywhere, take the sum past the largest number",
                .contract = "the sum fits into 32 bits",
                .oracles = SAFECOST_ORACLE_SANITIZER | SAFECOST_ORACLE_VALUE,
                .reference = exact_sum})
        .fault({.name = "underflow",
                .cwe = 190,
                .description = "two values, anywhere, take the sum below the least number",
                .contract = "the sum fits into 32 bits",
                .oracles = SAFECOST_ORACLE_SANITIZER | SAFECOST_ORACLE_VALUE,
                .reference = exact_sum})
        .fault({.name = "overflow_twice",
                .cwe = 190,
                .description =
                    "every value is a large one, so that the sum wraps around again and again",
                .contract = "the sum fits into 32 bits",
                .oracles = SAFECOST_ORACLE_SANITIZER | SAFECOST_ORACLE_VALUE,
                .reference = exact_sum})
        .fault({.name = "overflow_on_the_way",
                .cwe = 190,
                .description = "the sum fits, and a partial sum does not",
                .contract = "each partial sum fits into 32 bits",
                .oracles = SAFECOST_ORACLE_SANITIZER,
                .reference = exact_sum})
        .fault({.name = "narrowed",
                .cwe = 197,
                .description = "the sum is put into 16 bits, and has more",
                .contract = "a number is put into a type that holds it",
                .kind = SAFECOST_FAULT_KERNEL,
                .oracles = SAFECOST_ORACLE_VALUE,
                .reference = exact_sum})
        .raw<raw<Whole>>("raw", "additions of signed numbers")
        .ordinary()
        .fault_kernel<raw<Half>>("narrowed")
        .raw<raw_wrapping<Whole>>("raw_wrapping", "additions of unsigned numbers")
        .ordinary()
        .fault_kernel<raw_wrapping<Half>>("narrowed")
        .claims("always", "overflow_on_the_way")
        .raw<raw_vector<Whole>>("raw_vector", "eight additions at a time")
        .bespoke()
        .fault_kernel<raw_vector<Half>>("narrowed")
        .claims("always", "overflow_on_the_way")
        .safe<add_overflow<Whole>>("add_overflow", "__builtin_add_overflow, looked at each time")
        .library()
        .fault_kernel<add_overflow<Half>>("narrowed")
        .claims("always", "overflow", "underflow", "overflow_twice", "overflow_on_the_way")
        .safe<sticky_flag<Whole>>("sticky_flag",
                                  "__builtin_add_overflow, looked at once at the end")
        .ordinary()
        .fault_kernel<sticky_flag<Half>>("narrowed")
        .claims("always", "overflow", "underflow", "overflow_twice", "overflow_on_the_way")
        .safe<optional<Whole>>("optional", "an addition that returns std::optional, value()")
        .ordinary()
        .fault_kernel<optional<Half>>("narrowed")
        .claims("always", "overflow", "underflow", "overflow_twice", "overflow_on_the_way")
        .safe<checked_type<Whole>>("checked_type", "a number that knows whether it is valid")
        .ordinary()
        .fault_kernel<checked_type<Half>>("narrowed")
        .claims("always", "overflow", "underflow", "overflow_twice", "overflow_on_the_way",
                "narrowed")
        .safe<widen<Whole>>("widen", "summed in 64 bits, one look at the end")
        .ordinary()
        .fault_kernel<widen<Half>>("narrowed")
        .claims("always", "overflow", "underflow", "overflow_twice", "overflow_on_the_way",
                "narrowed")
#if defined(SAFECOST_GSL)
        .safe<gsl_narrow<Whole>>("gsl_narrow", "summed in 64 bits, gsl::narrow at the end")
        .library()
        .fault_kernel<gsl_narrow<Half>>("narrowed")
        .claims("always", "overflow", "underflow", "overflow_twice", "overflow_on_the_way",
                "narrowed")
#else
        .gap("gsl_narrow", "summed in 64 bits, gsl::narrow at the end",
             "no Guidelines Support Library")
#endif
        .safe<upper_halves<Whole>>("upper_halves", "a sum that wraps, and that of the upper halves")
        .bespoke()
        .fault_kernel<upper_halves<Half>>("narrowed")
        .claims("always", "overflow", "underflow", "overflow_twice", "overflow_on_the_way",
                "narrowed")
        .safe<upper_halves_vector<Whole>>("upper_halves_vector", "the same, eight values at a time")
        .bespoke()
        .fault_kernel<upper_halves_vector<Half>>("narrowed")
        .claims("always", "overflow", "underflow", "overflow_twice", "overflow_on_the_way",
                "narrowed");

}  // namespace integers::checked_sum

SAFECOST_EXPORT(integers::checked_sum::the_case)
