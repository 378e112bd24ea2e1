"""Stand-ins for the decisions that desk.statistics is about to have; the only place that names them."""

from __future__ import annotations

from collections.abc import Sequence

from desk.statistics import PairSummary


def may_end(launch_ratios_of_pairs: Sequence[Sequence[float]], margin: float, precision: float, beyond: float) -> bool:
    """Never: every panel has all its launches."""
    del launch_ratios_of_pairs, margin, precision, beyond
    return False


def q_values(p: Sequence[float]) -> list[float]:
    """No correction."""
    return list(p)


def after_control(summary: PairSummary, q: float, rate: float) -> PairSummary:
    """No correction."""
    del q, rate
    return summary
