"""A complete, valid run document for the tests; every number in it is made up."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import settings

from desk.document import (
    SCHEMA,
    SCHEMA_VERSION,
    Cache,
    Case,
    Contender,
    Document,
    Fault,
    Gap,
    Language,
    Launch,
    Machine,
    Pair,
    PairKind,
    Panel,
    Parameter,
    Plugin,
    Problem,
    Profile,
    Role,
    Run,
    Runner,
    Seconds,
    Source,
    Suite,
    Variant,
)
from desk.statistics import summarise

# A busy machine must not turn a test red, and a red test must be red again on the next run.
settings.register_profile("desk", deadline=None, derandomize=True, database=None)
settings.load_profile("desk")

MARGIN = 0.01
LAUNCHES = 6

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


@dataclass(frozen=True)
class Arm:
    """A contender of a made-up panel: its true time per call and how its launches spread (in log times)."""

    variant: str
    profile: str
    role: Role
    nanoseconds: float
    spread: float = 0.001
    modes: float = 0.0
    """Relative distance of a second mode that every other launch is in."""


def make_panel(
    case: str,
    profile: str,
    parameter: Parameter,
    arms: Sequence[Arm],
    pairs: Sequence[tuple[PairKind, int, int]],
    *,
    launches: int = LAUNCHES,
) -> Panel:
    """A panel of `arms` whose launches are drawn from a generator seeded by the panel's name."""
    name = f"{case} {profile} {parameter.size} {parameter.rate}"
    random = np.random.default_rng(int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big"))
    times = [
        arm.nanoseconds
        * np.exp(random.normal(0.0, arm.spread, launches))
        * (1.0 + arm.modes * (np.arange(launches) % 2))
        for arm in arms
    ]
    contenders = tuple(
        Contender(arm.variant, arm.profile, arm.role, tuple(round(float(time), 4) for time in row))
        for arm, row in zip(arms, times, strict=True)
    )
    return Panel(
        case,
        profile,
        parameter.size,
        parameter.rate,
        parameter.label,
        tuple(Launch(int(random.integers(1, 2**31)), 180, 90) for _ in range(launches)),
        contenders,
        tuple(_pair(kind, contenders, numerator, denominator) for kind, numerator, denominator in pairs),
    )


def _pair(kind: PairKind, contenders: Sequence[Contender], numerator: int, denominator: int) -> Pair:
    arms = zip(contenders[numerator].nanoseconds, contenders[denominator].nanoseconds, strict=True)
    ratios = tuple(round(above / below, 6) for above, below in arms)
    summary = summarise(ratios, MARGIN)
    return Pair(
        kind,
        numerator,
        denominator,
        ratios,
        summary.ratio,
        summary.low,
        summary.high,
        summary.level,
        summary.verdict,
        summary.reason,
        summary.detectable,
    )


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


def _profiles() -> tuple[Profile, ...]:
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


SUM_L1, SUM_L2 = Parameter(4096, None, "L1"), Parameter(262144, None, "L2")
GATHER = Parameter(4096, None, "L1")
CHAIN = Parameter(16, 0.01, "1 % errors")


def _cases() -> tuple[Case, ...]:
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
                Variant("raw_twin", "null", "c++", "the same source as a second function"),
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
            "struck",
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
                Variant("raw_twin", "null", "c++", "the same source as a second function"),
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


def _sum_panels(parameter: Parameter, unit: float) -> tuple[Panel, ...]:
    """Panels of `indexing/sum`; `unit` is the made-up time of the raw loop in nanoseconds."""
    plain: list[tuple[PairKind, int, int]] = [("null", 1, 0), ("idiom", 2, 0), ("idiom", 3, 0), ("idiom", 4, 0)]
    return (
        make_panel(
            "indexing/sum",
            "gcc-o2",
            parameter,
            [
                Arm("raw", "gcc-o2", "raw", unit),
                Arm("raw_twin", "gcc-o2", "null", unit),
                Arm("at", "gcc-o2", "safe", 2.41 * unit),
                Arm("span", "gcc-o2", "safe", unit),
                Arm("range_for", "gcc-o2", "safe", 0.93 * unit),
            ],
            plain,
        ),
        make_panel(
            "indexing/sum",
            "gcc-assertions",
            parameter,
            [
                Arm("raw", "gcc-assertions", "raw", 1.002 * unit),
                Arm("raw_twin", "gcc-assertions", "null", 1.002 * unit),
                Arm("at", "gcc-assertions", "safe", 2.44 * unit),
                Arm("span", "gcc-assertions", "safe", 1.38 * unit),
                Arm("raw", "gcc-o2", "raw", unit),
                Arm("span", "gcc-o2", "safe", unit),
            ],
            [
                ("null", 1, 0),
                ("idiom", 2, 0),
                ("idiom", 3, 0),
                ("profile", 0, 4),
                ("profile", 3, 5),
                ("full", 2, 4),
                ("full", 3, 4),
            ],
        ),
        make_panel(
            "indexing/sum",
            "clang-o2",
            parameter,
            [
                Arm("raw", "clang-o2", "raw", 0.7 * unit),
                Arm("raw_twin", "clang-o2", "null", 0.7 * unit),
                Arm("at", "clang-o2", "safe", 1.9 * unit),
                Arm("span", "clang-o2", "safe", 0.7 * unit, modes=0.07),
                Arm("range_for", "clang-o2", "safe", 0.7 * unit),
            ],
            plain,
        ),
        make_panel(
            "indexing/sum",
            "rust-o2",
            parameter,
            [
                Arm("raw", "clang-o2", "raw", 0.7 * unit),
                Arm("index", "rust-o2", "safe", 0.74 * unit),
                Arm("iterator", "rust-o2", "safe", 0.7 * unit),
            ],
            [("language", 1, 0), ("language", 2, 0)],
        ),
    )


def _chain_panels() -> tuple[Panel, ...]:
    def arms(profile: str, expected: float, spread: float) -> list[Arm]:
        return [
            Arm("raw", profile, "raw", 95.0),
            Arm("raw_twin", profile, "null", 95.0),
            Arm("expected", profile, "safe", 95.0 * expected, spread),
            Arm("exception", profile, "safe", 410.0),
        ]

    pairs: list[tuple[PairKind, int, int]] = [("null", 1, 0), ("idiom", 2, 0), ("idiom", 3, 0)]
    hardened = [*arms("gcc-assertions", 1.05, 0.001), Arm("raw", "gcc-o2", "raw", 95.0)]
    return (
        make_panel("errors/sqrt_chain", "gcc-o2", CHAIN, arms("gcc-o2", 1.012, 0.02), pairs),
        make_panel("errors/sqrt_chain", "gcc-assertions", CHAIN, hardened, [*pairs, ("profile", 0, 4), ("full", 2, 4)]),
        # Interrupted by a problem: four launches, so no interval.
        make_panel("errors/sqrt_chain", "clang-o2", CHAIN, arms("clang-o2", 1.02, 0.001), pairs, launches=4),
    )


def build_sample_document() -> Document:
    """Two families, three cases (one struck), five profiles (one absent), nulls and every verdict."""
    cases, profiles = _cases(), _profiles()
    return Document(
        SCHEMA,
        SCHEMA_VERSION,
        Suite("0.1.0", "0123456789abcdef0123456789abcdef01234567", False),
        Run(
            "quick",
            20260101,
            "2026-01-02T03:04:05Z",
            "2026-01-02T03:04:49Z",
            True,
            Seconds(11.2, 3.4, 29.1),
            LAUNCHES,
            0.0002,
            0.02,
            MARGIN,
            None,
            Runner("GNU 12.2.0", "1.7.1", "debug", 1),
        ),
        Machine(
            "Made-up CPU 9000",
            "x86_64",
            2,
            8_000_000_000,
            (Cache(1, "data", 49152), Cache(2, "unified", 1 << 20), Cache(3, "unified", 1 << 25)),
            "Linux 6.1.0",
            "Debian GNU/Linux 12 (bookworm)",
            "kvm",
            None,
            None,
            2,
            False,
            0.31,
            1.02,
            0.004,
            ("This is a virtual machine: its host decides when it runs.",),
        ),
        profiles,
        cases,
        tuple(
            Plugin(case.name, profile.name, hashlib.sha256(f"{case.name} {profile.name}".encode()).hexdigest(), 23456)
            for case in cases
            for profile in profiles
            if profile.status == "measured" and (profile.language == "c++" or case.case == "sum")
        ),
        (
            Gap(
                "errors/sqrt_chain",
                "expected_monadic",
                "gcc-o2",
                "std::expected of libstdc++ 12 has no and_then: it came with libstdc++ 13",
            ),
        ),
        (*_sum_panels(SUM_L1, 812.0), *_sum_panels(SUM_L2, 60_300.0), *_chain_panels()),
        (
            Problem(
                "digest",
                "indexing/gather",
                "at",
                "gcc-o2",
                4097,
                None,
                "digest 0x51a4 where raw has 0x51a5: the kernel does other work than raw",
                True,
            ),
            Problem(
                "hang",
                "errors/sqrt_chain",
                None,
                "clang-o2",
                None,
                None,
                "launch 5 of 6 did not end within 60 s and was stopped",
                False,
            ),
        ),
    )


@pytest.fixture
def sample_document() -> Document:
    return build_sample_document()
