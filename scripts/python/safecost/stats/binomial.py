"""How well a rate is known that was counted: k of n independent trials."""

from __future__ import annotations


def rate_interval(hits: int, trials: int, level: float = 0.95, *, two_sided: bool = False) -> tuple[float, float]:
    """The exact two-sided interval of a binomial rate; of no hits or only hits it is one-sided at the same level.

    Clopper and Pearson, The use of confidence or fiducial limits, Biometrika 26 (1934): the rates at which so many
    hits, or so few, would still have a probability of (1 - level) / 2. Where only one side can miss, all of 1 - level
    is spent on it: 0 of 3,000 bound a rate at 0.1 %. A rule that must be the same for all counts asks for `two_sided`.
    """
    # Only here, and not all of scipy.stats: the command starts without either, which take a quarter and half a second.
    from scipy.special import betaincinv  # noqa: PLC0415

    if not 0 <= hits <= trials or trials < 1 or not 0.0 < level < 1.0:
        raise ValueError(f"{hits} hits of {trials} trials at the level {level} are no counted rate")
    one_sided = hits in (0, trials) and not two_sided
    tail = 1.0 - level if one_sided else (1.0 - level) / 2.0
    low = 0.0 if hits == 0 else float(betaincinv(hits, trials - hits + 1, tail))
    high = 1.0 if hits == trials else float(betaincinv(hits + 1, trials - hits, 1.0 - tail))
    return low, high
