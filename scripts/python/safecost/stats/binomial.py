"""How well a rate is known that was counted: k of n independent trials."""

from __future__ import annotations

import math
from collections.abc import Callable


def rate_interval(hits: int, trials: int, level: float = 0.95, *, two_sided: bool = False) -> tuple[float, float]:
    """The exact two-sided interval of a binomial rate; of no hits or only hits it is one-sided at the same level.

    Clopper and Pearson, The use of confidence or fiducial limits, Biometrika 26 (1934): the rates at which so many
    hits, or so few, would still have a probability of (1 - level) / 2. Where only one side can miss, all of 1 - level
    is spent on it: 0 of 3,000 bound a rate at 0.1 %. A rule that must be the same for all counts asks for `two_sided`.
    """
    if not 0 <= hits <= trials or trials < 1 or not 0.0 < level < 1.0:
        raise ValueError(f"{hits} hits of {trials} trials at the level {level} are no counted rate")
    one_sided = hits in (0, trials) and not two_sided
    tail = 1.0 - level if one_sided else (1.0 - level) / 2.0
    low = 0.0 if hits == 0 else _root(lambda rate: 1.0 - at_most(hits - 1, trials, rate), tail)
    high = 1.0 if hits == trials else 1.0 - _root(lambda rate: at_most(hits, trials, 1.0 - rate), tail)
    return low, high


def at_most(hits: int, trials: int, rate: float) -> float:
    """The probability of at most so many hits in so many trials of that rate."""
    if rate <= 0.0:
        return 1.0
    if rate >= 1.0:
        return 1.0 if hits >= trials else 0.0
    logs = (math.log(rate), math.log1p(-rate))
    terms = (
        math.exp(
            math.lgamma(trials + 1) - math.lgamma(k + 1) - math.lgamma(trials - k + 1) + k * logs[0]
            + (trials - k) * logs[1]
        )
        for k in range(hits + 1)
    )  # fmt: skip
    return min(1.0, math.fsum(terms))


def _root(rising: Callable[[float], float], wanted: float) -> float:
    """Where a function that rises from 0 to 1 over [0, 1] reaches a value."""
    below, above = 0.0, 1.0
    for _ in range(60):
        middle = (below + above) / 2.0
        below, above = (middle, above) if rising(middle) < wanted else (below, middle)
    return (below + above) / 2.0
