// Who hands out the pixels of a row, in a translation unit of its own: nothing of a producer is known where its values
// are consumed but its type, and nothing of a consumer here.
#ifndef COROUTINES_GENERATOR_PIXELS_H
#define COROUTINES_GENERATOR_PIXELS_H

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <utility>
#include <vector>
#include <version>

#if defined(__cpp_lib_generator)
#include <generator>
#endif

#include "checked_generator.h"

namespace coroutines::generator {

using Pixel = std::uint16_t;

struct Run {
  Pixel colour;
  std::uint16_t length;
};
using Row = std::vector<Run>;
using SharedRow = std::shared_ptr<const Row>;
using Runs = std::span<const Run>;

// Where a walk over a row has come to: a state machine, whose memory is the caller's.
struct Walk {
  const Run* at;
  const Run* end;
  Pixel colour;
  std::uint16_t left;
};
Walk walk_begin(const Run* runs, std::size_t count);
// Sets the pixel, or returns false after the last.
bool walk_next(Walk* walk, Pixel* pixel);
// Sets up to `room` pixels, and returns how many: none after the last.
std::size_t walk_fill(Walk* walk, Pixel* pixels, std::size_t room);

// The same behind a pointer, as libraries of C have it: fopen, opendir, a database's cursor.
Walk* walk_new(const Run* runs, std::size_t count);
void walk_free(Walk* walk);

// The same for careful callers: 1 and a pixel, 0 after the last, -1 where there is no walk any more.
int walk_next_checked(Walk* walk, Pixel* pixel);
void walk_free_checked(Walk** walk);

// The other way round: the producer has the loops, and calls back.
void walk_each(const Run* runs, std::size_t count, void (*see)(void* state, Pixel pixel),
               void* state);

// What the language gives by itself: a handle, which is a pointer to the frame, and whoever has it resumes and destroys.
struct RawPixels {
  struct promise_type {
    RawPixels get_return_object() {
      return {std::coroutine_handle<promise_type>::from_promise(*this)};
    }
    std::suspend_always initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    std::suspend_always yield_value(Pixel given) {
      value = given;
      return {};
    }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }

    Pixel value;
  };
  std::coroutine_handle<promise_type> handle;
};
RawPixels raw_pixels(const Run* runs, std::size_t count);

// The state machine that looks at its own span, and whose answer is a pixel or none.
class Pixels {
 public:
  explicit Pixels(Runs runs) : rest_(runs) {}

  std::optional<Pixel> next();
  // Fills what it can of `room`, and returns that part: an empty one after the last.
  std::span<Pixel> fill(std::span<Pixel> room);

 private:
  Runs rest_;
  Run run_{};  // what is left of the one begun
};

inline const Row& present(const SharedRow& row) {
  if (row == nullptr) throw std::invalid_argument("there is no row");
  return *row;
}

// The same with a share of the row. A move takes the share away, by which it is known.
class OwnedPixels {
 public:
  explicit OwnedPixels(SharedRow row) : row_(std::move(row)), pixels_(present(row_)) {}

  std::optional<Pixel> next() {
    if (row_ == nullptr) throw std::logic_error("the pixels were moved away");
    return pixels_.next();
  }

 private:
  SharedRow row_;
  Pixels pixels_;
};

Generator<Pixel> pixels_of(Runs runs);
Generator<Pixel> pixels_of_shared(SharedRow row);
Generator<Pixel, FromPool> pixels_of(FramePool& pool, Runs runs);
#if defined(__cpp_lib_generator)
std::generator<Pixel> library_pixels_of(SharedRow row);
#endif

// The loops with a callback of a known type, as part of the consumer.
inline void each_pixel_inlined(Runs runs, const auto& see) {
  for (const Run run : runs) {
    for (std::uint16_t left = run.length; left > 0; --left) see(run.colour);
  }
}
void each_pixel(Runs runs, const std::function<void(Pixel)>& see);

// The coroutine where its consumer sees it: then a compiler may keep the frame on the stack, and resume it by a jump.
inline Generator<Pixel> visible_pixels_of(Runs runs) {
  for (const Run run : runs) {
    for (std::uint16_t left = run.length; left > 0; --left) co_yield run.colour;
  }
}

// For faults, out of a compiler's sight: a row that nobody keeps, and the end of one that somebody kept.
Row temporary(const Row& row);
SharedRow temporary(const SharedRow& row);
void give_up(std::unique_ptr<const Row>& owner);
void give_up(SharedRow& owner);

}  // namespace coroutines::generator

#endif
