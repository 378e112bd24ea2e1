"""The frontier on made-up contenders whose price is known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from safecost.stats.frontier import AtSize, Candidate, Frontier, Price, Uncaught, frontier, in_common, over_cases, price

RANDOM = np.random.default_rng(3)


def arm(cost: float, noise: float = 0.0, launches: int = 12) -> list[float]:
    return [float(time) for time in 1000 * cost * np.exp(RANDOM.normal(0, noise, launches))]


def candidate(
    variant: str, *costs: float, uncaught: tuple[str, ...] = (), raws: tuple[float, ...] = (1.0,), noise: float = 0.0
) -> Candidate:
    sizes = tuple(
        AtSize(f"L{i + 1}", arm(cost, noise), {f"raw{j}": arm(raw, noise) for j, raw in enumerate(raws)})
        for i, cost in enumerate(costs)
    )
    return Candidate(variant, "made-up", uncaught, sizes)


def test_the_cheapest_that_catches_everything_is_the_price() -> None:
    found = price("f/c", [candidate("fast", 1.0, uncaught=("past_end",)), candidate("at", 1.2), candidate("slow", 1.5)])
    assert isinstance(found, Price)
    assert (found.variant, found.against, found.size) == ("at", "raw0", "L1")
    assert found.ratio == pytest.approx(1.2)
    assert found.low == pytest.approx(1.2)
    assert found.high == pytest.approx(1.2)


def test_the_worst_size_counts_and_the_fastest_raw_is_the_denominator() -> None:
    found = price("f/c", [candidate("a", 1.0, 1.4, raws=(1.0, 0.8)), candidate("b", 1.1, 1.2, raws=(1.0, 0.8))])
    assert isinstance(found, Price)
    assert (found.variant, found.size, found.against) == ("b", "L2", "raw1")
    assert found.ratio == pytest.approx(1.5)


def test_where_nothing_catches_everything_the_nearest_is_told() -> None:
    found = price("f/c", [candidate("a", 1.0, uncaught=("x", "y")), candidate("b", 2.0, uncaught=("y",))])
    assert found == Uncaught("f/c", "b", "made-up", ("y",))


def test_one_launch_or_none_gives_no_price() -> None:
    assert price("f/c", []) is None
    one = Candidate("a", "p", (), (AtSize("L1", [1.0], {"raw": [1.0]}),))
    assert price("f/c", [one]) is None


def test_choosing_and_estimating_on_other_launches_has_no_winners_curse() -> None:
    """Twenty idioms that all cost 1.015, read with 0.5 % of noise: the cheapest must not read as 1.01 or less."""
    honest, cursed = [], []
    for _ in range(60):
        many = [candidate(f"v{i}", 1.015, noise=0.005) for i in range(20)]
        found = price("f/c", many)
        assert isinstance(found, Price)
        honest.append(found.ratio)
        cursed.append(min(np.median(np.array(c.sizes[0].safe) / np.array(c.sizes[0].raws["raw0"])) for c in many))
    assert np.mean(honest) == pytest.approx(1.015, abs=0.001)
    assert np.mean(cursed) < 1.0125  # what the same launches would say twice


def test_over_cases_the_geometric_mean_the_worst_and_the_uncaught() -> None:
    made = frontier(
        "gcc",
        {
            "f/a": [candidate("a", 1.0)],
            "f/b": [candidate("b", 1.21)],
            "f/c": [candidate("c", 1.0, uncaught=("x",))],
            "f/d": [],
        },
    )
    assert made.mean == pytest.approx(1.1)
    assert made.worst is not None and made.worst.case == "f/b"
    assert [one.case for one in made.uncaught] == ["f/c"]
    assert made.low == pytest.approx(1.0) and made.high == pytest.approx(1.21)


def test_no_price_at_all_has_no_mean() -> None:
    made = frontier("gcc", {"f/c": [candidate("c", 1.0, uncaught=("x",))]})
    assert made == Frontier("gcc", (), (Uncaught("f/c", "c", "made-up", ("x",)),), None, None, None, 1)
    assert made.worst is None


def test_the_interval_holds_the_mean_of_the_population_of_cases() -> None:
    held = 0
    for _ in range(40):
        costs = np.exp(RANDOM.normal(0.05, 0.05, 23))
        made = frontier("x", {f"f/c{i}": [candidate("a", float(c), noise=0.003)] for i, c in enumerate(costs)})
        assert made.low is not None and made.high is not None
        held += made.low <= math.exp(0.05) <= made.high
    assert held >= 33  # 95 % of 40 is 38; at 33 a coverage of 95 % has a probability of 1 %


def test_medians_of_three_launches_give_no_interval() -> None:
    """What a quick run has: six launches, of which three choose."""
    made = frontier(
        "x",
        {
            name: [Candidate("a", "p", (), (AtSize("L1", arm(1.1, 0.01, 6), {"raw": arm(1, 0.01, 6)}),))]
            for name in "ab"
        },
    )
    assert made.mean is not None and (made.low, made.high) == (None, None)
    more = frontier(
        "x",
        {
            name: [Candidate("a", "p", (), (AtSize("L1", arm(1.1, 0.01, 8), {"raw": arm(1, 0.01, 8)}),))]
            for name in "ab"
        },
    )
    assert more.low is not None


def test_median_and_means_with_a_case_left_out_are_those_of_the_prices() -> None:
    made = frontier("gcc", {f"f/c{n}": [candidate("c", cost)] for n, cost in enumerate((1.0, 2.0, 8.0))})
    assert made.median == pytest.approx(2.0)
    assert made.left_out == pytest.approx((2.0**0.5, 4.0))
    assert (made.cases, made.chosen_from) == (3, 3)
    assert frontier("gcc", {"f/c": [candidate("c", 1.0)]}).left_out is None


def test_two_frontiers_are_compared_over_the_cases_that_both_price() -> None:
    whole = frontier("gcc", {"f/a": [candidate("c", 1.0)], "f/b": [candidate("c", 4.0)]})
    holed = frontier("clang", {"f/a": [candidate("c", 2.0)], "f/b": [candidate("c", 1.0, uncaught=("x",))]})
    assert holed.mean is not None and whole.mean is not None and holed.mean == pytest.approx(whole.mean)
    cases, means = in_common([whole, holed])
    assert cases == 1
    assert means == pytest.approx((1.0, 2.0))
    assert in_common([whole, frontier("none", {})]) == (0, ())


@pytest.mark.parametrize(("cases", "least"), [(10, 0.86), (20, 0.89)])
def test_the_interval_over_cases_holds_the_mean_nearly_as_often_as_it_says(cases: int, least: float) -> None:
    held = 0
    for seed in range(300):
        ratios = np.exp(np.random.default_rng(seed).normal(0.1, 0.2, cases))
        low, high = over_cases(list(ratios), np.mean, seed) or (0, 0)
        held += low <= math.exp(0.1) <= high
    assert least <= held / 300 < 0.97


def test_an_interval_over_cases_needs_two_and_holds_the_median_between_them() -> None:
    assert over_cases([1.2], np.mean) is None
    low, high = over_cases([1.1, 1.5, 2.0], np.median) or (0, 0)
    assert 1.1 <= low <= 1.5 <= high <= 2.0
