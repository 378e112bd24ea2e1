"""A complete, valid run document for the tests; every number in it is made up."""

from __future__ import annotations

import hashlib

from safecost.document.measured import Code, Count, Counting, Panel
from safecost.document.types import (
    SCHEMA,
    SCHEMA_VERSION,
    Cache,
    Document,
    Gap,
    Machine,
    Parameter,
    Plugin,
    Problem,
    Run,
    Runner,
    StageSeconds,
    Suite,
)
from safecost.document.values import PairKind
from safecost.testing.made_up_panel import LAUNCHES, MARGIN, Arm, make_panel
from safecost.testing.sample_cases import CHAIN, SUM_L1, SUM_L2, sample_cases, sample_profiles
from safecost.testing.sample_proofs import sample_proofs
from safecost.testing.sample_rejections import sample_rejections


def _sum_panels(parameter: Parameter, unit: float) -> tuple[Panel, ...]:
    """Panels of `indexing/sum`; `unit` is the made-up time of the raw loop in nanoseconds."""
    plain: list[tuple[PairKind, int, int]] = [("aa", 1, 0), ("idiom", 2, 0), ("idiom", 3, 0), ("idiom", 4, 0)]
    return (
        make_panel(
            "indexing/sum",
            "gcc-o2",
            parameter,
            [
                Arm("raw", "gcc-o2", "raw", unit),
                Arm("raw_twin", "gcc-o2", "aa", unit),
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
                Arm("raw_twin", "gcc-assertions", "aa", 1.002 * unit),
                Arm("at", "gcc-assertions", "safe", 2.44 * unit),
                Arm("span", "gcc-assertions", "safe", 1.38 * unit),
                Arm("raw", "gcc-o2", "raw", unit),
                Arm("span", "gcc-o2", "safe", unit),
            ],
            [
                ("aa", 1, 0),
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
                Arm("raw_twin", "clang-o2", "aa", 0.7 * unit),
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
            Arm("raw_twin", profile, "aa", 95.0),
            Arm("expected", profile, "safe", 95.0 * expected, spread),
            Arm("exception", profile, "safe", 410.0),
        ]

    pairs: list[tuple[PairKind, int, int]] = [("aa", 1, 0), ("idiom", 2, 0), ("idiom", 3, 0)]
    hardened = [*arms("gcc-assertions", 1.05, 0.001), Arm("raw", "gcc-o2", "raw", 95.0)]
    return (
        make_panel("errors/sqrt_chain", "gcc-o2", CHAIN, arms("gcc-o2", 1.012, 0.02), pairs),
        make_panel("errors/sqrt_chain", "gcc-assertions", CHAIN, hardened, [*pairs, ("profile", 0, 4), ("full", 2, 4)]),
        # Interrupted by a problem: four launches, so no interval.
        make_panel("errors/sqrt_chain", "clang-o2", CHAIN, arms("clang-o2", 1.02, 0.001), pairs, launches=4),
    )


def build_sample_document() -> Document:
    """Two families, three cases (one disqualified), five profiles (one absent), A/A pairs and every verdict."""
    cases, profiles = sample_cases(), sample_profiles()
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
            StageSeconds(11.2, 3.4, 1.2, 0.0, 5.6, 29.1),
            (LAUNCHES,),
            0.0002,
            0.02,
            MARGIN,
            None,
            0,
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
        Counting("counted", "Made-up counter 1.0", None, (("GLIBC_TUNABLES", "glibc.cpu.hwcaps=-AVX2_Usable"),)),
        tuple(
            Count("indexing/sum", "gcc-o2", variant, SUM_L1.size, None, 64, 64 * instructions, 0, 0, None)
            for variant, instructions in (("raw", 3080), ("at", 9231), ("span", 3082), ("range_for", 3079))
        ),
        (
            Code(
                "indexing/sum", "gcc-o2", "raw", 21, 5, 0, 1, 0, "  xor eax, eax\nv paddd xmm0, [rdi]\nj jne 4\n  ret"
            ),
            Code(
                "indexing/sum", "gcc-o2", "at", 40, 9, 1, 0, 0, "c jae 20\n  mov eax, [rdi]\n  ret\nf call 30 <throw>"
            ),
        ),
        sample_proofs(cases, profiles),
        sample_rejections(),
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
