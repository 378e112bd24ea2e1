// What a case uses to make its inputs: seeded random numbers and memory that lives as long as the pool.
#ifndef SAFECOST_KERNEL_GENERATOR_H
#define SAFECOST_KERNEL_GENERATOR_H

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

#include "kernel/abi.h"

namespace safecost {

// SplitMix64 (Steele, Lea, Flood 2014). The distributions of <random> differ between standard
// libraries; these do not, so every toolchain makes the same bytes.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    state_ += 0x9e3779b97f4a7c15u;
    std::uint64_t mixed = state_;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9u;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebu;
    return mixed ^ (mixed >> 31);
  }

  // Uniform in [0, bound); the bias is below 2^-32 for any bound up to 2^32. `bound` > 0.
  std::uint64_t below(std::uint64_t bound) {
    __extension__ using Wide = unsigned __int128;
    return static_cast<std::uint64_t>((static_cast<Wide>(next()) * bound) >> 64);
  }

  // Uniform in [low, high].
  std::uint64_t between(std::uint64_t low, std::uint64_t high) {
    return low + below(high - low + 1);
  }

  // Uniform in [0, 1).
  double unit() { return static_cast<double>(next() >> 11) * 0x1p-53; }

 private:
  std::uint64_t state_;
};

// Memory of one pool: each array is a block of its own, so that a proof can put guard pages beside it.
class Arena {
 public:
  template <class T>
  std::span<T> array(std::size_t count) {
    static_assert(std::is_trivially_copyable_v<T>, "inputs are plain C data");
    return {reinterpret_cast<T*>(block(count * sizeof(T))), count};
  }

  std::size_t bytes() const { return bytes_; }

  struct Block {
    std::unique_ptr<std::byte[]> memory;
    std::size_t size;
  };
  const std::vector<Block>& blocks() const { return blocks_; }

 private:
  std::byte* block(std::size_t bytes);

  std::vector<Block> blocks_;
  std::size_t bytes_ = 0;
};

// One input in the making. Its bytes follow from seed, size, rate, fault and index alone.
class Generator {
 public:
  Generator(const safecost_request& request, std::uint32_t index, const char* fault, Arena& arena)
      : random(Random(request.seed ^ (0xa0761d6478bd642fu * (index + 1u))).next()),
        request_(request),
        index_(index),
        fault_(fault),
        arena_(arena) {}

  Random random;

  std::size_t size() const { return static_cast<std::size_t>(request_.size); }
  double rate() const { return request_.rate; }
  std::uint32_t index() const { return index_; }
  // Folder of the case file, where shipped inputs lie.
  const char* data() const { return request_.data; }
  // A folder that the generator may fill; the runner removes it.
  const char* scratch() const { return request_.scratch; }

  // Is this the input that commits the fault of that name?
  bool commits(std::string_view fault) const { return fault_ != nullptr && fault == fault_; }

  // Zeroed plain data that lives as long as the pool.
  template <class T>
  std::span<T> array(std::size_t count) {
    return arena_.array<T>(count);
  }

  // A NUL-terminated copy that lives as long as the pool.
  const char* text(std::string_view characters) {
    const auto copy = array<char>(characters.size() + 1);
    if (!characters.empty()) std::memcpy(copy.data(), characters.data(), characters.size());
    return copy.data();
  }

 private:
  const safecost_request& request_;
  std::uint32_t index_;
  const char* fault_;
  Arena& arena_;
};

}  // namespace safecost

#endif
