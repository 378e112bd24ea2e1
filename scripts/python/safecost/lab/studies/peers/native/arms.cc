// How peers come by the very functions and inputs that the runner times.
#include "arms.h"

#include <dlfcn.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "kernel/abi.h"

namespace {

constexpr std::size_t kMostInputs = 1'024;  // as src/runner/panel.cc has it

[[noreturn]] void fail(const char* what, const char* which) {
  std::fprintf(stderr, "peers: %s %s\n", what, which);
  std::exit(1);
}

const char* setting(const char* name) {
  const char* const value = std::getenv(name);
  if (value == nullptr) fail("the environment lacks", name);
  return value;
}

const safecost_plugin& plugin() {
  static const safecost_plugin* const loaded = [] {
    void* const library = dlopen(setting("PEERS_PLUGIN"), RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) fail("cannot load", dlerror());
    const auto entry =
        reinterpret_cast<decltype(&safecost_plugin_entry)>(dlsym(library, "safecost_plugin_entry"));
    if (entry == nullptr) fail("no plugin is", setting("PEERS_PLUGIN"));
    return entry();
  }();
  if (loaded->abi_version != SAFECOST_ABI_VERSION) fail("another border has", loaded->name);
  return *loaded;
}

const safecost_pool& drawn(std::size_t count) {
  safecost_request request = {};
  request.struct_size = sizeof request;
  request.count = static_cast<std::uint32_t>(count);
  request.seed = 1;
  request.size = std::strtoull(setting("PEERS_SIZE"), nullptr, 10);
  request.rate = -1;
  request.fault = SAFECOST_NO_FAULT;
  request.data = request.scratch = setting("PEERS_DATA");
  const safecost_pool* const pool = plugin().generate(&request);
  if (pool == nullptr) fail("no inputs for", plugin().name);
  return *pool;
}

const safecost_pool& pool() {
  static const safecost_pool& whole = [] -> const safecost_pool& {
    const std::size_t wanted = std::strtoull(setting("PEERS_POOL_BYTES"), nullptr, 10);
    const std::size_t fewest = std::strtoull(setting("PEERS_FEWEST_INPUTS"), nullptr, 10);
    const std::size_t bytes = std::max<std::size_t>(drawn(1).bytes, 1);
    return drawn(std::clamp((wanted + bytes - 1) / bytes, fewest, kMostInputs));
  }();
  return whole;
}

}  // namespace

peers_arm peers_load(const char* name) {
  for (std::uint32_t i = 0; i < plugin().variant_count; ++i) {
    const safecost_variant& variant = plugin().variants[i];
    if (std::strcmp(variant.name, name) != 0) continue;
    if (variant.reset != nullptr) fail("a context must be reset, untimed, of variant", name);
    const std::size_t count = pool().count;
    peers_arm arm = {variant.run, new void*[count], count};
    for (std::size_t k = 0; k < count; ++k) {
      arm.contexts[k] =
          variant.prepare(static_cast<const std::byte*>(pool().inputs) + k * pool().stride);
      if (arm.contexts[k] == nullptr) fail("an input cannot be prepared by", name);
    }
    return arm;
  }
  fail("the plugin has no variant", name);
}
