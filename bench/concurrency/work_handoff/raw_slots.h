// Slots of C, each for one thing on its way: who puts finds it empty, who takes waits until it is not.
#ifndef SAFECOST_BENCH_CONCURRENCY_WORK_HANDOFF_RAW_SLOTS_H
#define SAFECOST_BENCH_CONCURRENCY_WORK_HANDOFF_RAW_SLOTS_H

#include <pthread.h>
#include <sched.h>
#include <semaphore.h>

#include <cstdint>

namespace concurrency::work_handoff {

constexpr std::size_t line = 64;  // bytes that a processor fetches and takes away at a time

// A mutex, a condition, and what is on its way.
template <class Thing>
struct alignas(line) Conditional {
  pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  pthread_cond_t filled = PTHREAD_COND_INITIALIZER;
  Thing thing = {};
  bool full = false;
};
template <class Thing>
void put(Conditional<Thing>& slot, Thing thing) {
  pthread_mutex_lock(&slot.mutex);
  slot.thing = thing;
  slot.full = true;
  pthread_mutex_unlock(&slot.mutex);
  pthread_cond_signal(&slot.filled);
}
template <class Thing>
Thing take(Conditional<Thing>& slot) {
  pthread_mutex_lock(&slot.mutex);
  while (!slot.full) pthread_cond_wait(&slot.filled, &slot.mutex);
  const Thing thing = slot.thing;
  slot.full = false;
  pthread_mutex_unlock(&slot.mutex);
  return thing;
}

// A semaphore counts what is there, and orders what was written before.
template <class Thing>
struct alignas(line) Counted {
  Counted() { sem_init(&filled, 0, 0); }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;
  ~Counted() { sem_destroy(&filled); }

  sem_t filled;
  Thing thing = {};
};
template <class Thing>
void put(Counted<Thing>& slot, Thing thing) {
  slot.thing = thing;
  sem_post(&slot.filled);
}
template <class Thing>
Thing take(Counted<Thing>& slot) {
  while (sem_wait(&slot.filled) != 0) {  // a signal came between
  }
  return slot.thing;
}

// A flag that is looked at until it is set. Nobody is woken, and nobody else may need the processor.
template <class Thing>
struct alignas(line) Watched {
  Thing thing = {};
  bool full = false;
};
template <class Thing>
void put(Watched<Thing>& slot, Thing thing) {
  slot.thing = thing;
  __atomic_store_n(&slot.full, true, __ATOMIC_RELEASE);
}
template <class Thing>
Thing take(Watched<Thing>& slot) {
  for (unsigned looks = 1; !__atomic_load_n(&slot.full, __ATOMIC_ACQUIRE); ++looks) {
    __builtin_ia32_pause();
    if (looks % 1'024 == 0) sched_yield();
  }
  const Thing thing = slot.thing;
  __atomic_store_n(&slot.full, false, __ATOMIC_RELAXED);
  return thing;
}

}  // namespace concurrency::work_handoff

#endif
