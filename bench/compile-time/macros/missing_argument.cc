// A function of any number of arguments has a format that takes one more than there are.
// cwe: 685
// gcc: accepts
// clang: accepts
void put_line(const char* format, ...);

void log(int value) {
#ifdef MISUSE
  put_line("%d of %d", value);  // MISUSE
#else
  put_line("%d", value);
#endif
}
