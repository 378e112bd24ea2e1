"""The control of false discoveries against its definition, and what it makes of verdicts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from safecost.core.errors import ToolError
from safecost.stats.fdr import after_control, q_values
from safecost.stats.pairs import summarise

PROBABILITIES = st.lists(st.floats(0.0, 1.0), min_size=1, max_size=40)


def test_the_example_of_benjamini_and_hochberg() -> None:
    # Section 4 of their paper: of these 15, four are discovered at a rate of 0.05.
    p = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528]
    q = q_values([*p, 0.7590, 1.0])
    assert [value <= 0.05 for value in q] == [True] * 4 + [False] * 11
    assert q[3] == pytest.approx(0.0095 * 15 / 4)


def test_the_order_is_kept_and_nothing_gives_nothing() -> None:
    assert q_values([0.9, 0.01, 0.02]) == pytest.approx([0.9, 0.03, 0.03])
    assert q_values([]) == []


@given(PROBABILITIES)
def test_q_is_the_smallest_rate_at_which_a_pair_is_accepted(p: list[float]) -> None:
    # Benjamini and Hochberg accept all up to p where, for the largest such p, p * m / (how many are at most p) <= rate.
    rates = {limit: limit * len(p) / sum(value <= limit for value in p) for limit in p}
    smallest = [min(1.0, *(rate for limit, rate in rates.items() if limit >= value)) for value in p]
    assert q_values(p) == pytest.approx(smallest)


@given(PROBABILITIES, st.randoms(use_true_random=False))
def test_q_follows_p_and_is_never_less(p: list[float], random: Any) -> None:
    q = q_values(p)
    assert all(one <= other + 1e-15 <= 1.0 + 1e-12 for one, other in zip(p, q, strict=True))
    assert [q[i] for i in np.argsort(p, kind="stable")] == sorted(q)
    order = random.sample(range(len(p)), len(p))
    assert q_values([p[i] for i in order]) == [q[i] for i in order]


@pytest.mark.parametrize("p", [[-0.1], [1.1], [float("nan")]])
def test_what_is_no_probability_is_refused(p: list[float]) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        q_values(p)


@pytest.mark.parametrize("ratios", [[1.05] * 6, [0.95] * 6])
def test_verdicts_beyond_the_rate_become_inconclusive(ratios: list[float]) -> None:
    said = summarise(ratios, 0.01)
    assert after_control(said, 0.05, 0.05) == said
    controlled = after_control(said, 0.0801, 0.05)
    assert controlled.verdict == "inconclusive"
    assert controlled.reason == (
        f"{said.verdict}, but not after the control of false discoveries: q is 8 %, and of all that are called slower"
        " or faster 5 % may be wrong"
    )
    assert (controlled.ratio, controlled.low, controlled.high, controlled.p) == (
        said.ratio, said.low, said.high, said.p,
    )  # fmt: skip


@pytest.mark.parametrize("ratios", [[1.0] * 6, [0.9, 1.1] * 4, [1.5] * 3])
def test_other_verdicts_stay(ratios: list[float]) -> None:
    said = summarise(ratios, 0.01)
    assert after_control(said, 1.0, 0.05) is said


@pytest.mark.parametrize(("q", "rate"), [(1.1, 0.05), (-0.1, 0.05), (0.5, 0.0), (0.5, 1.0), (float("nan"), 0.05)])
def test_rates_that_are_none_are_refused(q: float, rate: float) -> None:
    with pytest.raises(ToolError, match="rate"):
        after_control(summarise([1.0] * 6, 0.01), q, rate)
