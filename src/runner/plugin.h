// A loaded plugin: everything the border promises has been checked before anybody uses it.
#ifndef SAFECOST_RUNNER_PLUGIN_H
#define SAFECOST_RUNNER_PLUGIN_H

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "kernel/abi.h"
#include "nlohmann/json.hpp"

namespace safecost {

// A plugin as plans name it.
struct PluginAt {
  std::string profile;
  std::string path;

  static absl::StatusOr<PluginAt> from_json(const nlohmann::json& json, const std::string& name);
};

// What is wrong with a plugin, a contender or a case, and where. `kind` is one of the run document's.
struct Problem {
  std::string kind;
  std::string profile;
  std::string variant;
  std::string message;
  std::int64_t size = -1;     // -1: not at a size
  double rate = -1.0;         // negative: no rate
  std::uint32_t threads = 0;  // 0: the case does not ask
  std::uint32_t workers = 0;

  nlohmann::json to_json() const;
};

// What a fault declares, with `reference` null: it depends on an input.
nlohmann::json fault_json(const safecost_fault& fault);

class Plugin {
 public:
  // Loads and checks. `problem` receives what is wrong when the result is null. `case_name` may be empty.
  static std::unique_ptr<Plugin> load(const PluginAt& at, std::string_view case_name,
                                      Problem& problem);

  const std::string& profile() const { return profile_; }
  const safecost_plugin& table() const { return *table_; }
  void* library() const { return library_; }  // as dlopen gave it
  const std::vector<const safecost_variant*>& variants() const { return variants_; }
  const std::vector<const safecost_parameter*>& parameters() const { return parameters_; }
  // Null when there is none of that name.
  const safecost_variant* variant(std::string_view name) const;
  // The first raw one, which is the baseline of its profile.
  const safecost_variant* raw() const;
  // The most that a size of its case gives kernels; 0 where they are of one thread.
  std::uint32_t workers() const;
  bool generates() const { return table_->generate != nullptr; }

  nlohmann::json describe() const;

 private:
  Plugin(std::string profile, void* library, const safecost_plugin* table);
  // What breaks the border's rules; empty when nothing does.
  std::string objection() const;
  std::string objection_to_parameters() const;
  std::string objection_to_variants() const;
  std::string objection_to_faults() const;

  std::string profile_;
  void* library_;
  const safecost_plugin* table_;
  std::vector<const safecost_variant*> variants_;
  std::vector<const safecost_parameter*> parameters_;
};

// Inputs made by one plugin for all; frees them with the plugin that made them.
class Pool {
 public:
  static absl::StatusOr<Pool> make(const Plugin& generator, const safecost_request& request);

  std::size_t count() const { return pool_->count; }
  std::size_t bytes() const { return pool_->bytes; }
  const void* input(std::size_t i) const {
    return static_cast<const std::byte*>(pool_->inputs) + i * pool_->stride;
  }
  // Of each input, whatever kernels say of it; empty where the pool does not tell of all.
  std::vector<std::uint64_t> digests() const;

 private:
  using Release = void (*)(const safecost_pool*);
  Pool(const safecost_pool* pool, Release release) : pool_(pool, release) {}
  std::unique_ptr<const safecost_pool, Release> pool_;
};

}  // namespace safecost

#endif
