"""Where a series stands: its changes, who accepted them, its baseline, and whether its last points are as usual.

The baseline is the median of up to 30 accepted points since the last acknowledged change, never the previous run. A
point is accepted unless it lies behind a change that nobody has acknowledged; once the series is back at its level
its points are accepted again, so that a failure does not freeze the baseline.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from safecost.document.metrics import MetricSpec
from safecost.history import changes
from safecost.history.changes import Search
from safecost.history.records import Acceptance
from safecost.history.series import Series, SeriesPoint, Track

MOST = 30
"""Points that make a baseline."""


@dataclass(frozen=True, slots=True)
class Change:
    """A step of the level at the point `index`: medians of the segments before and after; who acknowledged it."""

    index: int
    before: float
    after: float
    acknowledged: Acceptance | None


@dataclass(frozen=True, slots=True)
class SeriesStatus:
    """A series with all that is said of it.

    `accepted` are the indices of the points that the baseline may use, `earlier` of those that were accepted before
    the last decision; `baseline` is None where there is none yet; `usual` says that the last level is accepted.
    """

    series: Series
    changes: tuple[Change, ...]
    accepted: tuple[int, ...]
    earlier: tuple[int, ...]
    decisions: tuple[tuple[int, Acceptance], ...]
    baseline: float | None
    usual: bool

    @property
    def pending(self) -> Change | None:
        """The change that led to a last level which nobody has accepted."""
        return None if self.usual else self.changes[-1]


@dataclass(frozen=True, slots=True)
class Step:
    """From one toolchain to the next: the last level of the one, the first level of the other."""

    before: SeriesStatus
    after: SeriesStatus
    low: float
    high: float


def statuses(track: Track, decided: Iterable[Acceptance], search: Search = changes.DEFAULT) -> list[SeriesStatus]:
    """Where each series of a track stands; `decided` are all acceptances of the history."""
    ours = [one for one in decided if one.of == track.subject and one.metric == track.metric.key]
    return [stand(series, track.metric, ours, search) for series in track.series]


def stand(
    series: Series, metric: MetricSpec, decided: Sequence[Acceptance], search: Search = changes.DEFAULT
) -> SeriesStatus:
    """Where one series stands; acceptances of runs that are not in it are passed over."""
    points = series.points
    places = {point.run.run: index for index, point in enumerate(points)}
    decisions = tuple((places[one.run], one) for one in decided if one.run in places)
    reach = _reach(metric, search)
    found = _changes(points, _starts(points, metric, search), decisions, reach)
    begins = sorted({0, *(_begin(found, index, reach) for index, _ in decisions)})
    periods = [_accepted(points, first, end, found, metric, search) for first, end in pairwise([*begins, len(points)])]
    accepted, begin = periods[-1], begins[-1]
    usual = bool(accepted) and (not found or accepted[-1] >= max(found[-1].index, begin))
    return SeriesStatus(
        series=series,
        changes=tuple(found),
        accepted=tuple(accepted),
        earlier=tuple(index for period in periods[:-1] for index in period),
        decisions=decisions,
        baseline=statistics.median(points[index].value for index in accepted[-MOST:]) if accepted else None,
        usual=usual,
    )


def step_between(before: SeriesStatus, after: SeriesStatus) -> Step:
    """The step that a new toolchain makes: medians of up to 30 points of the level on either side of the switch."""
    last = before.changes[-1].index if before.changes else 0
    first = after.changes[0].index if after.changes else MOST
    low = statistics.median(point.value for point in before.series.points[last:][-MOST:])
    return Step(before, after, low, statistics.median(point.value for point in after.series.points[: min(first, MOST)]))


def is_worse(metric: MetricSpec, before: float, after: float) -> bool:
    """Is a step from one level to another one for the worse?"""
    return after != before and (metric.worse == 0 or (after > before) == (metric.worse > 0))


def _starts(points: Sequence[SeriesPoint], metric: MetricSpec, search: Search) -> list[int]:
    """Indices at which a new level begins."""
    values = [point.value for point in points]
    if metric.scale == "words":  # silent to crashed is a change, too
        words = list(dict.fromkeys(point.words for point in points))
        return changes.exact([float(words.index(point.words)) for point in points])
    if metric.tier == "exact":
        return changes.exact(values, metric.absolute, metric.relative)
    return changes.find(values, search)


def _reach(metric: MetricSpec, search: Search) -> int:
    """How far, in points, from an acceptance the change may be found that it meant: later points move it a little."""
    return 1 if metric.tier == "exact" else search.segment


def _changes(
    points: Sequence[SeriesPoint], starts: Sequence[int], decisions: Sequence[tuple[int, Acceptance]], reach: int
) -> list[Change]:
    bounds = [0, *starts, len(points)]
    levels = [statistics.median(point.value for point in points[first:end]) for first, end in pairwise(bounds)]
    found = []
    for at, (before, after) in zip(starts, pairwise(levels), strict=True):
        near = [one for index, one in decisions if abs(index - at) < reach]
        found.append(Change(at, before, after, near[-1] if near else None))
    return found


def _begin(found: Sequence[Change], decided: int, reach: int) -> int:
    """Where a baseline begins: at the change that a decision about the point `decided` meant, or else there."""
    return next((one.index for one in reversed(found) if abs(one.index - decided) < reach), decided)


def _accepted(
    points: Sequence[SeriesPoint], begin: int, end: int, found: Sequence[Change], metric: MetricSpec, search: Search
) -> list[int]:
    """Indices of the points between two decisions that lie on an accepted level, in their order."""
    accepted: list[int] = []
    for first, last in pairwise([begin, *(change.index for change in found if begin < change.index < end), end]):
        if first == begin or _alike(metric, points, accepted, range(first, last), search):
            accepted += range(first, last)
    return accepted


def _alike(
    metric: MetricSpec, points: Sequence[SeriesPoint], usual: Sequence[int], here: Sequence[int], search: Search
) -> bool:
    """Is a segment back at the level of the accepted points?"""
    if metric.scale == "words":
        return points[here[0]].words == points[usual[-1]].words
    level = statistics.median(points[index].value for index in usual[-MOST:])
    value = statistics.median(points[index].value for index in here)
    if metric.tier == "exact":
        return abs(value - level) <= max(metric.absolute, metric.relative * level)
    return max(value, level) / min(value, level) <= 1 + search.magnitude
