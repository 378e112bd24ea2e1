"""The control of false discoveries: how many verdicts slower and faster of a whole run may be wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from safecost.core.errors import ToolError
from safecost.core.text import percent
from safecost.stats.pairs import PairSummary


def q_values(p: Sequence[float]) -> list[float]:
    """For each p the smallest false discovery rate at which its pair is still a discovery, in the order of `p`.

    Benjamini and Hochberg, Controlling the false discovery rate, JRSS B 57 (1995): the i-th smallest of m
    probabilities counts for m / i of itself, and never for more than a larger one does. What is discovered is that
    a median lies beyond the margin, not that it differs from 1.

    The rate is controlled for independent probabilities and for those with positive regression dependency
    (Benjamini and Yekutieli, Annals of Statistics 29 (2001), theorem 1.2). Pairs of a panel share an arm. Where it is
    the denominator of all, one slow launch of it lowers all ratios together, which is of that kind on one side of the
    margin; two sides, and an arm that is numerator here and denominator there, are not covered by the theorem. For
    those docs/STATISTICS.md has the simulation, and what their correction for any dependence (theorem 1.3) would cost.

    Raises ValueError for what is no probability.
    """
    from scipy.stats import false_discovery_control  # noqa: PLC0415 - half a second, and only a run's end needs it

    q: list[float] = false_discovery_control(p, method="bh").tolist()
    return q


def after_control(summary: PairSummary, q: float, rate: float) -> PairSummary:
    """The summary with slower and faster turned into inconclusive, and the reason, where `q` exceeds `rate`.

    Equivalent and inconclusive stay: nothing was discovered there. Raises ToolError unless 0 <= q <= 1 and 0 < rate <
    1.
    """
    if not 0.0 <= q <= 1.0 or not 0.0 < rate < 1.0:
        raise ToolError(f"q is {q} and the rate {rate}: q must be from 0 to 1, the rate between 0 and 1.")
    if summary.verdict not in ("slower", "faster") or q <= rate:
        return summary
    reason = (
        f"{summary.verdict}, but not after the control of false discoveries: q is {percent(q)}, and of all that are"
        f" called slower or faster {percent(rate)} may be wrong"
    )
    return replace(summary, verdict="inconclusive", reason=reason)
