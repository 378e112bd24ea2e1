"""The profiles and cases of the sample document: two families, three cases, five profiles of which one is absent."""

from __future__ import annotations

from collections.abc import Sequence

from safecost.document.types import Case, Fault, Parameter, Profile, Source, Variant
from safecost.document.values import Language

SUM_L1, SUM_L2 = Parameter(4096, None, "L1"), Parameter(262144, None, "L2")
GATHER = Parameter(4096, None, "L1")
CHAIN = Parameter(16, 0.01, "1 % errors")

SUM_CC = """// What does a checked index cost in a loop that only adds?
#include "kernel/case.h"

SAFECOST_RAW(raw) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < in.n; ++i) sum += in.values[i];
  return sum;
}

SAFECOST_SAFE(at) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < in.n; ++i) sum += values.at(i);
  return sum;
}
"""

SUM_RS = """// What does Rust's index cost in a loop that only adds?
fn index(values: &[u32]) -> u64 {
    let mut sum = 0;
    for i in 0..values.len() {
        sum += u64::from(values[i]);
    }
    sum
}
"""


def _profile(
    name: str,
    summary: str,
    plain: str,
    compiler: str | None,
    flags: Sequence[tuple[str, str]],
    *,
    language: Language = "c++",
    against: str | None = None,
    reason: str | None = None,
) -> Profile:
    return Profile(
        name,
        summary,
        language,
        "std" if language == "rust" else "libc++" if "libcxx" in name else "libstdc++",
        plain,
        against,
        "absent" if reason else "measured",
        reason,
        compiler,
        tuple(flags),
        {"_GLIBCXX_ASSERTIONS": "on" if "assertions" in name else "off"} if language == "c++" else {},
    )


def sample_profiles() -> tuple[Profile, ...]:
    """Every kind of profile: plain, hardened, Rust, absent."""
    o2 = ("-O2", "what distributions ship")
    return (
        _profile("gcc-o2", "GCC, nothing hardened", "gcc-o2", "GNU 12.2.0", [o2]),
        _profile(
            "gcc-assertions",
            "GCC with the checks of libstdc++",
            "gcc-o2",
            "GNU 12.2.0",
            [o2, ("-D_GLIBCXX_ASSERTIONS", "the library's checks <and> nothing else")],
        ),
        _profile("clang-o2", "Clang, nothing hardened", "clang-o2", "Clang 19.1.7", [o2]),
        _profile(
            "rust-o2",
            "Rust with the same LLVM family",
            "rust-o2",
            "rustc 1.95.0 (LLVM 21.1.0)",
            [("-C opt-level=2", "the same level as C++")],
            language="rust",
            against="clang-o2",
        ),
        _profile(
            "clang-libcxx-fast",
            "Clang with libc++ in fast hardening mode",
            "clang-o2",
            None,
            [o2, ("-stdlib=libc++", "the library that has hardening modes")],
            reason="the header <expected> of libc++ was not found: apt install libc++-19-dev",
        ),
    )


def sample_cases() -> tuple[Case, ...]:
    """Two measured cases and a disqualified one."""
    return (
        Case(
            "indexing",
            "sum",
            "What does a checked index cost in a loop that only adds?",
            "measured",
            None,
            False,
            (Source("sum.cc", SUM_CC), Source("sum.rs", SUM_RS)),
            (SUM_L1, SUM_L2),
            (
                Variant("raw", "raw", "c++", "pointer and length"),
                Variant("raw_twin", "aa", "c++", "the same source as a second function"),
                Variant("at", "safe", "c++", "std::vector::at, which throws"),
                Variant("span", "safe", "c++", "std::span::operator[], checked when hardened"),
                Variant("range_for", "safe", "c++", "a loop over the elements, no index at all"),
                Variant("index", "safe", "rust", "a slice index, which panics"),
                Variant("iterator", "safe", "rust", "iter().sum(), no index at all"),
            ),
            (
                Fault(
                    "one_past_end",
                    125,
                    "input",
                    "The length is one more than the buffer holds.",
                    "reads values[0] to values[n - 1]",
                ),
            ),
        ),
        Case(
            "indexing",
            "gather",
            "What does a checked index cost when the indices are data?",
            "disqualified",
            "at computed another digest than raw",
            False,
            (Source("gather.cc", "// What does a checked index cost when the indices are data?\n"),),
            (GATHER,),
            (
                Variant("raw", "raw", "c++", "pointer, length and indices"),
                Variant("at", "safe", "c++", "std::vector::at, which throws"),
            ),
            (),
        ),
        Case(
            "errors",
            "sqrt_chain",
            "What does an error value cost against a return code?",
            "measured",
            None,
            False,
            (Source("sqrt_chain.cc", "// What does an error value cost against a return code?\nint x = 1 << 3;\n"),),
            (CHAIN,),
            (
                Variant("raw", "raw", "c++", "an int return code and an out parameter"),
                Variant("raw_twin", "aa", "c++", "the same source as a second function"),
                Variant("expected", "safe", "c++", "std::expected, tested by hand"),
                Variant("exception", "safe", "c++", "throw on error, catch in the kernel"),
            ),
            (
                Fault(
                    "ignored_error", 252, "kernel", "The caller forgets to look at the error.", "every error is handled"
                ),
            ),
        ),
    )
