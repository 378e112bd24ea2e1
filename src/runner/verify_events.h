// What the worker that verifies a case tells its supervisor, an event a line.
#ifndef SAFECOST_RUNNER_VERIFY_EVENTS_H
#define SAFECOST_RUNNER_VERIFY_EVENTS_H

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <variant>

#include "nlohmann/json.hpp"
#include "runner/plugin.h"

namespace safecost {

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Problem, kind, profile, variant, message, size, rate, threads,
                                   workers)

namespace events {

// Where a problem is, or a digest comes from.
struct Place {
  std::int64_t size = -1;
  double rate = -1.0;
  std::uint32_t threads = 0;
  std::uint32_t workers = 0;
};

// What is done next: it is to blame if nothing comes any more.
struct Now {
  std::string stage = "load";  // load, generate, call, growth, compare
  std::size_t plugin = 0;      // where it is loaded
  std::string profile;
  std::string variant;
  Place place;
};
struct Described {
  std::size_t plugin;
  nlohmann::json as;
};
struct Digest {
  std::uint64_t digest;  // of all inputs of a request
  std::size_t request;
  std::string contender;
  Place place;
};
// The work of a contender grows with its input.
struct Grown {
  std::string contender;
};
// The inputs that a profile's plugin makes are compared.
struct Compared {
  std::string profile;
};
struct Found {
  Problem problem;
};
// Nothing else of this case can be checked.
struct Fatal {
  Problem problem;
};

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Place, size, rate, threads, workers)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Now, stage, plugin, profile, variant, place)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Described, plugin, as)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Digest, digest, request, contender, place)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Grown, contender)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Compared, profile)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Found, problem)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Fatal, problem)

using Event = std::variant<Now, Described, Digest, Grown, Compared, Found, Fatal>;

// An event is a pair: the number of its type in the variant, and its fields.
inline nlohmann::json to_json(const Event& event) {
  return std::visit(
      [&](const auto& typed) { return nlohmann::json::array({event.index(), typed}); }, event);
}

template <std::size_t I = 0>
Event from_json(const nlohmann::json& json) {
  if constexpr (I < std::variant_size_v<Event>) {
    if (json.at(0) == I) return json.at(1).get<std::variant_alternative_t<I, Event>>();
    return from_json<I + 1>(json);
  } else {
    throw std::out_of_range("an event of a type that nobody knows");
  }
}

}  // namespace events
}  // namespace safecost

#endif
