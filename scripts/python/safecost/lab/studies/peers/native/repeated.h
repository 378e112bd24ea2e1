// A case's raw kernel 100 times, its A/A copy as often, and 101 and 102 times: pairs whose ratios are known.
//
// Included by a file that the study writes: it has included the case's own file before, with `inner_plugin` in place of the
// symbol that the case exports, and defines PEERS_SIZE, the size of the case's inputs.
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "kernel/case.h"

namespace peers {

constexpr std::size_t kBase = 100;
constexpr std::size_t kCalls = kBase + 2;  // as many as the longest repeats
constexpr std::size_t kRing = kCalls - 1;  // of these, all but the last take turns
constexpr std::size_t kStep = 37;          // any: the ring's length is a prime
constexpr std::uint32_t kRaw = 0;
constexpr std::uint32_t kCopy = 1;

// The first raw variant and its A/A copy, which are one source as two functions.
inline const std::array<const safecost_variant*, 2>& inner() {
  static const std::array<const safecost_variant*, 2> both = [] {
    std::array<const safecost_variant*, 2> variants = {};
    const safecost_plugin* const plugin = inner_plugin();
    for (std::uint32_t i = 0; i < plugin->variant_count; ++i) {
      const safecost_variant* const variant = plugin->variants + i;
      if (variant->role == SAFECOST_ROLE_RAW && variants[kRaw] == nullptr) variants[kRaw] = variant;
      if (variant->role == SAFECOST_ROLE_AA) variants[kCopy] = variant;
    }
    return variants;
  }();
  return both;
}

// Each call has an input of its own, as one that is met again is learned by the branch predictor.
struct Input {
  std::array<const void*, kCalls> inputs;
};

struct Call {
  void* context;
  const void* input;
};

struct Context {
  const safecost_variant* variant = nullptr;
  std::vector<Call> calls;
  std::size_t first = 0;
  ~Context() {
    for (const Call& call : calls) variant->release(call.context);
  }
};

// Begins elsewhere each time, so that what is called once more is no input that happens to be dear; ends at the same
// input, so that all give its digest. What a kernel must have undone before it is called is undone here, and is timed:
// not every peer can leave it out. All contenders pay for it alike.
template <std::size_t Times, std::uint32_t Which>
SAFECOST_OPAQUE std::uint64_t repeated(void* context) noexcept {
  Context& all = *static_cast<Context*>(context);
  const safecost_kernel run = all.variant->run;
  const auto reset = all.variant->reset;
  const auto call = [&](const Call& one) {
    if (reset != nullptr) reset(one.context, one.input);
    return run(one.context);
  };
  std::size_t at = all.first;
  all.first = (all.first + kStep) % kRing;
  for (std::size_t i = 1; i < Times; ++i) {
    call(all.calls[at]);
    if (++at == kRing) at = 0;
  }
  return call(all.calls[kRing]);
}

template <std::uint32_t Which>
void* prepare(const void* input) noexcept try {
  auto context = std::make_unique<Context>();
  context->variant = inner()[Which];
  for (const void* const each : static_cast<const Input*>(input)->inputs) {
    void* const made = context->variant->prepare(each);
    if (made == nullptr) return nullptr;
    context->calls.push_back({made, each});
  }
  return context.release();
} catch (...) {
  return nullptr;
}

inline void release(void* context) noexcept { delete static_cast<Context*>(context); }

inline std::uint64_t digest(const void* context) noexcept {
  const Context& all = *static_cast<const Context*>(context);
  return all.variant->digest == nullptr ? 0 : all.variant->digest(all.calls.back().context);
}

struct Pool : safecost_pool {
  const safecost_pool* drawn = nullptr;
  std::vector<Input> groups;
};

inline const safecost_pool* generate(const safecost_request* request) noexcept try {
  auto pool = std::make_unique<Pool>();
  safecost_request asked = *request;
  asked.count = static_cast<std::uint32_t>(request->count * kCalls);
  pool->drawn = inner_plugin()->generate(&asked);
  if (pool->drawn == nullptr) return nullptr;
  const auto* next = static_cast<const std::byte*>(pool->drawn->inputs);
  pool->groups.resize(request->count);
  for (Input& group : pool->groups) {
    for (const void*& input : group.inputs) input = std::exchange(next, next + pool->drawn->stride);
  }
  static_cast<safecost_pool&>(*pool) = {sizeof(safecost_pool), request->count,
                                        pool->groups.data(),   sizeof(Input),
                                        pool->drawn->bytes,    nullptr};
  return pool.release();
} catch (...) {
  return nullptr;
}

inline void release_pool(const safecost_pool* pool) noexcept {
  inner_plugin()->release(static_cast<const Pool*>(pool)->drawn);
  delete static_cast<const Pool*>(pool);
}

template <std::size_t Times, std::uint32_t Which>
safecost_variant variant(std::uint32_t role, const char* name, double planted) {
  safecost_variant made = {};
  made.struct_size = sizeof made;
  made.role = role;
  made.name = name;
  made.summary = "the case's raw kernel so many times";
  made.run = repeated<Times, Which>;
  made.prepare = prepare<Which>;
  made.release = release;
  made.digest = digest;
  made.planted = planted;
  return made;
}

// The case's own table, with these variants, one size, and no faults.
inline const safecost_plugin* plugin() {
  static const std::array variants = {
      variant<kBase, kRaw>(SAFECOST_ROLE_RAW, "base", 0),
      variant<kBase, kCopy>(SAFECOST_ROLE_AA, "aa", 1),
      variant<kBase + 1, kCopy>(SAFECOST_ROLE_CALIBRATION, "plus_1", 1.01),
      variant<kBase + 2, kCopy>(SAFECOST_ROLE_CALIBRATION, "plus_2", 1.02)};
  static const safecost_parameter parameter = {
      sizeof parameter, SAFECOST_TIER_QUICK, PEERS_SIZE, -1, "L2", 0};
  static const safecost_plugin made = [] {
    safecost_plugin table = *inner_plugin();
    table.input_layout = "{*}102";
    table.parameter_count = 1;
    table.parameters = &parameter;
    table.variant_count = variants.size();
    table.variants = variants.data();
    table.fault_count = 0;
    table.faults = nullptr;
    table.generate = generate;
    table.release = release_pool;
    return table;
  }();
  return &made;
}

}  // namespace peers

extern "C" [[gnu::visibility("default")]] const safecost_plugin* safecost_plugin_entry() {
  return peers::plugin();
}
