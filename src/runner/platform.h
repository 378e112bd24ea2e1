// What differs by platform, in one place: the symbols a plugin exports, where in its file a kernel is, and
// whether it is only a jump.
#ifndef SAFECOST_RUNNER_PLATFORM_H
#define SAFECOST_RUNNER_PLATFORM_H

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "kernel/abi.h"

namespace safecost::platform {

// Names of the symbols that a shared object defines for others. Unimplemented where the format is not ELF64.
absl::StatusOr<std::vector<std::string>> exported_symbols(const std::string& path);

// Where the plugin's file has this kernel: its virtual address there, which symbol tables and disassemblers use.
std::optional<std::uint64_t> address_in_file(safecost_kernel kernel);

// Does the code begin by jumping elsewhere, as a folded or forwarded function does? False where unknown.
bool is_only_a_jump(safecost_kernel kernel);

// Switches off what would delay or leave traces when a contained process crashes.
void expect_crashes();

// From now on a signal that ends the process first says on stderr what it was working on.
void tell_where_it_ends();
// Names what is worked on; the characters must stay where they are. Null: nothing that has a name.
void working_on(const char* name);

// Ends this process when its parent ends.
void die_with_parent();

// Threads of this process beside the one that asks, and processes whose parent it is.
struct Company {
  std::size_t threads = 0;
  std::size_t processes = 0;
};
// So many threads are the host's own, and no company.
void own_threads(std::size_t count);
// Waits a moment for what is about to end. From the first call on, what children of this process leave behind becomes
// its own.
Company company();
// "1 thread running", "2 threads running and 1 process"; empty for none. Of what is beyond `known`.
std::string leftovers(const Company& now, const Company& known = {});

// What passed, and what children of this process that ended since then had of it, in seconds.
struct Elapsed {
  double wall = 0;
  double children = 0;
};
class Stopwatch {
 public:
  Stopwatch();
  Elapsed read() const;

 private:
  std::chrono::steady_clock::time_point start_;
  double children_;
};
// Did a child wait for a processor rather than use one? It had less than a tenth of one, and so has whoever asks, for a
// fifth of a second: limits are ten times what is needed, and more.
bool is_starved(const Elapsed& elapsed);

// Those that this process could use when it was first asked: one of each core, then their siblings.
const std::vector<int>& processors();

// Of the machine, in bytes.
std::size_t memory_bytes();

// Would a larger block of memory be refused to this process?
bool memory_is_short();

// Has this process ever had a second thread, as far as the C library tells its other libraries? It does not forget.
bool has_started_a_thread();
// From now on it has: the second thread has ended when this returns.
void start_and_join_a_thread();

// Where a signal found the program, from the third argument of its handler.
struct Interrupted {
  std::uintptr_t pc = 0;
  bool writes = false;  // the access that failed was a write; false where that is not told
};
Interrupted interrupted(const void* context);
// The bytes of the instructions at an address of the program.
void copy_code(std::uintptr_t pc, void* to, std::size_t bytes);

}  // namespace safecost::platform

#endif
