// What does it cost to have a thread do something, and to wait for it?
//
// Each thread adds up 64 numbers, two threads at a time: next to nothing, so that what is measured is the thread itself, made
// and ended by the system. What stands around it differs in what becomes of the answer, and of mistakes: a struct that the
// thread is given a pointer to, or a value that comes back (async); a thread that nobody waited for ends the program
// (std::thread), or is waited for (std::jthread, Rust's scope); an error that leaves the thread ends the program, or comes
// back as well.
//
// That a thread refers to what is gone (local_outlived), or to what another one writes to (shared_sum), no C++ library
// keeps: whatever runs in it may refer to anything. Rust's compiler asks what it refers to.
#include <pthread.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <future>
#include <numeric>
#include <span>
#include <stdexcept>
#include <thread>
#include <vector>

#include "kernel/case.h"
#include "kernel/turns.h"

namespace concurrency::spawn_join {

constexpr std::size_t numbers_of_a_task = 64;
constexpr std::size_t at_a_time = 2;

struct Input {
  const std::uint32_t* numbers;
  std::size_t count;  // of tasks, each of which has so many numbers
};

Input generate(safecost::Generator& generator) {
  const auto numbers = generator.array<std::uint32_t>(generator.size() * numbers_of_a_task);
  for (std::uint32_t& number : numbers)
    number = static_cast<std::uint32_t>(generator.random.below(1'000'000));
  return {numbers.data(), generator.size()};
}

using Numbers = std::span<const std::uint32_t>;

struct Tasks {
  explicit Tasks(const Input& input)
      : numbers(input.numbers, input.numbers + input.count * numbers_of_a_task),
        count(input.count) {}

  Numbers of(std::size_t task) const {
    return Numbers(numbers).subspan(task * numbers_of_a_task, numbers_of_a_task);
  }

  std::vector<std::uint32_t> numbers;
  std::size_t count;
};

SAFECOST_HELPER std::uint64_t sum_of(Numbers numbers) {
  return std::accumulate(numbers.begin(), numbers.end(), std::uint64_t{0});
}
SAFECOST_HELPER std::uint64_t add(std::uint64_t digest, std::uint64_t sum) {
  return digest * 31 + sum;
}

std::uint64_t all_sums(const void* input) {
  const Tasks tasks(*static_cast<const Input*>(input));
  std::uint64_t digest = 0;
  for (std::size_t i = 0; i < tasks.count; ++i) digest = add(digest, sum_of(tasks.of(i)));
  return digest;
}

// Raw: a struct for each thread, which it reads and writes to.

struct Task {
  const std::uint32_t* numbers;
  std::size_t count;
  std::uint64_t sum;
};
inline void* run(void* given) {
  Task* const task = static_cast<Task*>(given);
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < task->count; ++i) sum += task->numbers[i];
  task->sum = sum;
  return nullptr;
}

SAFECOST_KERNEL raw(const Tasks& tasks) {
  std::uint64_t digest = 0;
  for (std::size_t i = 0; i < tasks.count; i += at_a_time) {
    const std::size_t some = std::min(at_a_time, tasks.count - i);
    Task task[at_a_time];
    pthread_t thread[at_a_time];
    for (std::size_t j = 0; j < some; ++j) {
      task[j].numbers = tasks.numbers.data() + (i + j) * numbers_of_a_task;
      task[j].count = numbers_of_a_task;
      pthread_create(&thread[j], nullptr, run, &task[j]);
    }
    for (std::size_t j = 0; j < some; ++j) {
      pthread_join(thread[j], nullptr);
      digest = add(digest, task[j].sum);
    }
  }
  return digest;
}

// The same, and every result is looked at: what no thread can be had for is done by the one that asked.
SAFECOST_KERNEL raw_checked(const Tasks& tasks) {
  std::uint64_t digest = 0;
  for (std::size_t i = 0; i < tasks.count; i += at_a_time) {
    const std::size_t some = std::min(at_a_time, tasks.count - i);
    Task task[at_a_time];
    pthread_t thread[at_a_time];
    bool runs[at_a_time];
    for (std::size_t j = 0; j < some; ++j) {
      task[j] = {tasks.numbers.data() + (i + j) * numbers_of_a_task, numbers_of_a_task, 0};
      runs[j] = pthread_create(&thread[j], nullptr, run, &task[j]) == 0;
      if (!runs[j]) run(&task[j]);
    }
    for (std::size_t j = 0; j < some; ++j) {
      void* failed = nullptr;
      if (runs[j] && pthread_join(thread[j], &failed) != 0) return EDEADLK;
      if (failed != nullptr) return EINVAL;
      digest = add(digest, task[j].sum);
    }
  }
  return digest;
}

// Safe.

template <class Thread>
SAFECOST_KERNEL by_reference(const Tasks& tasks) {
  std::uint64_t digest = 0;
  for (std::size_t i = 0; i < tasks.count; i += at_a_time) {
    const std::size_t some = std::min(at_a_time, tasks.count - i);
    std::array<std::uint64_t, at_a_time> sums = {};
    {
      std::array<Thread, at_a_time> threads;
      for (std::size_t j = 0; j < some; ++j)
        threads[j] = Thread([&sums, j, numbers = tasks.of(i + j)] { sums[j] = sum_of(numbers); });
      for (std::size_t j = 0; j < some; ++j) threads[j].join();
    }
    for (std::size_t j = 0; j < some; ++j) digest = add(digest, sums[j]);
  }
  return digest;
}

SAFECOST_KERNEL async(const Tasks& tasks) {
  std::uint64_t digest = 0;
  for (std::size_t i = 0; i < tasks.count; i += at_a_time) {
    const std::size_t some = std::min(at_a_time, tasks.count - i);
    std::array<std::future<std::uint64_t>, at_a_time> sums;
    for (std::size_t j = 0; j < some; ++j)
      sums[j] =
          std::async(std::launch::async, [numbers = tasks.of(i + j)] { return sum_of(numbers); });
    for (std::size_t j = 0; j < some; ++j) digest = add(digest, sums[j].get());
  }
  return digest;
}

// Faults: of one task, the others are done one after another. How each idiom starts a thread, and waits for it.

struct ByPthread {
  struct Thread {
    pthread_t id;
    void (*run)(void*);
    void* work;
  };
  // The work is where it was made, as in C.
  template <class Work>
  static void start(Thread& thread, Work& work) {
    thread.run = [](void* given) { (*static_cast<Work*>(given))(); };
    thread.work = &work;
    const auto begin = [](void* given) -> void* {
      const Thread& own = *static_cast<const Thread*>(given);
      own.run(own.work);
      return nullptr;
    };
    pthread_create(&thread.id, nullptr, begin, &thread);
  }
  static void wait_for(Thread& thread) { pthread_join(thread.id, nullptr); }
};
template <class Joining>
struct By {
  using Thread = Joining;
  template <class Work>
  static void start(Thread& thread, Work& work) {
    thread = Thread(work);
  }
  static void wait_for(Thread& thread) { thread.join(); }
};
struct ByAsync {
  using Thread = std::future<void>;
  template <class Work>
  static void start(Thread& thread, Work& work) {
    thread = std::async(std::launch::async, work);
  }
  static void wait_for(Thread& thread) { thread.get(); }
};

template <class Way>
std::uint64_t done_by(Numbers numbers) {
  std::uint64_t sum = 0;
  auto work = [&sum, numbers] { sum = sum_of(numbers); };
  typename Way::Thread thread;
  Way::start(thread, work);
  Way::wait_for(thread);
  return sum;
}
template <class Way, auto wrong>
SAFECOST_KERNEL one_wrong(const Tasks& tasks) {
  const std::size_t place = tasks.count == 0 ? 0 : safecost::drawn(tasks.count);
  std::uint64_t digest = 0;
  for (std::size_t i = 0; i < tasks.count; ++i)
    digest = add(digest, i == place ? wrong(tasks.of(i)) : done_by<Way>(tasks.of(i)));
  return digest;
}

// For `local_outlived`: the thread begins to work when the function that started it has returned, and another one was there.

struct Started {
  safecost::Turns turns;
  std::uint64_t sum = 0;
};
template <class Way, class Work>
SAFECOST_OPAQUE void start_with_local(typename Way::Thread& thread, Work& work, Started& started,
                                      Numbers numbers) {
  std::array<Numbers, 16> mine;  // the one that is used is not where a function keeps registers
  mine.fill(numbers);
  work = {&mine[8], &started};
  Way::start(thread, work);
}
// With zeros where the local was, until the thread has read it.
SAFECOST_OPAQUE inline void be_there(safecost::Turns& turns) {
  std::byte room[4'096];
  std::memset(room, 0, sizeof room);
  asm volatile("" : : "r"(room) : "memory");
  turns.next();
  turns.wait_for(2);
  asm volatile("" : : "r"(room) : "memory");
}
struct WorkOnLocal {
  const Numbers* numbers = nullptr;
  Started* started = nullptr;

  void operator()() const {
    started->turns.wait_for(1);
    const Numbers what_is_there = *numbers;
    started->turns.next();
    started->sum = sum_of(what_is_there);
  }
};
template <class Way>
std::uint64_t local_outlived(Numbers numbers) {
  Started started;
  typename Way::Thread thread;
  WorkOnLocal work;
  start_with_local<Way>(thread, work, started, numbers);
  be_there(started.turns);
  Way::wait_for(thread);
  return started.sum;
}

// For `join_forgotten`: the answer is read when nobody has waited for it. The thread is let on afterwards, and has ended
// when this returns, whatever it refers to.

inline std::uint64_t read_early(Numbers numbers) {
  Started started;
  auto work = [&started, numbers] {
    started.turns.wait_for(1);
    started.sum = sum_of(numbers);
    started.turns.next();
  };
  ByPthread::Thread thread;
  ByPthread::start(thread, work);
  const std::uint64_t sum = started.sum;
  started.turns.next();
  started.turns.wait_for(2);
  pthread_detach(thread.id);
  return sum;
}
template <class Thread>
std::uint64_t left_alone(Numbers numbers) {
  std::uint64_t sum = 0;
  {
    const Thread thread([&sum, numbers] { sum = sum_of(numbers); });
  }
  return sum;
}

// For `error_lost`: the task cannot be done, and whoever does it says so.

struct Refused {
  [[noreturn]] void operator()() const { throw std::runtime_error("the task is refused"); }
};
template <class Way>
std::uint64_t refused(Numbers) {
  Refused work;
  typename Way::Thread thread;
  Way::start(thread, work);
  Way::wait_for(thread);
  return 0;
}
inline void* refuse(void*) {
  static int why;
  return &why;
}
inline std::uint64_t refused_unseen(Numbers numbers) {
  Task task = {numbers.data(), numbers.size(), 0};
  pthread_t thread;
  pthread_create(&thread, nullptr, refuse, &task);
  pthread_join(thread, nullptr);
  return task.sum;
}

// For `shared_sum`: two threads add to one number.
template <class Way>
SAFECOST_KERNEL shared_sum(const Tasks& tasks) {
  std::uint64_t sum = 0;
  const auto adds = [&sum](Numbers numbers) {
    return [&sum, numbers] {
      for (const std::uint32_t number : numbers) sum += number;
    };
  };
  for (std::size_t i = 0; i + 1 < tasks.count; i += at_a_time) {
    typename Way::Thread one, other;
    auto first = adds(tasks.of(i));
    auto second = adds(tasks.of(i + 1));
    Way::start(one, first);
    Way::start(other, second);
    Way::wait_for(one);
    Way::wait_for(other);
  }
  return sum;
}
std::uint64_t sum_of_pairs(const void* input) {
  const Tasks tasks(*static_cast<const Input*>(input));
  return sum_of(Numbers(tasks.numbers).first(tasks.count / 2 * 2 * numbers_of_a_task));
}

#if defined(__cpp_lib_jthread)
using Jthread = std::jthread;
#endif

auto the_case =
    safecost::Case<Input>(generate)
        .size_and_threads(16, 2, "L1")
        .system_bound()
        .fault({.name = "local_outlived",
                .cwe = 562,
                .description = "a thread refers to a local of a function that has returned",
                .contract = "what a thread refers to lives until it ends",
                .kind = SAFECOST_FAULT_KERNEL,
                .oracles = SAFECOST_ORACLE_VALUE | SAFECOST_ORACLE_SANITIZER,
                .reference = all_sums})
        .fault({.name = "join_forgotten",
                .cwe = 662,
                .description = "an answer is read, and the thread that gives it was not waited for",
                .contract = "who reads an answer has waited for it",
                .kind = SAFECOST_FAULT_KERNEL,
                .oracles = SAFECOST_ORACLE_VALUE,
                .reference = all_sums})
        .fault({.name = "error_lost",
                .cwe = 391,
                .description = "a task cannot be done, and nobody who waits for it learns that",
                .contract = "who waits for a task learns whether it was done",
                .kind = SAFECOST_FAULT_KERNEL,
                .oracles = SAFECOST_ORACLE_VALUE,
                .reference = safecost::unknowable})
        .fault({.name = "shared_sum",
                .cwe = 362,
                .description = "two threads add to one number",
                .contract = "what a thread writes to is its own",
                .kind = SAFECOST_FAULT_KERNEL,
                .oracles = SAFECOST_ORACLE_RACE,
                .size = 64,
                .reference = sum_of_pairs})
        .raw<raw>("raw", "pthread_create, and a pointer to a struct")
        .ordinary()
        .practised()
        .fault_kernel<one_wrong<ByPthread, local_outlived<ByPthread>>>("local_outlived")
        .fault_kernel<one_wrong<ByPthread, read_early>>("join_forgotten")
        .fault_kernel<one_wrong<ByPthread, refused_unseen>>("error_lost")
        .fault_kernel<shared_sum<ByPthread>>("shared_sum")
        .raw<raw_checked>("raw_checked", "the same, and every result is looked at")
        .ordinary()
        .fault_kernel<one_wrong<ByPthread, local_outlived<ByPthread>>>("local_outlived")
        .fault_kernel<one_wrong<ByPthread, read_early>>("join_forgotten")
        .fault_kernel<one_wrong<ByPthread, refused_unseen>>("error_lost")
        .fault_kernel<shared_sum<ByPthread>>("shared_sum")
        .safe<by_reference<std::thread>>("thread", "std::thread, and a reference to the answer")
        .library()
        .fault_kernel<one_wrong<By<std::thread>, local_outlived<By<std::thread>>>>("local_outlived")
        .fault_kernel<one_wrong<By<std::thread>, left_alone<std::thread>>>("join_forgotten")
        .fault_kernel<one_wrong<By<std::thread>, refused<By<std::thread>>>>("error_lost")
        .fault_kernel<shared_sum<By<std::thread>>>("shared_sum")
#if defined(__cpp_lib_jthread)
        .safe<by_reference<std::jthread>>("jthread", "std::jthread, which waits when it ends")
        .library()
        .fault_kernel<one_wrong<By<Jthread>, local_outlived<By<Jthread>>>>("local_outlived")
        .fault_kernel<one_wrong<By<Jthread>, left_alone<Jthread>>>("join_forgotten")
        .fault_kernel<one_wrong<By<Jthread>, refused<By<Jthread>>>>("error_lost")
        .fault_kernel<shared_sum<By<Jthread>>>("shared_sum")
        .claims("always", "join_forgotten")
#else
        .gap("jthread", "std::jthread, which waits when it ends", "the library has no std::jthread")
#endif
        .safe<async>("async", "std::async, and the answer is got from a future")
        .library()
        .fault_kernel<one_wrong<ByAsync, local_outlived<ByAsync>>>("local_outlived")
        .inexpressible("join_forgotten", "who gets an answer from a future waits for it")
        .fault_kernel<one_wrong<ByAsync, refused<ByAsync>>>("error_lost")
        .fault_kernel<shared_sum<ByAsync>>("shared_sum")
        .claims("always", "join_forgotten", "error_lost");

}  // namespace concurrency::spawn_join

SAFECOST_EXPORT(concurrency::spawn_join::the_case)
