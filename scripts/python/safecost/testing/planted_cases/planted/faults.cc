// Stops that would be misread: each variant commits one error, or none, in a way that a signal or a value alone gets wrong.
//
// A case for tests of verdicts, never measured. The fault `planted` lies in the program: what a variant does wrong is
// its fault kernel, and test_catch.py says what must be made of it. The fault `past_end` is an input.
#include <algorithm>
#include <climits>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <numeric>
#include <stdexcept>
#include <vector>

#include "kernel/case.h"

// What Microsoft's GSL does when a contract fails, by the name that it has there.
namespace gsl::details {
[[noreturn]] inline void terminate() noexcept { std::terminate(); }
}  // namespace gsl::details

namespace planted {

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
SAFECOST_HELPER std::uint64_t right(const Values& context) {
  return sum(context, context.values.size());
}
SAFECOST_HELPER volatile std::int32_t* behind(Values& context) {
  return context.values.data() + context.values.size();
}

// What libstdc++ says and does when a check of its fails.
[[noreturn, gnu::noinline]] void fail_check() {
  std::fputs("planted.h:7: int planted(): Assertion 'planted' failed.\n", stderr);
  std::abort();
}

SAFECOST_KERNEL raw(Values& context) { return sum(context, context.bound); }
SAFECOST_KERNEL raw_wrong(Values& context) { return sum(context, context.values.size() + 1); }
// A kernel of its own for each variant: the runner refuses two at one address.
template <int number>
SAFECOST_KERNEL good(Values& context) {
  return right(context);
}

// A check as it should be, and three that come too late or by accident.
SAFECOST_KERNEL in_time(Values&) { fail_check(); }
SAFECOST_KERNEL after_write(Values& context) {
  *behind(context) = 1;
  fail_check();
}
SAFECOST_KERNEL after_read(Values& context) {
  if (*behind(context) != 1) fail_check();
  return right(context);
}
SAFECOST_KERNEL by_accident(Values& context) {
  volatile int local = 0;  // a check of something else, which holds where the stack lies elsewhere
  if ((reinterpret_cast<std::uintptr_t>(&local) >> 40) > 0x7e) fail_check();
  return right(context) + static_cast<std::uint64_t>(local);
}
SAFECOST_KERNEL throws(Values&) { throw std::out_of_range("told in time"); }
SAFECOST_KERNEL throws_late(Values& context) {
  *behind(context) = 1;
  throw std::out_of_range("told too late");
}

// Ends that no check brought about.
SAFECOST_KERNEL double_free(Values& context) {
  void* volatile block = std::malloc(24);
  std::free(block);
  std::free(block);
  return right(context);
}
SAFECOST_KERNEL stray_trap(Values&) { __builtin_trap(); }
SAFECOST_KERNEL hangs(Values& context) {
  for (volatile bool on = true; on;) {
  }
  return right(context);
}
[[gnu::noinline]] void throw_unhandled() {
  volatile bool on = true;
  if (on) throw std::runtime_error("nobody handles this");
}
void throws_inside() noexcept { throw_unhandled(); }
SAFECOST_KERNEL terminates(Values& context) {
  throws_inside();
  return right(context);
}
SAFECOST_KERNEL breaks_contract(Values& context) {
  if (context.bound > 0) gsl::details::terminate();
  return right(context);
}
// The same check, from a function that is not the kernel.
[[gnu::noinline]] void expect(bool holds) {
  if (!holds) gsl::details::terminate();
}
SAFECOST_KERNEL breaks_contract_afar(Values& context) {
  expect(context.bound == 0);
  return right(context);
}
SAFECOST_KERNEL leaves(Values& context) {
  if (context.bound > 0) std::exit(0);
  return right(context);
}
SAFECOST_KERNEL null_read(Values& context) {
  const int* volatile nowhere = nullptr;
  return right(context) + static_cast<std::uint64_t>(*nowhere);
}
SAFECOST_KERNEL wild_read(Values& context) {
  const int* volatile nowhere = reinterpret_cast<const int*>(0x4141414141414141);
  return right(context) + static_cast<std::uint64_t>(*nowhere);
}

// Errors that nothing stops.
SAFECOST_KERNEL lucky_value(Values& context) {
  static_cast<void>(*behind(context));  // and the result is right
  return right(context);
}
SAFECOST_KERNEL writes(Values& context) {
  *behind(context) = 7;
  return right(context);
}
SAFECOST_KERNEL leaks(Values& context) {
  void* volatile block = std::malloc(40);
  static_cast<void>(block);
  return right(context);
}
SAFECOST_KERNEL uninitialised(Values& context) {
  std::uint64_t number;
  asm volatile("" : : "r"(&number) : "memory");
  return right(context) + number;
}
SAFECOST_KERNEL wrong_value(Values& context) { return right(context) + 1; }

// Checks of the profile.
SAFECOST_KERNEL smashes(Values& context) {
  char room[16];
  volatile std::size_t end = 64;
  for (std::size_t i = 0; i < end; ++i) const_cast<volatile char*>(room)[i] = 'x';
  return right(context);
}
SAFECOST_KERNEL copies(Values& context) {
  const std::size_t room = context.bound;
  volatile std::size_t length = room + 8;
  char from[64] = {};
  char* to = static_cast<char*>(std::malloc(room));
  if (to == nullptr) return 0;
  std::memcpy(to, from, length);
  asm volatile("" : : "r"(to) : "memory");
  std::free(to);
  return right(context);
}
SAFECOST_KERNEL overflows(Values& context) {
  volatile int most = INT_MAX;
  const int more = most + 1;
  return right(context) + static_cast<std::uint64_t>(more < 0 ? 0 : 1);
}

// Stops though nothing is wrong: no verdict can be had.
template <int number>
SAFECOST_KERNEL always_stops(Values& context) {
  if (!context.values.empty()) fail_check();
  return right(context);
}

std::uint64_t sum_of_all(const void* input) {
  const Input& given = *static_cast<const Input*>(input);
  return static_cast<std::uint64_t>(
      std::accumulate(given.values, given.values + given.count, std::int64_t{0}));
}

auto the_case =
    safecost::Case<Input>(generate)
        .size(64, "L1")
        .fault({.name = "past_end",
                .cwe = 125,
                .description = "the bound is one more than there are values",
                .contract = "bound <= count",
                .reference = sum_of_all})
        .fault({.name = "planted",
                .cwe = 125,
                .description = "whatever the variant does wrong",
                .contract = "none",
                .kind = SAFECOST_FAULT_KERNEL,
                .oracles = SAFECOST_ORACLE_GUARD | SAFECOST_ORACLE_LEDGER | SAFECOST_ORACLE_VALUE,
                .stops = SAFECOST_STOP_ASSERTION | SAFECOST_STOP_TRAP | SAFECOST_STOP_FORTIFY |
                         SAFECOST_STOP_EXCEPTION | SAFECOST_STOP_PANIC,
                .reference = sum_of_all})
        .fault({.name = "only_told",
                .cwe = 125,
                .description = "the same where nothing but an exception counts",
                .contract = "none",
                .kind = SAFECOST_FAULT_KERNEL,
                .stops = SAFECOST_STOP_EXCEPTION,
                .reference = sum_of_all})
        .raw<raw>("raw", "up to the bound")
        .fault_kernel<raw_wrong>("planted")
        .fault_kernel<raw_wrong>("only_told")
        .raw<good<-2>>("dispatch_only", "no competitor: nothing of it is proved")
        .inexpressible("planted", "there is no way to say it")
        .safe<good<-1>>("good", "never asks for the bound")
        .inexpressible("planted", "there is no way to say it")
#define PLANTED(name) .safe<good<__COUNTER__>>(#name, "planted").fault_kernel<name>("planted")
            PLANTED(in_time)
        .fault_kernel<in_time>("only_told")
    // clang-format off
        PLANTED(after_write) PLANTED(after_read) PLANTED(by_accident) PLANTED(throws) PLANTED(throws_late)
        PLANTED(double_free) PLANTED(stray_trap) PLANTED(hangs) PLANTED(terminates) PLANTED(leaves)
        PLANTED(breaks_contract) PLANTED(breaks_contract_afar)
        PLANTED(null_read) PLANTED(wild_read) PLANTED(lucky_value) PLANTED(writes) PLANTED(leaks)
        PLANTED(uninitialised) PLANTED(wrong_value) PLANTED(smashes) PLANTED(copies) PLANTED(overflows)
        // clang-format on
        .safe<always_stops<0>>("always_stops", "stops though nothing is wrong")
        .fault_kernel<always_stops<1>>("planted");

}  // namespace planted

SAFECOST_EXPORT(planted::the_case)
