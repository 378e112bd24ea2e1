// How tapes of orders are made, valid ones and those that break a convention.
#include "tape.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace ownership::pass_ownership {

// A valid tape has `size` operations or a few more, in rounds that end with empty slots: orders are
// made, passed many times, looked at, and end there or here. Which slot is random; operations in
// random order would cost a mispredicted jump each, behind which the way there and back hides.
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
  std::vector<Order> orders(slot_count);
  const auto add = [&](Kind kind, std::uint32_t slot) {
    const std::uint64_t value = random.below(1'000'000);
    if (kind == Kind::create) orders[slot] = order_of(value);
    if (kind == Kind::pass) orders[slot].number += orders[slot].amounts[0];
    const bool looks = kind == Kind::finish || kind == Kind::read;
    tape.push_back({kind, slot, looks ? look_at(orders[slot]) : value});
  };
  const auto any = [&] { return full[random.below(full.size())]; };
  const auto goes_on = [&] { return tape.size() < generator.size(); };
  while (goes_on()) {
    while (goes_on() && !empty.empty()) add(Kind::create, moved(empty, full));
    for (std::size_t i = 0; goes_on() && i < 8 * slot_count; ++i) add(Kind::pass, any());
    for (std::size_t i = 0; goes_on() && i < slot_count / 2; ++i) add(Kind::read, any());
    while (full.size() > slot_count / 4) add(Kind::finish, moved(full, empty));
    while (!full.empty()) add(Kind::destroy, moved(full, empty));
  }
  return tape;
}

// What breaks a convention, in one slot.
std::vector<Kind> breach_of(const safecost::Generator& generator) {
  if (generator.commits("use_after_passing")) return {Kind::create, Kind::finish, Kind::read};
  if (generator.commits("both_free")) return {Kind::create, Kind::finish, Kind::destroy};
  if (generator.commits("null_passed")) return {Kind::finish};
  return {};
}

// Breaks it in one of the slots before the last that is used, at one of the places where it is empty, or was so
// from the start: no memory is used that a valid tape would not use.
void put_breach(safecost::Generator& generator, std::vector<Operation>& tape) {
  const std::vector<Kind> kinds = breach_of(generator);
  if (kinds.empty()) return;
  std::uint32_t last = 1;
  for (const Operation& operation : tape) last = std::max(last, operation.slot);
  const auto slot = static_cast<std::uint32_t>(generator.random.below(last));
  std::vector<std::size_t> places = {0};
  bool full = false;
  for (std::size_t i = 0; i < tape.size(); ++i) {
    const Kind kind = tape[i].kind;
    if (tape[i].slot == slot) full = kind != Kind::finish && kind != Kind::destroy;
    if (full && generator.commits("null_passed")) break;
    if (!full) places.push_back(i + 1);
  }
  std::vector<Operation> breach;
  for (const Kind kind : kinds) breach.push_back({kind, slot, generator.random.below(1'000'000)});
  const auto place = static_cast<std::ptrdiff_t>(places[generator.random.below(places.size())]);
  tape.insert(tape.begin() + place, breach.begin(), breach.end());
}

// Sixteen orders at a time lie in the first cache.
Input generate(safecost::Generator& generator) {
  constexpr std::size_t slot_count = 16;
  std::vector<Operation> tape = valid_tape(generator, slot_count);
  put_breach(generator, tape);
  const auto operations = generator.array<Operation>(tape.size());
  std::copy(tape.begin(), tape.end(), operations.begin());
  return {operations.data(), operations.size(), slot_count};
}

std::uint64_t values_alone(const void* input) {
  const Input& given = *static_cast<const Input*>(input);
  std::vector<Order> slots(given.slot_count);
  std::uint64_t digest = 0;
  for (std::size_t i = 0; i < given.count; ++i) {
    const Operation& operation = given.operations[i];
    Order& order = slots[operation.slot];
    if (operation.kind == Kind::create) order = order_of(operation.value);
    if (operation.kind == Kind::pass) order.number += order.amounts[0];
    if (operation.kind == Kind::finish || operation.kind == Kind::read)
      digest = digest * 31 + look_at(order);
  }
  return digest;
}

}  // namespace ownership::pass_ownership
