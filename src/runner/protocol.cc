#include "runner/protocol.h"

#include <fstream>
#include <iostream>
#include <utility>

#include "fmt/format.h"

namespace safecost {

absl::StatusOr<nlohmann::json> read_plan(const std::string& path) {
  if (path.empty()) return absl::InvalidArgumentError("no plan: give --plan FILE");
  std::ifstream file;
  if (path != "-") {
    file.open(path);
    if (!file) return absl::NotFoundError(fmt::format("cannot read the plan {}", path));
  }
  nlohmann::json json = nlohmann::json::parse(path == "-" ? std::cin : file, nullptr, false);
  if (!json.is_object())
    return absl::InvalidArgumentError(fmt::format("the plan {} is no JSON object", path));
  return json;
}

absl::Status write_evidence(const char* kind, nlohmann::json answer, const std::string& path) {
  answer["protocol"] = kProtocol;
  answer["evidence"] = kind;
  std::ofstream file;
  if (path != "-") file.open(path);
  std::ostream& out = path == "-" ? std::cout : file;
  out << answer.dump(1, ' ', false, nlohmann::json::error_handler_t::replace) << std::endl;
  return out ? absl::OkStatus()
             : absl::UnavailableError(fmt::format("cannot write all of {}", path));
}

}  // namespace safecost
