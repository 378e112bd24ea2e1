"""Tests that planted steps are found where they are, and that noise, wild points and small steps are none."""

from __future__ import annotations

import math
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safecost.core.errors import ToolError
from safecost.history import changes
from safecost.history.changes import Search, exact, find, noise
from safecost.testing.made_up_history import noisy


def test_a_planted_step_is_found_at_its_point() -> None:
    for step in (1.02, 1.03, 1 / 1.03, 1.5):
        found = find(noisy([1.0, step], [20, 20]))
        assert len(found) == 1 and abs(found[0] - 20) <= 1, step


def test_two_steps_and_the_way_back() -> None:
    assert find(noisy([1.0, 1.05, 1.0], [15, 12, 15])) == [15, 27]


@settings(max_examples=60)
@given(
    st.integers(0, 10_000),
    st.integers(8, 40),
    st.integers(8, 40),
    st.floats(0.02, 1.0),
    st.booleans(),
    st.floats(0.1, 9),
)
def test_steps_of_six_times_the_noise_are_found_whatever_their_level(
    seed: int, before: int, after: int, step: float, up: bool, level: float
) -> None:
    factor = (1 + step) if up else 1 / (1 + step)
    found = find(noisy([level, level * factor], [before, after], sigma=step / 7, seed=seed))
    assert len(found) == 1 and abs(found[0] - before) <= 2


@settings(max_examples=100)
@given(st.integers(0, 10_000), st.integers(1, 120), st.floats(0, 0.004), st.floats(0.01, 100))
def test_noise_is_no_change(seed: int, length: int, sigma: float, level: float) -> None:
    assert find(noisy([level], [length], sigma=sigma, seed=seed)) == []


@settings(max_examples=100)
@given(st.integers(0, 10_000), st.integers(0, 39), st.floats(-3, 3))
def test_a_single_wild_point_is_no_change(seed: int, at: int, wildness: float) -> None:
    ratios = noisy([1.0], [40], seed=seed)
    ratios[at] *= math.exp(wildness)
    assert find(ratios) == []


def test_a_burst_shorter_than_a_segment_is_no_change_and_a_segment_is_one() -> None:
    for length, expected in ((4, []), (5, [20, 25])):
        assert find(noisy([1.0, 1.3, 1.0], [20, length, 20])) == expected, length
    assert find(noisy([1.0, 1.3], [20, 4])) == []
    assert find(noisy([1.0, 1.3], [20, 5])) == [20]
    assert find(noisy([1.0, 1.3, 1.0], [20, 9, 20]), Search(segment=10)) == []


def test_a_step_below_the_magnitude_is_none_however_sure() -> None:
    ratios = noisy([1.0, 1.008], [60, 60], sigma=0.0005)
    assert find(ratios) == []
    assert find(ratios, Search(magnitude=0.005)) == [60]


def test_identical_values_and_short_series() -> None:
    assert find([2.0] * 50) == []
    assert find([2.0] * 25 + [2.1] * 25) == [25]
    assert find([]) == [] and find([1.0]) == [] and find([1.0] * 4 + [9.0] * 5) == []


def test_the_noise_is_that_of_the_points_and_not_of_the_steps() -> None:
    logs = np.log(noisy([1.0, 2.0, 0.5], [400, 400, 400], sigma=0.004))
    assert noise(logs) == pytest.approx(0.004, rel=0.1)


def test_an_exact_metric_changes_where_it_leaves_its_level() -> None:
    assert exact([5, 5, 6, 6, 5]) == [2, 4]
    assert exact([]) == [] and exact([3]) == []
    creeping = [1000 + number for number in range(10)]  # 0.1 % a run: no step of one, but one of three
    assert exact(creeping, least=1, share=0.002) == [3, 6, 9]
    assert exact([10, 11, 12], least=1, share=0.002) == [2]


def test_a_missing_library_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ruptures", None)
    with pytest.raises(ToolError, match="has no build for this Python: use"):
        changes.find(noisy([1.0], [20]))
