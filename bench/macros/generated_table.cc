// What does it cost to look into a table that an enumeration guards, over one that a macro has made?
//
// A log is weighed: each event has a code of one byte and a number, its code has a name, a severity and a cost, and a
// severity has a factor. Most events are of one code, as in most logs, and the others, at a given rate, of any: a table
// costs the same for all, a jump does not. Who adds a code has to add it in four places. C programs keep them alike by hand, or write one
// list of calls of a macro and have it expanded once for each place (an X macro). Neither looks at what comes from
// outside, and both let any number index any table.
//
// C++ has the list in a table that is checked when it is compiled: an array that only its own enumeration indexes and
// that has an entry for each enumerator; a switch of which a compiler tells when it forgets one; or a table that is
// reckoned from others before the program runs, as constexpr_256: all that the loop wants of a code is in one entry, and
// there is one for each byte, so that no byte leads out of it. raw_derived has the same of a macro, but no entry that
// says that there is no such code. Names lie in static memory, and nothing is lent.
//
// What compilers say of a forgotten entry and of an index of another enumeration is in bench/compile-time/macros; what an
// entry costs when it is compiled, in docs/COMPILE_TIME.md.
#include <array>
#include <cstdint>
#include <iterator>
#include <optional>
#include <span>
#include <stdexcept>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "kernel/case.h"

namespace macros::generated_table {

struct Event {
  std::uint8_t code;
  std::uint32_t number;
};

struct Input {
  const Event* events;
  std::size_t count;
};

constexpr std::uint64_t code_count = 24;
constexpr std::uint64_t severity_count = 4;
constexpr std::uint8_t commonest = 13;

Input generate(safecost::Generator& generator) {
  safecost::Random& random = generator.random;
  const auto events = generator.array<Event>(generator.size());
  for (Event& event : events)
    event = {random.unit() < generator.rate() ? static_cast<std::uint8_t>(random.below(code_count))
                                              : commonest,
             static_cast<std::uint32_t>(random.next())};
  // One event, somewhere among the others.
  const auto replace = [&](std::uint64_t code) {
    events[random.below(events.size())].code = static_cast<std::uint8_t>(code);
  };
  if (generator.commits("unknown_code")) replace(random.between(code_count, 255));
  if (generator.commits("forgotten_entry")) replace(code_count - 1);
  if (generator.commits("foreign_enumeration"))
    replace(random.between(severity_count, code_count - 1));
  return {events.data(), events.size()};
}

struct Events {
  explicit Events(const Input& input) : events(input.events, input.events + input.count) {}

  std::vector<Event> events;
};

// What is made of an event; the same for all.
static inline std::uint64_t weighed(std::uint32_t number, std::uint32_t cost, std::uint32_t factor,
                                    char initial) {
  return std::uint64_t{number} * (cost * factor) + static_cast<unsigned char>(initial);
}

// Raw: four tables that are kept alike by hand. Nothing but their order ties them to codes.

namespace by_hand {

enum SeverityNumber { DEBUG, INFO, WARNING, ERROR };

constexpr const char* names[] = {"accepted", "backed_off", "cached",    "denied", "evicted",
                                 "failed",   "granted",    "handed_on", "idle",   "joined",
                                 "kept",     "lost",       "moved",     "noted",  "opened",
                                 "paused",   "queued",     "read",      "sent",   "timed_out",
                                 "unlocked", "validated",  "withdrawn", "yielded"};
// The last code was added to the others, and not here.
constexpr const char* names_but_one[] = {
    "accepted", "backed_off", "cached",   "denied",    "evicted",  "failed",
    "granted",  "handed_on",  "idle",     "joined",    "kept",     "lost",
    "moved",    "noted",      "opened",   "paused",    "queued",   "read",
    "sent",     "timed_out",  "unlocked", "validated", "withdrawn"};
constexpr std::uint8_t severities[] = {
    INFO,  WARNING, DEBUG, ERROR, WARNING, ERROR, INFO,  DEBUG, DEBUG, INFO, DEBUG,   ERROR,
    DEBUG, DEBUG,   INFO,  INFO,  DEBUG,   DEBUG, DEBUG, ERROR, INFO,  INFO, WARNING, DEBUG};
constexpr std::uint32_t costs[] = {3, 7, 1, 9, 5, 12, 2, 4,  1, 6, 2,  15,
                                   8, 1, 3, 2, 4, 1,  1, 11, 5, 7, 10, 2};
constexpr std::uint32_t factors[] = {1, 10, 100, 1'000};

}  // namespace by_hand

// The wrong steps of faults: a table lacks the last code, and a code indexes the table of severities.
enum class Slip { none, forgotten, foreign };

template <Slip slip = Slip::none>
SAFECOST_KERNEL raw(const Events& context) {
  std::uint64_t total = 0;
  for (const Event& event : context.events) {
    const char* const name =
        slip == Slip::forgotten ? by_hand::names_but_one[event.code] : by_hand::names[event.code];
    const std::size_t severity =
        slip == Slip::foreign ? event.code : by_hand::severities[event.code];
    total += weighed(event.number, by_hand::costs[event.code], by_hand::factors[severity], name[0]);
  }
  return total;
}

// One list, and what is made of it.
#define CODES(X)            \
  X(accepted, info, 3)      \
  X(backed_off, warning, 7) \
  X(cached, debug, 1)       \
  X(denied, error, 9)       \
  X(evicted, warning, 5)    \
  X(failed, error, 12)      \
  X(granted, info, 2)       \
  X(handed_on, debug, 4)    \
  X(idle, debug, 1)         \
  X(joined, info, 6)        \
  X(kept, debug, 2)         \
  X(lost, error, 15)        \
  X(moved, debug, 8)        \
  X(noted, debug, 1)        \
  X(opened, info, 3)        \
  X(paused, info, 2)        \
  X(queued, debug, 4)       \
  X(read, debug, 1)         \
  X(sent, debug, 1)         \
  X(timed_out, error, 11)   \
  X(unlocked, info, 5)      \
  X(validated, info, 7)     \
  X(withdrawn, warning, 10) \
  X(yielded, debug, 2)
#define SEVERITIES(X) \
  X(debug, 1)         \
  X(info, 10)         \
  X(warning, 100)     \
  X(error, 1'000)

namespace by_macro {

#define ENUMERATOR(name, ...) severity_##name,
enum SeverityNumber { SEVERITIES(ENUMERATOR) };
#undef ENUMERATOR
#define ENUMERATOR(name, ...) code_##name,
enum CodeNumber { CODES(ENUMERATOR) CODE_COUNT };
#undef ENUMERATOR

#define NAME(name, severity, cost) #name,
constexpr const char* names[] = {CODES(NAME)};
#undef NAME
#define SEVERITY(name, severity, cost) severity_##severity,
constexpr std::uint8_t severities[] = {CODES(SEVERITY)};
#undef SEVERITY
#define COST(name, severity, cost) cost,
constexpr std::uint32_t costs[] = {CODES(COST)};
#undef COST
#define FACTOR(name, factor) factor,
constexpr std::uint32_t factors[] = {SEVERITIES(FACTOR)};
#undef FACTOR

// All that the loop wants of a code, and nothing else, for each byte: what has no code weighs nothing.
struct Derived {
  std::uint32_t weight;
  char initial;
};
#define FACTOR(name, factor) constexpr std::uint32_t factor_##name = factor;
SEVERITIES(FACTOR)
#undef FACTOR
#define DERIVED(name, severity, cost) {cost * factor_##severity, #name[0]},
constexpr Derived derived[256] = {CODES(DERIVED)};
#undef DERIVED

}  // namespace by_macro

template <Slip slip = Slip::none>
SAFECOST_KERNEL raw_x_macro(const Events& context) {
  std::uint64_t total = 0;
  for (const Event& event : context.events) {
    const std::size_t severity =
        slip == Slip::foreign ? event.code : by_macro::severities[event.code];
    total += weighed(event.number, by_macro::costs[event.code], by_macro::factors[severity],
                     by_macro::names[event.code][0]);
  }
  return total;
}

// What is read of foreign bytes is looked at.
template <Slip slip = Slip::none>
SAFECOST_KERNEL raw_checked(const Events& context) {
  std::uint64_t total = 0;
  for (const Event& event : context.events) {
    if (event.code >= by_macro::CODE_COUNT) return 0;
    const std::size_t severity =
        slip == Slip::foreign ? event.code : by_macro::severities[event.code];
    total += weighed(event.number, by_macro::costs[event.code], by_macro::factors[severity],
                     by_macro::names[event.code][0]);
  }
  return total;
}

SAFECOST_KERNEL raw_derived(const Events& context) {
  std::uint64_t total = 0;
  for (const Event& event : context.events) {
    const by_macro::Derived& entry = by_macro::derived[event.code];
    total += weighed(event.number, entry.weight, 1, entry.initial);
  }
  return total;
}

// Safe: enumerations of their own, which are no numbers.

#define ENUMERATOR(name, ...) name,
enum class Severity : std::uint8_t { SEVERITIES(ENUMERATOR) };
enum class Code : std::uint8_t { CODES(ENUMERATOR) };
#undef ENUMERATOR

struct Entry {
  std::string_view name;
  Severity severity;
  std::uint32_t cost;
};

// A table as an array that knows how long it is.
#define ENTRY(name, severity, cost) Entry{#name, Severity::severity, cost},
constexpr auto entries = std::to_array({CODES(ENTRY)});
#undef ENTRY
constexpr auto entries_but_one = [] {
  std::array<Entry, code_count - 1> all_but_one = {};
  for (std::size_t i = 0; i < all_but_one.size(); ++i) all_but_one[i] = entries[i];
  return all_but_one;
}();
#define FACTOR(name, factor) factor,
constexpr auto factors = std::to_array<std::uint32_t>({SEVERITIES(FACTOR)});
#undef FACTOR

template <Slip slip = Slip::none>
SAFECOST_KERNEL array_at(const Events& context) {
  std::uint64_t total = 0;
  for (const Event& event : context.events) {
    const Entry& entry =
        slip == Slip::forgotten ? entries_but_one.at(event.code) : entries.at(event.code);
    const std::size_t severity =
        slip == Slip::foreign ? event.code : std::to_underlying(entry.severity);
    total += weighed(event.number, entry.cost, factors.at(severity), entry.name.front());
  }
  return total;
}

// An array that its own enumeration indexes and nothing else, and that has an entry for each enumerator: one of another
// length is none. What comes from outside becomes an enumerator by one question.
template <class Index, class Element, std::size_t count>
class EnumeratedArray {
 public:
  constexpr explicit EnumeratedArray(const std::array<Element, count>& elements)
      : elements_(elements) {}

  constexpr const Element& operator[](Index index) const {
    return elements_[std::to_underlying(index)];
  }
  static constexpr std::optional<Index> index_of(std::size_t number) {
    if (number >= count) return std::nullopt;
    return static_cast<Index>(number);
  }

 private:
  std::array<Element, count> elements_;
};

constexpr EnumeratedArray<Code, Entry, code_count> entry_of(entries);
constexpr EnumeratedArray<Severity, std::uint32_t, severity_count> factor_of(factors);

SAFECOST_KERNEL enumerated_array(const Events& context) {
  std::uint64_t total = 0;
  for (const Event& event : context.events) {
    const Entry& entry = entry_of[entry_of.index_of(event.code).value()];
    total += weighed(event.number, entry.cost, factor_of[entry.severity], entry.name.front());
  }
  return total;
}

// A switch for each question, of which compilers may make tables. One that forgets an enumerator draws a warning, and
// what stands behind it is reached.
[[noreturn, gnu::cold, gnu::noinline]] void no_such_code() {
  throw std::out_of_range("there is no such code");
}

#define NAME(name, severity, cost) \
  case Code::name:                 \
    return #name;
#define SEVERITY(name, severity, cost) \
  case Code::name:                     \
    return Severity::severity;
#define COST(name, severity, cost) \
  case Code::name:                 \
    return cost;
#define FACTOR(name, factor) \
  case Severity::name:       \
    return factor;

// As a switch that has no case for the last code.
template <Slip slip>
static inline std::string_view name_in_switch(Code code) {
  if (slip == Slip::forgotten && code == Code::yielded) no_such_code();
  switch (code) { CODES(NAME) }
  no_such_code();
}
static inline Severity severity_in_switch(Code code) {
  switch (code) { CODES(SEVERITY) }
  no_such_code();
}
static inline std::uint32_t cost_in_switch(Code code) {
  switch (code) { CODES(COST) }
  no_such_code();
}
static inline std::uint32_t factor_in_switch(Severity severity) {
  switch (severity) { SEVERITIES(FACTOR) }
  no_such_code();
}
#undef NAME
#undef SEVERITY
#undef COST
#undef FACTOR

template <Slip slip = Slip::none>
SAFECOST_KERNEL enum_switch(const Events& context) {
  std::uint64_t total = 0;
  for (const Event& event : context.events) {
    const Code code{event.code};
    total += weighed(event.number, cost_in_switch(code), factor_in_switch(severity_in_switch(code)),
                     name_in_switch<slip>(code).front());
  }
  return total;
}

// Reckoned from the other tables when it is compiled, with an entry for each byte, which knows whether there is such a
// code. They are asked for together, when all is weighed.
struct Derived {
  std::uint32_t weight = 0;
  char initial = 0;
  bool unknown = true;
};

constexpr auto derived = [] {
  std::array<Derived, 256> all;
  for (std::size_t number = 0; number < all.size(); ++number) {
    if (const auto code = entry_of.index_of(number)) {
      const Entry& entry = entry_of[*code];
      all[number] = {entry.cost * factor_of[entry.severity], entry.name.front(), false};
    }
  }
  return all;
}();

SAFECOST_KERNEL constexpr_256(const Events& context) {
  std::uint64_t total = 0;
  bool unknown = false;
  for (const Event& event : context.events) {
    const Derived& entry = derived[event.code];
    unknown |= entry.unknown;
    total += weighed(event.number, entry.weight, 1, entry.initial);
  }
  if (unknown) no_such_code();
  return total;
}

// Filled when the program starts, and asked by a hash.
std::unordered_map<Code, Entry> filled(std::size_t count) {
  std::unordered_map<Code, Entry> map;
  for (std::size_t i = 0; i < count; ++i) map.emplace(static_cast<Code>(i), entries[i]);
  return map;
}
const std::unordered_map<Code, Entry> mapped = filled(code_count);
const std::unordered_map<Code, Entry> mapped_but_one = filled(code_count - 1);

template <Slip slip = Slip::none>
SAFECOST_KERNEL unordered_map(const Events& context) {
  const std::unordered_map<Code, Entry>& map = slip == Slip::forgotten ? mapped_but_one : mapped;
  std::uint64_t total = 0;
  for (const Event& event : context.events) {
    const Entry& entry = map.at(Code{event.code});
    total += weighed(event.number, entry.cost, factor_of[entry.severity], entry.name.front());
  }
  return total;
}

// What an idiom gives that prevents a fault of the program.
std::uint64_t as_meant(const void* input) {
  return enumerated_array(Events(*static_cast<const Input*>(input)));
}

constexpr char one_list[] = "one list makes the enumeration and its tables";
constexpr char counted[] = "an array with fewer entries than enumerators is rejected";
constexpr char typed[] = "an index of another enumeration is rejected";
constexpr char no_factors[] = "the table holds the weight: there is none of factors to index";

auto the_case =
    safecost::Case<Input>(generate)
        .size_and_rate(512, 0.1, "L1")  // 4 KiB of events
        .size_and_rate(512, 0.01, "L1", safecost::Tier::full)
        .size_and_rate(512, 1.0, "L1", safecost::Tier::full)
        .size_and_rate(16'384, 0.1, "L2", safecost::Tier::full)  // 128 KiB
        .fault(
            {.name = "unknown_code",
             .cwe = 129,
             .description = "an event has a code that there is not",
             .contract = "a code is one of those in the tables",
             // Tables are no blocks: no world sees what is read behind them, only what comes of it.
             .oracles = SAFECOST_ORACLE_MEMCHECK | SAFECOST_ORACLE_VALUE,
             .reference = safecost::unknowable})
        .fault({.name = "forgotten_entry",
                .cwe = 131,
                .description = "a code was added, and its name was not, so that the table of names "
                               "is read past its end",
                .contract = "each table has an entry for each code",
                .kind = SAFECOST_FAULT_KERNEL,
                .oracles = SAFECOST_ORACLE_MEMCHECK | SAFECOST_ORACLE_VALUE,
                .reference = as_meant})
        .fault({.name = "foreign_enumeration",
                .cwe = 704,
                .description = "the table of severities' factors is indexed by a code",
                .contract = "a table is indexed by the enumeration that it is of",
                .kind = SAFECOST_FAULT_KERNEL,
                .oracles = SAFECOST_ORACLE_VALUE,
                .reference = as_meant})
        .raw<raw<>>("raw", "four arrays that are kept alike by hand")
        .ordinary()
        .practised()
        .fault_kernel<raw<Slip::forgotten>>("forgotten_entry")
        .fault_kernel<raw<Slip::foreign>>("foreign_enumeration")
        .raw<raw_x_macro<>>("raw_x_macro", "four arrays made of one list by a macro")
        .ordinary()
        .inexpressible("forgotten_entry", one_list)
        .fault_kernel<raw_x_macro<Slip::foreign>>("foreign_enumeration")
        .raw<raw_checked<>>("raw_checked", "the same, each code compared with their number")
        .ordinary()
        .inexpressible("forgotten_entry", one_list)
        .fault_kernel<raw_checked<Slip::foreign>>("foreign_enumeration")
        .raw<raw_derived>("raw_derived", "one array of what is wanted, an entry for each byte")
        .bespoke()
        .algorithm("derived")
        .inexpressible("forgotten_entry", one_list)
        .inexpressible("foreign_enumeration", no_factors)
        .safe<array_at<>>("array_at", "std::array::at")
        .library()
        .fault_kernel<array_at<Slip::forgotten>>("forgotten_entry")
        .fault_kernel<array_at<Slip::foreign>>("foreign_enumeration")
        .claims("always", "unknown_code", "forgotten_entry", "foreign_enumeration")
        .safe<enumerated_array>("enumerated_array",
                                "an array that only its own enumeration indexes")
        .ordinary()
        .trusted_core()
        .inexpressible("forgotten_entry", counted)
        .inexpressible("foreign_enumeration", typed)
        .claims("always", "unknown_code")
        .safe<enum_switch<>>("enum_switch", "a switch over an enum class for each question")
        .ordinary()
        .algorithm("switch")
        .fault_kernel<enum_switch<Slip::forgotten>>("forgotten_entry")
        .inexpressible("foreign_enumeration", typed)
        .claims("always", "unknown_code", "forgotten_entry")
        .safe<constexpr_256>("constexpr_256",
                             "one constexpr array of what is wanted, an entry for each byte")
        .bespoke()
        .algorithm("derived")
        .inexpressible("forgotten_entry", counted)
        .inexpressible("foreign_enumeration", typed)
        .claims("always", "unknown_code")
        .safe<unordered_map<>>("unordered_map", "std::unordered_map::at")
        .library()
        .algorithm("hash")
        .fault_kernel<unordered_map<Slip::forgotten>>("forgotten_entry")
        .inexpressible("foreign_enumeration", typed)
        .claims("always", "unknown_code", "forgotten_entry");

}  // namespace macros::generated_table

SAFECOST_EXPORT(macros::generated_table::the_case)
