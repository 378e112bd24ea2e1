// What does it cost to hand a job to another thread, and who owns it with it, and to wait for the answer?
//
// One worker makes a job and hands it over; the other does it, ends it, and answers with a number, on which the first one
// waits. So at any time one of them waits: what is measured is how long it takes from one to the other and back, as a
// whole and for each round (p50, p99, p99.9). Alone, a worker hands jobs to itself: what the hand-over costs where nobody
// has to be woken.
//
// To wake a thread is a call of the system, and to wake up takes microseconds: whichever way the owner is handed over is
// nothing beside it. It shows where the other one watches (raw_watched, watched_unique_ptr), for which there must be a
// processor to spare.
//
// C hands over a pointer, and that the other one has it now is a matter of habit: who uses it once more reads what was
// freed. A unique_ptr that was moved from is null, and says so if it is asked: `*job` asks nobody (std::unique_ptr), save
// under assertions. Rust's compiler knows that it is gone.
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <future>
#include <memory>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include "job.h"
#include "kernel/case.h"
#include "kernel/latency.h"
#include "kernel/workers.h"
#include "owning_slots.h"
#include "raw_slots.h"

namespace concurrency::work_handoff {

Input generate(safecost::Generator& generator) {
  const auto seeds = generator.array<std::uint64_t>(generator.size());
  for (std::uint64_t& seed : seeds) seed = generator.random.next();
  return {seeds.data(), seeds.size()};
}

std::uint64_t all_done(const void* input) {
  const Input& given = *static_cast<const Input*>(input);
  std::uint64_t digest = 0;
  for (std::size_t i = 0; i < given.count; ++i) {
    Job job;
    fill(job, i, given.seeds[i]);
    digest = digest * 31 + done(job);
  }
  return digest;
}

// One worker asks, the last one does what is asked; alone it does both. `make`, `finish` and the two slots are each variant's.
template <class Timer, class Mailbox>
SAFECOST_HELPER std::uint64_t rounds(const Seeds& seeds) {
  Mailbox mailbox;
  return SAFECOST_IN_PARALLEL(worker) {
    const bool alone = safecost::worker_count() == 1;
    const std::size_t count = seeds.seeds.size();
    std::uint64_t digest = 0;
    if (worker == 0) {
      const Timer timer(worker);
      for (std::size_t i = 0; i < count; ++i) {
        const std::uint64_t answer = timer([&] {
          mailbox.ask(i, seeds.seeds[i]);
          if (alone) mailbox.serve();
          return mailbox.answer();
        });
        digest = digest * 31 + answer;
      }
    } else if (worker == 1) {
      for (std::size_t i = 0; i < count; ++i) mailbox.serve();
    }
    return digest;
  };
}
template <class Mailbox>
SAFECOST_KERNEL hand_over(const Seeds& seeds) {
  return rounds<safecost::Untimed, Mailbox>(seeds);
}
template <class Mailbox>
SAFECOST_KERNEL hand_over_latency(const Seeds& seeds) {
  return rounds<safecost::Latency, Mailbox>(seeds);
}

// Raw: a pointer, and who has it ends it.

inline Job* made(std::uint64_t id, std::uint64_t seed) {
  auto* const job = static_cast<Job*>(std::malloc(sizeof(Job)));
  if (job == nullptr) std::abort();
  fill(*job, id, seed);
  return job;
}

template <template <class> class Slot>
struct RawMailbox {
  void ask(std::uint64_t id, std::uint64_t seed) { put(jobs, made(id, seed)); }
  void serve() {
    Job* const job = take(jobs);
    const std::uint64_t answer = done(*job);
    std::free(job);
    put(answers, answer);
  }
  std::uint64_t answer() { return take(answers); }

  Slot<Job*> jobs;
  Slot<std::uint64_t> answers;
};

// The same, and every result is looked at, and so is what was got: nothing is the answer to what is not there.
struct CheckedMailbox {
  void ask(std::uint64_t id, std::uint64_t seed) { error |= put_checked(jobs, made(id, seed)); }
  void serve() {
    Job* job = nullptr;
    int failed = take_checked(jobs, job);
    if (failed == 0 && job == nullptr) failed = EINVAL;
    const std::uint64_t answer = failed == 0 ? done(*job) : static_cast<std::uint64_t>(failed);
    std::free(job);
    failed = put_checked(answers, answer);
    if (failed != 0) std::abort();
  }
  std::uint64_t answer() {
    std::uint64_t answer = 0;
    error |= take_checked(answers, answer);
    return error == 0 ? answer : static_cast<std::uint64_t>(error);
  }

  template <class Thing>
  static int put_checked(Conditional<Thing>& slot, Thing thing) {
    int failed = pthread_mutex_lock(&slot.mutex);
    if (failed != 0) return failed;
    const bool full = std::exchange(slot.full, true);
    if (!full) slot.thing = thing;
    failed = pthread_mutex_unlock(&slot.mutex);
    if (failed == 0) failed = pthread_cond_signal(&slot.filled);
    return full ? EBUSY : failed;
  }
  template <class Thing>
  static int take_checked(Conditional<Thing>& slot, Thing& thing) {
    int failed = pthread_mutex_lock(&slot.mutex);
    while (failed == 0 && !slot.full) failed = pthread_cond_wait(&slot.filled, &slot.mutex);
    if (failed != 0) return failed;
    thing = std::exchange(slot.thing, Thing{});
    slot.full = false;
    return pthread_mutex_unlock(&slot.mutex);
  }

  Conditional<Job*> jobs;
  Conditional<std::uint64_t> answers;
  int error = 0;  // of the worker that asks
};

// Safe: whoever has the owner ends the job, and there is one owner.

using Owned = std::unique_ptr<Job>;
inline Owned owned(std::uint64_t id, std::uint64_t seed) {
  auto job = std::make_unique_for_overwrite<Job>();
  fill(*job, id, seed);
  return job;
}

template <template <class> class Slot>
struct OwningMailbox {
  void ask(std::uint64_t id, std::uint64_t seed) { hand(owned(id, seed)); }
  void hand(Owned job) { jobs.put(std::move(job)); }
  void serve() {
    const Owned job = jobs.take();
    answers.put(done(*job));
  }
  std::uint64_t answer() { return answers.take(); }

  Slot<Owned> jobs;
  Slot<std::uint64_t> answers;
};

// The same, and whoever uses a job asks first whether there is one.
inline const Job& there(const Owned& job) {
  if (job == nullptr) throw std::logic_error("the job was handed over");
  return *job;
}
struct AskingMailbox : OwningMailbox<LockedSlot> {
  void serve() {
    const Owned job = jobs.take();
    answers.put(done(there(job)));
  }
};

// The job takes the way of its answer along: a promise, of which who asked has the future.
struct PromisedMailbox {
  struct Asked {
    Owned job;
    std::promise<std::uint64_t> answer;
  };

  void ask(std::uint64_t id, std::uint64_t seed) { hand(owned(id, seed)); }
  void hand(Owned job) {
    Asked asked = {std::move(job), {}};
    future = asked.answer.get_future();
    jobs.put(std::move(asked));
  }
  void serve() {
    Asked asked = jobs.take();
    asked.answer.set_value(done(*asked.job));
  }
  std::uint64_t answer() { return future.get(); }

  LockedSlot<Asked> jobs;
  std::future<std::uint64_t> future;
};

// Faults: all of one round. Who is told of an error in it asks for no more, and so it is the last.

enum class Wrong { used_after, freed_twice, not_freed };
inline std::size_t place_of(Wrong wrong, const Seeds& seeds) {
  const std::size_t count = seeds.seeds.size();
  return count == 0 ? 0 : wrong == Wrong::used_after ? count - 1 : safecost::drawn(count);
}

// For `used_after_handoff`: who asked looks at the job once more, when the answer has come. For `freed_twice`: and ends it.
// For `not_freed`: who does it leaves it to whoever asked.
template <template <class> class Slot, Wrong wrong>
SAFECOST_KERNEL raw_wrong(const Seeds& seeds) {
  RawMailbox<Slot> mailbox;
  const std::size_t place = place_of(wrong, seeds);
  return SAFECOST_IN_PARALLEL(worker) {
    const bool alone = safecost::worker_count() == 1;
    const std::size_t count = seeds.seeds.size();
    const auto serve = [&](std::size_t i) {
      if (wrong != Wrong::not_freed || i != place) return mailbox.serve();
      put(mailbox.answers, done(*take(mailbox.jobs)));
    };
    std::uint64_t digest = 0;
    for (std::size_t i = 0; i < count && worker == 0; ++i) {
      Job* const job = made(i, seeds.seeds[i]);
      put(mailbox.jobs, job);
      if (alone) serve(i);
      digest = digest * 31 + mailbox.answer();
      if (i == place && wrong == Wrong::used_after) digest += job->words[word_count - 1];
      if (i == place && wrong == Wrong::freed_twice) std::free(job);
    }
    for (std::size_t i = 0; i < count && worker == 1; ++i) serve(i);
    return digest;
  };
}

template <class Mailbox>
const Job& used(const Owned& job) {
  if constexpr (std::is_same_v<Mailbox, AskingMailbox>) return there(job);
  return *job;
}
template <class Mailbox, Wrong wrong>
SAFECOST_KERNEL owning_wrong(const Seeds& seeds) {
  Mailbox mailbox;
  const std::size_t place = place_of(wrong, seeds);
  return SAFECOST_IN_PARALLEL(worker) {
    const bool alone = safecost::worker_count() == 1;
    const std::size_t count = seeds.seeds.size();
    std::uint64_t digest = 0;
    for (std::size_t i = 0; i < count && worker == 0; ++i) {
      Owned job = owned(i, seeds.seeds[i]);
      mailbox.hand(std::move(job));
      if (alone) mailbox.serve();
      digest = digest * 31 + mailbox.answer();
      // NOLINTBEGIN(bugprone-use-after-move): what is wrong here
      if (i == place && wrong == Wrong::used_after)
        digest += used<Mailbox>(job).words[word_count - 1];
      if (i == place && wrong == Wrong::freed_twice) job.reset();
      // NOLINTEND(bugprone-use-after-move)
    }
    for (std::size_t i = 0; i < count && worker == 1; ++i) mailbox.serve();
    return digest;
  };
}

constexpr const char* ends_itself = "who has the owner ends the job, whatever else is forgotten";

auto the_case =
    safecost::Case<Input>(generate)
        .size_and_workers(256, 1, "uncontended")
        .size_and_workers(256, 2, "contended")
        .fault({.name = "used_after_handoff",
                .cwe = 416,
                .description = "who handed a job over looks at it when the answer has come",
                .contract = "a job is used by whoever has it",
                .kind = SAFECOST_FAULT_KERNEL,
                .oracles = SAFECOST_ORACLE_GUARD | SAFECOST_ORACLE_SANITIZER |
                           SAFECOST_ORACLE_MEMCHECK | SAFECOST_ORACLE_VALUE,
                .reference = safecost::unknowable})
        .fault({.name = "freed_twice",
                .cwe = 415,
                .description = "who handed a job over ends it when the answer has come",
                .contract = "a job is ended by whoever has it",
                .kind = SAFECOST_FAULT_KERNEL,
                .oracles =
                    SAFECOST_ORACLE_LEDGER | SAFECOST_ORACLE_SANITIZER | SAFECOST_ORACLE_MEMCHECK,
                .reference = all_done})
        .fault({.name = "not_freed",
                .cwe = 401,
                .description = "who does a job leaves it to whoever asked to end it",
                .contract = "a job is ended by whoever has it",
                .kind = SAFECOST_FAULT_KERNEL,
                .oracles =
                    SAFECOST_ORACLE_LEDGER | SAFECOST_ORACLE_SANITIZER | SAFECOST_ORACLE_MEMCHECK,
                .reference = all_done})
        .raw<hand_over<RawMailbox<Conditional>>>("raw", "a pointer, a mutex and a condition")
        .ordinary()
        .practised()
        .latency<hand_over_latency<RawMailbox<Conditional>>>()
        .fault_kernel<raw_wrong<Conditional, Wrong::used_after>>("used_after_handoff")
        .fault_kernel<raw_wrong<Conditional, Wrong::freed_twice>>("freed_twice")
        .fault_kernel<raw_wrong<Conditional, Wrong::not_freed>>("not_freed")
        .raw<hand_over<CheckedMailbox>>("raw_checked", "the same, and all that is got is looked at")
        .ordinary()
        .latency<hand_over_latency<CheckedMailbox>>()
        .fault_kernel<raw_wrong<Conditional, Wrong::used_after>>("used_after_handoff")
        .fault_kernel<raw_wrong<Conditional, Wrong::freed_twice>>("freed_twice")
        .fault_kernel<raw_wrong<Conditional, Wrong::not_freed>>("not_freed")
        .raw<hand_over<RawMailbox<Counted>>>("raw_semaphore", "a pointer and a sem_t")
        .ordinary()
        .latency<hand_over_latency<RawMailbox<Counted>>>()
        .fault_kernel<raw_wrong<Counted, Wrong::used_after>>("used_after_handoff")
        .fault_kernel<raw_wrong<Counted, Wrong::freed_twice>>("freed_twice")
        .fault_kernel<raw_wrong<Counted, Wrong::not_freed>>("not_freed")
        .raw<hand_over<RawMailbox<Watched>>>("raw_watched", "a pointer and a flag, watched awake")
        .bespoke()
        .algorithm("watched")
        .latency<hand_over_latency<RawMailbox<Watched>>>()
        .fault_kernel<raw_wrong<Watched, Wrong::used_after>>("used_after_handoff")
        .fault_kernel<raw_wrong<Watched, Wrong::freed_twice>>("freed_twice")
        .fault_kernel<raw_wrong<Watched, Wrong::not_freed>>("not_freed")
        .safe<hand_over<OwningMailbox<LockedSlot>>>("unique_ptr",
                                                    "std::unique_ptr, std::mutex, a condition")
        .ordinary()
        .latency<hand_over_latency<OwningMailbox<LockedSlot>>>()
        .fault_kernel<owning_wrong<OwningMailbox<LockedSlot>, Wrong::used_after>>(
            "used_after_handoff")
        .fault_kernel<owning_wrong<OwningMailbox<LockedSlot>, Wrong::freed_twice>>("freed_twice")
        .inexpressible("not_freed", ends_itself)
        .claims("always", "freed_twice", "not_freed")
        .claims("libstdc++", "used_after_handoff")
        .safe<hand_over<AskingMailbox>>("unique_ptr_checked", "the same, asked for null before use")
        .ordinary()
        .latency<hand_over_latency<AskingMailbox>>()
        .fault_kernel<owning_wrong<AskingMailbox, Wrong::used_after>>("used_after_handoff")
        .fault_kernel<owning_wrong<AskingMailbox, Wrong::freed_twice>>("freed_twice")
        .inexpressible("not_freed", ends_itself)
        .claims("always", "used_after_handoff", "freed_twice", "not_freed")
        .safe<hand_over<OwningMailbox<SemaphoreSlot>>>("semaphore",
                                                       "std::unique_ptr, std::binary_semaphore")
        .ordinary()
        .latency<hand_over_latency<OwningMailbox<SemaphoreSlot>>>()
        .fault_kernel<owning_wrong<OwningMailbox<SemaphoreSlot>, Wrong::used_after>>(
            "used_after_handoff")
        .fault_kernel<owning_wrong<OwningMailbox<SemaphoreSlot>, Wrong::freed_twice>>("freed_twice")
        .inexpressible("not_freed", ends_itself)
        .claims("always", "freed_twice", "not_freed")
        .claims("libstdc++", "used_after_handoff")
        .safe<hand_over<OwningMailbox<WaitingSlot>>>("atomic_wait",
                                                     "std::unique_ptr, std::atomic::wait")
        .ordinary()
        .latency<hand_over_latency<OwningMailbox<WaitingSlot>>>()
        .fault_kernel<owning_wrong<OwningMailbox<WaitingSlot>, Wrong::used_after>>(
            "used_after_handoff")
        .fault_kernel<owning_wrong<OwningMailbox<WaitingSlot>, Wrong::freed_twice>>("freed_twice")
        .inexpressible("not_freed", ends_itself)
        .claims("always", "freed_twice", "not_freed")
        .claims("libstdc++", "used_after_handoff")
        .safe<hand_over<PromisedMailbox>>("promise", "std::unique_ptr, and a std::promise with it")
        .library()
        .latency<hand_over_latency<PromisedMailbox>>()
        .fault_kernel<owning_wrong<PromisedMailbox, Wrong::used_after>>("used_after_handoff")
        .fault_kernel<owning_wrong<PromisedMailbox, Wrong::freed_twice>>("freed_twice")
        .inexpressible("not_freed", ends_itself)
        .claims("always", "freed_twice", "not_freed")
        .claims("libstdc++", "used_after_handoff")
        .safe<hand_over<OwningMailbox<WatchedSlot>>>("watched_unique_ptr",
                                                     "std::unique_ptr and a flag, watched awake")
        .bespoke()
        .algorithm("watched")
        .latency<hand_over_latency<OwningMailbox<WatchedSlot>>>()
        .fault_kernel<owning_wrong<OwningMailbox<WatchedSlot>, Wrong::used_after>>(
            "used_after_handoff")
        .fault_kernel<owning_wrong<OwningMailbox<WatchedSlot>, Wrong::freed_twice>>("freed_twice")
        .inexpressible("not_freed", ends_itself)
        .claims("always", "freed_twice", "not_freed")
        .claims("libstdc++", "used_after_handoff");

}  // namespace concurrency::work_handoff

SAFECOST_EXPORT(concurrency::work_handoff::the_case)
