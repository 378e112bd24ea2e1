// An array is freed as a single object.
// cwe: 762
// gcc: [-Wmismatched-new-delete]
// clang: [-Wmismatched-new-delete]
void fill(int* values);

void use() {
  int* values = new int[4];
  fill(values);
#ifdef MISUSE
  delete values;  // MISUSE
#else
  delete[] values;
#endif
}
