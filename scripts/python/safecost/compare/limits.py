"""What a project says of its gate: limits for metrics and cases, and rows that are known to be bad, until a day.

Both are small files, TOML or (named *.json) JSON; limits.schema.json and known_bad.schema.json are made of their types.
"""

from __future__ import annotations

import fnmatch
import json
import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated, Any, TypeVar

from msgspec import Meta, Struct

from safecost.compare.rows import METRICS, WORDS, ComparisonRow, Limit, tier_of
from safecost.core.decoding import Misfit, convert
from safecost.core.errors import UsageError
from safecost.core.text import file_name, shown

SIZE_LIMIT = 1024 * 1024  # bytes
_File = TypeVar("_File", bound=Struct)

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
    expires: Annotated[
        str,
        Meta(
            pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$(?!\n)",
            description="The last day on which it is excused, YYYY-MM-DD.",
        ),
    ]


class KnownBadFile(Struct, frozen=True, forbid_unknown_fields=True):
    """Rows that a project knows to be bad."""

    known_bad: Annotated[tuple[KnownBadEntry, ...], Meta(max_length=1000)] = ()


@dataclass(frozen=True, slots=True)
class Rows:
    """Which rows an entry is about: globs over their names and metrics; `entry` is its number in its file, from 1."""

    entry: int
    name: str
    metric: str

    def hold(self, row: ComparisonRow) -> bool:
        """Is the row one of them?"""
        return _matches(self.metric, row.metric) and _matches(self.name, row.name)


@cache
def _pattern(glob: str) -> re.Pattern[str]:
    return re.compile(fnmatch.translate(glob))


def _matches(glob: str, name: str) -> bool:
    return glob == "*" or _pattern(glob).match(name) is not None


@dataclass(frozen=True, slots=True)
class LimitRule:
    """The limit of some rows."""

    rows: Rows
    limit: Limit


@dataclass(frozen=True, slots=True)
class KnownBad:
    """Rows that may be bad up to the end of a day, and why."""

    rows: Rows
    reason: str
    expires: date


def limit_of(row: ComparisonRow, rules: Sequence[LimitRule]) -> Limit | None:
    """The limit of the last rule that holds the row, None where none does."""
    return next((rule.limit for rule in reversed(rules) if rule.rows.hold(row)), None)


def read_limits(path: Path) -> tuple[LimitRule, ...]:
    """The rules of a file; raises UsageError naming the first thing wrong with it."""
    rules = tuple(
        LimitRule(_rows(path, at, entry), Limit(entry.relative, entry.absolute))
        for at, entry in enumerate(_read(path, LimitsFile).limit, 1)
    )
    for rule in rules:
        limited = [metric for metric in METRICS if metric not in WORDS and _matches(rule.rows.metric, metric)]
        if not limited:
            raise UsageError(
                f"{file_name(path)}: limit {rule.rows.entry} is of {shown(rule.rows.metric)}, which is no number:"
                " excuse it with --known-bad."
            )
        times = all(tier_of(metric) == "time" for metric in limited)
        if times and rule.limit.absolute:
            raise UsageError(
                f"{file_name(path)}: limit {rule.rows.entry} is of a time and has an absolute part: give a relative"
                " one."
            )
    return rules


def read_known_bad(path: Path) -> tuple[KnownBad, ...]:
    """The entries of a file; raises UsageError naming the first thing wrong with it."""
    found = []
    for at, entry in enumerate(_read(path, KnownBadFile).known_bad, 1):
        try:
            expires = date.fromisoformat(entry.expires)
        except ValueError as error:
            raise UsageError(
                f"{file_name(path)}: known_bad {at} expires on {shown(entry.expires)}, which is no day."
            ) from error
        found.append(KnownBad(_rows(path, at, entry), entry.reason, expires))
    return tuple(found)


def _rows(path: Path, at: int, entry: LimitEntry | KnownBadEntry) -> Rows:
    metric = entry.metric
    if not any(_matches(metric, one) for one in METRICS):
        raise UsageError(
            f"{file_name(path)}: entry {at} is of the metric {shown(metric)}, which there is none of: choose from"
            f" {', '.join(METRICS)}."
        )
    return Rows(at, entry.name, metric)


def _read(path: Path, kind: type[_File]) -> _File:
    """What a file of that kind holds."""
    try:
        if path.stat().st_size > SIZE_LIMIT:
            raise UsageError(
                f"{file_name(path)} has {path.stat().st_size} bytes, and such a file at most {SIZE_LIMIT}."
            )
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise UsageError(f"{file_name(path)} is not UTF-8.") from error
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise UsageError(f"{file_name(path)} cannot be read: {getattr(error, 'strerror', None) or error}.") from error
    try:
        plain = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        written = "JSON" if path.suffix == ".json" else "TOML"
        said = shown(str(error), quoted=False, limit=200)
        raise UsageError(f"{file_name(path)} is not {written}: {said}.") from error
    try:
        return convert(_dates_as_text(plain), kind, "the file")
    except Misfit as misfit:
        raise UsageError(f"{file_name(path)}: {misfit}.") from misfit


def _dates_as_text(value: Any) -> Any:
    """The value as JSON would have it: TOML has days of its own."""
    if isinstance(value, dict):
        return {key: _dates_as_text(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_dates_as_text(item) for item in value]
    return value.isoformat() if isinstance(value, date) else value
