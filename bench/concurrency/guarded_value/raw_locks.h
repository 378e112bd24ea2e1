// Accounts as C has them: a lock beside the sums, taken and given back by hand.
#ifndef SAFECOST_BENCH_CONCURRENCY_GUARDED_VALUE_RAW_LOCKS_H
#define SAFECOST_BENCH_CONCURRENCY_GUARDED_VALUE_RAW_LOCKS_H

#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>
#include <utility>

#include "operations.h"

namespace concurrency::guarded_value {

// A mutex as Drepper's "Futexes are tricky" has it: 0 is free, 1 held, 2 held and somebody may wait. It knows neither who
// holds it nor of which kind it is, which pthread_mutex_t looks at each time. Who finds it held looks a few times more
// before going to sleep.
struct Futex {
  std::uint32_t state = 0;
};
inline std::uint32_t exchange(Futex& futex, std::uint32_t state, int order) {
  return __atomic_exchange_n(&futex.state, state, order);
}
[[gnu::noinline]] inline void wait_for(Futex& futex) {
  for (int looks = 0; looks < 100; ++looks) {
    std::uint32_t free = 0;
    const std::uint32_t state = __atomic_load_n(&futex.state, __ATOMIC_RELAXED);
    if (state == 2) break;
    if (state == 0 && __atomic_compare_exchange_n(&futex.state, &free, 1, false, __ATOMIC_ACQUIRE,
                                                  __ATOMIC_RELAXED))
      return;
    __builtin_ia32_pause();
  }
  while (exchange(futex, 2, __ATOMIC_ACQUIRE) != 0)
    syscall(SYS_futex, &futex.state, FUTEX_WAIT_PRIVATE, 2, nullptr, nullptr, 0);
}
inline void lock(Futex& futex) {
  std::uint32_t free = 0;
  if (!__atomic_compare_exchange_n(&futex.state, &free, 1, false, __ATOMIC_ACQUIRE,
                                   __ATOMIC_RELAXED))
    wait_for(futex);
}
inline void unlock(Futex& futex) {
  if (exchange(futex, 0, __ATOMIC_RELEASE) == 2)
    syscall(SYS_futex, &futex.state, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
}

// A flag that is waited for without ever going to sleep: to be given back a store is enough. Where there are more threads
// than processors, who holds it may be asleep.
struct SpinLock {
  bool held = false;
};
inline void lock(SpinLock& spin) {
  for (int looks = 1; __atomic_exchange_n(&spin.held, true, __ATOMIC_ACQUIRE); ++looks) {
    while (__atomic_load_n(&spin.held, __ATOMIC_RELAXED)) {
      __builtin_ia32_pause();
      if (looks++ % 128 == 0) sched_yield();
    }
  }
}
inline void unlock(SpinLock& spin) { __atomic_store_n(&spin.held, false, __ATOMIC_RELEASE); }

struct Mutex {
  pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
};
inline void lock(Mutex& mutex) { pthread_mutex_lock(&mutex.mutex); }
inline void unlock(Mutex& mutex) { pthread_mutex_unlock(&mutex.mutex); }

template <class Lock>
struct alignas(line) Beside {
  Lock lock;
  Sums sums;
};
template <class Lock>
Sums contents(Beside<Lock>& account) {
  return account.sums;
}

template <class Lock>
inline std::uint64_t pay(Beside<Lock>& account, std::uint64_t amount) {
  lock(account.lock);
  pay_in(account.sums, amount);
  unlock(account.lock);
  return 0;
}
template <class Lock>
inline std::uint64_t look(Beside<Lock>& account) {
  lock(account.lock);
  const bool fine = agree(account.sums);
  unlock(account.lock);
  return fine ? 0 : 1;
}
// Whoever takes two takes the one that lies lower first.
template <class Lock>
inline std::uint64_t move(Beside<Lock>& from, Beside<Lock>& to, std::uint64_t amount) {
  Beside<Lock>& first = &from < &to ? from : to;
  Beside<Lock>& second = &from < &to ? to : from;
  lock(first.lock);
  lock(second.lock);
  pay_out(from.sums, amount);
  pay_in(to.sums, amount);
  unlock(second.lock);
  unlock(first.lock);
  return 0;
}

// The same with what careful C programs ask of a lock: it knows who holds it, and every result is looked at.

struct CheckedMutex {
  CheckedMutex() {
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ERRORCHECK);
    pthread_mutex_init(&mutex, &attributes);
    pthread_mutexattr_destroy(&attributes);
  }
  CheckedMutex(const CheckedMutex&) = delete;
  CheckedMutex& operator=(const CheckedMutex&) = delete;
  ~CheckedMutex() { pthread_mutex_destroy(&mutex); }

  pthread_mutex_t mutex;
};
struct alignas(line) Checked {
  CheckedMutex lock;
  Sums sums;
};
inline Sums contents(Checked& account) { return account.sums; }

inline std::uint64_t pay(Checked& account, std::uint64_t amount) {
  const int error = pthread_mutex_lock(&account.lock.mutex);
  if (error != 0) return static_cast<std::uint64_t>(error);
  pay_in(account.sums, amount);
  return static_cast<std::uint64_t>(pthread_mutex_unlock(&account.lock.mutex));
}
inline std::uint64_t look(Checked& account) {
  const int error = pthread_mutex_lock(&account.lock.mutex);
  if (error != 0) return static_cast<std::uint64_t>(error);
  const bool fine = agree(account.sums);
  const int given_back = pthread_mutex_unlock(&account.lock.mutex);
  return static_cast<std::uint64_t>(given_back != 0 ? given_back : fine ? 0 : 1);
}
inline std::uint64_t move(Checked& from, Checked& to, std::uint64_t amount) {
  Checked& first = &from < &to ? from : to;
  Checked& second = &from < &to ? to : from;
  int error = pthread_mutex_lock(&first.lock.mutex);
  if (error != 0) return static_cast<std::uint64_t>(error);
  error = pthread_mutex_lock(&second.lock.mutex);
  if (error == 0) {
    pay_out(from.sums, amount);
    pay_in(to.sums, amount);
    error = pthread_mutex_unlock(&second.lock.mutex);
  }
  const int given_back = pthread_mutex_unlock(&first.lock.mutex);
  return static_cast<std::uint64_t>(error != 0 ? error : given_back);
}

}  // namespace concurrency::guarded_value

#endif
