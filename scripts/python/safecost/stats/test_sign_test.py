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
SCHEDULES = st.lists(st.integers(6, 40), min_size=1, max_size=5, unique=True).map(lambda looks: tuple(sorted(looks)))


def test_joint_probability_of_all_looks_by_trying_every_sequence() -> None:
    looks, ranks = (4, 7, 10), (1, 2, 4)
    lost = sum(
        any(sum(tosses[:look]) < rank for look, rank in zip(looks, ranks, strict=True))
        for tosses in product((0, 1), repeat=10)
    )
    assert miss_probability(looks, ranks) == Fraction(lost, 1024)
    assert miss_probability(looks, (0, 2, 0)) == tails(7)[2]


@given(COUNTS, st.data())
def test_p_of_one_look_is_the_binomial_test(count: int, data: st.DataObject) -> None:
    beyond = data.draw(st.integers(0, count))
    side = binomtest(beyond, count, 0.5, alternative="greater").pvalue
    assert p_value(count, beyond) == pytest.approx(min(1.0, 2.0 * side))


@given(SCHEDULES, st.data())
def test_looks_raise_p_and_more_launches_beyond_lower_it(looks: tuple[int, ...], data: st.DataObject) -> None:
    count = data.draw(st.sampled_from(looks))
    of = [p_value(count, beyond, looks) for beyond in range(count + 1)]
    assert of == sorted(of, reverse=True)
    assert all(p_value(count, beyond) <= p for beyond, p in enumerate(of))
    assert max(of) <= 1.0


# One look: as ever. Several: the early ones at 99 % and more, and 95 % for all together.
@pytest.mark.parametrize(
    ("looks", "ranks", "level"),
    [
        ((5,), (0,), 1.0),
        ((6,), (1,), 0.96875),
        ((30,), (10,), 0.95723),
        ((8, 12), (1, 3), 0.95898),
        ((8, 12, 20), (1, 2, 6), 0.95240),
        ((8, 12, 20, 30), (1, 2, 5, 9), 0.96906),
    ],
)
def test_ranks_of_the_looks(looks: tuple[int, ...], ranks: tuple[int, ...], level: float) -> None:
    found, attained = interval_ranks(looks, 0.95)
    assert found == ranks
    assert attained == pytest.approx(level, abs=1e-5)


@settings(max_examples=50)
@given(SCHEDULES, st.sampled_from([0.9, 0.95, 0.99]))
def test_levels_hold_and_one_rank_more_everywhere_would_break_them(looks: tuple[int, ...], level: float) -> None:
    ranks, attained = interval_ranks(looks, level)
    assert attained >= level
    assert attained == float(1 - 2 * miss_probability(looks, ranks))
    assert float(1 - 2 * miss_probability(looks, tuple(rank + 1 for rank in ranks))) < level


def test_intervals_at_all_looks_hold_together_as_often_as_they_say() -> None:
    looks = (8, 12, 20, 30)
    ranks, level = interval_ranks(looks, 0.95)
    heads = np.random.default_rng(1).random((100_000, 30)) < 0.5
    missed = np.zeros(len(heads), dtype=bool)
    for look, rank in zip(looks, ranks, strict=True):
        above = heads[:, :look].sum(axis=1)
        missed |= (above < rank) | (above > look - rank)
    assert missed.mean() == pytest.approx(1.0 - level, abs=4.0 * (0.03 * 0.97 / len(heads)) ** 0.5)


@pytest.mark.parametrize("looks", [(0, 8), (-1,)])
def test_a_look_at_nothing_is_refused(looks: tuple[int, ...]) -> None:
    with pytest.raises(ToolError, match="looks"):
        p_value(8, 8, looks)
