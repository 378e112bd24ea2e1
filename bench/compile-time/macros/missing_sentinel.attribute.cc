// A list of any number of arguments, whose end a compiler looks for, lacks the null pointer that ends it.
// cwe: 170
// gcc: [-Wformat]
// clang: [-Wsentinel]
[[gnu::sentinel]] void run(const char* program, ...);

void start(const char* option) {
#ifdef MISUSE
  run("program", option);  // MISUSE
#else
  run("program", option, static_cast<const char*>(nullptr));
#endif
}
