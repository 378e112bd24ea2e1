#include "runner/contender.h"

#include <utility>

#include "fmt/format.h"
#include "runner/platform.h"

namespace safecost {

std::string contender_name(const Plugin& plugin, const safecost_variant& variant,
                           std::uint64_t size, double rate, std::uint32_t threads,
                           std::uint32_t workers) {
  std::string name = fmt::format("{}/{}/size:{}", plugin.table().name, variant.name, size);
  if (rate >= 0) name += fmt::format("/rate:{}", rate);
  if (threads > 0) name += fmt::format("/threads:{}", threads);
  if (workers > 0) name += fmt::format("/workers:{}", workers);
  return name + "@" + plugin.profile();
}

Contender::Contender(Contender&& other) noexcept
    : plugin_(other.plugin_),
      variant_(other.variant_),
      pool_(other.pool_),
      name_(std::move(other.name_)),
      contexts_(std::exchange(other.contexts_, {})) {}

Contender::~Contender() {
  for (void* const context : contexts_) variant_->release(context);
}

absl::Status Contender::prepare(std::size_t count) {
  platform::working_on(name_.c_str());
  contexts_.reserve(contexts_.size() + count);
  for (std::size_t i = 0; i < count; ++i) {
    void* const context = variant_->prepare(pool_->input(contexts_.size() % pool_->count()));
    if (context == nullptr) {
      return absl::InternalError(
          fmt::format("{} of {} cannot prepare an input", variant_->name, plugin_->profile()));
    }
    contexts_.push_back(context);
  }
  return absl::OkStatus();
}

void Contender::reset(std::size_t first, std::size_t count) {
  platform::working_on(name_.c_str());
  if (!mutates()) return;
  for (std::size_t i = first; count > 0; --count) {
    variant_->reset(contexts_[i], pool_->input(i % pool_->count()));
    if (++i == contexts_.size()) i = 0;
  }
}

std::uint64_t Contender::digest(std::size_t i, safecost_kernel kernel) {
  reset(i, 1);
  std::uint64_t digest = kernel(contexts_[i]);
  if (variant_->digest != nullptr) {
    digest = (digest ^ variant_->digest(contexts_[i])) * 0x100000001b3u;
  }
  return digest;
}

}  // namespace safecost
