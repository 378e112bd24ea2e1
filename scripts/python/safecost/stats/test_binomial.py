"""A counted rate against published values, its symmetry, and its coverage."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, binomtest

from safecost.stats.binomial import rate_interval

COUNTED = st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))  # hits, trials


@pytest.mark.parametrize(
    ("hits", "trials", "low", "high"),
    [
        (0, 3000, 0.0, 0.000998),  # the rule of three
        (1, 200, 0.000127, 0.02754),
        (5, 10, 0.18709, 0.81291),  # textbook values of Clopper and Pearson
        (10, 10, 0.74113, 1.0),
    ],
)
def test_known_intervals(hits: int, trials: int, low: float, high: float) -> None:
    assert rate_interval(hits, trials) == pytest.approx((low, high), rel=2e-3, abs=1e-6)


@pytest.mark.parametrize(
    ("hits", "trials", "low", "high"),
    [  # the ends with closed forms are 1 - 0.025 ** (1 / n), 1 - 0.975 ** (1 / n) and their mirrors
        (0, 7, 0.0, 0.4096),
        (1, 7, 0.003610, 0.5787),
        (7, 7, 0.5904, 1.0),
        (100, 834, 0.09866, 0.1439),
    ],
)
def test_two_sided_intervals_treat_all_counts_alike(hits: int, trials: int, low: float, high: float) -> None:
    assert rate_interval(hits, trials, two_sided=True) == pytest.approx((low, high), rel=1e-3)


@given(COUNTED)
def test_hits_and_misses_mirror_each_other(counted: tuple[int, int]) -> None:
    hits, trials = counted
    low, high = rate_interval(hits, trials)
    mirrored = rate_interval(trials - hits, trials)
    assert (low, high) == pytest.approx((1 - mirrored[1], 1 - mirrored[0]), abs=1e-9)
    assert low <= hits / trials <= high


@given(COUNTED, st.sampled_from([0.9, 0.95, 0.99]))
def test_the_two_sided_interval_is_the_exact_one_of_the_binomial_test(counted: tuple[int, int], level: float) -> None:
    exact = binomtest(*counted).proportion_ci(level, method="exact")
    assert rate_interval(*counted, level, two_sided=True) == pytest.approx((exact.low, exact.high), abs=1e-9)


@pytest.mark.parametrize("rate", [0.01, 0.05, 0.3, 0.5])
def test_the_interval_holds_the_rate_as_often_as_it_says(rate: float) -> None:
    trials = 150
    held = math.fsum(
        float(binom.pmf(hits, trials, rate))
        for hits in range(trials + 1)
        if rate_interval(hits, trials)[0] <= rate <= rate_interval(hits, trials)[1]
    )
    assert 0.95 <= held < 0.99


@pytest.mark.parametrize(("hits", "trials", "level"), [(-1, 5, 0.95), (6, 5, 0.95), (0, 0, 0.95), (1, 5, 1.0)])
def test_what_is_no_count_is_refused(hits: int, trials: int, level: float) -> None:
    with pytest.raises(ValueError, match="no counted rate"):
        rate_interval(hits, trials, level)
