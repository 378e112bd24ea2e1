// A link that is a base class is taken for that of another queue.
// cwe: 823
// gcc: "invalid initialization of reference"
// clang: "no known conversion"
template <class Queue>
struct LinkOf {
  const LinkOf* next;
};
struct Running;
struct Waiting;
struct Task : LinkOf<Running>, LinkOf<Waiting> {
  long weight;
};

long weight_of(const LinkOf<Running>& link) { return static_cast<const Task&>(link).weight; }

long first_weight(const LinkOf<Running>& running, const LinkOf<Waiting>& waiting) {
#ifdef MISUSE
  return running.next == nullptr ? 0 : weight_of(waiting);  // MISUSE
#else
  return waiting.next == nullptr ? 0 : weight_of(running);
#endif
}
