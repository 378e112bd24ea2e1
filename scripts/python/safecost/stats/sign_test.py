"""The sign test on launches: how many may lie beyond a value, if it is the median, at one interim analysis or at
several.

Whatever the distribution of independent launches is, each lies beyond its median as a coin falls. So what follows is
counting of tosses, exact, without simulation. Where launches are looked at more than once, an error can happen at each
look; the probabilities here are those of an error at *any* of them, so they hold whatever made a measurement stop
(group sequential tests; Jennison and Turnbull, Group Sequential Methods, chapter 2; the joint probability is computed
by their recursion over interim analyses, in whole numbers of coin tosses). It is written here since SciPy has the
binomial test of a single analysis only, and whole numbers leave no rounding that could move a rank.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from itertools import accumulate
from math import comb

from safecost.core.errors import ToolError

EARLY_PRICE = 2
"""An interim analysis before the last needs a probability this many times smaller: early errors cost the last interim
analysis its rank."""


def all_analyses(count: int, analyses: Sequence[int]) -> tuple[int, ...]:
    """The interim analyses of a measurement that has `count` launches now; one that was interrupted is at an interim
    analysis of its own."""
    if any(analysis < 1 for analysis in analyses):
        raise ToolError(
            f"The interim analyses are {tuple(analyses)}, and each must be a number of launches, one or more."
        )
    return tuple(sorted({*analyses, count}))


@lru_cache(maxsize=1 << 10)
def tails(count: int) -> tuple[Fraction, ...]:
    """By rank, from 0 to half of `count`: the probability that fewer than `rank` of `count` coins show heads."""
    ways = accumulate((comb(count, heads) for heads in range(count // 2)), initial=0)
    return tuple(Fraction(one, 1 << count) for one in ways)


@lru_cache(maxsize=1 << 12)
def miss_probability(analyses: tuple[int, ...], ranks: tuple[int, ...]) -> Fraction:
    """The probability that at any interim analysis fewer coins than its rank show heads; `analyses` ascend, rank 0
    looks at nothing.

    So it is also the probability that at any interim analysis the rank-th smallest launch lies above the median.
    """
    ways, lost, tossed = [1], Fraction(0), 0  # ways[heads]: sequences of tosses that no look has ended
    for analysis, rank in zip(analyses, ranks, strict=True):
        step = analysis - tossed
        ways = [
            sum(ways[h] * comb(step, heads - h) for h in range(max(0, heads - step), min(heads + 1, len(ways))))
            for heads in range(analysis + 1)
        ]
        lost += Fraction(sum(ways[:rank]), 1 << analysis)
        ways[:rank] = [0] * rank
        tossed = analysis
    return lost


def ranks_at(analyses: tuple[int, ...], probability: Fraction) -> tuple[int, ...]:
    """For each interim analysis the largest rank whose tail is at most `probability`, or at an early look, a part of
    it."""
    return tuple(bisect_right(tails(analysis), probability / _price(analysis, analyses)) - 1 for analysis in analyses)


@lru_cache(maxsize=1 << 10)
def interval_ranks(analyses: tuple[int, ...], level: float) -> tuple[tuple[int, ...], float]:
    """The rank at each interim analysis of intervals that all hold the median with at least `level`, and the level
    they attain.

    The interval at an interim analysis reaches from the rank-th smallest to the rank-th largest launch; at rank 0
    there is none.
    """

    def attained(probability: Fraction) -> float:
        return float(1 - 2 * miss_probability(analyses, ranks_at(analyses, probability)))

    candidates = sorted({one * _price(analysis, analyses) for analysis in analyses for one in tails(analysis)})
    insufficient = bisect_left(candidates, True, key=lambda probability: attained(probability) < level)
    if not insufficient:
        return (0,) * len(analyses), 1.0
    probability = candidates[insufficient - 1]
    return ranks_at(analyses, probability), attained(probability)


@lru_cache(maxsize=1 << 14)
def p_value(count: int, beyond: int, analyses: tuple[int, ...] = ()) -> float:
    """Twice the probability that, at any interim analysis, launches lie so far beyond their median as `beyond` of
    `count` do.

    Twice, since either side could have been the one, and at most 1. Small values tell that the median itself is beyond.
    """
    at = all_analyses(count, analyses)
    rank = count - beyond + 1
    if rank > count // 2:  # half of them at least lie elsewhere
        return 1.0
    probability = tails(count)[rank] * _price(count, at)
    return min(1.0, float(2 * miss_probability(at, ranks_at(at, probability))))


def _price(analysis: int, analyses: tuple[int, ...]) -> int:
    return 1 if analysis == analyses[-1] else EARLY_PRICE
