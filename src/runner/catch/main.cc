// The prover: commits every fault of one plugin in every world, each in a process of its own, and tells what it saw.
//
// A program of its own, apart from the runner, since it replaces malloc; and small, since each proof is a fork of it.
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "fmt/format.h"
#include "runner/catch/program.h"
#include "runner/catch/prover.h"

namespace {

constexpr char kUsage[] = R"(safecost-prover prove --plan FILE [--out FILE]

Commits the faults of one plugin and tells what was seen; `scripts/safecost catch` is the front door.
'-' reads the plan from stdin and writes the evidence to stdout, which is the default.

  safecost-prover prove --plan plan.json --out evidence.json
  echo '{"protocol": 1, "plan": "prove", "data": "bench/indexing", "scratch": "/tmp",
         "plugin": {"profile": "gcc-o2", "path": "build/profiles/gcc-o2/indexing/sum.so"}}' |
    safecost-prover prove --plan -
)";

// What a proof may find in its environment, lest somebody else's settings change outcomes: an inherited RUST_BACKTRACE
// makes a panic slow, MALLOC_PERTURB_ fills memory, GLIBC_TUNABLES changes malloc.
char locale[] = "LC_ALL=C.UTF-8";
char path[] = "PATH=/usr/bin:/bin";
char* const environment[] = {locale, path, nullptr};

// Starts again with that environment, since libraries have read the first one by now.
void with_fixed_environment(char** arguments) {
  bool same = true;
  int count = 0;
  for (char** entry = environ; *entry != nullptr; ++entry, ++count)
    same = same && count < 2 && std::strcmp(*entry, environment[count]) == 0;
  if (same && count == 2) return;
  execve("/proc/self/exe", arguments, environment);
  fmt::print(stderr, "safecost-prover: going on with the environment as it is: {}\n",
             std::strerror(errno));
}

}  // namespace

int main(int count, char** arguments) {
  return safecost::run_program({.name = "safecost-prover",
                                .command = "prove",
                                .evidence = "proofs",
                                .usage = kUsage,
                                .work = safecost::prove,
                                .start = with_fixed_environment},
                               count, arguments);
}
