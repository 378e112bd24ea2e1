// What does a variant that knows its alternative cost over a union with a tag beside it?
//
// Messages of five kinds come in random order and are folded into one number. In C each is a union
// and a tag, and nothing but convention makes the two agree. A std::variant keeps both itself, and
// its ways to get at the alternative differ: a visitor is given it, get_if tells whether it is there,
// std::get throws where it is not. Which kind comes next cannot be guessed, so most of the time goes
// into one jump for each message, and the price of an idiom is what stands beside that jump.
//
//  - libstdc++ visits five alternatives by a switch: 16 instructions a message with GCC, 17 with Clang,
//    as many as raw_unreachable, where raw takes 19 and 18. A switch on index() takes 19: the
//    question in std::get is answered by the case that it stands in.
//  - libc++ visits through a table of functions, as raw_table does, with 21; its index() makes a size_t of
//    a narrower index, which its std::get then does not see through (24). holds_get takes 19.
//  - One comparison after the other beats a jump table by a tenth, since a branch is easier to guess than a
//    jump; so do GCC's holds_get and get_if. Clang makes tables of all chains. Of raw_chain's it leaves the
//    last kind, which nobody asks for, to the comparison with the table's end (`cmp rax,3; ja`); whoever
//    asks for it by its number, as std::get does, has it in the table. An order of numbers is nothing
//    that goes into a table: last_first asks whether the index is less than the last, and gets Clang's
//    `cmp eax,4; jb <table>; jne <failed>`, with either library. That closes the gap with Clang and
//    libstdc++ and with GCC, and leaves 2 to 3 % with libc++.
//  - What stays is that `jne`, for the last kind alone; of GCC's chain it is `cmp al,4; jne`.
//
// That a switch forgets an alternative is for the compiler to say: bench/compile-time/values.
#include <algorithm>
#include <bit>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "kernel/case.h"
#include "kernel/dangling.h"

namespace types::tagged_union {

enum class Kind : std::uint32_t { number, real, point, box, text };
constexpr std::uint64_t kinds = 5;

struct Point {
  std::int32_t x;
  std::int32_t y;
};
struct Box {
  std::int32_t x;
  std::int32_t y;
  std::int32_t width;
  std::int32_t height;
};

// A message as it was sent: `stored` names the member that was written, as `tag` does, unless a fault
// lies. It is small, since the pool of inputs is: a predictor learns a pool of few messages.
struct Sent {
  std::uint8_t tag;
  std::uint8_t stored;
  std::uint16_t low;
  std::uint32_t high;
};

struct Input {
  const Sent* messages;
  std::size_t count;
  const char* letters;
};

constexpr std::size_t longest = 15;
constexpr std::size_t letters = 256;

Input generate(safecost::Generator& generator) {
  const auto messages = generator.array<Sent>(generator.size());
  for (Sent& message : messages) {
    const auto kind = static_cast<std::uint8_t>(generator.random.below(kinds));
    message = {kind, kind, static_cast<std::uint16_t>(generator.random.next()),
               static_cast<std::uint32_t>(generator.random.next())};
  }
  const auto shared = generator.array<char>(letters + longest);
  for (char& letter : shared) letter = static_cast<char>('a' + generator.random.below(26));

  // One message, somewhere among the others.
  const auto replace = [&](Kind tag, Kind stored) {
    Sent& sent = messages[generator.random.below(messages.size())];
    sent.tag = static_cast<std::uint8_t>(tag);
    sent.stored = static_cast<std::uint8_t>(stored);
    // The first field of a point is not 0, so that it is something else than a box's.
    if (stored == Kind::point) sent.low |= 1;
  };
  if (generator.commits("text_taken_for_number")) replace(Kind::number, Kind::text);
  if (generator.commits("number_taken_for_text")) replace(Kind::text, Kind::number);
  if (generator.commits("unknown_tag"))
    replace(Kind{static_cast<std::uint32_t>(generator.random.between(kinds, 255))}, Kind::box);
  if (generator.commits("wrong_member")) replace(Kind::point, Kind::point);
  if (generator.commits("destroyed_before")) replace(Kind::text, Kind::text);
  return {messages.data(), messages.size(), shared.data()};
}

// What each alternative makes of the bytes that were sent.
std::int64_t number_in(const Sent& sent) { return std::int64_t{sent.high} << 16 | sent.low; }
double real_in(const Sent& sent) { return sent.high * 0x1p-16; }
Point point_in(const Sent& sent) { return {sent.low & 255, sent.low >> 8}; }
Box box_in(const Sent& sent) {
  return {sent.low & 255, sent.low >> 8, static_cast<std::int32_t>(1 + (sent.high & 4'095)),
          static_cast<std::int32_t>(1 + (sent.high >> 20))};
}
std::string_view text_in(const Sent& sent, const char* letters) {
  return {letters + (sent.low & 255), 1 + sent.high % longest};
}

// What is made of each alternative; the same for all.
inline std::uint64_t value_of(std::int64_t number) { return static_cast<std::uint64_t>(number); }
inline std::uint64_t value_of(double real) { return std::bit_cast<std::uint64_t>(real); }
inline std::uint64_t value_of(const Point& point) {
  return static_cast<std::uint64_t>(point.x) << 32 | static_cast<std::uint64_t>(point.y);
}
inline std::uint64_t value_of(const Box& box) {
  return static_cast<std::uint64_t>(std::int64_t{box.width} * box.height + box.x + box.y);
}
inline std::uint64_t value_of(const char* text, std::uint64_t length) {
  return length << 16 | static_cast<std::uint64_t>(static_cast<unsigned char>(text[0])) << 8 |
         static_cast<unsigned char>(text[length - 1]);
}
inline std::uint64_t value_of(std::string_view text) { return value_of(text.data(), text.size()); }

// Raw: the tag says which member was written last, or so it is hoped.

struct Message {
  Kind tag;
  union {
    std::int64_t number;
    double real;
    Point point;
    Box box;
    struct {
      const char* start;
      std::uint64_t length;
    } text;
  };
};

struct Union {
  explicit Union(const Input& input) {
    messages.reserve(input.count);
    for (const Sent& sent : std::span(input.messages, input.count)) {
      Message message = {};
      message.tag = Kind{sent.tag};
      switch (Kind{sent.stored}) {
        case Kind::number:
          message.number = number_in(sent);
          break;
        case Kind::real:
          message.real = real_in(sent);
          break;
        case Kind::point:
          message.point = point_in(sent);
          break;
        case Kind::box:
          message.box = box_in(sent);
          break;
        case Kind::text:
          message.text = {text_in(sent, input.letters).data(), text_in(sent, input.letters).size()};
          break;
      }
      messages.push_back(message);
    }
  }

  std::vector<Message> messages;
};

// The wrong step of `wrong_member`: somebody copied the line of the box for the point.
enum class Slip { none, box };

template <Slip slip = Slip::none>
SAFECOST_KERNEL raw(const Union& context) {
  std::uint64_t digest = 0;
  for (const Message& message : context.messages) {
    digest *= 31;
    switch (message.tag) {
      case Kind::number:
        digest += value_of(message.number);
        break;
      case Kind::real:
        digest += value_of(message.real);
        break;
      case Kind::point:
        digest += slip == Slip::box ? value_of(message.box) : value_of(message.point);
        break;
      case Kind::box:
        digest += value_of(message.box);
        break;
      case Kind::text:
        digest += value_of(message.text.start, message.text.length);
        break;
    }
  }
  return digest;
}

// No other tag is possible: the compiler need not look whether there is one.
template <Slip slip = Slip::none>
SAFECOST_KERNEL raw_unreachable(const Union& context) {
  std::uint64_t digest = 0;
  for (const Message& message : context.messages) {
    digest *= 31;
    switch (message.tag) {
      case Kind::number:
        digest += value_of(message.number);
        break;
      case Kind::real:
        digest += value_of(message.real);
        break;
      case Kind::point:
        digest += slip == Slip::box ? value_of(message.box) : value_of(message.point);
        break;
      case Kind::box:
        digest += value_of(message.box);
        break;
      case Kind::text:
        digest += value_of(message.text.start, message.text.length);
        break;
      default:
        std::unreachable();
    }
  }
  return digest;
}

// Question after question: no table, so that a predictor has a history of each.
template <Slip slip = Slip::none>
SAFECOST_KERNEL raw_chain(const Union& context) {
  std::uint64_t digest = 0;
  for (const Message& message : context.messages) {
    digest *= 31;
    if (message.tag == Kind::number)
      digest += value_of(message.number);
    else if (message.tag == Kind::real)
      digest += value_of(message.real);
    else if (message.tag == Kind::point)
      digest += slip == Slip::box ? value_of(message.box) : value_of(message.point);
    else if (message.tag == Kind::box)
      digest += value_of(message.box);
    else
      digest += value_of(message.text.start, message.text.length);
  }
  return digest;
}

// The other way that C programs have: the tag is an index into a table of functions.
namespace table {

std::uint64_t number(const Message& message) { return value_of(message.number); }
std::uint64_t real(const Message& message) { return value_of(message.real); }
std::uint64_t point(const Message& message) { return value_of(message.point); }
std::uint64_t box(const Message& message) { return value_of(message.box); }
std::uint64_t text(const Message& message) {
  return value_of(message.text.start, message.text.length);
}

using Function = std::uint64_t (*)(const Message&);
template <Slip slip>
constexpr Function functions[] = {number, real, slip == Slip::box ? box : point, box, text};

}  // namespace table

template <Slip slip = Slip::none>
SAFECOST_KERNEL raw_table(const Union& context) {
  std::uint64_t digest = 0;
  for (const Message& message : context.messages)
    digest = digest * 31 + table::functions<slip>[std::to_underlying(message.tag)](message);
  return digest;
}

// Safe: what is stored decides what it is, so that a tag cannot lie.

using Alternatives = std::variant<std::int64_t, double, Point, Box, std::string_view>;

struct Variants {
  explicit Variants(const Input& input) {
    messages.reserve(input.count);
    for (const Sent& sent : std::span(input.messages, input.count)) {
      switch (Kind{sent.stored}) {
        case Kind::number:
          messages.emplace_back(number_in(sent));
          break;
        case Kind::real:
          messages.emplace_back(real_in(sent));
          break;
        case Kind::point:
          messages.emplace_back(point_in(sent));
          break;
        case Kind::box:
          messages.emplace_back(box_in(sent));
          break;
        case Kind::text:
          messages.emplace_back(text_in(sent, input.letters));
          break;
      }
    }
  }

  std::vector<Alternatives> messages;
};

// Each message through one function of it.
template <auto value>
SAFECOST_KERNEL each(const Variants& context) {
  std::uint64_t digest = 0;
  for (const Alternatives& message : context.messages) digest = digest * 31 + value(message);
  return digest;
}

SAFECOST_HELPER std::uint64_t by_visit(const Alternatives& message) {
  return std::visit([](const auto& alternative) { return value_of(alternative); }, message);
}

template <Slip slip>
SAFECOST_HELPER std::uint64_t by_index(const Alternatives& message) {
  switch (message.index()) {
    case 0:
      return value_of(std::get<0>(message));
    case 1:
      return value_of(std::get<1>(message));
    case 2:
      return value_of(std::get<(slip == Slip::box ? 3 : 2)>(message));
    case 3:
      return value_of(std::get<3>(message));
    case 4:
      return value_of(std::get<4>(message));
  }
  return 0;
}

template <Slip slip>
using PointOr = std::conditional_t<slip == Slip::box, Box, Point>;

template <Slip slip>
SAFECOST_HELPER std::uint64_t by_holds_alternative(const Alternatives& message) {
  if (std::holds_alternative<std::int64_t>(message))
    return value_of(std::get<std::int64_t>(message));
  if (std::holds_alternative<double>(message)) return value_of(std::get<double>(message));
  if (std::holds_alternative<Point>(message)) return value_of(std::get<PointOr<slip>>(message));
  if (std::holds_alternative<Box>(message)) return value_of(std::get<Box>(message));
  return value_of(std::get<std::string_view>(message));
}

// Asked for a point, read as a box: nobody looks at the pointer again.
template <Slip slip>
SAFECOST_HELPER std::uint64_t by_get_if(const Alternatives& message) {
  if (const auto* const number = std::get_if<std::int64_t>(&message)) return value_of(*number);
  if (const auto* const real = std::get_if<double>(&message)) return value_of(*real);
  if (const auto* const point = std::get_if<Point>(&message)) {
    if constexpr (slip == Slip::box) return value_of(*std::get_if<Box>(&message));
    return value_of(*point);
  }
  if (const auto* const box = std::get_if<Box>(&message)) return value_of(*box);
  if (const auto* const text = std::get_if<std::string_view>(&message)) return value_of(*text);
  return 0;
}

// The last kind first, and by the order of indices: Clang cannot put this question into the table that it
// makes of the others, so that a branch stands before the jump, as in raw_chain.
template <Slip slip>
SAFECOST_HELPER std::uint64_t by_last_first(const Alternatives& message) {
  constexpr std::size_t last = std::variant_size_v<Alternatives> - 1;
  if (message.index() >= last) return value_of(std::get<last>(message));
  if (std::holds_alternative<std::int64_t>(message))
    return value_of(std::get<std::int64_t>(message));
  if (std::holds_alternative<double>(message)) return value_of(std::get<double>(message));
  if (std::holds_alternative<Point>(message)) return value_of(std::get<PointOr<slip>>(message));
  return value_of(std::get<Box>(message));
}

// For `destroyed_before`: texts are views of letters that somebody else holds, and who are gone when the messages
// are read.
inline void lend(std::vector<char>& letters, Message& message) {
  if (message.tag != Kind::text) return;
  const char* const start = letters.data() + letters.size();
  letters.insert(letters.end(), message.text.start, message.text.start + message.text.length);
  message.text.start = start;
}

inline void lend(std::vector<char>& letters, Alternatives& message) {
  const auto* const text = std::get_if<std::string_view>(&message);
  if (text == nullptr) return;
  const char* const start = letters.data() + letters.size();
  letters.insert(letters.end(), text->begin(), text->end());
  message = std::string_view(start, text->size());
}

template <auto Body>
SAFECOST_KERNEL destroyed(typename safecost::ContextOf<decltype(Body)>::type& context) {
  std::vector<char> letters;
  letters.reserve(longest * context.messages.size());
  for (auto& message : context.messages) lend(letters, message);
  const safecost::Gone gone(letters);
  return safecost::call(safecost::kernel<Body>, &context);
}

// What an idiom gives that prevents a fault: each message is what was stored.
std::uint64_t as_stored(const void* input) {
  return each<by_get_if<Slip::none>>(Variants(*static_cast<const Input*>(input)));
}

auto the_case =
    safecost::Case<Input>(generate)
        .size(512, "L1")                           // 12 KiB of messages
        .size(16'384, "L2", safecost::Tier::full)  // 384 KiB
        .fault({.name = "text_taken_for_number",
                .cwe = 843,
                .description = "the tag says a number, the member that was written is a text",
                .contract = "the tag names the member that was written",
                .oracles = SAFECOST_ORACLE_VALUE,
                .reference = as_stored})
        .fault({.name = "number_taken_for_text",
                .cwe = 843,
                .description =
                    "the tag says a text, the member that was written is a number, which "
                    "is followed as a pointer",
                .contract = "the tag names the member that was written",
                .oracles =
                    SAFECOST_ORACLE_SANITIZER | SAFECOST_ORACLE_MEMCHECK | SAFECOST_ORACLE_VALUE,
                .reference = as_stored})
        .fault({.name = "unknown_tag",
                .cwe = 1'285,
                .description = "the tag is none of those that there are",
                .contract = "the tag is one of five",
                .oracles =
                    SAFECOST_ORACLE_SANITIZER | SAFECOST_ORACLE_MEMCHECK | SAFECOST_ORACLE_VALUE,
                .reference = as_stored})
        .fault(
            {.name = "wrong_member",
             .cwe = 843,
             .description = "a point is read as a box, which it shares the first two fields with",
             .contract = "the member that is read is the one that the tag names",
             .kind = SAFECOST_FAULT_KERNEL,
             .oracles = SAFECOST_ORACLE_VALUE,
             .reference = as_stored})
        .fault({.name = "destroyed_before",
                .cwe = 416,
                .description = "the letters of all texts are destroyed, then the messages read",
                .contract = "a text's letters live until it is read",
                .kind = SAFECOST_FAULT_KERNEL,
                .oracles = SAFECOST_ORACLE_GUARD | SAFECOST_ORACLE_SANITIZER |
                           SAFECOST_ORACLE_MEMCHECK | SAFECOST_ORACLE_VALUE,
                .reference = as_stored})
        .raw<raw<>>("raw", "a union, a tag and a switch")
        .ordinary()
        .practised()
        .fault_kernel<destroyed<raw<>>>("destroyed_before")
        .fault_kernel<raw<Slip::box>>("wrong_member")
        .raw<raw_unreachable<>>("raw_unreachable", "the same, any other tag declared impossible")
        .ordinary()
        .fault_kernel<destroyed<raw_unreachable<>>>("destroyed_before")
        .fault_kernel<raw_unreachable<Slip::box>>("wrong_member")
        .raw<raw_chain<>>("raw_chain", "a union, and its tag compared with kind after kind")
        .ordinary()
        .algorithm("chain")
        .fault_kernel<destroyed<raw_chain<>>>("destroyed_before")
        .fault_kernel<raw_chain<Slip::box>>("wrong_member")
        .raw<raw_table<>>("raw_table", "a union, and a tag that indexes a table of functions")
        .ordinary()
        .algorithm("function_table")
        .fault_kernel<destroyed<raw_table<>>>("destroyed_before")
        .fault_kernel<raw_table<Slip::box>>("wrong_member")
        .safe<each<by_visit>>("visit", "std::variant and std::visit")
        .library()
        .fault_kernel<destroyed<each<by_visit>>>("destroyed_before")
        .inexpressible("wrong_member", "the visitor is given the alternative that is there")
        .claims("always", "text_taken_for_number", "number_taken_for_text", "unknown_tag")
        .safe<each<by_index<Slip::none>>>("index_get",
                                          "std::variant, a switch on index() and std::get")
        .library()
        .fault_kernel<destroyed<each<by_index<Slip::none>>>>("destroyed_before")
        .fault_kernel<each<by_index<Slip::box>>>("wrong_member")
        .claims("always", "text_taken_for_number", "number_taken_for_text", "unknown_tag",
                "wrong_member")
        .safe<each<by_holds_alternative<Slip::none>>>(
            "holds_get", "std::variant, holds_alternative and std::get, kind after kind")
        .library()
        .algorithm("chain")
        .fault_kernel<destroyed<each<by_holds_alternative<Slip::none>>>>("destroyed_before")
        .fault_kernel<each<by_holds_alternative<Slip::box>>>("wrong_member")
        .claims("always", "text_taken_for_number", "number_taken_for_text", "unknown_tag",
                "wrong_member")
        .safe<each<by_last_first<Slip::none>>>(
            "last_first", "the same, the last kind first and by the order of indices")
        .bespoke()
        .algorithm("chain")
        .fault_kernel<destroyed<each<by_last_first<Slip::none>>>>("destroyed_before")
        .fault_kernel<each<by_last_first<Slip::box>>>("wrong_member")
        .claims("always", "text_taken_for_number", "number_taken_for_text", "unknown_tag",
                "wrong_member")
        .safe<each<by_get_if<Slip::none>>>("get_if",
                                           "std::variant and std::get_if, kind after kind")
        .library()
        .algorithm("chain")
        .fault_kernel<destroyed<each<by_get_if<Slip::none>>>>("destroyed_before")
        .fault_kernel<each<by_get_if<Slip::box>>>("wrong_member")
        .claims("always", "text_taken_for_number", "number_taken_for_text", "unknown_tag");

}  // namespace types::tagged_union

SAFECOST_EXPORT(types::tagged_union::the_case)
