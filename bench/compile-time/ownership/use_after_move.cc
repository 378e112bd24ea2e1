// An owner is used after it was given away: it is null by then.
// cwe: 476
// gcc: accepts
// clang: accepts
#include <memory>

int take(std::unique_ptr<int> owner);

int use(std::unique_ptr<int> owner) {
  [[maybe_unused]] const int value = *owner;
  const int taken = take(std::move(owner));
#ifdef MISUSE
  return taken + *owner;  // MISUSE
#else
  return taken + value;
#endif
}
