// What does it cost to count together, so that the total can be read at any time?
//
// Each worker counts the bytes of the events that it handles, as servers count what they send, and looks at the total
// after every 64 of them, as one does that limits a rate. It must be no less than what the worker has counted itself.
// Between two additions nothing else is done: contended, this is the worst there can be, and where an event takes a
// microsecond each of the prices below is a small part of it.
//
// One worker pays for an addition that nobody competes with; two pay for a line of memory that goes to and fro. A slot
// for each worker avoids that: what is added is in one's own line, and only a look gathers. It is another algorithm.
//
// A type that is atomic is the addition that it stands for; what it buys is that no access can be written without. It
// does not make two accesses one: `total = total + n` compiles, in Rust as well (two_steps).
#include <pthread.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <numeric>
#include <span>
#include <vector>

#include "kernel/case.h"
#include "kernel/turns.h"
#include "kernel/workers.h"

namespace concurrency::counter {

struct Input {
  const std::uint32_t* bytes;  // of each event
  std::size_t count;
};

Input generate(safecost::Generator& generator) {
  const auto bytes = generator.array<std::uint32_t>(generator.size());
  for (std::uint32_t& of_event : bytes)
    of_event = static_cast<std::uint32_t>(generator.random.between(1, 65'536));
  return {bytes.data(), bytes.size()};
}

struct Events {
  explicit Events(const Input& input) : bytes(input.bytes, input.bytes + input.count) {}

  // Those of one worker: a run of them.
  std::span<const std::uint32_t> part(std::size_t worker) const {
    const std::size_t workers = safecost::worker_count();
    const std::size_t from = bytes.size() * worker / workers;
    return std::span(bytes).subspan(from, bytes.size() * (worker + 1) / workers - from);
  }

  std::vector<std::uint32_t> bytes;
};

constexpr std::size_t between_looks = 64;
constexpr std::size_t most_workers = 8;
constexpr std::size_t line = 64;  // bytes that a processor fetches and takes away at a time

// How each variant counts: `counter_of` is what a worker adds to, `add` adds, `look` tells the total. `own` and `set`
// are for a fault alone: what a worker sees before it adds, and what it writes then.

template <class Total>
SAFECOST_HELPER Total& counter_of(Total& total, std::uint32_t) {
  return total;
}
template <class Total>
SAFECOST_HELPER std::uint64_t own(Total& total) {
  return look(total);
}

template <class Total>
SAFECOST_HELPER std::uint64_t count_part(Total& total, std::span<const std::uint32_t> part,
                                         std::uint32_t worker) {
  auto&& counter = counter_of(total, worker);
  std::uint64_t mine = 0, below_mine = 0;
  for (std::size_t i = 0; i < part.size();) {
    const std::size_t stop = std::min(part.size(), i + between_looks);
    for (; i < stop; ++i) {
      add(counter, part[i]);
      mine += part[i];
    }
    if (look(total) < mine) ++below_mine;
  }
  return below_mine << 48;
}

template <class Total>
SAFECOST_KERNEL count(const Events& events) {
  Total total;
  const std::uint64_t below = SAFECOST_IN_PARALLEL(worker) {
    return count_part(total, events.part(worker), worker);
  };
  return below + look(total);
}

// Raw: a plain number, and atomic additions to it.

struct alignas(line) Number {
  std::uint64_t value = 0;
};
inline void add(Number& total, std::uint64_t bytes) {
  __atomic_fetch_add(&total.value, bytes, __ATOMIC_RELAXED);
}
inline std::uint64_t look(const Number& total) {
  return __atomic_load_n(&total.value, __ATOMIC_RELAXED);
}
inline void set(Number& total, std::uint64_t bytes) {
  __atomic_store_n(&total.value, bytes, __ATOMIC_RELAXED);
}

// A plain number, and a mutex beside it.

struct alignas(line) LockedNumber {
  pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  std::uint64_t value = 0;
};
inline void add(LockedNumber& total, std::uint64_t bytes) {
  pthread_mutex_lock(&total.mutex);
  total.value += bytes;
  pthread_mutex_unlock(&total.mutex);
}
inline std::uint64_t look(LockedNumber& total) {
  pthread_mutex_lock(&total.mutex);
  const std::uint64_t value = total.value;
  pthread_mutex_unlock(&total.mutex);
  return value;
}
inline void set(LockedNumber& total, std::uint64_t bytes) {
  pthread_mutex_lock(&total.mutex);
  total.value = bytes;
  pthread_mutex_unlock(&total.mutex);
}

// The same as careful C programs have it: a mutex that knows who holds it, and every result is looked at. The first error
// is kept, and is the answer.

struct alignas(line) CheckedNumber {
  CheckedNumber() {
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ERRORCHECK);
    error = pthread_mutex_init(&mutex, &attributes);
    pthread_mutexattr_destroy(&attributes);
  }
  CheckedNumber(const CheckedNumber&) = delete;
  CheckedNumber& operator=(const CheckedNumber&) = delete;
  ~CheckedNumber() { pthread_mutex_destroy(&mutex); }

  pthread_mutex_t mutex = {};
  std::uint64_t value = 0;
  int error = 0;
};
inline void note(CheckedNumber& total, int error) {
  int none = 0;
  __atomic_compare_exchange_n(&total.error, &none, error, false, __ATOMIC_RELAXED,
                              __ATOMIC_RELAXED);
}
inline void add(CheckedNumber& total, std::uint64_t bytes) {
  int error = pthread_mutex_lock(&total.mutex);
  if (error != 0) return note(total, error);
  total.value += bytes;
  error = pthread_mutex_unlock(&total.mutex);
  if (error != 0) note(total, error);
}
inline std::uint64_t look(CheckedNumber& total) {
  int error = pthread_mutex_lock(&total.mutex);
  if (error != 0) return static_cast<std::uint64_t>(error);
  const std::uint64_t value = total.value;
  error = pthread_mutex_unlock(&total.mutex);
  if (error == 0) error = __atomic_load_n(&total.error, __ATOMIC_RELAXED);
  return error == 0 ? value : static_cast<std::uint64_t>(error);
}
inline void set(CheckedNumber& total, std::uint64_t bytes) {
  int error = pthread_mutex_lock(&total.mutex);
  if (error != 0) return note(total, error);
  total.value = bytes;
  error = pthread_mutex_unlock(&total.mutex);
  if (error != 0) note(total, error);
}

// A slot for each worker, who alone writes to it: no addition has to be atomic, only what is stored must be seen whole.

struct alignas(line) Slot {
  std::uint64_t value = 0;
};
struct Slots {
  Slot of[most_workers];
};
SAFECOST_HELPER Slot& counter_of(Slots& slots, std::uint32_t worker) { return slots.of[worker]; }
inline std::uint64_t own(Slot& slot) { return slot.value; }
inline void set(Slot& slot, std::uint64_t bytes) {
  __atomic_store_n(&slot.value, bytes, __ATOMIC_RELAXED);
}
inline void add(Slot& slot, std::uint64_t bytes) { set(slot, slot.value + bytes); }
inline std::uint64_t look(const Slots& slots) {
  std::uint64_t total = 0;
  for (const Slot& slot : slots.of) total += __atomic_load_n(&slot.value, __ATOMIC_RELAXED);
  return total;
}

// Safe.

struct alignas(line) Atomic {
  std::atomic<std::uint64_t> value{0};
};
inline void add(Atomic& total, std::uint64_t bytes) { total.value += bytes; }
inline std::uint64_t look(const Atomic& total) { return total.value; }
inline void set(Atomic& total, std::uint64_t bytes) { total.value = bytes; }

#if defined(__cpp_lib_atomic_ref)
// The number is plain, and whoever changes it says that others may as well.
struct alignas(line) Referred {
  std::uint64_t value = 0;
};
inline void add(Referred& total, std::uint64_t bytes) { std::atomic_ref(total.value) += bytes; }
inline std::uint64_t look(Referred& total) { return std::atomic_ref(total.value); }
inline void set(Referred& total, std::uint64_t bytes) { std::atomic_ref(total.value) = bytes; }
#endif

struct alignas(line) Beside {
  std::mutex mutex;
  std::uint64_t value = 0;
};
inline void add(Beside& total, std::uint64_t bytes) {
  const std::lock_guard lock(total.mutex);
  total.value += bytes;
}
inline std::uint64_t look(Beside& total) {
  const std::lock_guard lock(total.mutex);
  return total.value;
}
inline void set(Beside& total, std::uint64_t bytes) {
  const std::lock_guard lock(total.mutex);
  total.value = bytes;
}

// The value is private to its lock: who wants it says what is to be done with it.
template <class Value>
class alignas(line) Guarded {
 public:
  template <class Use>
  auto with(const Use& use) {
    const std::lock_guard lock(mutex_);
    return use(value_);
  }

 private:
  std::mutex mutex_;
  Value value_ = {};
};
using GuardedNumber = Guarded<std::uint64_t>;
inline void add(GuardedNumber& total, std::uint64_t bytes) {
  total.with([bytes](std::uint64_t& value) { value += bytes; });
}
inline std::uint64_t look(GuardedNumber& total) {
  return total.with([](const std::uint64_t& value) { return value; });
}
inline void set(GuardedNumber& total, std::uint64_t bytes) {
  total.with([bytes](std::uint64_t& value) { value = bytes; });
}

// Raw's slots in a type: a worker is given one that nobody else has, and nobody is given a second.
class Tallies {
 public:
  class Tally {
   public:
    Tally(const Tally&) = delete;
    Tally& operator=(const Tally&) = delete;

    void add(std::uint64_t bytes) { set(seen() + bytes); }
    void set(std::uint64_t bytes) { value_.store(bytes, std::memory_order_relaxed); }
    std::uint64_t seen() const { return value_.load(std::memory_order_relaxed); }

   private:
    friend class Tallies;
    explicit Tally(std::atomic<std::uint64_t>& value) : value_(value) {}

    std::atomic<std::uint64_t>& value_;
  };

  Tally take() { return Tally(of_.at(taken_++).value); }
  std::uint64_t total() const {
    std::uint64_t total = 0;
    for (const Atomic& one : of_) total += one.value.load(std::memory_order_relaxed);
    return total;
  }

 private:
  std::array<Atomic, most_workers> of_;
  std::atomic<std::size_t> taken_{0};
};
SAFECOST_HELPER Tallies::Tally counter_of(Tallies& tallies, std::uint32_t) {
  return tallies.take();
}
inline void add(Tallies::Tally& tally, std::uint64_t bytes) { tally.add(bytes); }
inline std::uint64_t own(Tallies::Tally& tally) { return tally.seen(); }
inline void set(Tallies::Tally& tally, std::uint64_t bytes) { tally.set(bytes); }
inline std::uint64_t look(const Tallies& tallies) { return tallies.total(); }

// For `unsynchronised_write` and `unsynchronised_read`: one access of many is written as if nobody else were there.

template <class Counter>
void add_unsynchronised(Counter& counter, std::uint64_t bytes) {
  counter.value += bytes;
}
template <class Total>
std::uint64_t look_unsynchronised(const Total& total) {
  return total.value;
}
inline std::uint64_t look_unsynchronised(const Slots& slots) {
  std::uint64_t total = 0;
  for (const Slot& slot : slots.of) total += slot.value;
  return total;
}

template <class Total>
SAFECOST_KERNEL unsynchronised_write(const Events& events) {
  Total total;
  const std::uint64_t drawn = safecost::drawn(between_looks);
  SAFECOST_IN_PARALLEL(worker) {
    auto&& counter = counter_of(total, worker);
    const std::span<const std::uint32_t> part = events.part(worker);
    for (std::size_t i = 0; i < part.size(); ++i) {
      if (i == drawn) safecost::let_others_on();
      if (i % between_looks == drawn)
        add_unsynchronised(counter, part[i]);
      else
        add(counter, part[i]);
      if (i % between_looks == 0) static_cast<void>(look(total));
    }
    return 0;
  };
  return look(total);
}

template <class Total>
SAFECOST_KERNEL unsynchronised_read(const Events& events) {
  Total total;
  SAFECOST_IN_PARALLEL(worker) {
    auto&& counter = counter_of(total, worker);
    std::uint64_t seen = 0;
    for (const std::uint32_t bytes : events.part(worker)) {
      if (seen == 0) safecost::let_others_on();
      add(counter, bytes);
      seen = look_unsynchronised(total);
    }
    return seen == ~std::uint64_t{0} ? 1u : 0u;
  };
  return look(total);
}

// For `two_steps`: the first event is counted by a look and a write, each of which is synchronised, and between them the
// other worker counts one.
template <class Total>
SAFECOST_KERNEL two_steps(const Events& events) {
  Total total;
  safecost::Turns turns;
  const bool meet = safecost::worker_count() > 1 && !events.part(0).empty();
  SAFECOST_IN_PARALLEL(worker) {
    auto&& counter = counter_of(total, worker);
    const std::span<const std::uint32_t> part = events.part(worker);
    if (worker == 0 && meet) {
      const std::uint64_t seen = own(counter);
      turns.next();
      turns.wait_for(2);
      set(counter, seen + part.front());
      for (const std::uint32_t bytes : part.subspan(1)) add(counter, bytes);
    } else {
      if (worker == 1 && meet) turns.wait_for(1);
      if (!part.empty()) add(counter, part.front());
      if (worker == 1) turns.next();
      for (std::size_t i = 1; i < part.size(); ++i) add(counter, part[i]);
    }
    return 0;
  };
  return look(total);
}

std::uint64_t sum_of_all(const void* input) {
  const Input& given = *static_cast<const Input*>(input);
  return std::accumulate(given.bytes, given.bytes + given.count, std::uint64_t{0});
}

constexpr const char* is_atomic = "every access to an atomic is atomic";
constexpr const char* is_private = "the number is private: nobody reaches it but by the functions";

auto the_case =
    safecost::Case<Input>(generate)
        .size_and_workers(4'096, 1, "uncontended")
        .size_and_workers(4'096, 2, "contended")
        .fault({.name = "unsynchronised_write",
                .cwe = 362,
                .description = "one event of 64 is added as if nobody else counted",
                .contract = "every addition is atomic, or under the lock",
                .kind = SAFECOST_FAULT_KERNEL,
                .oracles = SAFECOST_ORACLE_RACE,
                .size = 4'096,
                .reference = sum_of_all})
        .fault({.name = "unsynchronised_read",
                .cwe = 362,
                .description = "the total is looked at as if nobody added to it",
                .contract = "every look is atomic, or under the lock",
                .kind = SAFECOST_FAULT_KERNEL,
                .oracles = SAFECOST_ORACLE_RACE,
                .size = 4'096,
                .reference = sum_of_all})
        .fault({.name = "two_steps",
                .cwe = 362,
                .description = "an event is added by a look at the total and a write of their sum",
                .contract = "nobody adds between a worker's look and its write",
                .kind = SAFECOST_FAULT_KERNEL,
                .oracles = SAFECOST_ORACLE_VALUE,
                .reference = sum_of_all})
        .raw<count<Number>>("raw", "an atomic addition to a plain number")
        .ordinary()
        .practised()
        .fault_kernel<unsynchronised_write<Number>>("unsynchronised_write")
        .fault_kernel<unsynchronised_read<Number>>("unsynchronised_read")
        .fault_kernel<two_steps<Number>>("two_steps")
        .raw<count<LockedNumber>>("raw_mutex", "a plain number and a pthread_mutex_t")
        .ordinary()
        .algorithm("lock")
        .fault_kernel<unsynchronised_write<LockedNumber>>("unsynchronised_write")
        .fault_kernel<unsynchronised_read<LockedNumber>>("unsynchronised_read")
        .fault_kernel<two_steps<LockedNumber>>("two_steps")
        .raw<count<CheckedNumber>>("raw_checked", "the same, checking for errors, all looked at")
        .ordinary()
        .algorithm("lock")
        .fault_kernel<unsynchronised_write<CheckedNumber>>("unsynchronised_write")
        .fault_kernel<unsynchronised_read<CheckedNumber>>("unsynchronised_read")
        .fault_kernel<two_steps<CheckedNumber>>("two_steps")
        .raw<count<Slots>>("raw_slots", "a slot for each worker, added up by whoever looks")
        .bespoke()
        .algorithm("slots")
        .fault_kernel<unsynchronised_write<Slots>>("unsynchronised_write")
        .fault_kernel<unsynchronised_read<Slots>>("unsynchronised_read")
        .fault_kernel<two_steps<Slots>>("two_steps")
        .claims("always", "two_steps")
        .safe<count<Atomic>>("atomic", "std::atomic")
        .library()
        .inexpressible("unsynchronised_write", is_atomic)
        .inexpressible("unsynchronised_read", is_atomic)
        .fault_kernel<two_steps<Atomic>>("two_steps")
        .claims("always", "unsynchronised_write", "unsynchronised_read")
#if defined(__cpp_lib_atomic_ref)
        .safe<count<Referred>>("atomic_ref", "std::atomic_ref to a plain number")
        .library()
        .fault_kernel<unsynchronised_write<Referred>>("unsynchronised_write")
        .fault_kernel<unsynchronised_read<Referred>>("unsynchronised_read")
        .fault_kernel<two_steps<Referred>>("two_steps")
#else
        .gap("atomic_ref", "std::atomic_ref to a plain number",
             "the library has no std::atomic_ref")
#endif
        .safe<count<Beside>>("lock_guard", "a std::mutex beside the number, std::lock_guard")
        .library()
        .algorithm("lock")
        .fault_kernel<unsynchronised_write<Beside>>("unsynchronised_write")
        .fault_kernel<unsynchronised_read<Beside>>("unsynchronised_read")
        .fault_kernel<two_steps<Beside>>("two_steps")
        .safe<count<GuardedNumber>>("guarded",
                                    "a mutex that has the number, and lends it to a lambda")
        .ordinary()
        .algorithm("lock")
        .inexpressible("unsynchronised_write", is_private)
        .inexpressible("unsynchronised_read", is_private)
        .fault_kernel<two_steps<GuardedNumber>>("two_steps")
        .claims("always", "unsynchronised_write", "unsynchronised_read")
        .safe<count<Tallies>>("tallies", "an atomic slot for each worker, given out once")
        .ordinary()
        .algorithm("slots")
        .inexpressible("unsynchronised_write", is_private)
        .inexpressible("unsynchronised_read", is_private)
        .fault_kernel<two_steps<Tallies>>("two_steps")
        .claims("always", "unsynchronised_write", "unsynchronised_read", "two_steps");

}  // namespace concurrency::counter

SAFECOST_EXPORT(concurrency::counter::the_case)
