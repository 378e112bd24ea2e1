"""Tests of how a difference becomes a verdict."""

from __future__ import annotations

import math
import statistics

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from safecost.compare.rows import (
    DEFAULT_LIMITS,
    EXACT,
    METRICS,
    VERDICTS,
    ComparisonRow,
    Limit,
    Metric,
    RowPlace,
    RowVerdict,
    change_text,
    exact_row,
    judged,
    time_row,
    value_text,
)
from safecost.document.metrics import spec_of
from safecost.stats.pairs import sign_test_interval

HERE = RowPlace("indexing/sum", "at", "gcc-o2", 4096)
AMOUNTS = st.floats(0.0, 1e12)
MIRRORED: dict[RowVerdict, RowVerdict] = {"regression": "improvement", "improvement": "regression"}


def exact(metric: Metric, base: float | None, head: float | None) -> str:
    return exact_row(HERE, metric, base, head).verdict


# ---- exact numbers ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("base", "head", "verdict"),
    [
        (1000.0, 1002.0, "unchanged"),  # 0.2 %
        (1000.0, 1002.1, "regression"),
        (1000.0, 998.0, "unchanged"),
        (1000.0, 997.9, "improvement"),
        (10.0, 11.0, "unchanged"),  # 1
        (10.0, 11.1, "regression"),
        (0.0, 1.0, "unchanged"),
        (0.0, 1.5, "regression"),
    ],
)
def test_instructions_count_beyond_the_larger_of_a_share_and_one(base: float, head: float, verdict: str) -> None:
    assert exact("instructions", base, head) == verdict


@pytest.mark.parametrize("metric", ["allocations", "allocated_bytes", "code_bytes"])
def test_other_numbers_have_no_room(metric: Metric) -> None:
    assert exact(metric, 100.0, 100.0) == "unchanged"
    assert exact(metric, 100.0, 101.0) == "regression"
    assert exact(metric, 100.0, 99.0) == "improvement"
    assert exact(metric, 0.0, 0.5) == "regression"


def test_a_check_that_went_is_no_improvement() -> None:
    assert exact("checks", 2.0, 1.0) == "changed"
    assert exact("checks", 1.0, 2.0) == "regression"


def test_of_a_metric_of_which_more_is_better_less_is_a_regression() -> None:
    assert exact("vectorised", 2.0, 1.0) == "regression"
    assert exact("vectorised", 1.0, 2.0) == "improvement"


def test_a_row_of_an_unknown_metric_is_refused() -> None:
    with pytest.raises(KeyError, match="speed"):
        ComparisonRow(HERE, "speed", 1.0, 1.0, "unchanged")


def test_a_side_that_lacks_a_number() -> None:
    assert exact("allocations", 1.0, None) == "missing"
    assert exact("allocations", None, 1.0) == "new"


ALIKE = [metric for metric in METRICS if spec_of(metric).tier == "exact" and spec_of(metric).worse != 0]


@given(AMOUNTS, AMOUNTS, st.sampled_from([metric for metric in ALIKE if metric not in DEFAULT_LIMITS]))
def test_exchanging_base_and_head_mirrors_what_has_no_room(base: float, head: float, metric: Metric) -> None:
    verdict = exact_row(HERE, metric, base, head).verdict
    assert exact_row(HERE, metric, head, base).verdict == MIRRORED.get(verdict, verdict)


@given(AMOUNTS, AMOUNTS, st.floats(0.0, 10.0), st.floats(0.0, 1e6), st.floats(0.0, 10.0))
def test_a_wider_limit_never_makes_a_regression(
    base: float, head: float, relative: float, absolute: float, more: float
) -> None:
    row = exact_row(HERE, "code_bytes", base, head)
    narrow = judged(row, Limit(relative, absolute)).verdict
    wide = judged(row, Limit(relative + more, absolute + more)).verdict
    assert wide != "regression" or narrow == "regression"


@given(AMOUNTS, AMOUNTS, AMOUNTS)
def test_more_is_never_better(base: float, head: float, more: float) -> None:
    order: list[RowVerdict] = ["improvement", "unchanged", "regression"]
    before, after = (exact_row(HERE, "instructions", base, value).verdict for value in (head, head + more))
    assert order.index(after) >= order.index(before)


def test_a_limit_gives_another_verdict_and_words_keep_theirs() -> None:
    row = exact_row(HERE, "code_bytes", 100.0, 104.0)
    assert row.verdict == "regression"
    assert judged(row, Limit(0.05)).verdict == "unchanged"
    words = ComparisonRow(HERE, "catch", "trapped", "silent", "regression", limit=EXACT)
    assert judged(words, Limit(1000.0, 1000.0)) == words


# ---- times -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (1.011, 1.02, "regression"),
        (1.0099, 1.02, "inconclusive"),
        (0.995, 1.0099, "unchanged"),
        (1 / 1.01, 1.01, "unchanged"),
        (0.98, 1.02, "inconclusive"),
        (0.97, 0.99, "improvement"),
        (0.97, 0.991, "inconclusive"),
    ],
)
def test_a_time_counts_beyond_the_margin(low: float, high: float, verdict: str) -> None:
    row = time_row(HERE, "idiom_time", 1.0, math.sqrt(low * high), (low, high, 0.95), 0.01)
    assert row.verdict == verdict


def test_a_time_without_an_interval_is_undecided_however_large() -> None:
    row = time_row(HERE, "idiom_time", 1.0, 7.0, None, 0.01, note="4 launches")
    assert (row.verdict, row.low, row.high, row.level, row.detectable) == ("inconclusive", None, None, None, None)
    assert row.change == pytest.approx(6.0)


def test_a_regression_that_fresh_launches_deny_is_undecided() -> None:
    def verdict(confirmed: bool | None) -> str:
        return time_row(HERE, "idiom_time", 1.0, 1.1, (1.08, 1.12, 0.95), 0.01, confirmed=confirmed).verdict

    assert (verdict(True), verdict(None), verdict(False)) == ("regression", "regression", "inconclusive")


@given(st.floats(0.2, 5.0), st.floats(1.0, 2.0), st.floats(0.001, 0.5))
def test_exchanging_base_and_head_mirrors_a_time(middle: float, width: float, margin: float) -> None:
    interval = (middle / width, middle * width, 0.95)
    turned = (1.0 / interval[1], 1.0 / interval[0], 0.95)
    one = time_row(HERE, "idiom_time", 1.0, middle, interval, margin)
    other = time_row(HERE, "idiom_time", middle, 1.0, turned, margin)
    assert other.verdict == MIRRORED.get(one.verdict, one.verdict)
    assert one.detectable == pytest.approx(other.detectable)


@pytest.mark.parametrize("launches", [6, 8, 12, 20])
@pytest.mark.parametrize(("before", "after"), [(0.002, 0.002), (0.001, 0.02), (0.03, 0.003)])
def test_the_interval_of_two_runs_holds_the_true_change(launches: int, before: float, after: float) -> None:
    """The interval is built of two that are each right: 2,000 simulated pairs of runs may not miss more often."""
    random, misses, trials, level = np.random.default_rng(7), 0, 2_000, 1.0
    for _ in range(trials):
        old = sign_test_interval(random.normal(0.0, before, launches))
        new = sign_test_interval(random.normal(0.1, after, launches))
        assert old is not None and new is not None
        misses += not new.low - old.high <= 0.1 <= new.high - old.low
        level = old.level * new.level
    spread = math.sqrt(level * (1.0 - level) / trials)
    assert misses / trials <= 1.0 - level + 3.0 * spread


# ---- names and words -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("place", "name"),
    [
        (HERE, "indexing/sum/at/size:4096@gcc-o2"),
        (RowPlace("errors/chain", "expected", "gcc-o2", 16, 0.01), "errors/chain/expected/size:16/rate:0.01@gcc-o2"),
        (RowPlace("indexing/sum", "at", "gcc-o2"), "indexing/sum/at@gcc-o2"),
        (RowPlace("indexing/sum", "at", "gcc-o2", fault="past_end"), "indexing/sum/at/past_end@gcc-o2"),
        (RowPlace("indexing/sum"), "indexing/sum"),
        (RowPlace("BM_foreign<int>/8"), "BM_foreign<int>/8"),
    ],
)
def test_names(place: RowPlace, name: str) -> None:
    assert place.name == name


def test_values_and_changes_as_they_are_told() -> None:
    assert value_text(9231.0, "instructions") == "9,231"
    assert value_text(9231.5, "instructions") == "9,232"
    assert value_text(None, "catch") == "-"
    assert value_text(1.0123, "idiom_time") == "1.012"
    row = time_row(HERE, "idiom_time", 1.0, 1.0123, (1.01, 1.015, 0.95), 0.01)
    assert change_text(row) == "+1.2 % (+1 to +1.5)"
    assert change_text(exact_row(HERE, "instructions", 0.0, 3.0)) == "-"
    assert change_text(exact_row(HERE, "instructions", 1.0, 2001.0)) == "+200,000 %"


def test_verdicts_are_ordered_worst_first() -> None:
    assert VERDICTS[:3] == ("wrong", "regression", "missing")
    assert statistics.mode([spec_of(metric).tier for metric in METRICS]) == "exact"
