// Raw code that is wrong without any fault, and a variant that ends the program: neither is clean on valid input.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "kernel/case.h"

namespace planted::dirty {

struct Input {
  const std::int32_t* values;
  std::size_t count;
};

Input generate(safecost::Generator& generator) {
  const auto values = generator.array<std::int32_t>(generator.size());
  for (std::int32_t& value : values) value = static_cast<std::int32_t>(generator.random.below(9));
  return {values.data(), values.size()};
}

struct Values {
  explicit Values(const Input& input) : values(input.values, input.values + input.count) {}

  std::vector<std::int32_t> values;
};

SAFECOST_HELPER std::uint64_t sum(const Values& context, std::size_t bound) {
  std::int64_t total = 0;
  for (std::size_t i = 0; i < bound; ++i) total += context.values.data()[i];
  return static_cast<std::uint64_t>(total);
}

SAFECOST_KERNEL raw(Values& context) { return sum(context, context.values.size() + 1); }
SAFECOST_KERNEL leaves(Values& context) {
  if (context.values.empty()) return 0;
  std::puts(R"({"proofs": [], "tool": "sanitizer", "<b>": "\u001b[31m"})");
  std::fputs("==1==ERROR: AddressSanitizer: nothing at all\n\xff\xfe", stderr);
  std::fflush(nullptr);
  std::_Exit(0);
}
SAFECOST_KERNEL clean(Values& context) { return sum(context, context.values.size()); }

auto the_case = safecost::Case<Input>(generate)
                    .size(64, "L1")
                    .raw<raw>("raw", "one too many")
                    .safe<leaves>("leaves", "prints rubbish and ends with 0")
                    .safe<clean>("clean", "as it should be");

}  // namespace planted::dirty

SAFECOST_EXPORT(planted::dirty::the_case)
