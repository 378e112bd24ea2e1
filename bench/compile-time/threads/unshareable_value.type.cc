// The same, and threads are started by a function that takes only what says that it may cross.
// cwe: 366
// gcc: "no matching function for call to"
// clang: "no matching function for call to"
struct Handle {
#ifdef MISUSE
  static constexpr bool may_cross_threads = false;
#else
  static constexpr bool may_cross_threads = true;
#endif
  int* count;  // of handles to the same object
};

template <typename Argument>
  requires(Argument::may_cross_threads)
void start(void (*work)(Argument), Argument argument) {
  work(argument);  // on a thread of its own
}

void work(Handle handle);

void use(Handle handle) {
  start(work, handle);  // MISUSE
}
