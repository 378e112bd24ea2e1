// The lesser of a signed number and an unsigned one is asked for: a negative one is compared as a huge one.
// cwe: 195
// gcc: [-Wsign-compare]
// clang: [-Wsign-compare]
#define MIN(a, b) ((a) < (b) ? (a) : (b))

bool is_small(int read, unsigned room) {
#ifdef MISUSE
  return MIN(read, room) == 0;  // MISUSE
#else
  return MIN(static_cast<unsigned>(read), room) == 0;
#endif
}
