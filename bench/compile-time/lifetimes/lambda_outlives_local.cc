// A returned lambda refers to a variable of the function that made it.
// cwe: 562
// gcc: accepts
// clang: [-Wreturn-stack-address]
auto counter(int start) {
  int count = start;
#ifdef MISUSE
  return [&count] { return ++count; };  // MISUSE
#else
  return [count]() mutable { return ++count; };
#endif
}
