// What does a copy of a shared owner cost, and does it matter that the program has a second thread?
//
// A tape shares settings between slots, shows them to a function and gives shares up; the last
// share ends their life. A share is a number that goes up and down. What that costs depends on who
// could count at the same time: an atomic addition takes longer than a plain one even where nobody
// competes. libc++'s shared_ptr and Rust's Arc always count atomically, Rust's Rc never.
// libstdc++'s asks the C library whether this process has ever started a thread, and counts plainly
// until then: so each size is timed twice, in a process that never had a second thread, and in one
// that had one for a moment (`threads:2`).
//
// A function that only looks needs no share of its own: it can be given the owner by reference, or
// what is owned. That is the first half of the price. The second goes where one thread is all there
// is: an owner that counts plainly (intrusive, Rc) costs about what counting by hand does, and with a
// question for null before each use (intrusive_checked) it stops every fault. An atomic owner costs about
// what atomic counting does where the count lies with what is shared (intrusive_atomic);
// std::shared_ptr has a second count, for weak owners, and asks in each copy and each release whether
// there was a thread, whose answer is loaded anew.
//
// Who has asked can as well lend what is owned (intrusive_lent): else the callee loads the pointer that its
// caller has just looked at (`mov rcx,[rdi]`), and Clang, short of a register, keeps the digest on the
// stack. What stays is 2 to 3 % with Clang and 4 to 5 % with GCC, three instructions an operation (27 against
// 24): a slot that is written looks for the share that it held (`test rdi,rdi; je`), one that is copied
// for the share that it has, one that is given up is emptied (`mov QWORD PTR [r12+rbp*8],0`), and one
// that is shown is asked. Each is there for a fault, and none follows from another.
#include <algorithm>
#include <atomic>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include "kernel/case.h"

namespace ownership::shared_copy {

enum class Kind : std::uint32_t {
  create,  // make settings in an empty slot
  share,   // a share of another slot's settings for an empty slot
  show,    // call a function that looks at the slot's settings
  release  // give the slot's share up
};

struct Operation {
  Kind kind;
  std::uint32_t slot;
  std::uint32_t from;  // whose settings are shared; otherwise the slot itself
  std::uint32_t value;
};

struct Input {
  const Operation* operations;
  std::size_t count;
  std::size_t slot_count;
};

struct Settings {
  std::uint64_t number;
  std::uint64_t values[3];
};

SAFECOST_HELPER Settings settings_of(std::uint64_t value) {
  return {value, {value + 1, value + 2, value + 3}};
}

SAFECOST_HELPER std::uint64_t look_at(const Settings& settings) {
  return settings.number ^ settings.values[2];
}

// A valid tape has `size` operations or a few more, in rounds that end with empty slots: some
// settings are made, shared until every slot holds one, shown and given up. Whose settings and
// which slot is random. What is done is not: operations in random order cost a mispredicted jump
// each, behind which an atomic addition hides.
std::vector<Operation> valid_tape(safecost::Generator& generator, std::size_t slot_count) {
  safecost::Random& random = generator.random;
  std::vector<std::uint32_t> empty;
  for (std::uint32_t slot = 0; slot < slot_count; ++slot) empty.push_back(slot);
  std::vector<std::uint32_t> full;
  const auto moved = [&](std::vector<std::uint32_t>& from, std::vector<std::uint32_t>& to) {
    std::swap(from[random.below(from.size())], from.back());
    to.push_back(from.back());
    from.pop_back();
    return to.back();
  };

  std::vector<Operation> tape;
  const auto add = [&](Kind kind, std::uint32_t slot, std::uint32_t from) {
    const auto value = static_cast<std::uint32_t>(random.below(1'000'000));
    tape.push_back({kind, slot, from, value});
  };
  const auto goes_on = [&] { return tape.size() < generator.size(); };
  while (goes_on()) {
    while (goes_on() && full.size() < slot_count / 8) {
      const std::uint32_t slot = moved(empty, full);
      add(Kind::create, slot, slot);
    }
    while (goes_on() && !empty.empty()) {
      const std::uint32_t from = full[random.below(full.size())];
      add(Kind::share, moved(empty, full), from);
    }
    for (std::size_t shown = 0; goes_on() && shown < slot_count; ++shown) {
      const std::uint32_t slot = full[random.below(full.size())];
      add(Kind::show, slot, slot);
    }
    while (!full.empty()) {
      const std::uint32_t slot = moved(full, empty);
      add(Kind::release, slot, slot);
    }
  }
  return tape;
}

// What breaks a convention, in one slot, or in that and another one.
std::vector<Operation> breach_of(safecost::Generator& generator, std::uint32_t slot,
                                 std::uint32_t other) {
  const auto operation = [&](Kind kind, std::uint32_t of, std::uint32_t from) -> Operation {
    return {kind, of, from, static_cast<std::uint32_t>(generator.random.below(1'000'000))};
  };
  const auto here = [&](Kind kind) { return operation(kind, slot, slot); };
  if (generator.commits("use_after_release"))
    return {here(Kind::create), here(Kind::release), here(Kind::show)};
  if (generator.commits("released_twice"))
    return {here(Kind::create),
            operation(Kind::share, other, slot),
            here(Kind::release),
            here(Kind::release),
            operation(Kind::show, other, other),
            operation(Kind::release, other, other)};
  if (generator.commits("release_missing"))
    return {here(Kind::create), here(Kind::create), here(Kind::release)};
  return {};
}

// Breaks it at one of the places where both slots are empty, of those before the last that is used: no memory is
// used that a valid tape would not use.
void put_breach(safecost::Generator& generator, std::vector<Operation>& tape) {
  std::uint32_t last = 2;
  for (const Operation& operation : tape) last = std::max(last, operation.slot);
  const auto slot = static_cast<std::uint32_t>(generator.random.below(last));
  const auto distance = static_cast<std::uint32_t>(generator.random.between(1, last - 1));
  const std::uint32_t other = (slot + distance) % last;
  const std::vector<Operation> breach = breach_of(generator, slot, other);
  std::vector<std::size_t> places = {0};
  std::size_t full = 0;
  for (std::size_t i = 0; i < tape.size(); ++i) {
    const Kind kind = tape[i].kind;
    const bool counts = tape[i].slot == slot || tape[i].slot == other;
    if (counts && kind == Kind::release) --full;
    if (counts && (kind == Kind::create || kind == Kind::share)) ++full;
    if (full == 0) places.push_back(i + 1);
  }
  const auto place = static_cast<std::ptrdiff_t>(places[generator.random.below(places.size())]);
  tape.insert(tape.begin() + place, breach.begin(), breach.end());
}

Input generate(safecost::Generator& generator) {
  constexpr std::size_t slot_count = 32;
  std::vector<Operation> tape = valid_tape(generator, slot_count);
  put_breach(generator, tape);
  const auto operations = generator.array<Operation>(tape.size());
  std::copy(tape.begin(), tape.end(), operations.begin());
  return {operations.data(), operations.size(), slot_count};
}

// A tape and its slots. A kernel leaves the slots as it found them: empty, or with what nobody will
// look at.
template <class Slot>
struct Tape {
  explicit Tape(const Input& input)
      : operations(input.operations, input.operations + input.count), slots(input.slot_count) {}

  std::vector<Operation> operations;
  std::vector<Slot> slots;
};

// The slots are found by pointer in all variants: bounds are other cases' question.
template <class Slot>
SAFECOST_HELPER std::uint64_t play(Tape<Slot>& tape) {
  Slot* const slots = tape.slots.data();
  std::uint64_t digest = 0;
  for (const Operation& operation : tape.operations) {
    Slot& slot = slots[operation.slot];
    switch (operation.kind) {
      case Kind::create:
        create(slot, operation.value);
        break;
      case Kind::share:
        share(slot, slots[operation.from]);
        break;
      case Kind::show:
        digest = digest * 31 + show(slot);
        break;
      case Kind::release:
        release(slot);
        break;
    }
  }
  return digest;
}

// The functions that look. They are called, not inlined, as by a program that has them elsewhere: a
// compiler that sees a share made and given up again around a look could take it for nothing.

SAFECOST_OPAQUE std::uint64_t look(const Settings& settings) { return look_at(settings); }

template <class Owner>
SAFECOST_OPAQUE std::uint64_t look_as_owner(Owner owner) {
  return look_at(*owner);
}

template <class Owner>
SAFECOST_OPAQUE std::uint64_t look_at_owner(const Owner& owner) {
  return look_at(*owner);
}

// Raw: a count beside what is shared, and the habit of counting each share up once and down once.

struct Plain {
  std::uint32_t number;
};
SAFECOST_HELPER void up(Plain& count) { ++count.number; }
SAFECOST_HELPER bool down(Plain& count) { return --count.number == 0; }

// Counted atomically, as what threads share must be: a share needs no order to be taken, the last
// one to be given up must come after all that others did to what is shared.
struct Atomic {
  std::atomic<std::uint32_t> number;
};
SAFECOST_HELPER void up(Atomic& count) { count.number.fetch_add(1, std::memory_order_relaxed); }
SAFECOST_HELPER bool down(Atomic& count) {
  return count.number.fetch_sub(1, std::memory_order_acq_rel) == 1;
}

// The same, but who holds the only share need not compete: nobody else could take another one
// meanwhile.
struct AtomicUnlessAlone {
  std::atomic<std::uint32_t> number;
};
SAFECOST_HELPER void up(AtomicUnlessAlone& count) {
  count.number.fetch_add(1, std::memory_order_relaxed);
}
SAFECOST_HELPER bool down(AtomicUnlessAlone& count) {
  if (count.number.load(std::memory_order_acquire) == 1) return true;
  return count.number.fetch_sub(1, std::memory_order_acq_rel) == 1;
}

template <class Count>
struct Counted {
  explicit Counted(std::uint64_t value) : settings(settings_of(value)) {}

  Count count{1};
  Settings settings;
};

template <class Count>
struct Pointer {
  Counted<Count>* shared = nullptr;
};
template <class Count>
SAFECOST_HELPER void create(Pointer<Count>& slot, std::uint64_t value) {
  slot.shared = new Counted<Count>(value);
}
template <class Count>
SAFECOST_HELPER void share(Pointer<Count>& slot, const Pointer<Count>& from) {
  up(from.shared->count);
  slot.shared = from.shared;
}
template <class Count>
SAFECOST_HELPER std::uint64_t show(const Pointer<Count>& slot) {
  return look(slot.shared->settings);
}
template <class Count>
SAFECOST_HELPER void release(Pointer<Count>& slot) {
  if (down(slot.shared->count)) delete slot.shared;
}

SAFECOST_KERNEL raw(Tape<Pointer<Plain>>& tape) { return play(tape); }
SAFECOST_KERNEL raw_atomic(Tape<Pointer<Atomic>>& tape) { return play(tape); }
SAFECOST_KERNEL raw_atomic_alone(Tape<Pointer<AtomicUnlessAlone>>& tape) { return play(tape); }

// The library's owner. A slot that has given its share up is empty.

using Shared = std::shared_ptr<Settings>;

struct ShownByValue {
  Shared owner;
};
SAFECOST_HELPER std::uint64_t show(const ShownByValue& slot) { return look_as_owner(slot.owner); }

struct ShownByReference {
  Shared owner;
};
SAFECOST_HELPER std::uint64_t show(const ShownByReference& slot) {
  return look_at_owner(slot.owner);
}

struct ShownChecked {
  Shared owner;
};
SAFECOST_HELPER std::uint64_t show(const ShownChecked& slot) {
  if (slot.owner == nullptr) throw std::logic_error("the slot is empty");
  return look_at_owner(slot.owner);
}

SAFECOST_HELPER void create(Shared& owner, std::uint64_t value) {
  owner = std::make_shared<Settings>(settings_of(value));
}

// A pointer to what counts itself, as boost::intrusive_ptr, Chromium's scoped_refptr and Qt's
// shared data are.
template <class Count>
class Intrusive {
 public:
  Intrusive() = default;
  explicit Intrusive(Counted<Count>* shared) : shared_(shared) {}
  Intrusive(const Intrusive& other) : shared_(other.shared_) {
    if (shared_ != nullptr) up(shared_->count);
  }
  Intrusive(Intrusive&& other) noexcept : shared_(std::exchange(other.shared_, nullptr)) {}
  Intrusive& operator=(Intrusive other) noexcept {
    std::swap(shared_, other.shared_);
    return *this;
  }
  ~Intrusive() {
    if (shared_ != nullptr && down(shared_->count)) delete shared_;
  }

  void reset() { Intrusive().swap(*this); }
  void swap(Intrusive& other) { std::swap(shared_, other.shared_); }
  explicit operator bool() const { return shared_ != nullptr; }
  const Settings& operator*() const { return shared_->settings; }

 private:
  Counted<Count>* shared_ = nullptr;
};

template <class Count>
struct IntrusiveByReference {
  Intrusive<Count> owner;
};
template <class Count>
SAFECOST_HELPER void create(Intrusive<Count>& owner, std::uint64_t value) {
  owner = Intrusive<Count>(new Counted<Count>(value));
}
template <class Count>
SAFECOST_HELPER std::uint64_t show(const IntrusiveByReference<Count>& slot) {
  return look_at_owner(slot.owner);
}

struct IntrusiveChecked {
  Intrusive<Plain> owner;
};
SAFECOST_HELPER std::uint64_t show(const IntrusiveChecked& slot) {
  if (!slot.owner) throw std::logic_error("the slot is empty");
  return look_at_owner(slot.owner);
}

// The function is lent what is owned, once it is known to be there.
struct IntrusiveLent {
  Intrusive<Plain> owner;
};
SAFECOST_HELPER std::uint64_t show(const IntrusiveLent& slot) {
  if (!slot.owner) throw std::logic_error("the slot is empty");
  return look(*slot.owner);
}

template <class Slot>
concept Owning = requires(Slot& slot) { slot.owner.reset(); };

SAFECOST_HELPER void create(Owning auto& slot, std::uint64_t value) { create(slot.owner, value); }
SAFECOST_HELPER void share(Owning auto& slot, const Owning auto& from) { slot.owner = from.owner; }
SAFECOST_HELPER void release(Owning auto& slot) { slot.owner.reset(); }

SAFECOST_KERNEL shared_ptr(Tape<ShownByValue>& tape) { return play(tape); }
SAFECOST_KERNEL shared_ptr_reference(Tape<ShownByReference>& tape) { return play(tape); }
SAFECOST_KERNEL shared_ptr_checked(Tape<ShownChecked>& tape) { return play(tape); }
SAFECOST_KERNEL intrusive(Tape<IntrusiveByReference<Plain>>& tape) { return play(tape); }
SAFECOST_KERNEL intrusive_checked(Tape<IntrusiveChecked>& tape) { return play(tape); }
SAFECOST_KERNEL intrusive_lent(Tape<IntrusiveLent>& tape) { return play(tape); }
SAFECOST_KERNEL intrusive_atomic(Tape<IntrusiveByReference<Atomic>>& tape) { return play(tape); }

// For `shared_across_threads`: two threads with a share each of the same settings, which copy it and give the copy up.
template <class Slot>
SAFECOST_KERNEL across_threads(Tape<Slot>& tape) {
  constexpr int copies = 200;
  const auto use = [](const Slot& slot) {
    for (int i = 0; i < copies; ++i) {
      Slot copy;
      share(copy, slot);
      release(copy);
    }
  };
  Slot mine, theirs;
  create(mine, tape.operations.front().value);
  share(theirs, mine);
  std::thread other([&] {
    use(theirs);
    release(theirs);
  });
  use(mine);
  const std::uint64_t digest = show(mine);
  other.join();
  release(mine);
  return digest;
}
std::uint64_t first_value(const void* input) {
  return look_at(settings_of(static_cast<const Input*>(input)->operations->value));
}

// What an idiom gives that prevents a fault: a share that was given up is gone, and no other one
// with it.
std::uint64_t values_alone(const void* input) {
  const Input& given = *static_cast<const Input*>(input);
  std::vector<Settings> slots(given.slot_count);
  std::uint64_t digest = 0;
  for (std::size_t i = 0; i < given.count; ++i) {
    const Operation& operation = given.operations[i];
    Settings& slot = slots[operation.slot];
    if (operation.kind == Kind::create) slot = settings_of(operation.value);
    if (operation.kind == Kind::share) slot = slots[operation.from];
    if (operation.kind == Kind::show) digest = digest * 31 + look_at(slot);
    if (operation.kind == Kind::release) slot = {};
  }
  return digest;
}

auto the_case =
    safecost::Case<Input>(generate)
        .size_and_threads(1'024, 1, "L1")                         // 24 KiB of operations, 32 slots
        .size_and_threads(1'024, 2, "L1")                         // the same
        .size_and_threads(16'384, 1, "L2", safecost::Tier::full)  // 384 KiB, read in order
        .size_and_threads(16'384, 2, "L2", safecost::Tier::full)
        .fault({.name = "use_after_release",
                .cwe = 416,
                .description = "settings are looked at whose last share was given up",
                .contract = "who has given its share up does not use it",
                .kind = SAFECOST_FAULT_TAPE})
        .fault({.name = "released_twice",
                .cwe = 911,
                .description = "a share is given up twice: settings end that another one holds",
                .contract = "a share is given up once",
                .kind = SAFECOST_FAULT_TAPE,
                .reference = values_alone})
        .fault({.name = "release_missing",
                .cwe = 401,
                .description = "settings are made in a slot that still holds a share",
                .contract = "a slot gives its share up before it takes another",
                .kind = SAFECOST_FAULT_TAPE,
                .oracles =
                    SAFECOST_ORACLE_SANITIZER | SAFECOST_ORACLE_MEMCHECK | SAFECOST_ORACLE_LEDGER,
                .reference = values_alone})
        .fault({.name = "shared_across_threads",
                .cwe = 362,
                .description = "two threads copy shares of the same settings and give them up",
                .contract = "what counts plainly stays in one thread",
                .kind = SAFECOST_FAULT_KERNEL,
                .oracles = SAFECOST_ORACLE_RACE,
                .reference = first_value})
        .raw<raw>("raw", "a count by hand, for one thread")
        .ordinary()
        .fault_kernel<across_threads<Pointer<Plain>>>("shared_across_threads")
        .raw<raw_atomic>("raw_atomic", "the same, atomic, for any number of threads")
        .ordinary()
        .fault_kernel<across_threads<Pointer<Atomic>>>("shared_across_threads")
        .algorithm("atomic_count")
        .practised()
        .raw<raw_atomic_alone>("raw_atomic_alone", "atomic unless it is the only share")
        .bespoke()
        .fault_kernel<across_threads<Pointer<AtomicUnlessAlone>>>("shared_across_threads")
        .algorithm("atomic_count")
        .safe<shared_ptr>("shared_ptr", "std::shared_ptr, a copy of it for each call")
        .library()
        .fault_kernel<across_threads<ShownByValue>>("shared_across_threads")
        .algorithm("atomic_count")
        .claims("always", "released_twice", "release_missing", "shared_across_threads")
        .claims("libstdc++", "use_after_release")
        .safe<shared_ptr_reference>("shared_ptr_reference", "std::shared_ptr, by const reference")
        .library()
        .fault_kernel<across_threads<ShownByReference>>("shared_across_threads")
        .algorithm("atomic_count")
        .claims("always", "released_twice", "release_missing", "shared_across_threads")
        .claims("libstdc++", "use_after_release")
        .safe<shared_ptr_checked>("shared_ptr_checked", "the same, asked for null before each use")
        .ordinary()
        .fault_kernel<across_threads<ShownChecked>>("shared_across_threads")
        .algorithm("atomic_count")
        .claims("always", "use_after_release", "released_twice", "release_missing",
                "shared_across_threads")
        .safe<intrusive>("intrusive", "an intrusive pointer for one thread, by const reference")
        .ordinary()
        .trusted_core()
        .fault_kernel<across_threads<IntrusiveByReference<Plain>>>("shared_across_threads")
        .claims("always", "released_twice", "release_missing")
        .safe<intrusive_checked>("intrusive_checked", "the same, asked for null before each use")
        .ordinary()
        .trusted_core()
        .fault_kernel<across_threads<IntrusiveChecked>>("shared_across_threads")
        .claims("always", "use_after_release", "released_twice", "release_missing")
        .safe<intrusive_lent>("intrusive_lent", "the same, and what is owned by const reference")
        .bespoke()
        .trusted_core()
        .fault_kernel<across_threads<IntrusiveLent>>("shared_across_threads")
        .claims("always", "use_after_release", "released_twice", "release_missing")
        .safe<intrusive_atomic>("intrusive_atomic", "intrusive with an atomic count")
        .ordinary()
        .trusted_core()
        .fault_kernel<across_threads<IntrusiveByReference<Atomic>>>("shared_across_threads")
        .algorithm("atomic_count")
        .claims("always", "released_twice", "release_missing", "shared_across_threads");

}  // namespace ownership::shared_copy

SAFECOST_EXPORT(ownership::shared_copy::the_case)
