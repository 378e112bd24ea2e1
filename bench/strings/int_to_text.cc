// What does it cost to write numbers as text where nobody can be wrong about room or type?
//
// Whole numbers of 1 to 18 digits, half of them negative, are written one after the other with a space
// behind each. In C the format names the type, the caller knows how much room there is, and a zero byte
// tells where the text ends; each of the three can be wrong. The safe idioms know the type from the
// argument, are given the room or make it, and the text has a length.
//
// The raw code splits a number into groups of eight digits and takes two digits at a time from a table,
// as the fastest C code of the field does, each group from the front: no division of 64 bits but those by
// 10^8, no second pass. In instructions a number (GCC 12 and libstdc++, if not said otherwise):
//  - raw takes 65, and room_for_many as many: where each number has the room that any needs, the digits
//    themselves are safe without a look, and one question is enough for as many numbers as surely fit, which
//    is half of those that are left each time. It is the idiom that costs nothing (with Clang 60 for 59, and
//    1 to 2 % where all lies in L1). room_for_any asks before each number (74): what is left of the room is
//    reckoned anew and compared (`mov rax,rcx; sub rax,rdi; sub rbp,rax`, `cmp rbp,0x14; jbe`), 2 to 3 %.
//    (With the remaining room chosen for each number by a conditional move it was 4 to 9 % slower than as
//    two loops.)
//  - to_chars takes 165, since libstdc++ divides 64 bits by 100 for each pair; libc++'s, which has raw's
//    groups, 74, and asks for the width of each number first.
//  - What is written aside and appended to a string pays for a copy of unknown length: 147 with
//    fmt::format_int, 206 with to_chars, 250 with StrAppend, 271 with to_string.
//  - Formats that are read at run time take 391 (fmt) and 532 (libc++'s std::format), and 885 in snprintf,
//    which is what C programs use.
#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>
#include <version>

#if defined(__cpp_lib_format)
#include <format>
#endif
#if __has_include(<fmt/compile.h>)
#define INT_TO_TEXT_FMT
#define FMT_HEADER_ONLY  // nothing to link: the distribution's archive was compiled with libstdc++
#include <fmt/compile.h>
#include <fmt/format.h>
#endif
#if defined(SAFECOST_ABSEIL)
#include "absl/strings/str_cat.h"
#endif
#include "kernel/case.h"
#include "kernel/dangling.h"

namespace strings::int_to_text {

struct Input {
  const std::int64_t* values;
  std::size_t count;
  std::size_t room;    // for the text and a terminator, unless a fault lies
  const char* format;  // for the C library, as from a catalogue of messages
};

constexpr std::size_t longest = 20;  // "-9223372036854775808"

Input generate(safecost::Generator& generator) {
  const auto values = generator.array<std::int64_t>(generator.size());
  for (std::int64_t& value : values) {
    std::uint64_t bound = 1;
    for (std::uint64_t digits = 1 + generator.random.below(18); digits > 0; --digits) bound *= 10;
    value = static_cast<std::int64_t>(generator.random.below(bound));
    if (generator.random.below(2) == 0) value = -value;
  }
  // One that needs more than 32 bits there is in nearly every text of some numbers.
  const auto narrow = [](std::int64_t value) { return std::in_range<std::int32_t>(value); };
  if (generator.commits("wrong_format") && std::ranges::all_of(values, narrow))
    values[generator.random.below(values.size())] =
        static_cast<std::int64_t>(generator.random.between(1'000'000'000'000, 999'999'999'999'999));

  std::size_t length = 0;
  for (const std::int64_t value : values) length += std::to_string(value).size() + 1;
  const char* const format = generator.commits("wrong_format")     ? "%d "
                             : generator.commits("foreign_format") ? "%s "
                                                                   : "%lld ";
  const std::size_t missing =
      generator.commits("short_buffer") ? 1 + generator.random.between(1, (length + 1) / 2) : 0;
  return {values.data(), values.size(), length + 1 - missing, generator.text(format)};
}

// How a text enters a digest.
std::uint64_t digest_of(std::string_view text) {
  std::uint64_t digest = 0;
  for (const char character : text) digest = digest * 31 + static_cast<unsigned char>(character);
  return digest;
}

struct Numbers {
  explicit Numbers(const Input& input) : values(input.values, input.values + input.count) {}

  std::vector<std::int64_t> values;
};

// What C code is given: room without a size, and whoever reads it looks for the terminator.
struct Terminated : Numbers {
  explicit Terminated(const Input& input)
      : Numbers(input), text(input.room, '#'), format(input.format) {}

  std::uint64_t digest() const { return digest_of(text.data()); }

  std::vector<char> text;
  const char* format;
};

// The same room with its size; the text has a length.
struct Counted : Numbers {
  explicit Counted(const Input& input) : Numbers(input), text(input.room, '#') {}

  std::uint64_t digest() const { return digest_of({text.data(), length}); }

  std::vector<char> text;
  std::size_t length = 0;
};

// A string, which makes room when it must; it has had time to make it.
struct Grown : Numbers {
  explicit Grown(const Input& input) : Numbers(input) { text.reserve(input.count * (longest + 1)); }

  std::uint64_t digest() const { return digest_of(text); }

  std::string text;
};

constexpr auto pairs = [] {
  std::array<char, 200> table = {};
  for (std::size_t i = 0; i < 100; ++i) {
    table[2 * i] = static_cast<char>('0' + i / 10);
    table[2 * i + 1] = static_cast<char>('0' + i % 10);
  }
  return table;
}();

// Raw: each function writes at a place that it is given, and returns where it stopped. All become a part of the loop, as in C
// that is written for speed: left alone, compilers decide by how many variants there are, and call each group, for
// 5 (GCC) and 15 % (Clang) more instructions.

SAFECOST_HELPER char* write_one(char* text, std::uint32_t digit) {
  *text = static_cast<char>('0' + digit);
  return text + 1;
}

SAFECOST_HELPER char* write_pair(char* text, std::uint32_t pair) {
  std::memcpy(text, pairs.data() + 2 * pair, 2);
  return text + 2;
}

SAFECOST_HELPER char* write_four(char* text, std::uint32_t value) {
  return write_pair(write_pair(text, value / 100), value % 100);
}

SAFECOST_HELPER char* write_eight(char* text, std::uint32_t value) {
  return write_four(write_four(text, value / 10'000), value % 10'000);
}

// One or two digits.
SAFECOST_HELPER char* write_front(char* text, std::uint32_t value) {
  return value < 10 ? write_one(text, value) : write_pair(text, value);
}

// Up to eight digits, no zeros in front.
SAFECOST_HELPER char* write_group(char* text, std::uint32_t value) {
  if (value < 100) return write_front(text, value);
  if (value < 10'000) return write_pair(write_front(text, value / 100), value % 100);
  if (value < 1'000'000) return write_four(write_front(text, value / 10'000), value % 10'000);
  text = write_front(text, value / 1'000'000);
  value %= 1'000'000;
  return write_four(write_pair(text, value / 10'000), value % 10'000);
}

SAFECOST_HELPER char* write_number(char* text, std::int64_t number) {
  constexpr std::uint64_t group = 100'000'000;
  auto value = static_cast<std::uint64_t>(number);
  if (number < 0) {
    *text++ = '-';
    value = -value;
  }
  if (value < group) return write_group(text, static_cast<std::uint32_t>(value));
  const auto last = static_cast<std::uint32_t>(value % group);
  value /= group;
  if (value < group) {
    text = write_group(text, static_cast<std::uint32_t>(value));
  } else {
    text = write_group(text, static_cast<std::uint32_t>(value / group));
    text = write_eight(text, static_cast<std::uint32_t>(value % group));
  }
  return write_eight(text, last);
}

// The wrong step of `unterminated`: the zero byte is forgotten, or cut off.
enum class Slip { none, unterminated };

template <Slip slip = Slip::none>
SAFECOST_KERNEL raw(Terminated& context) {
  char* text = context.text.data();
  for (const std::int64_t value : context.values) {
    text = write_number(text, value);
    *text++ = ' ';
  }
  if (slip != Slip::unterminated) *text = '\0';
  return static_cast<std::uint64_t>(text - context.text.data());
}

// What the format says and what is given must agree; a compiler compares them where it sees both.
#pragma GCC diagnostic ignored "-Wformat-nonliteral"

template <Slip slip = Slip::none>
SAFECOST_KERNEL raw_snprintf(Terminated& context) {
  char* const text = context.text.data();
  std::size_t length = 0;
  for (const std::int64_t value : context.values) {
    length +=
        static_cast<std::size_t>(std::snprintf(text + length, context.text.size() - length,
                                               context.format, static_cast<long long>(value)));
  }
  // Of no numbers, too. The last byte is a space in every text: who cuts it off cuts the terminator off with it.
  text[length] = slip == Slip::unterminated ? ' ' : '\0';
  return length;
}

// Safe: room that ends somewhere, and whoever writes is told.

[[noreturn, gnu::cold, gnu::noinline]] void no_room() {
  throw std::length_error("the text is longer than its room");
}

SAFECOST_KERNEL to_chars(Counted& context) {
  const std::span<char> text = context.text;
  char* next = text.data();
  char* const end = next + text.size();
  for (const std::int64_t value : context.values) {
    const auto [stop, error] = std::to_chars(next, end, value);
    if (error != std::errc() || stop == end) no_room();
    *stop = ' ';
    next = stop + 1;
  }
  return context.length = static_cast<std::size_t>(next - text.data());
}

// Into an array that any number fits into, then behind what is there.
SAFECOST_KERNEL to_chars_append(Grown& context) {
  std::string text = std::move(context.text);
  text.clear();
  for (const std::int64_t value : context.values) {
    std::array<char, longest + 1> digits;
    char* const stop = std::to_chars(digits.data(), digits.data() + longest, value).ptr;
    *stop = ' ';
    text.append(digits.data(), stop + 1);
  }
  context.text = std::move(text);
  return context.text.size();
}

SAFECOST_KERNEL to_string(Grown& context) {
  context.text.clear();
  for (const std::int64_t value : context.values) {
    context.text += std::to_string(value);
    context.text += ' ';
  }
  return context.text.size();
}

// The raw code's digits, behind a function that cannot be called with less room than any number needs.
SAFECOST_HELPER std::size_t write_into(std::span<char, longest + 1> place, std::int64_t value) {
  char* const stop = write_number(place.data(), value);
  *stop = ' ';
  return static_cast<std::size_t>(stop + 1 - place.data());
}

// Where there may not be room for any number: each is written aside, and copied if it fits.
SAFECOST_HELPER std::span<char> write_aside(std::span<char> rest,
                                            std::span<const std::int64_t> values) {
  for (const std::int64_t value : values) {
    std::array<char, longest + 1> aside;
    const std::size_t length = write_into(aside, value);
    if (length > rest.size()) no_room();
    std::copy_n(aside.begin(), length, rest.begin());
    rest = rest.subspan(length);
  }
  return rest;
}

// One question a number: is there room for any? The last few are written aside.
SAFECOST_KERNEL room_for_any(Counted& context) {
  std::span<char> rest = context.text;
  const std::span<const std::int64_t> values = context.values;
  auto value = values.begin();
  for (; value != values.end() && rest.size() > longest; ++value)
    rest = rest.subspan(write_into(rest.first<longest + 1>(), *value));
  rest = write_aside(rest, {value, values.end()});
  return context.length = context.text.size() - rest.size();
}

// Many numbers by one question.
SAFECOST_HELPER std::size_t write_many(std::span<char> place,
                                       std::span<const std::int64_t> values) {
  if (values.size() > place.size() / (longest + 1)) no_room();
  char* text = place.data();
  for (const std::int64_t value : values) {
    text = write_number(text, value);
    *text++ = ' ';
  }
  return static_cast<std::size_t>(text - place.data());
}

// As many at a time as there is room for whatever they are, which is about half of those that are left.
SAFECOST_KERNEL room_for_many(Counted& context) {
  std::span<char> rest = context.text;
  std::span<const std::int64_t> values = context.values;
  while (const std::size_t many = std::min(values.size(), rest.size() / (longest + 1))) {
    rest = rest.subspan(write_many(rest, values.first(many)));
    values = values.subspan(many);
  }
  rest = write_aside(rest, values);
  return context.length = context.text.size() - rest.size();
}

#if defined(SAFECOST_ABSEIL)
SAFECOST_KERNEL str_append(Grown& context) {
  context.text.clear();
  for (const std::int64_t value : context.values) absl::StrAppend(&context.text, value, " ");
  return context.text.size();
}
#endif

// Writes each number by a function of (place, room, value) that tells how long the text is, or would be.
template <auto write>
SAFECOST_KERNEL format_to_n(Counted& context) {
  const std::span<char> text = context.text;
  std::size_t length = 0;
  for (const std::int64_t value : context.values) {
    const std::span<char> rest = text.subspan(length);
    const std::size_t written = write(rest.data(), rest.size(), value);
    if (written > rest.size()) no_room();
    length += written;
  }
  return context.length = length;
}

#if defined(__cpp_lib_format)
SAFECOST_HELPER std::size_t by_std(char* place, std::size_t room, std::int64_t value) {
  return static_cast<std::size_t>(
      std::format_to_n(place, static_cast<std::ptrdiff_t>(room), "{} ", value).size);
}
#endif

#if defined(INT_TO_TEXT_FMT)
SAFECOST_HELPER std::size_t by_fmt(char* place, std::size_t room, std::int64_t value) {
  return fmt::format_to_n(place, room, "{} ", value).size;
}

SAFECOST_HELPER std::size_t by_compiled_fmt(char* place, std::size_t room, std::int64_t value) {
  return fmt::format_to_n(place, room, FMT_COMPILE("{} "), value).size;
}

SAFECOST_KERNEL fmt_format_int(Grown& context) {
  context.text.clear();
  for (const std::int64_t value : context.values) {
    const fmt::format_int digits(value);
    context.text.append(digits.data(), digits.size());
    context.text += ' ';
  }
  return context.text.size();
}
#endif

// For `destroyed_before`: the numbers are lent as a span, or by reference.
template <auto Body>
constexpr auto destroyed = safecost::destroyed<Body, &Numbers::values>;

// What an idiom gives that prevents a fault: the whole text.
std::uint64_t whole_text(const void* input) {
  const Input& given = *static_cast<const Input*>(input);
  std::string text;
  for (const std::int64_t value : std::span(given.values, given.count))
    text += std::to_string(value) + " ";
  return digest_of(text);
}

constexpr char counted[] = "the text has a length: nobody looks for a terminator";

auto the_case =
    safecost::Case<Input>(generate)
        .size(512, "L1")                           // 4 KiB of numbers, about 6 KiB of text
        .size(16'384, "L2", safecost::Tier::full)  // 128 KiB and 185 KiB
        .fault({.name = "short_buffer",
                .cwe = 787,
                .description = "the buffer is two bytes to a half shorter than text and terminator",
                .contract = "the text and its terminator fit into room",
                .oracles = SAFECOST_ORACLE_GUARD | SAFECOST_ORACLE_SANITIZER |
                           SAFECOST_ORACLE_MEMCHECK | SAFECOST_ORACLE_CANARY,
                .reference = whole_text})
        .fault({.name = "unterminated",
                .cwe = 170,
                .description = "no zero byte follows the text, and its reader goes on",
                .contract = "a terminator follows the text",
                .kind = SAFECOST_FAULT_KERNEL,
                .oracles =
                    SAFECOST_ORACLE_GUARD | SAFECOST_ORACLE_SANITIZER | SAFECOST_ORACLE_MEMCHECK,
                .reference = whole_text})
        .fault({.name = "wrong_format",
                .cwe = 686,
                .description = "the format says int, and some numbers are wider",
                .contract = "the format names the types of what is given",
                .oracles = SAFECOST_ORACLE_VALUE,
                .reference = whole_text})
        .fault({.name = "foreign_format",
                .cwe = 134,
                .description = "the format says text, so that a number is followed as a pointer",
                .contract = "the format names the types of what is given",
                .oracles = SAFECOST_ORACLE_SANITIZER | SAFECOST_ORACLE_MEMCHECK,
                .reference = whole_text})
        .fault({.name = "destroyed_before",
                .cwe = 416,
                .description = "the numbers are destroyed, then written as text",
                .contract = "the numbers live until they are written",
                .kind = SAFECOST_FAULT_KERNEL,
                .oracles = SAFECOST_ORACLE_GUARD | SAFECOST_ORACLE_SANITIZER |
                           SAFECOST_ORACLE_MEMCHECK | SAFECOST_ORACLE_VALUE,
                .reference = whole_text})
        .raw<raw<>>("raw", "groups of eight digits, two at a time from a table")
        .bespoke()
        .fault_kernel<destroyed<raw<>>>("destroyed_before")
        .fault_kernel<raw<Slip::unterminated>>("unterminated")
        .raw<raw_snprintf<>>("raw_snprintf", "snprintf, each behind what it wrote before")
        .library()
        .algorithm("printf")
        .practised()
        .fault_kernel<destroyed<raw_snprintf<>>>("destroyed_before")
        .fault_kernel<raw_snprintf<Slip::unterminated>>("unterminated")
        .safe<to_chars>("to_chars", "std::to_chars into the rest of the room")
        .library()
        .algorithm("to_chars")
        .fault_kernel<destroyed<to_chars>>("destroyed_before")
        .inexpressible("unterminated", counted)
        .claims("always", "short_buffer", "wrong_format", "foreign_format")
        .safe<to_chars_append>("to_chars_append",
                               "std::to_chars into an array, appended to a string")
        .library()
        .algorithm("to_chars")
        .fault_kernel<destroyed<to_chars_append>>("destroyed_before")
        .inexpressible("unterminated", counted)
        .claims("always", "short_buffer", "wrong_format", "foreign_format")
        .safe<to_string>("to_string", "std::to_string, appended to a string")
        .library()
        .algorithm("to_string")
        .fault_kernel<destroyed<to_string>>("destroyed_before")
        .inexpressible("unterminated", counted)
        .claims("always", "short_buffer", "wrong_format", "foreign_format")
        .safe<room_for_any>("room_for_any", "raw's digits into a span with room for any number")
        .bespoke()
        .trusted_core()
        .fault_kernel<destroyed<room_for_any>>("destroyed_before")
        .inexpressible("unterminated", counted)
        .claims("always", "short_buffer", "wrong_format", "foreign_format")
        .safe<room_for_many>("room_for_many", "the same, asked for as many numbers as surely fit")
        .bespoke()
        .trusted_core()
        .fault_kernel<destroyed<room_for_many>>("destroyed_before")
        .inexpressible("unterminated", counted)
        .claims("always", "short_buffer", "wrong_format", "foreign_format")
#if defined(SAFECOST_ABSEIL)
        .safe<str_append>("str_append", "absl::StrAppend")
        .library()
        .algorithm("str_append")
        .fault_kernel<destroyed<str_append>>("destroyed_before")
        .inexpressible("unterminated", counted)
        .claims("always", "short_buffer", "wrong_format", "foreign_format")
#else
        .gap("str_append", "absl::StrAppend", "no Abseil for this toolchain")
#endif
#if defined(__cpp_lib_format)
        .safe<format_to_n<by_std>>("format_to_n", "std::format_to_n")
        .library()
        .algorithm("format")
        .fault_kernel<destroyed<format_to_n<by_std>>>("destroyed_before")
        .inexpressible("unterminated", counted)
        .claims("always", "short_buffer", "wrong_format", "foreign_format")
#else
        .gap("format_to_n", "std::format_to_n", "this standard library has no format")
#endif
#if defined(INT_TO_TEXT_FMT)
        .safe<format_to_n<by_fmt>>("fmt_format_to_n", "fmt::format_to_n")
        .library()
        .algorithm("format")
        .fault_kernel<destroyed<format_to_n<by_fmt>>>("destroyed_before")
        .inexpressible("unterminated", counted)
        .claims("always", "short_buffer", "wrong_format", "foreign_format")
        .safe<format_to_n<by_compiled_fmt>>("fmt_compile",
                                            "fmt::format_to_n with a format compiled in")
        .library()
        .algorithm("compiled_format")
        .fault_kernel<destroyed<format_to_n<by_compiled_fmt>>>("destroyed_before")
        .inexpressible("unterminated", counted)
        .claims("always", "short_buffer", "wrong_format", "foreign_format")
        .safe<fmt_format_int>("fmt_format_int", "fmt::format_int, appended to a string")
        .library()
        .algorithm("format_int")
        .fault_kernel<destroyed<fmt_format_int>>("destroyed_before")
        .inexpressible("unterminated", counted)
        .claims("always", "short_buffer", "wrong_format", "foreign_format");
#else
        .gap("fmt_format_to_n", "fmt::format_to_n", "no fmt on this machine")
        .gap("fmt_compile", "fmt::format_to_n with a format compiled in", "no fmt on this machine")
        .gap("fmt_format_int", "fmt::format_int, appended to a string", "no fmt on this machine");
#endif

}  // namespace strings::int_to_text

SAFECOST_EXPORT(strings::int_to_text::the_case)
