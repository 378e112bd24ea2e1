// What does it cost to ask whether the bytes fit, each time that a few are copied?
//
// A message is put together from its pieces: each lies somewhere in what was received, behind some
// bytes of framing, and goes behind the one before it. Offsets and lengths came with the pieces; how
// much room there is, somebody computed. Most copies of real programs are short, so a piece has 1 to
// 511 bytes, each power of two as likely as the others, and lengths do not repeat.
//
// The call of memcpy is what takes the time: a length that varies leaves compilers nothing to inline.
// Who cuts source and message asks four questions a piece (cut_copy), a tenth of the time: does the source
// reach to the offset, and from there to the length; has the message got so far, and room for as much.
// Where a sum cannot wrap, each pair is one: span_append adds five instructions to raw's 40, GCC's `lea
// rax,[rsi+rdx]; cmp r12,rax; jb` and `lea rbp,[rdx+rdi]; cmp [rsp+8],rbp; jb`, less the addition that
// the second one saves. These stay, with 4 to 5 % (GCC) and 8 % (Clang, whose code is the same): they are
// about numbers that came with the piece, and follow neither from each other nor from those before.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#if __has_include(<gsl/algorithm>)
#define SAFECOST_GSL 1
#include <gsl/algorithm>
#include <gsl/span>
#endif
#include "kernel/case.h"
#include "kernel/dangling.h"

namespace spans::copy {

using Byte = std::uint8_t;

struct Piece {
  std::uint32_t offset;
  std::uint32_t length;
};

struct Input {
  const Byte* source;
  std::size_t source_size;
  const Piece* pieces;
  std::size_t count;
  std::size_t room;  // for the message; the sum of all lengths unless a fault lies
};

Input generate(safecost::Generator& generator) {
  const auto pieces = generator.array<Piece>(generator.size());
  // In its own place a piece overlaps itself where it is longer than the framing before it.
  const std::uint32_t longer = generator.commits("in_place") ? 16 : 0;
  std::uint32_t end = 0;
  std::size_t total = 0;
  for (Piece& piece : pieces) {
    const std::uint64_t least = 1u << generator.random.below(9);
    piece = {.offset = end + 1 + static_cast<std::uint32_t>(generator.random.below(16)),
             .length = static_cast<std::uint32_t>(least + generator.random.below(least)) + longer};
    end = piece.offset + piece.length;
    total += piece.length;
  }
  const auto source = generator.array<Byte>(end);
  for (Byte& byte : source) byte = static_cast<Byte>(generator.random.next());

  Input input = {source.data(), source.size(), pieces.data(), pieces.size(), total};
  safecost::Random& random = generator.random;
  const auto any = [&]() -> Piece& { return pieces[random.below(pieces.size())]; };
  if (generator.commits("source_one_short")) --input.source_size;
  if (generator.commits("piece_past_source"))
    any().offset = end + static_cast<std::uint32_t>(random.between(1, 4'096));
  // An error's code in a variable without a sign.
  if (generator.commits("negative_length"))
    any().length = 0 - static_cast<std::uint32_t>(random.between(1, 4'095));
  if (generator.commits("room_one_short")) --input.room;
  if (generator.commits("half_the_room")) input.room = random.below(total / 2 + 1);
  return input;
}

std::uint64_t digest_of(std::span<const Byte> message) {
  std::uint64_t digest = message.size();
  for (const Byte byte : message) digest = (digest ^ byte) * 0x9e3779b97f4a7c15u;
  return digest;
}

// The kernels return how many bytes they put together; digest() reads those.
struct Buffers {
  explicit Buffers(const Input& input)
      : source(input.source, input.source + input.source_size),
        pieces(input.pieces, input.pieces + input.count),
        message(input.room) {}

  void reset(const Input& input) {
    std::copy(input.source, input.source + input.source_size, source.begin());
    std::ranges::fill(message, Byte{0});
  }
  std::uint64_t digest() const { return digest_of(message); }

  std::vector<Byte> source;
  std::vector<Piece> pieces;
  std::vector<Byte> message;
};

// For `in_place`: where the message goes to. With the fault it goes to the source's own front, which it
// reaches to some bytes below the piece that is copied.
template <bool in_place>
static inline std::vector<Byte>& target(Buffers& context) {
  return in_place ? context.source : context.message;
}

// Puts it where digest() looks.
template <bool in_place>
static inline std::uint64_t finished(Buffers& context, std::size_t total) {
  if constexpr (in_place)
    std::copy_n(context.source.begin(), context.message.size(), context.message.begin());
  return total;
}

template <bool in_place>
SAFECOST_KERNEL raw(Buffers& context) {
  const Byte* const source = context.source.data();
  Byte* const message = target<in_place>(context).data();
  std::size_t position = 0;
  for (const Piece& piece : context.pieces) {
    std::memcpy(message + position, source + piece.offset, piece.length);
    position += piece.length;
  }
  return finished<in_place>(context, position);
}

// The loop that people write. Bytes may be part of anything, so compilers either look whether the two
// overlap or copy one byte at a time.
template <bool in_place>
SAFECOST_KERNEL raw_loop(Buffers& context) {
  const Byte* const source = context.source.data();
  Byte* const message = target<in_place>(context).data();
  std::size_t position = 0;
  for (const Piece& piece : context.pieces) {
    const Byte* const from = source + piece.offset;
    Byte* const to = message + position;
    for (std::size_t i = 0; i < piece.length; ++i) to[i] = from[i];
    position += piece.length;
  }
  return finished<in_place>(context, position);
}

// The same with the promise that they do not: compilers call memcpy for it.
static inline void copy_loop(Byte* __restrict to, const Byte* __restrict from, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) to[i] = from[i];
}

template <bool in_place>
SAFECOST_KERNEL raw_restrict(Buffers& context) {
  const Byte* const source = context.source.data();
  Byte* const message = target<in_place>(context).data();
  std::size_t position = 0;
  for (const Piece& piece : context.pieces) {
    copy_loop(message + position, source + piece.offset, piece.length);
    position += piece.length;
  }
  return finished<in_place>(context, position);
}

// What C does with lengths that came from elsewhere, written so that nothing wraps: cut_copy asks one more. What does
// not fit ends the message.
template <bool in_place>
SAFECOST_KERNEL raw_checked(Buffers& context) {
  const Byte* const source = context.source.data();
  const std::size_t source_size = context.source.size();
  Byte* const message = target<in_place>(context).data();
  const std::size_t room = context.message.size();
  std::size_t position = 0;
  for (const Piece& piece : context.pieces) {
    if (piece.offset > source_size || piece.length > source_size - piece.offset) break;
    if (piece.length > room - position) break;
    std::memcpy(message + position, source + piece.offset, piece.length);
    position += piece.length;
  }
  return finished<in_place>(context, position);
}

// Checked under the library's assertions, a byte at a time.
template <bool in_place>
SAFECOST_KERNEL index(Buffers& context) {
  const std::vector<Byte>& source = context.source;
  std::vector<Byte>& message = target<in_place>(context);
  std::size_t position = 0;
  for (const Piece& piece : context.pieces) {
    for (std::size_t i = 0; i < piece.length; ++i) message[position + i] = source[piece.offset + i];
    position += piece.length;
  }
  return finished<in_place>(context, position);
}

template <bool in_place>
SAFECOST_KERNEL at(Buffers& context) {
  const std::vector<Byte>& source = context.source;
  std::vector<Byte>& message = target<in_place>(context);
  std::size_t position = 0;
  for (const Piece& piece : context.pieces) {
    for (std::size_t i = 0; i < piece.length; ++i)
      message.at(position + i) = source.at(piece.offset + i);
    position += piece.length;
  }
  return finished<in_place>(context, position);
}

// Iterators check nothing. But std::copy is defined where memcpy is not: it may copy to the left.
template <bool in_place>
SAFECOST_KERNEL std_copy(Buffers& context) {
  const std::vector<Byte>& source = context.source;
  auto to = target<in_place>(context).begin();
  std::size_t position = 0;
  for (const Piece& piece : context.pieces) {
    const auto from = source.begin() + piece.offset;
    to = std::copy(from, from + piece.length, to);
    position += piece.length;
  }
  return finished<in_place>(context, position);
}

// The source is cut to the piece, which is checked under assertions; where it goes is an iterator, and
// nothing knows how far that may go.
template <bool in_place>
SAFECOST_KERNEL ranges_copy(Buffers& context) {
  const std::span<const Byte> source = context.source;
  auto to = target<in_place>(context).begin();
  std::size_t position = 0;
  for (const Piece& piece : context.pieces) {
    to = std::ranges::copy(source.subspan(piece.offset, piece.length), to).out;
    position += piece.length;
  }
  return finished<in_place>(context, position);
}

// Both are cut: two checks a piece under assertions, none otherwise.
//
// libstdc++ 12 asks whether a `const Byte*` can be written through where it should ask whether a `Byte*`
// can (GCC's PR 116754, fixed in 13.4: the arguments of __memcpyable in ranges::copy), so that from a
// span of const it copies one byte after the other. With libc++ this is memmove.
template <bool in_place>
SAFECOST_KERNEL subspan_ranges(Buffers& context) {
  const std::span<const Byte> source = context.source;
  const std::span<Byte> message = target<in_place>(context);
  std::size_t position = 0;
  for (const Piece& piece : context.pieces) {
    std::ranges::copy(source.subspan(piece.offset, piece.length),
                      message.subspan(position, piece.length).begin());
    position += piece.length;
  }
  return finished<in_place>(context, position);
}

// The same with std::copy, which is memmove in both libraries.
template <bool in_place>
SAFECOST_KERNEL subspan_copy(Buffers& context) {
  const std::span<const Byte> source = context.source;
  const std::span<Byte> message = target<in_place>(context);
  std::size_t position = 0;
  for (const Piece& piece : context.pieces) {
    const std::span<const Byte> from = source.subspan(piece.offset, piece.length);
    std::copy(from.begin(), from.end(), message.subspan(position, piece.length).begin());
    position += piece.length;
  }
  return finished<in_place>(context, position);
}

// What projects write whose library's subspan() does not always look, and what Rust's slices are.
template <class Element>
SAFECOST_HELPER std::span<Element> cut(std::span<Element> all, std::size_t offset,
                                       std::size_t count) {
  if (offset > all.size() || count > all.size() - offset)
    throw std::out_of_range("a piece lies outside");
  return {all.data() + offset, count};
}

SAFECOST_HELPER void copy_from(std::span<Byte> to, std::span<const Byte> from) {
  if (to.size() != from.size()) throw std::length_error("the sizes of a copy differ");
  std::memcpy(to.data(), from.data(), to.size());
}

template <bool in_place>
SAFECOST_KERNEL copy_from_span(Buffers& context) {
  const std::span<const Byte> source = context.source;
  const std::span<Byte> message = target<in_place>(context);
  std::size_t position = 0;
  for (const Piece& piece : context.pieces) {
    copy_from(cut(message, position, piece.length), cut(source, piece.offset, piece.length));
    position += piece.length;
  }
  return finished<in_place>(context, position);
}

// The same with std::copy, whose ranges may overlap this way.
template <bool in_place>
SAFECOST_KERNEL cut_copy(Buffers& context) {
  const std::span<const Byte> source = context.source;
  const std::span<Byte> message = target<in_place>(context);
  std::size_t position = 0;
  for (const Piece& piece : context.pieces) {
    const std::span<const Byte> from = cut(source, piece.offset, piece.length);
    std::copy(from.begin(), from.end(), cut(message, position, piece.length).begin());
    position += piece.length;
  }
  return finished<in_place>(context, position);
}

// Two questions a piece are left of four, where a sum cannot wrap: that of two numbers of 32 bits in 64,
// and that of the sizes of two spans, each of which exists. The message remembers its own end.
SAFECOST_HELPER std::span<const Byte> piece_of(std::span<const Byte> source, const Piece& piece) {
  const std::uint64_t end = std::uint64_t{piece.offset} + piece.length;
  if (end > source.size()) throw std::out_of_range("a piece lies outside");
  return {source.data() + piece.offset, piece.length};
}

class Message {
 public:
  explicit Message(std::span<Byte> room) : room_(room) {}

  [[gnu::always_inline]] inline void append(std::span<const Byte> piece) {
    const std::size_t size = size_ + piece.size();
    if (size > room_.size()) throw std::length_error("no room is left");
    std::memmove(room_.data() + size_, piece.data(), piece.size());
    size_ = size;
  }
  std::size_t size() const { return size_; }

 private:
  std::span<Byte> room_;
  std::size_t size_ = 0;
};

template <bool in_place>
SAFECOST_KERNEL span_append(Buffers& context) {
  const std::span<const Byte> source = context.source;
  Message message(target<in_place>(context));
  for (const Piece& piece : context.pieces) message.append(piece_of(source, piece));
  return finished<in_place>(context, message.size());
}

#if defined(SAFECOST_GSL)
// Checked whatever is switched on; a violation ends the program by std::terminate.
template <bool in_place>
SAFECOST_KERNEL gsl_copy(Buffers& context) {
  const gsl::span<const Byte> source = context.source;
  const gsl::span<Byte> message = target<in_place>(context);
  std::size_t position = 0;
  for (const Piece& piece : context.pieces) {
    gsl::copy(source.subspan(piece.offset, piece.length), message.subspan(position, piece.length));
    position += piece.length;
  }
  return finished<in_place>(context, position);
}
#endif

// The message's memory allocated where it is filled: then FORTIFY's third level knows how large it is,
// and memcpy's checked twin is called.
struct FreshBuffers : Buffers {
  explicit FreshBuffers(const Input& input) : Buffers(input) {}
  FreshBuffers(const FreshBuffers&) = delete;
  FreshBuffers& operator=(const FreshBuffers&) = delete;
  ~FreshBuffers() { std::free(fresh); }

  void reset(const Input& input) {
    Buffers::reset(input);
    std::free(fresh);
    fresh = nullptr;
  }
  std::uint64_t digest() const { return digest_of({fresh, message.size()}); }

  Byte* fresh = nullptr;
};

SAFECOST_KERNEL raw_fresh(FreshBuffers& context) {
  const Byte* const source = context.source.data();
  const std::size_t room = context.message.size();
  Byte* const message = static_cast<Byte*>(std::malloc(room));
  if (message == nullptr && room > 0) std::abort();
  context.fresh = message;
  std::size_t position = 0;
  for (const Piece& piece : context.pieces) {
    std::memcpy(message + position, source + piece.offset, piece.length);
    position += piece.length;
  }
  return position;
}

// Nobody computes how much room there is: the message grows. What was computed is only reserved.
template <class Message>
struct Growing {
  explicit Growing(const Input& input)
      : source(input.source, input.source + input.source_size),
        pieces(input.pieces, input.pieces + input.count) {
    message.reserve(input.room);
  }

  // Writes all that Buffers::reset writes, so that caches hold the same when the kernel begins.
  void reset(const Input& input) {
    std::copy(input.source, input.source + input.source_size, source.begin());
    message.assign(input.room, {});
    message.clear();
  }
  std::uint64_t digest() const {
    return digest_of({reinterpret_cast<const Byte*>(message.data()), message.size()});
  }

  std::vector<Byte> source;
  std::vector<Piece> pieces;
  Message message;
};

SAFECOST_KERNEL vector_insert(Growing<std::vector<Byte>>& context) {
  const std::span<const Byte> source = context.source;
  for (const Piece& piece : context.pieces) {
    const auto from = source.subspan(piece.offset, piece.length);
    context.message.insert(context.message.end(), from.begin(), from.end());
  }
  return context.message.size();
}

// Of a text, append() takes what lies inside: it cuts a length that is too large, of which nobody learns, and
// throws where the piece begins outside.
SAFECOST_KERNEL string_append(Growing<std::string>& context) {
  const std::string_view source(reinterpret_cast<const char*>(context.source.data()),
                                context.source.size());
  for (const Piece& piece : context.pieces)
    context.message.append(source, piece.offset, piece.length);
  return context.message.size();
}

// For `destroyed_before`: what was received is lent as a span.
template <auto Body>
constexpr auto destroyed =
    safecost::destroyed<Body, &safecost::ContextOf<decltype(Body)>::type::source>;

// What an idiom leaves that makes room.
std::uint64_t digest_of_all(const void* input) {
  const Input& given = *static_cast<const Input*>(input);
  std::vector<Byte> message;
  for (const Piece& piece : std::span(given.pieces, given.count)) {
    const Byte* const first = given.source + piece.offset;
    message.insert(message.end(), first, first + piece.length);
  }
  return digest_of(message);
}

// FORTIFY looks at a copy before it is made.
constexpr std::uint32_t stops = safecost::Fault{}.stops | SAFECOST_STOP_FORTIFY;

constexpr const char* own_memory = "what is appended to has memory of its own";

auto the_case =
    safecost::Case<Input>(generate)
        .size(128, "L1")                                     // 12 KiB of pieces, 11 KiB of message
        .size(1'024, "L2", safecost::Tier::full)             // 94 KiB and 85 KiB
        .size(65'536, "beyond L3", safecost::Tier::publish)  // 6 MiB and 5 MiB
        .fault({.name = "room_one_short",
                .cwe = 787,
                .description = "the message is one byte longer than the room for it",
                .contract = "the lengths add up to room",
                .stops = stops,
                .reference = digest_of_all})
        .fault({.name = "half_the_room",
                .cwe = 787,
                .description = "the message is twice as long as the room for it, or longer",
                .contract = "the lengths add up to room",
                .stops = stops,
                .reference = digest_of_all})
        .fault({.name = "source_one_short",
                .cwe = 125,
                .description = "the last piece ends one byte behind what was received",
                .contract = "a piece lies in the source",
                // One byte: less than what a block keeps of malloc's alignment.
                .oracles = SAFECOST_ORACLE_GUARD | SAFECOST_ORACLE_SANITIZER |
                           SAFECOST_ORACLE_MEMCHECK | SAFECOST_ORACLE_VALUE,
                .reference = safecost::unknowable})
        .fault({.name = "piece_past_source",
                .cwe = 125,
                .description = "a piece begins up to 4,096 bytes behind the end of the source",
                .contract = "a piece lies in the source",
                .reference = safecost::unknowable})
        .fault({.name = "negative_length",
                .cwe = 195,
                .description = "a length is an error's code, -1 to -4,095, which became a number "
                               "above 4,294,963,200",
                .contract = "a piece lies in the source",
                .stops = stops,
                .reference = safecost::unknowable})
        .fault({.name = "in_place",
                .cwe = 475,
                .description =
                    "the message is put together in the source's own memory, and overlaps it",
                .contract = "the two ranges of a memcpy do not overlap",
                .kind = SAFECOST_FAULT_KERNEL,
                // The C library's memcpy is its memmove today: no world sees anything.
                .oracles = SAFECOST_ORACLE_SANITIZER,
                .reference = digest_of_all})
        .fault({.name = "destroyed_before",
                .cwe = 416,
                .description = "what was received is destroyed, then copied",
                .contract = "what was received lives until it is copied",
                .kind = SAFECOST_FAULT_KERNEL,
                .oracles = SAFECOST_ORACLE_GUARD | SAFECOST_ORACLE_SANITIZER |
                           SAFECOST_ORACLE_MEMCHECK | SAFECOST_ORACLE_VALUE,
                .reference = digest_of_all})
        .raw<raw<false>>("raw", "memcpy")
        .ordinary()
        .fault_kernel<destroyed<raw<false>>>("destroyed_before")
        .fault_kernel<raw<true>>("in_place")
        .raw<raw_restrict<false>>("raw_restrict", "a loop over restrict pointers")
        .ordinary()
        .fault_kernel<destroyed<raw_restrict<false>>>("destroyed_before")
        .fault_kernel<raw_restrict<true>>("in_place")
        .raw<raw_loop<false>>("raw_loop", "a loop over pointers")
        .ordinary()
        .fault_kernel<destroyed<raw_loop<false>>>("destroyed_before")
        .fault_kernel<raw_loop<true>>("in_place")
        .claims("always", "in_place")
        .raw<raw_checked<false>>("raw_checked", "offset and length compared by hand, memcpy")
        .ordinary()
        .fault_kernel<destroyed<raw_checked<false>>>("destroyed_before")
        .fault_kernel<raw_checked<true>>("in_place")
        .raw<raw_fresh>("raw_fresh", "memcpy into what malloc gave a moment ago")
        .ordinary()
        .fault_kernel<destroyed<raw_fresh>>("destroyed_before")
        .inexpressible("in_place", "what malloc gave is nobody else's")
        .safe<index<false>>("index", "a loop over vector::operator[]")
        .library()
        .fault_kernel<destroyed<index<false>>>("destroyed_before")
        .fault_kernel<index<true>>("in_place")
        .claims("assertions", "room_one_short", "half_the_room", "source_one_short",
                "piece_past_source", "negative_length")
        .claims("always", "in_place")
        .safe<at<false>>("at", "a loop over vector::at")
        .library()
        .fault_kernel<destroyed<at<false>>>("destroyed_before")
        .fault_kernel<at<true>>("in_place")
        .claims("always", "room_one_short", "half_the_room", "source_one_short",
                "piece_past_source", "negative_length", "in_place")
        .safe<std_copy<false>>("std_copy", "std::copy between iterators")
        .library()
        .fault_kernel<destroyed<std_copy<false>>>("destroyed_before")
        .fault_kernel<std_copy<true>>("in_place")
        .claims("always", "in_place")
        .safe<ranges_copy<false>>("ranges_copy", "ranges::copy from a subspan to an iterator")
        .library()
        .fault_kernel<destroyed<ranges_copy<false>>>("destroyed_before")
        .fault_kernel<ranges_copy<true>>("in_place")
        .claims("assertions", "source_one_short", "piece_past_source", "negative_length")
        .claims("always", "in_place")
        .safe<subspan_ranges<false>>("subspan_ranges", "ranges::copy from a subspan to a subspan")
        .library()
        .fault_kernel<destroyed<subspan_ranges<false>>>("destroyed_before")
        .fault_kernel<subspan_ranges<true>>("in_place")
        .claims("assertions", "room_one_short", "half_the_room", "source_one_short",
                "piece_past_source", "negative_length")
        .claims("always", "in_place")
        .safe<subspan_copy<false>>("subspan_copy", "std::copy from a subspan to a subspan")
        .library()
        .fault_kernel<destroyed<subspan_copy<false>>>("destroyed_before")
        .fault_kernel<subspan_copy<true>>("in_place")
        .claims("assertions", "room_one_short", "half_the_room", "source_one_short",
                "piece_past_source", "negative_length")
        .claims("always", "in_place")
        .safe<copy_from_span<false>>("copy_from", "spans cut with a look, sizes compared, memcpy")
        .ordinary()
        .trusted_core()
        .fault_kernel<destroyed<copy_from_span<false>>>("destroyed_before")
        .fault_kernel<copy_from_span<true>>("in_place")
        .claims("always", "room_one_short", "half_the_room", "source_one_short",
                "piece_past_source", "negative_length")
        .safe<cut_copy<false>>("cut_copy", "spans cut with a look, std::copy")
        .ordinary()
        .fault_kernel<destroyed<cut_copy<false>>>("destroyed_before")
        .fault_kernel<cut_copy<true>>("in_place")
        .claims("always", "room_one_short", "half_the_room", "source_one_short",
                "piece_past_source", "negative_length", "in_place")
        .safe<span_append<false>>("span_append", "sums that cannot wrap, compared; memmove")
        .bespoke()
        .trusted_core()
        .fault_kernel<destroyed<span_append<false>>>("destroyed_before")
        .fault_kernel<span_append<true>>("in_place")
        .claims("always", "room_one_short", "half_the_room", "source_one_short",
                "piece_past_source", "negative_length", "in_place")
#if defined(SAFECOST_GSL)
        .safe<gsl_copy<false>>("gsl_copy", "gsl::copy from a subspan to a subspan")
        .library()
        .fault_kernel<destroyed<gsl_copy<false>>>("destroyed_before")
        .fault_kernel<gsl_copy<true>>("in_place")
        .claims("always", "in_place")
#else
        .gap("gsl_copy", "gsl::copy from a subspan to a subspan", "no Guidelines Support Library")
#endif
        .safe<vector_insert>("vector_insert", "vector::insert of a subspan at the end")
        .library()
        .fault_kernel<destroyed<vector_insert>>("destroyed_before")
        .inexpressible("in_place", own_memory)
        .claims("always", "room_one_short", "half_the_room")
        .claims("assertions", "source_one_short", "piece_past_source", "negative_length")
        .safe<string_append>("string_append", "string::append of a piece of a string_view")
        .library()
        .fault_kernel<destroyed<string_append>>("destroyed_before")
        .inexpressible("in_place", own_memory)
        .claims("always", "room_one_short", "half_the_room", "piece_past_source");

}  // namespace spans::copy

SAFECOST_EXPORT(spans::copy::the_case)
