"""The statistics against known answers, their symmetries, and their coverage in simulation."""

from __future__ import annotations

import math
import re
from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from safecost.core.errors import ToolError
from safecost.core.paths import ROOT
from safecost.stats.pairs import Interval, PairSummary, launch_ratio, sign_test_interval, summarise, two_clusters

RATIOS = st.lists(st.floats(0.2, 5.0), min_size=1, max_size=30)
MARGINS = st.sampled_from([0.001, 0.01, 0.05])
TIMES = st.floats(1e-3, 1e6)
ROUNDS = st.lists(st.tuples(TIMES, TIMES), min_size=1, max_size=40)
ANALYSES = st.sampled_from([(), (8, 12), (8, 12, 20), (8, 12, 20, 30)])
NEAR = st.lists(st.sampled_from([0.98, 1 / 1.01, 0.995, 1.0, 1.005, 1.01, 1.02, 1.03]), min_size=1, max_size=30)
GROUPS = st.tuples(st.integers(2, 8), st.integers(2, 8), st.floats(0.9, 1.05), st.floats(1.0, 1.1)).map(
    lambda group: [group[2] * factor for factor in [1.0, 1.001] * group[0] + [group[3], group[3] * 1.002] * group[1]]
)
ORDER = {"faster": 0, "equivalent": 1, "inconclusive": 1, "slower": 2}


def known(summary: PairSummary) -> tuple[float, float, float]:
    """Low, ratio and high of a summary that has an interval."""
    assert summary.low is not None
    assert summary.high is not None
    return summary.low, summary.ratio, summary.high


# The levels are 1 - 2 P(Binomial(K, 1/2) < rank), worked out by hand: for K = 12 it is 1 - 2 (1 + 12 + 66) / 4096.
@pytest.mark.parametrize(
    ("count", "rank", "level"),
    [(6, 1, 96.875), (8, 1, 99.21875), (12, 3, 96.142578125), (20, 6, 95.86105), (30, 10, 95.7226)],
)
def test_interval_is_the_narrowest_that_attains_the_level(count: int, rank: int, level: float) -> None:
    values = np.random.default_rng(1).permutation(np.arange(1.0, count + 1.0))
    interval = sign_test_interval(values)
    assert interval is not None
    assert (interval.low, interval.high) == (rank, count + 1 - rank)
    assert 100.0 * interval.level == pytest.approx(level, abs=1e-4)


@pytest.mark.parametrize("count", [0, 1, 5])
def test_no_interval_below_six_values(count: int) -> None:
    assert sign_test_interval(np.ones(count), level=0.5) is None


def test_no_interval_where_the_extremes_do_not_attain_the_level() -> None:
    assert sign_test_interval(np.arange(6.0), level=0.97) is None
    assert sign_test_interval(np.arange(6.0), level=0.96) == Interval(0.0, 5.0, 0.96875)


def test_launch_ratio_is_the_median_of_paired_rounds() -> None:
    # Both arms slow down together threefold in the last two rounds; unpaired medians would say 110 / 300.
    assert launch_ratio([110.0, 112.0, 330.0, 327.0, 111.0], [100.0, 100.0, 300.0, 300.0, 100.0]) == pytest.approx(1.10)
    assert launch_ratio([2.0, 8.0], [1.0, 1.0]) == pytest.approx(4.0)  # even: the geometric mean of the middle two


@pytest.mark.parametrize(
    ("numerator", "denominator"),
    [([], []), ([1.0], [1.0, 2.0]), ([0.0], [1.0]), ([1.0], [-1.0]), ([math.nan], [1.0]), ([1.0], [math.inf])],
)
def test_launch_ratio_refuses_what_is_no_time(numerator: list[float], denominator: list[float]) -> None:
    with pytest.raises(ToolError):
        launch_ratio(numerator, denominator)


def test_a_round_that_does_not_count_in_either_arm_counts_in_neither() -> None:
    nan = math.nan
    assert launch_ratio([110.0, 999.0, 110.0, nan], [100.0, nan, 100.0, 1.0]) == pytest.approx(1.10)
    with pytest.raises(ToolError, match="at least one"):
        launch_ratio([nan, 1.0], [1.0, nan])


def test_launch_ratio_refuses_a_table() -> None:
    table: Any = [[1.0, 2.0], [3.0, 4.0]]
    with pytest.raises(ToolError, match="one row"):
        launch_ratio(table, table)


@pytest.mark.parametrize(
    ("ratios", "verdict", "reason"),
    [
        ([1.02, 1.03, 1.02, 1.025, 1.03, 1.02], "slower", None),
        ([1 / 1.02, 1 / 1.03, 1 / 1.02, 1 / 1.025, 1 / 1.03, 1 / 1.02], "faster", None),
        ([1.001, 0.999, 1.0, 1.002, 0.998, 1.0], "equivalent", None),
        ([1.01] * 6, "equivalent", None),  # on the edge is inside
        ([1 / 1.01] * 6, "equivalent", None),
        ([1.0102] * 6, "slower", None),
        ([0.9903] * 6, "equivalent", None),  # 1/1.01 is 0.99010: the margin is symmetric in the logarithm
        ([0.99005] * 6, "faster", None),
        ([1.5] * 5, "inconclusive", "5 launches, and an interval needs at least 6"),
        ([1.5], "inconclusive", "1 launch, and an interval needs at least 6"),
        (
            [0.97, 0.99, 1.0, 1.01, 1.03, 1.04],
            "inconclusive",
            "the launches disagree: the interval, ±3.5 %, is wider than the margin of ±1 %",
        ),
        (
            [0.985, 0.99, 0.995, 1.0, 1.005, 1.015],
            "inconclusive",
            "the launches disagree: the interval, ±1.5 %, is wider than the margin of ±1 %",
        ),
        (
            [1.0, 1.001, 1.002, 1.07, 1.071, 1.072],
            "inconclusive",
            "the launches fall into two clusters, 3 at 1.001 and 3 at 1.071: placement weighs more than the code",
        ),
        (
            [0.93, 0.931, 0.932, 1.001, 1.002],
            "inconclusive",
            "5 launches, and an interval needs at least 6",
        ),
        (
            [0.93, 0.931, 0.932, 1.0, 1.001, 1.002],
            "inconclusive",
            "the launches fall into two clusters, 3 at 0.931 and 3 at 1.001: placement weighs more than the code",
        ),
        (
            [1.005, 1.007, 1.009, 1.011, 1.013, 1.015],
            "inconclusive",
            "the effect lies near the margin: the interval, 1.0050 to 1.0150, reaches across 1.0100",
        ),
        (
            [0.985, 0.987, 0.989, 0.991, 0.993, 0.995],
            "inconclusive",
            "the effect lies near the margin: the interval, 0.9850 to 0.9950, reaches across 0.9901",
        ),
    ],
)
def test_verdicts_and_reasons(ratios: list[float], verdict: str, reason: str | None) -> None:
    summary = summarise(ratios, 0.01)
    assert (summary.verdict, summary.reason) == (verdict, reason)


def test_few_launches_have_a_ratio_and_nothing_else() -> None:
    summary = summarise([1.1, 1.2, 1.3], 0.01)
    assert summary.ratio == pytest.approx(1.2)
    assert (summary.low, summary.high, summary.level, summary.detectable) == (None, None, None, None)


def test_detectable_is_what_the_near_end_needs_to_clear_the_margin() -> None:
    spread = np.exp(np.array([-0.02, -0.01, -0.01, 0.01, 0.01, 0.02]))
    detectable = summarise(list(spread), 0.01).detectable
    assert detectable is not None
    assert detectable == pytest.approx(math.exp(math.log(1.01) + 0.02) - 1.0)
    assert summarise(list(spread * (1.0 + detectable) * 1.0001), 0.01).verdict == "slower"
    assert summarise(list(spread * (1.0 + detectable) * 0.9999), 0.01).verdict == "inconclusive"


@pytest.mark.parametrize("margin", [0.0, -0.01, 1.0, math.nan])
def test_a_margin_that_is_none_is_refused(margin: float) -> None:
    with pytest.raises(ToolError, match="margin"):
        summarise([1.0] * 6, margin)


def test_two_clusters_are_found_and_described() -> None:
    clusters = two_clusters([1.0, 9.0, 1.2, 9.2, 1.1])
    assert clusters is not None
    assert (clusters.low, clusters.low_count, clusters.high, clusters.high_count) == (1.1, 3, 9.1, 2)


@pytest.mark.parametrize("values", [[1.0, 2.0], [1.0, 1.0, 1.0, 9.0], [1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [1.0] * 8])
def test_one_wild_launch_or_an_even_spread_is_no_cluster(values: list[float]) -> None:
    assert two_clusters(values) is None


@pytest.mark.parametrize(("count", "bound"), [(6, 0.02), (8, 0.004), (20, 0.001)])
def test_normal_launches_seldom_look_like_two_clusters(count: int, bound: float) -> None:
    samples = np.random.default_rng(2).normal(size=(2000, count))
    assert np.mean([two_clusters(sample) is not None for sample in samples]) <= bound


@given(ROUNDS, st.floats(1e-3, 1e3))
def test_the_unit_of_time_does_not_matter(rounds: list[tuple[float, float]], unit: float) -> None:
    numerator, denominator = np.array(rounds).T
    assert launch_ratio(unit * numerator, unit * denominator) == pytest.approx(launch_ratio(numerator, denominator))


@given(ROUNDS, st.floats(1e-3, 1e3))
def test_a_slower_numerator_scales_the_ratio(rounds: list[tuple[float, float]], factor: float) -> None:
    numerator, denominator = np.array(rounds).T
    assert launch_ratio(factor * numerator, denominator) == pytest.approx(factor * launch_ratio(numerator, denominator))


@given(ROUNDS, st.randoms(use_true_random=False))
def test_swapped_arms_and_shuffled_rounds(rounds: list[tuple[float, float]], random: Any) -> None:
    numerator, denominator = np.array(rounds).T
    ratio = launch_ratio(numerator, denominator)
    assert launch_ratio(denominator, numerator) == pytest.approx(1.0 / ratio)
    shuffled = random.sample(rounds, len(rounds))
    assert launch_ratio(*np.array(shuffled).T) == ratio


@pytest.mark.parametrize(
    ("ratios", "p"),
    [
        ([1.02] * 6, 2 / 64),
        ([0.98] * 6, 2 / 64),
        ([1.01] * 6, 1.0),  # on the edge is inside
        ([1.02] * 5, 2 / 32),  # known below six launches, too
        ([1.02] * 7 + [1.0], 2 * 9 / 256),
        ([1.02] * 7 + [0.9], 2 * 9 / 256),
        ([0.98] * 10 + [1.0, 1.5], 2 * 79 / 4096),
        ([1.02] * 4 + [0.98] * 4, 1.0),
        ([1.02] * 3 + [1.0] * 2, 1.0),
        ([1.02], 1.0),
    ],
)
def test_p_counts_the_launches_beyond_the_margin(ratios: list[float], p: float) -> None:
    assert summarise(ratios, 0.01).p == p


@given(NEAR | RATIOS, MARGINS)
def test_p_is_the_sign_test_of_both_sides(ratios: list[float], margin: float) -> None:
    beyond = [sum(ratio > 1.0 + margin + 1e-9 for ratio in side) for side in (ratios, [1 / r for r in ratios])]
    p = min(1.0, 2.0 * min(float(binom.sf(count - 1, len(ratios), 0.5)) for count in beyond))
    assert summarise(ratios, margin).p == pytest.approx(p)


@given(
    st.lists(st.floats(0.9, 1.15), min_size=6, max_size=30) | NEAR.filter(lambda ratios: len(ratios) >= 6),
    st.floats(0.0, 0.08),
    st.sampled_from([0.9, 0.95, 0.96, 0.99]),
    ANALYSES,
)
def test_p_and_verdict_are_dual(ratios: list[float], shift: float, level: float, analyses: tuple[int, ...]) -> None:
    said = summarise([ratio * (1.0 + shift) for ratio in ratios], 0.01, level, analyses)
    decided = said.verdict in ("slower", "faster")
    assert decided == (said.p <= 1.0 - level)
    if said.level is not None:
        assert said.level >= level
        assert decided == (said.p <= 1.0 - said.level)


@pytest.mark.parametrize("analyses", [(), (8, 12), (8, 12, 20), (8, 12, 20, 30)])
def test_p_and_verdict_are_dual_for_every_number_of_launches_beyond(analyses: tuple[int, ...]) -> None:
    for count in range(6, 31):
        for beyond in range(count + 1):
            for ratio, verdict in ((1.02, "slower"), (0.98, "faster")):
                said = summarise([ratio] * beyond + [1.0] * (count - beyond), 0.01, analyses=analyses)
                assert (said.verdict == verdict) == (said.p <= 0.05), (count, beyond, said)


def test_a_level_asks_for_launches() -> None:
    said = summarise([1.5] * 7, 0.01, 0.99)
    assert (said.low, said.verdict) == (None, "inconclusive")
    assert said.reason == "7 launches, too few for an interval of 99 %"
    assert summarise([1.5] * 8, 0.01, 0.99).verdict == "slower"
    said = summarise([1.5] * 6, 0.01, analyses=(8, 12, 20, 30))
    assert said.reason == "6 launches, too few for an interval of 95 % at the interim analyses 6, 8, 12, 20, 30"


@pytest.mark.parametrize("level", [0.0, 1.0, math.nan])
def test_a_level_that_is_none_is_refused(level: float) -> None:
    with pytest.raises(ToolError, match="level"):
        summarise([1.0] * 6, 0.01, level)


def test_looks_make_an_interval_wider_and_state_the_level_of_all() -> None:
    values = np.arange(1.0, 31.0)
    assert sign_test_interval(values) == Interval(10.0, 21.0, 0.9572260547429323)
    looked = sign_test_interval(values, analyses=(8, 12, 20, 30))
    assert looked is not None
    assert (looked.low, looked.high) == (9.0, 22.0)
    assert looked.level == pytest.approx(0.96906, abs=1e-5)


def _kind(reason: str | None) -> str:
    kinds = ("an interval", "clusters", "disagree", "near the margin")
    return "none" if reason is None else next(kind for kind in kinds if kind in reason)


@given(NEAR | RATIOS | GROUPS, MARGINS, ANALYSES)
def test_swapped_arms_mirror_the_summary(ratios: list[float], margin: float, analyses: tuple[int, ...]) -> None:
    there = summarise(ratios, margin, analyses=analyses)
    back = summarise([1.0 / ratio for ratio in ratios], margin, analyses=analyses)
    assert back.p == there.p
    assert _kind(back.reason) == _kind(there.reason)
    mirror = {"slower": "faster", "faster": "slower"}
    assert back.verdict == mirror.get(there.verdict, there.verdict)
    assert back.ratio == pytest.approx(1.0 / there.ratio)
    assert back.level == there.level
    if there.low is not None:
        low, _, high = known(there)
        assert known(back)[0] == pytest.approx(1.0 / high)
        assert known(back)[2] == pytest.approx(1.0 / low)
        assert back.detectable == pytest.approx(there.detectable)


@given(RATIOS, MARGINS, st.randoms(use_true_random=False))
def test_the_order_of_launches_does_not_matter(ratios: list[float], margin: float, random: Any) -> None:
    assert summarise(random.sample(ratios, len(ratios)), margin) == summarise(ratios, margin)


@given(st.lists(st.floats(0.95, 1.05), min_size=6, max_size=30), MARGINS, st.floats(1.0, 1.1))
def test_slower_launches_never_read_as_faster(ratios: list[float], margin: float, factor: float) -> None:
    before, after = summarise(ratios, margin), summarise([factor * ratio for ratio in ratios], margin)
    assert ORDER[after.verdict] >= ORDER[before.verdict]
    assert all(later >= earlier for earlier, later in zip(known(before), known(after), strict=True))


@given(st.lists(st.floats(0.95, 1.05), min_size=6, max_size=30), MARGINS)
def test_the_interval_holds_the_ratio_and_the_verdict_follows_it(ratios: list[float], margin: float) -> None:
    summary = summarise(ratios, margin)
    low, ratio, high = known(summary)
    assert low * (1 - 1e-12) <= ratio <= high * (1 + 1e-12)
    assert (summary.reason is None) == (summary.verdict != "inconclusive")
    assert summary.detectable is not None
    assert summary.detectable >= margin * (1 - 1e-12)


@settings(max_examples=30)
@given(st.lists(st.floats(0.9, 1.1), min_size=6, max_size=12))
def test_a_wider_margin_never_unsettles_equivalent(ratios: list[float]) -> None:
    verdicts = [summarise(ratios, margin).verdict for margin in (0.01, 0.02, 0.05, 0.11)]
    settled = verdicts.index("equivalent") if "equivalent" in verdicts else len(verdicts)
    assert set(verdicts[settled:]) <= {"equivalent"}


def test_every_reason_is_given_to_some_launches() -> None:
    random = np.random.default_rng(3)
    kinds: Counter[str] = Counter()
    for spread in (0.003, 0.02):
        for count in (5, 8):
            for _ in range(100):
                logs = random.normal(0.008, spread, count)
                kinds[_kind(summarise(list(np.exp(logs)), 0.01).reason)] += 1
                kinds[_kind(summarise(list(np.exp(logs + 0.3 * (logs > 0.008))), 0.01).reason)] += 1
    assert set(kinds) == {"none", "an interval", "clusters", "disagree", "near the margin"}


@pytest.mark.parametrize("count", [6, 8, 12, 20, 30])
@pytest.mark.parametrize("shape", ["normal", "skewed"])
def test_intervals_cover_the_median_as_often_as_they_say(count: int, shape: str) -> None:
    random = np.random.default_rng(count)
    trials = 2000
    noise = random.normal(size=(trials, count))
    samples = noise if shape == "normal" else np.exp(1.5 * noise) - 1.0  # both have the median 0
    intervals = [interval for sample in samples if (interval := sign_test_interval(sample)) is not None]
    assert len(intervals) == trials
    covered = np.mean([interval.low <= 0.0 <= interval.high for interval in intervals])
    level = intervals[0].level
    assert abs(covered - level) <= 4.0 * math.sqrt(level * (1.0 - level) / trials)


def test_the_attained_levels_in_the_document_are_those_of_the_code() -> None:
    text = (ROOT / "docs" / "MEASURING.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) \| [^|]+ \| ([\d.]+) % \|", text, re.MULTILINE)
    assert {"6", "12", "20"} <= {launches for launches, _ in rows}
    for count, level in rows:
        interval = sign_test_interval(range(int(count)))
        assert interval is not None and f"{100 * interval.level:.1f}" == level
