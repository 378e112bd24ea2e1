// What does it cost that memory is set to zero before it is filled?
//
// Messages of random lengths: for each, a buffer is allocated, the words that arrived are decoded into
// it, and the buffer is added up. What malloc gives holds what others left there; a vector is set to
// zero first, all of which is then written again. Whoever appends instead of writing needs no zeros
// and cannot read what nobody wrote, but asks for each element whether there is room.
//
// No compiler leaves the zeros out: what arrives may be less than the buffer was made for. Nor does any
// make vectors of a loop that pushes back, since each step of it may have to call the allocator. What costs
// nothing is memory as it is, made for what arrived and filled from end to end: default_init_all on the
// heap, and array_all where a buffer on the stack will do. One vector for all messages (vector_reused) writes zeros
// where a message is longer than the one before; it is made as long as what arrived, lest it show words of others.
//
// Where a sum is all that is wanted, no buffer is: raw_fused and its twin over a span take half of raw's time, and
// stand apart, since nothing is left of the question.
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <numeric>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "kernel/case.h"
#include "kernel/dangling.h"

namespace types::buffer_fill {

struct Message {
  std::uint32_t start;      // of its words in the source
  std::uint32_t length;     // what the buffer is made for
  std::uint32_t delivered;  // words that arrive; equals length unless a fault lies
  std::uint32_t bound;      // how many to add up; equals length unless a fault lies
};

struct Input {
  const std::uint64_t* source;  // below 2^32: no sum overflows, whatever the language checks
  std::size_t source_count;
  const Message* messages;
  std::size_t message_count;
  std::uint64_t key;
};

// `size` is the length of the longest message there may be; the shortest is half as long.
Input generate(safecost::Generator& generator) {
  constexpr std::size_t messages_of_a_call = 16;
  safecost::Random& random = generator.random;
  // Behind the words of all messages one that none holds, and those of a message that is too long.
  constexpr std::size_t most_too_many = 64;
  const bool too_long = generator.commits("long_delivery");
  const std::size_t words = generator.size() + 1;
  const auto all = generator.array<std::uint64_t>(words + (too_long ? most_too_many : 0));
  const auto source = all.first(words);
  for (std::uint64_t& word : source) word = random.next() >> 32;
  const auto messages = generator.array<Message>(messages_of_a_call);
  for (Message& message : messages) {
    const auto length =
        static_cast<std::uint32_t>(generator.size() - random.below(generator.size() / 2 + 1));
    const auto start = static_cast<std::uint32_t>(random.below(generator.size() - length + 1));
    message = {.start = start, .length = length, .delivered = length, .bound = length};
  }
  const std::uint64_t key = random.next() >> 32;
  // One message, somewhere among the others: what they left lies where its buffer will be.
  if (too_long)
    for (std::uint64_t& word : all.subspan(words)) word = random.next() >> 32;
  Message& wrong = messages[random.below(messages_of_a_call)];
  const auto drawn = [&](std::uint64_t most) {
    return static_cast<std::uint32_t>(random.between(1, most));
  };
  if (generator.commits("short_delivery")) wrong.delivered -= drawn(wrong.length);
  if (generator.commits("early_return")) wrong.delivered = 0;
  if (too_long) wrong.delivered += drawn(most_too_many);
  if (generator.commits("one_past_end")) ++wrong.bound;
  return {all.data(), all.size(), messages.data(), messages.size(), key};
}

struct Messages {
  explicit Messages(const Input& input)
      : source(input.source, input.source + input.source_count),
        messages(input.messages, input.messages + input.message_count),
        key(input.key) {}

  std::vector<std::uint64_t> source;
  std::vector<Message> messages;
  std::uint64_t key;
};

// The wrong steps of faults: `wrong_product` allocates fewer bytes a word than a word has, and
// `early_return` leaves, when nothing arrived, before the end where a buffer is freed.
enum class Slip { none, bytes, early };

inline std::size_t too_few_bytes() { return 1 + safecost::drawn(sizeof(std::uint64_t) - 1); }

// What a buffer holds before it is filled.
enum class Start { as_it_is, zero };

template <Start start, Slip slip = Slip::none>
SAFECOST_KERNEL raw(const Messages& context) {
  std::uint64_t digest = 0;
  for (const Message& message : context.messages) {
    const std::uint64_t* const source = context.source.data() + message.start;
    const std::size_t size_of_word = slip == Slip::bytes ? too_few_bytes() : sizeof(std::uint64_t);
    auto* const buffer = static_cast<std::uint64_t*>(
        start == Start::zero ? std::calloc(message.length, size_of_word)
                             : std::malloc(message.length * size_of_word));
    if (buffer == nullptr) std::abort();
    std::uint64_t total = 0;
    if (slip != Slip::early || message.delivered > 0) {
      for (std::size_t i = 0; i < message.delivered; ++i) buffer[i] = source[i] ^ context.key;
      for (std::size_t i = 0; i < message.bound; ++i) total += buffer[i];
      std::free(buffer);
    }
    digest = digest * 31 + total;
  }
  return digest;
}

// One block for all messages, grown where one is longer than all before it.
template <Slip slip = Slip::none>
SAFECOST_KERNEL raw_reused(const Messages& context) {
  std::uint64_t digest = 0;
  std::uint64_t* buffer = nullptr;
  std::size_t capacity = 0;
  for (const Message& message : context.messages) {
    const std::uint64_t* const source = context.source.data() + message.start;
    if (message.length > capacity) {
      const std::size_t size_of_word =
          slip == Slip::bytes ? too_few_bytes() : sizeof(std::uint64_t);
      std::free(buffer);  // nothing in it is wanted: realloc would copy it
      capacity = message.length;
      buffer = static_cast<std::uint64_t*>(std::malloc(capacity * size_of_word));
      if (buffer == nullptr) std::abort();
    }
    for (std::size_t i = 0; i < message.delivered; ++i) buffer[i] = source[i] ^ context.key;
    std::uint64_t total = 0;
    for (std::size_t i = 0; i < message.bound; ++i) total += buffer[i];
    digest = digest * 31 + total;
  }
  std::free(buffer);
  return digest;
}

// Where the whole is never needed at once, one buffer of fixed size goes round on the stack.

constexpr std::size_t words_in_chunk = 128;  // 1 KiB

// How many of the first `count` words fall into the chunk that begins at `done`.
inline std::size_t in_chunk(std::size_t count, std::size_t done) {
  return count > done ? std::min(count - done, words_in_chunk) : 0;
}

SAFECOST_KERNEL raw_stack(const Messages& context) {
  std::uint64_t digest = 0;
  for (const Message& message : context.messages) {
    const std::uint64_t* const source = context.source.data() + message.start;
    std::uint64_t total = 0;
    for (std::size_t done = 0; done < message.bound; done += words_in_chunk) {
      std::uint64_t chunk[words_in_chunk];
      const std::size_t arrived = in_chunk(message.delivered, done);
      for (std::size_t i = 0; i < arrived; ++i) chunk[i] = source[done + i] ^ context.key;
      const std::size_t wanted = in_chunk(message.bound, done);
      for (std::size_t i = 0; i < wanted; ++i) total += chunk[i];
    }
    digest = digest * 31 + total;
  }
  return digest;
}

// The same where only what arrived is wanted: one count for both loops.
SAFECOST_KERNEL raw_stack_all(const Messages& context) {
  std::uint64_t digest = 0;
  for (const Message& message : context.messages) {
    const std::uint64_t* const source = context.source.data() + message.start;
    std::uint64_t total = 0;
    for (std::size_t done = 0; done < message.delivered; done += words_in_chunk) {
      std::uint64_t chunk[words_in_chunk];
      const std::size_t count = in_chunk(message.delivered, done);
      for (std::size_t i = 0; i < count; ++i) chunk[i] = source[done + i] ^ context.key;
      for (std::size_t i = 0; i < count; ++i) total += chunk[i];
    }
    digest = digest * 31 + total;
  }
  return digest;
}

// Where all that is wanted is the sum, there is nothing to fill.
SAFECOST_KERNEL raw_fused(const Messages& context) {
  std::uint64_t digest = 0;
  for (const Message& message : context.messages) {
    const std::uint64_t* const source = context.source.data() + message.start;
    std::uint64_t total = 0;
    for (std::size_t i = 0; i < message.delivered; ++i) total += source[i] ^ context.key;
    digest = digest * 31 + total;
  }
  return digest;
}

// Safe: what arrived of a message is a span, lent by who received it.
using Words = std::span<const std::uint64_t>;

inline Words words_of(const Message& message, const Messages& context) {
  return Words(context.source).subspan(message.start, message.delivered);
}

template <auto Sum>
SAFECOST_KERNEL each(const Messages& context) {
  std::uint64_t digest = 0;
  for (const Message& message : context.messages)
    digest = digest * 31 + Sum(words_of(message, context), message, context.key);
  return digest;
}

// An owner whose memory is set to zero, or not, and which does not know its size.

template <Slip slip>
SAFECOST_HELPER std::uint64_t filled_and_summed(std::unique_ptr<std::uint64_t[]> buffer,
                                                Words words, const Message& message,
                                                std::uint64_t key) {
  if (slip == Slip::early && words.empty()) return 0;
  for (std::size_t i = 0; i < words.size(); ++i) buffer[i] = words[i] ^ key;
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < message.bound; ++i) total += buffer[i];
  return total;
}

template <Slip slip = Slip::none>
SAFECOST_HELPER std::uint64_t for_overwrite(Words words, const Message& message,
                                            std::uint64_t key) {
  return filled_and_summed<slip>(std::make_unique_for_overwrite<std::uint64_t[]>(message.length),
                                 words, message, key);
}

template <Slip slip = Slip::none>
SAFECOST_HELPER std::uint64_t make_unique(Words words, const Message& message, std::uint64_t key) {
  return filled_and_summed<slip>(std::make_unique<std::uint64_t[]>(message.length), words, message,
                                 key);
}

// Zeroed, and each access checked: under the library's assertions, not otherwise.
template <Slip slip = Slip::none>
SAFECOST_HELPER std::uint64_t vector(Words words, const Message& message, std::uint64_t key) {
  std::vector<std::uint64_t> buffer(message.length);
  if (slip == Slip::early && words.empty()) return 0;
  for (std::size_t i = 0; i < words.size(); ++i) buffer[i] = words[i] ^ key;
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < message.bound; ++i) total += buffer[i];
  return total;
}

template <Slip slip = Slip::none>
SAFECOST_HELPER std::uint64_t vector_at(Words words, const Message& message, std::uint64_t key) {
  std::vector<std::uint64_t> buffer(message.length);
  if (slip == Slip::early && words.empty()) return 0;
  for (std::size_t i = 0; i < words.size(); ++i) buffer.at(i) = words[i] ^ key;
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < message.bound; ++i) total += buffer.at(i);
  return total;
}

// One check for each loop: cut to its bound, then walked as what it is.
template <class Container>
SAFECOST_HELPER std::uint64_t filled_and_summed(Container& buffer, Words words, std::size_t bound,
                                                std::uint64_t key) {
  const auto place = std::span<std::uint64_t>(buffer).first(words.size());
  std::ranges::transform(words, place.begin(), [=](std::uint64_t word) { return word ^ key; });
  std::uint64_t total = 0;
  for (const std::uint64_t word : Words(buffer).first(bound)) total += word;
  return total;
}

template <Slip slip = Slip::none>
SAFECOST_HELPER std::uint64_t vector_span(Words words, const Message& message, std::uint64_t key) {
  std::vector<std::uint64_t> buffer(message.length);
  if (slip == Slip::early && words.empty()) return 0;
  return filled_and_summed(buffer, words, message.bound, key);
}

// The same vector without the zeros. Elements that are made of nothing are left as they are.
template <class Element>
struct LeftAsItIs : std::allocator<Element> {
  template <class Other>
  struct rebind {
    using other = LeftAsItIs<Other>;
  };
  template <class Made, class... Arguments>
  void construct(Made* place, Arguments&&... arguments) {
    if constexpr (sizeof...(arguments) == 0)
      ::new (static_cast<void*>(place)) Made;
    else
      std::construct_at(place, std::forward<Arguments>(arguments)...);
  }
};

template <Slip slip = Slip::none>
SAFECOST_HELPER std::uint64_t default_init(Words words, const Message& message, std::uint64_t key) {
  std::vector<std::uint64_t, LeftAsItIs<std::uint64_t>> buffer(message.length);
  if (slip == Slip::early && words.empty()) return 0;
  return filled_and_summed(buffer, words, message.bound, key);
}

// From here on a buffer is as long as what was written, and adds itself up: nobody asks for the bound.

template <Slip slip = Slip::none>
SAFECOST_HELPER std::uint64_t push_back(Words words, const Message& message, std::uint64_t key) {
  std::vector<std::uint64_t> buffer;
  buffer.reserve(message.length);
  if (slip == Slip::early && words.empty()) return 0;
  for (const std::uint64_t word : words) buffer.push_back(word ^ key);
  return std::accumulate(buffer.begin(), buffer.end(), std::uint64_t{0});
}

// Made of what arrived, then decoded where it is: a copy for the zeros, and no check at all.
template <Slip slip = Slip::none>
SAFECOST_HELPER std::uint64_t copy_first(Words words, const Message&, std::uint64_t key) {
  std::vector<std::uint64_t> buffer(words.begin(), words.end());
  if (slip == Slip::early && words.empty()) return 0;
  for (std::uint64_t& word : buffer) word ^= key;
  return std::accumulate(buffer.begin(), buffer.end(), std::uint64_t{0});
}

// Made for what arrived, of memory as it is, and filled from end to end: nothing is left that was never
// written, so that neither zeros nor checks are missed. What Rust's collect does by itself.
template <Slip slip = Slip::none>
SAFECOST_HELPER std::uint64_t default_init_all(Words words, const Message&, std::uint64_t key) {
  std::vector<std::uint64_t, LeftAsItIs<std::uint64_t>> buffer(words.size());
  if (slip == Slip::early && words.empty()) return 0;
  std::ranges::transform(words, buffer.begin(), [=](std::uint64_t word) { return word ^ key; });
  return std::accumulate(buffer.begin(), buffer.end(), std::uint64_t{0});
}

// One vector for all messages, as long as what arrived: zeros are written where one is longer than the one before.
SAFECOST_KERNEL vector_reused(const Messages& context) {
  std::uint64_t digest = 0;
  std::vector<std::uint64_t> buffer;
  for (const Message& message : context.messages) {
    const Words words = words_of(message, context);
    buffer.resize(words.size());
    std::ranges::transform(words, buffer.begin(),
                           [&](std::uint64_t word) { return word ^ context.key; });
    digest = digest * 31 + std::accumulate(buffer.begin(), buffer.end(), std::uint64_t{0});
  }
  return digest;
}

// raw_stack with an array that knows its size, as it is and set to zero.

template <Start start>
SAFECOST_HELPER std::uint64_t array(Words words, const Message& message, std::uint64_t key) {
  std::uint64_t total = 0;
  for (std::size_t done = 0; done < message.bound; done += words_in_chunk) {
    std::array<std::uint64_t, words_in_chunk> chunk;
    if constexpr (start == Start::zero) chunk.fill(0);
    const Words arrived = words.subspan(std::min(done, words.size()));
    total += filled_and_summed(chunk, arrived.first(std::min(arrived.size(), words_in_chunk)),
                               in_chunk(message.bound, done), key);
  }
  return total;
}

// default_init_all on the stack: each chunk is cut to what arrived, filled from end to end and added up. Two
// things keep Clang from 4 to 8 % more than raw_stack_all. It asks before a loop over two pointers whether they
// overlap (`sub rsi,r8; cmp rsi,0x1f; jbe`), not before one over indices. And the ABI puts an array at a
// multiple of 16, a struct around an array only where its elements want to be: as std::array is one, it
// is stored and added up unaligned (`movdqu xmm3,[rsp+rsi*8-0x60]; paddq xmm2,xmm3`) without alignas.
SAFECOST_HELPER std::uint64_t array_all(Words words, const Message&, std::uint64_t key) {
  std::uint64_t total = 0;
  for (std::size_t done = 0; done < words.size(); done += words_in_chunk) {
    alignas(16) std::array<std::uint64_t, words_in_chunk> chunk;
    const std::size_t count = in_chunk(words.size(), done);
    const auto cut = std::span(chunk).first(count);
    const Words arrived = words.subspan(done, count);
    for (std::size_t i = 0; i < cut.size(); ++i) cut[i] = arrived[i] ^ key;
    for (std::size_t i = 0; i < cut.size(); ++i) total += cut[i];
  }
  return total;
}

// raw_fused: a span's words, and no buffer.
SAFECOST_HELPER std::uint64_t fused(Words words, const Message&, std::uint64_t key) {
  std::uint64_t total = 0;
  for (const std::uint64_t word : words) total += word ^ key;
  return total;
}

// For `destroyed_before`: a message's words are a view of what was received.
template <auto Body>
constexpr auto destroyed = safecost::destroyed<Body, &Messages::source>;

// What an idiom gives that takes what arrived, all of it and nothing else; zeros add nothing to a sum.
std::uint64_t sum_of_what_arrived(const void* input) {
  const Input& given = *static_cast<const Input*>(input);
  std::uint64_t digest = 0;
  for (const Message& message : std::span(given.messages, given.message_count)) {
    std::uint64_t total = 0;
    for (std::size_t i = 0; i < message.delivered; ++i)
      total += given.source[message.start + i] ^ given.key;
    digest = digest * 31 + total;
  }
  return digest;
}

constexpr const char* counts_elements =
    "what is counted are elements, and their size is the type's";
constexpr const char* frees_at_the_end =
    "the block serves all messages, and the end of none frees it";
constexpr const char* no_allocation = "nothing is allocated: the array's size is its type's";

auto the_case =
    safecost::Case<Input>(generate)
        // Up to 4 KiB a buffer: at an eighth of that, all that is seen is the allocator.
        .size(512, "L1")
        .size(8'192, "L2", safecost::Tier::full)  // up to 64 KiB, and as much of source
        .fault({.name = "short_delivery",
                .cwe = 908,
                .description =
                    "a part of a message arrives, or nothing, and all of its buffer is added up",
                .contract = "delivered == length",
                .oracles = SAFECOST_ORACLE_MEMCHECK | SAFECOST_ORACLE_VALUE,
                .reference = sum_of_what_arrived})
        .fault({.name = "long_delivery",
                .cwe = 787,
                .description = "up to 64 words more arrive than the buffer was made for",
                .contract = "delivered <= length",
                .oracles = SAFECOST_ORACLE_GUARD | SAFECOST_ORACLE_SANITIZER |
                           SAFECOST_ORACLE_MEMCHECK | SAFECOST_ORACLE_CANARY |
                           SAFECOST_ORACLE_VALUE,
                .reference = sum_of_what_arrived})
        .fault({.name = "one_past_end",
                .cwe = 125,
                .description = "one word more is added up than the buffer was made for",
                .contract = "bound <= length",
                .oracles = SAFECOST_ORACLE_GUARD | SAFECOST_ORACLE_SANITIZER |
                           SAFECOST_ORACLE_MEMCHECK | SAFECOST_ORACLE_VALUE,
                .reference = sum_of_what_arrived})
        .fault({.name = "wrong_product",
                .cwe = 131,
                .description = "the allocation counts 1 to 7 bytes for a word",
                .contract = "the allocation is length times the size of a word",
                .kind = SAFECOST_FAULT_KERNEL,
                .oracles = SAFECOST_ORACLE_GUARD | SAFECOST_ORACLE_SANITIZER |
                           SAFECOST_ORACLE_MEMCHECK | SAFECOST_ORACLE_CANARY,
                .reference = sum_of_what_arrived})
        .fault({.name = "early_return",
                .cwe = 401,
                .description = "nothing arrives, and the function returns before it frees",
                .contract = "a buffer is freed on every way out",
                .kind = SAFECOST_FAULT_KERNEL,
                .oracles =
                    SAFECOST_ORACLE_SANITIZER | SAFECOST_ORACLE_MEMCHECK | SAFECOST_ORACLE_LEDGER,
                .reference = sum_of_what_arrived})
        .fault({.name = "destroyed_before",
                .cwe = 416,
                .description = "what was received is destroyed, then decoded",
                .contract = "what was received lives until it is decoded",
                .kind = SAFECOST_FAULT_KERNEL,
                .oracles = SAFECOST_ORACLE_GUARD | SAFECOST_ORACLE_SANITIZER |
                           SAFECOST_ORACLE_MEMCHECK | SAFECOST_ORACLE_VALUE,
                .reference = sum_of_what_arrived})
        .raw<raw<Start::as_it_is>>("raw", "malloc")
        .ordinary()
        .fault_kernel<destroyed<raw<Start::as_it_is>>>("destroyed_before")
        .fault_kernel<raw<Start::as_it_is, Slip::bytes>>("wrong_product")
        .fault_kernel<raw<Start::as_it_is, Slip::early>>("early_return")
        .raw<raw<Start::zero>>("raw_calloc", "calloc, which gives zeros")
        .ordinary()
        .fault_kernel<destroyed<raw<Start::zero>>>("destroyed_before")
        .fault_kernel<raw<Start::zero, Slip::bytes>>("wrong_product")
        .fault_kernel<raw<Start::zero, Slip::early>>("early_return")
        .claims("always", "short_delivery")
        .raw<raw_reused<>>("raw_reused", "one malloc for all messages")
        .ordinary()
        .fault_kernel<destroyed<raw_reused<>>>("destroyed_before")
        .fault_kernel<raw_reused<Slip::bytes>>("wrong_product")
        .inexpressible("early_return", frees_at_the_end)
        .raw<raw_stack>("raw_stack", "1 KiB on the stack, again and again")
        .ordinary()
        .algorithm("chunks")
        .fault_kernel<destroyed<raw_stack>>("destroyed_before")
        .inexpressible("wrong_product", no_allocation)
        .inexpressible("early_return", no_allocation)
        .raw<raw_stack_all>("raw_stack_all", "the same, from end to end of what arrived")
        .bespoke()
        .algorithm("chunks")
        .fault_kernel<destroyed<raw_stack_all>>("destroyed_before")
        .inexpressible("wrong_product", no_allocation)
        .inexpressible("early_return", no_allocation)
        .claims("always", "short_delivery", "long_delivery", "one_past_end")
        .raw<raw_fused>("raw_fused", "no buffer: decoded and added up in one loop")
        .bespoke()
        .algorithm("fused")
        .fault_kernel<destroyed<raw_fused>>("destroyed_before")
        .inexpressible("wrong_product", no_allocation)
        .inexpressible("early_return", no_allocation)
        .claims("always", "short_delivery", "long_delivery", "one_past_end")
        .safe<each<for_overwrite<>>>("for_overwrite", "make_unique_for_overwrite of an array")
        .library()
        .fault_kernel<destroyed<each<for_overwrite<>>>>("destroyed_before")
        .fault_kernel<each<for_overwrite<Slip::early>>>("early_return")
        .inexpressible("wrong_product", counts_elements)
        .claims("always", "early_return")
        .safe<each<make_unique<>>>("make_unique", "make_unique of an array, which gives zeros")
        .library()
        .fault_kernel<destroyed<each<make_unique<>>>>("destroyed_before")
        .fault_kernel<each<make_unique<Slip::early>>>("early_return")
        .inexpressible("wrong_product", counts_elements)
        .claims("always", "early_return", "short_delivery")
        .safe<each<vector<>>>("vector", "vector of zeros, vector::operator[]")
        .library()
        .fault_kernel<destroyed<each<vector<>>>>("destroyed_before")
        .fault_kernel<each<vector<Slip::early>>>("early_return")
        .inexpressible("wrong_product", counts_elements)
        .claims("always", "early_return", "short_delivery")
        .claims("assertions", "long_delivery", "one_past_end")
        .safe<each<vector_at<>>>("vector_at", "vector of zeros, vector::at")
        .library()
        .fault_kernel<destroyed<each<vector_at<>>>>("destroyed_before")
        .fault_kernel<each<vector_at<Slip::early>>>("early_return")
        .inexpressible("wrong_product", counts_elements)
        .claims("always", "early_return", "short_delivery", "long_delivery", "one_past_end")
        .safe<each<vector_span<>>>("vector_span", "vector of zeros, spans cut to the bounds once")
        .library()
        .fault_kernel<destroyed<each<vector_span<>>>>("destroyed_before")
        .fault_kernel<each<vector_span<Slip::early>>>("early_return")
        .inexpressible("wrong_product", counts_elements)
        .claims("always", "early_return", "short_delivery")
        .claims("assertions", "long_delivery", "one_past_end")
        .safe<each<default_init<>>>("default_init",
                                    "vector whose allocator leaves memory as it is, spans")
        .ordinary()
        .fault_kernel<destroyed<each<default_init<>>>>("destroyed_before")
        .fault_kernel<each<default_init<Slip::early>>>("early_return")
        .inexpressible("wrong_product", counts_elements)
        .claims("always", "early_return")
        .claims("assertions", "long_delivery", "one_past_end")
        .safe<each<push_back<>>>("push_back", "vector::reserve, push_back, accumulate")
        .library()
        .fault_kernel<destroyed<each<push_back<>>>>("destroyed_before")
        .fault_kernel<each<push_back<Slip::early>>>("early_return")
        .inexpressible("wrong_product", counts_elements)
        .claims("always", "early_return", "short_delivery", "long_delivery", "one_past_end")
        .safe<each<copy_first<>>>("copy_first",
                                  "vector made of the words that arrived, then decoded")
        .library()
        .fault_kernel<destroyed<each<copy_first<>>>>("destroyed_before")
        .fault_kernel<each<copy_first<Slip::early>>>("early_return")
        .inexpressible("wrong_product", counts_elements)
        .claims("always", "early_return", "short_delivery", "long_delivery", "one_past_end")
        .safe<each<default_init_all<>>>(
            "default_init_all", "default_init made for what arrived, filled from end to end")
        .bespoke()
        .trusted_core()
        .fault_kernel<destroyed<each<default_init_all<>>>>("destroyed_before")
        .fault_kernel<each<default_init_all<Slip::early>>>("early_return")
        .inexpressible("wrong_product", counts_elements)
        .claims("always", "early_return", "short_delivery", "long_delivery", "one_past_end")
        .safe<vector_reused>("vector_reused",
                             "one vector for all messages, resized to what arrived")
        .library()
        .fault_kernel<destroyed<vector_reused>>("destroyed_before")
        .inexpressible("wrong_product", counts_elements)
        .inexpressible("early_return", frees_at_the_end)
        .claims("always", "short_delivery", "long_delivery", "one_past_end")
        .safe<each<array<Start::as_it_is>>>("array", "std::array of 1 KiB as it is, spans")
        .library()
        .algorithm("chunks")
        .fault_kernel<destroyed<each<array<Start::as_it_is>>>>("destroyed_before")
        .inexpressible("wrong_product", no_allocation)
        .inexpressible("early_return", no_allocation)
        .safe<each<array<Start::zero>>>("array_zeroed", "std::array of 1 KiB set to zero, spans")
        .library()
        .algorithm("chunks")
        .fault_kernel<destroyed<each<array<Start::zero>>>>("destroyed_before")
        .inexpressible("wrong_product", no_allocation)
        .inexpressible("early_return", no_allocation)
        .claims("always", "short_delivery", "one_past_end")
        .safe<each<array_all>>("array_all", "std::array as it is, cut to what arrived")
        .bespoke()
        .trusted_core()
        .algorithm("chunks")
        .fault_kernel<destroyed<each<array_all>>>("destroyed_before")
        .inexpressible("wrong_product", no_allocation)
        .inexpressible("early_return", no_allocation)
        .claims("always", "short_delivery", "long_delivery", "one_past_end")
        .safe<each<fused>>("fused", "no buffer: a span decoded and added up in one loop")
        .bespoke()
        .algorithm("fused")
        .fault_kernel<destroyed<each<fused>>>("destroyed_before")
        .inexpressible("wrong_product", no_allocation)
        .inexpressible("early_return", no_allocation)
        .claims("always", "short_delivery", "long_delivery", "one_past_end")
        .gap("resize_and_overwrite",
             "vector::resize_and_overwrite, which sets the length at the end",
             "the standard has it for strings of characters alone");

}  // namespace types::buffer_fill

SAFECOST_EXPORT(types::buffer_fill::the_case)
