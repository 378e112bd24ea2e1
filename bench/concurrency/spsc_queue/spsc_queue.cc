// What does a message cost from one thread to another, through a queue of one sender and one receiver?
//
// One worker sends numbers, the other takes them in their order. Lamport's ring needs no lock: each end has an index of
// its own, and whoever stores one says by it that a slot is filled, or free again. Alone, a worker fills the queue and
// empties it, in turns, which shows what a message costs where no line of memory has to travel.
//
// Order is all that makes a ring right, and on x86 it costs nothing: the same instructions are executed without
// (published_relaxed), until a compiler or another processor moves one. No sanitizer of memory sees that, and no test.
//
// A ring with two ends (ring, ring_cached) knows how many slots there are, and waits itself. What no C++ type can keep is
// that there is one sender: two threads may refer to it, where Rust's compiler asks whether it may be shared. A queue
// behind a lock (mutex_queue) has none of these faults.
#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <optional>
#include <span>
#include <vector>

#if defined(SAFECOST_WITH_BOOST)
#include <boost/lockfree/spsc_queue.hpp>
#endif
#include "kernel/case.h"
#include "kernel/turns.h"
#include "kernel/workers.h"
#include "queues.h"

namespace concurrency::spsc_queue {

struct Input {
  const std::uint64_t* messages;
  std::size_t count;
  std::size_t capacity;    // messages that may be on their way: a power of two
  std::size_t slot_count;  // no fewer, unless a fault lies
};

// Few messages go through a small queue, so that it is full in proofs as well.
Input generate(safecost::Generator& generator) {
  const auto messages = generator.array<std::uint64_t>(generator.size());
  for (std::uint64_t& message : messages) message = generator.random.next();
  const std::size_t capacity = messages.size() < 1'024 ? 4 : 256;
  const std::size_t slot_count =
      generator.commits("short_storage") ? generator.random.between(1, capacity - 1) : capacity;
  return {messages.data(), messages.size(), capacity, slot_count};
}

struct Channel {
  explicit Channel(const Input& input)
      : messages(input.messages, input.messages + input.count),
        capacity(input.capacity),
        slots(input.slot_count) {}

  std::vector<std::uint64_t> messages;
  std::size_t capacity;
  std::vector<std::uint64_t> slots;  // of a ring: what a call leaves in them nobody looks at
};

// The queues, made of a channel.

template <class RawRing>
struct Raw {
  explicit Raw(Channel& channel) { init(ring, channel.slots.data(), channel.capacity); }

  RawRing ring;
};
template <class RawRing>
SAFECOST_HELPER std::size_t capacity_of(const Raw<RawRing>& queue) {
  return queue.ring.mask + 1;
}
template <class RawRing>
SAFECOST_HELPER void push(Raw<RawRing>& queue, std::uint64_t message) {
  push(queue.ring, message);
}
template <class RawRing>
SAFECOST_HELPER std::uint64_t pop(Raw<RawRing>& queue) {
  return pop(queue.ring);
}

template <bool remembers>
struct Ends {
  explicit Ends(Channel& channel) : ring(channel.slots), ends(ring.ends()) {}

  TwoEnded<remembers> ring;
  std::pair<typename TwoEnded<remembers>::Sender, typename TwoEnded<remembers>::Receiver> ends;
};
template <bool remembers>
SAFECOST_HELPER std::size_t capacity_of(const Ends<remembers>& queue) {
  return queue.ring.capacity();
}
template <bool remembers>
SAFECOST_HELPER void push(Ends<remembers>& queue, std::uint64_t message) {
  queue.ends.first.push(message);
}
template <bool remembers>
SAFECOST_HELPER std::uint64_t pop(Ends<remembers>& queue) {
  return queue.ends.second.pop();
}

struct Locked {
  explicit Locked(Channel& channel) : queue(channel.capacity) {}

  LockedQueue queue;
};
SAFECOST_HELPER std::size_t capacity_of(const Locked& queue) { return queue.queue.capacity(); }
SAFECOST_HELPER void push(Locked& queue, std::uint64_t message) { queue.queue.push(message); }
SAFECOST_HELPER std::uint64_t pop(Locked& queue) { return queue.queue.pop(); }

#if defined(SAFECOST_WITH_BOOST)
struct Boost {
  explicit Boost(Channel& channel) : queue(channel.capacity), capacity(channel.capacity) {}

  boost::lockfree::spsc_queue<std::uint64_t> queue;
  std::size_t capacity;
};
SAFECOST_HELPER std::size_t capacity_of(const Boost& queue) { return queue.capacity; }
SAFECOST_HELPER void push(Boost& queue, std::uint64_t message) {
  for (unsigned looks = 0; !queue.queue.push(message);) wait_a_moment(looks);
}
SAFECOST_HELPER std::uint64_t pop(Boost& queue) {
  std::uint64_t message = 0;
  for (unsigned looks = 0; !queue.queue.pop(message);) wait_a_moment(looks);
  return message;
}
#endif

constexpr std::uint32_t receiving = 0;  // the worker that takes messages; the next one sends

SAFECOST_HELPER std::uint64_t add(std::uint64_t digest, std::uint64_t message) {
  return digest * 31 + message;
}

// What each worker does; alone, both in turns.
template <class Queue>
SAFECOST_HELPER std::uint64_t by_turns(const Channel& channel, Queue& queue) {
  const std::span<const std::uint64_t> messages = channel.messages;
  std::uint64_t digest = 0;
  for (std::size_t done = 0; done < messages.size();) {
    const auto some = messages.subspan(done, std::min(capacity_of(queue), messages.size() - done));
    for (const std::uint64_t message : some) push(queue, message);
    for (std::size_t i = 0; i < some.size(); ++i) digest = add(digest, pop(queue));
    done += some.size();
  }
  return digest;
}
template <class Queue>
SAFECOST_HELPER std::uint64_t move_all(const Channel& channel, Queue& queue) {
  return SAFECOST_IN_PARALLEL(worker) {
    if (safecost::worker_count() == 1) return by_turns(channel, queue);
    std::uint64_t digest = 0;
    if (worker == receiving) {
      const std::size_t count = channel.messages.size();
      for (std::size_t i = 0; i < count; ++i) digest = add(digest, pop(queue));
    } else if (worker == receiving + 1) {
      for (const std::uint64_t message : channel.messages) push(queue, message);
    }
    return digest;
  };
}
template <class Queue>
SAFECOST_KERNEL transfer(Channel& channel) {
  Queue queue(channel);
  return move_all(channel, queue);
}

struct Checked {
  CheckedRing ring;
};
SAFECOST_HELPER std::size_t capacity_of(const Checked& queue) { return queue.ring.mask + 1; }
SAFECOST_HELPER void push(Checked& queue, std::uint64_t message) {
  push(static_cast<Ring&>(queue.ring), message);
}
SAFECOST_HELPER std::uint64_t pop(Checked& queue) { return pop(static_cast<Ring&>(queue.ring)); }
SAFECOST_KERNEL raw_checked(Channel& channel) {
  Checked queue;
  const int error = init(queue.ring, channel.slots.data(), channel.slots.size(), channel.capacity);
  if (error != 0) return static_cast<std::uint64_t>(error);
  return move_all(channel, queue);
}

// Faults.

// For `published_relaxed`: the index says that a slot is filled, and nothing that the message is there.
template <class RawRing>
struct Relaxed : Raw<RawRing> {
  using Raw<RawRing>::Raw;
};
template <class RawRing>
void push(Relaxed<RawRing>& queue, std::uint64_t message) {
  RawRing& ring = queue.ring;
  const std::size_t tail = ring.tail;
  for (unsigned looks = 0; tail - __atomic_load_n(&ring.head, __ATOMIC_ACQUIRE) > ring.mask;)
    wait_a_moment(looks);
  ring.slots[tail & ring.mask] = message;
  __atomic_store_n(&ring.tail, tail + 1, __ATOMIC_RELAXED);
}

// For `full_ignored` and `empty_ignored`: what is done without looking at the other end. The first is done by a sender
// whose receiver has not begun, the second by a receiver whose sender is not done.
template <class RawRing>
void push_anyway(Raw<RawRing>& queue, std::uint64_t message) {
  RawRing& ring = queue.ring;
  ring.slots[ring.tail & ring.mask] = message;
  __atomic_store_n(&ring.tail, ring.tail + 1, __ATOMIC_RELEASE);
}
template <class RawRing>
std::uint64_t pop_anyway(Raw<RawRing>& queue) {
  RawRing& ring = queue.ring;
  const std::uint64_t message = ring.slots[ring.head & ring.mask];
  __atomic_store_n(&ring.head, ring.head + 1, __ATOMIC_RELEASE);
  return message;
}
inline void push_anyway(Raw<LockedRing>& queue, std::uint64_t message) {
  LockedRing& ring = queue.ring;
  pthread_mutex_lock(&ring.mutex);
  ring.slots[ring.tail++ & ring.mask] = message;
  pthread_mutex_unlock(&ring.mutex);
}
inline std::uint64_t pop_anyway(Raw<LockedRing>& queue) {
  LockedRing& ring = queue.ring;
  pthread_mutex_lock(&ring.mutex);
  const std::uint64_t message = ring.slots[ring.head++ & ring.mask];
  pthread_mutex_unlock(&ring.mutex);
  return message;
}
#if defined(SAFECOST_WITH_BOOST)
inline void push_anyway(Boost& queue, std::uint64_t message) { queue.queue.push(message); }
inline std::uint64_t pop_anyway(Boost& queue) {
  std::uint64_t message = 0;
  queue.queue.pop(message);
  return message;
}
#endif

// The sender first, then the receiver.
template <class Queue, class Push, class Pop>
SAFECOST_HELPER std::uint64_t one_after_the_other(Channel& channel, std::size_t sent,
                                                  const Push& push_one, const Pop& pop_one) {
  Queue queue(channel);
  safecost::Turns turns;
  return SAFECOST_IN_PARALLEL(worker) {
    std::uint64_t digest = 0;
    if (worker == receiving + 1 || safecost::worker_count() == 1) {
      for (std::size_t i = 0; i < sent; ++i) push_one(queue, channel.messages[i]);
      turns.next();
    }
    if (worker == receiving) {
      turns.wait_for(1);
      const std::size_t count = channel.messages.size();
      for (std::size_t i = 0; i < count; ++i) digest = add(digest, pop_one(queue));
    }
    return digest;
  };
}
template <class Queue>
SAFECOST_KERNEL full_ignored(Channel& channel) {
  return one_after_the_other<Queue>(
      channel, channel.messages.size(),
      [](Queue& queue, std::uint64_t message) { push_anyway(queue, message); },
      [](Queue& queue) { return pop_anyway(queue); });
}
template <class Queue>
SAFECOST_KERNEL empty_ignored(Channel& channel) {
  const std::size_t most = std::min(channel.capacity, channel.messages.size());
  const std::size_t sent = most < 2 ? 0 : 1 + safecost::drawn(most - 1);
  return one_after_the_other<Queue>(
      channel, sent, [](Queue& queue, std::uint64_t message) { push(queue, message); },
      [](Queue& queue) { return pop_anyway(queue); });
}

// For `second_sender`: all workers send, no more than there is room for; what has arrived is added up, and they go on.
template <class RawRing>
std::optional<std::uint64_t> try_pop(Raw<RawRing>& queue) {
  return queue.ring.head == queue.ring.tail ? std::nullopt : std::optional(pop(queue.ring));
}
template <bool remembers>
std::optional<std::uint64_t> try_pop(Ends<remembers>& queue) {
  return queue.ends.second.try_pop();
}
inline std::optional<std::uint64_t> try_pop(Locked& queue) { return queue.queue.try_pop(); }
#if defined(SAFECOST_WITH_BOOST)
inline std::optional<std::uint64_t> try_pop(Boost& queue) {
  std::uint64_t message = 0;
  return queue.queue.pop(message) ? std::optional(message) : std::nullopt;
}
#endif
template <class Queue>
SAFECOST_KERNEL second_sender(Channel& channel) {
  Queue queue(channel);
  std::uint64_t sum = 0;
  for (std::span<const std::uint64_t> left = channel.messages; !left.empty();) {
    const auto some = left.first(std::min(capacity_of(queue), left.size()));
    left = left.subspan(some.size());
    SAFECOST_IN_PARALLEL(worker) {
      for (std::size_t i = worker; i < some.size(); i += safecost::worker_count())
        push(queue, some[i]);
      return 0;
    };
    for (std::size_t i = 0; i < some.size(); ++i) sum += try_pop(queue).value_or(0);
  }
  return sum;
}

std::uint64_t all_in_order(const void* input) {
  const Input& given = *static_cast<const Input*>(input);
  return std::accumulate(given.messages, given.messages + given.count, std::uint64_t{0}, add);
}
std::uint64_t sum_of_all(const void* input) {
  const Input& given = *static_cast<const Input*>(input);
  return std::accumulate(given.messages, given.messages + given.count, std::uint64_t{0});
}

constexpr const char* orders = "the order is within the type, once for all";
constexpr const char* waits_for_room = "push waits for room itself";
constexpr const char* waits_for_some = "pop waits for a message itself";

auto the_case =
    safecost::Case<Input>(generate)
        .size_and_workers(4'096, 1, "uncontended")
        .size_and_workers(4'096, 2, "contended")
        .fault({.name = "published_relaxed",
                .cwe = 362,
                .description = "the index that says that a message is there is stored in no order",
                .contract = "a message is in its slot before its index says so",
                .kind = SAFECOST_FAULT_KERNEL,
                .oracles = SAFECOST_ORACLE_RACE,
                .size = 4'096,
                .reference = all_in_order})
        .fault({.name = "full_ignored",
                .cwe = 662,
                .description = "messages are sent without a look whether there is room",
                .contract = "a slot is filled when its last message was taken",
                .kind = SAFECOST_FAULT_KERNEL,
                .oracles = SAFECOST_ORACLE_VALUE,
                .reference = all_in_order})
        .fault({.name = "empty_ignored",
                .cwe = 662,
                .description = "messages are taken without a look whether there are any",
                .contract = "a slot is read when it was filled",
                .kind = SAFECOST_FAULT_KERNEL,
                .oracles = SAFECOST_ORACLE_VALUE,
                .reference = safecost::unknowable})
        .fault({.name = "short_storage",
                .cwe = 787,
                .description = "there are fewer slots than messages that may be on their way",
                .contract = "slot_count >= capacity",
                .oracles = SAFECOST_ORACLE_GUARD | SAFECOST_ORACLE_CANARY |
                           SAFECOST_ORACLE_SANITIZER | SAFECOST_ORACLE_MEMCHECK,
                .reference = all_in_order})
        .fault({.name = "second_sender",
                .cwe = 362,
                .description = "two workers send through one end",
                .contract = "one thread sends",
                .kind = SAFECOST_FAULT_KERNEL,
                .oracles = SAFECOST_ORACLE_RACE,
                .size = 16'384,
                .reference = sum_of_all})
        .raw<transfer<Raw<Ring>>>("raw", "a ring, two indices, acquire and release")
        .ordinary()
        .fault_kernel<transfer<Relaxed<Ring>>>("published_relaxed")
        .fault_kernel<full_ignored<Raw<Ring>>>("full_ignored")
        .fault_kernel<empty_ignored<Raw<Ring>>>("empty_ignored")
        .fault_kernel<second_sender<Raw<Ring>>>("second_sender")
        .raw<transfer<Raw<CachedRing>>>("raw_cached", "the same, remembering the other's index")
        .bespoke()
        .fault_kernel<transfer<Relaxed<CachedRing>>>("published_relaxed")
        .fault_kernel<full_ignored<Raw<CachedRing>>>("full_ignored")
        .fault_kernel<empty_ignored<Raw<CachedRing>>>("empty_ignored")
        .fault_kernel<second_sender<Raw<CachedRing>>>("second_sender")
        .raw<raw_checked>("raw_checked", "raw, and what it is made of is looked at; an error else")
        .ordinary()
        .fault_kernel<transfer<Relaxed<Ring>>>("published_relaxed")
        .fault_kernel<full_ignored<Raw<Ring>>>("full_ignored")
        .fault_kernel<empty_ignored<Raw<Ring>>>("empty_ignored")
        .fault_kernel<second_sender<Raw<Ring>>>("second_sender")
        .raw<transfer<Raw<LockedRing>>>("raw_mutex", "a ring, a mutex and two conditions")
        .ordinary()
        .practised()
        .algorithm("lock")
        .inexpressible("published_relaxed", "whoever has the lock sees what was done under it")
        .fault_kernel<full_ignored<Raw<LockedRing>>>("full_ignored")
        .fault_kernel<empty_ignored<Raw<LockedRing>>>("empty_ignored")
        .fault_kernel<second_sender<Raw<LockedRing>>>("second_sender")
        .claims("always", "published_relaxed", "second_sender")
        .safe<transfer<Ends<false>>>("ring", "raw over a span, with two ends that wait themselves")
        .ordinary()
        .trusted_core()
        .inexpressible("published_relaxed", orders)
        .inexpressible("full_ignored", waits_for_room)
        .inexpressible("empty_ignored", waits_for_some)
        .fault_kernel<second_sender<Ends<false>>>("second_sender")
        .claims("always", "published_relaxed", "full_ignored", "empty_ignored", "short_storage")
        .safe<transfer<Ends<true>>>("ring_cached", "the same, remembering the other's index")
        .bespoke()
        .trusted_core()
        .inexpressible("published_relaxed", orders)
        .inexpressible("full_ignored", waits_for_room)
        .inexpressible("empty_ignored", waits_for_some)
        .fault_kernel<second_sender<Ends<true>>>("second_sender")
        .claims("always", "published_relaxed", "full_ignored", "empty_ignored", "short_storage")
#if defined(SAFECOST_WITH_BOOST)
        .safe<transfer<Boost>>("boost_spsc", "boost::lockfree::spsc_queue")
        .library()
        .inexpressible("published_relaxed", orders)
        .fault_kernel<full_ignored<Boost>>("full_ignored")
        .fault_kernel<empty_ignored<Boost>>("empty_ignored")
        .fault_kernel<second_sender<Boost>>("second_sender")
        .claims("always", "published_relaxed", "short_storage")
#else
        .gap("boost_spsc", "boost::lockfree::spsc_queue", SAFECOST_WITHOUT_BOOST)
#endif
        .safe<transfer<Locked>>("mutex_queue", "std::deque, std::mutex, two condition variables")
        .ordinary()
        .algorithm("lock")
        .inexpressible("published_relaxed", orders)
        .inexpressible("full_ignored", waits_for_room)
        .inexpressible("empty_ignored", waits_for_some)
        .fault_kernel<second_sender<Locked>>("second_sender")
        .claims("always", "published_relaxed", "full_ignored", "empty_ignored", "short_storage",
                "second_sender");

}  // namespace concurrency::spsc_queue

SAFECOST_EXPORT(concurrency::spsc_queue::the_case)
