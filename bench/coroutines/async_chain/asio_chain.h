// The same service with Asio's loop and coroutines, in a translation unit of its own: its headers take long to compile.
#ifndef COROUTINES_ASYNC_CHAIN_ASIO_CHAIN_H
#define COROUTINES_ASYNC_CHAIN_ASIO_CHAIN_H

#if __has_include("asio/io_context.hpp")
#define ASYNC_CHAIN_ASIO

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace coroutines::async_chain {

constexpr std::size_t asio_window = 32;  // requests under way

class AsioService {
 public:
  AsioService(std::span<const std::uint64_t> given, std::uint64_t bound);
  AsioService(const AsioService&) = delete;
  AsioService& operator=(const AsioService&) = delete;
  ~AsioService();

  std::uint64_t by_callbacks();
  std::uint64_t by_coroutines();

  // One request, served: rightly, or by a program with one wrong step while nothing is there at once.
  std::uint64_t served(std::uint64_t user);
  std::uint64_t callback_refers(std::uint64_t user);
  std::uint64_t callback_twice(std::uint64_t user);
  void callback_given_up(std::uint64_t user);
  void callback_destroyed(std::uint64_t user);
  std::uint64_t coroutine_refers(std::uint64_t user);
  std::uint64_t coroutine_twice(std::uint64_t user);
  void coroutine_given_up(std::uint64_t user);

  std::vector<std::uint64_t> users;

 private:
  struct Inside;
  std::unique_ptr<Inside> inside_;
};

}  // namespace coroutines::async_chain

#endif
#endif
