// What a sanitizer or Memcheck reports while a kernel runs, kept where the parent of its process can read it.
//
// The same sources serve all. Built with AddressSanitizer they collect its reports and UBSan's through their
// callbacks, built with ThreadSanitizer its reports; run by Valgrind they count Memcheck's errors, which it writes
// into an XML file of each process.
#ifndef SAFECOST_RUNNER_CATCH_SIGHTINGS_H
#define SAFECOST_RUNNER_CATCH_SIGHTINGS_H

#include <cstddef>
#include <cstdint>

namespace safecost::sightings {

enum class Tool : std::uint32_t {
  none,
  address_sanitizer,
  undefined_behavior_sanitizer,
  memcheck,
  thread_sanitizer
};

// One report; plain data, written by a child. Who reads it must not trust that its texts end.
struct Report {
  static constexpr std::size_t kFrames = 16;
  Tool tool = Tool::none;
  char kind[64] = {};     // the tool's own word: "heap-buffer-overflow", "signed-integer-overflow"
  char text[1'500] = {};  // its message, without names of functions
  std::uint32_t frames = 0;
  std::uint64_t frame[kFrames] = {};  // return addresses, innermost first
};

struct Sightings {
  static constexpr std::size_t kReports = 16;
  std::uint32_t reports = 0;  // also those for which there was no room
  Report report[kReports];
  std::uint32_t errors = 0;       // that Memcheck counted
  std::int64_t leaked_bytes = 0;  // to which nothing points; from `begin` to `end_leaks`
  bool leaks_looked_at = false;
};

// The tool that watches this process; none for a plain build that Valgrind does not run.
Tool watching();

// In the parent: `page` is shared with the children that are forked from now on.
void install(Sightings* page);

// In the child, around the kernel. The results count as used: Memcheck says if they were never set.
void begin(bool look_for_leaks);
void end(std::uint64_t result, std::uint64_t digest);
// After everything that the proof itself allocated has been released.
void end_leaks();

}  // namespace safecost::sightings

#endif
