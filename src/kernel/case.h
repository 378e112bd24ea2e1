// What a case file includes: kernels in, one plugin out. `kernel/abi.h` is the border that this fills in.
//
// A kernel is a function of one context; a context is made, untimed, from one input:
//
//   struct Input { const std::int32_t* values; std::size_t count; };      // plain C data
//   struct Values { explicit Values(const Input& input); ... };           // what a variant works on
//   SAFECOST_KERNEL at(const Values& values) { ... return digest; }       // the timed code
//
//   auto sum = safecost::Case<Input>(generate)
//                  .size(4'096, "L1")
//                  .raw<raw>("raw", "pointer and length")
//                  .safe<at>("at", "vector::at");
//   SAFECOST_EXPORT(sum)
//
// A context may have `void reset(const Input&)` (the kernel changes it: called before each call) and
// `std::uint64_t digest() const` (the kernel leaves its result in memory); both are untimed.
#ifndef SAFECOST_KERNEL_CASE_H
#define SAFECOST_KERNEL_CASE_H

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <deque>
#include <exception>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kernel/abi.h"
#include "kernel/facts.h"
#include "kernel/generator.h"
#include "kernel/layout.h"

// The body is inlined into the exported function, so that helpers and copies of it cannot turn one
// variant into a jump to another.
#define SAFECOST_KERNEL [[gnu::always_inline]] static inline std::uint64_t

// Helpers shared by variants: without this, adding a variant can change its neighbours' code.
#define SAFECOST_HELPER [[gnu::always_inline]] static inline

// What is exported: neither cloned, merged, nor looked into by callers. Clang has no `noipa`; there
// `call` below hides the arguments instead.
#if defined(__clang__)
#define SAFECOST_OPAQUE [[gnu::noinline]]
#else
#define SAFECOST_OPAQUE [[gnu::noipa]]
#endif

namespace safecost {

// Calls a kernel from within the plugin such that the compiler can neither merge two calls nor
// guess what they work on.
inline std::uint64_t call(safecost_kernel kernel, void* context) {
  asm volatile("" : "+r"(kernel), "+r"(context) : : "memory");
  return kernel(context);
}

inline safecost_report border_report = {sizeof(safecost_report), 0, 0, {}};

// An exception that reached the border: noted for the runner, never passed on.
[[gnu::noinline, gnu::cold]] inline std::uint64_t report_exception() noexcept {
  border_report.stop = SAFECOST_STOP_EXCEPTION;
  ++border_report.count;
  const char* what = "not a std::exception";
  try {
    throw;
  } catch (const std::exception& error) {
    what = error.what();
    std::snprintf(border_report.text, sizeof border_report.text, "%s", what);
  } catch (...) {
    std::snprintf(border_report.text, sizeof border_report.text, "%s", what);
  }
  return 0xdeadull << 48;
}

template <class Function>
struct ContextOf;
template <class Context>
struct ContextOf<std::uint64_t (*)(Context&)> {
  using type = std::remove_const_t<Context>;
};

// The exported kernel. `Copy` makes a second function of the same source, for nulls.
template <auto Body, int Copy = 0>
SAFECOST_OPAQUE std::uint64_t kernel(void* context) noexcept {
  try {
    return Body(*static_cast<typename ContextOf<decltype(Body)>::type*>(context));
  } catch (...) {
    return report_exception();
  }
}

struct Fault {
  const char* name;
  std::uint32_t cwe;
  const char* description;
  const char* contract;
  std::uint32_t kind = SAFECOST_FAULT_INPUT;
  std::uint32_t oracles = SAFECOST_ORACLE_GUARD | SAFECOST_ORACLE_SANITIZER;
  std::uint32_t stops =
      SAFECOST_STOP_ASSERTION | SAFECOST_STOP_TRAP | SAFECOST_STOP_EXCEPTION | SAFECOST_STOP_PANIC;
  std::uint64_t size = 8;
  std::uint64_t (*reference)(const void* input) = nullptr;
};

enum class Tier : std::uint32_t {
  quick = SAFECOST_TIER_QUICK,
  full = SAFECOST_TIER_FULL,
  publish = SAFECOST_TIER_PUBLISH
};

// Collects what a case consists of and lays it out as the border wants it. Lives as long as the plugin.
template <class Input>
class Case {
 public:
  using Generate = Input (*)(Generator&);

  explicit Case(Generate generate) { generate_ = generate; }

  // A size to time; `label` says where the data live.
  Case&& size(std::uint64_t size, const char* label, Tier tier = Tier::quick) && {
    return std::move(*this).size_and_rate(size, -1.0, label, tier);
  }
  Case&& size_and_rate(std::uint64_t size, double rate, const char* label,
                       Tier tier = Tier::quick) && {
    parameters_.push_back(
        {sizeof(safecost_parameter), static_cast<std::uint32_t>(tier), size, rate, label});
    return std::move(*this);
  }
  Case&& minimum_size(std::uint32_t size) && {
    minimum_size_ = size;
    return std::move(*this);
  }
  Case&& system_bound() && {
    flags_ |= SAFECOST_CASE_SYSTEM_BOUND;
    return std::move(*this);
  }

  // The first raw variant is the baseline of its profile, and has a null: the same source once more.
  template <auto Body>
  Case&& raw(const char* name, const char* summary) && {
    variants_.push_back({described<Body, 0>(name, summary, SAFECOST_ROLE_RAW), {}, {}});
    if (null_.run == nullptr) {
      null_ = described<Body, 1>(
          "null", "the first raw variant's source as a second function; its ratio is 1",
          SAFECOST_ROLE_NULL);
    }
    return std::move(*this);
  }
  template <auto Body>
  Case&& safe(const char* name, const char* summary) && {
    variants_.push_back({described<Body, 0>(name, summary, SAFECOST_ROLE_SAFE), {}, {}});
    return std::move(*this);
  }
  // An idiom that this toolchain's library lacks: a named hole in the tables.
  Case&& gap(const char* name, const char* summary, const char* why) && {
    Variant variant = {};
    variant.abi = {.struct_size = sizeof(safecost_variant),
                   .role = SAFECOST_ROLE_SAFE,
                   .name = name,
                   .summary = summary,
                   .gap = why,
                   .run = nullptr,
                   .prepare = nullptr,
                   .release = nullptr,
                   .reset = nullptr,
                   .digest = nullptr,
                   .fault_kernels = nullptr,
                   .claims = nullptr};
    variants_.push_back(variant);
    return std::move(*this);
  }

  Case&& fault(const Fault& fault) && {
    faults_.push_back({sizeof(safecost_fault), fault.kind, fault.cwe, fault.oracles, fault.stops, 0,
                       fault.size, fault.name, fault.description, fault.contract, fault.reference});
    return std::move(*this);
  }
  // The last added variant with one wrong step: for faults that lie in the program, not in data.
  template <auto Body>
  Case&& fault_kernel(const char* fault) && {
    variants_.back().fault_kernels.emplace_back(fault, kernel<Body>);
    return std::move(*this);
  }
  // The last added variant stops this fault under these checks: "always", "assertions,hardened".
  Case&& claims(const char* fault, const char* checks) && {
    variants_.back().claims.emplace_back(fault, checks);
    return std::move(*this);
  }

  const safecost_plugin* plugin(const char* name) {
    layout_ = layout_of<Input>();
    facts_ = compiler_facts();
    for (Variant& variant : variants_) {
      if (!variant.fault_kernels.empty())
        variant.abi.fault_kernels = by_fault(variant.fault_kernels, kernels_);
      if (!variant.claims.empty()) variant.abi.claims = by_fault(variant.claims, claims_);
      table_.push_back(variant.abi);
    }
    if (null_.run != nullptr) table_.push_back(null_);
    plugin_ = {.abi_version = SAFECOST_ABI_VERSION,
               .struct_size = sizeof(safecost_plugin),
               .name = name,
               .language = "c++",
               .input_layout = layout_.c_str(),
               .flags = flags_,
               .minimum_size = minimum_size_,
               .fact_count = static_cast<std::uint32_t>(facts_.size()),
               .parameter_count = static_cast<std::uint32_t>(parameters_.size()),
               .variant_count = static_cast<std::uint32_t>(table_.size()),
               .fault_count = static_cast<std::uint32_t>(faults_.size()),
               .facts = facts_.data(),
               .parameters = parameters_.data(),
               .variants = table_.data(),
               .faults = faults_.data(),
               .report = &border_report,
               .generate = make_pool,
               .release = release_pool};
    fault_table() = faults_.data();
    return &plugin_;
  }

 private:
  struct Variant {
    safecost_variant abi;
    std::vector<std::pair<std::string_view, safecost_kernel>> fault_kernels;
    std::vector<std::pair<std::string_view, const char*>> claims;
  };
  struct Pool : safecost_pool {
    std::vector<Input> made;
    Arena arena;
  };

  template <auto Body, int Copy>
  static safecost_variant described(const char* name, const char* summary, std::uint32_t role) {
    using Context = typename ContextOf<decltype(Body)>::type;
    safecost_variant variant = {
        .struct_size = sizeof(safecost_variant),
        .role = role,
        .name = name,
        .summary = summary,
        .gap = nullptr,
        .run = kernel<Body, Copy>,
        .prepare = [](const void* input) noexcept -> void* {
          try {
            return new Context(*static_cast<const Input*>(input));
          } catch (...) {
            return nullptr;
          }
        },
        .release = [](void* context) noexcept { delete static_cast<Context*>(context); },
        .reset = nullptr,
        .digest = nullptr,
        .fault_kernels = nullptr,
        .claims = nullptr};
    if constexpr (requires(Context& context, const Input& input) { context.reset(input); }) {
      variant.reset = [](void* context, const void* input) noexcept {
        static_cast<Context*>(context)->reset(*static_cast<const Input*>(input));
      };
    }
    if constexpr (requires(const Context& context) { context.digest(); }) {
      variant.digest = [](const void* context) noexcept -> std::uint64_t {
        return static_cast<const Context*>(context)->digest();
      };
    }
    return variant;
  }

  // Named values laid out as one array over all faults; the deque keeps earlier arrays in place.
  template <class Value>
  const Value* by_fault(const std::vector<std::pair<std::string_view, Value>>& named,
                        std::deque<std::vector<Value>>& arrays) {
    std::vector<Value>& array = arrays.emplace_back(faults_.size(), nullptr);
    for (const auto& [name, value] : named) {
      for (std::size_t i = 0; i < faults_.size(); ++i) {
        if (name == faults_[i].name) array[i] = value;
      }
    }
    return array.data();
  }

  // Statics, since the border's callbacks carry no state: one case a plugin.
  static const safecost_fault*& fault_table() {
    static const safecost_fault* table = nullptr;
    return table;
  }
  static const safecost_pool* make_pool(const safecost_request* request) noexcept {
    try {
      auto pool = std::make_unique<Pool>();
      const char* fault =
          request->fault == SAFECOST_NO_FAULT ? nullptr : fault_table()[request->fault].name;
      for (std::uint32_t i = 0; i < request->count; ++i) {
        Generator generator(*request, i, fault, pool->arena);
        pool->made.push_back(generate_(generator));
      }
      static_cast<safecost_pool&>(*pool) = {sizeof(safecost_pool), request->count,
                                            pool->made.data(), sizeof(Input), pool->arena.bytes()};
      return pool.release();
    } catch (...) {
      report_exception();
      return nullptr;
    }
  }
  static void release_pool(const safecost_pool* pool) noexcept {
    delete static_cast<const Pool*>(pool);
  }

  static inline Generate generate_ = nullptr;
  std::uint32_t flags_ = 0;
  std::uint32_t minimum_size_ = 0;
  std::string layout_;
  std::vector<safecost_fact> facts_;
  std::vector<safecost_parameter> parameters_;
  std::vector<safecost_fault> faults_;
  std::vector<Variant> variants_;
  safecost_variant null_ = {};
  std::vector<safecost_variant> table_;
  std::deque<std::vector<safecost_kernel>> kernels_;
  std::deque<std::vector<const char*>> claims_;
  safecost_plugin plugin_ = {};
};

}  // namespace safecost

// Defines the plugin's one exported symbol. The build passes the case's name, taken from its path.
#define SAFECOST_EXPORT(the_case)                                                            \
  extern "C" [[gnu::visibility("default")]] const safecost_plugin* safecost_plugin_entry() { \
    static const safecost_plugin* const plugin = (the_case).plugin(SAFECOST_NAME);           \
    return plugin;                                                                           \
  }

#endif
