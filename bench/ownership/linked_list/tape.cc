// How tapes of operations on a list are made, valid ones and those that break a convention.
#include "tape.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <numeric>
#include <span>
#include <vector>

namespace ownership::linked_list {

// A valid tape takes with an empty hand, uses a hand that holds a node, and ends with an empty one.
Kind choose(safecost::Random& random, std::size_t left, std::size_t length, bool holds, bool fill) {
  if (holds) {
    constexpr Kind choices[] = {Kind::read, Kind::put, Kind::drop};
    return left == 1 ? Kind::drop : choices[random.below(3)];
  }
  if (fill || length == 0) return Kind::push;
  const std::uint64_t dice = random.below(32);
  if (dice == 0) return Kind::sum;
  // Of two nodes taken one is dropped: two takes for each push keep the list as long as it is.
  return dice <= 10 || left == 1 ? Kind::push : Kind::take;
}

// What breaks a convention. Where a node is used after its end, or ended twice, the next one is made before
// anybody looks: a pool gives it the same place.
std::vector<Kind> breach_of(const safecost::Generator& generator) {
  using enum Kind;
  if (generator.commits("use_after_free")) return {push, take, drop, push, read};
  if (generator.commits("double_free"))
    return {push, take, drop, drop, push, take, push, read, drop};
  if (generator.commits("leak")) return {push, push, take, take, drop};
  if (generator.commits("take_from_empty")) return {take, read};
  return {};
}

// A list of values alone: nothing is there to be dropped twice or to be lost. The front is the vector's end, where a
// tape is at work.

struct Values {
  std::vector<std::uint64_t> nodes;
  std::uint64_t hand = 0;
};

void push(Values& list, std::uint64_t value) { list.nodes.push_back(value); }
void take(Values& list, std::uint32_t position) {
  const auto node = list.nodes.end() - 1 - position;
  list.hand = *node;
  list.nodes.erase(node);
}
void put(Values& list, std::uint32_t position) {
  list.nodes.insert(list.nodes.end() - position, list.hand);
}
void drop(Values&) {}
std::uint64_t read(const Values& list) { return list.hand; }
std::uint64_t sum(const Values& list) {
  return std::accumulate(list.nodes.begin(), list.nodes.end(), std::uint64_t{0});
}

Input generate(safecost::Generator& generator) {
  const std::size_t count = generator.size();
  std::vector<Operation> tape;
  std::vector<std::size_t> places;   // where the hand is empty
  std::vector<std::size_t> lengths;  // of the list at these places
  Values list;
  bool holds = false;
  const auto note = [&](std::size_t place) {
    if (holds) return;
    places.push_back(place);
    lengths.push_back(list.nodes.size());
  };
  for (std::size_t i = 0; i < count; ++i) {
    note(i);
    const bool fill = i < count / 8;
    const std::size_t length = list.nodes.size();
    const Kind kind = choose(generator.random, count - i, length, holds, fill);
    // Near the front, lest a long list make the walk all that is measured.
    const std::size_t nodes = std::min<std::size_t>(length + (kind == Kind::put ? 1 : 0), 16);
    const bool walks = kind == Kind::take || kind == Kind::put;
    tape.push_back(
        {.kind = kind,
         .position = walks ? static_cast<std::uint32_t>(generator.random.below(nodes)) : 0,
         .value = generator.random.below(1'000'000)});
    Operation& operation = tape.back();
    if (kind == Kind::push) push(list, operation.value);
    if (kind == Kind::take) take(list, operation.position);
    if (kind == Kind::put) put(list, operation.position);
    if (kind == Kind::read) operation.value = read(list);
    if (kind == Kind::sum) operation.value = sum(list);
    if (kind != Kind::read) holds = kind == Kind::take;
  }
  note(count);

  std::vector<Operation> breach;
  for (const Kind kind : breach_of(generator))
    breach.push_back({kind, 0, generator.random.below(1'000'000)});
  if (!breach.empty()) {
    const std::size_t drawn = generator.random.below(places.size());
    // The tape of a list that is to be empty ends there: first with all of its nodes.
    const bool emptied = generator.commits("take_from_empty");
    if (emptied) {
      tape.resize(places[drawn]);
      const Operation emptying[] = {{Kind::take, 0, 0}, {Kind::drop, 0, 0}};
      for (std::size_t left = lengths[drawn]; left > 0; --left)
        tape.insert(tape.end(), std::begin(emptying), std::end(emptying));
    }
    const std::size_t place = emptied ? tape.size() : places[drawn];
    tape.insert(tape.begin() + static_cast<std::ptrdiff_t>(place), breach.begin(), breach.end());
  }
  const auto operations = generator.array<Operation>(tape.size());
  std::ranges::copy(tape, operations.begin());
  return {operations.data(), operations.size()};
}

std::uint64_t values_alone(const void* input) {
  const Input& given = *static_cast<const Input*>(input);
  Values list;
  return play(std::span(given.operations, given.count), list);
}

}  // namespace ownership::linked_list
