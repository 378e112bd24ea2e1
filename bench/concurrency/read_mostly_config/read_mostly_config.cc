// What does a look at a configuration cost that is read all the time and seldom replaced?
//
// Workers answer requests, each by one look at the configuration; the first of them replaces it after every 256 of its own.
// An answer subtracts one number of the configuration from another, and is the same in every version, unless the two are
// of different ones.
//
// A lock, be it one that readers share, is written to by every reader, and so is the count of a shared_ptr: the line goes
// to and fro though nobody changes anything. std::atomic<std::shared_ptr> is no way out. Of libstdc++ it holds a lock in a
// bit of a pointer and counts under it, so that a look is three atomic changes of shared lines, where a mutex and a
// shared_ptr make four; whether it is slower when workers compete, as it is reported to be, is answered by
// atomic_shared_ptr beside mutex_shared_ptr. What does not write for a look is fast at any number of readers: a pointer whose
// replaced configurations are kept (raw), one that is freed once all have passed (raw_epochs), a sequence number
// (raw_sequence), or a share that each reader keeps until a number says that it is old (cached_shared_ptr).
//
// A share keeps a configuration alive as long as it is held, and C++ lets everybody refer to what is shared without holding
// it: `const Config& config = *current.load();` is gone at the semicolon (let_go_early). Rust rejects it.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "config.h"
#include "kernel/case.h"
#include "kernel/turns.h"
#include "kernel/workers.h"
#include "raw_stores.h"
#include "safe_stores.h"

namespace concurrency::read_mostly_config {

Input generate(safecost::Generator& generator) {
  const auto limits = generator.array<std::uint64_t>(limit_count);
  for (std::uint64_t& limit : limits) limit = generator.random.below(1'000'000);
  const auto requests = generator.array<std::uint32_t>(generator.size());
  for (std::uint32_t& request : requests)
    request = static_cast<std::uint32_t>(generator.random.below(limit_count));
  return {limits.data(), requests.data(), requests.size()};
}

std::uint64_t all_answers(const void* input) {
  const Input& given = *static_cast<const Input*>(input);
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < given.count; ++i) sum += given.limits[given.requests[i]];
  return sum;
}

// For `unsynchronised_read`: a look as if nobody ever replaced anything.

inline std::uint64_t ask_plainly(const Published& store, std::uint32_t request) {
  return answer(*store.current, request);
}
inline std::uint64_t ask_plainly(const Epochs& reader, std::uint32_t request) {
  return answer(*reader.store.current, request);
}
inline std::uint64_t ask_plainly(const LockedSnapshot& store, std::uint32_t request) {
  const Snapshot snapshot = store.current;
  return answer(*snapshot, request);
}
template <class InPlace>
std::uint64_t ask_plainly(const InPlace& store, std::uint32_t request) {
  return answer(store.config, request);
}
template <class Store>
SAFECOST_KERNEL unsynchronised_read(Requests& requests) {
  return serve_with<Store>(
      requests, [](auto& reader, std::uint32_t request) { return ask_plainly(reader, request); },
      [](Store& store, const std::uint64_t* limits, std::uint64_t version) {
        if (version == 1) safecost::let_others_on();
        update(store, limits, version);
      });
}

// For `updated_in_place`: what others may be reading is written to, instead of being replaced or under its lock.

inline Config& to_be_changed(Published& store) { return *store.current; }
inline Config& to_be_changed(Reclaimed& store) { return *store.current; }
template <class InPlace>
Config& to_be_changed(InPlace& store) {
  return store.config;
}
template <class Store>
SAFECOST_KERNEL updated_in_place(Requests& requests) {
  return serve_with<Store>(
      requests, [](auto& reader, std::uint32_t request) { return ask(reader, request); },
      [](Store& store, const std::uint64_t* limits, std::uint64_t version) {
        if (version == 1) safecost::let_others_on();
        fill(to_be_changed(store), limits, version);
      });
}

// For `let_go_early`: the last worker answers its first request by a look that it lets go of, and by another one an update
// later. Until then the first worker waits; alone, it updates itself.

// What a look gives, as a reader has it who holds nothing any more.
struct Look {
  std::uint64_t version;
  const std::uint64_t* limit;
};
SAFECOST_HELPER Look look_at(const Config& config, std::uint32_t request) {
  return {config.version, &config.limits[request]};
}

inline Look let_go(Published& store, std::uint32_t request) {
  return look_at(*store.current, request);
}
inline void update_early(Published& store, const std::uint64_t* limits, std::uint64_t version) {
  std::free(replace(store.current, limits, version));
}
inline Look let_go(Epochs& reader, std::uint32_t request) {
  const Look look = look_at(*reader.store.current, request);
  __atomic_store_n(&reader.mine.seen, ~std::uint64_t{0}, __ATOMIC_RELEASE);
  return look;
}
inline void update_early(Reclaimed& store, const std::uint64_t* limits, std::uint64_t version) {
  for (Reclaimed::Reader& reader : store.readers)
    __atomic_store_n(&reader.seen, ~std::uint64_t{0}, __ATOMIC_RELEASE);
  update(store, limits, version);
}
inline Look let_go(ReadLocked& store, std::uint32_t request) {
  pthread_rwlock_rdlock(&store.lock);
  const Look look = look_at(store.config, request);
  pthread_rwlock_unlock(&store.lock);
  return look;
}
inline Look let_go(Sequenced& store, std::uint32_t request) {
  return look_at(store.config, request);
}
#if defined(SAFECOST_ATOMIC_SHARED_PTR)
inline Look let_go(AtomicSnapshot& store, std::uint32_t request) {
  const Config& config = *store.current.load();
  return look_at(config, request);
}
#endif
inline Look let_go(LockedSnapshot& store, std::uint32_t request) {
  const Config& config = *store.load();
  return look_at(config, request);
}
inline Look let_go(SharedLocked& store, std::uint32_t request) {
  const std::shared_lock lock(store.mutex);
  return look_at(store.config, request);
}
inline Look let_go(Versioned::Reader& reader, std::uint32_t request) {
  return look_at(reader.config(), request);
}
template <class Store>
void update_early(Store& store, const std::uint64_t* limits, std::uint64_t version) {
  update(store, limits, version);
}
// What a reader does between the look and its use: nothing, save one that looks again.
template <class Reader>
void look_again(Reader&) {}
inline void look_again(Versioned::Reader& reader) { static_cast<void>(reader.config()); }

template <class Store>
SAFECOST_KERNEL let_go_early(Requests& requests) {
  Store store(requests.limits.data());
  safecost::Turns turns;
  const std::uint32_t last = safecost::worker_count() - 1;
  return SAFECOST_IN_PARALLEL(worker) {
    auto&& reader = reader_of(store, worker);
    std::span<const std::uint32_t> part = requests.part(worker);
    std::uint64_t sum = 0;
    if (worker == last && !part.empty()) {
      const Look look = let_go(reader, part.front());
      turns.next();
      if (last == 0) update_early(store, requests.limits.data(), 1);
      if (last != 0) turns.wait_for(2);
      look_again(reader);
      sum += *look.limit - look.version;
      part = part.subspan(1);
    } else if (worker == 0) {
      turns.wait_for(1);
      update_early(store, requests.limits.data(), 1);
      turns.next();
    }
    for (const std::uint32_t request : part) sum += ask(reader, request);
    return sum;
  };
}

constexpr const char* is_const = "what is shared is const: the compiler rejects an assignment";
constexpr const char* is_private = "the configuration is private to its lock";
constexpr const char* is_inside = "the order is within the type, once for all";

auto the_case =
    safecost::Case<Input>(generate)
        .size_and_workers(4'096, 1, "uncontended")
        .size_and_workers(4'096, 2, "contended")
        .fault({.name = "unsynchronised_read",
                .cwe = 362,
                .description = "the configuration is looked at as if it were never replaced",
                .contract = "a look is atomic, or under the lock",
                .kind = SAFECOST_FAULT_KERNEL,
                .oracles = SAFECOST_ORACLE_RACE,
                .size = 16'384,
                .reference = all_answers})
        .fault({.name = "updated_in_place",
                .cwe = 362,
                .description = "the configuration is written to while others may read it",
                .contract = "what readers may hold is replaced, or written to under the lock",
                .kind = SAFECOST_FAULT_KERNEL,
                .oracles = SAFECOST_ORACLE_RACE,
                .size = 16'384,
                .reference = all_answers})
        .fault(
            {.name = "let_go_early",
             .cwe = 416,
             .description = "a look is used after the lock, share or promise that kept it is gone",
             .contract = "a configuration stays as it is while a reader uses it",
             .kind = SAFECOST_FAULT_KERNEL,
             .oracles = SAFECOST_ORACLE_GUARD | SAFECOST_ORACLE_SANITIZER | SAFECOST_ORACLE_VALUE,
             .reference = all_answers})
        .raw<serve<Published>>("raw", "an atomic pointer; what was replaced is freed at the end")
        .ordinary()
        .fault_kernel<unsynchronised_read<Published>>("unsynchronised_read")
        .fault_kernel<updated_in_place<Published>>("updated_in_place")
        .fault_kernel<let_go_early<Published>>("let_go_early")
        .raw<serve<ReadLocked>>("raw_rwlock", "in place, and a pthread_rwlock_t")
        .ordinary()
        .practised()
        .algorithm("lock")
        .fault_kernel<unsynchronised_read<ReadLocked>>("unsynchronised_read")
        .fault_kernel<updated_in_place<ReadLocked>>("updated_in_place")
        .fault_kernel<let_go_early<ReadLocked>>("let_go_early")
        .raw<serve<Checked>>("raw_checked", "the same, and every result is looked at")
        .ordinary()
        .algorithm("lock")
        .fault_kernel<unsynchronised_read<Checked>>("unsynchronised_read")
        .fault_kernel<updated_in_place<Checked>>("updated_in_place")
        .fault_kernel<let_go_early<Checked>>("let_go_early")
        .raw<serve<Sequenced>>("raw_sequence", "in place, and a number that is odd meanwhile")
        .bespoke()
        .algorithm("sequence")
        .fault_kernel<unsynchronised_read<Sequenced>>("unsynchronised_read")
        .fault_kernel<updated_in_place<Sequenced>>("updated_in_place")
        .fault_kernel<let_go_early<Sequenced>>("let_go_early")
        .raw<serve<Reclaimed>>("raw_epochs", "raw, and each is freed once all readers have passed")
        .bespoke()
        .fault_kernel<unsynchronised_read<Reclaimed>>("unsynchronised_read")
        .fault_kernel<updated_in_place<Reclaimed>>("updated_in_place")
        .fault_kernel<let_go_early<Reclaimed>>("let_go_early")
#if defined(SAFECOST_ATOMIC_SHARED_PTR)
        .safe<serve<AtomicSnapshot>>("atomic_shared_ptr", "std::atomic<std::shared_ptr>")
        .library()
        .inexpressible("unsynchronised_read", "every access to an atomic is atomic")
        .inexpressible("updated_in_place", is_const)
        .fault_kernel<let_go_early<AtomicSnapshot>>("let_go_early")
        .claims("always", "unsynchronised_read", "updated_in_place")
#else
        .gap("atomic_shared_ptr", "std::atomic<std::shared_ptr>", why_no_atomic_shared_ptr)
#endif
        .safe<serve<LockedSnapshot>>("mutex_shared_ptr",
                                     "a std::shared_ptr, copied under a std::mutex")
        .ordinary()
        .fault_kernel<unsynchronised_read<LockedSnapshot>>("unsynchronised_read")
        .inexpressible("updated_in_place", is_const)
        .fault_kernel<let_go_early<LockedSnapshot>>("let_go_early")
        .claims("always", "updated_in_place")
        .safe<serve<SharedLocked>>("shared_mutex", "in place, and a std::shared_mutex")
        .library()
        .algorithm("lock")
        .fault_kernel<unsynchronised_read<SharedLocked>>("unsynchronised_read")
        .fault_kernel<updated_in_place<SharedLocked>>("updated_in_place")
        .fault_kernel<let_go_early<SharedLocked>>("let_go_early")
        .safe<serve<Copied>>("copy", "a mutex that has the configuration, and gives out copies")
        .ordinary()
        .algorithm("lock")
        .inexpressible("unsynchronised_read", is_private)
        .inexpressible("updated_in_place", is_private)
        .inexpressible("let_go_early", "a reader has a copy of its own")
        .claims("always", "unsynchronised_read", "updated_in_place", "let_go_early")
        .safe<serve<Versioned>>("cached_shared_ptr",
                                "a share for each reader, renewed where it is old")
        .ordinary()
        .algorithm("cached")
        .inexpressible("unsynchronised_read", is_inside)
        .inexpressible("updated_in_place", is_const)
        .fault_kernel<let_go_early<Versioned>>("let_go_early")
        .claims("always", "unsynchronised_read", "updated_in_place");

}  // namespace concurrency::read_mostly_config

SAFECOST_EXPORT(concurrency::read_mostly_config::the_case)
