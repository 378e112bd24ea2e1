// Calls one kernel of a plugin so many times on one input: what another call costs is what it executes.
//
//   call_kernel PLUGIN VARIANT SIZE CALLS
#include <dlfcn.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "kernel/abi.h"

int main(int count, char** words) {
  if (count != 5) return 2;
  void* const library = dlopen(words[1], RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return std::fprintf(stderr, "%s\n", dlerror()), 1;
  using Entry = const safecost_plugin* (*)();
  const safecost_plugin* const plugin =
      reinterpret_cast<Entry>(dlsym(library, "safecost_plugin_entry"))();
  const safecost_request request = {.struct_size = sizeof(safecost_request),
                                    .count = 1,
                                    .seed = 1,
                                    .size = std::strtoull(words[3], nullptr, 10),
                                    .rate = -1,
                                    .fault = SAFECOST_NO_FAULT,
                                    .reserved = 0,
                                    .data = ".",
                                    .scratch = "."};
  const safecost_pool* const pool = plugin->generate(&request);
  const auto* at = reinterpret_cast<const char*>(plugin->variants);
  for (unsigned i = 0; i < plugin->variant_count; ++i) {
    const auto* const variant = reinterpret_cast<const safecost_variant*>(at);
    at += variant->struct_size;
    if (std::strcmp(variant->name, words[2]) != 0) continue;
    void* const context = variant->prepare(pool->inputs);
    for (int left = std::atoi(words[4]); left > 0; --left) variant->run(context);
    return 0;
  }
  return std::fprintf(stderr, "no variant %s\n", words[2]), 1;
}
