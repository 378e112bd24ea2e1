// The other side: the same two loops, kept at their place between two values in each way that there is.
#include "pixels.h"

#include <algorithm>
#include <cstdlib>

namespace coroutines::generator {

Walk walk_begin(const Run* runs, std::size_t count) { return {runs, runs + count, 0, 0}; }

bool walk_next(Walk* walk, Pixel* pixel) {
  while (walk->left == 0) {
    if (walk->at == walk->end) return false;
    walk->colour = walk->at->colour;
    walk->left = walk->at->length;
    ++walk->at;
  }
  --walk->left;
  *pixel = walk->colour;
  return true;
}

std::size_t walk_fill(Walk* walk, Pixel* pixels, std::size_t room) {
  std::size_t filled = 0;
  while (filled < room) {
    if (walk->left == 0) {
      if (walk->at == walk->end) break;
      walk->colour = walk->at->colour;
      walk->left = walk->at->length;
      ++walk->at;
    }
    const std::size_t rest = room - filled;
    const std::size_t count = walk->left < rest ? walk->left : rest;
    for (std::size_t i = 0; i < count; ++i) pixels[filled + i] = walk->colour;
    filled += count;
    walk->left -= (std::uint16_t)count;
  }
  return filled;
}

Walk* walk_new(const Run* runs, std::size_t count) {
  Walk* const walk = (Walk*)std::malloc(sizeof(Walk));
  if (walk == nullptr) std::abort();
  *walk = {runs, runs + count, 0, 0};
  return walk;
}

void walk_free(Walk* walk) { std::free(walk); }

int walk_next_checked(Walk* walk, Pixel* pixel) {
  if (walk == nullptr) return -1;
  while (walk->left == 0) {
    if (walk->at == walk->end) return 0;
    walk->colour = walk->at->colour;
    walk->left = walk->at->length;
    ++walk->at;
  }
  --walk->left;
  *pixel = walk->colour;
  return 1;
}

void walk_free_checked(Walk** walk) {
  std::free(*walk);
  *walk = nullptr;
}

void walk_each(const Run* runs, std::size_t count, void (*see)(void* state, Pixel pixel),
               void* state) {
  for (std::size_t i = 0; i < count; ++i) {
    for (std::uint16_t left = runs[i].length; left > 0; --left) see(state, runs[i].colour);
  }
}

RawPixels raw_pixels(const Run* runs, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    for (std::uint16_t left = runs[i].length; left > 0; --left) co_yield runs[i].colour;
  }
}

std::optional<Pixel> Pixels::next() {
  while (run_.length == 0) {
    if (rest_.empty()) return std::nullopt;
    run_ = rest_.front();
    rest_ = rest_.subspan(1);
  }
  --run_.length;
  return run_.colour;
}

std::span<Pixel> Pixels::fill(std::span<Pixel> room) {
  std::span<Pixel> rest = room;
  while (!rest.empty()) {
    if (run_.length == 0) {
      if (rest_.empty()) break;
      run_ = rest_.front();
      rest_ = rest_.subspan(1);
    }
    const std::size_t count = std::min<std::size_t>(run_.length, rest.size());
    std::ranges::fill(rest.first(count), run_.colour);
    rest = rest.subspan(count);
    run_.length -= static_cast<Pixel>(count);
  }
  return room.first(room.size() - rest.size());
}

Generator<Pixel> pixels_of(Runs runs) {
  for (const Run run : runs) {
    for (std::uint16_t left = run.length; left > 0; --left) co_yield run.colour;
  }
}

Generator<Pixel> pixels_of_shared(SharedRow row) {
  for (const Run run : present(row)) {
    for (std::uint16_t left = run.length; left > 0; --left) co_yield run.colour;
  }
}

Generator<Pixel, FromPool> pixels_of(FramePool&, Runs runs) {
  for (const Run run : runs) {
    for (std::uint16_t left = run.length; left > 0; --left) co_yield run.colour;
  }
}

#if defined(__cpp_lib_generator)
std::generator<Pixel> library_pixels_of(SharedRow row) {
  for (const Run run : present(row)) {
    for (std::uint16_t left = run.length; left > 0; --left) co_yield run.colour;
  }
}
#endif

void each_pixel(Runs runs, const std::function<void(Pixel)>& see) {
  for (const Run run : runs) {
    for (std::uint16_t left = run.length; left > 0; --left) see(run.colour);
  }
}

Row temporary(const Row& row) { return row; }
SharedRow temporary(const SharedRow& row) { return std::make_shared<const Row>(*row); }
void give_up(std::unique_ptr<const Row>& owner) { owner.reset(); }
void give_up(SharedRow& owner) { owner.reset(); }

}  // namespace coroutines::generator
