#include "kernel/table.h"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstring>
#include <deque>
#include <exception>
#include <iterator>
#include <map>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "kernel/facts.h"
#include "kernel/latency.h"
#include "kernel/layout.h"
#include "kernel/workers.h"

namespace safecost {

// Until a host fills it in, the thread that calls is the only one.
safecost_workers border_workers = {
    sizeof(safecost_workers), 1, nullptr,
    [](const safecost_workers*, safecost_work work, void* context) { return work(context, 0); }};
safecost_latencies border_latencies = {sizeof(safecost_latencies), 0, nullptr};

namespace {

safecost_report border_report = {sizeof(safecost_report), 0, 0, {}};
std::atomic_flag reporting;  // several workers may fail at once
std::uint64_t draw = 0;

template <class Value>
using ByFault = std::vector<std::pair<std::string_view, Value>>;

struct Variant {
  safecost_variant abi;
  ByFault<safecost_kernel> fault_kernels;
  ByFault<const char*> claims;
  ByFault<const char*> inexpressible;
};

struct Pool : safecost_pool {
  std::vector<std::byte> made;
  Arena arena;
  std::vector<std::size_t> first_blocks;  // of each input, and how many there are
};

// The digest of one input: words that are addresses of its pool count as which block they are of, and where in it.
class InputDigest {
 public:
  InputDigest(const Pool& pool, std::uint32_t i)
      : blocks_(pool.arena.blocks()), first_(pool.first_blocks[i]), end_(pool.first_blocks[i + 1]) {
    for (std::size_t b = 0; b < blocks_.size(); ++b)
      by_address_.emplace(address_of(blocks_[b].memory.get()), b);
    add(pool.made.data() + i * pool.stride, pool.stride);
    for (std::size_t b = first_; b < end_; ++b) add(blocks_[b].memory.get(), blocks_[b].size);
  }
  std::uint64_t value() const { return told_ ? digest_ | 1u : 0; }

 private:
  static std::uint64_t address_of(const std::byte* at) {
    return reinterpret_cast<std::uintptr_t>(at);
  }
  // Where programs, their libraries and their heaps lie: hardly any number of an input is one of these.
  static bool may_be_address(std::uint64_t word) {
    return word >= 0x5000'0000'0000u && word < 0x8000'0000'0000u;
  }
  void mix(std::uint64_t word) {
    digest_ = (digest_ ^ word) * 0x9e3779b97f4a7c15u;
    digest_ ^= digest_ >> 32;
  }
  void add(const std::byte* bytes, std::size_t size) {
    mix(size);
    for (std::size_t at = 0; at < size; at += sizeof(std::uint64_t)) {
      std::uint64_t word = 0;
      std::memcpy(&word, bytes + at, std::min(sizeof word, size - at));
      const auto after = by_address_.upper_bound(word);
      if (after == by_address_.begin()) {
        add_number(word);
        continue;
      }
      const auto& [start, block] = *std::prev(after);
      if (word - start > blocks_[block].size) {
        add_number(word);
      } else {
        const bool own = block >= first_ && block < end_;
        mix(own ? block - first_ : ~block);
        mix(word - start);
      }
    }
  }
  void add_number(std::uint64_t word) {
    told_ = told_ && !may_be_address(word);
    mix(word);
  }

  const std::vector<Arena::Block>& blocks_;
  std::size_t first_;
  std::size_t end_;
  std::map<std::uint64_t, std::size_t> by_address_;
  std::uint64_t digest_ = 0;
  bool told_ = true;
};

std::uint64_t digest_input(const safecost_pool* pool, std::uint32_t i) {
  return InputDigest(*static_cast<const Pool*>(pool), i).value();
}

}  // namespace

std::uint64_t report_exception() noexcept {
  while (reporting.test_and_set(std::memory_order_acquire)) {
  }
  border_report.stop = SAFECOST_STOP_EXCEPTION;
  ++border_report.count;
  const auto note = [](const char* what) {
    std::snprintf(border_report.text, sizeof border_report.text, "%s", what);
  };
  try {
    throw;
  } catch (const std::exception& error) {
    note(error.what());
  } catch (...) {
    note("not a std::exception");
  }
  reporting.clear(std::memory_order_release);
  return 0xdeadull << 48;
}

std::uint64_t drawn(std::uint64_t bound) noexcept {
  Random random(draw);
  draw = random.next();
  return random.below(bound);
}

std::uint64_t unknowable(const void*) noexcept { return 0x756e6b6e6f77656eu; }

void Layout::text(const char* more) { spelled_.append(more); }
void Layout::number(std::size_t value) { spelled_.append(std::to_string(value)); }

std::byte* Arena::block(std::size_t bytes) {
  bytes_ += bytes;
  return blocks_.emplace_back(std::make_unique<std::byte[]>(bytes), bytes).memory.get();
}

struct Table::State {
  State(Generate make, std::size_t size, std::string spelled)
      : generate(make), input_size(size), layout(std::move(spelled)) {}

  Generate generate;
  std::size_t input_size;
  std::string layout;
  std::uint32_t flags = 0;
  std::uint32_t minimum_size = 0;
  std::vector<safecost_fact> facts = compiler_facts();
  std::vector<safecost_parameter> parameters;
  std::vector<safecost_fault> faults;
  std::vector<Variant> variants;
  safecost_variant aa = {};
  std::vector<safecost_variant> table;
  std::deque<std::vector<safecost_kernel>> kernels;  // a deque keeps earlier arrays in place
  std::deque<std::vector<const char*>> texts;
  safecost_plugin plugin = {};

  // Static, since the border's callbacks carry no state: one case a plugin.
  static inline State* the_case = nullptr;

  // A fault that a variant speaks of and nobody declared, a slip of the pen perhaps, joins the others
  // with nothing but its name: who reads the table objects to it.
  template <class Value>
  void note_undeclared(const ByFault<Value>& named) {
    for (const auto& [name, value] : named) {
      const auto is_named = [&](const safecost_fault& fault) { return name == fault.name; };
      if (std::none_of(faults.begin(), faults.end(), is_named)) {
        safecost_fault& fault = faults.emplace_back();
        fault.struct_size = sizeof fault;
        fault.name = name.data();
        fault.description = fault.contract = "";
      }
    }
  }

  // Named values laid out as one array over all faults.
  template <class Value>
  const Value* by_fault(const ByFault<Value>& named, std::deque<std::vector<Value>>& arrays) const {
    std::vector<Value>& array = arrays.emplace_back(faults.size(), nullptr);
    for (const auto& [name, value] : named) {
      for (std::size_t i = 0; i < faults.size(); ++i) {
        if (name == faults[i].name) array[i] = value;
      }
    }
    return array.data();
  }

  static const safecost_pool* make_pool(const safecost_request* request) noexcept {
    try {
      const State& self = *the_case;
      auto pool = std::make_unique<Pool>();
      const char* const fault =
          request->fault == SAFECOST_NO_FAULT ? nullptr : self.faults.at(request->fault).name;
      pool->made.resize(request->count * self.input_size);
      for (std::uint32_t i = 0; i < request->count; ++i) {
        pool->first_blocks.push_back(pool->arena.blocks().size());
        Generator generator(*request, i, fault, pool->arena);
        self.generate(generator, pool->made.data() + i * self.input_size);
      }
      pool->first_blocks.push_back(pool->arena.blocks().size());
      static_cast<safecost_pool&>(*pool) = {sizeof(safecost_pool), request->count,
                                            pool->made.data(),     self.input_size,
                                            pool->arena.bytes(),   digest_input};
      return pool.release();
    } catch (...) {
      report_exception();
      return nullptr;
    }
  }
  static void release_pool(const safecost_pool* pool) noexcept {
    delete static_cast<const Pool*>(pool);
  }
};

Table::Table(Generate generate, std::size_t input_size, std::string layout)
    : state_(new State(generate, input_size, std::move(layout))) {
  State::the_case = state_;
}

void Table::add_parameter(const safecost_parameter& parameter) {
  state_->parameters.push_back(parameter);
}

void Table::set_minimum_size(std::uint32_t size) { state_->minimum_size = size; }

void Table::set_system_bound() { state_->flags |= SAFECOST_CASE_SYSTEM_BOUND; }

void Table::set_straight() { state_->flags |= SAFECOST_CASE_STRAIGHT; }
void Table::set_fixed_cost() { state_->flags |= SAFECOST_CASE_FIXED_COST; }

void Table::add_fault(const Fault& fault) {
  state_->faults.push_back({sizeof(safecost_fault), fault.kind, fault.cwe, fault.oracles,
                            fault.stops, 0, fault.size, fault.name, fault.description,
                            fault.contract, fault.reference});
}

void Table::add_variant(const safecost_variant& variant, safecost_kernel second) {
  if (variant.role == SAFECOST_ROLE_RAW && state_->aa.run == nullptr) {
    state_->aa = variant;
    state_->aa.role = SAFECOST_ROLE_AA;
    state_->aa.name = "aa";
    state_->aa.summary = "the first raw variant's source as a second function; its ratio is 1";
    state_->aa.run = second;
    state_->aa.planted = 1.0;
  }
  state_->variants.push_back({variant, {}, {}, {}});
}

void Table::add_fault_kernel(const char* fault, safecost_kernel kernel) {
  state_->variants.back().fault_kernels.emplace_back(fault, kernel);
}

void Table::add_claim(const char* fault, const char* checks) {
  state_->variants.back().claims.emplace_back(fault, checks);
}

void Table::add_inexpressible(const char* fault, const char* why) {
  state_->variants.back().inexpressible.emplace_back(fault, why);
}

void Table::set_algorithm(const char* name) { state_->variants.back().abi.algorithm = name; }

void Table::set_origin(std::uint32_t origin) { state_->variants.back().abi.origin = origin; }
void Table::set_trusted_core() {
  state_->variants.back().abi.flags |= SAFECOST_VARIANT_TRUSTED_CORE;
}
void Table::set_latency(safecost_kernel kernel) { state_->variants.back().abi.latency = kernel; }
void Table::set_practised() { state_->variants.back().abi.flags |= SAFECOST_VARIANT_PRACTISED; }

const safecost_plugin* Table::plugin(const char* name) {
  State& self = *state_;
  for (const Variant& variant : self.variants) {
    self.note_undeclared(variant.fault_kernels);
    self.note_undeclared(variant.claims);
    self.note_undeclared(variant.inexpressible);
  }
  for (Variant& variant : self.variants) {
    if (!variant.fault_kernels.empty()) {
      variant.abi.fault_kernels = self.by_fault(variant.fault_kernels, self.kernels);
    }
    if (!variant.claims.empty()) variant.abi.claims = self.by_fault(variant.claims, self.texts);
    if (!variant.inexpressible.empty())
      variant.abi.inexpressible = self.by_fault(variant.inexpressible, self.texts);
    self.table.push_back(variant.abi);
  }
  if (self.aa.run != nullptr) self.table.push_back(self.aa);
  self.plugin = {.abi_version = SAFECOST_ABI_VERSION,
                 .struct_size = sizeof(safecost_plugin),
                 .name = name,
                 .language = "c++",
                 .input_layout = self.layout.c_str(),
                 .flags = self.flags,
                 .minimum_size = self.minimum_size,
                 .fact_count = static_cast<std::uint32_t>(self.facts.size()),
                 .parameter_count = static_cast<std::uint32_t>(self.parameters.size()),
                 .variant_count = static_cast<std::uint32_t>(self.table.size()),
                 .fault_count = static_cast<std::uint32_t>(self.faults.size()),
                 .facts = self.facts.data(),
                 .parameters = self.parameters.data(),
                 .variants = self.table.data(),
                 .faults = self.faults.data(),
                 .report = &border_report,
                 .draw = &draw,
                 .workers = &border_workers,
                 .latencies = &border_latencies,
                 .generate = State::make_pool,
                 .release = State::release_pool};
  return &self.plugin;
}

}  // namespace safecost
