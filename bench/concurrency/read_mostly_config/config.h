// The configuration of read_mostly_config.cc: what requests ask of it, and how workers answer them while it is updated.
#ifndef SAFECOST_BENCH_CONCURRENCY_READ_MOSTLY_CONFIG_CONFIG_H
#define SAFECOST_BENCH_CONCURRENCY_READ_MOSTLY_CONFIG_CONFIG_H

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "kernel/case.h"
#include "kernel/turns.h"
#include "kernel/workers.h"

namespace concurrency::read_mostly_config {

constexpr std::size_t limit_count = 15;
constexpr std::size_t most_workers = 8;
constexpr std::size_t line = 64;  // bytes that a processor fetches and takes away at a time
// Of the first worker, between two updates of its own.
constexpr std::size_t requests_between_updates = 256;

struct Input {
  const std::uint64_t* limits;  // of version 0; a later one has each of them larger by its version
  const std::uint32_t* requests;  // which limit each asks for
  std::size_t count;
};

// Two lines. An answer is the same in every version, unless it is made of two of them.
struct Config {
  std::uint64_t version;
  std::uint64_t limits[limit_count];
};
inline void fill(Config& config, const std::uint64_t* limits, std::uint64_t version) {
  config.version = version;
  for (std::size_t i = 0; i < limit_count; ++i) config.limits[i] = limits[i] + version;
}
inline Config config_of(const std::uint64_t* limits, std::uint64_t version) {
  Config config;
  fill(config, limits, version);
  return config;
}
inline std::uint64_t answer(const Config& config, std::uint32_t request) {
  return config.limits[request] - config.version;
}

struct Requests {
  explicit Requests(const Input& input)
      : limits(input.limits, input.limits + limit_count),
        requests(input.requests, input.requests + input.count) {}

  // Those of one worker: a run of them.
  std::span<const std::uint32_t> part(std::size_t worker) const {
    const std::size_t workers = safecost::worker_count();
    const std::size_t from = requests.size() * worker / workers;
    return std::span(requests).subspan(from, requests.size() * (worker + 1) / workers - from);
  }

  std::vector<std::uint64_t> limits;
  std::vector<std::uint32_t> requests;
};

// What a worker reads through: the store itself, where a reader has nothing of its own.
template <class Store>
SAFECOST_HELPER Store& reader_of(Store& store, std::uint32_t) {
  return store;
}

// `ask` and `update` are each variant's own. The first worker updates, the others only ask.
template <class Store, class Ask, class Update>
SAFECOST_HELPER std::uint64_t serve_with(Requests& requests, const Ask& ask_one,
                                         const Update& update_to) {
  Store store(requests.limits.data());
  return SAFECOST_IN_PARALLEL(worker) {
    auto&& reader = reader_of(store, worker);
    std::uint64_t sum = 0, version = 0;
    std::size_t left = requests_between_updates;
    for (const std::uint32_t request : requests.part(worker)) {
      sum += ask_one(reader, request);
      if (worker != 0 || --left != 0) continue;
      left = requests_between_updates;
      update_to(store, requests.limits.data(), ++version);
    }
    return sum;
  };
}
template <class Store>
SAFECOST_KERNEL serve(Requests& requests) {
  return serve_with<Store>(
      requests, [](auto& reader, std::uint32_t request) { return ask(reader, request); },
      [](Store& store, const std::uint64_t* limits, std::uint64_t version) {
        update(store, limits, version);
      });
}

}  // namespace concurrency::read_mostly_config

#endif
