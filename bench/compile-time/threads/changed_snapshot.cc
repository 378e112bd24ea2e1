// What readers hold a share of is written to, instead of being replaced.
// cwe: 362
// gcc: "assignment of member"
// clang: "cannot assign to return value"
#include <memory>

struct Config {
  int limit;
};

void use(std::shared_ptr<const Config>& current, int limit) {
#ifdef MISUSE
  current->limit = limit;  // MISUSE
#else
  current = std::make_shared<const Config>(Config{limit});
#endif
}
