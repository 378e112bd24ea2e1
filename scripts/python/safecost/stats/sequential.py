"""When a panel has been launched often enough: on reached precision or a decided margin, at set interim analyses
only."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from safecost.core.errors import ToolError
from safecost.stats.pairs import PairSummary, summarise

ANALYSES = (8, 12, 20, 30)
"""Launches at which a panel is looked at; below eight no interval would be strict enough to stop on."""

SHARE_BEYOND = 0.1
"""The share of a run's pairs beyond the margin that probability_to_survive reckons with."""


def may_end(
    launch_ratios_of_pairs: Sequence[Sequence[float]],
    margin: float,
    precision: float,
    beyond: float | None,
    analyses: Sequence[int] = ANALYSES,
) -> bool:
    """Whether a panel may end after these launches: at an interim analysis, when each of its pairs is settled.

    `launch_ratios_of_pairs` holds one ratio a launch for each pair, so all are of one length. A pair is settled when
    the interval of `summarise` with the same `analyses` is slower, faster or equivalent within `margin`, or when half
    its width is at most `precision` (relative: 0.001 stands for 0.1 %). Where `beyond` is given, a slower or faster
    pair is settled only by a p of at most `beyond`; see probability_to_survive.

    Between interim analyses a panel goes on, whatever it shows; at the last interim analysis it ends. Whether a ratio
    differs from 1 plays no part: stopping on that finds a difference in the end where there is none.

    Raises ToolError for pairs of unequal length, interim analyses that do not ascend, and a negative precision.
    """
    counts = {len(ratios) for ratios in launch_ratios_of_pairs}
    if len(counts) > 1:
        raise ToolError(f"The pairs of a panel have {min(counts)} to {max(counts)} launches: give each the same ones.")
    if not analyses or any(later <= earlier for earlier, later in pairwise(analyses)):
        raise ToolError(f"The interim analyses are {tuple(analyses)}, and must be at least one, and ascend.")
    if not precision >= 0.0:
        raise ToolError(f"The precision is {precision}, and must not be negative: 0.001 stands for 0.1 %.")
    count = counts.pop() if counts else analyses[-1]  # a panel without pairs has nothing to wait for
    if count >= analyses[-1]:
        return True
    if count not in analyses:
        return False
    return all(
        _settled(summarise(ratios, margin, analyses=analyses), precision, beyond) for ratios in launch_ratios_of_pairs
    )


def probability_to_survive(rate: float, share: float = SHARE_BEYOND) -> float:
    """The p that a pair needs to be called slower or faster still after the control of false discoveries at `rate`.

    The control of q_values accepts every p up to `rate` times the share of pairs that it accepts. Which share that
    will be is not known while a panel is measured; a tenth is what most runs exceed, and costs few launches.
    """
    return rate * share


def _settled(said: PairSummary, precision: float, beyond: float | None) -> bool:
    if said.low is None or said.high is None:
        return False
    if said.verdict in ("slower", "faster"):
        return beyond is None or said.p <= beyond
    return said.verdict == "equivalent" or np.log(said.high / said.low) / 2.0 <= np.log1p(precision)
