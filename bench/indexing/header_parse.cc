// What does it cost to read fixed-width fields of headers, when each could lie outside the buffer?
//
// A packet holds a run of records: a header of 16 bytes in network order (a kind, flags, the length
// of what follows, a stream, a sequence number) and that many bytes of payload, which nobody reads.
// Where a header begins follows from all lengths before it, and those come from a stranger. The raw
// code believes them and the number of records beside the packet. No C parser of foreign bytes does: raw_checked is
// what they write, and what an idiom costs over it is the price of the idiom alone, not of looking.
//
// A header begins anywhere, so reading its fields through a pointer to a struct is undefined twice:
// they are not aligned, and bytes are not that struct. The first raw variant copies each field out with
// memcpy, which compilers make one load of; a struct that is declared packed and may_alias is the
// form of the cast that GCC and Clang define, and code of operating systems is full of it.
//
// The walk is a chain: a length is loaded, its bytes are swapped, it is added to where its header was, and
// only then can the next one be loaded, some seven cycles later. A check that stands beside the chain
// hides behind it; what makes the chain longer, an offset to be added to an address, is paid in full.
//
// fixed_extent has raw_deferred's chain and one comparison beside it. With Clang that is three instructions
// of 23, as it compares by the subtraction that it needs anyway (`lea r9,[r8+0x10]; sub rdx,r9; jb`): free.
// GCC compares first and subtracts then (`lea rdi,[rdx+0x10]; cmp rcx,rdi; jb`, `sub rcx,rdi`; 26
// instructions against 22), and 3 % stay. Their number is not what costs: with __builtin_sub_overflow in
// their stead they are 25, with the library's assertions 31, and the time is the same.
#include <algorithm>
#include <bit>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#if defined(SAFECOST_ABSEIL)
#include "absl/types/span.h"
#endif
#include "kernel/case.h"
#include "kernel/dangling.h"

namespace indexing::header_parse {

using Byte = std::uint8_t;

struct Input {
  const Byte* bytes;
  std::size_t size;
  std::ptrdiff_t first;  // where the first header begins; not below 0 unless a fault lies
  std::size_t count;     // of records
};

constexpr std::size_t header_size = 16;

struct Header {
  std::uint8_t kind;
  std::uint8_t flags;
  std::uint16_t length;  // of the payload behind this header
  std::uint32_t stream;
  std::uint64_t sequence;
};

void write_length(std::span<Byte> packet, std::size_t header, std::size_t length) {
  packet[header + 2] = static_cast<Byte>(length >> 8);
  packet[header + 3] = static_cast<Byte>(length);
}

// `size` records behind a preamble, with payloads of up to 47 bytes: most packets are small.
Input generate(safecost::Generator& generator) {
  const bool lying = generator.commits("lying_length");
  // A length that lies is that of a header which another one follows.
  const std::size_t records = std::max<std::size_t>(generator.size(), lying ? 2 : 0);
  std::vector<std::size_t> headers;
  const std::size_t first = generator.random.below(32);
  std::size_t end = first;
  for (std::size_t i = 0; i < records; ++i) {
    headers.push_back(end);
    end += header_size + generator.random.below(48);
  }
  const auto packet = generator.array<Byte>(end);
  for (Byte& byte : packet) byte = static_cast<Byte>(generator.random.next());
  for (std::size_t i = 0; i < headers.size(); ++i) {
    const std::size_t next = i + 1 < headers.size() ? headers[i + 1] : end;
    write_length(packet, headers[i], next - headers[i] - header_size);
  }
  Input input = {packet.data(), end, static_cast<std::ptrdiff_t>(first), headers.size()};
  if (lying) {
    // One of the last thousand, from where 65,535 bytes lead out of the packet, as does all that is left.
    constexpr std::size_t reach = 1'000;
    const std::size_t last = headers.size() - 2;
    const std::size_t liar = headers[last - generator.random.below(std::min(last + 1, reach))];
    write_length(packet, liar, generator.random.between(end - liar - header_size, 65'535));
  }
  // Somewhere in the last header.
  if (generator.commits("truncated_header"))
    input.size = headers.back() + generator.random.below(header_size);
  if (generator.commits("one_header_too_many")) ++input.count;
  // A preamble that was said to be longer than what had been read: the header's end is still inside.
  if (generator.commits("before_start"))
    input.first = -static_cast<std::ptrdiff_t>(generator.random.between(1, header_size - 1));
  return input;
}

struct Packet {
  explicit Packet(const Input& input)
      : bytes(input.bytes, input.bytes + input.size), first(input.first), count(input.count) {}

  std::vector<Byte> bytes;
  std::ptrdiff_t first;
  std::size_t count;
};

// No two fields that lie side by side meet here, nor is one shifted: compilers would read some of them
// as one, or know their bytes no longer, and not in every variant alike.
static inline std::uint64_t mixed(std::uint64_t digest, const Header& header) {
  return digest * 31 + (((header.sequence ^ header.stream) + header.kind) ^ header.flags);
}

template <std::unsigned_integral Value>
static inline Value from_network(Value value) {
  return std::endian::native == std::endian::little ? std::byteswap(value) : value;
}

template <std::unsigned_integral Value>
static inline Value load(const Byte* bytes) {
  Value value;
  std::memcpy(&value, bytes, sizeof value);
  return from_network(value);
}

static inline Header load_header(const Byte* bytes) {
  return {bytes[0], bytes[1], load<std::uint16_t>(bytes + 2), load<std::uint32_t>(bytes + 4),
          load<std::uint64_t>(bytes + 8)};
}

SAFECOST_KERNEL raw(const Packet& context) {
  const Byte* next = context.bytes.data() + context.first;
  const std::size_t count = context.count;
  std::uint64_t digest = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const Header header = load_header(next);
    digest = mixed(digest, header);
    next += header_size + header.length;
  }
  return digest;
}

// The same walk in another order: what a length adds to the place waits until the next header has been
// asked for, so that no addition lies between a length and the load that needs it. fixed_extent falls
// into this order by itself.
SAFECOST_KERNEL raw_deferred(const Packet& context) {
  const Byte* walked = context.bytes.data() + context.first;
  const std::size_t count = context.count;
  std::uint16_t payload = 0;
  std::uint64_t digest = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const Header header = load_header(walked + payload);
    digest = mixed(digest, header);
    walked += payload + header_size;
    payload = header.length;
  }
  return digest;
}

struct [[gnu::packed, gnu::may_alias]] WireHeader {
  std::uint8_t kind;
  std::uint8_t flags;
  std::uint16_t length;
  std::uint32_t stream;
  std::uint64_t sequence;
};
static_assert(sizeof(WireHeader) == header_size);

SAFECOST_KERNEL raw_packed(const Packet& context) {
  const Byte* next = context.bytes.data() + context.first;
  const std::size_t count = context.count;
  std::uint64_t digest = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const auto* const wire = reinterpret_cast<const WireHeader*>(next);
    const Header header = {wire->kind, wire->flags, from_network<std::uint16_t>(wire->length),
                           from_network<std::uint32_t>(wire->stream),
                           from_network<std::uint64_t>(wire->sequence)};
    digest = mixed(digest, header);
    next += header_size + header.length;
  }
  return digest;
}

// What C parsers do: what is left is compared before each header and before each payload. As in most of them the walk
// just ends, and a header that begins before the packet is none of its questions. The second comparison stands between
// two additions that Clang 19 makes after the length's load in raw: it is what keeps the first of them off the chain.
SAFECOST_KERNEL raw_checked(const Packet& context) {
  const Byte* next = context.bytes.data() + context.first;
  const Byte* const end = context.bytes.data() + context.bytes.size();
  const std::size_t count = context.count;
  std::uint64_t digest = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if ((std::size_t)(end - next) < header_size) break;
    const Header header = load_header(next);
    digest = mixed(digest, header);
    next += header_size;
    if ((std::size_t)(end - next) < header.length) break;
    next += header.length;
  }
  return digest;
}

// Byte by byte, as C must where it may not assume how a machine orders them: compilers know the shifts for one load
// and a swap.
SAFECOST_KERNEL raw_bytes(const Packet& context) {
  const Byte* next = context.bytes.data() + context.first;
  const std::size_t count = context.count;
  std::uint64_t digest = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint16_t length = (std::uint16_t)(next[2] << 8 | next[3]);
    const std::uint32_t stream = (std::uint32_t)next[4] << 24 | (std::uint32_t)next[5] << 16 |
                                 (std::uint32_t)next[6] << 8 | next[7];
    const std::uint64_t sequence = (std::uint64_t)next[8] << 56 | (std::uint64_t)next[9] << 48 |
                                   (std::uint64_t)next[10] << 40 | (std::uint64_t)next[11] << 32 |
                                   (std::uint64_t)next[12] << 24 | (std::uint64_t)next[13] << 16 |
                                   (std::uint64_t)next[14] << 8 | next[15];
    const Header header = {next[0], next[1], length, stream, sequence};
    digest = mixed(digest, header);
    next += header_size + header.length;
  }
  return digest;
}

// The same with an idiom's own access: `get(i)` is byte i of the header. A check between two bytes undoes the one load.
template <class Get>
SAFECOST_HELPER Header assemble_header(Get get) {
  const auto assemble = [&]<std::unsigned_integral Value>(Value, std::size_t first) {
    return [&]<std::size_t... i>(std::index_sequence<i...>) {
      return static_cast<Value>(((Value{get(first + i)} << 8 * (sizeof(Value) - 1 - i)) | ...));
    }(std::make_index_sequence<sizeof(Value)>());
  };
  return {get(0), get(1), assemble(std::uint16_t{}, 2), assemble(std::uint32_t{}, 4),
          assemble(std::uint64_t{}, 8)};
}

// Sixteen checks a header under the library's assertions, none otherwise.
SAFECOST_KERNEL index(const Packet& context) {
  const std::vector<Byte>& bytes = context.bytes;
  std::size_t offset = static_cast<std::size_t>(context.first);
  std::uint64_t digest = 0;
  for (std::size_t i = 0; i < context.count; ++i) {
    const Header header =
        assemble_header([&bytes, offset](std::size_t byte) { return bytes[offset + byte]; });
    digest = mixed(digest, header);
    offset += header_size + header.length;
  }
  return digest;
}

SAFECOST_KERNEL at(const Packet& context) {
  const std::vector<Byte>& bytes = context.bytes;
  std::size_t offset = static_cast<std::size_t>(context.first);
  std::uint64_t digest = 0;
  for (std::size_t i = 0; i < context.count; ++i) {
    const Header header =
        assemble_header([&bytes, offset](std::size_t byte) { return bytes.at(offset + byte); });
    digest = mixed(digest, header);
    offset += header_size + header.length;
  }
  return digest;
}

// One view a header, then at() within it. substr() throws where the header begins outside and cuts
// where it ends outside. The view's last byte is asked for first: once that is there, compilers know
// that all others are, and no check is left between them. Over the whole packet they cannot know:
// offset + 15 may be less than offset.
SAFECOST_KERNEL at_in_view(const Packet& context) {
  const std::basic_string_view<char> bytes(reinterpret_cast<const char*>(context.bytes.data()),
                                           context.bytes.size());
  std::size_t offset = static_cast<std::size_t>(context.first);
  std::uint64_t digest = 0;
  for (std::size_t i = 0; i < context.count; ++i) {
    const std::string_view view = bytes.substr(offset, header_size);
    static_cast<void>(view.at(header_size - 1));
    const Header header =
        assemble_header([view](std::size_t byte) { return static_cast<Byte>(view.at(byte)); });
    digest = mixed(digest, header);
    offset += header_size + header.length;
  }
  return digest;
}

#if defined(SAFECOST_ABSEIL)
// The same with Abseil's span, whose subspan() throws and cuts as substr() does.
SAFECOST_KERNEL absl_span(const Packet& context) {
  const absl::Span<const Byte> bytes = context.bytes;
  std::size_t offset = static_cast<std::size_t>(context.first);
  std::uint64_t digest = 0;
  for (std::size_t i = 0; i < context.count; ++i) {
    const absl::Span<const Byte> view = bytes.subspan(offset, header_size);
    static_cast<void>(view.at(header_size - 1));
    const Header header = assemble_header([view](std::size_t byte) { return view.at(byte); });
    digest = mixed(digest, header);
    offset += header_size + header.length;
  }
  return digest;
}
#endif

// A header as a span of fixed extent: which of its bytes are a field is checked when it is compiled.
using Fixed = std::span<const Byte, header_size>;

template <std::unsigned_integral Value, std::size_t first>
SAFECOST_HELPER Value field(Fixed header) {
  return load<Value>(header.subspan<first, sizeof(Value)>().data());
}

SAFECOST_HELPER Header fields(Fixed header) {
  return {field<std::uint8_t, 0>(header), field<std::uint8_t, 1>(header),
          field<std::uint16_t, 2>(header), field<std::uint32_t, 4>(header),
          field<std::uint64_t, 8>(header)};
}

// Two checks a header under the library's assertions, none otherwise.
SAFECOST_KERNEL subspan_first(const Packet& context) {
  const std::span<const Byte> bytes = context.bytes;
  std::size_t offset = static_cast<std::size_t>(context.first);
  std::uint64_t digest = 0;
  for (std::size_t i = 0; i < context.count; ++i) {
    const Header header = fields(bytes.subspan(offset).first<header_size>());
    digest = mixed(digest, header);
    offset += header_size + header.length;
  }
  return digest;
}

// What parsers of foreign bytes are written with: what is left of them, and functions that take from
// its front and say whether they could. A packet that is too short ends the walk, and nobody learns of the
// headers that are missing.
class Cursor {
 public:
  explicit Cursor(std::span<const Byte> bytes) : left_(bytes) {}

  template <std::unsigned_integral Value>
  [[nodiscard, gnu::always_inline]] inline bool read(Value& value) {
    if (left_.size() < sizeof(Value)) return false;
    value = load<Value>(left_.data());
    left_ = left_.subspan(sizeof(Value));
    return true;
  }
  [[nodiscard, gnu::always_inline]] inline std::optional<Fixed> take_header() {
    if (left_.size() < header_size) return std::nullopt;
    const Fixed taken = left_.first<header_size>();
    left_ = left_.subspan(header_size);
    return taken;
  }
  [[nodiscard, gnu::always_inline]] inline bool skip(std::size_t count) {
    if (left_.size() < count) return false;
    left_ = left_.subspan(count);
    return true;
  }

 private:
  std::span<const Byte> left_;
};

// Each field is checked, and what is left grows shorter each time. GCC makes one comparison of the five,
// since nothing happens between them and all lead to the same place; Clang leaves all five.
SAFECOST_KERNEL cursor(const Packet& context) {
  Cursor cursor(context.bytes);
  std::uint64_t digest = 0;
  bool more = cursor.skip(static_cast<std::size_t>(context.first));
  for (std::size_t i = 0; more && i < context.count; ++i) {
    Header header;
    if (!cursor.read(header.kind) || !cursor.read(header.flags) || !cursor.read(header.length) ||
        !cursor.read(header.stream) || !cursor.read(header.sequence))
      break;
    digest = mixed(digest, header);
    more = cursor.skip(header.length);
  }
  return digest;
}

// One check a header: a span of its extent, or nothing. GCC 12 builds the optional in memory, takes it
// apart from there, and waits for it.
SAFECOST_KERNEL cursor_optional(const Packet& context) {
  Cursor cursor(context.bytes);
  std::uint64_t digest = 0;
  bool more = cursor.skip(static_cast<std::size_t>(context.first));
  for (std::size_t i = 0; more && i < context.count; ++i) {
    const std::optional<Fixed> taken = cursor.take_header();
    if (!taken) break;
    const Header header = fields(*taken);
    digest = mixed(digest, header);
    more = cursor.skip(header.length);
  }
  return digest;
}

// The same without the optional, and one comparison for a payload and the header behind it: the
// fields' places are the compiler's to check. What is left is a span, so that its address is ready
// before the length is; see raw_deferred.
SAFECOST_KERNEL fixed_extent(const Packet& context) {
  const std::span<const Byte> bytes = context.bytes;
  std::uint64_t digest = 0;
  const std::size_t first = static_cast<std::size_t>(context.first);
  if (bytes.size() < first) return digest;
  std::span<const Byte> left = bytes.subspan(first);
  std::uint16_t payload = 0;
  for (std::size_t i = 0; i < context.count; ++i) {
    const std::size_t needed = payload + header_size;  // 65,551 at most: it cannot wrap
    if (left.size() < needed) break;
    const Header header = fields(left.subspan(payload).first<header_size>());
    digest = mixed(digest, header);
    left = left.subspan(needed);
    payload = header.length;
  }
  return digest;
}

// One comparison a header, with a place that is known before the walk: the last one at which a header
// can begin. Nothing can wrap, since a payload has 65,535 bytes at most.
SAFECOST_KERNEL last_place(const Packet& context) {
  const std::span<const Byte> bytes = context.bytes;
  std::uint64_t digest = 0;
  if (bytes.size() < header_size) return digest;
  const std::size_t last = bytes.size() - header_size;
  std::size_t offset = static_cast<std::size_t>(context.first);
  for (std::size_t i = 0; i < context.count; ++i) {
    if (offset > last) break;
    const Header header = fields(bytes.subspan(offset).first<header_size>());
    digest = mixed(digest, header);
    offset += header_size + header.length;
  }
  return digest;
}

// For `destroyed_before`: a reference to the bytes is lent as well as a span of them.
template <auto Body>
constexpr auto destroyed = safecost::destroyed<Body, &Packet::bytes>;

// What an idiom gives that ends where the packet does, whatever was said of the number of records.
std::uint64_t all_headers(const void* input) {
  return fixed_extent(Packet(*static_cast<const Input*>(input)));
}

auto the_case =
    safecost::Case<Input>(generate)
        .straight()
        .size(256, "L1")                          // about 10 KiB
        .size(4'096, "L2", safecost::Tier::full)  // about 160 KiB
        .fault({.name = "truncated_header",
                .cwe = 125,
                .description = "the packet ends within its last header",
                .contract = "a header that is counted lies within the packet",
                // It may be one byte: less than what a block keeps of malloc's alignment.
                .oracles = SAFECOST_ORACLE_GUARD | SAFECOST_ORACLE_SANITIZER |
                           SAFECOST_ORACLE_MEMCHECK | SAFECOST_ORACLE_VALUE,
                .reference = safecost::unknowable})
        .fault({.name = "one_header_too_many",
                .cwe = 125,
                .description = "the number of records is one more than there are",
                .contract = "a header that is counted lies within the packet",
                .reference = all_headers})
        .fault({.name = "lying_length",
                .cwe = 130,
                .description =
                    "a header says that up to 65,535 bytes follow, and the packet ends before",
                .contract = "a payload lies within the packet",
                .reference = safecost::unknowable})
        .fault({.name = "before_start",
                .cwe = 127,
                .description =
                    "the first header begins up to 15 bytes before the packet and ends inside it",
                .contract = "first >= 0",
                .reference = safecost::unknowable})
        .fault({.name = "destroyed_before",
                .cwe = 416,
                .description = "the packet is destroyed, then read",
                .contract = "the packet lives until it is read",
                .kind = SAFECOST_FAULT_KERNEL,
                .oracles = SAFECOST_ORACLE_GUARD | SAFECOST_ORACLE_SANITIZER |
                           SAFECOST_ORACLE_MEMCHECK | SAFECOST_ORACLE_VALUE,
                .reference = all_headers})
        .raw<raw>("raw", "memcpy of each field, then its bytes swapped")
        .ordinary()
        .fault_kernel<destroyed<raw>>("destroyed_before")
        .raw<raw_deferred>("raw_deferred", "memcpy, the length added behind the next header's load")
        .bespoke()
        .fault_kernel<destroyed<raw_deferred>>("destroyed_before")
        .raw<raw_packed>("raw_packed", "a packed struct that may alias, laid over the bytes")
        .ordinary()
        .fault_kernel<destroyed<raw_packed>>("destroyed_before")
        .raw<raw_checked>("raw_checked", "memcpy of each field, what is left compared before it")
        .ordinary()
        .practised()
        .fault_kernel<destroyed<raw_checked>>("destroyed_before")
        .claims("always", "one_header_too_many")
        .raw<raw_bytes>("raw_bytes", "each field assembled from bytes by shifts")
        .ordinary()
        .fault_kernel<destroyed<raw_bytes>>("destroyed_before")
        .safe<index>("index", "bytes by vector::operator[], assembled by shifts")
        .library()
        .fault_kernel<destroyed<index>>("destroyed_before")
        .claims("assertions", "truncated_header", "one_header_too_many", "lying_length",
                "before_start")
        .safe<at>("at", "bytes by vector::at, assembled by shifts")
        .library()
        .fault_kernel<destroyed<at>>("destroyed_before")
        .claims("always", "truncated_header", "one_header_too_many", "lying_length", "before_start")
        .safe<at_in_view>("at_in_view", "string_view::substr a header, then at() within it")
        .library()
        .fault_kernel<destroyed<at_in_view>>("destroyed_before")
        .claims("always", "truncated_header", "one_header_too_many", "lying_length", "before_start")
#if defined(SAFECOST_ABSEIL)
        .safe<absl_span>("absl_span", "absl::Span::subspan a header, then at() within it")
        .library()
        .fault_kernel<destroyed<absl_span>>("destroyed_before")
        .claims("always", "truncated_header", "one_header_too_many", "lying_length", "before_start")
#else
        .gap("absl_span", "absl::Span::subspan a header, then at() within it",
             "no Abseil that links into a plugin")
#endif
        .safe<subspan_first>("subspan_first", "span::subspan and first<16>() a header")
        .library()
        .fault_kernel<destroyed<subspan_first>>("destroyed_before")
        .claims("assertions", "truncated_header", "one_header_too_many", "lying_length",
                "before_start")
        .safe<cursor>("cursor", "a cursor that checks each field it reads")
        .ordinary()
        .fault_kernel<destroyed<cursor>>("destroyed_before")
        .claims("always", "one_header_too_many")
        .safe<cursor_optional>("cursor_optional",
                               "a cursor that gives a span of 16 bytes, or nothing")
        .ordinary()
        .fault_kernel<destroyed<cursor_optional>>("destroyed_before")
        .claims("always", "one_header_too_many")
        .safe<fixed_extent>("fixed_extent",
                            "what is left compared once a header, a span of 16 bytes")
        .ordinary()
        .fault_kernel<destroyed<fixed_extent>>("destroyed_before")
        .claims("always", "one_header_too_many")
        .safe<last_place>("last_place", "compared with the last place at which a header fits")
        .ordinary()
        .fault_kernel<destroyed<last_place>>("destroyed_before")
        .claims("always", "one_header_too_many");

}  // namespace indexing::header_parse

SAFECOST_EXPORT(indexing::header_parse::the_case)
