// Reads an object of a plan strictly: every key by its name, type and range, and no key that nobody asked for.
//
//   PanelPlan plan;
//   Fields fields(json, "panels[0]");
//   fields.required("size", plan.size, {0, kLargestSize});
//   fields.optional("seed", plan.seed);
//   RETURN_IF_ERROR(fields.done());
#ifndef SAFECOST_RUNNER_FIELDS_H
#define SAFECOST_RUNNER_FIELDS_H

#include <concepts>
#include <cstdint>
#include <limits>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "nlohmann/json.hpp"

namespace safecost {

template <class T>
struct Range {
  T least = std::numeric_limits<T>::lowest();
  T most = std::numeric_limits<T>::max();
};

// A part of a plan that is a struct of its own.
template <class T>
concept Part = requires(const nlohmann::json& json, const std::string& name) {
  { T::from_json(json, name) } -> std::same_as<absl::StatusOr<T>>;
};

class Fields {
 public:
  // `name` is what errors call the object; empty for the plan itself.
  explicit Fields(const nlohmann::json& object, std::string name = {});

  // The object is a plan of that kind and of our protocol.
  void head(std::string_view kind);

  template <class T, class... Limits>
  void required(const char* key, T& into, const Limits&... limits) {
    if (const nlohmann::json* const value = find(key)) {
      note(read(*value, into, name_of(key), limits...));
    } else {
      note(absl::InvalidArgumentError(name_of(key) + " is missing from the plan"));
    }
  }
  // Stays as it is where the key is absent or null.
  template <class T, class... Limits>
  void optional(const char* key, T& into, const Limits&... limits) {
    const nlohmann::json* const value = find(key);
    if (value != nullptr && !value->is_null()) note(read(*value, into, name_of(key), limits...));
  }

  // The first thing that was wrong.
  absl::Status done();

 private:
  const nlohmann::json* find(const char* key);
  std::string name_of(std::string_view key) const;
  void note(absl::Status status) { status_.Update(std::move(status)); }

  static absl::Status wrong(const std::string& name, const nlohmann::json& value,
                            std::string_view expected);
  static absl::Status read(const nlohmann::json& value, bool& into, const std::string& name);
  static absl::Status read(const nlohmann::json& value, std::string& into, const std::string& name);
  static absl::Status read(const nlohmann::json& value, double& into, const std::string& name,
                           const Range<double>& range);
  static absl::Status read_count(const nlohmann::json& value, std::uint64_t& into,
                                 const std::string& name, const Range<std::uint64_t>& range);

  template <std::unsigned_integral T>
  static absl::Status read(const nlohmann::json& value, T& into, const std::string& name,
                           const Range<T>& range = {}) {
    std::uint64_t wide = into;
    absl::Status status = read_count(value, wide, name, {range.least, range.most});
    into = static_cast<T>(wide);
    return status;
  }
  template <Part T>
  static absl::Status read(const nlohmann::json& value, T& into, const std::string& name) {
    absl::StatusOr<T> part = T::from_json(value, name);
    if (!part.ok()) return part.status();
    into = *std::move(part);
    return absl::OkStatus();
  }
  // Of strings: a pair.
  static absl::Status read(const nlohmann::json& value, std::pair<std::string, std::string>& into,
                           const std::string& name);
  template <class T>
  static absl::Status read(const nlohmann::json& value, std::vector<T>& into,
                           const std::string& name, const Range<std::size_t>& length = {}) {
    if (!value.is_array() || value.size() < length.least || value.size() > length.most)
      return wrong_list(name, value, length);
    for (std::size_t i = 0; i < value.size(); ++i) {
      absl::Status status = read(value[i], into.emplace_back(), element(name, i));
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  }
  static absl::Status wrong_list(const std::string& name, const nlohmann::json& value,
                                 const Range<std::size_t>& length);
  static std::string element(const std::string& name, std::size_t i);

  const nlohmann::json& object_;
  std::string name_;
  std::set<std::string, std::less<>> asked_;
  absl::Status status_;
};

// What several plans hold; document/plan.py has the same.
inline constexpr std::uint64_t kLargestSize = std::uint64_t{1} << 48;
inline constexpr Range<std::uint64_t> kSizes = {0, kLargestSize};
inline constexpr Range<double> kRates = {0.0, 1.0};
inline constexpr Range<std::uint32_t> kThreads = {1, 2};
inline constexpr Range<std::uint32_t> kWorkers = {1, 64};
inline constexpr Range<double> kSeconds = {1e-9, 1e6};

}  // namespace safecost

#endif
