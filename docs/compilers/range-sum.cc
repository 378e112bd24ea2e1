// A sum of int into long by a pointer, as a range-based for loop is: vectorised by Clang 19 and 22, not any more by Clang 23.
// vectorised: Clang 19 yes, Clang 22 yes, Clang 23 no
// clang++ -O2 -Rpass=loop-vectorize -Rpass-missed=loop-vectorize -c range-sum.cc
//   19, 22: vectorized loop (vectorization width: 2, interleaved count: 2)
//   23: the cost-model indicates that vectorization is not beneficial
// The same sum by an index is vectorised by all three, and so is this one with -march=x86-64-v2 or -v3.
long sum(const int* first, const int* last) {
  long total = 0;
  for (; first != last; ++first) total += *first;
  return total;
}
