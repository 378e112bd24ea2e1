// A configuration that readers own a share of, or a copy, or reach under a lock that is given back by itself.
#ifndef SAFECOST_BENCH_CONCURRENCY_READ_MOSTLY_CONFIG_SAFE_STORES_H
#define SAFECOST_BENCH_CONCURRENCY_READ_MOSTLY_CONFIG_SAFE_STORES_H

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <utility>

#include "config.h"

namespace concurrency::read_mostly_config {

using Snapshot = std::shared_ptr<const Config>;
inline Snapshot snapshot_of(const std::uint64_t* limits, std::uint64_t version) {
  return std::make_shared<const Config>(config_of(limits, version));
}

// Where libstdc++ 12 ends a look it gives its lock back in no order, so that the next change of the pointer follows it by no
// rule: ThreadSanitizer reports that in every program (google/sanitizers issue 1558), and so here, without a fault.
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define SAFECOST_WATCHED 1
#endif
#endif
#if !defined(__cpp_lib_atomic_shared_ptr)
inline constexpr const char* why_no_atomic_shared_ptr = "the library has none";
#elif defined(SAFECOST_WATCHED)
inline constexpr const char* why_no_atomic_shared_ptr = "races by the letter within the library";
#else
#define SAFECOST_ATOMIC_SHARED_PTR 1
struct alignas(line) AtomicSnapshot {
  explicit AtomicSnapshot(const std::uint64_t* limits) : current(snapshot_of(limits, 0)) {}

  std::atomic<Snapshot> current;
};
inline std::uint64_t ask(const AtomicSnapshot& store, std::uint32_t request) {
  const Snapshot snapshot = store.current.load();
  return answer(*snapshot, request);
}
inline void update(AtomicSnapshot& store, const std::uint64_t* limits, std::uint64_t version) {
  store.current.store(snapshot_of(limits, version));
}
#endif

// The share is taken under a lock, which is given back before it is used.
struct alignas(line) LockedSnapshot {
  explicit LockedSnapshot(const std::uint64_t* limits) : current(snapshot_of(limits, 0)) {}

  Snapshot load() {
    const std::lock_guard lock(mutex);
    return current;
  }

  std::mutex mutex;
  Snapshot current;
};
inline std::uint64_t ask(LockedSnapshot& store, std::uint32_t request) {
  const Snapshot snapshot = store.load();
  return answer(*snapshot, request);
}
inline void update(LockedSnapshot& store, const std::uint64_t* limits, std::uint64_t version) {
  Snapshot next = snapshot_of(limits, version);
  const std::lock_guard lock(store.mutex);
  store.current.swap(next);
}

// In place, behind a lock that readers share.
struct alignas(line) SharedLocked {
  explicit SharedLocked(const std::uint64_t* limits) : config(config_of(limits, 0)) {}

  std::shared_mutex mutex;
  Config config;
};
inline std::uint64_t ask(SharedLocked& store, std::uint32_t request) {
  const std::shared_lock lock(store.mutex);
  return answer(store.config, request);
}
inline void update(SharedLocked& store, const std::uint64_t* limits, std::uint64_t version) {
  const std::lock_guard lock(store.mutex);
  fill(store.config, limits, version);
}

// Private to its lock: readers are given a copy.
class alignas(line) Copied {
 public:
  explicit Copied(const std::uint64_t* limits) : config_(config_of(limits, 0)) {}

  Config config() const {
    const std::lock_guard lock(mutex_);
    return config_;
  }
  void replace(const Config& config) {
    const std::lock_guard lock(mutex_);
    config_ = config;
  }

 private:
  mutable std::mutex mutex_;
  Config config_;
};
inline std::uint64_t ask(const Copied& store, std::uint32_t request) {
  return answer(store.config(), request);
}
inline void update(Copied& store, const std::uint64_t* limits, std::uint64_t version) {
  store.replace(config_of(limits, version));
}

// Each reader keeps its share, and takes another one where a number tells that there is a newer: as long as nothing is
// updated, readers share that number alone, and only look at it.
class alignas(line) Versioned {
 public:
  explicit Versioned(const std::uint64_t* limits) : current_(snapshot_of(limits, 0)) {}

  class Reader {
   public:
    explicit Reader(Versioned& store) : store_(store), mine_(store.load(seen_)) {}
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;

    const Config& config() {
      if (store_.version_.load(std::memory_order_acquire) != seen_) mine_ = store_.load(seen_);
      return *mine_;
    }

   private:
    Versioned& store_;
    std::uint64_t seen_ = 0;
    Snapshot mine_;
  };

  void replace(Snapshot next) {
    const std::lock_guard lock(mutex_);
    current_.swap(next);
    version_.fetch_add(1, std::memory_order_release);
  }

 private:
  Snapshot load(std::uint64_t& seen) {
    const std::lock_guard lock(mutex_);
    seen = version_.load(std::memory_order_relaxed);
    return current_;
  }

  std::atomic<std::uint64_t> version_{0};
  alignas(line) std::mutex mutex_;
  Snapshot current_;
};
SAFECOST_HELPER Versioned::Reader reader_of(Versioned& store, std::uint32_t) {
  return Versioned::Reader(store);
}
inline std::uint64_t ask(Versioned::Reader& reader, std::uint32_t request) {
  return answer(reader.config(), request);
}
inline void update(Versioned& store, const std::uint64_t* limits, std::uint64_t version) {
  store.replace(snapshot_of(limits, version));
}

}  // namespace concurrency::read_mostly_config

#endif
