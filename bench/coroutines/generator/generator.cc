// What does it cost to hand out values one at a time from code that keeps its place between them?
//
// An image is stored row by row, a row as runs of one colour, and a consumer wants pixels: two nested loops that must
// be left after each value and entered again where they were left. C turns them inside out, into a state machine
// that somebody asks, or calls back; a coroutine is written as the loops are, and its frame keeps the place. Producer
// and consumer are of two translation units (pixels.cc), as a library and its user are, so that neither knows
// the other and each value takes a call.
//
// A row is a generator of its own, and at the given rate a run is the last of its row: at 0.01 a row has about 800
// pixels, at 1 eight, which is where it counts that a frame is allocated.
//
//  - A frame keeps copies of the coroutine's arguments, and of nothing that they refer to. So who takes a span or a
//    reference has what dangles as soon as the row is gone, which a lazy walk makes more likely than an eager one; who
//    takes a share of the row (_owned) has not.
//  - A variant of `inlined` shows the producer to its consumer. Then there is no call, and a compiler may do without a
//    coroutine's frame altogether: the count of allocations tells whether it did.
//  - `blocks` hand out 64 pixels a call, by which databases and decoders divide the cost of asking.
#include <algorithm>
#include <array>
#include <cerrno>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <ranges>
#include <span>
#include <utility>
#include <vector>

#include "kernel/case.h"
#include "pixels.h"

namespace coroutines::generator {

struct Input {
  const Run* runs;
  std::size_t run_count;
  const std::size_t* row_ends;  // in runs, counted from the first of all
  std::size_t row_count;
};

Input generate(safecost::Generator& generator) {
  // A row that is destroyed after its first pixel is touched again if it has a second run.
  const bool destroys = generator.commits("destroyed_meanwhile");
  const std::size_t fewest = destroys ? 2 : 1;
  std::vector<Run> runs;
  std::vector<std::size_t> ends;
  std::size_t first = 0;
  for (std::size_t left = generator.size(); left > 0;) {
    const std::size_t drawn = generator.random.between(1, destroys ? 3 : 15);
    const std::size_t length = std::min(left, drawn);
    runs.push_back({static_cast<Pixel>(generator.random.next()), static_cast<Pixel>(length)});
    left -= length;
    const bool last = generator.random.unit() < generator.rate();
    if (last && runs.size() - first >= fewest) {
      ends.push_back(runs.size());
      first = runs.size();
    }
  }
  if (first < runs.size()) {
    if (runs.size() - first >= fewest || ends.empty()) ends.push_back(0);
    ends.back() = runs.size();
  }
  const auto kept_runs = generator.array<Run>(runs.size());
  const auto kept_ends = generator.array<std::size_t>(ends.size());
  std::ranges::copy(runs, kept_runs.begin());
  std::ranges::copy(ends, kept_ends.begin());
  return {kept_runs.data(), kept_runs.size(), kept_ends.data(), kept_ends.size()};
}

std::vector<Row> rows_of(const Input& input) {
  std::vector<Row> rows;
  std::size_t first = 0;
  for (const std::size_t end : std::span(input.row_ends, input.row_count)) {
    rows.emplace_back(input.runs + first, input.runs + end);
    first = end;
  }
  return rows;
}

struct Image {
  explicit Image(const Input& input) : rows(rows_of(input)) {}

  std::vector<Row> rows;
};

struct SharedImage {
  explicit SharedImage(const Input& input) {
    for (Row& row : rows_of(input)) rows.push_back(std::make_shared<const Row>(std::move(row)));
  }

  std::vector<SharedRow> rows;
};

// With room for one frame, which is taken before any clock runs.
struct RecyclingImage : Image {
  explicit RecyclingImage(const Input& input) : Image(input), pool(1, 512) {}

  FramePool pool;
};

// A pixel counts together with its place; so no run can be added up by a multiplication.

SAFECOST_KERNEL raw(const Image& image) {
  std::uint64_t total = 0;
  std::uint64_t place = 0;
  for (const Row& row : image.rows) {
    Walk walk = walk_begin(row.data(), row.size());
    Pixel pixel;
    while (walk_next(&walk, &pixel)) total += pixel ^ place++;
  }
  return total;
}

SAFECOST_KERNEL raw_handle(const Image& image) {
  std::uint64_t total = 0;
  std::uint64_t place = 0;
  for (const Row& row : image.rows) {
    Walk* const walk = walk_new(row.data(), row.size());
    Pixel pixel;
    while (walk_next(walk, &pixel)) total += pixel ^ place++;
    walk_free(walk);
  }
  return total;
}

SAFECOST_KERNEL raw_checked(const Image& image) {
  std::uint64_t total = 0;
  std::uint64_t place = 0;
  for (const Row& row : image.rows) {
    Walk* walk = walk_new(row.data(), row.size());
    Pixel pixel;
    int status;
    while ((status = walk_next_checked(walk, &pixel)) > 0) total += pixel ^ place++;
    walk_free_checked(&walk);
    if (status < 0) return EINVAL;
  }
  return total;
}

struct Total {
  std::uint64_t total;
  std::uint64_t place;
};

void add_pixel(void* state, Pixel pixel) {
  Total* const sum = (Total*)state;
  sum->total += pixel ^ sum->place++;
}

SAFECOST_KERNEL raw_visitor(const Image& image) {
  Total sum = {0, 0};
  for (const Row& row : image.rows) walk_each(row.data(), row.size(), add_pixel, &sum);
  return sum.total;
}

SAFECOST_KERNEL raw_coroutine(const Image& image) {
  std::uint64_t total = 0;
  std::uint64_t place = 0;
  for (const Row& row : image.rows) {
    const auto handle = raw_pixels(row.data(), row.size()).handle;
    for (handle.resume(); !handle.done(); handle.resume())
      total += handle.promise().value ^ place++;
    handle.destroy();
  }
  return total;
}

constexpr std::size_t block_size = 64;

SAFECOST_KERNEL raw_blocks(const Image& image) {
  std::uint64_t total = 0;
  std::uint64_t place = 0;
  Pixel pixels[block_size];
  for (const Row& row : image.rows) {
    Walk walk = walk_begin(row.data(), row.size());
    std::size_t count;
    while ((count = walk_fill(&walk, pixels, block_size)) > 0) {
      for (std::size_t i = 0; i < count; ++i) total += pixels[i] ^ place++;
    }
  }
  return total;
}

SAFECOST_KERNEL raw_loop(const Image& image) {
  std::uint64_t total = 0;
  std::uint64_t place = 0;
  for (const Row& row : image.rows) {
    const Run* const runs = row.data();
    const std::size_t count = row.size();
    for (std::size_t i = 0; i < count; ++i) {
      const Pixel colour = runs[i].colour;
      for (std::uint16_t left = runs[i].length; left > 0; --left) total += colour ^ place++;
    }
  }
  return total;
}

// The sum of an idiom. Where a row has an owner, the consumer gives it up once it has seen a pixel.
template <class Owner = void>
struct Seen {
  [[gnu::always_inline]] void operator()(Pixel pixel) const {
    sum.total += pixel ^ sum.place++;
    if constexpr (!std::is_void_v<Owner>) give_up(*owner);
  }

  Total& sum;
  Owner* owner = nullptr;
};

// Idioms: `open` a walk and `drain` it, or see `each` pixel of a row in one go. What is raw is closed by hand; these
// raw ones make the programs with one wrong step, and what is timed of raw code stands above, written out.

struct Raw {
  using Context = const Image;

  static bool next(Walk& walk, Pixel& pixel) { return walk_next(&walk, &pixel); }
  static bool next(Walk* walk, Pixel& pixel) { return walk_next(walk, &pixel); }
  static bool next(std::coroutine_handle<RawPixels::promise_type> walk, Pixel& pixel) {
    walk.resume();
    if (walk.done()) return false;
    pixel = walk.promise().value;
    return true;
  }

  static void drain(auto& walk, const auto& see) {
    for (Pixel pixel; next(walk, pixel);) see(pixel);
  }
  // Nobody looks at the answer: the last pixel is taken again.
  static void drain_and_ask(auto& walk, const auto& see) {
    Pixel pixel = 0;
    while (next(walk, pixel)) see(pixel);
    next(walk, pixel);
    see(pixel);
  }
  static void begin(auto& walk) {
    Pixel pixel;
    next(walk, pixel);
  }
};

struct InPlace : Raw {
  static Walk open(Context&, const Row& row) { return walk_begin(row.data(), row.size()); }
  static void close(Walk&) {}
};

struct ByHandle : Raw {
  static Walk* open(Context&, const Row& row) { return walk_new(row.data(), row.size()); }
  static void close(Walk* walk) { walk_free(walk); }
};

struct ByCoroutine : Raw {
  using Handle = std::coroutine_handle<RawPixels::promise_type>;

  static Handle open(Context&, const Row& row) { return raw_pixels(row.data(), row.size()).handle; }
  static void close(Handle walk) { walk.destroy(); }
};

// Looks at each answer, and a walk that was freed is none.
struct ByCheckedHandle {
  using Context = const Image;

  static Walk* open(Context&, const Row& row) { return walk_new(row.data(), row.size()); }
  static void drain(Walk* walk, const auto& see) {
    for (Pixel pixel; walk_next_checked(walk, &pixel) > 0;) see(pixel);
  }
  static void drain_and_ask(Walk* walk, const auto& see) {
    drain(walk, see);
    drain(walk, see);
  }
  static void begin(Walk* walk) {
    Pixel pixel;
    walk_next_checked(walk, &pixel);
  }
  static void close(Walk*& walk) { walk_free_checked(&walk); }
};

struct ByBlocks {
  using Context = const Image;

  static Walk open(Context&, const Row& row) { return walk_begin(row.data(), row.size()); }
  static void drain(Walk& walk, const auto& see) {
    Pixel pixels[block_size];
    while (const std::size_t count = walk_fill(&walk, pixels, block_size)) {
      for (std::size_t i = 0; i < count; ++i) see(pixels[i]);
    }
  }
  static void drain_and_ask(Walk& walk, const auto& see) {
    Pixel pixels[block_size];
    while (const std::size_t count = walk_fill(&walk, pixels, block_size)) {
      for (std::size_t i = 0; i < count; ++i) see(pixels[i]);
    }
    walk_fill(&walk, pixels, block_size);
    see(pixels[0]);
  }
  static void close(Walk&) {}
};

struct ByVisitor {
  using Context = const Image;

  static void each(Context&, const Row& row, const auto& see) {
    using See = std::remove_cvref_t<decltype(see)>;
    const auto call = [](void* state, Pixel pixel) { (*static_cast<const See*>(state))(pixel); };
    walk_each(row.data(), row.size(), call, const_cast<See*>(&see));
  }
};

struct ByLoop {
  using Context = const Image;

  static void each(Context&, const Row& row, const auto& see) {
    const Run* const runs = row.data();
    const std::size_t count = row.size();
    for (std::size_t i = 0; i < count; ++i) {
      for (std::uint16_t left = runs[i].length; left > 0; --left) see(runs[i].colour);
    }
  }
};

// Safe: an answer that holds a pixel or none. `value` asks whether there is one; where that was asked before, the
// compiler leaves it out.
struct Asked {
  using Context = const Image;

  [[gnu::always_inline]] static void drain(auto& pixels, const auto& see) {
    while (const std::optional<Pixel> pixel = pixels.next()) see(pixel.value());
  }
  static void drain_and_ask(auto& pixels, const auto& see) {
    drain(pixels, see);
    see(pixels.next().value());
  }
  static void begin(auto& pixels) { pixels.next(); }
};

struct StateMachine : Asked {
  static Pixels open(Context&, const Row& row) { return Pixels(row); }
};

struct StateMachineOwned : Asked {
  using Context = const SharedImage;
  static OwnedPixels open(Context&, const SharedRow& row) { return OwnedPixels(row); }
};

struct Coroutine : Asked {
  static Generator<Pixel> open(Context&, const Row& row) { return pixels_of(row); }
};

struct CoroutineOwned : Asked {
  using Context = const SharedImage;
  static Generator<Pixel> open(Context&, const SharedRow& row) { return pixels_of_shared(row); }
};

struct CoroutineRecycled : Asked {
  using Context = RecyclingImage;
  static Generator<Pixel, FromPool> open(Context& image, const Row& row) {
    return pixels_of(image.pool, row);
  }
};

struct CoroutineInlined : Asked {
  static Generator<Pixel> open(Context&, const Row& row) { return visible_pixels_of(row); }
};

struct Blocks {
  using Context = const Image;

  static Pixels open(Context&, const Row& row) { return Pixels(row); }
  [[gnu::always_inline]] static void drain(Pixels& pixels, const auto& see) {
    std::array<Pixel, block_size> room;
    for (;;) {
      const std::span<const Pixel> filled = pixels.fill(room);
      if (filled.empty()) return;
      for (const Pixel pixel : filled) see(pixel);
    }
  }
  static void drain_and_ask(Pixels& pixels, const auto& see) {
    drain(pixels, see);
    std::array<Pixel, block_size> room;
    see(pixels.fill(room).front());
  }
};

// What is a range is walked by iterators, of which nobody is told that they are at the end.
struct Ranged {
  using Context = const Image;

  [[gnu::always_inline]] static void drain(auto& pixels, const auto& see) {
    for (const Pixel pixel : pixels) see(pixel);
  }
  static void drain_and_ask(auto& pixels, const auto& see) {
    auto at = pixels.begin();
    for (; at != pixels.end(); ++at) see(*at);
    see(*at);
  }
  static void begin(auto& pixels) { [[maybe_unused]] const auto at = pixels.begin(); }
};

#if defined(__cpp_lib_generator)
struct LibraryGenerator : Ranged {
  using Context = const SharedImage;
  static std::generator<Pixel> open(Context&, const SharedRow& row) {
    return library_pixels_of(row);
  }
};
#endif

// Of a row that is a temporary the view takes possession.
struct View : Ranged {
  template <class Given>
  static auto open(Context&, Given&& row) {
    return std::views::all(std::forward<Given>(row)) | std::views::transform([](const Run& run) {
             return std::views::iota(std::uint32_t{0}, run.length) |
                    std::views::transform([colour = run.colour](std::uint32_t) { return colour; });
           }) |
           std::views::join;
  }
};

struct Visitor {
  using Context = const Image;
  [[gnu::always_inline]] static void each(Context&, const Row& row, const auto& see) {
    each_pixel(row, [&see](Pixel pixel) { see(pixel); });
  }
};

struct VisitorInlined {
  using Context = const Image;
  [[gnu::always_inline]] static void each(Context&, const Row& row, const auto& see) {
    each_pixel_inlined(row, see);
  }
};

struct VisitorOwned {
  using Context = const SharedImage;
  [[gnu::always_inline]] static void each(Context&, SharedRow row, const auto& see) {
    each_pixel_inlined(present(row), see);
  }
};

template <class Idiom>
SAFECOST_HELPER void walk(typename Idiom::Context& image, const auto& row, const auto& see) {
  if constexpr (requires { Idiom::each(image, row, see); }) {
    Idiom::each(image, row, see);
  } else {
    auto pixels = Idiom::open(image, row);
    Idiom::drain(pixels, see);
    if constexpr (requires { Idiom::close(pixels); }) Idiom::close(pixels);
  }
}

template <class Idiom>
SAFECOST_KERNEL walked(typename Idiom::Context& image) {
  Total sum = {0, 0};
  for (const auto& row : image.rows) walk<Idiom>(image, row, Seen<>{sum});
  return sum.total;
}

// A row in a function of its own: Clang allocates a frame on the heap where the coroutine is called in a loop.
SAFECOST_OPAQUE Total with_row(Total sum, const Image& image, const Row& row) {
  walk<CoroutineInlined>(image, row, Seen<>{sum});
  return sum;
}

SAFECOST_KERNEL coroutine_inlined(const Image& image) {
  Total sum = {0, 0};
  for (const Row& row : image.rows) sum = with_row(sum, image, row);
  return sum.total;
}

// The faults: of all rows a drawn one is walked by a program with a wrong step.
template <class Idiom>
std::uint64_t with_one_wrong(typename Idiom::Context& image, const auto& walk_wrongly) {
  Total sum = {0, 0};
  const std::size_t wrong = safecost::drawn(image.rows.size());
  for (std::size_t i = 0; i < image.rows.size(); ++i) {
    if (i == wrong) {
      walk_wrongly(image.rows[i], sum);
    } else {
      walk<Idiom>(image, image.rows[i], Seen<>{sum});
    }
  }
  return sum.total;
}

// An owner of a copy of the row, and what it lends, or shares.
std::unique_ptr<const Row> owner_of(const Row& row) { return std::make_unique<const Row>(row); }
SharedRow owner_of(const SharedRow& row) { return std::make_shared<const Row>(*row); }
const Row& lent(const std::unique_ptr<const Row>& owner) { return *owner; }
const SharedRow& lent(const SharedRow& owner) { return owner; }

template <class Idiom>
SAFECOST_KERNEL destroyed(typename Idiom::Context& image) {
  return with_one_wrong<Idiom>(image, [&](const auto& row, Total& sum) {
    auto owner = owner_of(row);
    walk<Idiom>(image, lent(owner), Seen<decltype(owner)>{sum, &owner});
  });
}

template <class Idiom>
SAFECOST_KERNEL of_temporary(typename Idiom::Context& image) {
  return with_one_wrong<Idiom>(image, [&](const auto& row, Total& sum) {
    auto pixels = Idiom::open(image, temporary(row));
    Idiom::drain(pixels, Seen<>{sum});
    if constexpr (requires { Idiom::close(pixels); }) Idiom::close(pixels);
  });
}

template <class Idiom>
SAFECOST_KERNEL past_end(typename Idiom::Context& image) {
  return with_one_wrong<Idiom>(image, [&](const auto& row, Total& sum) {
    auto pixels = Idiom::open(image, row);
    Idiom::drain_and_ask(pixels, Seen<>{sum});
    if constexpr (requires { Idiom::close(pixels); }) Idiom::close(pixels);
  });
}

// Raw code destroys the generator and goes on with it; others move it away.
template <class Idiom>
SAFECOST_KERNEL destroyed_generator(typename Idiom::Context& image) {
  return with_one_wrong<Idiom>(image, [&](const auto& row, Total& sum) {
    auto pixels = Idiom::open(image, row);
    if constexpr (requires { Idiom::close(pixels); }) {
      Idiom::close(pixels);
      Idiom::drain(pixels, Seen<>{sum});
    } else {
      [[maybe_unused]] const auto elsewhere = std::move(pixels);
      Idiom::drain(pixels, Seen<>{sum});  // NOLINT(bugprone-use-after-move)
    }
  });
}

template <class Idiom>
SAFECOST_KERNEL left_early(typename Idiom::Context& image) {
  return with_one_wrong<Idiom>(image, [&](const auto& row, Total& sum) {
    {
      auto pixels = Idiom::open(image, row);
      Idiom::begin(pixels);
    }
    walk<Idiom>(image, row, Seen<>{sum});
  });
}

template <class Idiom>
SAFECOST_KERNEL destroyed_twice(typename Idiom::Context& image) {
  return with_one_wrong<Idiom>(image, [&](const auto& row, Total& sum) {
    auto pixels = Idiom::open(image, row);
    Idiom::drain(pixels, Seen<>{sum});
    Idiom::close(pixels);
    Idiom::close(pixels);
  });
}

// What an idiom gives that prevents a fault: all pixels at their places.
std::uint64_t all_pixels(const void* input) {
  const Input& given = *static_cast<const Input*>(input);
  std::uint64_t total = 0;
  std::uint64_t place = 0;
  for (const Run& run : std::span(given.runs, given.run_count)) {
    for (std::uint16_t left = run.length; left > 0; --left) total += run.colour ^ place++;
  }
  return total;
}

constexpr std::uint32_t memory_tools =
    SAFECOST_ORACLE_GUARD | SAFECOST_ORACLE_SANITIZER | SAFECOST_ORACLE_MEMCHECK;
constexpr char eager[] = "the walk is over before the temporary is";
constexpr char not_asked[] = "the producer calls; nobody asks it for a value";
constexpr char local[] = "the state is a local variable, which no program destroys by itself";
constexpr char no_block[] = "the state is a local variable: there is no block that could be leaked";
constexpr char no_generator[] =
    "there is no generator, but a function that returns when it is done";
constexpr char no_copy[] = "a generator cannot be copied, and its one owner destroys it";

auto the_case =
    safecost::Case<Input>(generate)
        .size_and_rate(4'096, 0.01, "L1")
        .size_and_rate(4'096, 1.0, "L1")
        .size_and_rate(65'536, 0.01, "L2", safecost::Tier::full)
        .fault({.name = "destroyed_meanwhile",
                .cwe = 416,
                .description = "the consumer destroys the row of which it has seen a pixel",
                .contract = "a row outlives its walk",
                .kind = SAFECOST_FAULT_KERNEL,
                .oracles = memory_tools,
                .reference = all_pixels})
        .fault(
            {.name = "temporary_argument",
             .cwe = 416,
             .description = "the row is a temporary, which ends before a first pixel is asked for",
             .contract = "what a generator refers to outlives it",
             .kind = SAFECOST_FAULT_KERNEL,
             .oracles = memory_tools,
             .reference = all_pixels})
        .fault({.name = "asked_past_end",
                .cwe = 672,
                .description =
                    "one more pixel is asked for after the last, and nobody looks at the answer",
                .contract =
                    "a generator that has ended is not resumed, and its last value is used once",
                .kind = SAFECOST_FAULT_KERNEL,
                .oracles =
                    SAFECOST_ORACLE_SANITIZER | SAFECOST_ORACLE_MEMCHECK | SAFECOST_ORACLE_VALUE,
                .reference = all_pixels})
        .fault({.name = "destroyed_generator",
                .cwe = 416,
                .description = "the generator is destroyed, or moved away, then asked",
                .contract = "a generator is asked while it lives",
                .kind = SAFECOST_FAULT_KERNEL,
                .oracles = memory_tools,
                .reference = all_pixels})
        .fault(
            {.name = "left_early",
             .cwe = 401,
             .description = "the consumer leaves a walk after one pixel, and destroys no generator",
             .contract = "a generator is destroyed, used up or not",
             .kind = SAFECOST_FAULT_KERNEL,
             .oracles =
                 SAFECOST_ORACLE_LEDGER | SAFECOST_ORACLE_SANITIZER | SAFECOST_ORACLE_MEMCHECK,
             .reference = all_pixels})
        .fault({.name = "destroyed_twice",
                .cwe = 415,
                .description = "two parts of the program destroy the generator",
                .contract = "a generator is destroyed once",
                .kind = SAFECOST_FAULT_KERNEL,
                .oracles = memory_tools | SAFECOST_ORACLE_LEDGER,
                .reference = all_pixels})
        .raw<raw>("raw", "a state machine on the stack, asked for the next value")
        .ordinary()
        .fault_kernel<destroyed<InPlace>>("destroyed_meanwhile")
        .fault_kernel<of_temporary<InPlace>>("temporary_argument")
        .fault_kernel<past_end<InPlace>>("asked_past_end")
        .inexpressible("destroyed_generator", local)
        .inexpressible("left_early", no_block)
        .inexpressible("destroyed_twice", local)
        .raw<raw_handle>("raw_handle", "the same behind a pointer, made and freed a row")
        .ordinary()
        .practised()
        .fault_kernel<destroyed<ByHandle>>("destroyed_meanwhile")
        .fault_kernel<of_temporary<ByHandle>>("temporary_argument")
        .fault_kernel<past_end<ByHandle>>("asked_past_end")
        .fault_kernel<destroyed_generator<ByHandle>>("destroyed_generator")
        .fault_kernel<left_early<ByHandle>>("left_early")
        .fault_kernel<destroyed_twice<ByHandle>>("destroyed_twice")
        .raw<raw_checked>("raw_checked", "the same, which forgets a freed state and looks for it")
        .ordinary()
        .fault_kernel<destroyed<ByCheckedHandle>>("destroyed_meanwhile")
        .fault_kernel<of_temporary<ByCheckedHandle>>("temporary_argument")
        .fault_kernel<past_end<ByCheckedHandle>>("asked_past_end")
        .fault_kernel<destroyed_generator<ByCheckedHandle>>("destroyed_generator")
        .fault_kernel<left_early<ByCheckedHandle>>("left_early")
        .fault_kernel<destroyed_twice<ByCheckedHandle>>("destroyed_twice")
        .claims("always", "asked_past_end", "destroyed_twice")
        .raw<raw_coroutine>("raw_coroutine", "a coroutine by its bare handle, destroyed by hand")
        .ordinary()
        .algorithm("coroutine")
        .fault_kernel<destroyed<ByCoroutine>>("destroyed_meanwhile")
        .fault_kernel<of_temporary<ByCoroutine>>("temporary_argument")
        .fault_kernel<past_end<ByCoroutine>>("asked_past_end")
        .fault_kernel<destroyed_generator<ByCoroutine>>("destroyed_generator")
        .fault_kernel<left_early<ByCoroutine>>("left_early")
        .fault_kernel<destroyed_twice<ByCoroutine>>("destroyed_twice")
        .raw<raw_visitor>("raw_visitor", "a function and a void pointer, called for each value")
        .ordinary()
        .algorithm("visitor")
        .fault_kernel<destroyed<ByVisitor>>("destroyed_meanwhile")
        .inexpressible("temporary_argument", eager)
        .inexpressible("asked_past_end", not_asked)
        .inexpressible("destroyed_generator", no_generator)
        .inexpressible("left_early", no_generator)
        .inexpressible("destroyed_twice", no_generator)
        .raw<raw_blocks>("raw_blocks", "a state machine that fills a buffer of 64 values a call")
        .bespoke()
        .algorithm("blocks")
        .fault_kernel<destroyed<ByBlocks>>("destroyed_meanwhile")
        .fault_kernel<of_temporary<ByBlocks>>("temporary_argument")
        .fault_kernel<past_end<ByBlocks>>("asked_past_end")
        .inexpressible("destroyed_generator", local)
        .inexpressible("left_early", no_block)
        .inexpressible("destroyed_twice", local)
        .raw<raw_loop>("raw_loop", "no generator: the loops written out")
        .ordinary()
        .algorithm("inlined")
        .fault_kernel<destroyed<ByLoop>>("destroyed_meanwhile")
        .inexpressible("temporary_argument", eager)
        .inexpressible("asked_past_end", not_asked)
        .inexpressible("destroyed_generator", no_generator)
        .inexpressible("left_early", no_generator)
        .inexpressible("destroyed_twice", no_generator)
        .safe<walked<StateMachine>>("state_machine", "a class over a span, asked for an optional")
        .ordinary()
        .fault_kernel<destroyed<StateMachine>>("destroyed_meanwhile")
        .fault_kernel<of_temporary<StateMachine>>("temporary_argument")
        .fault_kernel<past_end<StateMachine>>("asked_past_end")
        .fault_kernel<destroyed_generator<StateMachine>>("destroyed_generator")
        .inexpressible("left_early", no_block)
        .inexpressible("destroyed_twice", local)
        .claims("always", "asked_past_end", "destroyed_generator", "left_early", "destroyed_twice")
        .safe<walked<StateMachineOwned>>("state_machine_owned", "the same with a share of the row")
        .ordinary()
        .fault_kernel<destroyed<StateMachineOwned>>("destroyed_meanwhile")
        .fault_kernel<of_temporary<StateMachineOwned>>("temporary_argument")
        .fault_kernel<past_end<StateMachineOwned>>("asked_past_end")
        .fault_kernel<destroyed_generator<StateMachineOwned>>("destroyed_generator")
        .inexpressible("left_early", no_block)
        .inexpressible("destroyed_twice", local)
        .claims("always", "destroyed_meanwhile", "temporary_argument", "asked_past_end",
                "destroyed_generator", "left_early", "destroyed_twice")
        .safe<walked<Coroutine>>("coroutine", "a coroutine over a span, with one owner, checked")
        .ordinary()
        .algorithm("coroutine")
        .fault_kernel<destroyed<Coroutine>>("destroyed_meanwhile")
        .fault_kernel<of_temporary<Coroutine>>("temporary_argument")
        .fault_kernel<past_end<Coroutine>>("asked_past_end")
        .fault_kernel<destroyed_generator<Coroutine>>("destroyed_generator")
        .fault_kernel<left_early<Coroutine>>("left_early")
        .inexpressible("destroyed_twice", no_copy)
        .claims("always", "asked_past_end", "destroyed_generator", "left_early", "destroyed_twice")
        .safe<walked<CoroutineOwned>>("coroutine_owned", "the same with a share of the row")
        .ordinary()
        .algorithm("coroutine")
        .fault_kernel<destroyed<CoroutineOwned>>("destroyed_meanwhile")
        .fault_kernel<of_temporary<CoroutineOwned>>("temporary_argument")
        .fault_kernel<past_end<CoroutineOwned>>("asked_past_end")
        .fault_kernel<destroyed_generator<CoroutineOwned>>("destroyed_generator")
        .fault_kernel<left_early<CoroutineOwned>>("left_early")
        .inexpressible("destroyed_twice", no_copy)
        .claims("always", "destroyed_meanwhile", "temporary_argument", "asked_past_end",
                "destroyed_generator", "left_early", "destroyed_twice")
        .safe<walked<CoroutineRecycled>>("coroutine_recycled",
                                         "the one over a span, its frame in room that is kept")
        .bespoke()
        .trusted_core()
        .algorithm("coroutine")
        .fault_kernel<destroyed<CoroutineRecycled>>("destroyed_meanwhile")
        .fault_kernel<of_temporary<CoroutineRecycled>>("temporary_argument")
        .fault_kernel<past_end<CoroutineRecycled>>("asked_past_end")
        .fault_kernel<destroyed_generator<CoroutineRecycled>>("destroyed_generator")
        .fault_kernel<left_early<CoroutineRecycled>>("left_early")
        .inexpressible("destroyed_twice", no_copy)
        .claims("always", "asked_past_end", "destroyed_generator", "left_early", "destroyed_twice")
#if defined(__cpp_lib_generator)
        .safe<walked<LibraryGenerator>>("std_generator", "std::generator with a share of the row")
        .library()
        .algorithm("coroutine")
        .fault_kernel<destroyed<LibraryGenerator>>("destroyed_meanwhile")
        .fault_kernel<of_temporary<LibraryGenerator>>("temporary_argument")
        .fault_kernel<past_end<LibraryGenerator>>("asked_past_end")
        .fault_kernel<destroyed_generator<LibraryGenerator>>("destroyed_generator")
        .fault_kernel<left_early<LibraryGenerator>>("left_early")
        .inexpressible("destroyed_twice", no_copy)
        .claims("always", "destroyed_meanwhile", "temporary_argument", "left_early",
                "destroyed_twice")
#else
        .gap("std_generator", "std::generator with a share of the row",
             "this standard library has no std::generator")
#endif
        .safe<walked<Visitor>>("visitor", "std::function, called for each value")
        .library()
        .algorithm("visitor")
        .fault_kernel<destroyed<Visitor>>("destroyed_meanwhile")
        .inexpressible("temporary_argument", eager)
        .inexpressible("asked_past_end", not_asked)
        .inexpressible("destroyed_generator", no_generator)
        .inexpressible("left_early", no_generator)
        .inexpressible("destroyed_twice", no_generator)
        .claims("always", "temporary_argument", "asked_past_end", "destroyed_generator",
                "left_early", "destroyed_twice")
        .safe<walked<Blocks>>("blocks", "a class over a span that fills a span of 64 values a call")
        .bespoke()
        .algorithm("blocks")
        .fault_kernel<destroyed<Blocks>>("destroyed_meanwhile")
        .fault_kernel<of_temporary<Blocks>>("temporary_argument")
        .fault_kernel<past_end<Blocks>>("asked_past_end")
        .fault_kernel<destroyed_generator<Blocks>>("destroyed_generator")
        .inexpressible("left_early", no_block)
        .inexpressible("destroyed_twice", local)
        .claims("assertions", "asked_past_end")
        .claims("always", "destroyed_generator", "left_early", "destroyed_twice")
        .safe<coroutine_inlined>("coroutine_inlined",
                                 "the coroutine over a span where its consumer sees it")
        .ordinary()
        .algorithm("inlined")
        .fault_kernel<destroyed<CoroutineInlined>>("destroyed_meanwhile")
        .fault_kernel<of_temporary<CoroutineInlined>>("temporary_argument")
        .fault_kernel<past_end<CoroutineInlined>>("asked_past_end")
        .fault_kernel<destroyed_generator<CoroutineInlined>>("destroyed_generator")
        .fault_kernel<left_early<CoroutineInlined>>("left_early")
        .inexpressible("destroyed_twice", no_copy)
        .claims("always", "asked_past_end", "destroyed_generator", "left_early", "destroyed_twice")
        .safe<walked<View>>("view", "views::transform and views::join, range-for")
        .library()
        .algorithm("inlined")
        .fault_kernel<destroyed<View>>("destroyed_meanwhile")
        .fault_kernel<of_temporary<View>>("temporary_argument")
        .fault_kernel<past_end<View>>("asked_past_end")
        .fault_kernel<destroyed_generator<View>>("destroyed_generator")
        .inexpressible("left_early", no_block)
        .inexpressible("destroyed_twice", local)
        .claims("always", "temporary_argument", "destroyed_generator", "left_early",
                "destroyed_twice")
        .safe<walked<VisitorInlined>>("visitor_inlined", "a template that calls for each value")
        .ordinary()
        .algorithm("inlined")
        .fault_kernel<destroyed<VisitorInlined>>("destroyed_meanwhile")
        .inexpressible("temporary_argument", eager)
        .inexpressible("asked_past_end", not_asked)
        .inexpressible("destroyed_generator", no_generator)
        .inexpressible("left_early", no_generator)
        .inexpressible("destroyed_twice", no_generator)
        .claims("always", "temporary_argument", "asked_past_end", "destroyed_generator",
                "left_early", "destroyed_twice")
        .safe<walked<VisitorOwned>>("visitor_owned", "the same with a share of the row")
        .ordinary()
        .algorithm("inlined")
        .fault_kernel<destroyed<VisitorOwned>>("destroyed_meanwhile")
        .inexpressible("temporary_argument", eager)
        .inexpressible("asked_past_end", not_asked)
        .inexpressible("destroyed_generator", no_generator)
        .inexpressible("left_early", no_generator)
        .inexpressible("destroyed_twice", no_generator)
        .claims("always", "destroyed_meanwhile", "temporary_argument", "asked_past_end",
                "destroyed_generator", "left_early", "destroyed_twice");

}  // namespace coroutines::generator

SAFECOST_EXPORT(coroutines::generator::the_case)
