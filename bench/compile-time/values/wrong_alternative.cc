// A union is read as what it does not hold.
// cwe: 843
// gcc: accepts
// clang: accepts
union Value {
  long number;
  const long* pointer;
};

void store(Value& value);

long use() {
  Value value;
  value.number = 1;
  store(value);
#ifdef MISUSE
  return *value.pointer;  // MISUSE
#else
  return value.number;
#endif
}
