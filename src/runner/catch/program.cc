#include "runner/catch/program.h"

#include <cstdio>
#include <string>
#include <string_view>
#include <utility>

#include "fmt/format.h"
#include "runner/platform.h"
#include "runner/protocol.h"
#include "runner/reap.h"
#include "runner/status_macros.h"

namespace safecost {

namespace {

int fail(const Program& program, int code, const std::string& message) {
  fmt::print(stderr, "{}: {}\n", program.name, message);
  return code;
}

absl::Status run(const Program& program, const std::string& plan_path,
                 const std::string& out_path) {
  ASSIGN_OR_RETURN(const nlohmann::json json, read_plan(plan_path));
  ASSIGN_OR_RETURN(const ProvePlan plan, ProvePlan::from_json(json, program.command));
  ASSIGN_OR_RETURN(nlohmann::json answer, program.work(plan));
  return write_evidence(program.evidence, std::move(answer), out_path);
}

}  // namespace

int run_program(const Program& program, int count, char** arguments) {
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
      fmt::print("{}", program.usage);
      return 0;
    }
    if (value("--plan", plan) || value("--out", out)) continue;
    if (command.empty() && word == program.command) {
      command = word;
    } else {
      return fail(program, 2, fmt::format("'{}' is no option and no command: see --help", word));
    }
  }
  if (command.empty())
    return fail(program, 2, fmt::format("give the command: {}", program.command));
  if (plan.empty()) return fail(program, 2, "no plan: give --plan FILE");
  if (program.start != nullptr) program.start(arguments);
  platform::die_with_parent();
  reap::adopt_strays();
  try {
    const absl::Status status = run(program, plan, out);
    return status.ok() ? 0 : fail(program, 1, std::string(status.message()));
  } catch (const std::exception& error) {
    return fail(program, 1, error.what());
  }
}

}  // namespace safecost
