"""When a panel may end, and that ending early does no harm."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from safecost.core.errors import ToolError
from safecost.stats.pairs import summarise
from safecost.stats.sequential import ANALYSES, may_end, probability_to_survive

SLOWER, EQUAL, WIDE = [1.05] * 30, [1.0] * 30, [0.9, 1.1] * 15
NEAR = [1.0098, 1.0102] * 15  # inconclusive, and known within 0.02 %


def first(launches: int, *pairs: list[float]) -> list[list[float]]:
    return [ratios[:launches] for ratios in pairs]


@pytest.mark.parametrize("pairs", [(SLOWER,), (EQUAL,), (NEAR,), (SLOWER, EQUAL, NEAR), ()])
def test_settled_panels_end_at_the_first_look(pairs: tuple[list[float], ...]) -> None:
    assert may_end(first(8, *pairs), 0.01, 0.001, None)


def test_one_pair_that_is_open_keeps_its_panel_going() -> None:
    assert not may_end(first(8, SLOWER, EQUAL, WIDE), 0.01, 0.001, None)
    assert not may_end(first(20, SLOWER, EQUAL, WIDE), 0.01, 0.001, None)
    assert may_end(first(30, SLOWER, EQUAL, WIDE), 0.01, 0.001, None)


@pytest.mark.parametrize("launches", [1, 6, 7, 9, 11, 13, 29])
def test_between_looks_nothing_ends(launches: int) -> None:
    assert not may_end(first(launches, SLOWER), 0.01, 0.001, None)


def test_a_difference_from_one_ends_nothing() -> None:
    shown = [1.006, 1.012] * 4  # surely not 1, and perhaps beyond the margin
    assert not may_end([shown], 0.01, 0.001, None)


def test_an_early_look_is_stricter_than_a_last_one() -> None:
    ratios = [1.02] * 10 + [1.0] * 2  # slower at 12 launches, where those are all
    assert summarise(ratios, 0.01).verdict == "slower"
    assert not may_end([ratios], 0.01, 0.0001, None)
    assert may_end([[1.02] * 11 + [1.0]], 0.01, 0.0001, None)


def test_precision_is_half_the_width_of_the_interval() -> None:
    # Half a width of 0.2 % about the edge of the margin
    ratios = list(1.01 * np.exp(np.linspace(-0.002, 0.002, 8)))
    assert may_end([ratios], 0.01, math.expm1(0.002001), None)
    assert not may_end([ratios], 0.01, math.expm1(0.001999), None)


def test_pairs_beyond_the_margin_go_on_until_they_survive() -> None:
    beyond = probability_to_survive(0.05)
    assert beyond == pytest.approx(0.005)
    assert not may_end(first(8, SLOWER), 0.01, 0.001, beyond)  # eight of eight: p is 0.017 over all interim analyses
    assert may_end(first(12, SLOWER), 0.01, 0.001, beyond)  # twelve of twelve: 0.001
    assert may_end(first(8, EQUAL, NEAR), 0.01, 0.001, beyond)


def test_looks_can_be_others() -> None:
    assert may_end(first(12, WIDE), 0.01, 0.001, None, analyses=(8, 12))
    assert may_end(first(6, WIDE), 0.01, 0.001, None, analyses=(6,))
    assert not may_end(first(6, SLOWER), 0.01, 0.001, None, analyses=(6, 12))  # no interval of six is strict enough


@given(st.lists(st.lists(st.floats(0.97, 1.03), min_size=30, max_size=30), max_size=4), st.sampled_from(ANALYSES))
def test_ending_mirrors_when_arms_are_swapped(pairs: list[list[float]], analysis: int) -> None:
    for beyond in (None, 0.005):
        there = may_end(first(analysis, *pairs), 0.01, 0.0123, beyond)
        swapped = [[1.0 / ratio for ratio in ratios] for ratios in pairs]
        assert may_end(first(analysis, *swapped), 0.01, 0.0123, beyond) == there


@pytest.mark.parametrize(
    ("pairs", "precision", "analyses", "word"),
    [
        ([[1.0] * 8, [1.0] * 9], 0.001, ANALYSES, "8 to 9 launches"),
        ([[1.0] * 8], 0.001, (), "analyses"),
        ([[1.0] * 8], 0.001, (12, 8), "analyses"),
        ([[1.0] * 8], -0.1, ANALYSES, "precision"),
        ([[1.0] * 8], math.nan, ANALYSES, "precision"),
    ],
)
def test_what_makes_no_sense_is_refused(
    pairs: list[list[float]], precision: float, analyses: tuple[int, ...], word: str
) -> None:
    with pytest.raises(ToolError, match=word):
        may_end(pairs, 0.01, precision, None, analyses)


def test_panels_that_end_early_miss_and_mistake_no_more_often_than_stated() -> None:
    random = np.random.default_rng(4)
    edge, trials = math.log(1.01), 600
    missed = wrong = 0
    launches = []
    for _ in range(trials):  # the true ratio lies on the edge, where slower is wrong, and is easiest to be had
        ratios = list(np.exp(random.normal(edge, 0.01, ANALYSES[-1])))
        at = next(analysis for analysis in ANALYSES if may_end([ratios[:analysis]], 0.01, 0.004, None))
        said = summarise(ratios[:at], 0.01, analyses=ANALYSES)
        assert said.low is not None
        assert said.high is not None
        assert said.level == pytest.approx(0.96906, abs=1e-5)
        missed += not said.low <= 1.01 <= said.high
        wrong += said.verdict == "slower"
        launches.append(at)
    assert len(set(launches)) > 2  # else nothing was tested
    assert missed / trials <= 0.031 + 3.0 * (0.031 * 0.969 / trials) ** 0.5
    assert wrong / trials <= 0.0155 + 3.0 * (0.0155 * 0.9845 / trials) ** 0.5
