// The threads that kernels put to work: started once a process, each on a processor of its own, and asleep but while
// kernels are called.
#ifndef SAFECOST_RUNNER_WORKERS_H
#define SAFECOST_RUNNER_WORKERS_H

#include <sys/types.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "kernel/abi.h"
#include "runner/fields.h"

namespace safecost {

class Workers {
 public:
  static constexpr std::uint32_t kMost = kWorkers.most;

  // The process's only ones. A fork has none of its parent's threads, and starts its own when it needs them.
  static Workers& of_process();
  // How many can work at once: the processors that this process may use.
  static std::uint32_t processors();

  // From now on there are so many, the calling thread among them: those that are lacking are started. However few, the
  // process has had a second thread by now, as a program with threads has.
  void start(std::uint32_t count);
  // Each on a processor of its own from now on, where the system lets it: first one of each core, then their siblings.
  void place();
  // Gives a plugin's kernels so many.
  static void give(const safecost_plugin& plugin, std::uint32_t count);
  // Both, unless it is 0: for what is called once, on whatever processors there are.
  static void start_for(const safecost_plugin& plugin, std::uint32_t count);

  // While one of these is there, the workers wait without sleep: none is woken within a call that is timed.
  class Awake {
   public:
    Awake(Workers& workers, std::uint32_t count);
    ~Awake();
    Awake(const Awake&) = delete;

   private:
    Workers* workers_;  // null where somebody else keeps them awake
  };
  Awake awake() { return {*this, count_}; }

  // The largest of what each of them reads at the same time.
  double slowest(const std::function<double()>& read);

  // Called on its thread before and after each worker's share of the work, and in turn around them, where instructions
  // are counted: what is done here is not a kernel's.
  void count_with(void (*toggle)()) { toggle_ = toggle; }

 private:
  // What all look at, on cache lines apart.
  struct alignas(64) Signal {
    std::atomic<std::uint32_t> value{0};
  };
  struct alignas(64) Result {
    std::uint64_t value = 0;
  };
  struct Thread {
    Workers* workers;
    std::uint32_t number;
    pthread_t id;
  };

  static std::uint64_t call(const safecost_workers* workers, safecost_work work, void* context);
  std::uint64_t run(std::uint32_t count, safecost_work work, void* context);
  static void* begin(void* thread);
  void serve(std::uint32_t number);
  std::uint64_t do_share(std::uint32_t number);
  void forget_threads();
  // Looks until it holds; for long without a break where nobody else needs the processor.
  template <class Condition>
  void wait_until(const Condition& condition) const;

  std::uint32_t count_ = 1;
  std::vector<Thread> threads_;  // started, without the calling one
  std::atomic<bool> placed_ = false;
  void (*toggle_)() = nullptr;
  // The call that goes on.
  safecost_work work_ = nullptr;
  void* context_ = nullptr;
  std::uint32_t called_ = 0;  // workers
  std::array<Result, kMost> results_;
  Signal awake_;    // workers of a lower number shall be
  Signal ready_;    // and so many are
  Signal calls_;    // begun so far
  Signal arrived_;  // of the workers of this call
  Signal done_;     // the same
};

}  // namespace safecost

#endif
