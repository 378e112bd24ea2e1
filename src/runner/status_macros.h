// The two steps by which a function hands on what went wrong below it.
#ifndef SAFECOST_RUNNER_STATUS_MACROS_H
#define SAFECOST_RUNNER_STATUS_MACROS_H

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#define RETURN_IF_ERROR(...) \
  if (absl::Status status_of_step = (__VA_ARGS__); !status_of_step.ok()) return status_of_step

// ASSIGN_OR_RETURN(const int x, f()); two statements: not for the only line behind an `if`.
#define SAFECOST_JOINED_NOW(a, b) a##b
#define SAFECOST_JOINED(a, b) SAFECOST_JOINED_NOW(a, b)
#define ASSIGN_OR_RETURN(target, ...)                                 \
  auto SAFECOST_JOINED(or_status_, __LINE__) = (__VA_ARGS__);         \
  if (!SAFECOST_JOINED(or_status_, __LINE__).ok())                    \
    return std::move(SAFECOST_JOINED(or_status_, __LINE__)).status(); \
  target /* NOLINT(bugprone-macro-parentheses) */ =                   \
      *std::move(SAFECOST_JOINED(or_status_, __LINE__))

#endif
