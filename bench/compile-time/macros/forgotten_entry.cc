// A table lacks an entry for the last value of an enumeration, and is read past its end there.
// cwe: 131
// gcc: accepts
// clang: accepts
enum Code { opened, moved, closed };

const char* name_of(Code code) {
#ifdef MISUSE
  static const char* const names[] = {"opened", "moved"};
#else
  static const char* const names[] = {"opened", "moved", "closed"};
#endif
  return names[code];  // MISUSE
}
