"""Tests of the study of launch lengths, on pairs whose spread is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from safecost.core.errors import UsageError
from safecost.lab.studies import launch_length_study as study

RANDOM = np.random.default_rng(15)


def pair(between: float, within: float, launches: int = 12) -> study.TimedPair:
    """A pair of equal code; the spread is that of placements, four a launch, and of rounds, 25 of each."""
    timed: list[tuple[NDArray[np.float64], NDArray[np.int64]]] = []
    placements = np.arange(100) % 4
    for _ in range(launches):
        timed.append((RANDOM.normal(0.0, between, 4)[placements] + RANDOM.normal(0.0, within, 100), placements))
    return study.TimedPair("a/b", tuple(timed))


def test_shorter_launches_cost_width_where_rounds_scatter_and_none_where_placements_do() -> None:
    def widening(between: float, within: float) -> float:
        pairs = [pair(between, within) for _ in range(200)]
        short, long = (float(np.median(study.decided(pairs, share, 12, 4).half_widths)) for share in (0.08, 1.0))
        return short / long

    assert widening(0.0, 0.01) == pytest.approx(math.sqrt(12.5), rel=0.2)
    assert widening(0.01, 0.0001) == pytest.approx(1.0, abs=0.05)


def test_fewer_placements_cost_width_where_placements_scatter() -> None:
    pairs = [pair(0.01, 0.0001) for _ in range(200)]
    one, four = (float(np.median(study.decided(pairs, 1.0, 12, count).half_widths)) for count in (1, 4))
    assert 1.5 < one / four < 2.5


def test_rounds_that_do_not_count_are_left_out() -> None:
    rounds, placements = np.array([np.nan, 0.5, np.nan, np.nan]), np.array([0, 0, 1, 1])
    assert study.shortened(rounds, placements, 1.0, 2) == 0.5
    assert study.shortened(rounds[2:], placements[2:], 1.0, 2) is None


def test_what_it_cannot_read_is_said_in_a_sentence() -> None:
    with pytest.raises(UsageError, match="no pair of the run has 20 launches"):
        list(study.rows([pair(0.0, 0.01)], 30.0, [3.0], [6, 20], 4))
