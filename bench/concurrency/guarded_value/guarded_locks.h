// Accounts whose locks are given back by a guard, and accounts that are reached through their lock alone.
#ifndef SAFECOST_BENCH_CONCURRENCY_GUARDED_VALUE_GUARDED_LOCKS_H
#define SAFECOST_BENCH_CONCURRENCY_GUARDED_VALUE_GUARDED_LOCKS_H

#include <cstdint>
#include <mutex>
#include <shared_mutex>
#include <tuple>
#include <utility>

#include "operations.h"

namespace concurrency::guarded_value {

// The library's mutex, and its guards.

struct alignas(line) Guard {
  std::mutex mutex;
  Sums sums;
};
inline Sums contents(Guard& account) { return account.sums; }
inline std::uint64_t pay(Guard& account, std::uint64_t amount) {
  const std::lock_guard lock(account.mutex);
  pay_in(account.sums, amount);
  return 0;
}
inline std::uint64_t look(Guard& account) {
  const std::lock_guard lock(account.mutex);
  return agree(account.sums) ? 0 : 1;
}
inline std::uint64_t move(Guard& from, Guard& to, std::uint64_t amount) {
  const std::scoped_lock lock(from.mutex, to.mutex);
  pay_out(from.sums, amount);
  pay_in(to.sums, amount);
  return 0;
}

// Who only looks shares the lock with others who do.

struct alignas(line) SharedGuard {
  std::shared_mutex mutex;
  Sums sums;
};
inline Sums contents(SharedGuard& account) { return account.sums; }
inline std::uint64_t pay(SharedGuard& account, std::uint64_t amount) {
  const std::lock_guard lock(account.mutex);
  pay_in(account.sums, amount);
  return 0;
}
inline std::uint64_t look(SharedGuard& account) {
  const std::shared_lock lock(account.mutex);
  return agree(account.sums) ? 0 : 1;
}
inline std::uint64_t move(SharedGuard& from, SharedGuard& to, std::uint64_t amount) {
  const std::scoped_lock lock(from.mutex, to.mutex);
  pay_out(from.sums, amount);
  pay_in(to.sums, amount);
  return 0;
}

// A mutex that says to Clang what it is, and data that say which mutex guards them. What is written without it is an
// error in this file, whatever warnings a build asks for; other compilers read none of this.

#if defined(__clang__)
#define GUARDED_VALUE_SAYS(...) __attribute__((__VA_ARGS__))
#if !__has_feature(thread_sanitizer)  // which is to see the race that other compilers let through
#define GUARDED_VALUE_IS_ANALYSED 1
#pragma clang diagnostic error "-Wthread-safety"
#endif
#else
#define GUARDED_VALUE_SAYS(...)
#endif

class GUARDED_VALUE_SAYS(capability("mutex")) AnnotatedMutex {
 public:
  void lock() GUARDED_VALUE_SAYS(acquire_capability(), no_thread_safety_analysis) { mutex_.lock(); }
  void unlock() GUARDED_VALUE_SAYS(release_capability(), no_thread_safety_analysis) {
    mutex_.unlock();
  }

 private:
  std::mutex mutex_;
};
class GUARDED_VALUE_SAYS(scoped_lockable) AnnotatedLock {
 public:
  explicit AnnotatedLock(AnnotatedMutex& mutex) GUARDED_VALUE_SAYS(acquire_capability(mutex))
      : mutex_(mutex) {
    mutex_.lock();
  }
  AnnotatedLock(const AnnotatedLock&) = delete;
  AnnotatedLock& operator=(const AnnotatedLock&) = delete;
  ~AnnotatedLock() GUARDED_VALUE_SAYS(release_capability()) { mutex_.unlock(); }

 private:
  AnnotatedMutex& mutex_;
};

struct alignas(line) Annotated {
  AnnotatedMutex mutex;
  Sums sums GUARDED_VALUE_SAYS(guarded_by(mutex));
};
inline Sums contents(Annotated& account) {
  const AnnotatedLock lock(account.mutex);
  return account.sums;
}
inline std::uint64_t pay(Annotated& account, std::uint64_t amount) {
  const AnnotatedLock lock(account.mutex);
  pay_in(account.sums, amount);
  return 0;
}
inline std::uint64_t look(Annotated& account) {
  const AnnotatedLock lock(account.mutex);
  return agree(account.sums) ? 0 : 1;
}
// Clang follows locks by the names under which they are taken, so each of the two orders is written out.
inline std::uint64_t move(Annotated& from, Annotated& to, std::uint64_t amount) {
  if (&from < &to) {
    const AnnotatedLock first(from.mutex);
    const AnnotatedLock second(to.mutex);
    pay_out(from.sums, amount);
    pay_in(to.sums, amount);
  } else {
    const AnnotatedLock first(to.mutex);
    const AnnotatedLock second(from.mutex);
    pay_out(from.sums, amount);
    pay_in(to.sums, amount);
  }
  return 0;
}

// The value is private to its lock: who wants it says what is to be done with it, and is lent it for so long.
template <class Value>
class alignas(line) Guarded {
 public:
  template <class Use>
  auto with(const Use& use) {
    const std::lock_guard lock(mutex_);
    return use(value_);
  }
  template <class Use>
  static auto with_both(Guarded& a, Guarded& b, const Use& use) {
    const std::scoped_lock lock(a.mutex_, b.mutex_);
    return use(a.value_, b.value_);
  }

 private:
  std::mutex mutex_;
  Value value_ = {};
};
using Lent = Guarded<Sums>;
inline Sums contents(Lent& account) {
  return account.with([](const Sums& sums) { return sums; });
}
inline std::uint64_t pay(Lent& account, std::uint64_t amount) {
  account.with([amount](Sums& sums) { pay_in(sums, amount); });
  return 0;
}
inline std::uint64_t look(Lent& account) {
  return account.with([](const Sums& sums) { return agree(sums) ? 0u : 1u; });
}
inline std::uint64_t move(Lent& from, Lent& to, std::uint64_t amount) {
  Lent::with_both(from, to, [amount](Sums& of_from, Sums& of_to) {
    pay_out(of_from, amount);
    pay_in(of_to, amount);
  });
  return 0;
}

// The same, and nobody is lent anything: a change is given the value and gives back what it shall be.
template <class Value>
class alignas(line) Changeable {
 public:
  Value value() const {
    const std::lock_guard lock(mutex_);
    return value_;
  }
  template <class Change>
  void change(const Change& change) {
    const std::lock_guard lock(mutex_);
    value_ = change(Value(value_));
  }
  template <class Change>
  static void change_both(Changeable& a, Changeable& b, const Change& change) {
    const std::scoped_lock lock(a.mutex_, b.mutex_);
    std::tie(a.value_, b.value_) = change(Value(a.value_), Value(b.value_));
  }

 private:
  mutable std::mutex mutex_;
  Value value_ = {};
};
using ByValue = Changeable<Sums>;
inline Sums contents(const ByValue& account) { return account.value(); }
inline std::uint64_t pay(ByValue& account, std::uint64_t amount) {
  account.change([amount](Sums sums) {
    pay_in(sums, amount);
    return sums;
  });
  return 0;
}
inline std::uint64_t look(const ByValue& account) { return agree(account.value()) ? 0 : 1; }
inline std::uint64_t move(ByValue& from, ByValue& to, std::uint64_t amount) {
  ByValue::change_both(from, to, [amount](Sums of_from, Sums of_to) {
    pay_out(of_from, amount);
    pay_in(of_to, amount);
    return std::pair(of_from, of_to);
  });
  return 0;
}

}  // namespace concurrency::guarded_value

#endif
