// Callbacks that Asio keeps in memory that it uses again, and its coroutines, of which each has a frame.
#include "asio_chain.h"

#if defined(ASYNC_CHAIN_ASIO)

#include <algorithm>
#include <array>
#include <exception>
#include <optional>
#include <utility>

// Asio 1.22 knows Clang's coroutines by a header alone that was an experiment.
#if !defined(ASIO_HAS_CO_AWAIT) && defined(__cpp_impl_coroutine)
#define ASIO_HAS_CO_AWAIT 1
#endif
#include "asio/async_result.hpp"
#include "asio/awaitable.hpp"
#include "asio/co_spawn.hpp"
#include "asio/io_context.hpp"
#include "asio/post.hpp"
#include "asio/use_awaitable.hpp"
#include "loop.h"

namespace coroutines::async_chain {

namespace {

// The loop, in one thread.
struct Asked {
  explicit Asked(std::uint64_t at_once) : context(1), bound(at_once) {}

  asio::io_context context;
  std::uint64_t bound;
};

// Calls back, or resumes, when the loop gets to it.
template <class Token>
auto ask_later(Asked& loop, std::uint64_t answer, Token&& token) {
  return asio::async_initiate<Token, void(std::uint64_t)>(
      [&loop](auto handler, std::uint64_t come) {
        asio::post(loop.context,
                   [handler = std::move(handler), come]() mutable { std::move(handler)(come); });
      },
      token, answer);
}

template <class Callback>
void ask(Asked& loop, std::uint64_t question, Callback callback) {
  const std::uint64_t answer = answer_to(question);
  if (there_at_once(answer, loop.bound)) {
    callback(answer);
  } else {
    ask_later(loop, answer, std::move(callback));
  }
}

template <class User>
struct Served {
  explicit Served(const std::uint64_t& of) : user(of) {}

  // Whoever is served twice is charged twice.
  void charge(std::uint64_t amount) { result = result.value_or(0) + amount; }

  User user;
  std::uint64_t session = 0;
  std::uint64_t rights = 0;
  std::optional<std::uint64_t> result;
};

template <class User>
auto callback_of(Asked& loop, const std::shared_ptr<Served<User>>& request) {
  return [&loop, request](std::uint64_t session) {
    request->session = session;
    ask(loop, request->user ^ session, [&loop, request](std::uint64_t rights) {
      request->rights = rights;
      ask(loop, request->session + rights, [&loop, request](std::uint64_t page) {
        ask(loop, request->user ^ page,
            [request](std::uint64_t receipt) { request->charge(receipt + request->rights); });
      });
    });
  };
}

template <class User>
std::shared_ptr<Served<User>> serve_by_callbacks(Asked& loop, const std::uint64_t& user) {
  const auto request = std::make_shared<Served<User>>(user);
  ask(loop, user, callback_of(loop, request));
  return request;
}

asio::awaitable<std::uint64_t> asked(Asked& loop, std::uint64_t question) {
  const std::uint64_t answer = answer_to(question);
  if (there_at_once(answer, loop.bound)) co_return answer;
  co_return co_await ask_later(loop, answer, asio::use_awaitable);
}

template <class User>
asio::awaitable<std::uint64_t> serve(Asked& loop, User user) {
  const std::uint64_t session = co_await asked(loop, user);
  const std::uint64_t rights = co_await asked(loop, user ^ session);
  const std::uint64_t page = co_await asked(loop, session + rights);
  const std::uint64_t receipt = co_await asked(loop, user ^ page);
  co_return receipt + rights;
}

// Where a coroutine's result goes; what it throws is thrown by the loop.
auto into(std::optional<std::uint64_t>& result) {
  return [&result](const std::exception_ptr& error, std::uint64_t come) {
    if (error != nullptr) std::rethrow_exception(error);
    result = result.value_or(0) + come;
  };
}

}  // namespace

struct AsioService::Inside {
  explicit Inside(std::uint64_t bound) : loop(bound) {}

  void run() {
    loop.context.run();
    loop.context.restart();
  }

  Asked loop;
};

AsioService::AsioService(std::span<const std::uint64_t> given, std::uint64_t bound)
    : users(given.begin(), given.end()), inside_(std::make_unique<Inside>(bound)) {}
AsioService::~AsioService() = default;

std::uint64_t AsioService::by_callbacks() {
  Asked& loop = inside_->loop;
  std::array<std::shared_ptr<const Served<std::uint64_t>>, asio_window> requests;
  std::uint64_t total = 0;
  std::uint64_t place = 0;
  for (std::span<const std::uint64_t> rest = users; !rest.empty();) {
    const std::span<const std::uint64_t> batch = rest.first(std::min(asio_window, rest.size()));
    rest = rest.subspan(batch.size());
    for (std::size_t i = 0; i < batch.size(); ++i)
      requests.at(i) = serve_by_callbacks<std::uint64_t>(loop, batch[i]);
    inside_->run();
    for (std::size_t i = 0; i < batch.size(); ++i)
      total += requests.at(i)->result.value() ^ place++;
  }
  return total;
}

std::uint64_t AsioService::by_coroutines() {
  Asked& loop = inside_->loop;
  std::array<std::optional<std::uint64_t>, asio_window> results;
  std::uint64_t total = 0;
  std::uint64_t place = 0;
  for (std::span<const std::uint64_t> rest = users; !rest.empty();) {
    const std::span<const std::uint64_t> batch = rest.first(std::min(asio_window, rest.size()));
    rest = rest.subspan(batch.size());
    for (std::size_t i = 0; i < batch.size(); ++i) {
      results.at(i).reset();
      asio::co_spawn(loop.context, serve<std::uint64_t>(loop, batch[i]), into(results.at(i)));
    }
    inside_->run();
    for (std::size_t i = 0; i < batch.size(); ++i) total += results.at(i).value() ^ place++;
  }
  return total;
}

std::uint64_t AsioService::served(std::uint64_t user) {
  const auto request = serve_by_callbacks<std::uint64_t>(inside_->loop, user);
  inside_->run();
  return request->result.value();
}

std::uint64_t AsioService::callback_refers(std::uint64_t user) {
  Inside slow(0);
  auto message = std::make_unique<std::uint64_t>(user);
  const auto request = serve_by_callbacks<const std::uint64_t&>(slow.loop, *message);
  message.reset();
  slow.run();
  return request->result.value();
}

std::uint64_t AsioService::callback_twice(std::uint64_t user) {
  Inside slow(0);
  const auto request = std::make_shared<Served<std::uint64_t>>(user);
  const auto callback = callback_of(slow.loop, request);
  ask(slow.loop, user, callback);
  ask(slow.loop, user, callback);
  slow.run();
  return request->result.value();
}

void AsioService::callback_given_up(std::uint64_t user) {
  Inside slow(0);
  serve_by_callbacks<std::uint64_t>(slow.loop, user);
}

void AsioService::callback_destroyed(std::uint64_t user) {
  Inside slow(0);
  serve_by_callbacks<std::uint64_t>(slow.loop, user).reset();
  slow.run();
}

std::uint64_t AsioService::coroutine_refers(std::uint64_t user) {
  Inside slow(0);
  std::optional<std::uint64_t> result;
  auto message = std::make_unique<std::uint64_t>(user);
  asio::co_spawn(slow.loop.context, serve<const std::uint64_t&>(slow.loop, *message), into(result));
  message.reset();
  slow.run();
  return result.value();
}

std::uint64_t AsioService::coroutine_twice(std::uint64_t user) {
  Inside slow(0);
  std::optional<std::uint64_t> result;
  asio::awaitable<std::uint64_t> request = serve<std::uint64_t>(slow.loop, user);
  asio::co_spawn(slow.loop.context, std::move(request), into(result));
  asio::co_spawn(slow.loop.context, std::move(request),
                 into(result));  // NOLINT(bugprone-use-after-move)
  slow.run();
  return result.value();
}

void AsioService::coroutine_given_up(std::uint64_t user) {
  Inside slow(0);
  std::optional<std::uint64_t> result;
  asio::co_spawn(slow.loop.context, serve<std::uint64_t>(slow.loop, user), into(result));
  slow.loop.context.poll_one();
}

}  // namespace coroutines::async_chain

#endif
