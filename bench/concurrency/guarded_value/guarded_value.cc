// What does it cost that a value is reached through its lock alone?
//
// Workers pay into accounts, look at them and move amounts from one to another; each account has a lock of its own. An
// account holds three numbers that belong together: what was paid in, what was paid out, and their difference. A look
// that sees them disagree is counted as wrong. Of eight operations four pay, three look, one moves and takes two locks.
//
// C++ keeps a mutex beside the data and leaves it to everybody to take it: a guard gives it back on every path, and
// nothing tells who never took it. Where the value is private to its lock (guarded) it has to be asked
// for; a reference to it can still be carried out, which no C++ compiler sees and Rust's does. by_value lends no reference
// at all. Clang's attributes (annotated) say which lock guards what, and it rejects the access without.
//
// Two locks at once are one more thing to get wrong. std::scoped_lock takes any number of them in a way that cannot block
// itself; Rust's Mutex leaves the order to whoever takes them. (absl::Mutex does so as well, and is not here: Debian's archive
// of it is compiled for programs, and its shared object is not watched for races.)
#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <shared_mutex>
#include <span>
#include <utility>

#include "guarded_locks.h"
#include "kernel/case.h"
#include "kernel/turns.h"
#include "kernel/workers.h"
#include "operations.h"
#include "raw_locks.h"

namespace concurrency::guarded_value {

// Kinds come in a fixed order: a mispredicted jump for each would hide what an uncontended lock costs.
Input generate(safecost::Generator& generator) {
  const auto operations = generator.array<Operation>(generator.size());
  safecost::Random& random = generator.random;
  for (std::size_t i = 0; i < operations.size(); ++i) {
    const Kind kind = i % 8 == 7 ? Kind::move : i % 2 == 0 ? Kind::pay : Kind::look;
    const auto account = static_cast<std::uint32_t>(random.below(account_count));
    const auto distance = static_cast<std::uint32_t>(random.between(1, account_count - 1));
    const auto amount = static_cast<std::uint32_t>(random.between(1, 1'000'000));
    operations[i] = {kind, account,
                     static_cast<std::uint32_t>((account + distance) % account_count), amount};
  }
  return {operations.data(), operations.size()};
}

std::uint64_t sums_alone(const void* input) {
  const Input& given = *static_cast<const Input*>(input);
  std::array<Sums, account_count> accounts = {};
  for (const Operation& operation : std::span(given.operations, given.count)) {
    if (operation.kind == Kind::pay) pay_in(accounts[operation.account], operation.amount);
    if (operation.kind != Kind::move) continue;
    pay_out(accounts[operation.account], operation.amount);
    pay_in(accounts[operation.other], operation.amount);
  }
  std::uint64_t digest = 0;
  for (const Sums& sums : accounts)
    digest = ((digest * 31 + sums.paid_in) * 31 + sums.paid_out) * 31 + sums.balance;
  return digest;
}

// Faults. Each carries the same operations out, one of which has a wrong step.

// For `unlocked_read`: nobody thinks that a look needs the lock.
template <class Account>
std::uint64_t look_unlocked(const Account& account) {
  return agree(account.sums) ? 0 : 1;
}
// The race is what is wrong, and no more: what was seen is no part of the digest.
template <class Account>
SAFECOST_KERNEL unlocked_read(const Tape& tape) {
  std::array<Account, account_count> accounts;
  SAFECOST_IN_PARALLEL(worker) {
    std::uint64_t wrong = 0, looks = 0;
    for (const Operation& operation : tape.part(worker)) {
      if (operation.kind != Kind::look) {
        carry_out(accounts, std::span(&operation, 1));
        continue;
      }
      if (looks++ == 0) safecost::let_others_on();
      wrong += look_unlocked(accounts[operation.account]);
    }
    return wrong > tape.operations.size() ? 1 : 0;
  };
  return digest_of(accounts);
}

// For `reference_kept`: a reference to the sums is taken under the lock, and paid into without.
template <class Lock>
Sums& kept(Beside<Lock>& account) {
  lock(account.lock);
  Sums& sums = account.sums;
  unlock(account.lock);
  return sums;
}
inline Sums& kept(Checked& account) { return account.sums; }
template <class Account>
Sums& kept_of_guard(Account& account) {
  const std::lock_guard lock(account.mutex);
  return account.sums;
}
inline Sums& kept(Guard& account) { return kept_of_guard(account); }
inline Sums& kept(SharedGuard& account) { return kept_of_guard(account); }
inline Sums& kept(Annotated& account) GUARDED_VALUE_SAYS(no_thread_safety_analysis) {
  const AnnotatedLock lock(account.mutex);
  return account.sums;
}
inline Sums& kept(Lent& account) {
  Sums* kept = nullptr;
  account.with([&](Sums& sums) { kept = &sums; });
  return *kept;
}
template <class Account>
SAFECOST_KERNEL reference_kept(const Tape& tape) {
  std::array<Account, account_count> accounts;
  SAFECOST_IN_PARALLEL(worker) {
    std::size_t payments = 0;
    for (const Operation& operation : tape.part(worker)) {
      if (operation.kind != Kind::pay) {
        carry_out(accounts, std::span(&operation, 1));
        continue;
      }
      Sums& sums = kept(accounts[operation.account]);
      if (payments++ == 0) safecost::let_others_on();
      pay_in(sums, operation.amount);
    }
    return 0;
  };
  return digest_of(accounts);
}

// For `lock_kept`: a payment that finds the account empty has an early way out, and forgets what it holds.
template <class Lock>
void pay_and_keep(Beside<Lock>& account, std::uint64_t amount) {
  lock(account.lock);
  const bool was_empty = account.sums.balance == 0;
  pay_in(account.sums, amount);
  if (was_empty) return;
  unlock(account.lock);
}
inline void pay_and_keep(Checked& account, std::uint64_t amount) {
  if (pthread_mutex_lock(&account.lock.mutex) != 0) return;
  const bool was_empty = account.sums.balance == 0;
  pay_in(account.sums, amount);
  if (was_empty) return;
  pthread_mutex_unlock(&account.lock.mutex);
}
template <class Account>
SAFECOST_KERNEL lock_kept(const Tape& tape) {
  std::array<Account, account_count> accounts;
  const std::uint64_t wrong = SAFECOST_IN_PARALLEL(worker) {
    std::uint64_t wrong_here = 0;
    for (const Operation& operation : tape.part(worker)) {
      if (operation.kind == Kind::pay)
        pay_and_keep(accounts[operation.account], operation.amount);
      else
        wrong_here += carry_out(accounts, std::span(&operation, 1));
    }
    return wrong_here;
  };
  return digest_of(accounts) + wrong;
}

// For `two_orders`: whoever moves an amount takes the lock from which it comes first. That the other worker comes between
// the two locks happens on some bad day, and here.
template <class Lock>
std::uint64_t move_as_given(Beside<Lock>& from, Beside<Lock>& to, std::uint64_t amount) {
  lock(from.lock);
  safecost::let_others_on();
  lock(to.lock);
  pay_out(from.sums, amount);
  pay_in(to.sums, amount);
  unlock(to.lock);
  unlock(from.lock);
  return 0;
}
inline std::uint64_t move_as_given(Checked& from, Checked& to, std::uint64_t amount) {
  if (pthread_mutex_lock(&from.lock.mutex) != 0) return 1;
  safecost::let_others_on();
  if (pthread_mutex_lock(&to.lock.mutex) == 0) {
    pay_out(from.sums, amount);
    pay_in(to.sums, amount);
    pthread_mutex_unlock(&to.lock.mutex);
  }
  return static_cast<std::uint64_t>(pthread_mutex_unlock(&from.lock.mutex));
}
// These take both at once, and are told them in the order in which they come.
inline std::uint64_t move_as_given(Guard& from, Guard& to, std::uint64_t amount) {
  return move(from, to, amount);
}
inline std::uint64_t move_as_given(SharedGuard& from, SharedGuard& to, std::uint64_t amount) {
  return move(from, to, amount);
}
inline std::uint64_t move_as_given(Lent& from, Lent& to, std::uint64_t amount) {
  return move(from, to, amount);
}
inline std::uint64_t move_as_given(ByValue& from, ByValue& to, std::uint64_t amount) {
  return move(from, to, amount);
}
inline std::uint64_t move_as_given(Annotated& from, Annotated& to, std::uint64_t amount) {
  const AnnotatedLock first(from.mutex);
  safecost::let_others_on();
  const AnnotatedLock second(to.mutex);
  pay_out(from.sums, amount);
  pay_in(to.sums, amount);
  return 0;
}
template <class Account>
SAFECOST_KERNEL two_orders(const Tape& tape) {
  std::array<Account, account_count> accounts;
  const std::uint64_t wrong = SAFECOST_IN_PARALLEL(worker) {
    std::uint64_t wrong_here = 0;
    for (const Operation& operation : tape.part(worker)) {
      Account& account = accounts[operation.account];
      if (operation.kind == Kind::move)
        wrong_here += move_as_given(account, accounts[operation.other], operation.amount);
      else
        wrong_here += carry_out(accounts, std::span(&operation, 1));
    }
    return wrong_here;
  };
  return digest_of(accounts) + wrong;
}

constexpr const char* is_private =
    "the sums are private to their lock: nobody reaches them without";
constexpr const char* has_guard = "a guard gives the lock back wherever its scope is left";
constexpr const char* keeps_lock =
    "the lock is taken and given back within one function of the type";

auto the_case =
    safecost::Case<Input>(generate)
        .size_and_workers(4'096, 1, "uncontended")
        .size_and_workers(4'096, 2, "contended")
        .fault({.name = "unlocked_read",
                .cwe = 362,
                .description = "an account is looked at without its lock",
                .contract = "whoever looks at an account holds its lock",
                .kind = SAFECOST_FAULT_KERNEL,
                .oracles = SAFECOST_ORACLE_RACE,
                .size = 4'096,
                .reference = sums_alone})
        .fault({.name = "reference_kept",
                .cwe = 362,
                .description = "a reference to an account is kept, and paid into without the lock",
                .contract = "what a lock guards is used while it is held",
                .kind = SAFECOST_FAULT_KERNEL,
                .oracles = SAFECOST_ORACLE_RACE,
                .size = 4'096,
                .reference = sums_alone})
        .fault({.name = "lock_kept",
                .cwe = 667,
                .description = "a payment into an empty account returns with the lock held",
                .contract = "who takes a lock gives it back on every path",
                .kind = SAFECOST_FAULT_KERNEL,
                .oracles = SAFECOST_ORACLE_VALUE,
                .size = 64,
                .reference = sums_alone})
        .fault({.name = "two_orders",
                .cwe = 833,
                .description = "two workers take the same two locks, each in another order",
                .contract = "whoever holds two locks took them in the one order that all take",
                .kind = SAFECOST_FAULT_KERNEL,
                .oracles = SAFECOST_ORACLE_VALUE,
                .size = 4'096,
                .reference = sums_alone})
        .raw<play<Beside<Mutex>>>("raw", "a pthread_mutex_t beside the sums")
        .ordinary()
        .practised()
        .fault_kernel<unlocked_read<Beside<Mutex>>>("unlocked_read")
        .fault_kernel<reference_kept<Beside<Mutex>>>("reference_kept")
        .fault_kernel<lock_kept<Beside<Mutex>>>("lock_kept")
        .fault_kernel<two_orders<Beside<Mutex>>>("two_orders")
        .raw<play<Checked>>("raw_checked", "the same, checking for errors, all looked at")
        .ordinary()
        .fault_kernel<unlocked_read<Checked>>("unlocked_read")
        .fault_kernel<reference_kept<Checked>>("reference_kept")
        .fault_kernel<lock_kept<Checked>>("lock_kept")
        .fault_kernel<two_orders<Checked>>("two_orders")
        .raw<play<Beside<Futex>>>("raw_futex", "a mutex of one word over futex(2)")
        .bespoke()
        .fault_kernel<unlocked_read<Beside<Futex>>>("unlocked_read")
        .fault_kernel<reference_kept<Beside<Futex>>>("reference_kept")
        .fault_kernel<lock_kept<Beside<Futex>>>("lock_kept")
        .fault_kernel<two_orders<Beside<Futex>>>("two_orders")
        .raw<play<Beside<SpinLock>>>("raw_spin", "a flag that is waited for awake")
        .bespoke()
        .algorithm("spin")
        .fault_kernel<unlocked_read<Beside<SpinLock>>>("unlocked_read")
        .fault_kernel<reference_kept<Beside<SpinLock>>>("reference_kept")
        .fault_kernel<lock_kept<Beside<SpinLock>>>("lock_kept")
        .fault_kernel<two_orders<Beside<SpinLock>>>("two_orders")
        .safe<play<Guard>>("lock_guard", "a std::mutex beside the sums, lock_guard and scoped_lock")
        .library()
        .fault_kernel<unlocked_read<Guard>>("unlocked_read")
        .fault_kernel<reference_kept<Guard>>("reference_kept")
        .inexpressible("lock_kept", has_guard)
        .fault_kernel<two_orders<Guard>>("two_orders")
        .claims("always", "lock_kept", "two_orders")
        .safe<play<SharedGuard>>("shared_mutex", "a std::shared_mutex, which those share who look")
        .library()
        .algorithm("shared_lock")
        .fault_kernel<unlocked_read<SharedGuard>>("unlocked_read")
        .fault_kernel<reference_kept<SharedGuard>>("reference_kept")
        .inexpressible("lock_kept", has_guard)
        .fault_kernel<two_orders<SharedGuard>>("two_orders")
        .claims("always", "lock_kept", "two_orders")
        .safe<play<Annotated>>("annotated", "lock_guard, and Clang is told which lock guards what")
        .ordinary()
#if defined(GUARDED_VALUE_IS_ANALYSED)
        .inexpressible("unlocked_read", "Clang rejects it: -Wthread-safety, an error in this file")
#else
        .fault_kernel<unlocked_read<Annotated>>("unlocked_read")
#endif
        .fault_kernel<reference_kept<Annotated>>("reference_kept")
        .inexpressible("lock_kept", has_guard)
        .fault_kernel<two_orders<Annotated>>("two_orders")
        .claims("always", "lock_kept")
        .safe<play<Lent>>("guarded", "a mutex that has the sums, and lends them to a lambda")
        .ordinary()
        .inexpressible("unlocked_read", is_private)
        .fault_kernel<reference_kept<Lent>>("reference_kept")
        .inexpressible("lock_kept", keeps_lock)
        .fault_kernel<two_orders<Lent>>("two_orders")
        .claims("always", "unlocked_read", "lock_kept", "two_orders")
        .safe<play<ByValue>>("by_value", "a mutex that has the sums, and lends nobody a reference")
        .ordinary()
        .inexpressible("unlocked_read", is_private)
        .inexpressible("reference_kept", "a change is given a copy, and gives back another")
        .inexpressible("lock_kept", keeps_lock)
        .fault_kernel<two_orders<ByValue>>("two_orders")
        .claims("always", "unlocked_read", "reference_kept", "lock_kept", "two_orders");

}  // namespace concurrency::guarded_value

SAFECOST_EXPORT(concurrency::guarded_value::the_case)
