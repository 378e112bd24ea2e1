// One variant of one plugin with the contexts it works on: how a kernel is called, in checks and when timed.
#ifndef SAFECOST_RUNNER_CONTENDER_H
#define SAFECOST_RUNNER_CONTENDER_H

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "kernel/abi.h"
#include "runner/plugin.h"
#include "runner/workers.h"

namespace safecost {

using Clock = std::chrono::steady_clock;

// "indexing/sum/at/size:2048@gcc-o2": parameters as Google Benchmark writes them, the profile last.
std::string contender_name(const Plugin& plugin, const safecost_variant& variant,
                           std::uint64_t size, double rate, std::uint32_t threads,
                           std::uint32_t workers);

class Contender {
 public:
  // `name` is what it is called in results, and when the process ends in it.
  Contender(const Plugin& plugin, const safecost_variant& variant, const Pool& pool,
            std::string name = {})
      : plugin_(&plugin), variant_(&variant), pool_(&pool), name_(std::move(name)) {}
  ~Contender();
  Contender(Contender&& other) noexcept;
  Contender& operator=(Contender&&) = delete;

  const std::string& name() const { return name_; }
  const Plugin& plugin() const { return *plugin_; }
  const safecost_variant& variant() const { return *variant_; }
  std::size_t contexts() const { return contexts_.size(); }
  void* context(std::size_t i) const { return contexts_[i]; }
  bool mutates() const { return variant_->reset != nullptr; }

  // Untimed: `count` contexts, the i-th from input i modulo the pool. Adds to those that exist.
  absl::Status prepare(std::size_t count);
  // Untimed: makes `count` contexts from `first` on (modulo their number) fit for a call.
  void reset(std::size_t first, std::size_t count);
  // `count` calls from context `first` on, modulo; the sum of their results. This is what is timed.
  std::uint64_t call(std::size_t first, std::size_t count) const {
    const safecost_kernel run = variant_->run;
    void* const* const contexts = contexts_.data();
    const std::size_t size = contexts_.size();
    std::uint64_t sum = 0;
    for (std::size_t i = first; count > 0; --count) {
      sum += run(contexts[i]);
      if (++i == size) i = 0;
    }
    return sum;
  }
  double timed_call(std::size_t first, std::size_t count) const {  // seconds for all
    const Workers::Awake awake = Workers::of_process().awake();
    const auto start = Clock::now();
    const std::uint64_t sum = call(first, count);
    const auto stop = Clock::now();
    asm volatile("" : : "r"(sum) : "memory");
    return std::chrono::duration<double>(stop - start).count();
  }
  // One call on context i, and what it left behind, as one number.
  std::uint64_t digest(std::size_t i) { return digest(i, variant_->run); }
  std::uint64_t digest(std::size_t i, safecost_kernel kernel);

 private:
  const Plugin* plugin_;
  const safecost_variant* variant_;
  const Pool* pool_;
  std::string name_;
  std::vector<void*> contexts_;
};

}  // namespace safecost

#endif
