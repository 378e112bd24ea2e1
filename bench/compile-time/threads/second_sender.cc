// Two threads send through the one end of a queue that is for one sender.
// cwe: 362
// gcc: accepts
// clang: accepts
#include <thread>
#include <utility>

class Sender {
 public:
  explicit Sender(int* end) : end_(end) {}
  Sender(Sender&& other) noexcept : end_(std::exchange(other.end_, nullptr)) {}
  Sender& operator=(Sender&&) = delete;
  void push(int message) { *end_ = message; }

 private:
  int* end_;
};

void use(Sender sender) {
#ifdef MISUSE
  std::thread other([&sender] { sender.push(1); });  // MISUSE
  sender.push(2);
#else
  std::thread other([mine = std::move(sender)]() mutable { mine.push(1); });
#endif
  other.join();
}
