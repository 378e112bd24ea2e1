"""How much to believe a run: what it read where the truth is known, which is in its A/A pairs and calibrations."""

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

TOLERANCE = 0.005
"""A ratio that differs by more than this, relatively, from the one that was built in is off: the machine or the method
is at fault."""

MOST_OUTLIERS = 0.05
"""Share of the A/A pairs that may are off in a run whose times are fit for a gate."""

CERTAINTY = 0.95
"""How certain the interval of a share is that was counted in few."""

_TOLERANCE = 1e-9  # relative: rounding must not decide whether an interval holds a ratio

CalibrationReading = Literal["beyond the margin", "beyond 1", "not found"]


def distance(ratio: float) -> float:
    """How far a ratio is from 1, the same for a ratio and its inverse: 0.01 for 1.01 and for 1/1.01."""
    return math.expm1(abs(math.log(ratio)))


@dataclass(frozen=True, slots=True)
class AaSpread:
    """How far pairs of identical code differ from 1: relative distances, so 0.005 is 0.5 %."""

    count: int
    outliers: int
    median: float
    worst: float

    @property
    def share(self) -> tuple[float, float]:
        """The shares of straying A/A pairs that so many of so many leave possible, at CERTAINTY.

        It takes the A/A pairs as independent; those of one panel share their denominator, so it is a little narrow.
        """
        return rate_interval(self.outliers, self.count, CERTAINTY, two_sided=True)


def aa_pairs(found: Iterable[PairRow]) -> AaSpread | None:
    """How the A/A pairs among the rows are off, without those of disqualified cases; None where there are none."""
    distances = [distance(row.ratio) for row in found if row.kind == "aa" and not row.disqualified]
    if not distances:
        return None
    outliers = sum(far > TOLERANCE for far in distances)
    return AaSpread(len(distances), outliers, statistics.median(distances), max(distances))


def at_least(hits: int, probabilities: Sequence[float]) -> float:
    """The probability that `hits` or more of independent events happen (the Poisson binomial distribution).

    By hand, since SciPy's poisson_binom would load all of scipy.stats before a table is shown.
    """
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
    """Does the interval of an A/A pair or a calibration hold the ratio that was built in? None without an interval."""
    if row.low is None or row.high is None or row.planted is None:
        return None
    return row.low <= row.planted * (1.0 + _TOLERANCE) and row.planted * (1.0 - _TOLERANCE) <= row.high


def coverage(found: Iterable[PairRow]) -> Coverage | None:
    """How the intervals of these A/A pairs or calibrations hold what was built in; None where none has an interval."""
    judged = [(row.level, holds(row)) for row in found]
    known = [(level, held) for level, held in judged if level is not None and held is not None]
    if not known:
        return None
    misses, beyond = sum(not held for _, held in known), [1.0 - level for level, _ in known]
    levels = min(level for level, _ in known), max(level for level, _ in known)
    return Coverage(len(known), misses, math.fsum(beyond), levels, at_least(misses, beyond))


@dataclass(frozen=True, slots=True)
class Control:
    """A calibration: the ratio that was planted, and what the run read there.

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
    def outliers(self) -> bool:
        """Is it read as another ratio than the planted one, by more than an A/A pair may be?"""
        return self.error > TOLERANCE and self.held is False


def calibrations(found: Iterable[PairRow]) -> tuple[Control, ...]:
    """The calibrations among the rows, without those of disqualified cases."""
    return tuple(
        Control(row, row.planted, distance(row.ratio / row.planted), holds(row), _finding(row, row.planted))
        for row in found
        if row.kind == "calibration" and row.planted is not None and not row.disqualified
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
    """The calibrations whose planted difference exceeds the margin: those that a sound run shows."""
    return tuple(calibration for calibration in found if distance(calibration.planted) > margin + _TOLERANCE)


@dataclass(frozen=True, slots=True)
class DataQuality:
    """All that the A/A pairs and calibrations of a run say; None or empty where there are none of them."""

    aa_pairs: AaSpread | None
    verdicts: tuple[tuple[Verdict, int], ...]
    coverage: Coverage | None
    aa_rows: tuple[PairRow, ...]
    calibrations: tuple[Control, ...]
    calibration_coverage: Coverage | None


def quality(found: Sequence[PairRow]) -> DataQuality:
    """What the A/A pairs and calibrations among the rows say, without those of disqualified cases."""
    rows = tuple(row for row in found if row.kind == "aa" and not row.disqualified)
    tally = Counter(row.verdict for row in rows)
    order: tuple[Verdict, ...] = ("equivalent", "inconclusive", "slower", "faster")
    planted = calibrations(found)
    return DataQuality(
        aa_pairs(rows),
        tuple((verdict, tally[verdict]) for verdict in order),
        coverage(rows),
        rows,
        planted,
        coverage(calibration.row for calibration in planted),
    )
