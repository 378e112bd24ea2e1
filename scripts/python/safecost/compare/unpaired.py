"""The comparison of times that were measured each by itself: Google Benchmark's, on one side or on both.

Nothing in such a file says what a time is relative to, so that the state of the machine is in every number. Rows are
advice only, whatever they read.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from safecost.compare.exact import union
from safecost.compare.google_benchmark import BenchmarkTimes
from safecost.compare.rows import (
    SAME,
    SAME_NOTE,
    Comparison,
    ComparisonRow,
    Limit,
    RowPlace,
    RowVerdict,
    SideFacts,
    time_row,
)
from safecost.core.text import counted
from safecost.stats.pairs import FEWEST_LAUNCHES, sign_test_interval

MARGIN = 0.05
"""Relative difference below which two processes that ran the same code cannot be kept apart, even on a calm machine."""


def compare(
    base: tuple[SideFacts, Mapping[str, BenchmarkTimes]],
    head: tuple[SideFacts, Mapping[str, BenchmarkTimes]],
    margin: float,
    warnings: tuple[str, ...],
) -> Comparison:
    """Every benchmark of two files."""
    return Comparison(
        base[0],
        head[0],
        "unpaired",
        margin,
        tuple(_rows(base[1], head[1], margin)),
        warnings,
        (
            "Base and head were timed each by itself, so the state of the machine is in every difference: run both"
            " as plugins of safecost for times that can be gated.",
        ),
    )


def _rows(
    base: Mapping[str, BenchmarkTimes], head: Mapping[str, BenchmarkTimes], margin: float
) -> Iterator[ComparisonRow]:
    for name, old, new in union(base, head):
        place = RowPlace(name)
        before, after = (None if times is None else times.middle for times in (old, new))
        if old is not None and new is not None and before is not None and after is not None:
            yield time_row(place, "benchmark_time", before, after, _interval(old, new), margin, note=_why(old, new))
            continue
        note = next((times.error for times in (new, old) if times is not None and times.error is not None), None)
        verdict: RowVerdict = (
            "inconclusive" if before is None and after is None else "missing" if after is None else "new"
        )
        yield ComparisonRow(place, "benchmark_time", before, after, verdict, limit=Limit(margin), note=note)


def _interval(old: BenchmarkTimes, new: BenchmarkTimes) -> tuple[float, float, float] | None:
    """Of head over base, from order statistics of the repetitions of each."""
    if old.values == new.values:
        return SAME
    intervals = [sign_test_interval([math.log(value) for value in times.values]) for times in (old, new)]
    before, after = intervals
    if before is None or after is None:
        return None
    return math.exp(after.low - before.high), math.exp(after.high - before.low), before.level * after.level


def _why(old: BenchmarkTimes, new: BenchmarkTimes) -> str | None:
    """Why there is no interval, or one without width."""
    if old.values == new.values:
        return SAME_NOTE
    for which, times in (("base", old), ("head", new)):
        if times.aggregate is not None:
            return f"{which} has only the {times.aggregate} of its repetitions, not each"
        if len(times.values) < FEWEST_LAUNCHES:
            return f"{which} has {counted(len(times.values), 'repetition')}, and an interval needs {FEWEST_LAUNCHES}"
    return None
