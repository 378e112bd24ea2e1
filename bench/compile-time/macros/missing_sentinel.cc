// A list of any number of arguments lacks the null pointer that ends it.
// cwe: 170
// gcc: accepts
// clang: accepts
void run(const char* program, ...);

void start(const char* option) {
#ifdef MISUSE
  run("program", option);  // MISUSE
#else
  run("program", option, static_cast<const char*>(nullptr));
#endif
}
