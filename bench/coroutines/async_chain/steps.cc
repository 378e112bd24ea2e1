// The steps, where who calls them does not see them: their frames are their own.
#include "steps.h"

namespace coroutines::async_chain {

template <class Frames>
Reply<Frames> session_of(LoopReference loop, std::uint64_t user) {
  co_return co_await loop.ask(user);
}
template <class Frames>
Reply<Frames> rights_of(LoopReference loop, std::uint64_t user, std::uint64_t session) {
  co_return co_await loop.ask(user ^ session);
}
template <class Frames>
Reply<Frames> page_of(LoopReference loop, std::uint64_t session, std::uint64_t rights) {
  co_return co_await loop.ask(session + rights);
}
template <class Frames>
Reply<Frames> receipt_of(LoopReference loop, std::uint64_t user, std::uint64_t page) {
  co_return co_await loop.ask(user ^ page);
}

template Reply<FromHeap> session_of(LoopReference, std::uint64_t);
template Reply<FromHeap> rights_of(LoopReference, std::uint64_t, std::uint64_t);
template Reply<FromHeap> page_of(LoopReference, std::uint64_t, std::uint64_t);
template Reply<FromHeap> receipt_of(LoopReference, std::uint64_t, std::uint64_t);
template Reply<FromPool> session_of(LoopReference, std::uint64_t);
template Reply<FromPool> rights_of(LoopReference, std::uint64_t, std::uint64_t);
template Reply<FromPool> page_of(LoopReference, std::uint64_t, std::uint64_t);
template Reply<FromPool> receipt_of(LoopReference, std::uint64_t, std::uint64_t);

}  // namespace coroutines::async_chain
