#include "runner/fields.h"

#include "fmt/format.h"
#include "runner/protocol.h"

namespace safecost {

namespace {

// A value for a message: short, and in one line.
std::string shown(const nlohmann::json& value) {
  std::string text = value.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
  if (text.size() > 60) text = text.substr(0, 60) + "...";
  return text;
}

}  // namespace

Fields::Fields(const nlohmann::json& object, std::string name)
    : object_(object), name_(std::move(name)) {
  if (!object.is_object()) note(wrong(name_, object, "an object"));
}

void Fields::head(std::string_view kind) {
  const nlohmann::json* const protocol = find("protocol");
  if (protocol == nullptr || *protocol != kProtocol) {
    note(absl::FailedPreconditionError(fmt::format(
        "protocol: this program speaks {}, and the plan {}: remove the build folder and try again",
        kProtocol, protocol == nullptr ? "names none" : "is of " + shown(*protocol))));
  }
  const nlohmann::json* const plan = find("plan");
  if (plan == nullptr || *plan != kind)
    note(wrong(name_of("plan"), plan == nullptr ? nlohmann::json() : *plan,
               fmt::format("\"{}\"", kind)));
}

const nlohmann::json* Fields::find(const char* key) {
  asked_.insert(key);
  if (!object_.is_object()) return nullptr;
  const auto found = object_.find(key);
  return found == object_.end() ? nullptr : &*found;
}

std::string Fields::name_of(std::string_view key) const {
  return name_.empty() ? std::string(key) : fmt::format("{}.{}", name_, key);
}

absl::Status Fields::done() {
  if (!status_.ok()) return status_;
  for (const auto& [key, value] : object_.items()) {
    if (!asked_.contains(key))
      return absl::InvalidArgumentError(
          fmt::format("{} is no part of a plan of protocol {}", name_of(shown(key)), kProtocol));
  }
  return status_;
}

absl::Status Fields::wrong(const std::string& name, const nlohmann::json& value,
                           std::string_view expected) {
  return absl::InvalidArgumentError(fmt::format(
      "{} is {}, and must be {}", name.empty() ? "the plan" : name, shown(value), expected));
}

absl::Status Fields::read(const nlohmann::json& value, bool& into, const std::string& name) {
  if (!value.is_boolean()) return wrong(name, value, "true or false");
  into = value;
  return absl::OkStatus();
}

absl::Status Fields::read(const nlohmann::json& value, std::string& into, const std::string& name) {
  if (!value.is_string()) return wrong(name, value, "a text");
  into = value;
  return absl::OkStatus();
}

absl::Status Fields::read(const nlohmann::json& value, double& into, const std::string& name,
                          const Range<double>& range) {
  if (!value.is_number() || !(value >= range.least && value <= range.most))
    return wrong(name, value, fmt::format("a number from {} to {}", range.least, range.most));
  into = value;
  return absl::OkStatus();
}

absl::Status Fields::read_count(const nlohmann::json& value, std::uint64_t& into,
                                const std::string& name, const Range<std::uint64_t>& range) {
  const bool whole = value.is_number_unsigned() || (value.is_number_integer() && value >= 0);
  if (!whole || value < range.least || value > range.most)
    return wrong(name, value, fmt::format("a whole number from {} to {}", range.least, range.most));
  into = value;
  return absl::OkStatus();
}

absl::Status Fields::read(const nlohmann::json& value, std::pair<std::string, std::string>& into,
                          const std::string& name) {
  if (!value.is_array() || value.size() != 2 || !value[0].is_string() || !value[1].is_string())
    return wrong(name, value, "a pair of texts");
  into = {value[0], value[1]};
  return absl::OkStatus();
}

absl::Status Fields::wrong_list(const std::string& name, const nlohmann::json& value,
                                const Range<std::size_t>& length) {
  if (!value.is_array()) return wrong(name, value, "a list");
  return absl::InvalidArgumentError(fmt::format("{} has {} entries, and must have {} to {}", name,
                                                value.size(), length.least, length.most));
}

std::string Fields::element(const std::string& name, std::size_t i) {
  return fmt::format("{}[{}]", name, i);
}

}  // namespace safecost
