// The kernel that reads a variable of a function that has returned is evaluated at compile time.
// cwe: 562
// gcc: "dereferencing a null pointer"
// clang: "read of variable whose lifetime has ended"
// gcc flags: -Wno-return-local-addr
// clang flags: -Wno-return-stack-address
constexpr const int* largest(const int* values) {
#ifdef MISUSE
  const int local = values[0] < values[1] ? values[1] : values[0];
  return &local;
#else
  return values[0] < values[1] ? values + 1 : values;
#endif
}

constexpr int kernel() {
  const int values[] = {1, 2};
  return *largest(values);
}
static_assert(kernel() == 2);  // MISUSE
