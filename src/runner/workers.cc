#include "runner/workers.h"

#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>

#include "fmt/format.h"
#include "runner/platform.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace safecost {

namespace {

// Looks at a signal before a worker lets somebody else use its processor, who may be the one it waits for. A look takes
// tens of nanoseconds, so on processors of their own no call that is timed comes to that.
constexpr int kPatience = 100'000;
constexpr int kPatienceInTurns = 100;

}  // namespace

template <class Condition>
void Workers::wait_until(const Condition& condition) const {
  const int patience = placed_ ? kPatience : kPatienceInTurns;
  for (int looks = 0; !condition(); ++looks) {
    if (looks >= patience) {
      sched_yield();
      continue;
    }
#if defined(__x86_64__)
    _mm_pause();
#elif defined(__aarch64__)
    asm volatile("isb");
#endif
  }
}

Workers& Workers::of_process() {
  static Workers workers;
  return workers;
}

std::uint32_t Workers::processors() {
  return static_cast<std::uint32_t>(platform::processors().size());
}

void Workers::forget_threads() {
  threads_.clear();
  placed_ = false;
  awake_.value = ready_.value = 0;
  platform::own_threads(0);
}

void Workers::start(std::uint32_t count) {
  static const int forks = pthread_atfork(nullptr, nullptr, [] { of_process().forget_threads(); });
  if (forks != 0) throw std::runtime_error("cannot start a worker: no memory");
  if (!platform::has_started_a_thread()) platform::start_and_join_a_thread();
  count_ = count;
  threads_.reserve(kMost);  // each thread keeps its element's address
  while (threads_.size() + 1 < count) {
    Thread& thread =
        threads_.emplace_back(this, static_cast<std::uint32_t>(threads_.size()) + 1, pthread_t{});
    if (const int error = pthread_create(&thread.id, nullptr, begin, &thread); error != 0) {
      threads_.pop_back();
      throw std::runtime_error(fmt::format("cannot start a worker: {}", std::strerror(error)));
    }
    pthread_detach(thread.id);
  }
  platform::own_threads(threads_.size());
}

void Workers::place() {
  const std::vector<int>& all = platform::processors();
  placed_ = count_ <= all.size();
  for (std::uint32_t number = 0; placed_ && number < count_; ++number) {
    cpu_set_t only;
    CPU_ZERO(&only);
    CPU_SET(all[number], &only);
    const pthread_t thread = number == 0 ? pthread_self() : threads_[number - 1].id;
    pthread_setaffinity_np(thread, sizeof only, &only);
  }
}

void Workers::give(const safecost_plugin& plugin, std::uint32_t count) {
  if (plugin.workers == nullptr) return;
  *plugin.workers = {sizeof(safecost_workers), count, &of_process(), call};
}

void Workers::start_for(const safecost_plugin& plugin, std::uint32_t count) {
  if (count == 0) return;
  of_process().start(count);
  give(plugin, count);
}

void* Workers::begin(void* thread) {
  const Thread& self = *static_cast<Thread*>(thread);
  self.workers->serve(self.number);
  return nullptr;
}

void Workers::serve(std::uint32_t number) {
  for (;;) {
    for (std::uint32_t awake; (awake = awake_.value.load(std::memory_order_acquire)) <= number;)
      awake_.value.wait(awake, std::memory_order_acquire);
    std::uint32_t calls = calls_.value.load(std::memory_order_acquire);
    ready_.value.fetch_add(1, std::memory_order_release);
    for (;;) {
      bool sleeps = false;
      wait_until([&] {
        sleeps = awake_.value.load(std::memory_order_acquire) <= number;
        return sleeps || calls_.value.load(std::memory_order_acquire) != calls;
      });
      if (sleeps) break;
      ++calls;
      results_[number].value = do_share(number);
      done_.value.fetch_add(1, std::memory_order_release);
    }
    ready_.value.fetch_sub(1, std::memory_order_release);
  }
}

// Nobody begins before all are there.
std::uint64_t Workers::do_share(std::uint32_t number) {
  arrived_.value.fetch_add(1, std::memory_order_acq_rel);
  wait_until([&] { return arrived_.value.load(std::memory_order_acquire) == called_; });
  if (toggle_ != nullptr) toggle_();
  const std::uint64_t result = work_(context_, number);
  if (toggle_ != nullptr) toggle_();
  return result;
}

std::uint64_t Workers::call(const safecost_workers* workers, safecost_work work, void* context) {
  return static_cast<Workers*>(workers->host)->run(workers->count, work, context);
}

std::uint64_t Workers::run(std::uint32_t count, safecost_work work, void* context) {
  if (count == 1) return work(context, 0);
  if (toggle_ != nullptr) toggle_();
  std::uint64_t sum = 0;
  {
    const Awake awake(*this, count);
    work_ = work;
    context_ = context;
    called_ = count;
    arrived_.value.store(0, std::memory_order_relaxed);
    done_.value.store(0, std::memory_order_relaxed);
    calls_.value.fetch_add(1, std::memory_order_release);
    sum = do_share(0);
    wait_until([&] { return done_.value.load(std::memory_order_acquire) == count - 1; });
    for (std::uint32_t number = 1; number < count; ++number) sum += results_[number].value;
  }
  if (toggle_ != nullptr) toggle_();
  return sum;
}

Workers::Awake::Awake(Workers& workers, std::uint32_t count)
    : workers_(workers.awake_.value == 0 && count > 1 ? &workers : nullptr) {
  if (workers_ == nullptr) return;
  workers.start(count);  // in a fork there may be none yet
  workers.awake_.value.store(count, std::memory_order_release);
  workers.awake_.value.notify_all();
  workers.wait_until(
      [&] { return workers.ready_.value.load(std::memory_order_acquire) == count - 1; });
}

Workers::Awake::~Awake() {
  if (workers_ == nullptr) return;
  Workers& workers = *workers_;
  workers.awake_.value.store(0, std::memory_order_release);
  workers.wait_until([&] { return workers.ready_.value.load(std::memory_order_acquire) == 0; });
}

double Workers::slowest(const std::function<double()>& read) {
  if (count_ == 1) return read();
  struct Readings {
    const std::function<double()>& read;
    std::array<double, kMost> of_worker;
  } readings{read, {}};
  run(
      count_,
      [](void* all, std::uint32_t worker) -> std::uint64_t {
        auto& to = *static_cast<Readings*>(all);
        to.of_worker[worker] = to.read();
        return 0;
      },
      &readings);
  return *std::max_element(readings.of_worker.begin(), readings.of_worker.begin() + count_);
}

}  // namespace safecost
