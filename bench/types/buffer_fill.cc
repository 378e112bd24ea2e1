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
// heap, and array_all where a buffer on the stack will do.
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

// The words of one message are in `source`, lent by who received them.
template <auto Sum>
SAFECOST_KERNEL each(const Messages& context) {
  const std::uint64_t* const source = context.source.data();
  std::uint64_t digest = 0;
  for (const Message& message : context.messages)
    digest = digest * 31 + Sum(source + message.start, message, context.key);
  return digest;
}

// The wrong steps of faults: `wrong_product` allocates fewer bytes a word than a word has, and
// `early_return` leaves, when nothing arrived, before the end where a buffer is freed.
enum class Slip { none, bytes, early };

template <Slip slip>
SAFECOST_HELPER std::size_t size_of_word() {
  if constexpr (slip == Slip::bytes) return 1 + safecost::drawn(sizeof(std::uint64_t) - 1);
  return sizeof(std::uint64_t);
}

template <Slip slip>
SAFECOST_HELPER bool leaves(const Message& message) {
  return slip == Slip::early && message.delivered == 0;
}

template <Slip slip>
SAFECOST_HELPER std::uint64_t filled_and_summed(std::uint64_t* buffer, const std::uint64_t* source,
                                                const Message& message, std::uint64_t key) {
  if (leaves<slip>(message)) return 0;
  for (std::size_t i = 0; i < message.delivered; ++i) buffer[i] = source[i] ^ key;
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < message.bound; ++i) total += buffer[i];
  std::free(buffer);
  return total;
}

template <Slip slip>
SAFECOST_HELPER std::uint64_t raw(const std::uint64_t* source, const Message& message,
                                  std::uint64_t key) {
  void* const block = std::malloc(message.length * size_of_word<slip>());
  if (block == nullptr && message.length > 0) std::abort();
  return filled_and_summed<slip>(static_cast<std::uint64_t*>(block), source, message, key);
}

template <Slip slip>
SAFECOST_HELPER std::uint64_t raw_calloc(const std::uint64_t* source, const Message& message,
                                         std::uint64_t key) {
  void* const block = std::calloc(message.length, size_of_word<slip>());
  if (block == nullptr && message.length > 0) std::abort();
  return filled_and_summed<slip>(static_cast<std::uint64_t*>(block), source, message, key);
}

// Where the whole is never needed at once, one buffer of fixed size goes round on the stack.

constexpr std::size_t words_in_chunk = 128;  // 1 KiB

// How many of the first `count` words fall into the chunk that begins at `done`.
SAFECOST_HELPER std::size_t in_chunk(std::size_t count, std::size_t done) {
  return count > done ? std::min(count - done, words_in_chunk) : 0;
}

SAFECOST_HELPER std::uint64_t raw_stack(const std::uint64_t* source, const Message& message,
                                        std::uint64_t key) {
  std::uint64_t total = 0;
  for (std::size_t done = 0; done < message.bound; done += words_in_chunk) {
    std::uint64_t chunk[words_in_chunk];
    const std::size_t arrived = in_chunk(message.delivered, done);
    for (std::size_t i = 0; i < arrived; ++i) chunk[i] = source[done + i] ^ key;
    const std::size_t wanted = in_chunk(message.bound, done);
    for (std::size_t i = 0; i < wanted; ++i) total += chunk[i];
  }
  return total;
}

// The same where only what arrived is wanted: one count for both loops.
SAFECOST_HELPER std::uint64_t raw_stack_all(const std::uint64_t* source, const Message& message,
                                            std::uint64_t key) {
  std::uint64_t total = 0;
  for (std::size_t done = 0; done < message.delivered; done += words_in_chunk) {
    std::uint64_t chunk[words_in_chunk];
    const std::size_t count = in_chunk(message.delivered, done);
    for (std::size_t i = 0; i < count; ++i) chunk[i] = source[done + i] ^ key;
    for (std::size_t i = 0; i < count; ++i) total += chunk[i];
  }
  return total;
}

// An owner whose memory is set to zero, or not, and which does not know its size.

template <Slip slip>
SAFECOST_HELPER std::uint64_t filled_and_summed(std::unique_ptr<std::uint64_t[]> buffer,
                                                const std::uint64_t* source, const Message& message,
                                                std::uint64_t key) {
  if (leaves<slip>(message)) return 0;
  for (std::size_t i = 0; i < message.delivered; ++i) buffer[i] = source[i] ^ key;
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < message.bound; ++i) total += buffer[i];
  return total;
}

template <Slip slip = Slip::none>
SAFECOST_HELPER std::uint64_t for_overwrite(const std::uint64_t* source, const Message& message,
                                            std::uint64_t key) {
  return filled_and_summed<slip>(std::make_unique_for_overwrite<std::uint64_t[]>(message.length),
                                 source, message, key);
}

template <Slip slip = Slip::none>
SAFECOST_HELPER std::uint64_t make_unique(const std::uint64_t* source, const Message& message,
                                          std::uint64_t key) {
  return filled_and_summed<slip>(std::make_unique<std::uint64_t[]>(message.length), source, message,
                                 key);
}

// Zeroed, and each access checked: under the library's assertions, not otherwise.
template <Slip slip = Slip::none>
SAFECOST_HELPER std::uint64_t vector(const std::uint64_t* source, const Message& message,
                                     std::uint64_t key) {
  std::vector<std::uint64_t> buffer(message.length);
  if (leaves<slip>(message)) return 0;
  for (std::size_t i = 0; i < message.delivered; ++i) buffer[i] = source[i] ^ key;
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < message.bound; ++i) total += buffer[i];
  return total;
}

template <Slip slip = Slip::none>
SAFECOST_HELPER std::uint64_t vector_at(const std::uint64_t* source, const Message& message,
                                        std::uint64_t key) {
  std::vector<std::uint64_t> buffer(message.length);
  if (leaves<slip>(message)) return 0;
  for (std::size_t i = 0; i < message.delivered; ++i) buffer.at(i) = source[i] ^ key;
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < message.bound; ++i) total += buffer.at(i);
  return total;
}

// One check for each loop: cut to its bound, then walked as what it is.
template <class Container>
SAFECOST_HELPER std::uint64_t filled_and_summed(Container& buffer, const std::uint64_t* source,
                                                std::size_t delivered, std::size_t bound,
                                                std::uint64_t key) {
  for (std::uint64_t& word : std::span<std::uint64_t>(buffer).first(delivered))
    word = *source++ ^ key;
  std::uint64_t total = 0;
  for (const std::uint64_t word : std::span<const std::uint64_t>(buffer).first(bound))
    total += word;
  return total;
}

template <Slip slip = Slip::none>
SAFECOST_HELPER std::uint64_t vector_span(const std::uint64_t* source, const Message& message,
                                          std::uint64_t key) {
  std::vector<std::uint64_t> buffer(message.length);
  if (leaves<slip>(message)) return 0;
  return filled_and_summed(buffer, source, message.delivered, message.bound, key);
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
SAFECOST_HELPER std::uint64_t default_init(const std::uint64_t* source, const Message& message,
                                           std::uint64_t key) {
  std::vector<std::uint64_t, LeftAsItIs<std::uint64_t>> buffer(message.length);
  if (leaves<slip>(message)) return 0;
  return filled_and_summed(buffer, source, message.delivered, message.bound, key);
}

// From here on a buffer is as long as what was written, and adds itself up: nobody asks for the bound.

template <Slip slip = Slip::none>
SAFECOST_HELPER std::uint64_t push_back(const std::uint64_t* source, const Message& message,
                                        std::uint64_t key) {
  std::vector<std::uint64_t> buffer;
  buffer.reserve(message.length);
  if (leaves<slip>(message)) return 0;
  for (std::size_t i = 0; i < message.delivered; ++i) buffer.push_back(source[i] ^ key);
  return std::accumulate(buffer.begin(), buffer.end(), std::uint64_t{0});
}

// Made of what arrived, then decoded where it is: a copy for the zeros, and no check at all.
template <Slip slip = Slip::none>
SAFECOST_HELPER std::uint64_t copy_first(const std::uint64_t* source, const Message& message,
                                         std::uint64_t key) {
  std::vector<std::uint64_t> buffer(source, source + message.delivered);
  if (leaves<slip>(message)) return 0;
  for (std::uint64_t& word : buffer) word ^= key;
  return std::accumulate(buffer.begin(), buffer.end(), std::uint64_t{0});
}

// Made for what arrived, of memory as it is, and filled from end to end: nothing is left that was never
// written, so that neither zeros nor checks are missed. What Rust's collect does by itself.
template <Slip slip = Slip::none>
SAFECOST_HELPER std::uint64_t default_init_all(const std::uint64_t* source, const Message& message,
                                               std::uint64_t key) {
  std::vector<std::uint64_t, LeftAsItIs<std::uint64_t>> buffer(message.delivered);
  if (leaves<slip>(message)) return 0;
  for (std::uint64_t& word : buffer) word = *source++ ^ key;
  return std::accumulate(buffer.begin(), buffer.end(), std::uint64_t{0});
}

// raw_stack with an array that knows its size, as it is and set to zero.

enum class Start { as_it_is, zero };

template <Start start>
SAFECOST_HELPER std::uint64_t array(const std::uint64_t* source, const Message& message,
                                    std::uint64_t key) {
  std::uint64_t total = 0;
  for (std::size_t done = 0; done < message.bound; done += words_in_chunk) {
    std::array<std::uint64_t, words_in_chunk> chunk;
    if constexpr (start == Start::zero) chunk.fill(0);
    total += filled_and_summed(chunk, source + done, in_chunk(message.delivered, done),
                               in_chunk(message.bound, done), key);
  }
  return total;
}

// default_init_all on the stack: each chunk is cut to what arrived, filled from end to end and added up. Two
// things keep Clang from 4 to 8 % more than raw_stack_all. It asks before a loop over two pointers whether they
// overlap (`sub rsi,r8; cmp rsi,0x1f; jbe`), not before one over indices. And the ABI puts an array at a
// multiple of 16, a struct around an array only where its elements want to be: as std::array is one, it
// is stored and added up unaligned (`movdqu xmm3,[rsp+rsi*8-0x60]; paddq xmm2,xmm3`) without alignas.
SAFECOST_HELPER std::uint64_t array_all(const std::uint64_t* source, const Message& message,
                                        std::uint64_t key) {
  std::uint64_t total = 0;
  for (std::size_t done = 0; done < message.delivered; done += words_in_chunk) {
    alignas(16) std::array<std::uint64_t, words_in_chunk> chunk;
    const auto words = std::span(chunk).first(in_chunk(message.delivered, done));
    for (std::size_t i = 0; i < words.size(); ++i) words[i] = source[done + i] ^ key;
    for (std::size_t i = 0; i < words.size(); ++i) total += words[i];
  }
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
        .raw<each<raw<Slip::none>>>("raw", "malloc")
        .ordinary()
        .fault_kernel<destroyed<each<raw<Slip::none>>>>("destroyed_before")
        .fault_kernel<each<raw<Slip::bytes>>>("wrong_product")
        .fault_kernel<each<raw<Slip::early>>>("early_return")
        .raw<each<raw_calloc<Slip::none>>>("raw_calloc", "calloc, which gives zeros")
        .ordinary()
        .fault_kernel<destroyed<each<raw_calloc<Slip::none>>>>("destroyed_before")
        .fault_kernel<each<raw_calloc<Slip::bytes>>>("wrong_product")
        .fault_kernel<each<raw_calloc<Slip::early>>>("early_return")
        .claims("always", "short_delivery")
        .raw<each<raw_stack>>("raw_stack", "1 KiB on the stack, again and again")
        .ordinary()
        .algorithm("chunks")
        .fault_kernel<destroyed<each<raw_stack>>>("destroyed_before")
        .inexpressible("wrong_product", no_allocation)
        .inexpressible("early_return", no_allocation)
        .raw<each<raw_stack_all>>("raw_stack_all", "the same, from end to end of what arrived")
        .bespoke()
        .algorithm("chunks")
        .fault_kernel<destroyed<each<raw_stack_all>>>("destroyed_before")
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
        .fault_kernel<destroyed<each<default_init_all<>>>>("destroyed_before")
        .fault_kernel<each<default_init_all<Slip::early>>>("early_return")
        .inexpressible("wrong_product", counts_elements)
        .claims("always", "early_return", "short_delivery", "long_delivery", "one_past_end")
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
        .algorithm("chunks")
        .fault_kernel<destroyed<each<array_all>>>("destroyed_before")
        .inexpressible("wrong_product", no_allocation)
        .inexpressible("early_return", no_allocation)
        .claims("always", "short_delivery", "long_delivery", "one_past_end")
        .gap("resize_and_overwrite",
             "vector::resize_and_overwrite, which sets the length at the end",
             "the standard has it for strings of characters alone");

}  // namespace types::buffer_fill

SAFECOST_EXPORT(types::buffer_fill::the_case)
