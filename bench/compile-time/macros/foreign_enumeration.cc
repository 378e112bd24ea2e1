// A table that belongs to one enumeration is indexed by another one, which has more values.
// cwe: 129
// gcc: accepts
// clang: accepts
enum Severity { debug, warning, failure };
enum Code { opened, moved, closed, lost };

int factor_of(Code code, Severity severity) {
  static const int factors[] = {1, 10, 100};
#ifdef MISUSE
  return severity == debug ? 0 : factors[code];  // MISUSE
#else
  return code == opened ? 0 : factors[severity];
#endif
}
