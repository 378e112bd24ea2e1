// A sum of numbers from outside may overflow.
// cwe: 190
// gcc: accepts
// clang: accepts
int use(int one, int other) {
#ifdef MISUSE
  return one + other;  // MISUSE
#else
  int sum = 0;
  return __builtin_add_overflow(one, other, &sum) ? 0 : sum;
#endif
}
