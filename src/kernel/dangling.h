// What a case includes to commit a dangling view: an idiom's own kernel on what is gone when it comes to use it.
#ifndef SAFECOST_KERNEL_DANGLING_H
#define SAFECOST_KERNEL_DANGLING_H

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <utility>

#include "kernel/case.h"

namespace safecost {

// Frees what a container holds. Its own bytes stay as they were: what a destructor leaves in them differs between
// libraries, and a view was made before it ran. Opaque, lest a compiler see the end of what is still read.
template <class Container>
SAFECOST_OPAQUE void free_what_is_held(const Container* container) {
  alignas(Container) std::byte place[sizeof(Container)];
  std::memcpy(place, static_cast<const void*>(container), sizeof place);
  std::destroy_at(std::launder(reinterpret_cast<Container*>(place)));
}

// While one lives, views of a container dangle, and so does a reference to it. Afterwards it is whole again.
template <class Container>
class Gone {
 public:
  explicit Gone(Container& container) : kept_(container), container_(container) {
    free_what_is_held(&container);
  }
  Gone(const Gone&) = delete;
  Gone& operator=(const Gone&) = delete;
  ~Gone() { new (static_cast<void*>(&container_)) Container(std::move(kept_)); }

 private:
  Container kept_;
  Container& container_;
};

// The kernel of `Body`, the very one that is timed, where what the member `Lender` of its context lends is gone. A
// second copy of it would change which functions of the library compilers inline into the first.
template <auto Body, auto Lender>
SAFECOST_KERNEL destroyed(typename ContextOf<decltype(Body)>::type& context) {
  const Gone gone(context.*Lender);
  return call(kernel<Body>, &context);
}

}  // namespace safecost

#endif
