// An owner is copied: two would free one block.
// cwe: 415
// gcc: "use of deleted function"
// clang: "call to deleted constructor"
#include <memory>

int twice(std::unique_ptr<int> owner) {
#ifdef MISUSE
  const std::unique_ptr<int> second = owner;  // MISUSE
#else
  const std::unique_ptr<int> second = std::move(owner);
#endif
  return 2 * *second;
}
