// Linked into each plugin whose races are looked for: threads wait at random before they take a lock.
//
// The detector sees a race only where nothing happened to order the two accesses. Where a thread is done before the
// other has started, a lock that both take orders all that they do, and the one access without it goes unnoticed.
#include <pthread.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>

// NOLINTBEGIN(bugprone-reserved-identifier): the names that the linker gives what it wraps
extern "C" {
int __real_pthread_mutex_lock(pthread_mutex_t* mutex);
int __wrap_pthread_mutex_lock(pthread_mutex_t* mutex);
}

namespace {

constexpr int kWaits = 64;  // a process; a kernel that takes a lock 100,000 times shall come back
// Nanoseconds, as powers of two: a thread starts within 50 us, or within 4 ms where CPUs are busy.
constexpr std::uint32_t kShortest = 10, kLongest = 22;

// Neither orders anything between threads, which would hide what is looked for.
std::atomic<int> left{kWaits};
std::atomic<std::uint32_t> state{0};

std::uint32_t random_below(std::uint32_t limit) {
  std::uint32_t seed = state.load(std::memory_order_relaxed);
  if (seed == 0) {
    timespec now = {};
    clock_gettime(CLOCK_MONOTONIC, &now);
    seed = static_cast<std::uint32_t>(now.tv_nsec) ^ static_cast<std::uint32_t>(getpid()) << 12;
  }
  seed = seed * 1'664'525u + 1'013'904'223u;
  state.store(seed, std::memory_order_relaxed);
  return static_cast<std::uint32_t>(std::uint64_t{seed} * limit >> 32);
}

}  // namespace

int __wrap_pthread_mutex_lock(pthread_mutex_t* mutex) {
  if (left.fetch_sub(1, std::memory_order_relaxed) > 0 && random_below(2) == 0) {
    const timespec wait = {0, 1L << (kShortest + random_below(kLongest - kShortest + 1))};
    nanosleep(&wait, nullptr);
  }
  return __real_pthread_mutex_lock(mutex);
}
// NOLINTEND(bugprone-reserved-identifier)
