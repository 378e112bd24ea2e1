// One proof in a process of its own: a kernel on one input in one world, and all that could be seen of it.
#ifndef SAFECOST_RUNNER_CATCH_WITNESS_H
#define SAFECOST_RUNNER_CATCH_WITNESS_H

#include <cstddef>
#include <cstdint>
#include <string>

#include "kernel/abi.h"
#include "runner/catch/memory.h"
#include "runner/plugin.h"

namespace safecost {

enum class End : std::uint32_t {
  none,      // it left by exit() or by a signal that nobody may catch
  returned,  // also after an exception or a panic that the border caught: then there is a report
  stopped,   // by a signal
  hung,      // it did not come back in time
  not_made   // there is no input or no context for it
};

// Functions that end a process and that plugins call in the prover's version.
enum class Hook : std::uint32_t { none, abort, stack_protector };

// How many calls are told of those that led to a hook; std::terminate has four of its own.
inline constexpr std::size_t kMostCallers = 8;

// Written by the child into memory that it shares with its parent; plain data, which a signal handler can fill.
struct Evidence {
  End end = End::none;
  memory::Stage stage = memory::Stage::start;  // in which it ended
  // What the kernel returned, and the digest of what it left in memory where its variant has one.
  std::uint64_t result = 0;
  std::uint64_t digest = 0;
  std::uint32_t report_stop = 0;  // SAFECOST_STOP_*
  char report_text[160] = {};
  // How it was stopped.
  int signal = 0;
  int code = 0;  // si_code
  Hook hook = Hook::none;
  bool writes = false;  // the access that failed was a write
  std::uint64_t address = 0;
  std::uint64_t pc = 0;
  std::uint64_t callers[kMostCallers] =
      {};  // of abort(), innermost first: return addresses, then 0
  std::uint8_t instruction[8] = {};
  char abort_message[160] = {};  // what the C library says when it ends the process itself
  memory::Place place;           // of `address`
  // The state of the world's memory behind the kernel, or when it was stopped.
  memory::Damage damage;
  std::uint32_t double_frees = 0;
  std::uint32_t bad_frees = 0;
  memory::Place first_bad_free;
  std::int64_t leaked =
      0;  // blocks made by the kernel and still there after it, less those that it freed
  std::int64_t leaked_bytes = 0;
  memory::Place first_leak;
  bool exhausted = false;
  std::uint32_t blocks = 0;  // that the world has made
  // What it changed of its own memory; in world A alone.
  std::uint32_t changes = 0;
  memory::Change change[memory::kMostChanges];
};

// What is observed. All of it lives as long as the process.
struct Subject {
  const Plugin* generator = nullptr;
  const Plugin* plugin = nullptr;
  const safecost_variant* variant = nullptr;
  safecost_kernel kernel = nullptr;  // the variant's own or one of its fault kernels
  // Called twice on valid input of the same size before, as a timed kernel has been called before; null for no call.
  safecost_kernel warm = nullptr;
  const void* valid = nullptr;
  safecost_request request = {};
  // When set, it is called on the input instead of a kernel.
  std::uint64_t (*reference)(const void* input) = nullptr;
};

struct Observation {
  Evidence evidence;
  std::string said;    // on stderr, at most 2,000 bytes
  int exit_code = -1;  // where `end` is none and the process left by itself
  memory::Flush flush = memory::Flush::all;
  bool asleep = false;  // where `end` is hung: all its threads slept, and more patience wakes none
};

// Before the first observation: patterns, shared page, and what is needed to read the C library's last words.
void prepare_witness();

// Forks; raises std::runtime_error where that fails.
Observation observe(const Subject& subject, memory::World world, memory::Flush flush,
                    double seconds);

// Called by what stands in for abort() and its like.
[[noreturn]] void end_by_hook(Hook hook, const void* caller);

}  // namespace safecost

#endif
