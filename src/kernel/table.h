// What of a case does not depend on its types: compiled once a profile, so that a case file stays quick to compile.
#ifndef SAFECOST_KERNEL_TABLE_H
#define SAFECOST_KERNEL_TABLE_H

#include <cstddef>
#include <cstdint>
#include <string>

#include "kernel/abi.h"
#include "kernel/generator.h"

namespace safecost {

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

// An exception that reached the border, on whatever thread: noted for the runner, never passed on. Call it in a handler.
std::uint64_t report_exception() noexcept;

// For fault kernels: a number in [0, bound), drawn anew for each proof, by which the wrong step takes its place and
// its magnitude. `bound` > 0.
std::uint64_t drawn(std::uint64_t bound) noexcept;

// The reference of a fault that destroys what the right answer needs (an index that is lost, a half that is missing):
// no idiom has this digest, so one that goes on within its own memory is contained at best.
std::uint64_t unknowable(const void* input) noexcept;

// Collects a case and lays it out as the border wants it; lives as long as the plugin.
class Table {
 public:
  // Makes one input at `input`, of the size that the constructor was told.
  using Generate = void (*)(Generator& generator, void* input);

  Table(Generate generate, std::size_t input_size, std::string layout);

  void add_parameter(const safecost_parameter& parameter);
  void set_minimum_size(std::uint32_t size);
  void set_system_bound();
  void set_fixed_cost();
  void set_straight();
  void add_fault(const Fault& fault);
  // The first raw variant's second function is the A/A copy, which comes last.
  void add_variant(const safecost_variant& variant, safecost_kernel second);
  // These concern the variant added last.
  void add_fault_kernel(const char* fault, safecost_kernel kernel);
  void add_claim(const char* fault, const char* checks);
  void add_inexpressible(const char* fault, const char* why);
  void set_algorithm(const char* name);
  void set_practised();
  void set_trusted_core();
  void set_latency(safecost_kernel kernel);
  void set_origin(std::uint32_t origin);

  const safecost_plugin* plugin(const char* name);

 private:
  struct State;
  State*
      state_;  // never freed: the border's callbacks and the runner use it until the process ends
};

}  // namespace safecost

#endif
