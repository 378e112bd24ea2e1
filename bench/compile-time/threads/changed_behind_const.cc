// A value that changes behind a reference to what is constant is lent to two threads.
// cwe: 362
// gcc: accepts
// clang: accepts
#include <thread>

class Cache {
 public:
  int read() const { return ++uses_; }

 private:
  mutable int uses_ = 0;
};

int use(const Cache& cache) {
#ifdef MISUSE
  std::thread other([&cache] { (void)cache.read(); });  // MISUSE
#else
  std::thread other([mine = cache] { (void)mine.read(); });
#endif
  const int result = cache.read();
  other.join();
  return result;
}
