// The operations of guarded_value.cc, and how workers carry them out on accounts.
#ifndef SAFECOST_BENCH_CONCURRENCY_GUARDED_VALUE_OPERATIONS_H
#define SAFECOST_BENCH_CONCURRENCY_GUARDED_VALUE_OPERATIONS_H

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "kernel/case.h"
#include "kernel/workers.h"

namespace concurrency::guarded_value {

enum class Kind : std::uint32_t { pay, look, move };

struct Operation {
  Kind kind;
  std::uint32_t account;
  std::uint32_t other;  // to which an amount is moved: never the account itself
  std::uint32_t amount;
};

struct Input {
  const Operation* operations;
  std::size_t count;
};

// What an account holds: three numbers that belong together.
struct Sums {
  std::uint64_t paid_in = 0;
  std::uint64_t paid_out = 0;
  std::uint64_t balance = 0;
};
inline void pay_in(Sums& sums, std::uint64_t amount) {
  sums.paid_in += amount;
  sums.balance += amount;
}
inline void pay_out(Sums& sums, std::uint64_t amount) {
  sums.paid_out += amount;
  sums.balance -= amount;
}
inline bool agree(const Sums& sums) { return sums.paid_in - sums.paid_out == sums.balance; }

constexpr std::size_t account_count = 4;
constexpr std::size_t line = 64;  // bytes that a processor fetches and takes away at a time

struct Tape {
  explicit Tape(const Input& input)
      : operations(input.operations, input.operations + input.count) {}

  // Those of one worker: a run of them.
  std::span<const Operation> part(std::size_t worker) const {
    const std::size_t workers = safecost::worker_count();
    const std::size_t from = operations.size() * worker / workers;
    return std::span(operations).subspan(from, operations.size() * (worker + 1) / workers - from);
  }

  std::vector<Operation> operations;
};

// Whatever the order in which workers come, the sums are the same when all is done.
template <class Account>
SAFECOST_HELPER std::uint64_t digest_of(std::array<Account, account_count>& accounts) {
  std::uint64_t digest = 0;
  for (Account& account : accounts) {
    const Sums sums = contents(account);
    digest = digest * 31 + sums.paid_in;
    digest = digest * 31 + sums.paid_out;
    digest = digest * 31 + sums.balance;
  }
  return digest;
}

// `pay`, `look` and `move` are each variant's own; they return how much was seen to be wrong.
template <class Account>
SAFECOST_HELPER std::uint64_t carry_out(std::array<Account, account_count>& accounts,
                                        std::span<const Operation> part) {
  std::uint64_t wrong = 0;
  for (const Operation& operation : part) {
    Account& account = accounts[operation.account];
    if (operation.kind == Kind::pay)
      wrong += pay(account, operation.amount);
    else if (operation.kind == Kind::look)
      wrong += look(account);
    else
      wrong += move(account, accounts[operation.other], operation.amount);
  }
  return wrong;
}

template <class Account>
SAFECOST_KERNEL play(const Tape& tape) {
  std::array<Account, account_count> accounts;
  const std::uint64_t wrong = SAFECOST_IN_PARALLEL(worker) {
    return carry_out(accounts, tape.part(worker));
  };
  return digest_of(accounts) + wrong;
}

}  // namespace concurrency::guarded_value

#endif
