// What a case includes to commit a fault of two threads: in the one order of events that shows it, which a scheduler may
// choose any day and a proof must not wait for.
#ifndef SAFECOST_KERNEL_TURNS_H
#define SAFECOST_KERNEL_TURNS_H

#include <sched.h>
#include <time.h>

#include <atomic>
#include <cstdint>

namespace safecost {

// Each turn follows what was done in the turns before it. A race would be hidden by them: detectors look for those.
class Turns {
 public:
  void wait_for(std::uint32_t turn) const {
    while (turn_.load(std::memory_order_acquire) < turn) sched_yield();
  }
  void next() { turn_.fetch_add(1, std::memory_order_release); }

 private:
  std::atomic<std::uint32_t> turn_{0};
};

// Before a wrong step: the other threads go on meanwhile, and nothing orders what they do. Without it a thread may be done
// before the next one has begun, and who takes a lock thereafter is in order with all that was done under it.
inline void let_others_on() {
  const timespec moment = {0, 1'000'000};
  nanosleep(&moment, nullptr);
}

}  // namespace safecost

#endif
