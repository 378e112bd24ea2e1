// The kernel whose view outlives its array is evaluated at compile time.
// cwe: 416
// gcc: accepts
// clang: "read of object outside its lifetime"
#include <span>

constexpr int kernel() {
  const int outer[] = {1, 2};
  std::span<const int> view = outer;
  {
    const int inner[] = {1, 2};
#ifdef MISUSE
    view = inner;
#else
    view = view.first(static_cast<std::size_t>(inner[1]));
#endif
  }
  return view[0];
}
static_assert(kernel() == 1);  // MISUSE
