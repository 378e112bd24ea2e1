// Kernels of several threads. A case includes this beside kernel/case.h:
//
//   SAFECOST_KERNEL mutex(Counter& counter) {
//     return SAFECOST_IN_PARALLEL(worker) {
//       ...                  // on every worker at once, 0 to safecost::worker_count() - 1
//       return digest;       // of this worker's share; the kernel's is the sum
//     };
//   }
//   ...
//   .size_and_workers(4'096, 1, "uncontended").size_and_workers(4'096, 2, "contended")
//
// The host starts and places the workers before it has anything prepared; a call releases them together, and is over
// when all are done. What the body captures, it captures by reference.
#ifndef SAFECOST_KERNEL_WORKERS_H
#define SAFECOST_KERNEL_WORKERS_H

#include <cstdint>

#include "kernel/abi.h"
#include "kernel/case.h"

// What follows is a body that is given the number of its worker, and inlined into the function that workers call.
#define SAFECOST_IN_PARALLEL(worker)                                         \
  safecost::InParallel{} << [&]([[maybe_unused]] const std::uint32_t worker) \
          __attribute__((always_inline)) -> std::uint64_t

namespace safecost {

extern safecost_workers border_workers;

// How many there are, the thread that calls the kernel among them.
inline std::uint32_t worker_count() { return border_workers.count; }

inline int copy_entered = 0;
template <int Copy>
SAFECOST_HELPER void enter(CopyOf<Copy>, int) {
  copy_entered = Copy;
}

// What a worker calls: the kernel's body.
template <class Work, int Copy>
SAFECOST_OPAQUE std::uint64_t worked(void* work, std::uint32_t worker) noexcept {
  try {
    return (*static_cast<const Work*>(work))(worker);
  } catch (...) {
    return report_exception();
  }
}

struct InParallel {};
template <class Work>
SAFECOST_HELPER std::uint64_t operator<<(InParallel, const Work& work) {
  // Known when this is compiled, as it is inlined behind `enter`.
  const safecost_work all = copy_entered == 0 ? worked<Work, 0> : worked<Work, 1>;
  return border_workers.run(&border_workers, all, const_cast<Work*>(&work));
}

}  // namespace safecost

#endif
