"""How much to believe a run: what it read where the truth is known, which is in its nulls and controls."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from safecost.document.rows import PairRow
from safecost.stats.binomial import rate_interval
from safecost.stats.pairs import Verdict

STRAY = 0.005
"""A ratio that differs by more than this, relatively, from the one that was built in strays: the machine or the method
is at fault."""

MOST_STRAYS = 0.05
"""Share of the nulls that may stray in a run whose times are fit for a gate."""

CERTAINTY = 0.95
"""How certain the interval of a share is that was counted in few."""

_TOLERANCE = 1e-9  # relative: rounding must not decide whether an interval holds a ratio

CalibrationReading = Literal["beyond the margin", "beyond 1", "not found"]


def distance(ratio: float) -> float:
    """How far a ratio is from 1, the same for a ratio and its inverse: 0.01 for 1.01 and for 1/1.01."""
    return math.expm1(abs(math.log(ratio)))


@dataclass(frozen=True, slots=True)
class AaSpread:
    """How far pairs of identical code stray from 1: relative distances, so 0.005 is 0.5 %."""

    count: int
    strays: int
    median: float
    worst: float

    @property
    def share(self) -> tuple[float, float]:
        """The shares of straying nulls that so many of so many leave possible, at CERTAINTY.

        It takes the nulls as independent; those of one panel share their denominator, so it is a little narrow.
        """
        return rate_interval(self.strays, self.count, CERTAINTY, two_sided=True)


def nulls(found: Iterable[PairRow]) -> AaSpread | None:
    """How the nulls among the rows stray, without those of struck cases; None where there are none."""
    distances = [distance(row.ratio) for row in found if row.kind == "null" and not row.struck]
    if not distances:
        return None
    strays = sum(far > STRAY for far in distances)
    return AaSpread(len(distances), strays, statistics.median(distances), max(distances))


def at_least(hits: int, probabilities: Sequence[float]) -> float:
    """The probability that `hits` or more of independent events happen (the Poisson binomial distribution)."""
    exactly = [1.0]
    for probability in probabilities:
        stays = [*(value * (1.0 - probability) for value in exactly), 0.0]
        exactly = [value + (exactly[i - 1] * probability if i else 0.0) for i, value in enumerate(stays)]
    return min(1.0, math.fsum(exactly[hits:]))


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many intervals miss the ratio that was built in, of how many, and how many would by their levels.

    `levels` are the lowest and the highest; `chance` is the probability of as many misses or more where every
    interval holds as often as its level says and they are independent.
    """

    count: int
    misses: int
    expected: float
    levels: tuple[float, float]
    chance: float


def holds(row: PairRow) -> bool | None:
    """Does the interval of a null or a control hold the ratio that was built in? None without an interval."""
    if row.low is None or row.high is None or row.planted is None:
        return None
    return row.low <= row.planted * (1.0 + _TOLERANCE) and row.planted * (1.0 - _TOLERANCE) <= row.high


def coverage(found: Iterable[PairRow]) -> Coverage | None:
    """How the intervals of these nulls or controls hold what was built in; None where none has an interval."""
    judged = [(row.level, holds(row)) for row in found]
    known = [(level, held) for level, held in judged if level is not None and held is not None]
    if not known:
        return None
    misses, beyond = sum(not held for _, held in known), [1.0 - level for level, _ in known]
    levels = min(level for level, _ in known), max(level for level, _ in known)
    return Coverage(len(known), misses, math.fsum(beyond), levels, at_least(misses, beyond))


@dataclass(frozen=True, slots=True)
class Control:
    """A control: the ratio that was planted, and what the run read there.

    `finding` says how far the run shows the difference, on its planted side: its interval lies beyond the margin, or
    beyond 1, or it does not show it; None for one that plants no difference. `error` is the relative distance of
    what was read from what was planted.
    """

    row: PairRow
    planted: float
    error: float
    held: bool | None
    finding: CalibrationReading | None

    @property
    def strays(self) -> bool:
        """Is it read as another ratio than the planted one, by more than a null may be?"""
        return self.error > STRAY and self.held is False


def controls(found: Iterable[PairRow]) -> tuple[Control, ...]:
    """The controls among the rows, without those of struck cases."""
    return tuple(
        Control(row, row.planted, distance(row.ratio / row.planted), holds(row), _finding(row, row.planted))
        for row in found
        if row.kind == "control" and row.planted is not None and not row.struck
    )


def _finding(row: PairRow, planted: float) -> CalibrationReading | None:
    if planted == 1.0:
        return None
    verdict: Verdict = "slower" if planted > 1.0 else "faster"
    if row.verdict == verdict:
        return "beyond the margin"
    if row.low is None or row.high is None:
        return "not found"
    return "beyond 1" if (row.low > 1.0 if planted > 1.0 else row.high < 1.0) else "not found"


def above(found: Iterable[Control], margin: float) -> tuple[Control, ...]:
    """The controls whose planted difference exceeds the margin: those that a sound run shows."""
    return tuple(control for control in found if distance(control.planted) > margin + _TOLERANCE)


@dataclass(frozen=True, slots=True)
class Belief:
    """All that the nulls and controls of a run say; None or empty where there are none of them."""

    nulls: AaSpread | None
    verdicts: tuple[tuple[Verdict, int], ...]
    coverage: Coverage | None
    null_rows: tuple[PairRow, ...]
    controls: tuple[Control, ...]
    controls_coverage: Coverage | None


def belief(found: Sequence[PairRow]) -> Belief:
    """What the nulls and controls among the rows say, without those of struck cases."""
    rows = tuple(row for row in found if row.kind == "null" and not row.struck)
    tally = Counter(row.verdict for row in rows)
    order: tuple[Verdict, ...] = ("equivalent", "unresolved", "slower", "faster")
    planted = controls(found)
    return Belief(
        nulls(rows),
        tuple((verdict, tally[verdict]) for verdict in order),
        coverage(rows),
        rows,
        planted,
        coverage(control.row for control in planted),
    )
