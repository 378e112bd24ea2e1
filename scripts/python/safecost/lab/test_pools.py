"""Tests of the study of pools: when ratios agree, that its sizes are the runner's; no speed is claimed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from safecost.core.paths import ROOT, Folders
from safecost.document.measured import RoundTimes
from safecost.lab import pools
from safecost.suite import cases
from safecost.testing.sample_evidence import rounds

_STRAIGHT = re.compile(r"SAFECOST_CASE_STRAIGHT|\.straight\(\)")


def launches(raw: float, other: float, count: int = pools.LAUNCHES, wild: float = 0.0) -> list[RoundTimes]:
    """Launches of two contenders, alike but for `wild`, which spreads the second one's times."""
    return [rounds([[raw] * 8, [other * (1 + wild * (i - count // 2))] * 8]) for i in range(count)]


@pytest.mark.parametrize(
    ("before", "after", "wild", "word", "change"),
    [(1.5, 1.5, 0.0, "agree", 1.0), (1.5, 1.2, 0.0, "differ", 0.8), (1.5, 1.8, 0.0, "differ", 1.2),
     (1.5, 1.5, 0.05, "inconclusive", 1.0)],
)  # fmt: skip
def test_pools_agree_when_the_interval_of_the_change_lies_within_the_margin(
    before: float, after: float, wild: float, word: str, change: float
) -> None:
    results = {size: launches(10.0, 10.0 * before) for size in pools.POOLS}
    results[4 * pools.DEFAULT_POOL] = launches(20.0, 20.0 * after, wild=wild)
    raw, other = pools.pool_rows("iteration/sort", 1024, ["raw", "std_sort"], results)
    times = {point.pool_bytes: point.nanoseconds for point in raw.points}
    assert (raw.agreement, times[0], times[4 * pools.DEFAULT_POOL]) == (None, 10.0, 20.0)
    assert other.agreement == word
    assert other.change == pytest.approx(change)
    for point in other.points:
        assert point.ratio == pytest.approx(after if point.pool_bytes == 4 * pools.DEFAULT_POOL else before)


@pytest.mark.parametrize(
    ("at_64", "at_512", "wild", "word", "change"),
    [
        (1.5, 1.5, 0.0, "agree", 1.0),
        (1.53, 1.5, 0.0, "differ", 1.02),
        (1.5, 1.47, 0.0, "differ", 0.98),
        (1.5, 1.512, 0.0, "agree", 1.008),
        (1.5, 1.5, 0.02, "inconclusive", 1.0),
    ],
)
def test_straight_cases_agree_where_every_pool_up_to_512_kib_gives_the_ratio_of_16_within_the_margin(
    at_64: float, at_512: float, wild: float, word: str, change: float
) -> None:
    assert pools.STRAIGHT_CLAIM.words == "16, 64 and 512 KiB" and pools.STRAIGHT_CLAIM.margin == 0.01
    results = {size: launches(10.0, 15.0) for size in pools.POOLS}
    results[1 << 21] = launches(30.0, 90.0)  # beyond the cache, which is no part of the claim
    results[1 << 16], results[1 << 19] = launches(10.0, 10.0 * at_64), launches(20.0, 20.0 * at_512, wild=wild)
    raw, other = rows = pools.pool_rows("indexing/sum", 2048, ["raw", "at"], results, straight=True)
    assert (raw.agreement, other.agreement) == (None, word)
    assert other.change == pytest.approx(change)
    count, words = pools.differing(rows)
    assert count == (word == "differ") == ("; differ: indexing/sum/at" in words)
    assert "agree within 1% at 16, 64 and 512 KiB" in words
    assert "straight cases; the last column: whether the ratios at 16, 64 and 512 KiB agree" in pools.markdown(rows)[0]


def test_the_straight_cases_are_those_that_say_so() -> None:
    here = cases.find(Folders.of(()))
    found = {case.name for case in here if any(_STRAIGHT.search(file.read_text()) for file in case.files)}
    assert found == set(pools.STRAIGHT) and not found & set(pools.OTHERS)


def test_the_default_pool_is_the_runners() -> None:
    header = (ROOT / "src/runner/panel.h").read_text(encoding="utf-8")
    found = re.search(r"pool_bytes = (\d+) << (\d+);", header)
    assert found
    assert int(found[1]) << int(found[2]) == pools.DEFAULT_POOL
    assert {0, pools.DEFAULT_POOL, 4 * pools.DEFAULT_POOL} <= set(pools.POOLS)


@pytest.mark.build
def test_a_pool_may_be_a_single_input(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(pools, "LAUNCHES", 1)
    monkeypatch.setattr(pools, "SECONDS", 0.002)
    case = next(case for case in cases.find(Folders.of(())) if case.name == "indexing/sum")
    sizes = (0, pools.STRAIGHT_CLAIM.first, *pools.STRAIGHT_CLAIM.larger)
    rows = pools.study(case, tmp_path, sizes)
    assert rows[0].variant == "raw" and rows[0].agreement is None
    counts = [point.inputs for point in rows[0].points]
    assert counts[0] == 1 and 2 <= counts[1] < counts[2] < counts[3]
    assert all(point.nanoseconds > 0 for row in rows for point in row.points)
