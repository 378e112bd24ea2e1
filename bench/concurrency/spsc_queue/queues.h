// Queues of one sender and one receiver: rings of C, rings with two ends, and a deque behind a lock.
#ifndef SAFECOST_BENCH_CONCURRENCY_SPSC_QUEUE_QUEUES_H
#define SAFECOST_BENCH_CONCURRENCY_SPSC_QUEUE_QUEUES_H

#include <pthread.h>
#include <sched.h>

#include <atomic>
#include <bit>
#include <cerrno>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <span>
#include <stdexcept>
#include <utility>

namespace concurrency::spsc_queue {

constexpr std::size_t line = 64;  // bytes that a processor fetches and takes away at a time

// Who finds a queue full or empty looks again after a moment. What it waits for is on its way where there is a processor
// for each worker; where there is none the other one is let on.
inline void wait_a_moment(unsigned& looks) {
  __builtin_ia32_pause();
  if (++looks % 128 == 0) sched_yield();
}

// Raw: Lamport's ring. Indices run on for ever, and a power of two of slots makes a position of an index; each index is
// written by one end, and lies in a line of its own.

struct Ring {
  std::uint64_t* slots;
  std::size_t mask;
  alignas(line) std::size_t head;  // the next to be taken, written by the receiver
  alignas(line) std::size_t tail;  // the next to be filled, written by the sender
};
inline void init(Ring& ring, std::uint64_t* slots, std::size_t capacity) {
  ring.slots = slots;
  ring.mask = capacity - 1;
  ring.head = ring.tail = 0;
}
inline void push(Ring& ring, std::uint64_t message) {
  const std::size_t tail = ring.tail;
  for (unsigned looks = 0; tail - __atomic_load_n(&ring.head, __ATOMIC_ACQUIRE) > ring.mask;)
    wait_a_moment(looks);
  ring.slots[tail & ring.mask] = message;
  __atomic_store_n(&ring.tail, tail + 1, __ATOMIC_RELEASE);
}
inline std::uint64_t pop(Ring& ring) {
  const std::size_t head = ring.head;
  for (unsigned looks = 0; __atomic_load_n(&ring.tail, __ATOMIC_ACQUIRE) == head;)
    wait_a_moment(looks);
  const std::uint64_t message = ring.slots[head & ring.mask];
  __atomic_store_n(&ring.head, head + 1, __ATOMIC_RELEASE);
  return message;
}

// The same, and who sets it up is told what fits and what does not.
struct CheckedRing : Ring {};
inline int init(CheckedRing& ring, std::uint64_t* slots, std::size_t slot_count,
                std::size_t capacity) {
  if (slots == nullptr || !std::has_single_bit(capacity) || capacity > slot_count) return EINVAL;
  init(static_cast<Ring&>(ring), slots, capacity);
  return 0;
}

// Each end remembers what it last saw of the other's index, and looks again only when that is not enough: the line of the
// other end travels once for many messages.
struct CachedRing {
  std::uint64_t* slots;
  std::size_t mask;
  alignas(line) std::size_t head;
  std::size_t seen_tail;
  alignas(line) std::size_t tail;
  std::size_t seen_head;
};
inline void init(CachedRing& ring, std::uint64_t* slots, std::size_t capacity) {
  ring.slots = slots;
  ring.mask = capacity - 1;
  ring.head = ring.tail = ring.seen_head = ring.seen_tail = 0;
}
inline void push(CachedRing& ring, std::uint64_t message) {
  const std::size_t tail = ring.tail;
  for (unsigned looks = 0; tail - ring.seen_head > ring.mask;) {
    ring.seen_head = __atomic_load_n(&ring.head, __ATOMIC_ACQUIRE);
    if (tail - ring.seen_head > ring.mask) wait_a_moment(looks);
  }
  ring.slots[tail & ring.mask] = message;
  __atomic_store_n(&ring.tail, tail + 1, __ATOMIC_RELEASE);
}
inline std::uint64_t pop(CachedRing& ring) {
  const std::size_t head = ring.head;
  for (unsigned looks = 0; ring.seen_tail == head;) {
    ring.seen_tail = __atomic_load_n(&ring.tail, __ATOMIC_ACQUIRE);
    if (ring.seen_tail == head) wait_a_moment(looks);
  }
  const std::uint64_t message = ring.slots[head & ring.mask];
  __atomic_store_n(&ring.head, head + 1, __ATOMIC_RELEASE);
  return message;
}

// What C programs have: a ring, a mutex, and a condition for either end to wait for.
struct LockedRing {
  pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  pthread_cond_t has_room = PTHREAD_COND_INITIALIZER;
  pthread_cond_t has_some = PTHREAD_COND_INITIALIZER;
  std::uint64_t* slots = nullptr;
  std::size_t mask = 0, head = 0, tail = 0;
};
inline void init(LockedRing& ring, std::uint64_t* slots, std::size_t capacity) {
  ring.slots = slots;
  ring.mask = capacity - 1;
}
inline void push(LockedRing& ring, std::uint64_t message) {
  pthread_mutex_lock(&ring.mutex);
  while (ring.tail - ring.head > ring.mask) pthread_cond_wait(&ring.has_room, &ring.mutex);
  ring.slots[ring.tail++ & ring.mask] = message;
  pthread_mutex_unlock(&ring.mutex);
  pthread_cond_signal(&ring.has_some);
}
inline std::uint64_t pop(LockedRing& ring) {
  pthread_mutex_lock(&ring.mutex);
  while (ring.tail == ring.head) pthread_cond_wait(&ring.has_some, &ring.mutex);
  const std::uint64_t message = ring.slots[ring.head++ & ring.mask];
  pthread_mutex_unlock(&ring.mutex);
  pthread_cond_signal(&ring.has_room);
  return message;
}

// Safe: raw's rings over slots that know how many they are. A ring is used by its two ends, of which there is one each;
// they wait themselves, so that nobody forgets it.

inline std::span<std::uint64_t> checked(std::span<std::uint64_t> slots) {
  if (!std::has_single_bit(slots.size()))
    throw std::invalid_argument("a ring's slots are a power of two");
  return slots;
}

template <bool remembers>
class TwoEnded {
 public:
  explicit TwoEnded(std::span<std::uint64_t> slots) : slots_(checked(slots)) {}
  TwoEnded(const TwoEnded&) = delete;
  TwoEnded& operator=(const TwoEnded&) = delete;

  class Sender {
   public:
    Sender(Sender&& other) noexcept : ring_(std::exchange(other.ring_, nullptr)) {}
    Sender& operator=(Sender&&) = delete;

    void push(std::uint64_t message) {
      TwoEnded& ring = *ring_;
      const std::size_t tail = ring.tail_.load(std::memory_order_relaxed);
      for (unsigned looks = 0; !ring.has_room(tail);) wait_a_moment(looks);
      ring.slots_[tail & (ring.slots_.size() - 1)] = message;
      ring.tail_.store(tail + 1, std::memory_order_release);
    }

   private:
    friend class TwoEnded;
    explicit Sender(TwoEnded& ring) : ring_(&ring) {}
    TwoEnded* ring_;
  };

  class Receiver {
   public:
    Receiver(Receiver&& other) noexcept : ring_(std::exchange(other.ring_, nullptr)) {}
    Receiver& operator=(Receiver&&) = delete;

    std::uint64_t pop() {
      TwoEnded& ring = *ring_;
      const std::size_t head = ring.head_.load(std::memory_order_relaxed);
      for (unsigned looks = 0; !ring.has_some(head);) wait_a_moment(looks);
      return ring.take(head);
    }
    std::optional<std::uint64_t> try_pop() {
      TwoEnded& ring = *ring_;
      const std::size_t head = ring.head_.load(std::memory_order_relaxed);
      if (!ring.has_some(head)) return std::nullopt;
      return ring.take(head);
    }

   private:
    friend class TwoEnded;
    explicit Receiver(TwoEnded& ring) : ring_(&ring) {}
    TwoEnded* ring_;
  };

  std::size_t capacity() const { return slots_.size(); }
  // Once: who asks for ends a second time is refused.
  std::pair<Sender, Receiver> ends() {
    if (std::exchange(given_, true)) throw std::logic_error("the ends of this ring were given out");
    return {Sender(*this), Receiver(*this)};
  }

 private:
  bool has_room(std::size_t tail) {
    if (!remembers) return tail - head_.load(std::memory_order_acquire) < slots_.size();
    if (tail - seen_head_ < slots_.size()) return true;
    seen_head_ = head_.load(std::memory_order_acquire);
    return tail - seen_head_ < slots_.size();
  }
  bool has_some(std::size_t head) {
    if (!remembers) return tail_.load(std::memory_order_acquire) != head;
    if (seen_tail_ != head) return true;
    seen_tail_ = tail_.load(std::memory_order_acquire);
    return seen_tail_ != head;
  }
  std::uint64_t take(std::size_t head) {
    const std::uint64_t message = slots_[head & (slots_.size() - 1)];
    head_.store(head + 1, std::memory_order_release);
    return message;
  }

  std::span<std::uint64_t> slots_;
  bool given_ = false;
  alignas(line) std::atomic<std::size_t> head_{0};
  std::size_t seen_tail_ = 0;
  alignas(line) std::atomic<std::size_t> tail_{0};
  std::size_t seen_head_ = 0;
};

// What most people write: a deque, its lock, and what either end waits for.
class LockedQueue {
 public:
  explicit LockedQueue(std::size_t capacity) : capacity_(capacity) {}

  std::size_t capacity() const { return capacity_; }
  void push(std::uint64_t message) {
    {
      std::unique_lock lock(mutex_);
      has_room_.wait(lock, [this] { return messages_.size() < capacity_; });
      messages_.push_back(message);
    }
    has_some_.notify_one();
  }
  std::uint64_t pop() {
    std::unique_lock lock(mutex_);
    has_some_.wait(lock, [this] { return !messages_.empty(); });
    const std::uint64_t message = messages_.front();
    messages_.pop_front();
    lock.unlock();
    has_room_.notify_one();
    return message;
  }
  std::optional<std::uint64_t> try_pop() {
    const std::lock_guard lock(mutex_);
    if (messages_.empty()) return std::nullopt;
    const std::uint64_t message = messages_.front();
    messages_.pop_front();
    return message;
  }

 private:
  const std::size_t capacity_;
  std::mutex mutex_;
  std::condition_variable has_room_, has_some_;
  std::deque<std::uint64_t> messages_;
};

}  // namespace concurrency::spsc_queue

#endif
