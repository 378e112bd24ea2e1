// Slots for what has an owner: it is moved in, and moved out.
#ifndef SAFECOST_BENCH_CONCURRENCY_WORK_HANDOFF_OWNING_SLOTS_H
#define SAFECOST_BENCH_CONCURRENCY_WORK_HANDOFF_OWNING_SLOTS_H

#include <sched.h>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <semaphore>
#include <utility>

#include "raw_slots.h"

namespace concurrency::work_handoff {

// What most people write.
template <class Thing>
class alignas(line) LockedSlot {
 public:
  void put(Thing thing) {
    {
      const std::lock_guard lock(mutex_);
      thing_ = std::move(thing);
    }
    filled_.notify_one();
  }
  Thing take() {
    std::unique_lock lock(mutex_);
    filled_.wait(lock, [this] { return thing_.has_value(); });
    Thing thing = std::move(*thing_);
    thing_.reset();
    return thing;
  }

 private:
  std::mutex mutex_;
  std::condition_variable filled_;
  std::optional<Thing> thing_;
};

template <class Thing>
class alignas(line) SemaphoreSlot {
 public:
  void put(Thing thing) {
    thing_ = std::move(thing);
    filled_.release();
  }
  Thing take() {
    filled_.acquire();
    return std::move(thing_);
  }

 private:
  std::binary_semaphore filled_{0};
  Thing thing_ = {};
};

// An atomic flag that can be waited for: the library looks a while before it sleeps.
template <class Thing>
class alignas(line) WaitingSlot {
 public:
  void put(Thing thing) {
    thing_ = std::move(thing);
    full_.store(true, std::memory_order_release);
    full_.notify_one();
  }
  Thing take() {
    full_.wait(false, std::memory_order_acquire);
    Thing thing = std::move(thing_);
    full_.store(false, std::memory_order_relaxed);
    return thing;
  }

 private:
  std::atomic<bool> full_{false};
  Thing thing_ = {};
};

// Raw's, which never sleeps.
template <class Thing>
class alignas(line) WatchedSlot {
 public:
  void put(Thing thing) {
    thing_ = std::move(thing);
    full_.store(true, std::memory_order_release);
  }
  Thing take() {
    for (unsigned looks = 1; !full_.load(std::memory_order_acquire); ++looks) {
      __builtin_ia32_pause();
      if (looks % 1'024 == 0) sched_yield();
    }
    Thing thing = std::move(thing_);
    full_.store(false, std::memory_order_relaxed);
    return thing;
  }

 private:
  std::atomic<bool> full_{false};
  Thing thing_ = {};
};

}  // namespace concurrency::work_handoff

#endif
