"""What makes an interval wide: launches that differ, placements within a launch, or rounds.

A nested random-effects model (Searle, Casella and McCulloch, Variance Components, 1992, chapter 5): a launch's ratio
has an error of its own, one of its placements and one of its rounds. As that ratio is a median, what placements and
rounds add is not read from sums of squares but from balanced half-samples (McCarthy, Pseudo-replication: half
samples, 1969; Wolter, Introduction to Variance Estimation, chapter 3), which hold for medians, too: half of a launch
over its other half.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Annotated

import numpy as np
from msgspec import Meta
from numpy.typing import ArrayLike, NDArray

VarianceShare = Annotated[float, Meta(ge=0, le=1)]


@dataclass(frozen=True, slots=True)
class Spread:
    """Shares of the variance that makes an interval wide, 1 together: of launches, of placements, of rounds."""

    launches: VarianceShare
    placements: VarianceShare
    rounds: VarianceShare

    @property
    def words(self) -> str:
        """Its largest share, and what helps against it."""
        shares = (
            (self.launches, "launches differ by more than their rounds explain"),
            (self.placements, "placements within a launch differ: more of them in a launch would help"),
            (self.rounds, "rounds within a launch differ: longer launches would help"),
        )
        share, words = max(shares, key=lambda one: one[0])
        return f"{words} ({100 * share:.0f} % of the variance)"


def within_launch(logs: ArrayLike, placements: Sequence[int]) -> NDArray[np.float64]:
    """The variance that the median over rounds has within a launch, by pair: [of all that it draws, of rounds alone].

    `logs` are log ratios, [pair][round], NaN where a round does not count. Half-samples of the first kind divide the
    placements, those of the second the rounds of each placement. The variance of a median of all rounds is a quarter of
    that of the difference of two halves.
    """
    values, at = np.asarray(logs, dtype=np.float64), np.asarray(placements)
    patterns = np.arange(1 << int(at.max()).bit_length())[:, None]
    # Rows of Sylvester's Hadamard matrix: each but the first has half of the placements, and any two of them a quarter.
    divided = np.bitwise_count(at & patterns) % 2 == 1
    turn = np.zeros(len(at), dtype=np.bool_)
    for placement in set(placements):
        turn[at == placement] = np.arange(np.sum(at == placement)) % 2 == 1
    both = (divided[1:], divided ^ turn)
    return np.array([_quarter_of_square(values, halves) for halves in both])


def _quarter_of_square(values: NDArray[np.float64], halves: NDArray[np.bool_]) -> NDArray[np.float64]:
    """By pair: the mean over half-samples of the squared difference of both halves' medians, over 4."""
    sums, known = np.zeros(len(values)), np.zeros(len(values))
    for half in halves:
        difference = _medians(values[:, half]) - _medians(values[:, ~half])
        known += ~np.isnan(difference)
        sums += np.nan_to_num(difference) ** 2
    return sums / np.maximum(known, 1) / 4.0


def _medians(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The median of each row without its NaN, which sort last; of a row without numbers NaN."""
    if not values.shape[-1]:  # placements with a round each have no second half
        return np.full(len(values), np.nan)
    ordered = np.sort(values, axis=-1)
    known = np.sum(~np.isnan(values), axis=-1, keepdims=True)
    middle = [np.take_along_axis(ordered, np.maximum(at, 0), -1)[:, 0] for at in ((known - 1) // 2, known // 2)]
    medians: NDArray[np.float64] = (middle[0] + middle[1]) / 2.0
    return medians


def launch_variance(width: float, rank: int, launches: int) -> float:
    """The variance of launches whose interval, from the rank-th smallest to the rank-th largest, has this width.

    A normal distribution has such a width on average (Blom, Statistical Estimates, 1958). So a wild launch weighs as
    little as it does in the interval.
    """
    return float((width / (2.0 * NormalDist().inv_cdf((rank - 0.375) / (launches + 0.25)))) ** 2)


def spread_of(variance: float, within: ArrayLike) -> Spread | None:
    """The shares, from the variance of launches and what within_launch finds in each, [launch][kind].

    None where launches do not differ, or nobody looked within them.
    """
    found = np.asarray(within, dtype=np.float64)
    if not variance > 0.0 or not found.size:
        return None
    drawn, rounds = np.minimum(np.mean(found, axis=0) / variance, 1.0)
    placements = max(float(drawn - rounds), 0.0)
    return Spread(float(1.0 - rounds - placements), placements, float(rounds))
