// What does it cost to remove elements from an array while walking it?
//
// Sessions of which a random share has expired, the rate; the others stay, in their order. C moves those that
// stay to the front, in the same walk and by hand, and then has to remember the new length. std::erase_if
// says the same in a word. At a rate of 0.5 whether a session goes is a toss of a coin: code that jumps on it guesses
// wrong half the time, code that always writes and moves the end by 0 or 1 does not. Sessions that expire are few,
// though, and at 0.01 a jump is guessed right and writes nothing until the first one goes.
//
// The second is written by hand or not at all. erase_if, remove_if and Rust's retain write where the
// session stays, and a compiler must not invent a store where there is none: all of them jump. Nor does
// a compiler see that what is kept never overtakes what is read; where the write is checked, it is so
// for each element, and in iterator_branchless there is nothing to check. Put into a function of its own
// (erase_if_branchless, rust_retain_branchless), the second stops what the library's functions stop, and also who
// is asked and changes the vector; but of the elements that C++'s takes away an exception leaves none.
//
// Counted from 0, Clang 19 takes two sessions a step (`add $2,%r8`), and one where a pointer goes to the end,
// a range-for's or a hand's (span_branchless): a sixth more time. GCC 12 takes one, and steps a pointer of its
// own for `i != count`; for the vector's `i < count` it indexes (`cmp 4(%rdx,%rax,8),%r8d`), a tenth slower.
// rustc copies a session in two halves at level 2, unchecked too, and as one at level 3, which is cargo's.
//
// What nobody should do, to erase one by one, moves the rest once for each session that goes: quadratic,
// but written every day, and where iterators go stale. It is here in both languages.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <iterator>
#include <new>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "kernel/case.h"

namespace iteration::erase_while_iterating {

struct Session {
  std::uint32_t id;
  std::uint32_t expires;
};

struct Input {
  const Session* sessions;
  std::size_t count;
  std::size_t claimed;  // how many there are said to be; equals count unless a fault lies
  std::uint32_t now;
};

Input generate(safecost::Generator& generator) {
  constexpr std::uint32_t now = 1'000'000;
  const auto sessions = generator.array<Session>(generator.size());
  for (Session& session : sessions) {
    const bool goes = generator.random.unit() < generator.rate();
    const std::uint64_t before = generator.random.below(now);
    session = {.id = static_cast<std::uint32_t>(generator.random.next() >> 32),
               .expires = static_cast<std::uint32_t>(goes ? before : now + 1 + before)};
  }
  // One goes, so that the end of the walk and of what is left lie apart.
  if (generator.commits("forgotten_length") || generator.commits("held_across"))
    sessions[generator.random.below(sessions.size())].expires = 0;
  // The last one goes, and is reached: the one before it stays, or is what a step too many leaves out. One goes before,
  // too: a walk by index that asked for the length at its start runs over the end only then.
  if (generator.commits("stale_iterator")) {
    if (sessions.size() > 2) sessions.front().expires = 0;
    if (sessions.size() > 1) sessions[sessions.size() - 2].expires = 2 * now;
    sessions.back().expires = 0;
  }
  // One stays, about which to fail.
  if (generator.commits("predicate_throws"))
    sessions[generator.random.below(sessions.size())].expires = 2 * now;
  // All stay, and what lies behind them is written, too, if it is taken for sessions that stay.
  if (generator.commits("far_past_end"))
    for (Session& session : sessions) session.expires = 2 * now;
  const std::size_t too_far = generator.commits("one_past_end") ? 1
                              : generator.commits("far_past_end")
                                  ? generator.random.between(2, 4'096)
                                  : 0;
  return {sessions.data(), sessions.size(), sessions.size() + too_far, now};
}

// The kernels return 0: what they leave is read by digest().
std::uint64_t digest_of(std::span<const Session> sessions) {
  std::uint64_t digest = sessions.size();
  for (const Session session : sessions) {
    digest = (digest * 0x9e3779b97f4a7c15u) ^ session.id;  // order counts
    digest = (digest * 0x9e3779b97f4a7c15u) ^ session.expires;
  }
  return digest;
}

// What C has: a pointer and a length, kept in step by hand.
struct Buffer {
  explicit Buffer(const Input& input) : claimed(input.claimed), now(input.now) { reset(input); }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  ~Buffer() { std::free(sessions); }

  void reset(const Input& input) {
    resize(input.count);
    std::copy(input.sessions, input.sessions + input.count, sessions);
  }
  void resize(std::size_t room) {
    // At least one: of none, realloc may give back the block or nothing.
    void* const moved = std::realloc(sessions, std::max<std::size_t>(room, 1) * sizeof(Session));
    if (moved == nullptr) throw std::bad_alloc();
    sessions = static_cast<Session*>(moved);
    count = room;
  }
  void give_back() { resize(count); }
  void relocate() {
    Session* const before = std::exchange(sessions, nullptr);
    resize(count);
    std::copy(before, before + count, sessions);
    std::free(before);
  }
  std::span<const Session> all() const { return {sessions, count}; }
  std::uint64_t digest() const { return digest_of(all()); }

  Session* sessions = nullptr;
  std::size_t count = 0;
  std::size_t claimed;
  std::uint32_t now;
};

struct Sessions {
  explicit Sessions(const Input& input)
      : sessions(input.sessions, input.sessions + input.count),
        claimed(input.claimed),
        now(input.now) {}

  void reset(const Input& input) { sessions.assign(input.sessions, input.sessions + input.count); }
  void resize(std::size_t size) {
    sessions.resize(size);
    give_back();
  }
  void give_back() { sessions.shrink_to_fit(); }
  void relocate() { sessions = std::vector<Session>(sessions); }
  std::span<const Session> all() const { return sessions; }
  std::uint64_t digest() const { return digest_of(sessions); }

  std::vector<Session> sessions;
  std::size_t claimed;
  std::uint32_t now;
};

// Each idiom asks whether a session goes. Who is asked is a parameter: below there is one with a bug.
template <class Context>
class Expired {
 public:
  explicit Expired(Context& context) : now_(context.now) {}
  bool operator()(Session session) { return session.expires <= now_; }

 private:
  std::uint32_t now_;
};

// Whoever is asked does something to the container, as a callback does that knows it, before the last question.
template <class Context, auto act>
class Acting {
 public:
  explicit Acting(Context& context)
      : context_(context),
        expired_(context),
        place_(safecost::drawn(std::max<std::size_t>(context.claimed, 2) - 1)) {}
  bool operator()(Session session) {
    if (asked_++ == place_) act(context_, place_);
    return expired_(session);
  }

 private:
  Context& context_;
  Expired<Context> expired_;
  std::size_t place_;
  std::size_t asked_ = 0;
};

// For `shrunk_meanwhile`: it ends the sessions from there on and gives their memory back.
template <class Context>
SAFECOST_OPAQUE void shrink(Context& context, std::size_t size) {
  context.resize(size);
}
template <class Context>
using Shrinking = Acting<Context, shrink<Context>>;

// For `destroyed_before`: it moves all sessions to other memory, as an insertion does, and the old one is destroyed.
template <class Context>
SAFECOST_OPAQUE void relocate(Context& context, std::size_t) {
  context.relocate();
}
template <class Context>
using Moving = Acting<Context, relocate<Context>>;

// For `predicate_throws`: it fails for one of those that stay. C cannot throw: the function returns -1, which a
// condition takes for yes.
struct Failed {};

template <class Context>
class Failing {
 public:
  explicit Failing(Context& context)
      : expired_(context),
        left_(safecost::drawn(static_cast<std::uint64_t>(std::max<std::ptrdiff_t>(
            std::ranges::count_if(context.all(), std::not_fn(expired_)), 1)))) {}
  int operator()(Session session) {
    if (expired_(session)) return 1;
    if (left_-- > 0) return 0;
    if constexpr (std::is_same_v<Context, Sessions>) throw Failed();
    return -1;
  }

 private:
  Expired<Context> expired_;
  std::size_t left_;
};

// For `forgotten_length`: the end is not moved, and behind those that stay lie sessions of before.
enum class End { moved, forgotten };

template <template <class> class Ask = Expired, End end = End::moved>
SAFECOST_KERNEL raw(Buffer& context) {
  const Session* const last = context.sessions + context.claimed;
  Session* const sessions = context.sessions;
  Ask<Buffer> goes(context);
  Session* kept = sessions;
  for (const Session* session = sessions; session != last; ++session) {
    if (!goes(*session)) *kept++ = *session;
  }
  if constexpr (end == End::moved) context.count = static_cast<std::size_t>(kept - sessions);
  return 0;
}

// What somebody writes who knows that the data are random: always written, then passed or not.
template <template <class> class Ask = Expired, End end = End::moved>
SAFECOST_KERNEL raw_branchless(Buffer& context) {
  Session* const sessions = context.sessions;
  const std::size_t count = context.claimed;
  Ask<Buffer> goes(context);
  std::size_t kept = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const bool stays = !goes(sessions[i]);
    sessions[kept] = sessions[i];
    kept += stays;
  }
  if constexpr (end == End::moved) context.count = kept;
  return 0;
}

// For `stale_iterator`: the walk steps on after an erasure, too, over the session that took the place.
enum class Step { unless_erased, always };

template <template <class> class Ask = Expired, End end = End::moved,
          Step step = Step::unless_erased>
SAFECOST_KERNEL raw_one_by_one(Buffer& context) {
  Session* last = context.sessions + context.claimed;
  Ask<Buffer> goes(context);
  for (Session* session = context.sessions; session != last;) {
    if (goes(*session)) {
      std::memmove(session, session + 1,
                   static_cast<std::size_t>(last - session - 1) * sizeof(Session));
      --last;
      if constexpr (step == Step::unless_erased) continue;
    }
    ++session;
  }
  if constexpr (end == End::moved)
    context.count = static_cast<std::size_t>(last - context.sessions);
  return 0;
}

// raw with the length from outside, checked under the library's assertions, not otherwise.
template <template <class> class Ask = Expired, End end = End::moved>
SAFECOST_KERNEL index(Sessions& context) {
  std::vector<Session>& sessions = context.sessions;
  const std::size_t count = context.claimed;
  Ask<Sessions> goes(context);
  std::size_t kept = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const Session session = sessions[i];
    if (!goes(session)) sessions[kept++] = session;
  }
  if constexpr (end == End::moved) sessions.resize(kept);
  return 0;
}

template <template <class> class Ask = Expired, End end = End::moved>
SAFECOST_KERNEL at(Sessions& context) {
  std::vector<Session>& sessions = context.sessions;
  const std::size_t count = context.claimed;
  Ask<Sessions> goes(context);
  std::size_t kept = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const Session session = sessions.at(i);
    if (!goes(session)) sessions.at(kept++) = session;
  }
  if constexpr (end == End::moved) sessions.resize(kept);
  return 0;
}

template <template <class> class Ask = Expired, End end = End::moved>
SAFECOST_KERNEL index_branchless(Sessions& context) {
  std::vector<Session>& sessions = context.sessions;
  const std::size_t count = context.claimed;
  Ask<Sessions> goes(context);
  std::size_t kept = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const Session session = sessions[i];
    sessions[kept] = session;
    kept += !goes(session);
  }
  if constexpr (end == End::moved) sessions.resize(kept);
  return 0;
}

// Cut to the length once and walked as what it is: only the write is left to be checked.
template <template <class> class Ask = Expired, End end = End::moved>
SAFECOST_KERNEL span_branchless(Sessions& context) {
  const std::span<Session> sessions = std::span(context.sessions).first(context.claimed);
  Ask<Sessions> goes(context);
  std::size_t kept = 0;
  for (const Session& session : sessions) {
    const bool stays = !goes(session);
    sessions[kept] = session;
    kept += stays;
  }
  if constexpr (end == End::moved) context.sessions.resize(kept);
  return 0;
}

// From here on there is nothing to check: the container's own ends are the bound.

// raw_branchless in iterators: what is kept never overtakes what is read, so that no check is missed.
template <template <class> class Ask = Expired, End end = End::moved>
SAFECOST_KERNEL iterator_branchless(Sessions& context) {
  std::vector<Session>& sessions = context.sessions;
  Ask<Sessions> goes(context);
  const auto first = sessions.begin();
  const std::ptrdiff_t count = sessions.end() - first;
  std::ptrdiff_t kept = 0;
  for (std::ptrdiff_t i = 0; i != count; ++i) {
    const bool stays = !goes(first[i]);
    first[kept] = first[i];
    kept += stays;
  }
  if constexpr (end == End::moved) sessions.erase(first + kept, sessions.end());
  return 0;
}

// What closes the gap: iterator_branchless as a function of its own, to be used like std::erase_if, which
// takes the elements away while it walks. The length cannot be forgotten, since the call sets it, nor be
// wrong, since it is the vector's; and whoever is asked and changes the vector changes an empty one. It is no
// std::erase_if: an element is written onto itself, so that only what may be copied byte by byte is served; of a
// predicate that throws nothing is left, and what one appends is lost.
template <class Element, class Predicate>
  requires std::is_trivially_copyable_v<Element>
SAFECOST_HELPER void branchless_erase_if(std::vector<Element>& elements, Predicate goes) {
  std::vector<Element> taken = std::exchange(elements, {});
  const auto first = taken.begin();
  const std::ptrdiff_t count = taken.end() - first;
  std::ptrdiff_t kept = 0;
  for (std::ptrdiff_t i = 0; i != count; ++i) {
    const bool stays = !goes(first[i]);
    first[kept] = first[i];
    kept += stays;
  }
  taken.erase(first + kept, taken.end());
  elements = std::move(taken);
}

template <class Element>
concept Served = requires(std::vector<Element>& elements) {
  branchless_erase_if(elements, [](const Element&) { return true; });
};
static_assert(Served<Session> && !Served<std::vector<Session>>);

template <template <class> class Ask = Expired>
SAFECOST_KERNEL erase_if_branchless(Sessions& context) {
  Ask<Sessions> goes(context);
  branchless_erase_if(context.sessions, [&](Session session) { return goes(session); });
  return 0;
}

template <template <class> class Ask = Expired>
SAFECOST_KERNEL erase_if(Sessions& context) {
  Ask<Sessions> goes(context);
  std::erase_if(context.sessions, [&](Session session) { return goes(session); });
  return 0;
}

template <template <class> class Ask = Expired, End end = End::moved>
SAFECOST_KERNEL remove_if(Sessions& context) {
  std::vector<Session>& sessions = context.sessions;
  Ask<Sessions> goes(context);
  const auto gone =
      std::ranges::remove_if(sessions, [&](Session session) { return goes(session); });
  if constexpr (end == End::moved) sessions.erase(gone.begin(), gone.end());
  return 0;
}

// Nothing is removed: those that stay are copied to a vector that takes the place of the old one.
template <template <class> class Ask = Expired>
SAFECOST_KERNEL copy_if(Sessions& context) {
  Ask<Sessions> goes(context);
  std::vector<Session> kept;
  kept.reserve(context.sessions.size());
  std::ranges::copy_if(context.sessions, std::back_inserter(kept),
                       [&](Session session) { return !goes(session); });
  context.sessions = std::move(kept);
  return 0;
}

template <template <class> class Ask = Expired, Step step = Step::unless_erased>
SAFECOST_KERNEL one_by_one(Sessions& context) {
  std::vector<Session>& sessions = context.sessions;
  Ask<Sessions> goes(context);
  for (auto session = sessions.begin(); session != sessions.end();) {
    if (goes(*session)) {
      session = sessions.erase(session);
      if constexpr (step == Step::unless_erased) continue;
    }
    ++session;
  }
  return 0;
}

// For `held_across`: the last session is remembered, the expired ones are removed, memory is given back,
// and the session is looked at. One remembers where it lies, the other its number.

template <class Context>
SAFECOST_OPAQUE void give_back(Context& context) {
  context.give_back();
}

template <auto Remove>
SAFECOST_KERNEL held_pointer(Buffer& context) {
  const Session* const last = context.sessions + context.count - 1;
  Remove(context);
  give_back(context);
  return last->id;
}

template <auto Remove>
SAFECOST_KERNEL held_reference(Sessions& context) {
  const Session& last = context.sessions.back();
  Remove(context);
  give_back(context);
  return last.id;
}

template <auto Remove>
SAFECOST_KERNEL held_index(Sessions& context) {
  const std::size_t last = context.sessions.size() - 1;
  Remove(context);
  give_back(context);
  return context.sessions[last].id;
}

template <auto Remove>
SAFECOST_KERNEL held_index_at(Sessions& context) {
  const std::size_t last = context.sessions.size() - 1;
  Remove(context);
  give_back(context);
  return context.sessions.at(last).id;
}

// For `predicate_throws`: whoever catches the exception wants what was there. Some may be there twice, and some that
// go, but none that stays may be lost.
template <auto Remove>
SAFECOST_KERNEL caught(Sessions& context) {
  try {
    Remove(context);
  } catch (const Failed&) {
    std::vector<Session> kept;
    for (const Session session : context.sessions) {
      const auto same = [=](Session other) {
        return other.id == session.id && other.expires == session.expires;
      };
      if (session.expires > context.now && std::ranges::none_of(kept, same))
        kept.push_back(session);
    }
    context.sessions = std::move(kept);
  }
  return 0;
}

// What an idiom leaves that goes by the container's own ends, or has no length to forget.
std::uint64_t digest_of_those_that_stay(const void* input) {
  const Input& given = *static_cast<const Input*>(input);
  std::vector<Session> kept;
  for (const Session session : std::span(given.sessions, given.count)) {
    if (session.expires > given.now) kept.push_back(session);
  }
  return digest_of(kept);
}

auto the_case =
    safecost::Case<Input>(generate)
        .size_and_rate(1'024, 0.5, "L1")  // 8 KiB
        .size_and_rate(1'024, 0.1, "L1", safecost::Tier::full)
        .size_and_rate(1'024, 0.01, "L1")
        .size_and_rate(8'192, 0.5, "L2",
                       safecost::Tier::full)  // 64 KiB; one by one takes milliseconds
        .fault({.name = "one_past_end",
                .cwe = 125,
                .description = "the length is one more than there are sessions",
                .contract = "claimed <= count",
                .reference = digest_of_those_that_stay})
        .fault(
            {.name = "far_past_end",
             .cwe = 787,
             .description = "the length is 2 to 4,096 more than there are sessions, and all stay",
             .contract = "claimed <= count",
             .reference = digest_of_those_that_stay})
        .fault({.name = "forgotten_length",
                .cwe = 672,
                .description = "those that stay are moved together, and the length stays as it was",
                .contract = "the length is that of what is left",
                .kind = SAFECOST_FAULT_KERNEL,
                .oracles = SAFECOST_ORACLE_VALUE,
                .reference = digest_of_those_that_stay})
        .fault({.name = "shrunk_meanwhile",
                .cwe = 416,
                .description =
                    "who is asked in the walk ends all sessions that follow, and others move",
                .contract = "the container keeps its memory while it is walked",
                .kind = SAFECOST_FAULT_KERNEL,
                .reference = digest_of_those_that_stay})
        .fault({.name = "destroyed_before",
                .cwe = 416,
                .description = "who is asked in the walk moves all sessions to other memory",
                .contract = "what is walked lives until the walk ends",
                .kind = SAFECOST_FAULT_KERNEL,
                .reference = digest_of_those_that_stay})
        .fault({.name = "predicate_throws",
                .cwe = 755,
                .description = "who is asked in the walk fails for a session that stays",
                .contract = "where it cannot be known whether a session goes, it is kept",
                .kind = SAFECOST_FAULT_KERNEL,
                .oracles = SAFECOST_ORACLE_VALUE,
                .reference = digest_of_those_that_stay})
        .fault({.name = "held_across",
                .cwe = 416,
                .description =
                    "a session is looked at after sessions were removed and memory given back",
                .contract = "what is removed, or moved, is not looked at where it was",
                .kind = SAFECOST_FAULT_KERNEL})
        .fault({.name = "stale_iterator",
                .cwe = 825,
                .description = "the walk steps on after an erasure, and so over the end",
                .contract = "after an erasure the walk goes on from where it was told to",
                .kind = SAFECOST_FAULT_KERNEL})
        .raw<raw<>>("raw", "pointer and length, if")
        .ordinary()
        .practised()
        .fault_kernel<raw<Expired, End::forgotten>>("forgotten_length")
        .fault_kernel<raw<Shrinking>>("shrunk_meanwhile")
        .fault_kernel<raw<Moving>>("destroyed_before")
        .fault_kernel<raw<Failing>>("predicate_throws")
        .fault_kernel<held_pointer<raw<>>>("held_across")
        .inexpressible("stale_iterator", "nothing is erased before the walk has ended")
        .raw<raw_branchless<>>("raw_branchless", "pointer and length, always written")
        .bespoke()
        .algorithm("branchless")
        .fault_kernel<raw_branchless<Expired, End::forgotten>>("forgotten_length")
        .fault_kernel<raw_branchless<Shrinking>>("shrunk_meanwhile")
        .fault_kernel<raw_branchless<Moving>>("destroyed_before")
        .fault_kernel<raw_branchless<Failing>>("predicate_throws")
        .fault_kernel<held_pointer<raw_branchless<>>>("held_across")
        .inexpressible("stale_iterator", "nothing is erased before the walk has ended")
        .raw<raw_one_by_one<>>("raw_one_by_one", "the rest is moved once for each that goes")
        .ordinary()
        .algorithm("one_by_one")
        .fault_kernel<raw_one_by_one<Expired, End::forgotten>>("forgotten_length")
        .fault_kernel<raw_one_by_one<Shrinking>>("shrunk_meanwhile")
        .fault_kernel<raw_one_by_one<Moving>>("destroyed_before")
        .fault_kernel<raw_one_by_one<Failing>>("predicate_throws")
        .fault_kernel<held_pointer<raw_one_by_one<>>>("held_across")
        .fault_kernel<raw_one_by_one<Expired, End::moved, Step::always>>("stale_iterator")
        .safe<index<>>("index", "vector::operator[] up to the length, if, resize")
        .library()
        .fault_kernel<index<Expired, End::forgotten>>("forgotten_length")
        .fault_kernel<index<Shrinking>>("shrunk_meanwhile")
        .fault_kernel<index<Moving>>("destroyed_before")
        .fault_kernel<caught<index<Failing>>>("predicate_throws")
        .fault_kernel<held_index<index<>>>("held_across")
        .inexpressible("stale_iterator", "nothing is erased before the walk has ended")
        .claims("always", "destroyed_before", "predicate_throws")
        .claims("assertions", "one_past_end", "far_past_end", "shrunk_meanwhile", "held_across")
        .safe<at<>>("at", "vector::at up to the length, if, resize")
        .library()
        .fault_kernel<at<Expired, End::forgotten>>("forgotten_length")
        .fault_kernel<at<Shrinking>>("shrunk_meanwhile")
        .fault_kernel<at<Moving>>("destroyed_before")
        .fault_kernel<caught<at<Failing>>>("predicate_throws")
        .fault_kernel<held_index_at<at<>>>("held_across")
        .inexpressible("stale_iterator", "nothing is erased before the walk has ended")
        .claims("always", "one_past_end", "far_past_end", "shrunk_meanwhile", "held_across",
                "destroyed_before", "predicate_throws")
        .safe<index_branchless<>>("index_branchless", "vector::operator[], always written, resize")
        .bespoke()
        .algorithm("branchless")
        .fault_kernel<index_branchless<Expired, End::forgotten>>("forgotten_length")
        .fault_kernel<index_branchless<Shrinking>>("shrunk_meanwhile")
        .fault_kernel<index_branchless<Moving>>("destroyed_before")
        .fault_kernel<caught<index_branchless<Failing>>>("predicate_throws")
        .fault_kernel<held_index<index_branchless<>>>("held_across")
        .inexpressible("stale_iterator", "nothing is erased before the walk has ended")
        .claims("always", "destroyed_before", "predicate_throws")
        .claims("assertions", "one_past_end", "far_past_end", "shrunk_meanwhile", "held_across")
        .safe<span_branchless<>>("span_branchless",
                                 "span cut to the length, always written, resize")
        .bespoke()
        .algorithm("branchless")
        .fault_kernel<span_branchless<Expired, End::forgotten>>("forgotten_length")
        .fault_kernel<span_branchless<Shrinking>>("shrunk_meanwhile")
        .fault_kernel<span_branchless<Moving>>("destroyed_before")
        .fault_kernel<caught<span_branchless<Failing>>>("predicate_throws")
        .fault_kernel<held_index<span_branchless<>>>("held_across")
        .inexpressible("stale_iterator", "nothing is erased before the walk has ended")
        .claims("always", "predicate_throws")
        .claims("assertions", "one_past_end", "far_past_end", "held_across")
        .safe<iterator_branchless<>>("iterator_branchless", "iterators, always written, erase")
        .bespoke()
        .algorithm("branchless")
        .fault_kernel<iterator_branchless<Expired, End::forgotten>>("forgotten_length")
        .fault_kernel<iterator_branchless<Shrinking>>("shrunk_meanwhile")
        .fault_kernel<iterator_branchless<Moving>>("destroyed_before")
        .fault_kernel<caught<iterator_branchless<Failing>>>("predicate_throws")
        .fault_kernel<held_reference<iterator_branchless<>>>("held_across")
        .inexpressible("stale_iterator", "nothing is erased before the walk has ended")
        .claims("always", "one_past_end", "far_past_end", "predicate_throws")
        .safe<erase_if_branchless<>>("erase_if_branchless",
                                     "the same as a function that takes the vector's elements away")
        .bespoke()
        .algorithm("branchless")
        .inexpressible("forgotten_length", "the one call removes and sets the length")
        .fault_kernel<erase_if_branchless<Shrinking>>("shrunk_meanwhile")
        .fault_kernel<erase_if_branchless<Moving>>("destroyed_before")
        .fault_kernel<caught<erase_if_branchless<Failing>>>("predicate_throws")
        .fault_kernel<held_index_at<erase_if_branchless<>>>("held_across")
        .inexpressible("stale_iterator", "the caller has no iterator")
        .claims("always", "one_past_end", "far_past_end", "shrunk_meanwhile", "held_across",
                "destroyed_before")
        .safe<erase_if<>>("erase_if", "std::erase_if")
        .library()
        .inexpressible("forgotten_length", "the one call removes and sets the length")
        .fault_kernel<erase_if<Shrinking>>("shrunk_meanwhile")
        .fault_kernel<erase_if<Moving>>("destroyed_before")
        .fault_kernel<caught<erase_if<Failing>>>("predicate_throws")
        .fault_kernel<held_reference<erase_if<>>>("held_across")
        .inexpressible("stale_iterator", "the caller has no iterator")
        .claims("always", "one_past_end", "far_past_end", "predicate_throws")
        .safe<remove_if<>>("remove_if", "ranges::remove_if, then erase")
        .library()
        .fault_kernel<remove_if<Expired, End::forgotten>>("forgotten_length")
        .fault_kernel<remove_if<Shrinking>>("shrunk_meanwhile")
        .fault_kernel<remove_if<Moving>>("destroyed_before")
        .fault_kernel<caught<remove_if<Failing>>>("predicate_throws")
        .fault_kernel<held_reference<remove_if<>>>("held_across")
        .inexpressible("stale_iterator", "nothing is erased before the walk has ended")
        .claims("always", "one_past_end", "far_past_end", "predicate_throws")
        .safe<copy_if<>>("copy_if", "ranges::copy_if into a new vector, which has room for all")
        .library()
        .algorithm("copy")
        .inexpressible("forgotten_length", "a vector is as long as what was put into it")
        .fault_kernel<copy_if<Shrinking>>("shrunk_meanwhile")
        .fault_kernel<copy_if<Moving>>("destroyed_before")
        .fault_kernel<caught<copy_if<Failing>>>("predicate_throws")
        .fault_kernel<held_reference<copy_if<>>>("held_across")
        .inexpressible("stale_iterator", "nothing is erased")
        .claims("always", "one_past_end", "far_past_end", "predicate_throws")
        .safe<one_by_one<>>("one_by_one", "it = erase(it) for each that goes")
        .library()
        .algorithm("one_by_one")
        .inexpressible("forgotten_length", "erase sets the length")
        .fault_kernel<one_by_one<Shrinking>>("shrunk_meanwhile")
        .fault_kernel<one_by_one<Moving>>("destroyed_before")
        .fault_kernel<caught<one_by_one<Failing>>>("predicate_throws")
        .fault_kernel<held_reference<one_by_one<>>>("held_across")
        .fault_kernel<one_by_one<Expired, Step::always>>("stale_iterator")
        .claims("always", "one_past_end", "far_past_end", "predicate_throws");

}  // namespace iteration::erase_while_iterating

SAFECOST_EXPORT(iteration::erase_while_iterating::the_case)
