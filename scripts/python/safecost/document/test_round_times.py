"""Which rounds of a launch count: those beside calm beats, whatever their times are."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest

from safecost.document.measured import FEWEST_ROUNDS, SLOW_BEAT, RoundTimes
from safecost.testing.sample_evidence import rounds

ROUNDS = 20


def launch(slow: set[tuple[int, int]], times: list[list[float]] | None = None) -> RoundTimes:
    """Two contenders; beside these epochs, (contender, round), the metronome is slow."""
    beats = [
        [1000 * SLOW_BEAT * 1.01 if (arm, at) in slow else 1000 * SLOW_BEAT for at in range(ROUNDS)] for arm in (0, 1)
    ]
    return rounds(times or [[100.0] * ROUNDS, [200.0] * ROUNDS], beats=beats)


def test_a_round_beside_a_slow_beat_does_not_count() -> None:
    counted = np.array(launch({(0, 3), (1, 7)}).counted)
    assert np.argwhere(np.isnan(counted)).tolist() == [[0, 3], [1, 7]]


def test_the_share_of_slow_epochs_is_told() -> None:
    assert launch({(0, 3), (1, 7)}).contended == pytest.approx(2 / (2 * ROUNDS))
    assert launch(set()).contended == 0


def test_where_too_few_rounds_are_left_all_count() -> None:
    most = ROUNDS - FEWEST_ROUNDS
    assert np.isnan(launch({(at % 2, at) for at in range(most)}).counted).any()
    assert not np.isnan(launch({(at % 2, at) for at in range(most + 1)}).counted).any()


def test_which_rounds_go_is_blind_to_their_times() -> None:
    dice = random.Random(4)
    slow = {(dice.randrange(2), dice.randrange(ROUNDS)) for _ in range(6)}
    kept = set()
    for _ in range(20):
        times = [[dice.lognormvariate(0, 1) for _ in range(ROUNDS)] for _ in range(2)]
        counted = launch(slow, times).counted
        kept.add(tuple(math.isnan(time) for of_one in counted for time in of_one))
    assert len(kept) == 1
