// What does a copy of a shared owner cost while another thread copies the same one?
//
// Workers look at settings that they share, of which there are eight, each time by a share of their own: the count goes up
// and down for every look, and its line to and fro between the workers. That line is the one in which the settings lie, or
// the one beside: who only reads waits for it, too. Alone, a worker pays for two atomic additions (shared_copy_threads).
//
// A share is needed by whoever must keep the settings alive, and one for each worker does (once_each): a loop that copies
// one for each look buys nothing with it. Nor does a count that is lent: but then somebody has to be sure that its owner
// outlives all looks (lent_too_long), which C++ leaves to the reader and Rust asks of the compiler.
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "kernel/case.h"
#include "kernel/turns.h"
#include "kernel/workers.h"
#include "owners.h"

namespace ownership::shared_copy {

constexpr std::size_t shared_count = 8;

struct Shown {
  const std::uint32_t* values;  // of the settings, `shared_count` of them
  const std::uint32_t* which;   // is looked at, in turn
  std::size_t count;
};

Shown generate_looks(safecost::Generator& generator) {
  const auto values = generator.array<std::uint32_t>(shared_count);
  for (std::uint32_t& value : values)
    value = static_cast<std::uint32_t>(generator.random.below(1'000'000));
  const auto which = generator.array<std::uint32_t>(generator.size());
  for (std::uint32_t& shared : which)
    shared = static_cast<std::uint32_t>(generator.random.below(shared_count));
  return {values.data(), which.data(), which.size()};
}

std::uint64_t all_looks(const void* input) {
  const Shown& given = *static_cast<const Shown*>(input);
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < given.count; ++i)
    sum += look_at(settings_of(given.values[given.which[i]]));
  return sum;
}

struct Looks {
  explicit Looks(const Shown& input)
      : values(input.values, input.values + shared_count),
        which(input.which, input.which + input.count) {}

  // Those of one worker: a run of them.
  std::span<const std::uint32_t> part(std::size_t worker) const {
    const std::size_t workers = safecost::worker_count();
    const std::size_t from = which.size() * worker / workers;
    return std::span(which).subspan(from, which.size() * (worker + 1) / workers - from);
  }

  std::vector<std::uint32_t> values;
  std::vector<std::uint32_t> which;
};

template <class Slot>
using Settled = std::array<Slot, shared_count>;

template <class Slot>
SAFECOST_HELPER void create_all(Settled<Slot>& shared, const Looks& looks) {
  for (std::size_t i = 0; i < shared_count; ++i) create(shared[i], looks.values[i]);
}
template <class Slot>
SAFECOST_HELPER void share_all(Settled<Slot>& mine, const Settled<Slot>& shared) {
  for (std::size_t i = 0; i < shared_count; ++i) share(mine[i], shared[i]);
}
template <class Slot>
SAFECOST_HELPER void release_all(Settled<Slot>& shared) {
  for (Slot& slot : shared) release(slot);
}

// A share for each look.
template <class Slot>
SAFECOST_HELPER std::uint64_t look_by_share(const Settled<Slot>& shared,
                                            std::span<const std::uint32_t> part) {
  std::uint64_t sum = 0;
  for (const std::uint32_t which : part) {
    Slot mine;
    share(mine, shared[which]);
    sum += show(mine);
    release(mine);
  }
  return sum;
}
// None: `show` takes one of its own, or is lent what it looks at.
template <class Slot>
SAFECOST_HELPER std::uint64_t look_by_reference(const Settled<Slot>& shared,
                                                std::span<const std::uint32_t> part) {
  std::uint64_t sum = 0;
  for (const std::uint32_t which : part) sum += show(shared[which]);
  return sum;
}

enum class By { share, reference, once_each };

template <class Slot, By by>
SAFECOST_HELPER std::uint64_t look_by(const Settled<Slot>& shared,
                                      std::span<const std::uint32_t> part) {
  if constexpr (by == By::share) return look_by_share(shared, part);
  if constexpr (by == By::reference) return look_by_reference(shared, part);
  Settled<Slot> mine;
  share_all(mine, shared);
  const std::uint64_t sum = look_by_reference(mine, part);
  release_all(mine);
  return sum;
}

template <class Slot, By by>
SAFECOST_KERNEL look_at_all(const Looks& looks) {
  Settled<Slot> shared;
  create_all(shared, looks);
  const std::uint64_t sum = SAFECOST_IN_PARALLEL(worker) {
    return look_by<Slot, by>(shared, looks.part(worker));
  };
  release_all(shared);
  return sum;
}

// For `released_twice`: the last worker gives a share up once more than it has taken one.
template <class Slot, By by>
SAFECOST_KERNEL released_twice(const Looks& looks) {
  Settled<Slot> shared;
  create_all(shared, looks);
  const std::uint32_t last = safecost::worker_count() - 1;
  const std::size_t place = safecost::drawn(shared_count);
  const std::uint64_t sum = SAFECOST_IN_PARALLEL(worker) {
    if (worker == last) {
      Slot mine;
      share(mine, shared[place]);
      release(mine);
      release(mine);
    }
    return look_by<Slot, by>(shared, looks.part(worker));
  };
  release_all(shared);
  return sum;
}

// For `lent_too_long`: the last worker looks when the owner has given its shares up. Until then the first one waits.
template <class Slot, By by>
SAFECOST_KERNEL lent_too_long(const Looks& looks) {
  Settled<Slot> shared;
  create_all(shared, looks);
  safecost::Turns turns;
  const std::uint32_t last = safecost::worker_count() - 1;
  return SAFECOST_IN_PARALLEL(worker) {
    std::uint64_t sum = 0;
    if (worker == last) {
      Settled<Slot> mine;
      if (by != By::reference) share_all(mine, shared);
      turns.next();
      if (last == 0) release_all(shared);
      if (last != 0) turns.wait_for(2);
      sum = look_by_reference(by == By::reference ? shared : mine, looks.which);
      if (by != By::reference) release_all(mine);
    } else if (worker == 0) {
      turns.wait_for(1);
      release_all(shared);
      turns.next();
    }
    return sum;
  };
}

constexpr const char* counts_for_all = "it counts atomically where there is a second thread";
constexpr const char* nobody_counts = "workers take no share";

auto the_case =
    safecost::Case<Shown>(generate_looks)
        .size_and_workers(4'096, 1, "uncontended")
        .size_and_workers(4'096, 2, "contended")
        .fault({.name = "counted_plainly",
                .cwe = 362,
                .description = "workers count shares of the same settings as if they were alone",
                .contract = "what counts plainly stays in one thread",
                .kind = SAFECOST_FAULT_KERNEL,
                .oracles = SAFECOST_ORACLE_RACE,
                .size = 1'024,
                .reference = all_looks})
        .fault({.name = "released_twice",
                .cwe = 911,
                .description = "a worker gives a share up twice: settings end that others hold",
                .contract = "a share is given up once",
                .kind = SAFECOST_FAULT_KERNEL,
                .oracles = SAFECOST_ORACLE_GUARD | SAFECOST_ORACLE_SANITIZER |
                           SAFECOST_ORACLE_MEMCHECK | SAFECOST_ORACLE_LEDGER,
                .reference = all_looks})
        .fault({.name = "lent_too_long",
                .cwe = 416,
                .description = "a worker looks when the owner of the settings has given them up",
                .contract = "who looks has a share, or an owner that outlives the look",
                .kind = SAFECOST_FAULT_KERNEL,
                .oracles =
                    SAFECOST_ORACLE_GUARD | SAFECOST_ORACLE_SANITIZER | SAFECOST_ORACLE_MEMCHECK,
                .reference = all_looks})
        .raw<look_at_all<Pointer<Atomic>, By::share>>("raw",
                                                      "a count by hand, atomic, for each look")
        .ordinary()
        .practised()
        .fault_kernel<look_at_all<Pointer<Plain>, By::share>>("counted_plainly")
        .fault_kernel<released_twice<Pointer<Atomic>, By::share>>("released_twice")
        .fault_kernel<lent_too_long<Pointer<Atomic>, By::share>>("lent_too_long")
        .claims("always", "lent_too_long")
        .raw<look_at_all<Pointer<Atomic>, By::once_each>>("raw_once_each",
                                                          "a share for each worker")
        .ordinary()
        .algorithm("once_each")
        .fault_kernel<look_at_all<Pointer<Plain>, By::once_each>>("counted_plainly")
        .fault_kernel<released_twice<Pointer<Atomic>, By::once_each>>("released_twice")
        .fault_kernel<lent_too_long<Pointer<Atomic>, By::once_each>>("lent_too_long")
        .claims("always", "lent_too_long")
        .raw<look_at_all<Pointer<Atomic>, By::reference>>("raw_lent", "the owner's share, lent")
        .ordinary()
        .algorithm("lent")
        .inexpressible("counted_plainly", nobody_counts)
        .inexpressible("released_twice", nobody_counts)
        .fault_kernel<lent_too_long<Pointer<Atomic>, By::reference>>("lent_too_long")
        .safe<look_at_all<ShownByValue, By::reference>>(
            "shared_ptr", "std::shared_ptr, a copy of it for each look")
        .library()
        .inexpressible("counted_plainly", counts_for_all)
        .fault_kernel<released_twice<ShownByValue, By::reference>>("released_twice")
        .fault_kernel<lent_too_long<ShownByValue, By::share>>("lent_too_long")
        .claims("always", "counted_plainly", "released_twice", "lent_too_long")
        .safe<look_at_all<ShownByReference, By::once_each>>(
            "shared_ptr_once_each", "std::shared_ptr, a copy for each worker")
        .library()
        .algorithm("once_each")
        .inexpressible("counted_plainly", counts_for_all)
        .fault_kernel<released_twice<ShownByReference, By::once_each>>("released_twice")
        .fault_kernel<lent_too_long<ShownByReference, By::once_each>>("lent_too_long")
        .claims("always", "counted_plainly", "released_twice", "lent_too_long")
        .safe<look_at_all<ShownByReference, By::reference>>("shared_ptr_reference",
                                                            "std::shared_ptr, by const reference")
        .library()
        .algorithm("lent")
        .inexpressible("counted_plainly", counts_for_all)
        .fault_kernel<released_twice<ShownByReference, By::reference>>("released_twice")
        .fault_kernel<lent_too_long<ShownByReference, By::reference>>("lent_too_long")
        .claims("always", "counted_plainly", "released_twice")
        .claims("libstdc++", "lent_too_long")
        .safe<look_at_all<IntrusiveByReference<Atomic>, By::share>>(
            "intrusive_atomic", "an intrusive pointer that counts atomically, copied for each look")
        .ordinary()
        .trusted_core()
        .fault_kernel<look_at_all<IntrusiveByReference<Plain>, By::share>>("counted_plainly")
        .fault_kernel<released_twice<IntrusiveByReference<Atomic>, By::share>>("released_twice")
        .fault_kernel<lent_too_long<IntrusiveByReference<Atomic>, By::share>>("lent_too_long")
        .claims("always", "released_twice", "lent_too_long");

}  // namespace ownership::shared_copy

SAFECOST_EXPORT(ownership::shared_copy::the_case)
