"""Counted coin tosses against other ways to count them."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from safecost.core.errors import ToolError
from safecost.stats.sign_test import interval_ranks, miss_probability, p_value, tails

COUNTS = st.integers(1, 60)
SCHEDULES = st.lists(st.integers(6, 40), min_size=1, max_size=5, unique=True).map(
    lambda analyses: tuple(sorted(analyses))
)


def test_joint_probability_of_all_looks_by_trying_every_sequence() -> None:
    analyses, ranks = (4, 7, 10), (1, 2, 4)
    lost = sum(
        any(sum(tosses[:analysis]) < rank for analysis, rank in zip(analyses, ranks, strict=True))
        for tosses in product((0, 1), repeat=10)
    )
    assert miss_probability(analyses, ranks) == Fraction(lost, 1024)
    assert miss_probability(analyses, (0, 2, 0)) == tails(7)[2]


@given(COUNTS, st.data())
def test_p_of_one_look_is_the_binomial_test(count: int, data: st.DataObject) -> None:
    beyond = data.draw(st.integers(0, count))
    side = binomtest(beyond, count, 0.5, alternative="greater").pvalue
    assert p_value(count, beyond) == pytest.approx(min(1.0, 2.0 * side))


@given(SCHEDULES, st.data())
def test_looks_raise_p_and_more_launches_beyond_lower_it(analyses: tuple[int, ...], data: st.DataObject) -> None:
    count = data.draw(st.sampled_from(analyses))
    of = [p_value(count, beyond, analyses) for beyond in range(count + 1)]
    assert of == sorted(of, reverse=True)
    assert all(p_value(count, beyond) <= p for beyond, p in enumerate(of))
    assert max(of) <= 1.0


# One look: as ever. Several: the early ones at 99 % and more, and 95 % for all together.
@pytest.mark.parametrize(
    ("analyses", "ranks", "level"),
    [
        ((5,), (0,), 1.0),
        ((6,), (1,), 0.96875),
        ((30,), (10,), 0.95723),
        ((8, 12), (1, 3), 0.95898),
        ((8, 12, 20), (1, 2, 6), 0.95240),
        ((8, 12, 20, 30), (1, 2, 5, 9), 0.96906),
    ],
)
def test_ranks_of_the_looks(analyses: tuple[int, ...], ranks: tuple[int, ...], level: float) -> None:
    found, attained = interval_ranks(analyses, 0.95)
    assert found == ranks
    assert attained == pytest.approx(level, abs=1e-5)


@settings(max_examples=50)
@given(SCHEDULES, st.sampled_from([0.9, 0.95, 0.99]))
def test_levels_hold_and_one_rank_more_everywhere_would_break_them(analyses: tuple[int, ...], level: float) -> None:
    ranks, attained = interval_ranks(analyses, level)
    assert attained >= level
    assert attained == float(1 - 2 * miss_probability(analyses, ranks))
    assert float(1 - 2 * miss_probability(analyses, tuple(rank + 1 for rank in ranks))) < level


def test_intervals_at_all_looks_hold_together_as_often_as_they_say() -> None:
    analyses = (8, 12, 20, 30)
    ranks, level = interval_ranks(analyses, 0.95)
    heads = np.random.default_rng(1).random((100_000, 30)) < 0.5
    missed = np.zeros(len(heads), dtype=bool)
    for analysis, rank in zip(analyses, ranks, strict=True):
        above = heads[:, :analysis].sum(axis=1)
        missed |= (above < rank) | (above > analysis - rank)
    assert missed.mean() == pytest.approx(1.0 - level, abs=4.0 * (0.03 * 0.97 / len(heads)) ** 0.5)


@pytest.mark.parametrize("analyses", [(0, 8), (-1,)])
def test_a_look_at_nothing_is_refused(analyses: tuple[int, ...]) -> None:
    with pytest.raises(ToolError, match="analyses"):
        p_value(8, 8, analyses)
