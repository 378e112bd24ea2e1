"""The sign test on launches: how many may lie beyond a value, if it is the median, at one look or at several.

Whatever the distribution of independent launches is, each lies beyond its median as a coin falls. So what follows is
counting of tosses, exact, without simulation. Where launches are looked at more than once, an error can happen at each
look; the probabilities here are those of an error at *any* of them, so they hold whatever made a measurement stop
(group sequential tests; Jennison and Turnbull, Group Sequential Methods, chapter 2; the joint probability is computed
by their recursion over looks, in whole numbers of coin tosses).
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
"""A look before the last needs a probability this many times smaller: early errors cost the last look its rank."""


def all_looks(count: int, looks: Sequence[int]) -> tuple[int, ...]:
    """The looks of a measurement that has `count` launches now; one that was interrupted is at a look of its own."""
    if any(look < 1 for look in looks):
        raise ToolError(f"The looks are {tuple(looks)}, and each must be a number of launches, one or more.")
    return tuple(sorted({*looks, count}))


@lru_cache(maxsize=1 << 10)
def tails(count: int) -> tuple[Fraction, ...]:
    """By rank, from 0 to half of `count`: the probability that fewer than `rank` of `count` coins show heads."""
    ways = accumulate((comb(count, heads) for heads in range(count // 2)), initial=0)
    return tuple(Fraction(one, 1 << count) for one in ways)


@lru_cache(maxsize=1 << 12)
def miss_probability(looks: tuple[int, ...], ranks: tuple[int, ...]) -> Fraction:
    """The probability that at any look fewer coins than its rank show heads; `looks` ascend, rank 0 looks at nothing.

    So it is also the probability that at any look the rank-th smallest launch lies above the median.
    """
    ways, lost, tossed = [1], Fraction(0), 0  # ways[heads]: sequences of tosses that no look has ended
    for look, rank in zip(looks, ranks, strict=True):
        step = look - tossed
        ways = [
            sum(ways[h] * comb(step, heads - h) for h in range(max(0, heads - step), min(heads + 1, len(ways))))
            for heads in range(look + 1)
        ]
        lost += Fraction(sum(ways[:rank]), 1 << look)
        ways[:rank] = [0] * rank
        tossed = look
    return lost


def ranks_at(looks: tuple[int, ...], probability: Fraction) -> tuple[int, ...]:
    """For each look the largest rank whose tail is at most `probability`, or at an early look, a part of it."""
    return tuple(bisect_right(tails(look), probability / _price(look, looks)) - 1 for look in looks)


@lru_cache(maxsize=1 << 10)
def interval_ranks(looks: tuple[int, ...], level: float) -> tuple[tuple[int, ...], float]:
    """The rank at each look of intervals that all hold the median with at least `level`, and the level they attain.

    The interval at a look reaches from the rank-th smallest to the rank-th largest launch; at rank 0 there is none.
    """

    def attained(probability: Fraction) -> float:
        return float(1 - 2 * miss_probability(looks, ranks_at(looks, probability)))

    candidates = sorted({one * _price(look, looks) for look in looks for one in tails(look)})
    insufficient = bisect_left(candidates, True, key=lambda probability: attained(probability) < level)
    if not insufficient:
        return (0,) * len(looks), 1.0
    probability = candidates[insufficient - 1]
    return ranks_at(looks, probability), attained(probability)


@lru_cache(maxsize=1 << 14)
def p_value(count: int, beyond: int, looks: tuple[int, ...] = ()) -> float:
    """Twice the probability that, at any look, launches lie so far beyond their median as `beyond` of `count` do.

    Twice, since either side could have been the one, and at most 1. Small values tell that the median itself is beyond.
    """
    at = all_looks(count, looks)
    rank = count - beyond + 1
    if rank > count // 2:  # half of them at least lie elsewhere
        return 1.0
    probability = tails(count)[rank] * _price(count, at)
    return min(1.0, float(2 * miss_probability(at, ranks_at(at, probability))))


def _price(look: int, looks: tuple[int, ...]) -> int:
    return 1 if look == looks[-1] else EARLY_PRICE
