// Races that are real, and designs that only look like one: what ThreadSanitizer must report, and what it must not.
//
// A case for tests, never measured. Each kernel adds up the values by two threads of its own.
#include <atomic>
#include <cstdint>
#include <mutex>
#include <numeric>
#include <stdexcept>
#include <thread>
#include <vector>

#include "kernel/case.h"

namespace planted::races {

struct Input {
  const std::int32_t* values;
  std::size_t count;
};

Input generate(safecost::Generator& generator) {
  const auto values = generator.array<std::int32_t>(generator.size());
  std::iota(values.begin(), values.end(), static_cast<std::int32_t>(generator.random.below(9)));
  return {values.data(), values.size()};
}

struct Values {
  explicit Values(const Input& input) : values(input.values, input.values + input.count) {}

  std::vector<std::int32_t> values;
};

// Has two threads go through one half of the values each, and waits for both.
template <class Work>
SAFECOST_HELPER void by_two(const Values& context, Work work) {
  const std::size_t half = context.values.size() / 2;
  std::thread first([&] { work(0, std::size_t{0}, half); });
  std::thread second([&] { work(1, half, context.values.size()); });
  first.join();
  second.join();
}

// A thread has a slot of its own, which whoever joins it may read.
template <int number>
SAFECOST_KERNEL own_slots(Values& context) {
  std::int64_t slots[2] = {number - number, 0};
  by_two(context, [&](int own, std::size_t from, std::size_t end) {
    for (std::size_t i = from; i < end; ++i) slots[own] += context.values[i];
  });
  return static_cast<std::uint64_t>(slots[0] + slots[1]);
}
template <int number>
SAFECOST_KERNEL plain_counter(Values& context) {
  std::int64_t sum = number - number;
  by_two(context, [&](int, std::size_t from, std::size_t end) {
    for (std::size_t i = from; i < end; ++i) sum += context.values[i];
  });
  return static_cast<std::uint64_t>(sum);
}
// Nothing is ordered by a counter that is relaxed, and nothing needs to be.
template <int number>
SAFECOST_KERNEL relaxed(Values& context) {
  std::atomic<std::int64_t> sum = number - number;
  by_two(context, [&](int, std::size_t from, std::size_t end) {
    for (std::size_t i = from; i < end; ++i)
      sum.fetch_add(context.values[i], std::memory_order_relaxed);
  });
  return static_cast<std::uint64_t>(sum.load(std::memory_order_relaxed));
}
// Each access is atomic and the two together are not: a wrong result, and no race.
SAFECOST_KERNEL lost_update(Values& context) {
  std::atomic<std::int64_t> sum = 1;
  by_two(context, [&](int, std::size_t from, std::size_t end) {
    for (std::size_t i = from; i < end; ++i) sum.store(sum.load() + context.values[i]);
  });
  return static_cast<std::uint64_t>(sum.load());
}
template <bool forgets>
SAFECOST_KERNEL with_mutex(Values& context) {
  std::mutex mutex;
  std::int64_t sum = 0;
  by_two(context, [&](int own, std::size_t from, std::size_t end) {
    for (std::size_t i = from; i < end; ++i) {
      if (forgets && own == 1 && i % 8 == 3) {  // the one path on which it is forgotten
        sum += context.values[i];
        continue;
      }
      const std::lock_guard lock(mutex);
      sum += context.values[i];
    }
  });
  return static_cast<std::uint64_t>(sum);
}
// What a thread has written is published by a pointer: without order, as double-checked locking was first written.
template <class Pointer>
SAFECOST_HELPER std::uint64_t published(const Values& context) {
  std::mutex mutex;
  std::int64_t sum = 0;
  Pointer instance = nullptr;
  std::int64_t slots[2] = {};
  by_two(context, [&](int own, std::size_t, std::size_t) {
    if (instance == nullptr) {
      const std::lock_guard lock(mutex);
      if (instance == nullptr) {
        sum = std::accumulate(context.values.begin(), context.values.end(), std::int64_t{0});
        instance = &sum;
      }
    }
    slots[own] = *instance;
  });
  return static_cast<std::uint64_t>(slots[0]);
}
SAFECOST_KERNEL published_in_order(Values& context) {
  return published<std::atomic<std::int64_t*>>(context);
}
SAFECOST_KERNEL published_without(Values& context) { return published<std::int64_t*>(context); }
SAFECOST_KERNEL waits_for_itself(Values& context) {
  std::mutex mutex;
  by_two(context, [&](int, std::size_t, std::size_t) {
    mutex.lock();
    mutex.lock();
  });
  return 0;
}
SAFECOST_KERNEL refuses(Values& context) {
  if (!context.values.empty()) throw std::logic_error("a second thread may not have it");
  return 0;
}
// No thread at all, though it is declared to race.
SAFECOST_KERNEL alone(Values& context) {
  return static_cast<std::uint64_t>(
      std::accumulate(context.values.begin(), context.values.end(), std::int64_t{0}));
}

std::uint64_t sum_of_all(const void* input) {
  const Input& given = *static_cast<const Input*>(input);
  return static_cast<std::uint64_t>(
      std::accumulate(given.values, given.values + given.count, std::int64_t{0}));
}

constexpr safecost::Fault race(const char* name) {
  return {.name = name,
          .cwe = 362,
          .description = "two threads add to one number",
          .contract = "a number is changed by one thread at a time",
          .kind = SAFECOST_FAULT_KERNEL,
          .oracles = SAFECOST_ORACLE_RACE,
          .stops = SAFECOST_STOP_EXCEPTION,
          .size = 64,  // long enough for two threads to meet
          .reference = sum_of_all};
}

auto the_case = safecost::Case<Input>(generate)
                    .size(64, "L1")
                    .fault(race("shared"))
                    .fault(race("alone"))
                    .raw<own_slots<0>>("raw", "a slot for each thread")
                    .fault_kernel<plain_counter<0>>("shared")
                    .fault_kernel<alone>("alone")
                    .safe<own_slots<1>>("unlocked", "no lock at all")
                    .fault_kernel<plain_counter<1>>("shared")
                    .safe<relaxed<0>>("atomic", "an atomic number")
                    .fault_kernel<relaxed<1>>("shared")
                    .claims("always", "shared")
                    .safe<with_mutex<false>>("mutex", "a number and a lock")
                    .fault_kernel<with_mutex<true>>("shared")
                    .safe<published_in_order>("once", "made by who comes first")
                    .fault_kernel<published_without>("shared")
                    .safe<own_slots<2>>("updates", "an atomic number, read and then written")
                    .fault_kernel<lost_update>("shared")
                    .safe<own_slots<3>>("deadlock", "a lock that is taken twice")
                    .fault_kernel<waits_for_itself>("shared")
                    .safe<own_slots<4>>("refuses", "an exception")
                    .fault_kernel<refuses>("shared")
                    .safe<own_slots<5>>("typed", "a type that no two threads can have")
                    .inexpressible("shared", "the type cannot be copied, moved or referred to");

}  // namespace planted::races

SAFECOST_EXPORT(planted::races::the_case)
