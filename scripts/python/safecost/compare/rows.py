"""What a comparison of a base with a head is made of, and how a difference becomes a verdict: pure, without files.

Rows come from two run documents (comparison_of.py), from base and head timed in one process, or from Google Benchmark's
files. They are judged here, all alike. docs/COMPARING.md explains the words.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal, get_args

from safecost.core.text import number, percent
from safecost.document import metrics
from safecost.document.metrics import spec_of
from safecost.document.points import contender_name

Tier = Literal["exact", "time"]
Metric = str
"""The name of a row of document/metrics.py; a row of a comparison cannot have another."""

RowVerdict = Literal["wrong", "regression", "missing", "inconclusive", "improvement", "changed", "new", "unchanged"]
How = Literal["documents", "live", "unpaired"]
Value = float | str | None

METRICS: tuple[Metric, ...] = tuple(spec.name for spec in metrics.METRICS)
WORDS: tuple[Metric, ...] = tuple(spec.name for spec in metrics.METRICS if spec.scale in ("words", "presence"))
"""Metrics whose values are words, and that no limit can be set for."""
VERDICTS: tuple[RowVerdict, ...] = get_args(RowVerdict)
"""Worst first."""

_TOLERANCE = 1e-12  # relative and in logarithms: rounding must not decide which side of a limit a value lies on


@dataclass(frozen=True, slots=True)
class RowPlace:
    """What a row is about; None where a part does not apply.

    `case` is `family/case`, or the name of a benchmark of others. `fault` is that of a catch; `against` is the
    denominator of a ratio, `raw@gcc-o2`.
    """

    case: str
    variant: str | None = None
    profile: str | None = None
    size: int | None = None
    rate: float | None = None
    fault: str | None = None
    against: str | None = None
    threads: int | None = None
    workers: int | None = None

    @property
    def name(self) -> str:
        """`indexing/sum/at/size:4096@gcc-o2`; limits and known-bad rows name rows by it, `against` is no part of it."""
        if self.variant is not None and self.profile is not None and self.size is not None:
            place = (self.size, self.rate, self.threads, self.workers)
            return contender_name(self.case, self.variant, place, self.profile)
        name = "/".join(part for part in (self.case, self.variant, self.fault) if part is not None)
        return name if self.profile is None else f"{name}@{self.profile}"


@dataclass(frozen=True, slots=True)
class Limit:
    """How much more is no regression yet: the larger of a share of the base and a number of the metric's own unit.

    For times only `relative` counts: 0.01 is the band from 1/1.01 to 1.01.
    """

    relative: float = 0.0
    absolute: float = 0.0

    @property
    def words(self) -> str:
        """`0.2 % or 1`."""
        parts = [percent(self.relative)] if self.relative else []
        parts += [f"{self.absolute:g}"] if self.absolute else []
        return " or ".join(parts) or "none"


EXACT = Limit()
DEFAULT_LIMITS: dict[Metric, Limit] = {
    spec.name: Limit(spec.relative, spec.absolute) for spec in metrics.METRICS if spec.relative or spec.absolute
}
"""Of exact metrics; those that are not here have none: any difference counts. Times have the run's margin."""


@dataclass(frozen=True, slots=True)
class ComparisonRow:
    """One quantity of one place in base and head.

    `base` and `head` are numbers (a ratio of times; a count of one call; bytes), or words (an outcome, yes or no);
    None where a side lacks it. `change` is head over base less 1, None where that is not defined; `low`, `high` are
    its interval and `level` the least probability that it holds the true one; all three are None together.
    `detectable` is the relative change that would have been called a regression half the time.

    `same_code`: base and head are the same bytes, so a difference in time is owed to something else. `confirmed`
    tells of a regression in time whether fresh launches by themselves show it, None where nobody looked.
    `known_bad` is the reason for which it was excused. `note` says why the verdict is what it is where that does not
    follow from the rest.
    """

    place: RowPlace
    metric: Metric
    base: Value
    head: Value
    verdict: RowVerdict
    change: float | None = None
    low: float | None = None
    high: float | None = None
    level: float | None = None
    detectable: float | None = None
    limit: Limit | None = None
    same_code: bool | None = None
    confirmed: bool | None = None
    known_bad: str | None = None
    note: str | None = None

    def __post_init__(self) -> None:
        spec_of(self.metric)

    @property
    def tier(self) -> Tier:
        """Whether the metric is exact or a time."""
        return spec_of(self.metric).tier

    @property
    def suspected(self) -> bool:
        """Is it a time whose estimate lies beyond its limit and whose interval does not: too few launches to tell?"""
        if self.tier != "time" or self.verdict != "inconclusive" or self.confirmed is not None:
            return False
        return self.limit is not None and self.change is not None and self.change > self.limit.relative

    @property
    def key(self) -> tuple[RowPlace, Metric]:
        """What no other row of a comparison has."""
        return self.place, self.metric

    @property
    def name(self) -> str:
        """The name of its place."""
        return self.place.name


@dataclass(frozen=True, slots=True)
class SideFacts:
    """Base or head: the name the user gave, and facts for a reader, (what, how it was): ("system", "Debian 12")."""

    name: str
    facts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two sides and every row, in an order that does not depend on the verdicts.

    `how` tells what the times are worth: "live" interleaves base and head in one process, "documents" are two runs,
    "unpaired" are two times of Google Benchmark, each by itself. `advisory` has the reasons, as sentences, for which
    times are advice only; a gate on time is refused where there is one. `warnings` are sentences, too: of what differs
    beside the rows, and of what was left out. `gone` tells of whole kinds of rows that base has and head did not look
    at. `margin` is the relative change of time that counts.
    """

    base: SideFacts
    head: SideFacts
    how: How
    margin: float
    rows: tuple[ComparisonRow, ...]
    warnings: tuple[str, ...] = ()
    advisory: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()


def exact_row(
    place: RowPlace, metric: Metric, base: float | None, head: float | None, *, note: str | None = None
) -> ComparisonRow:
    """A row of a number that is exact, judged by the default limit."""
    change = head / base - 1.0 if base and head is not None else None
    row = ComparisonRow(place, metric, base, head, "unchanged", change, note=note)
    return judged(row, DEFAULT_LIMITS.get(metric, EXACT))


def word_row(
    place: RowPlace, metric: Metric, base: str | None, head: str | None, verdict: RowVerdict, note: str | None
) -> ComparisonRow:
    """A row of words; `verdict` is what the difference of two that are there means."""
    return ComparisonRow(place, metric, base, head, _presence(base, head) or verdict, limit=EXACT, note=note)


def time_row(
    place: RowPlace,
    metric: Metric,
    base: float,
    head: float,
    interval: tuple[float, float, float] | None,
    margin: float,
    *,
    same_code: bool | None = None,
    confirmed: bool | None = None,
    note: str | None = None,
) -> ComparisonRow:
    """A row of two ratios of times; `interval` is of head over base: (low, high, level), as ratios around 1.

    Without an interval the row is inconclusive, and `note` should say why there is none.
    """
    low, high, level = (interval[0] - 1.0, interval[1] - 1.0, interval[2]) if interval else (None, None, None)
    detectable = None
    if interval is not None:
        detectable = (1.0 + margin) * math.sqrt(interval[1] / interval[0]) - 1.0
    row = ComparisonRow(
        place, metric, base, head, "inconclusive", head / base - 1.0, low, high, level, detectable,
        same_code=same_code, confirmed=confirmed, note=note,
    )  # fmt: skip
    return judged(row, Limit(margin))


SAME = (1.0, 1.0, 1.0)
"""The interval of head over base where both are one measurement, time for time: nothing can have changed."""

SAME_NOTE = "base and head are the same measurement"


def judged(row: ComparisonRow, limit: Limit) -> ComparisonRow:
    """The row with the verdict that its values have under `limit`; rows of words keep theirs."""
    presence = _presence(row.base, row.head)
    if presence is not None:
        return replace(row, limit=limit, verdict=presence)
    if not isinstance(row.base, float) or not isinstance(row.head, float):
        return row
    verdict = _of_time(row, limit) if row.tier == "time" else _of_exact(row, row.base, row.head, limit)
    return replace(row, limit=limit, verdict=verdict)


def _presence(base: Value, head: Value) -> RowVerdict | None:
    return "missing" if head is None else "new" if base is None else None


def _of_exact(row: ComparisonRow, base: float, head: float, limit: Limit) -> RowVerdict:
    room = max(limit.relative * base, limit.absolute)
    room += _TOLERANCE * max(base, head)
    more, less = head > base + room, head < base - room
    if not more and not less:
        return "unchanged"
    worse = spec_of(row.metric).worse
    if less and worse == 0:
        return "changed"  # whether a check was needed, only a proof tells
    return "regression" if more == (worse >= 0) else "improvement"


def _of_time(row: ComparisonRow, limit: Limit) -> RowVerdict:
    """Against the margin: beyond it, within it, or undecided; a regression that fresh launches deny is undecided."""
    if row.low is None or row.high is None:
        return "inconclusive"
    low, high, edge = math.log1p(row.low), math.log1p(row.high), math.log1p(limit.relative)
    if low > edge + _TOLERANCE:
        return "inconclusive" if row.confirmed is False else "regression"
    if high < -edge - _TOLERANCE:
        return "improvement"
    return "unchanged" if low >= -edge - _TOLERANCE and high <= edge + _TOLERANCE else "inconclusive"


def value_text(value: Value, metric: Metric) -> str:
    """A value for a reader: `1.012`, `9,231`, `silent: read foreign`, a dash for none."""
    if value is None:
        return "-"
    if isinstance(value, str):
        return value
    if spec_of(metric).tier == "time":
        return number(value)
    return f"{value:,.0f}" if float(value).is_integer() else number(value)


def change_text(row: ComparisonRow) -> str:
    """The change with its interval: `+1.2 % (+0.9 to +1.5)`, a dash where it is not defined."""
    if row.change is None:
        return "-"
    if row.low is None or row.high is None:
        return f"{_signed(row.change)} %"
    return f"{_signed(row.change)} % ({_signed(row.low)} to {_signed(row.high)})"


def _signed(share: float) -> str:
    text = f"{100.0 * share:+.3g}" if abs(share) >= 0.1 else f"{100.0 * share:+.2g}"
    if "e" in text:
        text = f"{100.0 * share:+,.0f}" if abs(share) >= 1 else f"{100.0 * share:+.4f}"
    return "0" if float(text.replace(",", "")) == 0 else text
