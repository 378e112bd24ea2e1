// A checked loop that stores into two containers: vectorised by Clang 19, not any more by Clang 22 and 23.
// vectorised: Clang 19 yes, Clang 22 no, Clang 23 no
// clang++ -O2 -Rpass=loop-vectorize -Rpass-missed=loop-vectorize -Rpass-analysis=loop-vectorize -c two-stores.cc
//   19: vectorized loop (vectorization width: 4, interleaved count: 2)
//   22, 23: loop not vectorized: Early exit loop with store but no supported condition load
struct Ints {
  int* first;
  unsigned long size;
  int& operator[](unsigned long i) const {
    if (i >= size) __builtin_trap();
    return first[i];
  }
};

void add(Ints a, Ints b, unsigned long count, int by) {
  for (unsigned long i = 0; i < count; ++i) a[i] += by, b[i] += by;
}
