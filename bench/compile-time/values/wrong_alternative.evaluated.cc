// The kernel that reads a union as what it does not hold is evaluated at compile time.
// cwe: 843
// gcc: "instead of initialized"
// clang: "of union with active member"
union Value {
  long number;
  const long* pointer;
};

constexpr long kernel() {
  Value value;
  value.number = 1;
#ifdef MISUSE
  return *value.pointer;
#else
  return value.number;
#endif
}
static_assert(kernel() == 1);  // MISUSE
