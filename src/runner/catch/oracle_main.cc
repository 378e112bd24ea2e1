// The oracles' host: commits faults where AddressSanitizer, UBSan, ThreadSanitizer or Memcheck watches, and tells what they reported.
//
// Apart from the prover, since a process cannot have both its malloc and theirs.
#include "runner/catch/oracle.h"
#include "runner/catch/program.h"

namespace {

constexpr char kUsage[] = R"(safecost-oracle confirm --plan FILE [--out FILE]

Commits the faults of one plugin under a tool that finds errors of memory or of threads, and tells what the tool reported;
`scripts/safecost catch --sanitize` is the front door. '-' reads the plan from stdin and writes to stdout, the default.

  valgrind --xml=yes --xml-file=seen.%p.xml safecost-oracle confirm --plan plan.json
  build/profiles/clang-sanitized/safecost-oracle confirm --plan plan.json --out reports.json
  build/profiles/clang-tsan/safecost-oracle confirm --plan plan.json --out races.json
)";

}  // namespace

int main(int count, char** arguments) {
  return safecost::run_program({.name = "safecost-oracle",
                                .command = "confirm",
                                .evidence = "sightings",
                                .usage = kUsage,
                                .work = safecost::confirm,
                                .start = nullptr},
                               count, arguments);
}
