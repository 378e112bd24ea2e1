// How tapes of shares are made, valid ones and those that break a convention.
#include "tape.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace ownership::shared_copy {

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
  std::vector<Settings> held(slot_count);
  const auto add = [&](Kind kind, std::uint32_t slot, std::uint32_t from) {
    auto value = static_cast<std::uint32_t>(random.below(1'000'000));
    if (kind == Kind::create) held[slot] = settings_of(value);
    if (kind == Kind::share) held[slot] = held[from];
    if (kind == Kind::show) value = static_cast<std::uint32_t>(look_at(held[slot]));
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

}  // namespace ownership::shared_copy
