"""Tests of the shares of an interval's width: known variances come back, and nothing depends on wild rounds."""

from __future__ import annotations

import numpy as np
import pytest

from safecost.stats.pairs import summarise
from safecost.stats.spread import Spread, launch_variance, spread_of, within_launch

PLACEMENTS, LAUNCHES, ROUNDS = 8, 12, 160
OF_EIGHT = 0.168  # the variance of the median of eight normal values; that of n is pi/2n


def drawn(random: np.random.Generator, variances: tuple[float, float, float]) -> Spread:
    """The shares that a pair gets where launches, placements and rounds add such variances to a launch's ratio."""
    between, placed, scatter = np.sqrt(np.array(variances) / (1.0, OF_EIGHT, np.pi / 2 / ROUNDS))
    medians, within = [], []
    for _ in range(LAUNCHES):
        at = np.concatenate([random.permutation(PLACEMENTS) for _ in range(ROUNDS // PLACEMENTS)])
        logs = random.normal(0, between) + random.normal(0, placed, PLACEMENTS)[at] + random.normal(0, scatter, ROUNDS)
        medians.append(float(np.exp(1e-3 * np.median(logs))))
        within.append(within_launch(1e-3 * logs[None], at.tolist())[:, 0])
    spread = summarise(medians, 0.01, within=within).spread
    assert spread is not None
    return spread


@pytest.mark.parametrize(
    "variances", [(1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 1), (4, 1, 1), (1, 0, 1), (1, 0, 4)], ids=str
)
def test_shares_are_those_of_the_variances_that_were_drawn(variances: tuple[float, float, float]) -> None:
    random = np.random.default_rng(7)
    shares = [drawn(random, variances) for _ in range(150)]
    wanted = np.array(variances) / sum(variances)
    found = np.mean([(one.launches, one.placements, one.rounds) for one in shares], axis=0)
    # A share ends at 0 and 1, so those of noise are lifted and those of all are lowered; see docs/STATISTICS.md.
    assert np.abs(found - wanted).max() < 0.22
    assert np.abs(found - wanted).max() < 0.15 or 1.0 in wanted
    assert all(one.launches + one.placements + one.rounds == pytest.approx(1.0) for one in shares)


def test_half_samples_give_the_variance_of_a_median() -> None:
    random, at = np.random.default_rng(3), list(range(8)) * 20
    logs = random.normal(size=(400, 160))
    both, rounds = within_launch(logs, at)
    assert np.mean(both) == pytest.approx(np.var(np.median(logs, axis=1)), rel=0.25)
    assert np.mean(rounds) == pytest.approx(np.mean(both), rel=0.1)
    placed = np.tile(random.normal(size=(400, 8)), 20)  # the rounds of a placement are all alike
    both, rounds = within_launch(placed, at)
    assert np.mean(both) == pytest.approx(np.var(np.median(placed, axis=1)), rel=0.25)
    assert np.max(rounds) == 0.0


def test_a_wild_round_and_one_that_does_not_count_change_little() -> None:
    random, at = np.random.default_rng(4), list(range(4)) * 12
    logs = random.normal(size=(200, 48))
    wild, missing = logs.copy(), logs.copy()
    wild[:, 5] = 1e6
    missing[:, 5] = np.nan
    calm = np.mean(within_launch(logs, at), axis=1)
    assert np.mean(within_launch(wild, at), axis=1) == pytest.approx(calm, rel=0.25)
    assert np.mean(within_launch(missing, at), axis=1) == pytest.approx(calm, rel=0.25)


def test_a_placement_without_rounds_that_count_and_a_single_placement_are_no_trouble() -> None:
    logs = np.array([[0.0, np.nan, 0.1, np.nan, 0.3, np.nan, 0.2, np.nan]])
    assert np.isfinite(within_launch(logs, [0, 1] * 4)).all()
    both, rounds = within_launch(logs[:, ::2], [0] * 4)
    assert both[0] == 0.0 and rounds[0] > 0.0
    assert spread_of(1.0, [(0.0, 0.25)]) == Spread(0.75, 0.0, 0.25)


def test_the_variance_of_launches_follows_from_the_width_of_their_interval() -> None:
    random = np.random.default_rng(5)
    for count, rank in ((6, 1), (8, 1), (12, 3), (20, 6)):
        ordered = np.sort(random.normal(size=(4000, count)), axis=1)
        width = float(np.mean(ordered[:, count - rank] - ordered[:, rank - 1]))
        assert launch_variance(width, rank, count) == pytest.approx(1.0, rel=0.05)


def test_the_words_name_the_largest_share_and_what_helps() -> None:
    assert Spread(0.83, 0.1, 0.07).words == "launches differ by more than their rounds explain (83 % of the variance)"
    assert "more of them in a launch would help (60 %" in Spread(0.2, 0.6, 0.2).words
    assert "longer launches would help (70 %" in Spread(0.2, 0.1, 0.7).words


def test_without_a_look_within_or_a_difference_there_are_no_shares() -> None:
    ratios = [1.0, 1.01, 1.02, 1.03, 1.04, 1.05]
    assert summarise(ratios, 0.01).spread is None
    assert summarise([1.0] * 6, 0.01, within=[(0.0, 0.0)] * 6).spread is None
    said = summarise(ratios, 0.01, within=[(1e-9, 1e-9)] * 6)
    assert said.spread is not None and said.reason is not None and said.reason.endswith(f"; {said.spread.words}")


def test_placements_with_a_round_each_tell_nothing_of_rounds() -> None:
    drawn, rounds = within_launch(np.random.default_rng(1).normal(0.0, 0.01, (3, 8)), tuple(range(8)))
    assert np.all(drawn > 0.0) and np.all(np.isfinite(rounds))
