// Two threads write to one variable at a time.
// cwe: 362
// gcc: accepts
// clang: accepts
#include <thread>

int use() {
  int count = 0;
#ifdef MISUSE
  std::thread other([&count] { ++count; });  // MISUSE
#else
  std::thread other([mine = count]() mutable {
    mine += 1;
    (void)mine;
  });
#endif
  ++count;
  other.join();
  return count;
}
