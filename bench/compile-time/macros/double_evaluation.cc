// An argument with a side effect is handed to a macro that evaluates it twice.
// cwe: 675
// gcc: accepts
// clang: accepts
#define MIN(a, b) ((a) < (b) ? (a) : (b))

int take(const int*& next);

int granted(const int*& next, int limit) {
#ifdef MISUSE
  return MIN(take(next), limit);  // MISUSE
#else
  const int taken = take(next);
  return MIN(taken, limit);
#endif
}
