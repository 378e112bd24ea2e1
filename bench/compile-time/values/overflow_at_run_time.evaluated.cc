// The kernel whose product overflows is evaluated at compile time.
// cwe: 190
// gcc: "overflow in constant expression"
// clang: "is outside the range of representable values"
constexpr int factorial(int n) {
  int product = 1;
  for (int i = 2; i <= n; ++i) product *= i;
  return product;
}
#ifdef MISUSE
static_assert(factorial(13) > 0);  // MISUSE
#else
static_assert(factorial(12) > 0);
#endif
