// How C keeps a configuration that is read all the time and seldom replaced.
#ifndef SAFECOST_BENCH_CONCURRENCY_READ_MOSTLY_CONFIG_RAW_STORES_H
#define SAFECOST_BENCH_CONCURRENCY_READ_MOSTLY_CONFIG_RAW_STORES_H

#include <pthread.h>
#include <sched.h>

#include <cstdint>
#include <cstdlib>
#include <new>

#include "config.h"

namespace concurrency::read_mostly_config {

inline Config* allocated(const std::uint64_t* limits, std::uint64_t version) {
  auto* const config = static_cast<Config*>(std::malloc(sizeof(Config)));
  if (config == nullptr) std::abort();
  fill(*config, limits, version);
  return config;
}

// A pointer to what is never written to again. Who replaces it keeps what was, until all readers are gone.
struct alignas(line) Published {
  struct Old {
    Config* config;
    Old* next;
  };

  explicit Published(const std::uint64_t* limits) : current(allocated(limits, 0)) {}
  Published(const Published&) = delete;
  Published& operator=(const Published&) = delete;
  ~Published() {
    while (old != nullptr) {
      Old* const next = old->next;
      std::free(old->config);
      std::free(old);
      old = next;
    }
    std::free(current);
  }

  Config* current;
  alignas(line) Old* old = nullptr;
};
inline std::uint64_t ask(const Published& store, std::uint32_t request) {
  return answer(*__atomic_load_n(&store.current, __ATOMIC_ACQUIRE), request);
}
inline Config* replace(Config*& current, const std::uint64_t* limits, std::uint64_t version) {
  Config* const next = allocated(limits, version);
  Config* const last = current;
  __atomic_store_n(&current, next, __ATOMIC_RELEASE);
  return last;
}
inline void update(Published& store, const std::uint64_t* limits, std::uint64_t version) {
  auto* const old = static_cast<Published::Old*>(std::malloc(sizeof(Published::Old)));
  if (old == nullptr) std::abort();
  old->config = replace(store.current, limits, version);
  old->next = store.old;
  store.old = old;
}

// In place, behind a lock that readers share.
struct alignas(line) ReadLocked {
  explicit ReadLocked(const std::uint64_t* limits) { fill(config, limits, 0); }

  pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
  Config config;
};
inline std::uint64_t ask(ReadLocked& store, std::uint32_t request) {
  pthread_rwlock_rdlock(&store.lock);
  const std::uint64_t answered = answer(store.config, request);
  pthread_rwlock_unlock(&store.lock);
  return answered;
}
inline void update(ReadLocked& store, const std::uint64_t* limits, std::uint64_t version) {
  pthread_rwlock_wrlock(&store.lock);
  fill(store.config, limits, version);
  pthread_rwlock_unlock(&store.lock);
}

// The same, and every result is looked at: a lock that is not given is no permission to read.
struct Checked : ReadLocked {
  using ReadLocked::ReadLocked;
};
inline std::uint64_t ask(Checked& store, std::uint32_t request) {
  int error = pthread_rwlock_rdlock(&store.lock);
  if (error != 0) return static_cast<std::uint64_t>(error);
  const std::uint64_t answered = answer(store.config, request);
  error = pthread_rwlock_unlock(&store.lock);
  return error == 0 ? answered : static_cast<std::uint64_t>(error);
}
inline void update(Checked& store, const std::uint64_t* limits, std::uint64_t version) {
  if (pthread_rwlock_wrlock(&store.lock) != 0) std::abort();
  fill(store.config, limits, version);
  if (pthread_rwlock_unlock(&store.lock) != 0) std::abort();
}

// In place, with a number that is odd while it is written: who sees it change has read nothing, and reads again. The
// words are atomic, since they are read while they may be written.
struct alignas(line) Sequenced {
  explicit Sequenced(const std::uint64_t* limits) { fill(config, limits, 0); }

  std::uint64_t sequence = 0;
  alignas(line) Config config;
};
inline std::uint64_t word(const std::uint64_t& of) {
  return __atomic_load_n(&of, __ATOMIC_RELAXED);
}
inline std::uint64_t ask(const Sequenced& store, std::uint32_t request) {
  for (;;) {
    const std::uint64_t before = __atomic_load_n(&store.sequence, __ATOMIC_ACQUIRE);
    const std::uint64_t answered = word(store.config.limits[request]) - word(store.config.version);
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    if (before % 2 == 0 && word(store.sequence) == before) return answered;
    __builtin_ia32_pause();
  }
}
inline void update(Sequenced& store, const std::uint64_t* limits, std::uint64_t version) {
  const std::uint64_t before = store.sequence;
  __atomic_store_n(&store.sequence, before + 1, __ATOMIC_RELAXED);
  __atomic_thread_fence(__ATOMIC_RELEASE);
  __atomic_store_n(&store.config.version, version, __ATOMIC_RELAXED);
  for (std::size_t i = 0; i < limit_count; ++i)
    __atomic_store_n(&store.config.limits[i], limits[i] + version, __ATOMIC_RELAXED);
  __atomic_store_n(&store.sequence, before + 2, __ATOMIC_RELEASE);
}

// Published, and what was is freed once every reader has said since that it holds nothing (quiescent states, as user-space
// RCU has them). A reader says so after each request, in a line of its own.
struct Reclaimed {
  struct alignas(line) Reader {
    std::uint64_t seen = 0;  // the epoch when it last held nothing
  };
  struct Old {
    Config* config;
    std::uint64_t epoch;  // from which on no reader finds it
  };
  static constexpr std::size_t most_old = 64;

  explicit Reclaimed(const std::uint64_t* limits) : current(allocated(limits, 0)) {}
  Reclaimed(const Reclaimed&) = delete;
  Reclaimed& operator=(const Reclaimed&) = delete;
  ~Reclaimed() {
    for (std::size_t i = 0; i < old_count; ++i) std::free(old[i].config);
    std::free(current);
  }

  alignas(line) Config* current;
  std::uint64_t epoch = 1;
  Reader readers[most_workers];
  alignas(line) Old old[most_old];
  std::size_t old_count = 0;
};
struct Epochs {
  Reclaimed& store;
  Reclaimed::Reader& mine;

  Epochs(Reclaimed& of, std::uint32_t worker) : store(of), mine(of.readers[worker]) {}
  Epochs(const Epochs&) = delete;
  Epochs& operator=(const Epochs&) = delete;
  // A reader that has gone holds nothing, ever.
  ~Epochs() { __atomic_store_n(&mine.seen, ~std::uint64_t{0}, __ATOMIC_RELEASE); }
};
SAFECOST_HELPER Epochs reader_of(Reclaimed& store, std::uint32_t worker) {
  return Epochs(store, worker);
}
// The epoch is read before the request, so that what is found then is of this epoch or of a later one.
inline std::uint64_t ask(Epochs& reader, std::uint32_t request) {
  const std::uint64_t answered =
      answer(*__atomic_load_n(&reader.store.current, __ATOMIC_ACQUIRE), request);
  __atomic_store_n(&reader.mine.seen, __atomic_load_n(&reader.store.epoch, __ATOMIC_ACQUIRE),
                   __ATOMIC_RELEASE);
  return answered;
}
inline void free_unseen(Reclaimed& store) {
  std::uint64_t least = ~std::uint64_t{0};
  const std::size_t workers = safecost::worker_count();
  for (std::size_t i = 0; i < workers; ++i) {
    const std::uint64_t seen = __atomic_load_n(&store.readers[i].seen, __ATOMIC_ACQUIRE);
    if (seen < least) least = seen;
  }
  std::size_t kept = 0;
  for (std::size_t i = 0; i < store.old_count; ++i) {
    if (store.old[i].epoch <= least)
      std::free(store.old[i].config);
    else
      store.old[kept++] = store.old[i];
  }
  store.old_count = kept;
}
inline void update(Reclaimed& store, const std::uint64_t* limits, std::uint64_t version) {
  Config* const last = replace(store.current, limits, version);
  const std::uint64_t epoch = store.epoch + 1;
  __atomic_store_n(&store.epoch, epoch, __ATOMIC_RELEASE);
  for (; store.old_count == Reclaimed::most_old; free_unseen(store)) sched_yield();
  store.old[store.old_count++] = {last, epoch};
  free_unseen(store);
}

}  // namespace concurrency::read_mostly_config

#endif
