// What does it cost to replace a macro that looks like a function by a function?
//
// A round of a scheduler: it walks a queue of tasks, each linked by a member of its own, grants each the lesser of what its
// weight earns and what it may have at most, and adds up the times between two points that came in either order. Systems
// code does this with three macros: MIN, SWAP, and CONTAINER_OF, which leads from a link back to what it lies in. Tasks lie
// in memory in the order of the queue, as those do that were made one after the other: the way to the next is not what is
// asked about.
//
// A macro pastes text. MIN evaluates one of its arguments twice, which reads two limits where one was meant, and, where
// the argument is a call, pays for it twice: raw_twice, as such code is written every day. At a given rate what the weight
// earns is the lesser, so that it is the call that comes twice, and at the same rate two points stand the wrong way round.
// Text has no types: SWAP has to be told one, and CONTAINER_OF a member. raw_checked has the macros of the Linux kernel
// instead, with statement expressions and typeof, extensions of C that C++ compilers know, which check both.
//
// std::min and std::swap are functions, and their arguments values of one type. What leads back from a link may be a
// conversion to a derived class, by a queue that goes by one link alone; a link to the task itself; a list that owns its
// tasks; or an index. Where a link is still named, that of another queue can be: then the walk stays among tasks.
//
// What compilers say of these mistakes is in bench/compile-time/macros; what a use costs when it is compiled, in
// docs/COMPILE_TIME.md.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <list>
#include <memory>
#include <new>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "kernel/case.h"
#include "kernel/dangling.h"

namespace macros::macro_function {

struct Entry {
  std::uint64_t weight;
  std::uint64_t from;
  std::uint64_t to;
};

struct Input {
  const Entry* entries;  // in the order of the queue
  std::size_t count;
  const std::uint64_t* limits;
  const std::uint32_t* waiting;  // the order of another queue
};

// Called in another unit, as most functions are: no compiler may leave a second call out.
SAFECOST_OPAQUE std::uint64_t earned_by(std::uint64_t weight) {
  return ((weight ^ (weight >> 17)) * 0x9e3779b97f4a7c15u) >> 40;
}

Input generate(safecost::Generator& generator) {
  safecost::Random& random = generator.random;
  const std::size_t count = generator.size();
  const auto entries = generator.array<Entry>(count);
  for (Entry& entry : entries) {
    entry.weight = random.next() >> 16;
    // Times of 48 bits, so that no two are told apart by their lower half alone.
    entry.from = random.next() >> 17;
    entry.to = entry.from + 1 + (random.next() >> 17);
    if (random.unit() < generator.rate()) std::swap(entry.from, entry.to);
  }
  const auto waiting = generator.array<std::uint32_t>(count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t place = random.below(i + 1);
    waiting[i] = waiting[place];
    waiting[place] = static_cast<std::uint32_t>(i);
  }
  const auto limits = generator.array<std::uint64_t>(count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint64_t earned = earned_by(entries[i].weight);
    limits[i] = random.unit() < generator.rate() ? earned + 1 + random.below(1 << 20)
                                                 : random.below(earned + 1);
  }

  // One task at least, somewhere among the others, whose limit is the lesser or whose points stand the wrong way round.
  if (generator.commits("double_evaluation")) {
    const std::size_t place = random.below(count);
    limits[place] = random.below(earned_by(entries[place].weight) / 2 + 1);
  }
  if (generator.commits("narrow_swap")) {
    Entry& entry = entries[random.below(count)];
    if (entry.from < entry.to) std::swap(entry.from, entry.to);
  }
  return {entries.data(), count, limits.data(), waiting.data()};
}

// What an idiom adds to the digest for a task: what is left after it, and the time between its points.
static inline std::uint64_t add(std::uint64_t digest, std::uint64_t left, std::uint64_t time) {
  return digest * 31 + (left ^ time);
}

// Raw: a task lies in two queues at a time, by two links, and neither knows of which task it is a part.

struct Link {
  Link* next;
};

struct Task {
  std::uint64_t weight;
  Link waiting;
  Link link;
  std::uint64_t from;
  std::uint64_t to;
};

struct Linked {
  explicit Linked(const Input& input) : limits(input.limits, input.limits + input.count) {
    tasks.reserve(input.count);
    for (const Entry& entry : std::span(input.entries, input.count))
      tasks.push_back({entry.weight, {nullptr}, {nullptr}, entry.from, entry.to});
    for (std::size_t i = 0; i + 1 < tasks.size(); ++i) {
      tasks[i].link.next = &tasks[i + 1].link;
      tasks[input.waiting[i]].waiting.next = &tasks[input.waiting[i + 1]].waiting;
    }
    if (!tasks.empty()) first = &tasks.front().link;
  }

  std::vector<Task> tasks;
  std::vector<std::uint64_t> limits;
  const Link* first = nullptr;
};

#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define SWAP(type, a, b)   \
  do {                     \
    const type kept = (a); \
    (a) = (b);             \
    (b) = kept;            \
  } while (0)
#define CONTAINER_OF(place, type, member) \
  ((const type*)((const char*)(place) - offsetof(type, member)))
// As it is written by somebody in a hurry.
#define BARE_MIN(a, b) a < b ? a : b

// The wrong steps of faults: an argument that counts on is handed to MIN, MIN has no parentheses around it, SWAP is told
// a narrower type, CONTAINER_OF another member.
enum class Slip { none, twice, bare, narrow, member };

template <Slip slip = Slip::none>
SAFECOST_KERNEL raw(const Linked& context) {
  const std::uint64_t* limits = context.limits.data();
  std::uint64_t digest = 0;
  std::uint64_t left = 0;
  for (const Link* link = context.first; link != nullptr; link = link->next) {
    const Task* const task =
        slip == Slip::member ? CONTAINER_OF(link, Task, waiting) : CONTAINER_OF(link, Task, link);
    const std::uint64_t earned = earned_by(task->weight);
    if constexpr (slip == Slip::twice) {
      left = left - MIN(earned, *limits++);
    } else if constexpr (slip == Slip::bare) {
      const std::uint64_t limit = *limits++;
      left = left - BARE_MIN(earned, limit);
    } else {
      const std::uint64_t limit = *limits++;
      left = left - MIN(earned, limit);
    }
    std::uint64_t from = task->from;
    std::uint64_t to = task->to;
    if (to < from) {
      if constexpr (slip == Slip::narrow)
        SWAP(std::uint32_t, from, to);
      else
        SWAP(std::uint64_t, from, to);
    }
    digest = add(digest, left, to - from);
  }
  return digest;
}

// The call stands in the macro: it is right, and made twice where it is the lesser.
template <Slip slip = Slip::none>
SAFECOST_KERNEL raw_twice(const Linked& context) {
  const std::uint64_t* limits = context.limits.data();
  std::uint64_t digest = 0;
  std::uint64_t left = 0;
  for (const Link* link = context.first; link != nullptr; link = link->next) {
    const Task* const task =
        slip == Slip::member ? CONTAINER_OF(link, Task, waiting) : CONTAINER_OF(link, Task, link);
    if constexpr (slip == Slip::twice) {
      left = left - MIN(earned_by(task->weight), *limits++);
    } else if constexpr (slip == Slip::bare) {
      const std::uint64_t limit = *limits++;
      left = left - BARE_MIN(earned_by(task->weight), limit);
    } else {
      const std::uint64_t limit = *limits++;
      left = left - MIN(earned_by(task->weight), limit);
    }
    std::uint64_t from = task->from;
    std::uint64_t to = task->to;
    if (to < from) {
      if constexpr (slip == Slip::narrow)
        SWAP(std::uint32_t, from, to);
      else
        SWAP(std::uint64_t, from, to);
    }
    digest = add(digest, left, to - from);
  }
  return digest;
}

// Each argument is evaluated once and the type of what is exchanged is taken from it. The type of a member is compared
// too, but both links have the same.
#define MIN_ONCE(a, b)                   \
  __extension__({                        \
    const __typeof__(a) first_ = (a);    \
    const __typeof__(b) second_ = (b);   \
    first_ < second_ ? first_ : second_; \
  })
#define SWAP_TYPEOF(a, b)          \
  do {                             \
    const __typeof__(a) kept_ = a; \
    (a) = (b);                     \
    (b) = kept_;                   \
  } while (0)
#define CONTAINER_OF_CHECKED(place, type, member)                              \
  __extension__({                                                              \
    static_assert(std::is_same_v<std::remove_cvref_t<decltype(*(place))>,      \
                                 std::remove_cvref_t<decltype(type::member)>>, \
                  "the member has another type");                              \
    (const type*)((const char*)(place) - offsetof(type, member));              \
  })

template <Slip slip = Slip::none>
SAFECOST_KERNEL raw_checked(const Linked& context) {
  const std::uint64_t* limits = context.limits.data();
  std::uint64_t digest = 0;
  std::uint64_t left = 0;
  for (const Link* link = context.first; link != nullptr; link = link->next) {
    const Task* const task = slip == Slip::member ? CONTAINER_OF_CHECKED(link, Task, waiting)
                                                  : CONTAINER_OF_CHECKED(link, Task, link);
    left = left - MIN_ONCE(earned_by(task->weight), *limits++);
    std::uint64_t from = task->from;
    std::uint64_t to = task->to;
    if (to < from) SWAP_TYPEOF(from, to);
    digest = add(digest, left, to - from);
  }
  return digest;
}

// No branch: what is the lesser, and which point is first, is reckoned.
template <Slip slip = Slip::none>
SAFECOST_KERNEL raw_branchless(const Linked& context) {
  const std::uint64_t* limits = context.limits.data();
  std::uint64_t digest = 0;
  std::uint64_t left = 0;
  for (const Link* link = context.first; link != nullptr; link = link->next) {
    const Task* const task =
        slip == Slip::member ? CONTAINER_OF(link, Task, waiting) : CONTAINER_OF(link, Task, link);
    const std::uint64_t earned = earned_by(task->weight);
    const std::uint64_t limit = *limits++;
    left -= limit ^ ((earned ^ limit) & -static_cast<std::uint64_t>(earned < limit));
    const std::uint64_t wrong = -static_cast<std::uint64_t>(task->to < task->from);
    digest = add(digest, left, ((task->to - task->from) ^ wrong) - wrong);
  }
  return digest;
}

// Safe: functions for MIN and SWAP. `limit` is an iterator or what else gives one limit after the other.
template <class Limit>
SAFECOST_HELPER std::uint64_t round_of(const auto& task, Limit next_limit, std::uint64_t digest,
                                       std::uint64_t& left) {
  left = left - std::min(earned_by(task.weight), next_limit());
  std::uint64_t from = task.from;
  std::uint64_t to = task.to;
  if (to < from) std::swap(from, to);
  return add(digest, left, to - from);
}

// A link is a base class, of which each queue has its own, and only the queue goes from one to the next: what leads back
// is a conversion, and from the link of another queue there is none.
struct RunQueue {};
struct WaitQueue {};

template <class Queue, class Linked>
class QueueOf;

template <class Queue, class Linked>
class LinkOf {
  friend class QueueOf<Queue, Linked>;
  const LinkOf* next_ = nullptr;
};

template <class Queue, class Linked>
class QueueOf {
 public:
  class Iterator {
   public:
    explicit Iterator(const LinkOf<Queue, Linked>* link) : link_(link) {}

    const Linked& operator*() const { return static_cast<const Linked&>(*link_); }
    Iterator& operator++() {
      link_ = after(link_);
      return *this;
    }
    bool operator==(const Iterator&) const = default;

   private:
    const LinkOf<Queue, Linked>* link_;
  };

  void push_back(Linked& task) {
    LinkOf<Queue, Linked>* const link = &task;
    (last_ == nullptr ? first_ : last_->next_) = link;
    last_ = link;
  }
  Iterator begin() const { return Iterator(first_); }
  Iterator end() const { return Iterator(nullptr); }

 private:
  static const LinkOf<Queue, Linked>* after(const LinkOf<Queue, Linked>* link) {
    return link->next_;
  }

  const LinkOf<Queue, Linked>* first_ = nullptr;
  LinkOf<Queue, Linked>* last_ = nullptr;
};

struct DerivedTask : LinkOf<RunQueue, DerivedTask>, LinkOf<WaitQueue, DerivedTask> {
  explicit DerivedTask(const Entry& entry) : weight(entry.weight), from(entry.from), to(entry.to) {}

  std::uint64_t weight;
  std::uint64_t from;
  std::uint64_t to;
};

struct Derived {
  explicit Derived(const Input& input)
      : tasks(input.entries, input.entries + input.count),
        limits(input.limits, input.limits + input.count) {
    for (DerivedTask& task : tasks) run.push_back(task);
    for (const std::uint32_t place : std::span(input.waiting, input.count))
      waiting.push_back(tasks[place]);
  }

  std::vector<DerivedTask> tasks;
  std::vector<std::uint64_t> limits;
  QueueOf<RunQueue, DerivedTask> run;
  QueueOf<WaitQueue, DerivedTask> waiting;
};

SAFECOST_KERNEL base_class(const Derived& context) {
  auto limit = context.limits.begin();
  std::uint64_t digest = 0;
  std::uint64_t left = 0;
  for (const DerivedTask& task : context.run)
    digest = round_of(task, [&] { return *limit++; }, digest, left);
  return digest;
}

// A link leads to the next task itself.
struct ChainedTask {
  std::uint64_t weight;
  const ChainedTask* waiting;
  const ChainedTask* next;
  std::uint64_t from;
  std::uint64_t to;
};

struct Chained {
  explicit Chained(const Input& input) : limits(input.limits, input.limits + input.count) {
    tasks.reserve(input.count);
    for (const Entry& entry : std::span(input.entries, input.count))
      tasks.push_back({entry.weight, nullptr, nullptr, entry.from, entry.to});
    for (std::size_t i = 0; i + 1 < tasks.size(); ++i) {
      tasks[i].next = &tasks[i + 1];
      tasks[input.waiting[i]].waiting = &tasks[input.waiting[i + 1]];
    }
    if (!tasks.empty()) first = &tasks.front();
  }

  std::vector<ChainedTask> tasks;
  std::vector<std::uint64_t> limits;
  const ChainedTask* first = nullptr;
};

template <Slip slip = Slip::none>
SAFECOST_KERNEL typed_next(const Chained& context) {
  auto limit = context.limits.begin();
  std::uint64_t digest = 0;
  std::uint64_t left = 0;
  for (const ChainedTask* task = context.first; task != nullptr;
       task = slip == Slip::member ? task->waiting : task->next)
    digest = round_of(*task, [&] { return *limit++; }, digest, left);
  return digest;
}

// The queue owns its tasks; another one would hold iterators.
struct Listed {
  explicit Listed(const Input& input)
      : tasks(input.entries, input.entries + input.count),
        limits(input.limits, input.limits + input.count) {}

  std::list<Entry> tasks;
  std::vector<std::uint64_t> limits;
};

SAFECOST_KERNEL std_list(const Listed& context) {
  auto limit = context.limits.begin();
  std::uint64_t digest = 0;
  std::uint64_t left = 0;
  for (const Entry& task : context.tasks)
    digest = round_of(task, [&] { return *limit++; }, digest, left);
  return digest;
}

// A link is a place among the tasks; behind the last there is none.
struct IndexedTask {
  std::uint64_t weight;
  std::size_t waiting;
  std::size_t next;
  std::uint64_t from;
  std::uint64_t to;
};

struct Indexed {
  explicit Indexed(const Input& input)
      : limits(input.limits, input.limits + input.count), first(input.count) {
    tasks.reserve(input.count);
    for (const Entry& entry : std::span(input.entries, input.count))
      tasks.push_back({entry.weight, input.count, input.count, entry.from, entry.to});
    for (std::size_t i = 0; i + 1 < tasks.size(); ++i) {
      tasks[i].next = i + 1;
      tasks[input.waiting[i]].waiting = input.waiting[i + 1];
    }
    if (!tasks.empty()) first = 0;
  }

  std::vector<IndexedTask> tasks;
  std::vector<std::uint64_t> limits;
  std::size_t first;
};

template <Slip slip = Slip::none>
SAFECOST_KERNEL index_at(const Indexed& context) {
  const std::size_t none = context.tasks.size();
  std::size_t limit = 0;
  std::uint64_t digest = 0;
  std::uint64_t left = 0;
  for (std::size_t place = context.first; place != none;) {
    const IndexedTask& task = context.tasks.at(place);
    digest = round_of(task, [&] { return context.limits.at(limit++); }, digest, left);
    place = slip == Slip::member ? task.waiting : task.next;
  }
  return digest;
}

// For `destroyed_before`: links refer to tasks.
template <auto Body>
constexpr auto destroyed =
    safecost::destroyed<Body, &safecost::ContextOf<decltype(Body)>::type::tasks>;

// A list is destroyed where it lies, since its nodes refer to it; its own bytes stay as they were.
SAFECOST_OPAQUE void free_nodes(std::list<Entry>* list) {
  std::byte kept[sizeof *list];
  std::memcpy(kept, static_cast<const void*>(list), sizeof kept);
  std::destroy_at(list);
  std::memcpy(static_cast<void*>(list), kept, sizeof kept);
}

SAFECOST_KERNEL std_list_destroyed(Listed& context) {
  const std::list<Entry> kept = context.tasks;
  free_nodes(&context.tasks);
  const std::uint64_t digest = safecost::call(safecost::kernel<std_list>, &context);
  new (static_cast<void*>(&context.tasks)) std::list<Entry>(kept);
  return digest;
}

// What an idiom gives that prevents a fault: the round of the scheduler.
std::uint64_t round_as_meant(const void* input) {
  return index_at<>(Indexed(*static_cast<const Input*>(input)));
}

constexpr char own_type[] = "std::swap takes two of one type: compilers reject any other";
constexpr char no_member[] = "the list has links of its own: nobody names one";
constexpr char own_queue[] = "which link a queue goes by is in its type: nobody names one";
constexpr char from_argument[] = "the type is that of the argument";
constexpr char reckoned[] = "nothing is exchanged, and there is no macro for the lesser";

auto the_case =
    safecost::Case<Input>(generate)
        .size_and_rate(256, 0.1, "L1")  // 12 KiB of tasks
        .size_and_rate(256, 0.01, "L1", safecost::Tier::full)
        .size_and_rate(256, 0.5, "L1", safecost::Tier::full)
        .size_and_rate(8'192, 0.1, "L2", safecost::Tier::full)  // 400 KiB
        .fault({.name = "double_evaluation",
                .cwe = 675,
                .description = "an argument that counts on is evaluated twice, so that limits are "
                               "skipped and read past their end",
                .contract = "an argument of MIN has no side effect",
                .kind = SAFECOST_FAULT_KERNEL,
                .oracles = SAFECOST_ORACLE_GUARD | SAFECOST_ORACLE_SANITIZER |
                           SAFECOST_ORACLE_MEMCHECK | SAFECOST_ORACLE_VALUE,
                .reference = round_as_meant})
        .fault({.name = "precedence",
                .cwe = 783,
                .description = "MIN has no parentheses, and what stands before it is taken into "
                               "its comparison",
                .contract = "what a macro expands to is one operand",
                .kind = SAFECOST_FAULT_KERNEL,
                .oracles = SAFECOST_ORACLE_VALUE,
                .reference = round_as_meant})
        .fault({.name = "narrow_swap",
                .cwe = 197,
                .description = "SWAP is told a type of 32 bits for numbers of 64",
                .contract = "the type that SWAP is told is that of its arguments",
                .kind = SAFECOST_FAULT_KERNEL,
                .oracles = SAFECOST_ORACLE_VALUE,
                .reference = round_as_meant})
        .fault({.name = "wrong_member",
                .cwe = 823,
                .description = "CONTAINER_OF names the link of another queue, so that a task is "
                               "read 8 bytes behind where it begins",
                .contract = "the member that CONTAINER_OF names is the one that the link is",
                .kind = SAFECOST_FAULT_KERNEL,
                .oracles = SAFECOST_ORACLE_GUARD | SAFECOST_ORACLE_SANITIZER |
                           SAFECOST_ORACLE_MEMCHECK | SAFECOST_ORACLE_VALUE,
                .reference = round_as_meant})
        .fault({.name = "destroyed_before",
                .cwe = 416,
                .description = "the tasks are destroyed, then the queue is walked",
                .contract = "a task lives as long as it is in the queue",
                .kind = SAFECOST_FAULT_KERNEL,
                .oracles = SAFECOST_ORACLE_GUARD | SAFECOST_ORACLE_SANITIZER |
                           SAFECOST_ORACLE_MEMCHECK | SAFECOST_ORACLE_VALUE,
                .reference = round_as_meant})
        .raw<raw<>>("raw", "MIN of two variables, SWAP, CONTAINER_OF")
        .ordinary()
        .fault_kernel<raw<Slip::twice>>("double_evaluation")
        .fault_kernel<raw<Slip::bare>>("precedence")
        .fault_kernel<raw<Slip::narrow>>("narrow_swap")
        .fault_kernel<raw<Slip::member>>("wrong_member")
        .fault_kernel<destroyed<raw<>>>("destroyed_before")
        .raw<raw_twice<>>("raw_twice", "the same with the call in MIN, which makes it twice")
        .ordinary()
        .practised()
        .fault_kernel<raw_twice<Slip::twice>>("double_evaluation")
        .fault_kernel<raw_twice<Slip::bare>>("precedence")
        .fault_kernel<raw_twice<Slip::narrow>>("narrow_swap")
        .fault_kernel<raw_twice<Slip::member>>("wrong_member")
        .fault_kernel<destroyed<raw_twice<>>>("destroyed_before")
        .raw<raw_checked<>>("raw_checked",
                            "macros with typeof, which evaluate once and compare types")
        .ordinary()
        .fault_kernel<raw_checked<>>("double_evaluation")
        .fault_kernel<raw_checked<>>("precedence")
        .inexpressible("narrow_swap", from_argument)
        .fault_kernel<raw_checked<Slip::member>>("wrong_member")
        .fault_kernel<destroyed<raw_checked<>>>("destroyed_before")
        .claims("always", "double_evaluation", "precedence")
        .raw<raw_branchless<>>("raw_branchless", "both choices reckoned, CONTAINER_OF")
        .bespoke()
        .algorithm("branchless")
        .inexpressible("double_evaluation", reckoned)
        .inexpressible("precedence", reckoned)
        .inexpressible("narrow_swap", reckoned)
        .fault_kernel<raw_branchless<Slip::member>>("wrong_member")
        .fault_kernel<destroyed<raw_branchless<>>>("destroyed_before")
        .safe<base_class>("base_class", "std::min, std::swap, a link that is a base class")
        .ordinary()
        .trusted_core()
        .fault_kernel<base_class>("double_evaluation")
        .fault_kernel<base_class>("precedence")
        .inexpressible("narrow_swap", own_type)
        .inexpressible("wrong_member", own_queue)
        .fault_kernel<destroyed<base_class>>("destroyed_before")
        .claims("always", "double_evaluation", "precedence")
        .safe<typed_next<>>("typed_next", "std::min, std::swap, a link to the task itself")
        .ordinary()
        .fault_kernel<typed_next<>>("double_evaluation")
        .fault_kernel<typed_next<>>("precedence")
        .inexpressible("narrow_swap", own_type)
        .fault_kernel<typed_next<Slip::member>>("wrong_member")
        .fault_kernel<destroyed<typed_next<>>>("destroyed_before")
        .claims("always", "double_evaluation", "precedence")
        .safe<std_list>("std_list", "std::min, std::swap, a std::list of tasks")
        .library()
        .fault_kernel<std_list>("double_evaluation")
        .fault_kernel<std_list>("precedence")
        .inexpressible("narrow_swap", own_type)
        .inexpressible("wrong_member", no_member)
        .fault_kernel<std_list_destroyed>("destroyed_before")
        .claims("always", "double_evaluation", "precedence")
        .safe<index_at<>>("index_at", "std::min, std::swap, an index for a link and vector::at")
        .library()
        .fault_kernel<index_at<>>("double_evaluation")
        .fault_kernel<index_at<>>("precedence")
        .inexpressible("narrow_swap", own_type)
        .fault_kernel<index_at<Slip::member>>("wrong_member")
        .fault_kernel<destroyed<index_at<>>>("destroyed_before")
        .claims("always", "double_evaluation", "precedence");

}  // namespace macros::macro_function

SAFECOST_EXPORT(macros::macro_function::the_case)
