"""Makes panels up for tests: times are drawn around the ratios that a test asks for, ratios and verdicts follow."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from safecost.document.measured import Contender, Launch, Pair, Panel
from safecost.document.types import Parameter
from safecost.document.values import PairKind, Role
from safecost.stats.pairs import summarise

MARGIN = 0.01
LAUNCHES = 6


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
        "all_launches" if launches == LAUNCHES else "broken",
        tuple(Launch(int(random.integers(1, 2**31)), (launch,), 180, 90, 0.0) for launch in range(launches)),
        contenders,
        tuple(_pair(kind, contenders, numerator, denominator) for kind, numerator, denominator in pairs),
        parameter.threads,
        parameter.workers,
    )


def _pair(kind: PairKind, contenders: Sequence[Contender], numerator: int, denominator: int) -> Pair:
    arms = zip(contenders[numerator].nanoseconds, contenders[denominator].nanoseconds, strict=True)
    ratios = tuple(round(above / below, 6) for above, below in arms)
    # Within a launch a tenth of what is between them by rounds, as much by placements.
    within = [(2e-7, 1e-7)] * len(ratios)
    summary = summarise(ratios, MARGIN, within=within)
    return Pair(
        kind,
        numerator,
        denominator,
        1.0 if kind == "aa" else None,
        ratios,
        summary.ratio,
        summary.low,
        summary.high,
        summary.level,
        summary.verdict,
        summary.reason,
        summary.detectable,
        None,
        None,
        summary.spread,
    )
