// A function of any number of arguments has a format that takes a number for a pointer to text.
// cwe: 686
// gcc: accepts
// clang: accepts
void put_line(const char* format, ...);

void log(int value) {
#ifdef MISUSE
  put_line("%s", value);  // MISUSE
#else
  put_line("%d", value);
#endif
}
