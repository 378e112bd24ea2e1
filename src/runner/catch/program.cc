#include "runner/catch/program.h"

#include <cstdio>
#include <fstream>
#include <iostream>
#include <string>
#include <string_view>

#include "fmt/format.h"
#include "runner/platform.h"

namespace safecost {

namespace {

int fail(const Program& program, int code, const std::string& message) {
  fmt::print(stderr, "{}: {}\n", program.name, message);
  return code;
}

int run(const Program& program, const std::string& plan_path, const std::string& out_path) {
  std::ifstream file;
  if (plan_path != "-") {
    file.open(plan_path);
    if (!file) return fail(program, 1, fmt::format("cannot read the plan {}", plan_path));
  }
  const auto json = nlohmann::json::parse(plan_path == "-" ? std::cin : file, nullptr, false);
  if (!json.is_object()) return fail(program, 1, fmt::format("{} is no JSON object", plan_path));
  const auto plan = read_prove_plan(json);
  if (!plan.ok()) return fail(program, 1, std::string(plan.status().message()));
  const auto told = program.work(*plan);
  if (!told.ok()) return fail(program, 1, std::string(told.status().message()));
  std::ofstream to;
  if (out_path != "-") to.open(out_path);
  std::ostream& out = out_path == "-" ? std::cout : to;
  out << told->dump(1, ' ', false, nlohmann::json::error_handler_t::replace) << std::endl;
  return out ? 0 : fail(program, 1, fmt::format("cannot write all of {}", out_path));
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
  try {
    return run(program, plan, out);
  } catch (const std::exception& error) {
    return fail(program, 1, error.what());
  }
}

}  // namespace safecost
