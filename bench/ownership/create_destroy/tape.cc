// How tapes of orders are made, valid ones and those that break a convention.
#include "tape.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace ownership::create_destroy {

// A valid tape makes `size` orders, each in an empty slot, and ends with all of them destroyed, so
// that nobody has to clear up behind it.
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
  std::vector<std::uint64_t> held(slot_count);
  for (std::size_t left = generator.size(); left > 0 || !full.empty();) {
    const std::uint64_t dice = random.below(4);
    const std::uint64_t value = random.below(1'000'000);
    if (dice == 0 && !full.empty()) {
      const std::uint32_t slot = full[random.below(full.size())];
      tape.push_back({Kind::read, slot, look_at(order_of(held[slot]))});
    } else if (left > 0 && !empty.empty() && (full.size() < slot_count / 2 || dice == 1)) {
      tape.push_back({Kind::create, moved(empty, full), value});
      held[full.back()] = value;
      --left;
    } else if (!full.empty()) {
      tape.push_back({Kind::destroy, moved(full, empty), value});
    }
  }
  return tape;
}

// What breaks a convention, in one slot.
std::vector<Kind> breach_of(const safecost::Generator& generator) {
  if (generator.commits("use_after_free")) return {Kind::create, Kind::destroy, Kind::read};
  if (generator.commits("double_free")) return {Kind::create, Kind::destroy, Kind::destroy};
  if (generator.commits("leak")) return {Kind::create, Kind::create, Kind::destroy};
  if (generator.commits("sentinel_value")) return {Kind::create, Kind::read, Kind::destroy};
  return {};
}

// Breaks it in one of the slots before the last that is used, at one of the places where it is empty: no memory
// is used that a valid tape would not use.
void put_breach(safecost::Generator& generator, std::vector<Operation>& tape) {
  const std::vector<Kind> kinds = breach_of(generator);
  if (kinds.empty()) return;
  std::uint32_t last = 1;
  for (const Operation& operation : tape) last = std::max(last, operation.slot);
  const auto slot = static_cast<std::uint32_t>(generator.random.below(last));
  std::vector<std::size_t> places = {0};
  bool full = false;
  for (std::size_t i = 0; i < tape.size(); ++i) {
    if (tape[i].slot == slot && tape[i].kind != Kind::read) full = tape[i].kind == Kind::create;
    if (!full) places.push_back(i + 1);
  }
  std::vector<Operation> breach;
  for (const Kind kind : kinds) {
    const std::uint64_t value =
        generator.commits("sentinel_value") ? UINT64_MAX : generator.random.below(1'000'000);
    breach.push_back({kind, slot, value});
  }
  const auto place = static_cast<std::ptrdiff_t>(places[generator.random.below(places.size())]);
  tape.insert(tape.begin() + place, breach.begin(), breach.end());
}

// An eighth of all orders has a slot, and half of the slots are taken at a time.
Input generate(safecost::Generator& generator) {
  const std::size_t slot_count = generator.size() / 8 + 1;
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
    if (operation.kind == Kind::create) slots[operation.slot] = order_of(operation.value);
    if (operation.kind == Kind::destroy) slots[operation.slot] = {};
    if (operation.kind == Kind::read) digest = digest * 31 + look_at(slots[operation.slot]);
  }
  return digest;
}

}  // namespace ownership::create_destroy
