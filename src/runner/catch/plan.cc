#include "runner/catch/plan.h"

#include <algorithm>

#include "absl/status/status.h"
#include "fmt/format.h"
#include "runner/fields.h"
#include "runner/status_macros.h"

namespace safecost {

namespace {

std::string text(const char* text) { return text == nullptr ? "" : text; }

// A first exception in a plugin allocates what its runtime keeps for ever, and shall not do so in a world's memory:
// no plugin has a fault of this number, so its generator throws and catches.
void warm(const Plugin& plugin) {
  if (!plugin.generates()) return;
  safecost_request request = {};
  request.struct_size = sizeof request;
  request.fault = SAFECOST_NO_FAULT - 1;
  request.data = request.scratch = ".";
  if (const safecost_pool* const pool = plugin.table().generate(&request))
    plugin.table().release(pool);
}

absl::StatusOr<std::unique_ptr<Plugin>> load_one(const PluginAt& at, const std::string& case_name) {
  Problem problem;
  std::unique_ptr<Plugin> plugin = Plugin::load(at, case_name, problem);
  if (plugin == nullptr)
    return absl::InternalError(fmt::format("{}: {} {}", problem.kind, at.profile, problem.message));
  return plugin;
}

}  // namespace

bool ProvePlan::wants(const std::string& variant, const std::string& fault) const {
  const auto pair = std::make_pair(variant, fault);
  return pairs.empty() || std::find(pairs.begin(), pairs.end(), pair) != pairs.end();
}

absl::StatusOr<ProvePlan> ProvePlan::from_json(const nlohmann::json& json, std::string_view kind) {
  ProvePlan plan;
  Fields fields(json);
  fields.head(kind);
  fields.optional("case", plan.case_name);
  fields.required("plugin", plan.plugin);
  plan.generator = plan.plugin;
  fields.optional("generator", plan.generator);
  fields.required("data", plan.data);
  fields.required("scratch", plan.scratch);
  fields.optional("seed", plan.seed);
  fields.optional("timeout_seconds", plan.timeout_seconds, kSeconds);
  if (kind == "prove") fields.optional("tier", plan.tier);
  if (kind == "confirm") fields.optional("largest_valid", plan.largest_valid, kSizes);
  fields.optional("pairs", plan.pairs);
  RETURN_IF_ERROR(fields.done());
  return plan;
}

absl::StatusOr<Loaded> load(const ProvePlan& plan) {
  Loaded loaded;
  ASSIGN_OR_RETURN(loaded.plugin, load_one(plan.plugin, plan.case_name));
  if (plan.generator.path != plan.plugin.path) {
    ASSIGN_OR_RETURN(loaded.other, load_one(plan.generator, plan.case_name));
  }
  const Plugin& generator = loaded.generator();
  if (!generator.generates())
    return absl::InvalidArgumentError(
        fmt::format("{} makes no inputs: name a generator", generator.profile()));
  const std::string taken = text(loaded.plugin->table().input_layout);
  const std::string made = text(generator.table().input_layout);
  if (taken != made)
    return absl::InternalError(
        fmt::format("layout: {} takes inputs of another layout than {} makes: {} and {}",
                    loaded.plugin->profile(), generator.profile(), taken, made));
  warm(*loaded.plugin);
  if (loaded.other != nullptr) warm(*loaded.other);
  return loaded;
}

safecost_request request_of(const ProvePlan& plan, const Plugin& generator, std::uint64_t size,
                            std::uint32_t fault) {
  double rate =
      -1;  // the smallest that the case is timed at: errors on valid input are another matter
  for (const safecost_parameter* parameter : generator.parameters()) {
    if (parameter->rate >= 0 && (rate < 0 || parameter->rate < rate)) rate = parameter->rate;
  }
  return {.struct_size = sizeof(safecost_request),
          .count = 1,
          .seed = plan.seed,
          .size = size,
          .rate = rate,
          .fault = fault,
          .reserved = 0,
          .data = plan.data.c_str(),
          .scratch = plan.scratch.c_str()};
}

std::optional<std::uint32_t> own_index(const Plugin& plugin, std::string_view fault) {
  const safecost_plugin& table = plugin.table();
  for (std::uint32_t i = 0; i < table.fault_count; ++i) {
    if (fault == element(table.faults, i).name) return i;
  }
  return std::nullopt;
}

}  // namespace safecost
