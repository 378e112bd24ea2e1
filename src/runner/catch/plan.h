// What a program that commits faults is asked to do, and the plugins that it does it with.
#ifndef SAFECOST_RUNNER_CATCH_PLAN_H
#define SAFECOST_RUNNER_CATCH_PLAN_H

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "kernel/abi.h"
#include "nlohmann/json.hpp"
#include "runner/plugin.h"

namespace safecost {

struct ProvePlan {
  std::string case_name;
  PluginAt plugin;
  PluginAt generator;  // makes inputs and declares the faults; without one it is the plugin itself
  std::string data;
  std::string scratch;
  std::uint64_t seed = 1;
  double timeout_seconds = 1;
  std::uint32_t tier = 0;           // the sizes of the tiers up to it are proved; "prove" alone
  std::uint64_t largest_valid = 0;  // valid inputs beyond it are left out ("confirm" alone)
  std::vector<std::pair<std::string, std::string>> pairs;  // empty: all

  bool wants(const std::string& variant, const std::string& fault) const;

  // `kind` is "prove" or "confirm".
  static absl::StatusOr<ProvePlan> from_json(const nlohmann::json& json, std::string_view kind);
};

// A plugin, and the one that makes its inputs where that is another.
struct Loaded {
  std::unique_ptr<Plugin> plugin;
  std::unique_ptr<Plugin> other;

  const Plugin& generator() const { return other == nullptr ? *plugin : *other; }
};
absl::StatusOr<Loaded> load(const ProvePlan& plan);

// One input of that size that commits the fault of that number, or SAFECOST_NO_FAULT; its texts are the plan's.
safecost_request request_of(const ProvePlan& plan, const Plugin& generator, std::uint64_t size,
                            std::uint32_t fault);

// The place of a fault in a plugin's own list, by which its variants' arrays are ordered.
std::optional<std::uint32_t> own_index(const Plugin& plugin, std::string_view fault);

// An element of an array whose writer may know longer structs than we do.
template <class T>
const T& element(const T* first, std::uint32_t i) {
  return *reinterpret_cast<const T*>(reinterpret_cast<const std::byte*>(first) +
                                     i * first->struct_size);
}

}  // namespace safecost

#endif
