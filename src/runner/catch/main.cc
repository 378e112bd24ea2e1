// The prover: commits every fault of one plugin in every world, each in a process of its own, and tells what it saw.
//
// A program of its own, apart from the runner, since it replaces malloc; and small, since each proof is a fork of it.
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iostream>
#include <string>
#include <string_view>

#include "fmt/format.h"
#include "nlohmann/json.hpp"
#include "runner/catch/prover.h"
#include "runner/platform.h"

namespace {

constexpr char kUsage[] = R"(safecost-prover prove --plan FILE [--out FILE]

Commits the faults of one plugin and tells what was seen; `scripts/safecost catch` is the front door.
'-' reads the plan from stdin and writes the evidence to stdout, which is the default.

  safecost-prover prove --plan plan.json --out evidence.json
  echo '{"plugin": {"profile": "gcc-o2", "path": "build/profiles/gcc-o2/indexing/sum.so"},
         "data": "bench/indexing", "scratch": "/tmp"}' | safecost-prover prove --plan -
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

int fail(int code, const std::string& message) {
  fmt::print(stderr, "safecost-prover: {}\n", message);
  return code;
}

int run(const std::string& plan_path, const std::string& out_path) {
  std::ifstream file;
  if (plan_path != "-") {
    file.open(plan_path);
    if (!file) return fail(1, fmt::format("cannot read the plan {}", plan_path));
  }
  const auto json = nlohmann::json::parse(plan_path == "-" ? std::cin : file, nullptr, false);
  if (!json.is_object()) return fail(1, fmt::format("{} is no JSON object", plan_path));
  const auto plan = safecost::read_prove_plan(json);
  if (!plan.ok()) return fail(1, std::string(plan.status().message()));
  const auto told = safecost::prove(*plan);
  if (!told.ok()) return fail(1, std::string(told.status().message()));
  std::ofstream to;
  if (out_path != "-") to.open(out_path);
  std::ostream& out = out_path == "-" ? std::cout : to;
  out << told->dump(1, ' ', false, nlohmann::json::error_handler_t::replace) << std::endl;
  return out ? 0 : fail(1, fmt::format("cannot write all of {}", out_path));
}

}  // namespace

int main(int count, char** arguments) {
  std::string plan, command, out = "-";
  for (int i = 1; i < count; ++i) {
    const std::string_view word = arguments[i];
    const auto value = [&](std::string_view name, std::string& into) {
      if (word == name && i + 1 < count) {
        into = arguments[++i];
      } else if (word.starts_with(std::string(name) + "=")) {
        into = word.substr(name.size() + 1);
      } else {
        return false;
      }
      return true;
    };
    if (word == "--help" || word == "-h") {
      fmt::print("{}", kUsage);
      return 0;
    }
    if (value("--plan", plan) || value("--out", out)) continue;
    if (command.empty() && word == "prove") {
      command = word;
    } else {
      return fail(2, fmt::format("'{}' is no option and no command: see --help", word));
    }
  }
  if (command.empty()) return fail(2, "give the command: prove");
  if (plan.empty()) return fail(2, "no plan: give --plan FILE");
  with_fixed_environment(arguments);
  safecost::platform::die_with_parent();
  try {
    return run(plan, out);
  } catch (const std::exception& error) {
    return fail(1, error.what());
  }
}
