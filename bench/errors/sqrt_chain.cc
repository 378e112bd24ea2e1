// What does it cost to hand an error up three frames, when it seldom or often happens?
//
// The eighth root of each number is taken as the root of the fourth root, which is the root of the
// square root, which a negative number has not. The loop on top wants to know; at the given rate a
// number is negative. What differs is the way in which a root, or the lack of one, passes a frame: in
// memory or in registers, looked at or not. The rates are those of Neumann's "C++ exceptions are
// becoming more and more problematic" (P2544).
//
// Three roots take longer than three hand-overs that stay in registers, and hide them: two registers
// for an optional or a struct, one for a sentinel. Two compilers fail at it, each in its own way.
//  - GCC 12 writes the one-byte flag of optional and variant to the stack and reads eight bytes back
//    (`mov %al,0x28(%rsp)`; `mov 0x28(%rsp),%rax`), to which no store can be forwarded, so each frame
//    waits; no other way of writing the three functions was found to avoid it. A flag as wide as an
//    int, raw_struct's, stays in a register. So does an expected, since its number shares a general
//    register with the error: that is the idiom to take there, or one register that knows its own
//    emptiness (maybe_number), or raw_struct's two behind questions (number_or_error).
//  - Clang 19 makes room for the out-parameter of raw by `push %rax`, a store to the very place that
//    is read after the call; on AMD's Zen no two numbers are then worked on at once. With `sub $8,%rsp` in
//    its stead, put in by hand, raw is as fast as the rest. Safe code beats it by having no memory to
//    read, and so does raw_struct. Where one number of ten is negative, raw_struct is ahead of expected and
//    variant by a twentieth: its root stays in xmm0, and the loop on top chooses (`test eax,eax; movq
//    rax,xmm0; cmovne rax,r12`), where theirs goes through rax in each frame (`movq xmm0,rax`, `movq
//    rax,xmm0`) and the loop jumps (`test dl,dl; jne`). number_or_error is raw_struct's code but for a zero
//    that square_root gives where there is no root, three instructions of 43, and takes its time.
// Exceptions cost a frame nothing, 33 instructions a number against raw's 56 (GCC), until one is thrown:
// then 19,000 to 20,000 instructions for the three frames, with all compilers alike.
//
// What a compiler can say of a result that nobody looks at ([[nodiscard]]) is in bench/compile-time.
#include <bit>
#include <cerrno>
#include <cmath>
#include <expected>
#include <limits>
#include <optional>
#include <span>
#include <stdexcept>
#include <variant>
#include <vector>

#if defined(SAFECOST_ABSEIL_THREAD_LOCAL)
#include "absl/status/statusor.h"
#endif
#include "kernel/case.h"

namespace errors::sqrt_chain {

struct Input {
  const double* values;
  std::size_t count;
};

Input generate(safecost::Generator& generator) {
  const auto values = generator.array<double>(generator.size());
  for (double& value : values) {
    value = 1.0 + 1e6 * generator.random.unit();
    if (generator.random.unit() < generator.rate()) value = -value;
  }
  if (!values.empty()) {
    const auto drawn = [&]() -> double& { return values[generator.random.below(values.size())]; };
    const auto negative = [&] { return -1.0 - 1e6 * generator.random.unit(); };
    // The first of all: before it no root was ever set.
    if (generator.commits("uninitialised")) values.front() = negative();
    if (generator.commits("ignored_error")) drawn() = negative();
    if (generator.commits("inverted_check")) drawn() = negative();
    // Some number that is none: there are as many of them as there are payloads.
    if (generator.commits("sentinel_value"))
      drawn() = std::bit_cast<double>(0x7ff8'0000'0000'0000u | generator.random.below(1u << 31));
  }
  return {values.data(), values.size()};
}

struct Values {
  explicit Values(const Input& input) : values(input.values, input.values + input.count) {}

  std::vector<double> values;
};

// How results enter a digest: whatever lies in one that is none must not pass for a failure.
constexpr std::uint64_t failure = ~std::uint64_t{EDOM};
static inline std::uint64_t add(std::uint64_t digest, std::uint64_t result) {
  return digest * 31 + result;
}
static inline std::uint64_t add(std::uint64_t digest, double root) {
  return add(digest, std::bit_cast<std::uint64_t>(root));
}

// The frames that an error passes are opaque: a compiler that merged them would hand on nothing.

// Raw: 0 or an errno is returned, the root comes back through a pointer.

namespace by_code {

SAFECOST_OPAQUE int square_root(double value, double* root) {
  if (value < 0) return EDOM;
  *root = std::sqrt(value);
  return 0;
}

SAFECOST_OPAQUE int fourth_root(double value, double* root) {
  double inner;
  const int error = square_root(value, &inner);
  if (error != 0) return error;
  *root = std::sqrt(inner);
  return 0;
}

SAFECOST_OPAQUE int eighth_root(double value, double* root) {
  double inner;
  const int error = fourth_root(value, &inner);
  if (error != 0) return error;
  *root = std::sqrt(inner);
  return 0;
}

}  // namespace by_code

SAFECOST_KERNEL raw(const Values& context) {
  std::uint64_t digest = 0;
  for (const double value : context.values) {
    double root;
    const int error = by_code::eighth_root(value, &root);
    digest = error == 0 ? add(digest, root) : add(digest, failure);
  }
  return digest;
}

// Nobody looks at the code: the last number's root is taken for that of a negative one.
SAFECOST_KERNEL raw_ignored(const Values& context) {
  std::uint64_t digest = 0;
  double root = 0;
  for (const double value : context.values) {
    by_code::eighth_root(value, &root);
    digest = add(digest, root);
  }
  return digest;
}

// The same with a root that was never set.
SAFECOST_KERNEL raw_uninitialised(const Values& context) {
  std::uint64_t digest = 0;
  double root;
  for (const double value : context.values) {
    by_code::eighth_root(value, &root);
    digest = add(digest, root);
  }
  return digest;
}

// Somebody takes 0 for false, as it is in every function that returns a bool.
SAFECOST_KERNEL raw_inverted(const Values& context) {
  std::uint64_t digest = 0;
  double root = 0;
  for (const double value : context.values) {
    const bool done = by_code::eighth_root(value, &root);
    digest = done ? add(digest, root) : add(digest, failure);
  }
  return digest;
}

SAFECOST_KERNEL raw_null(const Values& context) {
  std::uint64_t digest = 0;
  for (const double value : context.values) {
    const int error = by_code::eighth_root(value, nullptr);
    digest = error == 0 ? add(digest, std::uint64_t{0}) : add(digest, failure);
  }
  return digest;
}

// Code and root in one struct, which the ABI returns in two registers: no pointer, no memory.

namespace by_struct {

struct Result {
  double root;
  int error;
};

SAFECOST_OPAQUE Result square_root(double value) {
  Result result;
  result.error = EDOM;
  if (value < 0) return result;
  return {std::sqrt(value), 0};
}

SAFECOST_OPAQUE Result fourth_root(double value) {
  const Result inner = square_root(value);
  if (inner.error != 0) return inner;
  return {std::sqrt(inner.root), 0};
}

SAFECOST_OPAQUE Result eighth_root(double value) {
  const Result inner = fourth_root(value);
  if (inner.error != 0) return inner;
  return {std::sqrt(inner.root), 0};
}

}  // namespace by_struct

// The way of the C library's own sqrt: a value that is no number, which passes frames by itself.

namespace by_sentinel {

SAFECOST_OPAQUE double square_root(double value) {
  if (value < 0) return std::numeric_limits<double>::quiet_NaN();
  return std::sqrt(value);
}
SAFECOST_OPAQUE double fourth_root(double value) { return std::sqrt(square_root(value)); }
SAFECOST_OPAQUE double eighth_root(double value) { return std::sqrt(fourth_root(value)); }

}  // namespace by_sentinel

// Safe: results that hold a number or do not, and are asked in each frame.

namespace by_optional {

SAFECOST_OPAQUE std::optional<double> square_root(double value) {
  if (value < 0) return std::nullopt;
  return std::sqrt(value);
}

SAFECOST_OPAQUE std::optional<double> fourth_root(double value) {
  const std::optional<double> inner = square_root(value);
  if (!inner) return std::nullopt;
  return std::sqrt(*inner);
}

SAFECOST_OPAQUE std::optional<double> eighth_root(double value) {
  const std::optional<double> inner = fourth_root(value);
  if (!inner) return std::nullopt;
  return std::sqrt(*inner);
}

}  // namespace by_optional

// The same with transform, which leaves no question to be forgotten between the frames.
#if defined(__cpp_lib_optional) && __cpp_lib_optional >= 202110L
namespace by_transform {

SAFECOST_HELPER double root_of_number(double value) { return std::sqrt(value); }

SAFECOST_OPAQUE std::optional<double> square_root(double value) {
  if (value < 0) return std::nullopt;
  return std::sqrt(value);
}
SAFECOST_OPAQUE std::optional<double> fourth_root(double value) {
  return square_root(value).transform(root_of_number);
}
SAFECOST_OPAQUE std::optional<double> eighth_root(double value) {
  return fourth_root(value).transform(root_of_number);
}

}  // namespace by_transform
#endif

enum class Error : int { negative = EDOM };

namespace by_expected {

using Result = std::expected<double, Error>;

SAFECOST_OPAQUE Result square_root(double value) {
  if (value < 0) return std::unexpected(Error::negative);
  return std::sqrt(value);
}

SAFECOST_OPAQUE Result fourth_root(double value) {
  const Result inner = square_root(value);
  if (!inner) return std::unexpected(inner.error());
  return std::sqrt(*inner);
}

SAFECOST_OPAQUE Result eighth_root(double value) {
  const Result inner = fourth_root(value);
  if (!inner) return std::unexpected(inner.error());
  return std::sqrt(*inner);
}

}  // namespace by_expected

namespace by_variant {

using Result = std::variant<double, Error>;

SAFECOST_OPAQUE Result square_root(double value) {
  if (value < 0) return Error::negative;
  return std::sqrt(value);
}

SAFECOST_OPAQUE Result fourth_root(double value) {
  const Result inner = square_root(value);
  if (const double* const root = std::get_if<double>(&inner)) return std::sqrt(*root);
  return inner;
}

SAFECOST_OPAQUE Result eighth_root(double value) {
  const Result inner = fourth_root(value);
  if (const double* const root = std::get_if<double>(&inner)) return std::sqrt(*root);
  return inner;
}

}  // namespace by_variant

// raw_struct's two members behind questions: they travel as its do, the number in a register of its own kind
// and the error as wide as an int, and whoever does not ask is told.
namespace by_pair {

class Result {
 public:
  explicit Result(double number) : number_(number) {}
  explicit Result(Error error) : error_(static_cast<int>(error)) {}

  bool has_value() const { return error_ == 0; }
  double value() const {
    if (!has_value()) throw std::bad_optional_access();
    return number_;
  }

 private:
  double number_ = 0;
  int error_ = 0;
};

SAFECOST_OPAQUE Result square_root(double value) {
  if (value < 0) return Result(Error::negative);
  return Result(std::sqrt(value));
}

SAFECOST_OPAQUE Result fourth_root(double value) {
  const Result inner = square_root(value);
  if (!inner.has_value()) return inner;
  return Result(std::sqrt(inner.value()));
}

SAFECOST_OPAQUE Result eighth_root(double value) {
  const Result inner = fourth_root(value);
  if (!inner.has_value()) return inner;
  return Result(std::sqrt(inner.value()));
}

}  // namespace by_pair

// A double that knows the one value which is no number, and takes any of these for a failure: raw_sentinel
// with a type that makes people ask. It travels in one register, where an optional takes two, and no frame
// between has to look.
namespace by_maybe {

class MaybeNumber {
 public:
  MaybeNumber() = default;
  explicit MaybeNumber(double number) : number_(number) {}

  bool has_value() const { return !std::isnan(number_); }
  double value() const {
    if (!has_value()) throw std::bad_optional_access();
    return number_;
  }
  // Of nothing it is nothing.
  MaybeNumber root() const { return MaybeNumber(std::sqrt(number_)); }

 private:
  double number_ = std::numeric_limits<double>::quiet_NaN();
};

SAFECOST_OPAQUE MaybeNumber square_root(double value) {
  if (value < 0) return MaybeNumber();
  return MaybeNumber(value).root();
}
SAFECOST_OPAQUE MaybeNumber fourth_root(double value) { return square_root(value).root(); }
SAFECOST_OPAQUE MaybeNumber eighth_root(double value) { return fourth_root(value).root(); }

}  // namespace by_maybe

namespace by_exception {

SAFECOST_OPAQUE double square_root(double value) {
  if (value < 0) throw std::domain_error("a negative number has no square root");
  return std::sqrt(value);
}
SAFECOST_OPAQUE double fourth_root(double value) { return std::sqrt(square_root(value)); }
SAFECOST_OPAQUE double eighth_root(double value) { return std::sqrt(fourth_root(value)); }

}  // namespace by_exception

#if defined(SAFECOST_ABSEIL_THREAD_LOCAL)
namespace by_status {

SAFECOST_OPAQUE absl::StatusOr<double> square_root(double value) {
  if (value < 0) return absl::OutOfRangeError("a negative number has no square root");
  return std::sqrt(value);
}

SAFECOST_OPAQUE absl::StatusOr<double> fourth_root(double value) {
  const absl::StatusOr<double> inner = square_root(value);
  if (!inner.ok()) return inner.status();
  return std::sqrt(*inner);
}

SAFECOST_OPAQUE absl::StatusOr<double> eighth_root(double value) {
  const absl::StatusOr<double> inner = fourth_root(value);
  if (!inner.ok()) return inner.status();
  return std::sqrt(*inner);
}

}  // namespace by_status
#endif

// How each kind of result is asked for its root, and gives it to whoever does not ask.
template <class Result>
static inline bool has_root(const Result& result) {
  return result.has_value();
}
template <class Result>
static inline double root_of(const Result& result) {
  return *result;
}

static inline bool has_root(const by_struct::Result& result) { return result.error == 0; }
static inline double root_of(const by_struct::Result& result) { return result.root; }

static inline bool has_root(double result) { return !std::isnan(result); }
static inline double root_of(double result) { return result; }

static inline bool has_root(const by_variant::Result& result) {
  return std::holds_alternative<double>(result);
}
static inline double root_of(const by_variant::Result& result) { return std::get<double>(result); }

static inline double root_of(const by_maybe::MaybeNumber& result) { return result.value(); }
static inline double root_of(const by_pair::Result& result) { return result.value(); }

#if defined(SAFECOST_ABSEIL_THREAD_LOCAL)
static inline bool has_root(const absl::StatusOr<double>& result) { return result.ok(); }
#endif

template <auto eighth_root>
SAFECOST_KERNEL asked(const Values& context) {
  std::uint64_t digest = 0;
  for (const double value : context.values) {
    const auto result = eighth_root(value);
    digest = has_root(result) ? add(digest, root_of(result)) : add(digest, failure);
  }
  return digest;
}

template <auto eighth_root>
SAFECOST_KERNEL ignored(const Values& context) {
  std::uint64_t digest = 0;
  for (const double value : context.values) digest = add(digest, root_of(eighth_root(value)));
  return digest;
}

template <auto eighth_root>
SAFECOST_KERNEL inverted(const Values& context) {
  std::uint64_t digest = 0;
  for (const double value : context.values) {
    const auto result = eighth_root(value);
    digest = !has_root(result) ? add(digest, root_of(result)) : add(digest, failure);
  }
  return digest;
}

SAFECOST_KERNEL exception(const Values& context) {
  std::uint64_t digest = 0;
  for (const double value : context.values) {
    try {
      digest = add(digest, by_exception::eighth_root(value));
    } catch (const std::domain_error&) {
      digest = add(digest, failure);
    }
  }
  return digest;
}

SAFECOST_KERNEL exception_ignored(const Values& context) {
  std::uint64_t digest = 0;
  for (const double value : context.values) digest = add(digest, by_exception::eighth_root(value));
  return digest;
}

// What an idiom gives that prevents a fault: roots, and failures where there are none.
std::uint64_t roots_and_failures(const void* input) {
  const Input& given = *static_cast<const Input*>(input);
  std::uint64_t digest = 0;
  for (const double value : std::span(given.values, given.count)) {
    digest = value < 0 ? add(digest, failure) : add(digest, std::sqrt(std::sqrt(std::sqrt(value))));
  }
  return digest;
}

constexpr char no_pointer[] = "the root is returned: there is no pointer to be null";
constexpr char no_check[] = "a handler runs after a failure alone, and has no root";

auto the_case =
    safecost::Case<Input>(generate)
        .size_and_rate(512, 0.0, "L1")
        .size_and_rate(512, 0.001, "L1", safecost::Tier::full)
        .size_and_rate(512, 0.01, "L1", safecost::Tier::full)
        .size_and_rate(512, 0.1, "L1")
        .size_and_rate(32'768, 0.01, "L2", safecost::Tier::full)
        .fault({.name = "ignored_error",
                .cwe = 252,
                .description = "nobody looks whether there is a root; the last one is taken again",
                .contract = "a result is used only after success",
                .kind = SAFECOST_FAULT_KERNEL,
                .oracles = SAFECOST_ORACLE_VALUE,
                .reference = roots_and_failures})
        .fault(
            {.name = "uninitialised",
             .cwe = 457,
             .description = "nobody looks whether there is a root; one is used that was never set",
             .contract = "a result is used only after success",
             .kind = SAFECOST_FAULT_KERNEL,
             .oracles = SAFECOST_ORACLE_MEMCHECK | SAFECOST_ORACLE_VALUE,
             .reference = roots_and_failures})
        .fault({.name = "inverted_check",
                .cwe = 253,
                .description = "success is taken for failure, as where one function returns 0 and "
                               "another true",
                .contract = "the result says what it is documented to say",
                .kind = SAFECOST_FAULT_KERNEL,
                .oracles = SAFECOST_ORACLE_VALUE,
                .reference = roots_and_failures})
        .fault({.name = "no_place_for_result",
                .cwe = 476,
                .description = "the pointer to the result is null",
                .contract = "the pointer to the result is not null",
                .kind = SAFECOST_FAULT_KERNEL,
                // No guard page: address 0 belongs to no block.
                .oracles = SAFECOST_ORACLE_SANITIZER | SAFECOST_ORACLE_MEMCHECK})
        .fault({.name = "sentinel_value",
                .cwe = 464,
                .description = "a number is none by itself, as results are that tell of a failure",
                .contract = "any number has a root but a negative one",
                .oracles = SAFECOST_ORACLE_VALUE,
                // An exception that tells of a failure is wrong, since there is none.
                .stops = 0,
                .reference = roots_and_failures})
        .raw<raw>("raw", "errno returned, the root through a pointer")
        .ordinary()
        .practised()
        .fault_kernel<raw_ignored>("ignored_error")
        .fault_kernel<raw_uninitialised>("uninitialised")
        .fault_kernel<raw_inverted>("inverted_check")
        .fault_kernel<raw_null>("no_place_for_result")
        .claims("always", "sentinel_value")
        .raw<asked<by_struct::eighth_root>>("raw_struct",
                                            "errno and root returned in a struct of two registers")
        .ordinary()
        .fault_kernel<ignored<by_struct::eighth_root>>("ignored_error")
        .fault_kernel<ignored<by_struct::eighth_root>>("uninitialised")
        .fault_kernel<inverted<by_struct::eighth_root>>("inverted_check")
        .inexpressible("no_place_for_result", no_pointer)
        .claims("always", "sentinel_value")
        .raw<asked<by_sentinel::eighth_root>>("raw_sentinel",
                                              "a root that is not a number, looked at once, on top")
        .ordinary()
        .algorithm("sentinel")
        .fault_kernel<ignored<by_sentinel::eighth_root>>("ignored_error")
        .fault_kernel<ignored<by_sentinel::eighth_root>>("uninitialised")
        .fault_kernel<inverted<by_sentinel::eighth_root>>("inverted_check")
        .inexpressible("no_place_for_result", no_pointer)
        .safe<asked<by_optional::eighth_root>>("optional", "std::optional, asked in each frame")
        .library()
        .fault_kernel<ignored<by_optional::eighth_root>>("ignored_error")
        .fault_kernel<ignored<by_optional::eighth_root>>("uninitialised")
        .fault_kernel<inverted<by_optional::eighth_root>>("inverted_check")
        .inexpressible("no_place_for_result", no_pointer)
        .claims("always", "sentinel_value")
        .claims("assertions", "ignored_error", "uninitialised", "inverted_check")
#if defined(__cpp_lib_optional) && __cpp_lib_optional >= 202110L
        .safe<asked<by_transform::eighth_root>>("optional_transform", "optional::transform")
        .library()
        .fault_kernel<ignored<by_transform::eighth_root>>("ignored_error")
        .fault_kernel<ignored<by_transform::eighth_root>>("uninitialised")
        .fault_kernel<inverted<by_transform::eighth_root>>("inverted_check")
        .inexpressible("no_place_for_result", no_pointer)
        .claims("always", "sentinel_value")
        .claims("assertions", "ignored_error", "uninitialised", "inverted_check")
#else
        .gap("optional_transform", "optional::transform",
             "this standard library's optional has no transform")
#endif
        .safe<asked<by_expected::eighth_root>>("expected", "std::expected, asked in each frame")
        .library()
        .fault_kernel<ignored<by_expected::eighth_root>>("ignored_error")
        .fault_kernel<ignored<by_expected::eighth_root>>("uninitialised")
        .fault_kernel<inverted<by_expected::eighth_root>>("inverted_check")
        .inexpressible("no_place_for_result", no_pointer)
        .claims("always", "sentinel_value")
        .claims("assertions", "ignored_error", "uninitialised", "inverted_check")
        .safe<asked<by_variant::eighth_root>>("variant", "std::variant and get_if in each frame")
        .library()
        .fault_kernel<ignored<by_variant::eighth_root>>("ignored_error")
        .fault_kernel<ignored<by_variant::eighth_root>>("uninitialised")
        .fault_kernel<inverted<by_variant::eighth_root>>("inverted_check")
        .inexpressible("no_place_for_result", no_pointer)
        .claims("always", "ignored_error", "uninitialised", "inverted_check", "sentinel_value")
        .safe<asked<by_pair::eighth_root>>(
            "number_or_error", "a class around raw_struct's members, whose value() throws")
        .bespoke()
        .fault_kernel<ignored<by_pair::eighth_root>>("ignored_error")
        .fault_kernel<ignored<by_pair::eighth_root>>("uninitialised")
        .fault_kernel<inverted<by_pair::eighth_root>>("inverted_check")
        .inexpressible("no_place_for_result", no_pointer)
        .claims("always", "ignored_error", "uninitialised", "inverted_check", "sentinel_value")
        .safe<asked<by_maybe::eighth_root>>(
            "maybe_number", "a class around raw_sentinel's double, whose value() throws")
        .bespoke()
        .algorithm("sentinel")
        .fault_kernel<ignored<by_maybe::eighth_root>>("ignored_error")
        .fault_kernel<ignored<by_maybe::eighth_root>>("uninitialised")
        .fault_kernel<inverted<by_maybe::eighth_root>>("inverted_check")
        .inexpressible("no_place_for_result", no_pointer)
        .claims("always", "ignored_error", "uninitialised", "inverted_check")
        .safe<exception>("exception", "std::domain_error, caught in the loop")
        .library()
        .fault_kernel<exception_ignored>("ignored_error")
        .fault_kernel<exception_ignored>("uninitialised")
        .inexpressible("inverted_check", no_check)
        .inexpressible("no_place_for_result", no_pointer)
        .claims("always", "ignored_error", "uninitialised", "sentinel_value")
#if defined(SAFECOST_ABSEIL_THREAD_LOCAL)
        .safe<asked<by_status::eighth_root>>("status_or", "absl::StatusOr")
        .library()
        .fault_kernel<ignored<by_status::eighth_root>>("ignored_error")
        .fault_kernel<ignored<by_status::eighth_root>>("uninitialised")
        .fault_kernel<inverted<by_status::eighth_root>>("inverted_check")
        .inexpressible("no_place_for_result", no_pointer)
        .claims("always", "ignored_error", "uninitialised", "inverted_check", "sentinel_value");
#else
        .gap("status_or", "absl::StatusOr", "no Abseil for this toolchain");
#endif

}  // namespace errors::sqrt_chain

SAFECOST_EXPORT(errors::sqrt_chain::the_case)
