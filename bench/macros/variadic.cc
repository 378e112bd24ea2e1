// What does it cost that a function of any number of arguments knows how many it was given, and of which types?
//
// A log: two lines for each event, one with two arguments and one with three. In C the function is told by a format what
// to take from where arguments lie, and believes it; formats come from a catalogue of messages, as translated ones do, so
// that no compiler holds one against the other. raw_checked has the count of arguments from the preprocessor, which is as
// far as C gets. In C++ types and number are known where the call stands: by a pack, by a list of variants that is held
// against the same format, or by a library that is given the format as text of the program.
//
// Digits and texts are written by the same functions for all but the libraries, out of line, as in a unit of their own:
// what differs is how arguments get there. A pack becomes the calls that raw_pieces has written out. Since it knows all
// of them before it writes any, it can ask once for the room of a whole line (pack_reserved).
//
// What a compiler says of a format that it sees, with an attribute and without, and of a list without its end, is in
// bench/compile-time/macros; what a use costs when it is compiled, in docs/COMPILE_TIME.md.
#include <algorithm>
#include <array>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <initializer_list>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>
#include <vector>
#include <version>

#if defined(__cpp_lib_format)
#include <format>
#endif
#if __has_include(<fmt/format.h>)
#define VARIADIC_FMT
#define FMT_HEADER_ONLY  // nothing to link: the distribution's archive was compiled with libstdc++
#include <fmt/format.h>
#endif
#if defined(SAFECOST_ABSEIL)
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#endif
#include "kernel/case.h"
#include "kernel/dangling.h"

namespace macros::variadic {

struct Event {
  std::uint32_t id;
  std::uint16_t name;  // where it begins among the letters, a zero byte behind it
  std::uint16_t name_length;
  std::int64_t value;
};

struct Input {
  const Event* events;
  std::size_t count;
  const char* letters;
  std::size_t letter_count;
  const char* opened;  // formats as printf has them
  const char* measured;
  const char* opened_braces;  // the same as std::format has them
  const char* measured_braces;
};

constexpr std::size_t names = 32;
constexpr std::size_t longest_name = 12;
constexpr std::size_t longest_id = 10;
constexpr std::size_t longest_value = 20;
// Both lines of an event, whatever it holds.
constexpr std::size_t room_of_event =
    sizeof "[] opened \n[] :  bytes\n" + 2 * longest_id + 2 * longest_name + longest_value;

// A number of 1 to `most` digits.
static std::uint64_t of_digits(safecost::Random& random, std::uint64_t most) {
  std::uint64_t bound = 1;
  for (std::uint64_t digits = random.between(1, most); digits > 0; --digits) bound *= 10;
  return random.below(bound);
}

Input generate(safecost::Generator& generator) {
  safecost::Random& random = generator.random;
  const auto letters = generator.array<char>(names * (longest_name + 1));
  std::array<std::uint16_t, names> lengths;
  for (std::size_t name = 0; name < names; ++name) {
    lengths[name] = static_cast<std::uint16_t>(random.between(1, longest_name));
    for (std::size_t i = 0; i < lengths[name]; ++i)
      letters[name * (longest_name + 1) + i] = static_cast<char>('a' + random.below(26));
  }
  const auto events = generator.array<Event>(generator.size());
  for (Event& event : events) {
    const std::uint64_t name = random.below(names);
    event = {.id = static_cast<std::uint32_t>(of_digits(random, 5)),
             .name = static_cast<std::uint16_t>(name * (longest_name + 1)),
             .name_length = lengths[name],
             .value = static_cast<std::int64_t>(of_digits(random, 12))};
    if (random.below(2) == 0) event.value = -event.value;
  }

  const char* measured = "[%u] %s: %ld bytes\n";
  const char* measured_braces = "[{}] {}: {} bytes\n";
  if (generator.commits("wrong_type")) {
    measured = "[%u] %s: %s bytes\n";
    measured_braces = "[{}] {}: {:s} bytes\n";
  }
  if (generator.commits("wrong_width")) {
    measured = "[%u] %s: %u bytes\n";
    measured_braces = "[{}] {}: {:d} bytes\n";  // no width can be named there
    events[random.below(events.size())].value =
        static_cast<std::int64_t>(random.between(100'000'000'000, 999'999'999'999));
  }
  if (generator.commits("wrong_count")) {
    measured = "[%u] %s: %ld of %ld bytes\n";
    measured_braces = "[{}] {}: {} of {} bytes\n";
  }
  return {.events = events.data(),
          .count = events.size(),
          .letters = letters.data(),
          .letter_count = letters.size(),
          .opened = generator.text("[%u] opened %s\n"),
          .measured = generator.text(measured),
          .opened_braces = generator.text("[{}] opened {}\n"),
          .measured_braces = generator.text(measured_braces)};
}

std::uint64_t digest_of(std::string_view text) {
  std::uint64_t digest = 0;
  for (const char character : text) digest = digest * 31 + static_cast<unsigned char>(character);
  return digest;
}

struct Events {
  explicit Events(const Input& input)
      : events(input.events, input.events + input.count),
        letters(input.letters, input.letters + input.letter_count),
        opened(input.opened),
        measured(input.measured),
        opened_braces(input.opened_braces),
        measured_braces(input.measured_braces) {}

  std::string_view name_of(const Event& event) const {
    return {letters.data() + event.name, event.name_length};
  }

  std::vector<Event> events;
  std::vector<char> letters;
  const char* opened;
  const char* measured;
  const char* opened_braces;
  const char* measured_braces;
};

// Room for all lines and one more; what does not fit is cut off.
struct Logged : Events {
  explicit Logged(const Input& input)
      : Events(input), text((input.count + 1) * room_of_event, '#') {}

  std::uint64_t digest() const { return digest_of({text.data(), length}); }

  std::vector<char> text;
  std::size_t length = 0;
};

// A string, which makes room when it must; it has had time to make it.
struct Grown : Events {
  explicit Grown(const Input& input) : Events(input) {
    text.reserve((input.count + 1) * room_of_event);
  }

  std::uint64_t digest() const { return digest_of(text); }

  std::string text;
};

// What is left of the room.
struct Log {
  char* next;
  char* end;
};

constexpr auto pairs = [] {
  std::array<char, 200> table = {};
  for (std::size_t i = 0; i < 100; ++i) {
    table[2 * i] = static_cast<char>('0' + i / 10);
    table[2 * i + 1] = static_cast<char>('0' + i % 10);
  }
  return table;
}();

// Writes at a place that has room for any number, and returns where it stopped.
SAFECOST_OPAQUE char* write_unsigned(char* place, std::uint64_t value) {
  char digits[longest_value];
  char* first = digits + sizeof digits;
  for (; value >= 100; value /= 100) {
    first -= 2;
    std::memcpy(first, pairs.data() + 2 * (value % 100), 2);
  }
  if (value >= 10) {
    first -= 2;
    std::memcpy(first, pairs.data() + 2 * value, 2);
  } else {
    *--first = static_cast<char>('0' + value);
  }
  const auto length = static_cast<std::size_t>(digits + sizeof digits - first);
  std::memcpy(place, first, length);
  return place + length;
}

SAFECOST_OPAQUE char* write_signed(char* place, std::int64_t value) {
  if (value >= 0) return write_unsigned(place, static_cast<std::uint64_t>(value));
  *place = '-';
  return write_unsigned(place + 1, -static_cast<std::uint64_t>(value));
}

SAFECOST_OPAQUE void put_text(Log* log, const char* text, std::size_t length) {
  const auto room = static_cast<std::size_t>(log->end - log->next);
  if (length > room) length = room;
  std::memcpy(log->next, text, length);
  log->next += length;
}

SAFECOST_OPAQUE void put_unsigned(Log* log, std::uint64_t number) {
  char digits[longest_value];
  put_text(log, digits, static_cast<std::size_t>(write_unsigned(digits, number) - digits));
}

SAFECOST_OPAQUE void put_signed(Log* log, std::int64_t number) {
  char digits[longest_value];
  put_text(log, digits, static_cast<std::size_t>(write_signed(digits, number) - digits));
}

// Raw: the format alone says how many arguments there are, and what they are.

static_assert(sizeof(long) == sizeof(std::int64_t), "formats say %ld");

SAFECOST_OPAQUE void put_line(Log* log, const char* format, ...) {
  std::va_list arguments;
  va_start(arguments, format);
  for (bool known = true; known;) {
    const char* const literal = format;
    while (*format != '\0' && *format != '%') ++format;
    put_text(log, literal, static_cast<std::size_t>(format - literal));
    if (*format == '\0') break;
    switch (format[1]) {
      case 'u':
        put_unsigned(log, va_arg(arguments, unsigned));
        format += 2;
        break;
      case 'l':
        put_signed(log, va_arg(arguments, long));
        format += 3;
        break;
      case 's': {
        const char* const text = va_arg(arguments, const char*);
        put_text(log, text, std::strlen(text));
        format += 2;
        break;
      }
      default:
        known = false;
    }
  }
  va_end(arguments);
}

SAFECOST_KERNEL raw(Logged& context) {
  Log log = {context.text.data(), context.text.data() + context.text.size()};
  for (const Event& event : context.events) {
    const char* const name = context.letters.data() + event.name;
    put_line(&log, context.opened, event.id, name);
    put_line(&log, context.measured, event.id, name, static_cast<long>(event.value));
  }
  return context.length = static_cast<std::size_t>(log.next - context.text.data());
}

// What most programs do: the C library reads the format.
#pragma GCC diagnostic ignored "-Wformat-nonliteral"

SAFECOST_OPAQUE void print_line(Log* log, const char* format, ...) {
  const auto room = static_cast<std::size_t>(log->end - log->next);
  std::va_list arguments;
  va_start(arguments, format);
  const int length = std::vsnprintf(log->next, room, format, arguments);
  va_end(arguments);
  if (length > 0) log->next += std::min(static_cast<std::size_t>(length), room);
}

SAFECOST_KERNEL raw_vsnprintf(Logged& context) {
  Log log = {context.text.data(), context.text.data() + context.text.size()};
  for (const Event& event : context.events) {
    const char* const name = context.letters.data() + event.name;
    print_line(&log, context.opened, event.id, name);
    print_line(&log, context.measured, event.id, name, static_cast<long>(event.value));
  }
  return context.length = static_cast<std::size_t>(log.next - context.text.data());
}

// The preprocessor counts what stands behind the format, and the function goes no further. Of types it knows nothing.
#define COUNT_OF(...) COUNT_OF_EIGHT(__VA_ARGS__, 8, 7, 6, 5, 4, 3, 2, 1)
#define COUNT_OF_EIGHT(a, b, c, d, e, f, g, h, count, ...) count
#define PUT_COUNTED(log, ...) put_counted(log, COUNT_OF(__VA_ARGS__) - 1, __VA_ARGS__)

// 0, or -1 where the format asks for more arguments than there are.
SAFECOST_OPAQUE int put_counted(Log* log, unsigned count, const char* format, ...) {
  int error = 0;
  std::va_list arguments;
  va_start(arguments, format);
  for (;;) {
    const char* const literal = format;
    while (*format != '\0' && *format != '%') ++format;
    put_text(log, literal, static_cast<std::size_t>(format - literal));
    if (*format == '\0') break;
    if (count-- == 0) {
      error = -1;
      break;
    }
    if (format[1] == 'u') {
      put_unsigned(log, va_arg(arguments, unsigned));
      format += 2;
    } else if (format[1] == 'l') {
      put_signed(log, va_arg(arguments, long));
      format += 3;
    } else if (format[1] == 's') {
      const char* const text = va_arg(arguments, const char*);
      put_text(log, text, std::strlen(text));
      format += 2;
    } else {
      error = -1;
      break;
    }
  }
  va_end(arguments);
  return error;
}

SAFECOST_KERNEL raw_checked(Logged& context) {
  Log log = {context.text.data(), context.text.data() + context.text.size()};
  context.length = 0;
  for (const Event& event : context.events) {
    const char* const name = context.letters.data() + event.name;
    if (PUT_COUNTED(&log, context.opened, event.id, name) != 0) return 0;
    if (PUT_COUNTED(&log, context.measured, event.id, name, static_cast<long>(event.value)) != 0)
      return 0;
  }
  return context.length = static_cast<std::size_t>(log.next - context.text.data());
}

// No format: a call for each piece, whose type the compiler looks at.
SAFECOST_KERNEL raw_pieces(Logged& context) {
  Log log = {context.text.data(), context.text.data() + context.text.size()};
  for (const Event& event : context.events) {
    const char* const name = context.letters.data() + event.name;
    put_text(&log, "[", 1);
    put_unsigned(&log, event.id);
    put_text(&log, "] opened ", 9);
    put_text(&log, name, event.name_length);
    put_text(&log, "\n", 1);
    put_text(&log, "[", 1);
    put_unsigned(&log, event.id);
    put_text(&log, "] ", 2);
    put_text(&log, name, event.name_length);
    put_text(&log, ": ", 2);
    put_signed(&log, event.value);
    put_text(&log, " bytes\n", 7);
  }
  return context.length = static_cast<std::size_t>(log.next - context.text.data());
}

// One question a line, whether the longest that it can be fits; then all goes where it stays.
SAFECOST_KERNEL raw_reserved(Logged& context) {
  char* next = context.text.data();
  const char* const end = next + context.text.size();
  for (const Event& event : context.events) {
    const char* const name = context.letters.data() + event.name;
    const std::size_t length = event.name_length;
    if (static_cast<std::size_t>(end - next) < 11 + longest_id + length) break;
    *next++ = '[';
    next = write_unsigned(next, event.id);
    std::memcpy(next, "] opened ", 9);
    std::memcpy(next + 9, name, length);
    next += 9 + length;
    *next++ = '\n';
    if (static_cast<std::size_t>(end - next) < 12 + longest_id + length + longest_value) break;
    *next++ = '[';
    next = write_unsigned(next, event.id);
    std::memcpy(next, "] ", 2);
    std::memcpy(next + 2, name, length);
    next += 2 + length;
    std::memcpy(next, ": ", 2);
    next = write_signed(next + 2, event.value);
    std::memcpy(next, " bytes\n", 7);
    next += 7;
  }
  return context.length = static_cast<std::size_t>(next - context.text.data());
}

// Safe: what is written follows from the type of each argument.

SAFECOST_HELPER void put_piece(Log& log, std::string_view text) {
  put_text(&log, text.data(), text.size());
}
SAFECOST_HELPER void put_piece(Log& log, std::uint32_t number) { put_unsigned(&log, number); }
SAFECOST_HELPER void put_piece(Log& log, std::int64_t number) { put_signed(&log, number); }

template <class... Pieces>
SAFECOST_HELPER void put(Log& log, const Pieces&... pieces) {
  (put_piece(log, pieces), ...);
}

SAFECOST_KERNEL pack(Logged& context) {
  Log log = {context.text.data(), context.text.data() + context.text.size()};
  for (const Event& event : context.events) {
    const std::string_view name = context.name_of(event);
    put(log, "[", event.id, "] opened ", name, "\n");
    put(log, "[", event.id, "] ", name, ": ", event.value, " bytes\n");
  }
  return context.length = static_cast<std::size_t>(log.next - context.text.data());
}

[[noreturn, gnu::cold, gnu::noinline]] void no_room() {
  throw std::length_error("the text is longer than its room");
}

SAFECOST_HELPER std::size_t most(std::string_view text) { return text.size(); }
SAFECOST_HELPER std::size_t most(std::uint32_t) { return longest_id; }
SAFECOST_HELPER std::size_t most(std::int64_t) { return longest_value; }

SAFECOST_HELPER char* write(char* place, std::string_view text) {
  std::memcpy(place, text.data(), text.size());
  return place + text.size();
}
SAFECOST_HELPER char* write(char* place, std::uint32_t number) {
  return write_unsigned(place, number);
}
SAFECOST_HELPER char* write(char* place, std::int64_t number) {
  return write_signed(place, number);
}

// All arguments are known before the first is written: one question is enough for them.
template <class... Pieces>
SAFECOST_HELPER void put_reserved(Log& log, const Pieces&... pieces) {
  if ((most(pieces) + ...) > static_cast<std::size_t>(log.end - log.next)) no_room();
  char* next = log.next;
  ((next = write(next, pieces)), ...);
  log.next = next;
}

SAFECOST_KERNEL pack_reserved(Logged& context) {
  Log log = {context.text.data(), context.text.data() + context.text.size()};
  for (const Event& event : context.events) {
    const std::string_view name = context.name_of(event);
    put_reserved(log, "[", event.id, "] opened ", name, "\n");
    put_reserved(log, "[", event.id, "] ", name, ": ", event.value, " bytes\n");
  }
  return context.length = static_cast<std::size_t>(log.next - context.text.data());
}

// The catalogue's format, held against what was given: one function for all calls, as in C, and arguments that know
// their types.
using Argument = std::variant<std::uint32_t, std::int64_t, std::string_view>;

SAFECOST_OPAQUE void put_checked(Log& log, std::string_view format,
                                 std::initializer_list<Argument> arguments) {
  auto next = arguments.begin();
  const auto take = [&]() -> const Argument& {
    if (next == arguments.end()) throw std::out_of_range("the format asks for more than was given");
    return *next++;
  };
  for (;;) {
    const std::size_t literal = std::min(format.find('%'), format.size());
    put_piece(log, format.substr(0, literal));
    format.remove_prefix(literal);
    if (format.empty()) break;
    if (format.starts_with("%u")) {
      put_piece(log, std::get<std::uint32_t>(take()));
      format.remove_prefix(2);
    } else if (format.starts_with("%ld")) {
      put_piece(log, std::get<std::int64_t>(take()));
      format.remove_prefix(3);
    } else if (format.starts_with("%s")) {
      put_piece(log, std::get<std::string_view>(take()));
      format.remove_prefix(2);
    } else {
      throw std::invalid_argument("the format has an unknown conversion");
    }
  }
}

SAFECOST_KERNEL variant_list(Logged& context) {
  Log log = {context.text.data(), context.text.data() + context.text.size()};
  const std::string_view opened = context.opened;
  const std::string_view measured = context.measured;
  for (const Event& event : context.events) {
    const std::string_view name = context.name_of(event);
    put_checked(log, opened, {event.id, name});
    put_checked(log, measured, {event.id, name, event.value});
  }
  return context.length = static_cast<std::size_t>(log.next - context.text.data());
}

#if defined(SAFECOST_ABSEIL)
SAFECOST_KERNEL str_append(Grown& context) {
  context.text.clear();
  for (const Event& event : context.events) {
    const absl::string_view name(context.letters.data() + event.name, event.name_length);
    absl::StrAppend(&context.text, "[", event.id, "] opened ", name, "\n");
    absl::StrAppend(&context.text, "[", event.id, "] ", name, ": ", event.value, " bytes\n");
  }
  return context.text.size();
}
#endif

// Libraries write each line into the rest of the room, and tell how long it is, or would be.
template <auto opened, auto measured>
SAFECOST_KERNEL formatted(Logged& context) {
  const std::span<char> text = context.text;
  std::size_t length = 0;
  for (const Event& event : context.events) {
    const std::string_view name = context.name_of(event);
    std::span<char> rest = text.subspan(length);
    std::size_t written = opened(context, rest, event.id, name);
    if (written > rest.size()) no_room();
    rest = rest.subspan(written);
    length += written;
    written = measured(context, rest, event.id, name, event.value);
    if (written > rest.size()) no_room();
    length += written;
  }
  return context.length = length;
}

#if defined(__cpp_lib_format)
SAFECOST_HELPER std::size_t std_opened(const Logged&, std::span<char> rest, std::uint32_t id,
                                       std::string_view name) {
  return static_cast<std::size_t>(
      std::format_to_n(rest.data(), std::ssize(rest), "[{}] opened {}\n", id, name).size);
}
SAFECOST_HELPER std::size_t std_measured(const Logged&, std::span<char> rest, std::uint32_t id,
                                         std::string_view name, std::int64_t value) {
  return static_cast<std::size_t>(
      std::format_to_n(rest.data(), std::ssize(rest), "[{}] {}: {} bytes\n", id, name, value).size);
}
#endif

#if defined(VARIADIC_FMT)
// The format is text of the program, and held against the arguments when that is compiled.
SAFECOST_HELPER std::size_t fmt_opened(const Logged&, std::span<char> rest, std::uint32_t id,
                                       std::string_view name) {
  return fmt::format_to_n(rest.data(), rest.size(), "[{}] opened {}\n", id, name).size;
}
SAFECOST_HELPER std::size_t fmt_measured(const Logged&, std::span<char> rest, std::uint32_t id,
                                         std::string_view name, std::int64_t value) {
  return fmt::format_to_n(rest.data(), rest.size(), "[{}] {}: {} bytes\n", id, name, value).size;
}

// The catalogue's format, held against the arguments at each call.
SAFECOST_HELPER std::size_t runtime_opened(const Logged& context, std::span<char> rest,
                                           std::uint32_t id, std::string_view name) {
  return fmt::format_to_n(rest.data(), rest.size(), fmt::runtime(context.opened_braces), id, name)
      .size;
}
SAFECOST_HELPER std::size_t runtime_measured(const Logged& context, std::span<char> rest,
                                             std::uint32_t id, std::string_view name,
                                             std::int64_t value) {
  return fmt::format_to_n(rest.data(), rest.size(), fmt::runtime(context.measured_braces), id, name,
                          value)
      .size;
}
#endif

// For `destroyed_before`: names are lent.
template <auto Body>
constexpr auto destroyed = safecost::destroyed<Body, &Events::letters>;

// What an idiom gives that prevents a fault: all lines.
std::uint64_t all_lines(const void* input) {
  const Input& given = *static_cast<const Input*>(input);
  std::string text;
  for (const Event& event : std::span(given.events, given.count)) {
    const std::string id = "[" + std::to_string(event.id) + "] ";
    const std::string name(given.letters + event.name, event.name_length);
    text += id + "opened " + name + "\n";
    text += id + name + ": " + std::to_string(event.value) + " bytes\n";
  }
  return digest_of(text);
}

auto the_case =
    safecost::Case<Input>(generate)
        .size(128, "L1")                          // 6 KiB of text
        .size(4'096, "L2", safecost::Tier::full)  // 64 KiB of events, 200 KiB of text
        .fault({.name = "wrong_type",
                .cwe = 686,
                .description = "the format says text, so that a number is followed as a pointer",
                .contract = "the format names the types of what is given",
                .oracles = SAFECOST_ORACLE_SANITIZER | SAFECOST_ORACLE_MEMCHECK,
                .reference = all_lines})
        .fault({.name = "wrong_width",
                .cwe = 686,
                .description = "the format says a number of 32 bits, and one of 64 was given",
                .contract = "the format names the types of what is given",
                .oracles = SAFECOST_ORACLE_VALUE,
                .reference = all_lines})
        .fault({.name = "wrong_count",
                .cwe = 685,
                .description = "the format asks for one argument more than was given",
                .contract = "the format asks for what is given, and for no more",
                .oracles = SAFECOST_ORACLE_VALUE,
                .reference = all_lines})
        .fault({.name = "destroyed_before",
                .cwe = 416,
                .description = "the names are destroyed, then written into the log",
                .contract = "the names live until they are written",
                .kind = SAFECOST_FAULT_KERNEL,
                .oracles = SAFECOST_ORACLE_GUARD | SAFECOST_ORACLE_SANITIZER |
                           SAFECOST_ORACLE_MEMCHECK | SAFECOST_ORACLE_VALUE,
                .reference = all_lines})
        .raw<raw>("raw", "va_arg, as a format says that is read at each call")
        .ordinary()
        .fault_kernel<destroyed<raw>>("destroyed_before")
        .raw<raw_vsnprintf>("raw_vsnprintf", "handed on to vsnprintf")
        .library()
        .algorithm("printf")
        .practised()
        .fault_kernel<destroyed<raw_vsnprintf>>("destroyed_before")
        .raw<raw_checked>("raw_checked", "va_arg, and arguments that the preprocessor has counted")
        .ordinary()
        .fault_kernel<destroyed<raw_checked>>("destroyed_before")
        .raw<raw_pieces>("raw_pieces", "no format: one call for each piece of a line")
        .ordinary()
        .algorithm("pieces")
        .fault_kernel<destroyed<raw_pieces>>("destroyed_before")
        .claims("always", "wrong_type", "wrong_width", "wrong_count")
        .raw<raw_reserved>("raw_reserved", "no format, and one question a line for its room")
        .bespoke()
        .algorithm("reserved")
        .fault_kernel<destroyed<raw_reserved>>("destroyed_before")
        .claims("always", "wrong_type", "wrong_width", "wrong_count")
        .safe<pack>("pack", "a parameter pack, each argument by its type")
        .ordinary()
        .trusted_core()
        .algorithm("pieces")
        .fault_kernel<destroyed<pack>>("destroyed_before")
        .claims("always", "wrong_type", "wrong_width", "wrong_count")
        .safe<pack_reserved>("pack_reserved", "the same, and one question a line for its room")
        .bespoke()
        .trusted_core()
        .algorithm("reserved")
        .fault_kernel<destroyed<pack_reserved>>("destroyed_before")
        .claims("always", "wrong_type", "wrong_width", "wrong_count")
        .safe<variant_list>("variant_list",
                            "an initializer_list of variants, held against the format")
        .ordinary()
        .trusted_core()
        .fault_kernel<destroyed<variant_list>>("destroyed_before")
        .claims("always", "wrong_type", "wrong_width", "wrong_count")
#if defined(SAFECOST_ABSEIL)
        .safe<str_append>("str_append", "absl::StrAppend")
        .library()
        .algorithm("str_append")
        .fault_kernel<destroyed<str_append>>("destroyed_before")
        .claims("always", "wrong_type", "wrong_width", "wrong_count")
#else
        .gap("str_append", "absl::StrAppend", "no Abseil for this toolchain")
#endif
#if defined(__cpp_lib_format)
        .safe<formatted<std_opened, std_measured>>("format_to_n", "std::format_to_n")
        .library()
        .algorithm("format")
        .fault_kernel<destroyed<formatted<std_opened, std_measured>>>("destroyed_before")
        .claims("always", "wrong_type", "wrong_width", "wrong_count")
#else
        .gap("format_to_n", "std::format_to_n", "this standard library has no format")
#endif
#if defined(VARIADIC_FMT)
        .safe<formatted<fmt_opened, fmt_measured>>("fmt_format_to_n", "fmt::format_to_n")
        .library()
        .algorithm("format")
        .fault_kernel<destroyed<formatted<fmt_opened, fmt_measured>>>("destroyed_before")
        .claims("always", "wrong_type", "wrong_width", "wrong_count")
        .safe<formatted<runtime_opened, runtime_measured>>(
            "fmt_runtime", "fmt::format_to_n with a format of the catalogue")
        .library()
        .algorithm("format")
        .fault_kernel<destroyed<formatted<runtime_opened, runtime_measured>>>("destroyed_before")
        .claims("always", "wrong_type", "wrong_width", "wrong_count");
#else
        .gap("fmt_format_to_n", "fmt::format_to_n", "no fmt on this machine")
        .gap("fmt_runtime", "fmt::format_to_n with a format of the catalogue",
             "no fmt on this machine");
#endif

}  // namespace macros::variadic

SAFECOST_EXPORT(macros::variadic::the_case)
