// What the compiler of this plugin really saw: its own macros, never what a build file meant to pass.
#ifndef SAFECOST_KERNEL_FACTS_H
#define SAFECOST_KERNEL_FACTS_H

#include <string_view>
#include <vector>
#include <version>

#include "kernel/abi.h"

#define SAFECOST_SPELL(text) #text
#define SAFECOST_EXPAND(macro) SAFECOST_SPELL(macro)
#define SAFECOST_FACT(macro) ::safecost::fact(#macro, SAFECOST_EXPAND(macro))

namespace safecost {

// A macro that is not defined expands to its own name.
inline safecost_fact fact(const char* key, const char* value) {
  const std::string_view text(value);
  const bool undefined = text == key;
  return {sizeof(safecost_fact), key, undefined ? "off" : text.empty() ? "on" : value};
}

#if defined(__clang__)
#define SAFECOST_COMPILER                                        \
  "Clang " SAFECOST_EXPAND(__clang_major__) "." SAFECOST_EXPAND( \
      __clang_minor__) "." SAFECOST_EXPAND(__clang_patchlevel__)
#elif defined(__GNUC__)
#define SAFECOST_COMPILER                                                                   \
  "GCC " SAFECOST_EXPAND(__GNUC__) "." SAFECOST_EXPAND(__GNUC_MINOR__) "." SAFECOST_EXPAND( \
      __GNUC_PATCHLEVEL__)
#else
#define SAFECOST_COMPILER "unknown"
#endif

inline std::vector<safecost_fact> compiler_facts() {
  return {
      {sizeof(safecost_fact), "compiler", SAFECOST_COMPILER},
      SAFECOST_FACT(__VERSION__),
      SAFECOST_FACT(__cplusplus),
      SAFECOST_FACT(_GLIBCXX_RELEASE),
      SAFECOST_FACT(_LIBCPP_VERSION),
      SAFECOST_FACT(_GLIBCXX_ASSERTIONS),
      SAFECOST_FACT(_GLIBCXX_DEBUG),
      SAFECOST_FACT(_LIBCPP_HARDENING_MODE),
      SAFECOST_FACT(_FORTIFY_SOURCE),
      SAFECOST_FACT(__OPTIMIZE__),
      SAFECOST_FACT(NDEBUG),
      SAFECOST_FACT(__SSP_STRONG__),
      SAFECOST_FACT(__CET__),
      SAFECOST_FACT(__PIC__),
      SAFECOST_FACT(__AVX2__),
  };
}

}  // namespace safecost

#endif
