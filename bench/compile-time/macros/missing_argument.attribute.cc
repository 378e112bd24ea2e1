// A function of any number of arguments, whose format a compiler knows, has one that takes one more than there are.
// cwe: 685
// gcc: [-Wformat]
// clang: [-Wformat-insufficient-args]
[[gnu::format(printf, 1, 2)]] void put_line(const char* format, ...);

void log(int value) {
#ifdef MISUSE
  put_line("%d of %d", value);  // MISUSE
#else
  put_line("%d", value);
#endif
}
