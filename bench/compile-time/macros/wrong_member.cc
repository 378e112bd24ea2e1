// What leads back from a link to what it lies in names another link of it.
// cwe: 823
// gcc: accepts
// clang: accepts
#include <cstddef>

#define CONTAINER_OF(place, type, member) \
  static_cast<const type*>(               \
      static_cast<const void*>(reinterpret_cast<const char*>(place) - offsetof(type, member)))

struct Link {
  const Link* next;
};
struct Task {
  Link waiting;
  Link running;
  long weight;
};

long weight_of(const Link* running) {
#ifdef MISUSE
  return CONTAINER_OF(running, Task, waiting)->weight;  // MISUSE
#else
  return CONTAINER_OF(running, Task, running)->weight;
#endif
}
