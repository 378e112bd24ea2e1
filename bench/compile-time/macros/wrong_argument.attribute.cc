// A function of any number of arguments, whose format a compiler knows, has one that takes a number for a pointer to text.
// cwe: 686
// gcc: [-Wformat]
// clang: [-Wformat]
[[gnu::format(printf, 1, 2)]] void put_line(const char* format, ...);

void log(int value) {
#ifdef MISUSE
  put_line("%s", value);  // MISUSE
#else
  put_line("%d", value);
#endif
}
