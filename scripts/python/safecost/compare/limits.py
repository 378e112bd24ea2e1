"""What a project says of its gate: limits for metrics and cases, and rows that are known to be bad, until a day.

Both are small files, TOML or (named *.json) JSON; limits.schema.json and known_bad.schema.json are made of their types.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct

from safecost.compare.rows import METRICS, WORDS, ComparisonRow, Limit, Metric
from safecost.core.decoding import read_small
from safecost.core.errors import UsageError
from safecost.core.text import file_name, shown
from safecost.document.metrics import spec_of

NameGlob = Annotated[str, Meta(min_length=1, max_length=1000, description="A glob over names of rows.")]
MetricGlob = Annotated[str, Meta(min_length=1, max_length=100, description="A glob over metrics; all without it.")]


class LimitEntry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How much more is no regression yet."""

    name: NameGlob = "*"
    metric: MetricGlob = "*"
    relative: Annotated[float, Meta(ge=0, le=1000, description="A share of the base: 0.01 is 1 %.")] = 0.0
    absolute: Annotated[
        float, Meta(ge=0, le=1e15, description="In the metric's own unit; the larger of both counts.")
    ] = 0.0


class LimitsFile(Struct, frozen=True, forbid_unknown_fields=True):
    """The last entry that holds a row counts; without one, the defaults do."""

    limit: Annotated[tuple[LimitEntry, ...], Meta(max_length=1000)] = ()


class KnownBadEntry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Rows that may be regressions, or missing, up to the end of a day."""

    name: NameGlob
    metric: MetricGlob = "*"
    reason: Annotated[str, Meta(min_length=1, max_length=1000, description="Why, for whoever finds it.")]
    expires: Annotated[date, Meta(description="The last day on which it is excused, YYYY-MM-DD.")]


class KnownBadFile(Struct, frozen=True, forbid_unknown_fields=True):
    """Rows that a project knows to be bad."""

    known_bad: Annotated[tuple[KnownBadEntry, ...], Meta(max_length=1000)] = ()


def holds(entry: LimitEntry | KnownBadEntry, row: ComparisonRow) -> bool:
    """Is an entry about a row?"""
    return fnmatchcase(row.metric, entry.metric) and fnmatchcase(row.name, entry.name)


def limit_of(row: ComparisonRow, entries: Sequence[LimitEntry]) -> Limit | None:
    """The limit of the last entry that holds the row, None where none does."""
    return next((Limit(one.relative, one.absolute) for one in reversed(entries) if holds(one, row)), None)


def read_limits(path: Path) -> tuple[LimitEntry, ...]:
    """The entries of a file; raises UsageError naming the first thing wrong with it."""
    entries = read_small(path, LimitsFile, "limits as TOML or JSON").limit
    for at, entry in enumerate(entries, 1):
        limited = [metric for metric in _metrics(path, at, entry) if metric not in WORDS]
        if not limited:
            raise UsageError(
                f"{file_name(path)}: limit {at} is of {shown(entry.metric)}, which is no number: excuse it with"
                " --known-bad."
            )
        if entry.absolute and all(spec_of(metric).tier == "time" for metric in limited):
            raise UsageError(
                f"{file_name(path)}: limit {at} is of a time and has an absolute part: give a relative one."
            )
    return entries


def read_known_bad(path: Path) -> tuple[KnownBadEntry, ...]:
    """The entries of a file; raises UsageError naming the first thing wrong with it."""
    entries = read_small(path, KnownBadFile, "known-bad rows as TOML or JSON").known_bad
    for at, entry in enumerate(entries, 1):
        _metrics(path, at, entry)
    return entries


def _metrics(path: Path, at: int, entry: LimitEntry | KnownBadEntry) -> list[Metric]:
    """The metrics that an entry is about; raises UsageError where there is none."""
    found = [metric for metric in METRICS if fnmatchcase(metric, entry.metric)]
    if not found:
        raise UsageError(
            f"{file_name(path)}: entry {at} is of the metric {shown(entry.metric)}, which there is none of: choose"
            f" from {', '.join(METRICS)}."
        )
    return found
