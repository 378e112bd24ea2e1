// An array is read one past its end, with a constant index.
// cwe: 125
// gcc: [-Warray-bounds]
// clang: [-Warray-bounds]
void fill(int* values);

int use() {
  int values[4];
  fill(values);
#ifdef MISUSE
  return values[4];  // MISUSE
#else
  return values[3];
#endif
}
