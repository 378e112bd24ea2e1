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
#include <type_traits>

#include "kernel/abi.h"
#include "kernel/generator.h"
#include "kernel/layout.h"
#include "kernel/table.h"

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

template <class Function>
struct ContextOf;
template <class Context>
struct ContextOf<std::uint64_t (*)(Context&)> {
  using type = std::remove_const_t<Context>;
};

// Which copy of a kernel's source was entered. Nobody asks, and nothing is done, but in a case that includes
// kernel/workers.h: what a kernel's workers run must be copied, too.
template <int Copy>
struct CopyOf {};
template <int Copy>
SAFECOST_HELPER void enter(CopyOf<Copy>, long) {}

// The exported kernel. `Copy` makes a second function of the same source, for A/A pairs.
template <auto Body, int Copy = 0>
SAFECOST_OPAQUE std::uint64_t kernel(void* context) noexcept {
  enter(CopyOf<Copy>{}, 0);
  try {
    return Body(*static_cast<typename ContextOf<decltype(Body)>::type*>(context));
  } catch (...) {
    return report_exception();
  }
}

// What a case file registers. Everything is checked again when the runner loads the plugin.
template <class Input>
class Case {
 public:
  explicit Case(Input (*generate)(Generator&))
      : table_(make_input, sizeof(Input), layout_of<Input>()) {
    generate_ = generate;
  }

  // A size to time; `label` says which cache an input fits into.
  Case size(std::uint64_t size, const char* label, Tier tier = Tier::quick) {
    return size_and_rate(size, -1.0, label, tier);
  }
  // The same with a share of inputs that fail, 0..1.
  Case size_and_rate(std::uint64_t size, double rate, const char* label, Tier tier = Tier::quick) {
    return at(size, rate, 0, 0, label, tier);
  }
  // The same in a process that has had so many threads: 1, or 2 where one was started and has ended. Libraries that
  // count plainly until then count atomically ever after. A case with one such size has it at all sizes.
  Case size_and_threads(std::uint64_t size, std::uint32_t threads, const char* label,
                        Tier tier = Tier::quick) {
    return at(size, -1.0, threads, 0, label, tier);
  }
  // The same with so many workers, threads that a kernel has to work at once (kernel/workers.h); with 1 nobody competes,
  // and the process has had a second thread all the same. A case with one such size has it at all sizes.
  Case size_and_workers(std::uint64_t size, std::uint32_t workers, const char* label,
                        Tier tier = Tier::quick) {
    return at(size, -1.0, 0, workers, label, tier);
  }
  // The smallest size that the task is defined for.
  Case minimum_size(std::uint32_t size) {
    table_.set_minimum_size(size);
    return *this;
  }
  // Most of a call is spent in the kernel of the system.
  Case system_bound() {
    table_.set_system_bound();
    return *this;
  }

  // A call costs the same, or nearly, whatever its size: a lookup, a binary search. Else one with eight times the work
  // that does not execute three times the instructions is disqualified, as work that vanished.
  Case fixed_cost() {
    table_.set_fixed_cost();
    return *this;
  }

  // Valid inputs of one size all take the same way through the code: no branch depends on what they hold, so there is
  // nothing that a predictor could learn, and a pool that lies in L1 will do. Verification follows one build a language.
  Case straight() {
    table_.set_straight();
    return *this;
  }

  // The first raw variant is the baseline of its profile, and has an A/A copy: the same source once more.
  template <auto Body>
  Case raw(const char* name, const char* summary) {
    table_.add_variant(described<Body>(name, summary, SAFECOST_ROLE_RAW), kernel<Body, 1>);
    return *this;
  }
  template <auto Body>
  Case safe(const char* name, const char* summary) {
    table_.add_variant(described<Body>(name, summary, SAFECOST_ROLE_SAFE), nullptr);
    return *this;
  }
  // The first raw variant's work as many times as makes its time `planted` times that of raw: what a
  // run finds there tells whether its other ratios can be believed. bench/calibration has them.
  template <auto Body>
  Case calibration(const char* name, double planted, const char* summary) {
    safecost_variant variant = described<Body>(name, summary, SAFECOST_ROLE_CALIBRATION);
    variant.planted = planted;
    table_.add_variant(variant, nullptr);
    return *this;
  }
  // An idiom that this toolchain's library lacks: a named hole in the tables.
  Case gap(const char* name, const char* summary, const char* why) {
    safecost_variant variant = {};
    variant.struct_size = sizeof variant;
    variant.role = SAFECOST_ROLE_SAFE;
    variant.name = name;
    variant.summary = summary;
    variant.gap = why;
    table_.add_variant(variant, nullptr);
    return *this;
  }

  Case fault(const Fault& fault) {
    table_.add_fault(fault);
    return *this;
  }
  // The last added variant with one wrong step: for faults that lie in the program, not in data.
  template <auto Body>
  Case fault_kernel(const char* fault) {
    table_.add_fault_kernel(fault, kernel<Body>);
    return *this;
  }
  // The last added variant has no way to write the program that this fault kernel would be.
  Case inexpressible(const char* fault, const char* why) {
    table_.add_inexpressible(fault, why);
    return *this;
  }
  // The last added variant stops these faults, wherever one of these conditions holds: "always",
  // "assertions"; kernel/abi.h lists them. `safecost catch` holds it to account.
  template <class... Faults>
  Case claims(const char* conditions, Faults... faults) {
    static_assert(sizeof...(faults) > 0, "name the faults that are claimed");
    (table_.add_claim(faults, conditions), ...);
    return *this;
  }

  // The last added variant has another algorithm or data structure than the case's own; null: its own.
  Case algorithm(const char* name) {
    table_.set_algorithm(name);
    return *this;
  }
  // The last added variant uses what the language and published libraries offer, as documented: std, Abseil, GSL, fmt.
  Case library() { return of(SAFECOST_ORIGIN_LIBRARY); }
  // The last added variant is what a good programmer writes in an afternoon, without a trick of their own.
  Case ordinary() { return of(SAFECOST_ORIGIN_ORDINARY); }
  // The last added variant was made for this case. Of raw code: the best that is known, beyond what is ordinary.
  Case bespoke() { return of(SAFECOST_ORIGIN_BESPOKE); }
  // The last added variant, a safe one, runs code of this case's own inside that nothing checks, and that a reader must
  // believe: what Rust would ask `unsafe` for.
  Case trusted_core() {
    table_.set_trusted_core();
    return *this;
  }
  // The last added variant has this second kernel, which does the same and notes how long each operation took
  // (kernel/latency.h).
  template <auto Body>
  Case latency() {
    table_.set_latency(kernel<Body>);
    return *this;
  }
  // The last added variant, a raw one, is what C programs use for this task, be it the fastest or not.
  Case practised() {
    table_.set_practised();
    return *this;
  }

  const safecost_plugin* plugin(const char* name) { return table_.plugin(name); }

 private:
  Case at(std::uint64_t size, double rate, std::uint32_t threads, std::uint32_t workers,
          const char* label, Tier tier) {
    table_.add_parameter({sizeof(safecost_parameter), static_cast<std::uint32_t>(tier), size, rate,
                          label, threads, workers});
    return *this;
  }
  Case of(std::uint32_t origin) {
    table_.set_origin(origin);
    return *this;
  }
  static void make_input(Generator& generator, void* input) {
    // Zeroed before: a digest of the input holds no rest of the stack.
    copy_fields(generate_(generator), static_cast<std::byte*>(input));
  }

  template <auto Body>
  static safecost_variant described(const char* name, const char* summary, std::uint32_t role) {
    using Context = typename ContextOf<decltype(Body)>::type;
    safecost_variant variant = {};
    variant.struct_size = sizeof variant;
    variant.role = role;
    variant.name = name;
    variant.summary = summary;
    variant.run = kernel<Body>;
    variant.prepare = [](const void* input) noexcept -> void* {
      try {
        return new Context(*static_cast<const Input*>(input));
      } catch (...) {
        return nullptr;
      }
    };
    variant.release = [](void* context) noexcept { delete static_cast<Context*>(context); };
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

  static inline Input (*generate_)(Generator&) = nullptr;  // one case a plugin
  Table table_;
};

}  // namespace safecost

// Defines the plugin's one exported symbol. The build passes the case's name, taken from its path.
#define SAFECOST_EXPORT(the_case)                                                            \
  extern "C" [[gnu::visibility("default")]] const safecost_plugin* safecost_plugin_entry() { \
    static const safecost_plugin* const plugin = (the_case).plugin(SAFECOST_NAME);           \
    return plugin;                                                                           \
  }

#endif
