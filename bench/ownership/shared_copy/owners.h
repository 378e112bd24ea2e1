// Who counts shares of settings: raw code, the library's owner, and pointers to what counts itself.
#ifndef SAFECOST_BENCH_OWNERSHIP_SHARED_COPY_OWNERS_H
#define SAFECOST_BENCH_OWNERSHIP_SHARED_COPY_OWNERS_H

#include <atomic>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <utility>

#include "kernel/case.h"
#include "tape.h"

namespace ownership::shared_copy {

// The functions that look. They are called, not inlined, as by a program that has them elsewhere: a
// compiler that sees a share made and given up again around a look could take it for nothing.

SAFECOST_OPAQUE inline std::uint64_t look(const Settings& settings) { return look_at(settings); }

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
inline void up(Plain& count) { ++count.number; }
inline bool down(Plain& count) { return --count.number == 0; }

// Counted atomically, as what threads share must be: a share needs no order to be taken, the last
// one to be given up must come after all that others did to what is shared.
struct Atomic {
  std::atomic<std::uint32_t> number;
};
inline void up(Atomic& count) { count.number.fetch_add(1, std::memory_order_relaxed); }
inline bool down(Atomic& count) {
  return count.number.fetch_sub(1, std::memory_order_acq_rel) == 1;
}

// The same, but who holds the only share need not compete: nobody else could take another one
// meanwhile.
struct AtomicUnlessAlone {
  std::atomic<std::uint32_t> number;
};
inline void up(AtomicUnlessAlone& count) { count.number.fetch_add(1, std::memory_order_relaxed); }
inline bool down(AtomicUnlessAlone& count) {
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
void create(Pointer<Count>& slot, std::uint64_t value) {
  slot.shared = new Counted<Count>(value);
}
template <class Count>
void share(Pointer<Count>& slot, const Pointer<Count>& from) {
  up(from.shared->count);
  slot.shared = from.shared;
}
template <class Count>
std::uint64_t show(const Pointer<Count>& slot) {
  return look(slot.shared->settings);
}
template <class Count>
void release(Pointer<Count>& slot) {
  if (down(slot.shared->count)) delete slot.shared;
}

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

template <class Count>
struct IntrusiveChecked {
  Intrusive<Count> owner;
};
template <class Count>
SAFECOST_HELPER std::uint64_t show(const IntrusiveChecked<Count>& slot) {
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

}  // namespace ownership::shared_copy

#endif
