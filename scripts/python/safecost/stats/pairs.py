"""The statistics of pairs: from the times of rounds to a ratio, its interval and a verdict.

Everything is computed on logarithms of ratios, so that swapping the arms of a pair mirrors every result exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from safecost.core.errors import ToolError
from safecost.core.text import counted, percent
from safecost.stats.sign_test import all_analyses, interval_ranks, p_value
from safecost.stats.spread import Spread, launch_variance, spread_of

Verdict = Literal["slower", "faster", "equivalent", "inconclusive"]

FEWEST_LAUNCHES = 6
"""Below six launches not even the smallest and largest one hold the median with a level of 95 %."""

_TOLERANCE = 1e-12  # in log ratios: rounding must not decide which side of the margin an interval end lies on


@dataclass(frozen=True, slots=True)
class Interval:
    """An interval of the median, with the level it really attains (that of all interim analyses together)."""

    low: float
    high: float
    level: float


@dataclass(frozen=True, slots=True)
class Clusters:
    """Launches that fall into two groups: medians (in the unit of the values) and numbers of launches."""

    low: float
    low_count: int
    high: float
    high_count: int


@dataclass(frozen=True, slots=True)
class PairSummary:
    """What is reported of a pair; ratios above 1 mean that the numerator is slower.

    `low`, `high`, `level` and `detectable` are None where launches are too few; `reason` is None unless inconclusive.
    `p` is the sign test's probability of launches so far beyond the margin if their median lies within it. `spread`
    says where the width comes from, None where nobody looked within launches.
    """

    ratio: float
    low: float | None
    high: float | None
    level: float | None
    verdict: Verdict
    reason: str | None
    detectable: float | None
    p: float
    spread: Spread | None = None


def sign_test_interval(values: ArrayLike, level: float = 0.95, analyses: Sequence[int] = ()) -> Interval | None:
    """The narrowest symmetric pair of order statistics holding the median with at least `level`.

    The j-th smallest and j-th largest of K independent values hold the median of any continuous distribution with
    probability 1 - 2 P(Binomial(K, 1/2) < j) (inversion of the sign test; David and Nagaraja, Order Statistics,
    section 7.1). None below six values, or where even the extremes do not attain `level`.

    `analyses` are the numbers of values at which measuring might have stopped, or may stop yet. The interval is then
    one of a series that all hold the median with `level`, so that stopping at the interim analysis one likes does not
    harm it.
    """
    ordered = np.sort(_finite(values))
    count = len(ordered)
    if count < FEWEST_LAUNCHES:
        return None
    at = all_analyses(count, analyses)
    ranks, attained = interval_ranks(at, level)
    rank = ranks[at.index(count)]
    return Interval(float(ordered[rank - 1]), float(ordered[count - rank]), attained) if rank else None


def launch_ratio(numerator_rounds: ArrayLike, denominator_rounds: ArrayLike) -> float:
    """The ratio of one launch: median over rounds of the difference of log times, as a ratio.

    Both are times per call, in one unit, of shape (rounds,); entry i of both was measured in round i. A round that is
    NaN in either does not count. Raises ToolError when none is left, or times are not paired or not positive.
    """
    numerator, denominator = (np.asarray(rounds, dtype=np.float64) for rounds in (numerator_rounds, denominator_rounds))
    if numerator.shape != denominator.shape:
        raise ToolError(
            f"A pair needs both arms in every round, and got {len(numerator)} rounds of one and {len(denominator)} of"
            " the other: pass the times of the same rounds."
        )
    counted = ~(np.isnan(numerator) | np.isnan(denominator))
    if counted.ndim != 1:
        raise ToolError("The times of a launch are one row for each contender: pass them one by one.")
    logs = np.log(_positive(numerator[counted])) - np.log(_positive(denominator[counted]))
    return float(np.exp(np.median(logs)))


def change_interval(
    old: tuple[float, float, float] | None, new: tuple[float, float, float] | None
) -> tuple[float, float, float] | None:
    """The interval of new over old, two ratios with launches of their own; each is (low, high, level), or None.

    It is missed only where one of both intervals misses, and these are independent.
    """
    if old is None or new is None:
        return None
    return new[0] / old[1], new[1] / old[0], old[2] * new[2]


def verdict_of(low: float, high: float, margin: float) -> Verdict:
    """What an interval of a ratio says against a relative margin."""
    return _verdict(Interval(float(np.log(low)), float(np.log(high)), 1.0), float(np.log1p(margin)))


def two_clusters(values: ArrayLike) -> Clusters | None:
    """The two groups that `values` fall into, or None.

    The values are cut at their widest gap. They are two groups when each has two or more values and the gap is at
    least three times as wide as the wider group. Of 10,000 simulated normal samples of six values 1.3 % look like
    that, of eight 0.1 %, of twenty none; so this explains a wide interval and never decides a verdict.
    """
    ordered = np.sort(_finite(values))
    if len(ordered) < 4:
        return None
    gaps = np.diff(ordered)
    cut = int(np.argmax(gaps)) + 1
    below, above = ordered[:cut], ordered[cut:]
    if min(len(below), len(above)) < 2 or gaps[cut - 1] < 3.0 * max(np.ptp(below), np.ptp(above)):
        return None
    return Clusters(float(np.median(below)), len(below), float(np.median(above)), len(above))


def summarise(
    launch_ratios: Sequence[float],
    margin: float,
    level: float = 0.95,
    analyses: Sequence[int] = (),
    within: ArrayLike = (),
) -> PairSummary:
    """Ratio, interval, verdict, detectable effect and p of a pair from one ratio per launch.

    `margin` is relative: 0.01 stands for the band from 1/1.01 to 1.01, which is symmetric in the logarithm. The
    verdict is slower or faster if the interval lies wholly beyond the band, equivalent if wholly inside, else
    inconclusive, with the reason.

    `detectable` is the relative effect that the median had to exceed, given the spread of these launches, to be
    called slower: margin plus half-width of the interval, because the near end of the interval has to clear the
    margin. It says what the verdict could have seen; the half-width alone says how well the ratio is known.

    `p` is dual to the verdict: from six launches on, slower and faster are just what has a p of at most 1 - `level`
    (1 minus the attained level, too). It is twice the smaller probability of both sides, at most 1: that so many
    launches lie above the band, or below it, when half of them should at most. Launches on the edge are inside.

    `analyses` are those of the run, past and coming; see sign_test_interval. Without any, the number of launches must
    have been fixed beforehand. `within` holds what within_launch finds in each launch, for `spread`, and decides
    nothing.
    """
    if not 0.0 < level < 1.0:
        raise ToolError(f"The level is {level}, and must lie between 0 and 1: 0.95 stands for 95 %.")
    if not 0.0 < margin < 1.0:
        raise ToolError(f"The margin is {margin}, and must lie between 0 and 1: 0.01 stands for 1 %.")
    logs = np.log(_positive(launch_ratios))
    ratio = float(np.exp(np.median(logs)))
    edge = float(np.log1p(margin))
    p = _p(logs, edge, analyses)
    interval = sign_test_interval(logs, level, analyses)
    if interval is None:
        return PairSummary(ratio, None, None, None, "inconclusive", _few(len(logs), level, analyses), None, p)
    verdict = _verdict(interval, edge)
    low, high = float(np.exp(interval.low)), float(np.exp(interval.high))
    width, rank = interval.high - interval.low, int(np.sum(logs < interval.low)) + 1
    spread = spread_of(launch_variance(width, rank, len(logs)), within)
    reason = _reason(logs, interval, edge, spread) if verdict == "inconclusive" else None
    detectable = float(np.expm1(edge + width / 2.0))
    return PairSummary(ratio, low, high, interval.level, verdict, reason, detectable, p, spread)


def _p(logs: NDArray[np.float64], edge: float, analyses: Sequence[int]) -> float:
    # The tolerance is that of the verdict, or the two could differ for a launch on the edge.
    above, below = int(np.sum(logs > edge + _TOLERANCE)), int(np.sum(logs < -edge - _TOLERANCE))
    return p_value(len(logs), max(above, below), tuple(analyses))


def _verdict(interval: Interval, edge: float) -> Verdict:
    if interval.low > edge + _TOLERANCE:
        return "slower"
    if interval.high < -edge - _TOLERANCE:
        return "faster"
    if interval.low >= -edge - _TOLERANCE and interval.high <= edge + _TOLERANCE:
        return "equivalent"
    return "inconclusive"


def _few(count: int, level: float, analyses: Sequence[int]) -> str:
    launches = counted(count, "launch", "launches")
    if count < FEWEST_LAUNCHES:
        return f"{launches}, and an interval needs at least {FEWEST_LAUNCHES}"
    at = f" at the interim analyses {', '.join(map(str, all_analyses(count, analyses)))}" if analyses else ""
    return f"{launches}, too few for an interval of {percent(level)}{at}"


def _reason(logs: NDArray[np.float64], interval: Interval, edge: float, spread: Spread | None) -> str:
    """Why the launches do not decide, worst cause first."""
    clusters = two_clusters(logs)
    if clusters is not None and clusters.high - clusters.low > edge + _TOLERANCE:
        return (
            f"the launches fall into two clusters, {clusters.low_count} at {np.exp(clusters.low):.3f} and"
            f" {clusters.high_count} at {np.exp(clusters.high):.3f}: placement weighs more than the code"
        )
    half_width = (interval.high - interval.low) / 2.0
    why = f"; {spread.words}" if spread else ""
    if half_width > edge + _TOLERANCE:
        wide = f"the interval, {_width(half_width)}, is wider than the margin of {_width(edge)}"
        return f"the launches disagree: {wide}{why}"
    return (
        f"the effect lies near the margin: the interval, {np.exp(interval.low):.4f} to {np.exp(interval.high):.4f},"
        f" reaches across {np.exp(edge if interval.high > edge + _TOLERANCE else -edge):.4f}{why}"
    )


def _width(log_width: float) -> str:
    return f"±{percent(float(np.expm1(log_width)))}"


def _finite(values: ArrayLike) -> NDArray[np.float64]:
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1 or not np.all(np.isfinite(array)):
        raise ToolError("Values must be one row of finite numbers: look for a NaN or an infinity in the measurement.")
    return array


def _positive(values: ArrayLike) -> NDArray[np.float64]:
    array = _finite(values)
    if not len(array) or np.any(array <= 0.0):
        raise ToolError("Times and ratios must be positive, and at least one: look for an epoch that took no time.")
    return array
