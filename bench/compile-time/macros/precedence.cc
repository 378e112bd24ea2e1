// A macro that expands to an expression has no parentheses around it: what stands before it is taken into its comparison.
// cwe: 783
// gcc: accepts
// clang: accepts
#ifdef MISUSE
#define MIN(a, b) a < b ? a : b
#else
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#endif

int left_of(int all, int wanted, int limit) {
  return all - MIN(wanted, limit);  // MISUSE
}
