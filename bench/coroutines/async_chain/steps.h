// The four steps of a request as coroutines, in a translation unit of their own: each asks one question, for which it
// needs what was learnt before.
#ifndef COROUTINES_ASYNC_CHAIN_STEPS_H
#define COROUTINES_ASYNC_CHAIN_STEPS_H

#include <cstddef>
#include <cstdint>

#include "frames.h"
#include "loop.h"
#include "task.h"

namespace coroutines::async_chain {

// How a task knows the loop that it runs in, which outlives it, and where its frame is taken from if it asks for that.
class LoopReference {
 public:
  LoopReference(EventLoop& loop, FramePool& frames) : loop_(&loop), frames_(&frames) {}

  Asking ask(std::uint64_t question) const { return Asking(*loop_, question); }
  FramePool& frames() const { return *frames_; }

 private:
  EventLoop* loop_;
  FramePool* frames_;
};

struct FromPool {
  template <class... Arguments>
  static void* operator new(std::size_t bytes, const LoopReference& loop, const Arguments&...) {
    return loop.frames().lend(bytes);
  }
  static void operator delete(void* frame) { FramePool::give_back(frame); }
};

template <class Frames>
using Reply = Task<std::uint64_t, Frames>;

template <class Frames>
Reply<Frames> session_of(LoopReference loop, std::uint64_t user);
template <class Frames>
Reply<Frames> rights_of(LoopReference loop, std::uint64_t user, std::uint64_t session);
template <class Frames>
Reply<Frames> page_of(LoopReference loop, std::uint64_t session, std::uint64_t rights);
template <class Frames>
Reply<Frames> receipt_of(LoopReference loop, std::uint64_t user, std::uint64_t page);

}  // namespace coroutines::async_chain

#endif
