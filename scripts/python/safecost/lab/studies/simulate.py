"""Simulated launches, and the shipped statistics on many of them at once.

Ranks and probabilities come from safecost.stats.sign_test; only sorting and comparing is done here, for whole arrays.
`confirm` holds every batch to what safecost.stats.pairs says of single pairs, so that a study cannot drift from what is
shipped.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from safecost.core.errors import ToolError
from safecost.stats.pairs import Verdict, summarise
from safecost.stats.sequential import may_end
from safecost.stats.sign_test import all_analyses, interval_ranks, p_value

Array = NDArray[np.float64]
Draw = Callable[[np.random.Generator, int, int], Array]

MARGIN = 0.01
EDGE = float(np.log1p(MARGIN))
VERDICTS: tuple[Verdict, ...] = ("inconclusive", "slower", "faster", "equivalent")


@dataclass(frozen=True, slots=True)
class Batch:
    """What is said of many pairs, an entry each; in logarithms. `verdict` indexes VERDICTS."""

    low: Array
    high: Array
    level: float
    verdict: NDArray[np.int64]
    p: Array


def judge(logs: Array, analyses: Sequence[int] = (), level: float = 0.95) -> Batch:
    """Interval, verdict and p of pairs from `logs`, their log ratios of shape (pairs, launches)."""
    count = logs.shape[1]
    at = all_analyses(count, analyses)
    ranks, attained = interval_ranks(at, level)
    rank = ranks[at.index(count)]
    if not rank:
        raise ToolError(f"{count} launches have no interval of {level}: simulate more of them.")
    ordered = np.sort(logs, axis=1)
    low, high = ordered[:, rank - 1], ordered[:, count - rank]
    verdict = np.select([low > EDGE, high < -EDGE, (low >= -EDGE) & (high <= EDGE)], [1, 2, 3], 0)
    beyond = np.maximum((logs > EDGE).sum(axis=1), (logs < -EDGE).sum(axis=1))
    p = np.array([p_value(count, launches, tuple(analyses)) for launches in range(count + 1)])[beyond]
    batch = Batch(low, high, attained, verdict, p)
    confirm(logs, batch, analyses, level)
    return batch


def confirm(logs: Array, batch: Batch, analyses: Sequence[int], level: float, pairs: int = 20) -> None:
    """Raises ToolError where the first `pairs` of a batch differ from what summarise says of them."""
    for index, row in enumerate(logs[:pairs]):
        said = summarise(list(np.exp(row)), MARGIN, level, analyses)
        here = (np.exp(batch.low[index]), np.exp(batch.high[index]), batch.level, batch.p[index])
        shipped = np.array((said.low, said.high, said.level, said.p), dtype=np.float64)
        same = np.allclose(here, shipped)
        if not same or VERDICTS[batch.verdict[index]] != said.verdict:
            raise ToolError(f"Pair {index} is {here} in the study and {said} as shipped: mend lab.studies.simulate.")


def stopped(
    logs: Array, analyses: Sequence[int], precision: float, beyond: float | None
) -> tuple[NDArray[np.int64], Array, Array]:
    """Pairs in panels of their own, ended as `may_end` says: launches used, and low and high of each then."""
    still = np.ones(len(logs), dtype=bool)
    last = judge(logs[:, : analyses[-1]], analyses)
    used, low, high = np.full(len(logs), analyses[-1]), last.low, last.high
    for analysis in analyses[:-1]:
        here = judge(logs[:, :analysis], analyses)
        ends = still & settled(here, precision, beyond)
        for index, row in enumerate(logs[:20, :analysis]):
            if still[index] and may_end([list(np.exp(row))], MARGIN, precision, beyond, analyses) != ends[index]:
                raise ToolError("The study ends another panel than may_end: mend lab.studies.simulate.settled.")
        used[ends], low[ends], high[ends] = analysis, here.low[ends], here.high[ends]
        still &= ~ends
    return used, low, high


def settled(batch: Batch, precision: float, beyond: float | None) -> NDArray[np.bool_]:
    """Which pairs safecost.stats.sequential would end on."""
    decided = (batch.verdict == 1) | (batch.verdict == 2)
    precise = (batch.high - batch.low) / 2.0 <= np.log1p(precision)
    enough = np.ones_like(decided) if beyond is None else batch.p <= beyond
    ends: NDArray[np.bool_] = np.where(decided, enough, (batch.verdict == 3) | precise)
    return ends


def normal(random: np.random.Generator, pairs: int, launches: int) -> Array:
    """The usual bell."""
    return random.normal(size=(pairs, launches))


def lognormal(random: np.random.Generator, pairs: int, launches: int) -> Array:
    """Skewed: a long tail to one side, as where a neighbour disturbs one arm."""
    values: Array = np.exp(1.5 * random.normal(size=(pairs, launches))) - 1.0
    return values


def exponential(random: np.random.Generator, pairs: int, launches: int) -> Array:
    """Skewed, with a sharp lower end: a best case, and delays on top."""
    values: Array = random.exponential(size=(pairs, launches)) - np.log(2.0)
    return values


def bimodal(random: np.random.Generator, pairs: int, launches: int) -> Array:
    """Two placements, 60 to 40, eight spreads apart; the median lies in the tail of the larger one."""
    second = random.random((pairs, launches)) < 0.4
    values = random.normal(size=(pairs, launches)) + 8.0 * second
    return values - 0.967421566101701  # the normal quantile of 5/6: 0.5 of all is 5/6 of the first group


def outliers(random: np.random.Generator, pairs: int, launches: int) -> Array:
    """Every tenth launch is wild: twenty spreads away on either side."""
    wild = random.random((pairs, launches)) < 0.1
    return random.normal(size=(pairs, launches)) * np.where(wild, 20.0, 1.0)


def autocorrelated(rho: float) -> Draw:
    """Launches each of which keeps `rho` of the deviation of the one before (AR(1), stationary)."""

    def draw(random: np.random.Generator, pairs: int, launches: int) -> Array:
        values = random.normal(size=(pairs, launches))
        for launch in range(1, launches):
            values[:, launch] = rho * values[:, launch - 1] + (1.0 - rho * rho) ** 0.5 * values[:, launch]
        return values

    return draw


SHAPES: dict[str, Draw] = {
    "normal": normal,
    "lognormal": lognormal,
    "exponential": exponential,
    "bimodal, 60 to 40": bimodal,
    "every tenth wild": outliers,
}
