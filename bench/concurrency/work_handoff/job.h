// The jobs of work_handoff.cc: made by one worker, done and ended by another, who answers with a number.
#ifndef SAFECOST_BENCH_CONCURRENCY_WORK_HANDOFF_JOB_H
#define SAFECOST_BENCH_CONCURRENCY_WORK_HANDOFF_JOB_H

#include <cstddef>
#include <cstdint>
#include <vector>

#include "kernel/case.h"

namespace concurrency::work_handoff {

constexpr std::size_t word_count = 15;

struct Input {
  const std::uint64_t* seeds;  // one a job
  std::size_t count;
};

struct Job {
  std::uint64_t id;
  std::uint64_t words[word_count];
};
inline void fill(Job& job, std::uint64_t id, std::uint64_t seed) {
  job.id = id;
  for (std::uint64_t& word : job.words) word = seed = seed * 6'364'136'223'846'793'005u + 1;
}
inline std::uint64_t done(const Job& job) {
  std::uint64_t result = job.id;
  for (const std::uint64_t word : job.words) result = result * 31 + word;
  return result;
}

struct Seeds {
  explicit Seeds(const Input& input) : seeds(input.seeds, input.seeds + input.count) {}

  std::vector<std::uint64_t> seeds;
};

}  // namespace concurrency::work_handoff

#endif
