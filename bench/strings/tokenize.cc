// What does it cost to split text into words without trusting it to be terminated?
//
// Windows of a real text are cut at spaces and punctuation. Words are short and their lengths
// cannot be guessed, so much of the time goes into the first and the last step of each. Every
// variant hands each word on as it is found, copies none, and looks at its length, its first and
// its last character.
//
// What closes the gap is the terminator that a std::string always has and its operator[] may read:
// string_index is the raw loop without the trust, and shared_string, with a share of the text while it is
// split, stops every fault but one: at a NUL within the text both end as raw does, and the rest is lost. With
// Clang and libstdc++ that is free. GCC keeps an index where raw moves its pointer: a move more for each
// character, a twentieth. libc++ asks three times a word whether the string is short and so lies in itself
// (test, move, conditional move), an eighth. c_str() asks once: shared_c_str is raw's loop from there, with
// no more instructions and in the same time everywhere.
#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <memory>
#include <ranges>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#if defined(SAFECOST_ABSEIL)
#include "absl/strings/str_split.h"
#endif
#include "kernel/case.h"
#include "kernel/dangling.h"

namespace strings::tokenize {

struct Input {
  const char* text;
  std::size_t length;
  std::size_t stored;  // length + 1, for the terminator, unless a fault leaves it out
};

Input generate(safecost::Generator& generator) {
  const std::string path = std::string(generator.data()) + "/tokenize.txt";
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"),
                                                             std::fclose);
  if (file == nullptr) throw std::runtime_error("cannot open " + path);
  std::fseek(file.get(), 0, SEEK_END);
  const std::size_t available = static_cast<std::size_t>(std::ftell(file.get()));
  if (generator.commits("no_text")) return {nullptr, 0, 0};
  const std::size_t length = generator.size();
  if (length > available) throw std::runtime_error(path + " is shorter than the size asked for");

  // Any place will do: a word cut in two is a word.
  std::fseek(file.get(), static_cast<long>(generator.random.below(available - length + 1)),
             SEEK_SET);
  const auto text = generator.array<char>(length + 1);
  if (std::fread(text.data(), 1, length, file.get()) != length)
    throw std::runtime_error("cannot read " + path);
  if (generator.commits("embedded_nul")) text[generator.random.below(length)] = '\0';
  return {text.data(), length, generator.commits("unterminated") ? length : length + 1};
}

struct Text {
  explicit Text(const Input& input)
      : characters(input.text, input.text + input.stored), length(input.length) {}

  std::string_view view() const { return {characters.data(), length}; }

  std::vector<char> characters;  // with the terminator
  std::size_t length;            // without it
};

constexpr char delimiters[] = " \t\n.,;:!?\"'()-";

// A table decides what a character is, as it does in C code that splits text for a living. The
// terminator is a kind of its own: a loop over a word stops there without a second question.
enum Kind : unsigned char { word, delimiter, end };

constexpr auto kinds = [] {
  std::array<Kind, 256> table = {};
  for (const char character : std::string_view(delimiters))
    table[static_cast<unsigned char>(character)] = delimiter;
  table[0] = end;
  return table;
}();

inline Kind kind(char character) { return kinds[static_cast<unsigned char>(character)]; }

// What is done with a word; the same for all.
struct Words {
  std::uint64_t count = 0;
  std::uint64_t hash = 0;
};

inline void add(Words& words, std::size_t length, char first, char last) {
  ++words.count;
  words.hash = words.hash * 31 + ((length << 16) | (static_cast<unsigned char>(first) << 8) |
                                  static_cast<unsigned char>(last));
}

inline void add(Words& words, std::string_view token) {
  add(words, token.size(), token.front(), token.back());
}

inline std::uint64_t digest(const Words& words) { return words.hash ^ (words.count << 48); }

SAFECOST_KERNEL raw(const Text& context) {
  const char* text = context.characters.data();
  Words words;
  for (;;) {
    while (kind(*text) == delimiter) ++text;
    if (kind(*text) == end) break;
    const char* const start = text;
    while (kind(*text) == word) ++text;
    add(words, static_cast<std::size_t>(text - start), *start, text[-1]);
  }
  return digest(words);
}

// The strongest raw code that we know: what separates words becomes a mask of 64 characters, in which words lie
// between edges, so that no jump has to guess how long a word is. It needs the length, and no terminator.
SAFECOST_KERNEL raw_mask(const Text& context) {
  const char* const text = context.characters.data();
  const std::size_t length = context.length;
  Words words;
  std::size_t start = 0;
  bool inside = false;
  for (std::size_t block = 0; block < length; block += 64) {
    const std::size_t count = std::min<std::size_t>(length - block, 64);
    std::uint64_t letters = 0;
    for (std::size_t i = 0; i < count; ++i)
      letters |= std::uint64_t{kind(text[block + i]) != delimiter} << i;
    std::uint64_t edges = letters ^ (letters << 1 | std::uint64_t{inside});
    if (count < 64) edges &= (std::uint64_t{1} << count) - 1;
    for (; edges != 0; edges &= edges - 1) {
      const std::size_t edge = block + static_cast<std::size_t>(std::countr_zero(edges));
      if (inside)
        add(words, edge - start, text[start], text[edge - 1]);
      else
        start = edge;
      inside = !inside;
    }
  }
  if (inside) add(words, length - start, text[start], text[length - 1]);
  return digest(words);
}

// The C library's own way that leaves the text alone.
SAFECOST_KERNEL raw_strcspn(const Text& context) {
  const char* text = context.characters.data();
  Words words;
  for (;;) {
    text += std::strspn(text, delimiters);
    if (*text == '\0') break;
    const std::size_t length = std::strcspn(text, delimiters);
    add(words, length, text[0], text[length - 1]);
    text += length;
  }
  return digest(words);
}

// The one everybody knows: it writes a terminator after each word, so each call needs a fresh text.
struct ScratchText : Text {
  using Text::Text;

  void reset(const Input& input) {
    if (input.stored > 0) std::memcpy(characters.data(), input.text, input.stored);
  }
};

SAFECOST_KERNEL raw_strtok(ScratchText& context) {
  Words words;
  char* rest = nullptr;
  for (char* token = strtok_r(context.characters.data(), delimiters, &rest); token != nullptr;
       token = strtok_r(nullptr, delimiters, &rest)) {
    const std::size_t length = std::strlen(token);
    add(words, length, token[0], token[length - 1]);
  }
  return digest(words);
}

// The raw loop with the text's own length for its end: one question more per character. The table is raw's: at a
// NUL the index stops, takes what it has for a word, and moves on no more.
SAFECOST_KERNEL index(const Text& context) {
  const std::string_view text = context.view();
  Words words;
  std::size_t i = 0;
  for (;;) {
    while (i < text.size() && kind(text[i]) == delimiter) ++i;
    if (i == text.size()) break;
    const std::size_t start = i;
    while (i < text.size() && kind(text[i]) == word) ++i;
    add(words, text.substr(start, i - start));
  }
  return digest(words);
}

// The raw loop on a std::string, whose operator[] may read the terminator that the string always has.
struct OwnText {
  // On the heap, as texts are but for the short ones with which faults are proved.
  explicit OwnText(const Input& input) {
    text.reserve(64);
    text = std::string_view(input.text, input.length);
  }

  std::string text;
};

SAFECOST_HELPER std::uint64_t words_of(const std::string& text) {
  Words words;
  std::size_t i = 0;
  for (;;) {
    while (kind(text[i]) == delimiter) ++i;
    if (kind(text[i]) == end) break;
    const std::size_t start = i;
    while (kind(text[i]) == word) ++i;
    add(words, i - start, text[start], text[i - 1]);
  }
  return digest(words);
}

SAFECOST_KERNEL string_index(const OwnText& context) { return words_of(context.text); }

// The same with a share of the string for as long as it is split, so that it lives until then, whoever
// gives it up. One share a text closes what no view can.
struct SharedText {
  explicit SharedText(const Input& input)
      : text(std::make_shared<const std::string>(input.text, input.length)) {}

  std::shared_ptr<const std::string> text;
};

SAFECOST_KERNEL shared_string(const SharedText& context) {
  const std::shared_ptr<const std::string> text = context.text;
  return words_of(*text);
}

// The raw loop, from what c_str() gives: a pointer that is never null, and a terminator that nobody
// could leave out. The share keeps both until the loop has ended.
SAFECOST_KERNEL shared_c_str(const SharedText& context) {
  const std::shared_ptr<const std::string> share = context.text;
  const char* text = share->c_str();
  Words words;
  for (;;) {
    while (kind(*text) == delimiter) ++text;
    if (kind(*text) == end) break;
    const char* const start = text;
    while (kind(*text) == word) ++text;
    add(words, static_cast<std::size_t>(text - start), *start, text[-1]);
  }
  return digest(words);
}

// The same two loops as algorithms.
SAFECOST_KERNEL find_if(const Text& context) {
  const std::string_view text = context.view();
  constexpr auto begins = [](char character) { return kind(character) == word; };
  constexpr auto ends = [](char character) { return kind(character) != word; };
  Words words;
  auto stop = text.begin();
  for (;;) {
    const auto start = std::ranges::find_if(stop, text.end(), begins);
    if (start == text.end()) break;
    stop = std::ranges::find_if(start, text.end(), ends);
    add(words, std::string_view(start, stop));
  }
  return digest(words);
}

// What strspn and strcspn are for a view: the library looks for each character in a list.
SAFECOST_KERNEL find_first_of(const Text& context) {
  const std::string_view text = context.view();
  Words words;
  std::size_t stop = 0;
  for (;;) {
    const std::size_t start = text.find_first_not_of(delimiters, stop);
    if (start == std::string_view::npos) break;
    stop = std::min(text.find_first_of(delimiters, start), text.size());
    add(words, text.substr(start, stop - start));
  }
  return digest(words);
}

#if defined(SAFECOST_ABSEIL)
SAFECOST_KERNEL str_split(const Text& context) {
  const absl::string_view text(context.characters.data(), context.length);
  Words words;
  for (const absl::string_view token :
       absl::StrSplit(text, absl::ByAnyChar(delimiters), absl::SkipEmpty())) {
    add(words, token.size(), token.front(), token.back());
  }
  return digest(words);
}
#endif

// views::split takes one delimiter, not a set of them; chunk_by cuts where a word begins or ends.
#if defined(__cpp_lib_ranges_chunk_by)
SAFECOST_KERNEL chunk_by(const Text& context) {
  constexpr auto together = [](char left, char right) {
    return (kind(left) == word) == (kind(right) == word);
  };
  Words words;
  for (const auto chunk : context.view() | std::views::chunk_by(together)) {
    if (kind(chunk.front()) == word) add(words, std::string_view(chunk));
  }
  return digest(words);
}
#endif

// For `destroyed_before`: what holds the characters lends a reference to itself, or a view.
template <auto Split>
constexpr auto destroyed = safecost::destroyed<Split, &Text::characters>;
template <>
constexpr auto destroyed<string_index> = safecost::destroyed<string_index, &OwnText::text>;

// The same where whoever splits holds a share: the last owner but that one gives the text up.
SAFECOST_OPAQUE void give_up(SharedText& owner) { owner.text.reset(); }

template <auto Split>
SAFECOST_KERNEL given_up(SharedText& context) {
  SharedText owner = context;
  owner.text = std::make_shared<const std::string>(*context.text);
  const SharedText theirs = owner;
  give_up(owner);
  return Split(theirs);
}

// What an idiom gives that never asks for the terminator. Words end at what the list of delimiters names, in
// which NUL is not: in a text with a length it is a character like any other.
std::uint64_t words_up_to_length(const void* input) {
  const Input& given = *static_cast<const Input*>(input);
  const std::string_view text(given.text, given.length);
  Words words;
  std::size_t length = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    const bool within =
        i < text.size() && std::string_view(delimiters).find(text[i]) == std::string_view::npos;
    if (!within && length > 0) add(words, text.substr(i - length, length));
    length = within ? length + 1 : 0;
  }
  return digest(words);
}

auto the_case =
    safecost::Case<Input>(generate)
        .size(4'096, "L1")
        .size(131'072, "L2", safecost::Tier::full)
        .fault({.name = "unterminated",
                .cwe = 126,
                .description = "the text fills its buffer and has no terminator",
                .contract = "a terminator follows the text",
                .reference = words_up_to_length})
        .fault({.name = "no_text",
                .cwe = 476,
                .description = "there is no text: the pointer is null, the length 0",
                .contract = "text is not null",
                // No guard page: address 0 belongs to no block.
                .oracles = SAFECOST_ORACLE_SANITIZER | SAFECOST_ORACLE_MEMCHECK,
                .reference = words_up_to_length})
        .fault({.name = "destroyed_before",
                .cwe = 416,
                .description = "the text is destroyed, then split",
                .contract = "the text lives until it is split",
                .kind = SAFECOST_FAULT_KERNEL,
                .oracles = SAFECOST_ORACLE_GUARD | SAFECOST_ORACLE_SANITIZER |
                           SAFECOST_ORACLE_MEMCHECK | SAFECOST_ORACLE_VALUE,
                .reference = words_up_to_length})
        .fault({.name = "embedded_nul",
                .cwe = 626,
                .description = "a NUL lies within the text, somewhere",
                .contract = "no character of the text is NUL",
                .oracles = SAFECOST_ORACLE_VALUE,
                .reference = words_up_to_length})
        .raw<raw>("raw", "char pointer up to the terminator, with a table of kinds")
        .ordinary()
        .fault_kernel<destroyed<raw>>("destroyed_before")
        .raw<raw_mask>("raw_mask", "a mask of 64 characters, words between its edges")
        .bespoke()
        .algorithm("mask")
        .fault_kernel<destroyed<raw_mask>>("destroyed_before")
        .claims("always", "unterminated", "embedded_nul", "no_text")
        .raw<raw_strcspn>("raw_strcspn", "strspn and strcspn")
        .library()
        .algorithm("character_set")
        .fault_kernel<destroyed<raw_strcspn>>("destroyed_before")
        .raw<raw_strtok>("raw_strtok", "strtok_r on a copy")
        .library()
        .algorithm("strtok")
        .practised()
        .fault_kernel<destroyed<raw_strtok>>("destroyed_before")
        .safe<index>("index", "string_view::operator[] with the same table")
        .library()
        .fault_kernel<destroyed<index>>("destroyed_before")
        .claims("always", "unterminated", "no_text")
        .claims("assertions", "embedded_nul")
        .safe<string_index>("string_index", "std::string::operator[] up to its own terminator")
        .library()
        .fault_kernel<destroyed<string_index>>("destroyed_before")
        .claims("always", "unterminated", "no_text")
        .safe<shared_string>("shared_string", "the same, with a share of the string")
        .bespoke()
        .fault_kernel<given_up<shared_string>>("destroyed_before")
        .claims("always", "unterminated", "no_text", "destroyed_before")
        .safe<shared_c_str>("shared_c_str", "raw's loop over c_str(), with a share of the string")
        .bespoke()
        .trusted_core()
        .fault_kernel<given_up<shared_c_str>>("destroyed_before")
        .claims("always", "unterminated", "no_text", "destroyed_before")
        .safe<find_if>("find_if", "ranges::find_if with the same table")
        .library()
        .fault_kernel<destroyed<find_if>>("destroyed_before")
        .claims("always", "unterminated", "no_text")
        .safe<find_first_of>("find_first_of", "string_view::find_first_of and find_first_not_of")
        .library()
        .algorithm("character_set")
        .fault_kernel<destroyed<find_first_of>>("destroyed_before")
        .claims("always", "unterminated", "no_text", "embedded_nul")
#if defined(SAFECOST_ABSEIL)
        .safe<str_split>("str_split", "absl::StrSplit by any character, empty words skipped")
        .library()
        .algorithm("character_set")
        .fault_kernel<destroyed<str_split>>("destroyed_before")
        .claims("always", "unterminated", "no_text", "embedded_nul")
#else
        .gap("str_split", "absl::StrSplit by any character, empty words skipped",
             "no Abseil for this toolchain")
#endif
#if defined(__cpp_lib_ranges_chunk_by)
        .safe<chunk_by>("chunk_by", "views::chunk_by with the same table")
        .library()
        .fault_kernel<destroyed<chunk_by>>("destroyed_before")
        .claims("always", "unterminated", "no_text");
#else
        .gap("chunk_by", "views::chunk_by with the same table",
             "this standard library has no views::chunk_by");
#endif

}  // namespace strings::tokenize

SAFECOST_EXPORT(strings::tokenize::the_case)
