"""The frontier: what the cheapest way to catch every fault of a case costs, and the price over cases. Pure functions.

Choosing the cheapest of many by the numbers one then reports makes it look cheaper than it is (the winner's curse).
So everything is chosen on the odd launches (the first, third, ...) and estimated on the even ones: contender, raw
denominator, and the size at which it is worst.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from safecost.stats.pairs import sign_test_interval

RESAMPLES = 2_000
FEWEST = 4  # launches to estimate on, below which medians drawn again say too little for an interval
LaunchTimes = Sequence[float]  # nanoseconds of a call, one median a launch


@dataclass(frozen=True, slots=True)
class AtSize:
    """A contender at one size: its times, and those of every raw variant it may be compared with, launch by launch."""

    size: str
    safe: LaunchTimes
    raws: Mapping[str, LaunchTimes]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A safe contender and what it caught: `uncaught` names the faults it lets through."""

    variant: str
    profile: str
    uncaught: tuple[str, ...]
    sizes: tuple[AtSize, ...]


@dataclass(frozen=True, slots=True)
class Price:
    """The cheapest contender of a case that catches every fault, its full cost, and at which size and over which raw.

    `logs` are the log ratios of the launches it is estimated on; `low` and `high` are None below six of them.
    """

    case: str
    variant: str
    profile: str
    against: str
    size: str
    ratio: float
    low: float | None
    high: float | None
    logs: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Uncaught:
    """A case where nothing catches every fault: the contender that lets the fewest through, and which."""

    case: str
    variant: str
    profile: str
    faults: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Frontier:
    """The price over cases: geometric mean with its interval, the worst case, and the cases without a price.

    `chosen_from` is the number of safe contenders among which the cheapest were looked for.
    """

    name: str
    prices: tuple[Price, ...]
    uncaught: tuple[Uncaught, ...]
    mean: float | None
    low: float | None
    high: float | None
    chosen_from: int = 0

    @property
    def cases(self) -> int:
        """The cases that were asked, with a price or without."""
        return len(self.prices) + len(self.uncaught)

    @property
    def median(self) -> float | None:
        """The median price of a case."""
        return statistics.median(price.ratio for price in self.prices) if self.prices else None

    @property
    def left_out(self) -> tuple[float, float] | None:
        """The least and the greatest mean where any one case is left out; None for fewer than two."""
        if len(self.prices) < 2:
            return None
        logs = [math.log(price.ratio) for price in self.prices]
        means = [math.exp((math.fsum(logs) - log) / (len(logs) - 1)) for log in logs]
        return min(means), max(means)

    @property
    def worst(self) -> Price | None:
        """The worst case."""
        return max(self.prices, key=lambda price: price.ratio, default=None)


def price(case: str, candidates: Sequence[Candidate]) -> Price | Uncaught | None:
    """The frontier of one case; None where nothing was measured.

    Needs two launches at least, one to choose on and one to estimate on.
    """
    usable = [one for one in candidates if one.sizes and all(len(at.safe) > 1 and at.raws for at in one.sizes)]
    if not usable:
        return None
    safe = [one for one in usable if not one.uncaught]
    if not safe:
        nearest = min(usable, key=lambda one: (len(one.uncaught), one.profile, one.variant))
        return Uncaught(case, nearest.variant, nearest.profile, nearest.uncaught)
    chosen = min(safe, key=lambda one: _worst(one)[0])
    _, at, against = _worst(chosen)
    logs = _logs(at.safe, at.raws[against])[1::2]
    interval = sign_test_interval(logs)
    return Price(
        case,
        chosen.variant,
        chosen.profile,
        against,
        at.size,
        float(np.exp(np.median(logs))),
        math.exp(interval.low) if interval else None,
        math.exp(interval.high) if interval else None,
        tuple(logs.tolist()),
    )


def _worst(candidate: Candidate) -> tuple[float, AtSize, str]:
    """A candidate's cost on the odd launches at its worst size: log ratio, size, and the fastest raw there."""
    costs = []
    for at in candidate.sizes:
        against = min(at.raws, key=lambda name: float(np.median(np.asarray(at.raws[name])[::2])))
        costs.append((float(np.median(_logs(at.safe, at.raws[against])[::2])), at, against))
    return max(costs, key=lambda cost: cost[0])


def _logs(above: LaunchTimes, below: LaunchTimes) -> NDArray[np.float64]:
    return np.log(np.asarray(above, dtype=np.float64)) - np.log(np.asarray(below, dtype=np.float64))


def frontier(name: str, cases: Mapping[str, Sequence[Candidate]], seed: int = 1) -> Frontier:
    """Prices over cases; the interval is that of a bootstrap over cases and, within each, over its launches."""
    found = [made for case, candidates in cases.items() if (made := price(case, candidates)) is not None]
    prices = tuple(one for one in found if isinstance(one, Price))
    uncaught = tuple(one for one in found if isinstance(one, Uncaught))
    chosen_from = sum(map(len, cases.values()))
    if not prices:
        return Frontier(name, (), uncaught, None, None, None, chosen_from)
    mean = math.exp(math.fsum(math.log(one.ratio) for one in prices) / len(prices))
    low, high = _bootstrap(prices, np.random.default_rng(seed))
    return Frontier(name, prices, uncaught, mean, low, high, chosen_from)


def in_common(frontiers: Sequence[Frontier]) -> tuple[int, tuple[float, ...]]:
    """In how many cases all of them have a price, and the geometric mean of each over these; no means where in none.

    Whoever lacks a price drops a case from its own mean, and may look cheaper for it: only this compares frontiers.
    """
    logs = [{price.case: math.log(price.ratio) for price in made.prices} for made in frontiers]
    cases = set.intersection(*map(set, logs)) if logs else set()
    if not cases:
        return 0, ()
    return len(cases), tuple(math.exp(math.fsum(table[case] for case in cases) / len(cases)) for table in logs)


def over_cases(
    ratios: Sequence[float], middle: Callable[..., NDArray[np.float64]], seed: int = 1
) -> tuple[float, float] | None:
    """The central 95 % of `middle` (np.mean, np.median) of log ratios of cases drawn with replacement, as ratios.

    None for fewer than two cases. What launches add is not in it: cases differ by far more than one is unsure.
    """
    if len(ratios) < 2:
        return None
    random = np.random.default_rng(seed)
    logs = np.log(np.asarray(ratios, dtype=np.float64))
    middles = middle(logs[random.integers(0, len(logs), (RESAMPLES, len(logs)))], axis=1)
    low, high = np.exp(np.quantile(middles, (0.025, 0.975)))
    return float(low), float(high)


def _bootstrap(prices: Sequence[Price], random: np.random.Generator) -> tuple[float, float] | tuple[None, None]:
    """The central 95 % of geometric means of cases drawn with replacement; None for a single case or few launches."""
    if len(prices) < 2 or min(len(one.logs) for one in prices) < FEWEST:
        return None, None
    medians = np.empty((len(prices), RESAMPLES))
    for row, one in enumerate(prices):
        logs = np.asarray(one.logs)
        medians[row] = np.median(logs[random.integers(0, len(logs), (len(logs), RESAMPLES))], axis=0)
    chosen = random.integers(0, len(prices), (len(prices), RESAMPLES))
    means = np.take_along_axis(medians, chosen, axis=0).mean(axis=0)
    low, high = np.quantile(means, (0.025, 0.975))
    return float(np.exp(low)), float(np.exp(high))
