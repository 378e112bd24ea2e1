// A pointer outlives the scope of the variable that it points to.
// cwe: 416
// gcc: [-Wdangling-pointer]
// clang: accepts
void fill(int* values);

int use() {
  int outer[2];
  fill(outer);
  const int* pointer = outer;
  {
    int inner[2];
    fill(inner);
#ifdef MISUSE
    pointer = inner;
#endif
  }
  return *pointer;  // MISUSE
}
