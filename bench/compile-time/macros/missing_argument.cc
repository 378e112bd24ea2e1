// A function of any number of arguments is told by its format to take one more than there are.
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
