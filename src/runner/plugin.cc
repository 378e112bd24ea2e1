#include "runner/plugin.h"

#include <dlfcn.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>
#include <span>
#include <tuple>
#include <utility>

#include "absl/status/status.h"
#include "fmt/format.h"
#include "runner/fields.h"
#include "runner/platform.h"
#include "runner/reap.h"
#include "runner/status_macros.h"

namespace safecost {

namespace {

// What the run document can hold.
constexpr std::uint32_t kMostEntries = 64;  // of each kind
constexpr std::uint32_t kLargestCwe = 99'999;

// Elements of an array whose writer may know longer structs than we do.
template <class T>
std::vector<const T*> elements(const T* first, std::uint32_t count) {
  std::vector<const T*> all;
  const auto* at = reinterpret_cast<const std::byte*>(first);
  for (std::uint32_t i = 0; i < count; ++i) {
    const auto* element = reinterpret_cast<const T*>(at);
    if (element->struct_size < sizeof(T)) return {};
    all.push_back(element);
    at += element->struct_size;
  }
  return all;
}

std::string text(const char* text) { return text == nullptr ? "" : text; }

bool is_name(std::string_view name) {
  if (name.empty() || name.size() > 64 || name[0] < 'a' || name[0] > 'z') return false;
  for (const char c : name) {
    if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_')) return false;
  }
  return true;
}

// At most 64 characters of UTF-8, none of which controls a terminal.
bool is_label(std::string_view label) {
  std::size_t characters = 0;
  for (const char c : label) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) return false;
    if ((byte & 0xc0u) != 0x80u) ++characters;
  }
  return characters <= 64;
}

// Null for a role of a later border: to time it as another one would give its ratio another meaning.
// Null where none is stated.
const char* origin_name(std::uint32_t origin) {
  constexpr const char* kNames[] = {nullptr, "library", "ordinary", "bespoke"};
  return origin < std::size(kNames) ? kNames[origin] : nullptr;
}

const char* role_name(std::uint32_t role) {
  switch (role) {
    case SAFECOST_ROLE_RAW:
      return "raw";
    case SAFECOST_ROLE_SAFE:
      return "safe";
    case SAFECOST_ROLE_AA:
      return "aa";
    case SAFECOST_ROLE_CALIBRATION:
      return "calibration";
    default:
      return nullptr;
  }
}

// Does a variant of its role have a ratio by construction, and is it one?
bool plants_rightly(const safecost_variant& variant) {
  if (variant.role == SAFECOST_ROLE_AA) return variant.planted == 1.0;
  if (variant.role != SAFECOST_ROLE_CALIBRATION) return variant.planted == 0.0;
  return std::isfinite(variant.planted) && variant.planted >= 0.01 && variant.planted <= 100.0;
}

const char* kind_name(std::uint32_t kind) {
  return kind == SAFECOST_FAULT_INPUT ? "input" : kind == SAFECOST_FAULT_TAPE ? "tape" : "kernel";
}

nlohmann::json or_null(const char* text) {
  return text == nullptr ? nlohmann::json() : nlohmann::json(text);
}

nlohmann::json names_of(std::uint32_t bits, std::span<const char* const> names) {
  nlohmann::json found = nlohmann::json::array();
  for (std::size_t i = 0; i < names.size(); ++i) {
    if ((bits >> i & 1u) != 0) found.push_back(names[i]);
  }
  return found;
}

}  // namespace

absl::StatusOr<PluginAt> PluginAt::from_json(const nlohmann::json& json, const std::string& name) {
  PluginAt plugin;
  Fields fields(json, name);
  fields.required("profile", plugin.profile);
  fields.required("path", plugin.path);
  RETURN_IF_ERROR(fields.done());
  return plugin;
}

nlohmann::json fault_json(const safecost_fault& fault) {
  static constexpr const char* kOracles[] = {"guard",  "sanitizer", "memcheck", "ledger",
                                             "canary", "value",     "race"};
  static constexpr const char* kStops[] = {"assertion", "trap",  "fortify",
                                           "exception", "panic", "error_value"};
  return {{"name", text(fault.name)},
          {"kind", kind_name(fault.kind)},
          {"cwe", fault.cwe},
          {"size", fault.size},
          {"description", text(fault.description)},
          {"contract", text(fault.contract)},
          {"oracles", names_of(fault.oracles, kOracles)},
          {"stops", names_of(fault.stops, kStops)},
          {"reference", fault.reference != nullptr}};
}

nlohmann::json Problem::to_json() const {
  const auto or_null = [](const std::string& value) {
    return value.empty() ? nlohmann::json() : nlohmann::json(value);
  };
  return {{"kind", kind},
          {"profile", or_null(profile)},
          {"variant", or_null(variant)},
          {"size", size < 0 ? nlohmann::json() : nlohmann::json(size)},
          {"rate", rate < 0 ? nlohmann::json() : nlohmann::json(rate)},
          {"threads", threads == 0 ? nlohmann::json() : nlohmann::json(threads)},
          {"workers", workers == 0 ? nlohmann::json() : nlohmann::json(workers)},
          {"message", message}};
}

Plugin::Plugin(std::string profile, void* library, const safecost_plugin* table)
    : profile_(std::move(profile)),
      library_(library),
      table_(table),
      variants_(elements(table->variants, table->variant_count)),
      parameters_(elements(table->parameters, table->parameter_count)) {}

std::unique_ptr<Plugin> Plugin::load(const PluginAt& at, std::string_view case_name,
                                     Problem& problem) {
  const std::string& path = at.path;
  problem.profile = at.profile;
  problem.kind = "exports";
  if (const auto symbols = platform::exported_symbols(path); symbols.ok() && symbols->size() != 1) {
    problem.message = fmt::format(
        "exports {} symbols instead of one, {} among them: build it with the version script",
        symbols->size(), symbols->empty() ? "none" : symbols->front());
    return nullptr;
  }
  problem.kind = "load";
  void* const library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    problem.message = fmt::format("cannot be loaded: {}", dlerror());
    return nullptr;
  }
  using Entry = const safecost_plugin* (*)();
  const auto entry = reinterpret_cast<Entry>(dlsym(library, "safecost_plugin_entry"));
  const safecost_plugin* const table = entry == nullptr ? nullptr : entry();
  if (table == nullptr) {
    problem.message = "has no safecost_plugin_entry: it is not a plugin of this suite";
    return nullptr;
  }
  if (const std::size_t left = reap::end_strays(); left != 0) {
    problem.message = fmt::format("leaves {} process(es) behind when it is loaded", left);
    return nullptr;
  }
  problem.kind = "abi";
  if (table->abi_version != SAFECOST_ABI_VERSION) {
    problem.message =
        fmt::format("speaks version {} of the kernel border, this runner speaks {}: rebuild it",
                    table->abi_version, SAFECOST_ABI_VERSION);
    return nullptr;
  }
  if (table->struct_size < sizeof(safecost_plugin)) {
    problem.message = fmt::format("its table has {} bytes, {} are needed: rebuild it",
                                  table->struct_size, sizeof(safecost_plugin));
    return nullptr;
  }
  std::unique_ptr<Plugin> plugin(new Plugin(at.profile, library, table));
  problem.message = plugin->objection();
  if (problem.message.empty() && !case_name.empty() && text(table->name) != case_name) {
    problem.message = fmt::format("is of case {}, expected {}", text(table->name), case_name);
  }
  if (!problem.message.empty()) return nullptr;
  problem.kind = "folded";
  std::set<safecost_kernel> kernels;
  for (const safecost_variant* variant : plugin->variants_) {
    if (variant->run == nullptr) continue;
    problem.variant = variant->name;
    if (!kernels.insert(variant->run).second) {
      problem.message =
          "shares its code with another variant: the compiler folded them into one function";
      return nullptr;
    }
    if (platform::is_only_a_jump(variant->run)) {
      problem.message =
          "is only a jump to other code: its body was not inlined or was folded with another's";
      return nullptr;
    }
  }
  problem = {};
  return plugin;
}

std::string Plugin::objection() const {
  if (variants_.size() != table_->variant_count || variants_.empty())
    return "has no readable variants";
  if (parameters_.size() != table_->parameter_count) return "has no readable parameters";
  if (elements(table_->faults, table_->fault_count).size() != table_->fault_count)
    return "has no readable faults";
  for (const auto& [kind, count] : {std::pair("variants", table_->variant_count),
                                    {"parameters", table_->parameter_count},
                                    {"faults", table_->fault_count}}) {
    if (count > kMostEntries)
      return fmt::format("has {} {}, and {} are the most", count, kind, kMostEntries);
  }
  if (generates() != (table_->release != nullptr)) return "generates inputs that it cannot release";
  if (const std::string language = text(table_->language); language != "c++" && language != "rust")
    return fmt::format("is of the language '{}', and c++ and rust are known",
                       language.substr(0, 80));
  if (text(table_->input_layout).empty()) return "does not tell the layout of its input";
  for (const std::string& objection :
       {objection_to_parameters(), objection_to_variants(), objection_to_faults()}) {
    if (!objection.empty()) return objection;
  }
  return "";
}

std::string Plugin::objection_to_parameters() const {
  if (generates() && parameters_.empty()) return "times no size: add one with size()";
  const bool straight = (table_->flags & SAFECOST_CASE_STRAIGHT) != 0;
  std::set<std::tuple<std::uint64_t, double, std::uint32_t, std::uint32_t>> places;
  for (const safecost_parameter* parameter : parameters_) {
    const auto [size, rate, threads, workers] =
        std::tuple(parameter->size, parameter->rate, parameter->threads, parameter->workers);
    std::string where = fmt::format("size {}", size);
    if (!(rate < 0)) where += fmt::format(", rate {}", rate);
    if (threads > 0) where += fmt::format(", threads {}", threads);
    if (workers > 0) where += fmt::format(", workers {}", workers);
    if (threads > kThreads.most)
      return fmt::format("asks for a process that has had {} threads: 1 or 2", threads);
    if ((threads == 0) != (parameters_.front()->threads == 0))
      return "says of some sizes how many threads the process has had, and not of all";
    if (workers > kWorkers.most)
      return fmt::format("asks for {} workers: at most {}", workers, kWorkers.most);
    if ((workers == 0) != (parameters_.front()->workers == 0))
      return "gives kernels workers at some sizes, and not at all";
    if (workers > 0 && threads > 0)
      return "asks for threads and for workers: a process with workers has had a second thread";
    if (workers > 0 && straight)
      return "is straight and has workers: which way each takes depends on the others";
    if (size > kLargestSize)
      return fmt::format("times {}, and {} is the largest size", where, kLargestSize);
    if (!(rate <= kRates.most)) return fmt::format("times {}, and a rate is from 0 to 1", where);
    if (!places.emplace(size, rate, threads, workers).second)
      return fmt::format("times {} twice", where);
    if (!is_label(text(parameter->label)))
      return fmt::format("labels {} with what is no short word", where);
  }
  return "";
}

std::string Plugin::objection_to_variants() const {
  std::set<std::string> names;
  bool raw = false;
  for (const safecost_variant* variant : variants_) {
    const std::string name = text(variant->name);
    if (!is_name(name))
      return fmt::format("has a variant named '{}': use lower case, digits and _", name);
    if (!names.insert(name).second) return fmt::format("has two variants named {}", name);
    const bool whole =
        variant->run != nullptr && variant->prepare != nullptr && variant->release != nullptr;
    if (variant->gap == nullptr && !whole)
      return fmt::format("variant {} lacks run, prepare or release", name);
    if (role_name(variant->role) == nullptr)
      return fmt::format("variant {} has the unknown role {}", name, variant->role);
    if (!plants_rightly(*variant))
      return fmt::format(
          "variant {} plants the ratio {}: an A/A copy has 1, a calibration 0.01 to 100, others 0",
          name, variant->planted);
    if (variant->algorithm != nullptr && !is_name(variant->algorithm))
      return fmt::format("variant {} names the algorithm '{}': use lower case, digits and _", name,
                         variant->algorithm);
    if ((variant->flags & SAFECOST_VARIANT_PRACTISED) != 0 && variant->role != SAFECOST_ROLE_RAW)
      return fmt::format("variant {} is practised, and only raw ones can be", name);
    if ((variant->flags & SAFECOST_VARIANT_TRUSTED_CORE) != 0 &&
        variant->role != SAFECOST_ROLE_SAFE)
      return fmt::format("variant {} has a trusted core, and only safe ones can have one", name);
    if (variant->origin > SAFECOST_ORIGIN_BESPOKE)
      return fmt::format("variant {} has the unknown origin {}", name, variant->origin);
    raw = raw || variant->role == SAFECOST_ROLE_RAW;
  }
  return raw ? "" : "has no raw variant to compare with";
}

// A twin says nothing of a fault but its name; a name that a C++ case does not declare looks the same there.
std::string Plugin::objection_to_faults() const {
  std::set<std::string> names;
  for (const safecost_fault* fault : elements(table_->faults, table_->fault_count)) {
    const std::string name = text(fault->name);
    if (!is_name(name))
      return fmt::format("has a fault named '{}': use lower case, digits and _",
                         name.substr(0, 80));
    if (!names.insert(name).second) return fmt::format("has two faults named {}", name);
    if (fault->cwe == 0 && text(table_->language) == "c++")
      return fmt::format(
          "speaks of a fault {} that it does not declare, or declares with the CWE number 0", name);
    if (fault->cwe > kLargestCwe)
      return fmt::format("gives fault {} the CWE number {}", name, fault->cwe);
  }
  return "";
}

const safecost_variant* Plugin::variant(std::string_view name) const {
  for (const safecost_variant* variant : variants_) {
    if (name == variant->name) return variant;
  }
  return nullptr;
}

const safecost_variant* Plugin::raw() const {
  const auto raw = std::ranges::find(variants_, std::uint32_t{SAFECOST_ROLE_RAW},
                                     [](const safecost_variant* variant) { return variant->role; });
  return raw == variants_.end() ? nullptr : *raw;
}

std::uint32_t Plugin::workers() const {
  std::uint32_t most = 0;
  for (const safecost_parameter* parameter : parameters_) most = std::max(most, parameter->workers);
  return most;
}

nlohmann::json Plugin::describe() const {
  nlohmann::json json = {{"profile", profile_},
                         {"case", text(table_->name)},
                         {"language", text(table_->language)},
                         {"layout", text(table_->input_layout)},
                         {"system_bound", (table_->flags & SAFECOST_CASE_SYSTEM_BOUND) != 0},
                         {"straight", (table_->flags & SAFECOST_CASE_STRAIGHT) != 0},
                         {"minimum_size", table_->minimum_size},
                         {"facts", nlohmann::json::object()},
                         {"parameters", nlohmann::json::array()},
                         {"variants", nlohmann::json::array()},
                         {"faults", nlohmann::json::array()}};
  for (const safecost_fact* fact : elements(table_->facts, table_->fact_count)) {
    json["facts"][text(fact->key)] = text(fact->value);
  }
  for (const safecost_parameter* parameter : parameters_) {
    json["parameters"].push_back(
        {{"size", parameter->size},
         {"rate", parameter->rate < 0 ? nlohmann::json() : nlohmann::json(parameter->rate)},
         {"threads",
          parameter->threads == 0 ? nlohmann::json() : nlohmann::json(parameter->threads)},
         {"workers",
          parameter->workers == 0 ? nlohmann::json() : nlohmann::json(parameter->workers)},
         {"label", text(parameter->label)},
         {"tier", parameter->tier}});
  }
  for (const safecost_variant* variant : variants_) {
    const auto address =
        variant->run == nullptr ? std::nullopt : platform::address_in_file(variant->run);
    json["variants"].push_back(
        {{"name", text(variant->name)},
         {"role", role_name(variant->role)},
         {"planted", variant->planted == 0 ? nlohmann::json() : nlohmann::json(variant->planted)},
         {"summary", text(variant->summary)},
         {"algorithm", or_null(variant->algorithm)},
         {"practised", (variant->flags & SAFECOST_VARIANT_PRACTISED) != 0},
         {"origin", or_null(origin_name(variant->origin))},
         {"trusted_core", (variant->flags & SAFECOST_VARIANT_TRUSTED_CORE) != 0},
         {"gap", or_null(variant->gap)},
         {"address", address ? nlohmann::json(*address) : nlohmann::json()}});
  }
  for (const safecost_fault* fault : elements(table_->faults, table_->fault_count)) {
    json["faults"].push_back(fault_json(*fault));
  }
  return json;
}

absl::StatusOr<Pool> Pool::make(const Plugin& generator, const safecost_request& request) {
  const safecost_pool* const pool = generator.table().generate(&request);
  if (pool == nullptr) {
    const safecost_report* report = generator.table().report;
    return absl::InternalError(fmt::format("the generator failed at size {}: {}", request.size,
                                           report == nullptr ? "" : report->text));
  }
  Pool made(pool, generator.table().release);
  if (pool->struct_size < sizeof(safecost_pool) || pool->count != request.count ||
      (pool->count > 0 && (pool->inputs == nullptr || pool->stride == 0))) {
    return absl::InternalError(
        fmt::format("the generator made {} inputs, {} were asked for", pool->count, request.count));
  }
  return made;
}

std::vector<std::uint64_t> Pool::digests() const {
  std::vector<std::uint64_t> all;
  if (pool_->digest == nullptr) return all;
  for (std::uint32_t i = 0; i < pool_->count; ++i) {
    all.push_back(pool_->digest(pool_.get(), i));
    if (all.back() == 0) return {};
  }
  return all;
}

}  // namespace safecost
