"""What a project says of its gate: limits for metrics and cases, and rows that are known to be bad, until a day.

Both are small files, TOML or (named *.json) JSON, held to limits.schema.json and known_bad.schema.json.
"""

from __future__ import annotations

import fnmatch
import json
import math
import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from safecost.compare.rows import METRICS, WORDS, ComparisonRow, Limit
from safecost.core.errors import UsageError
from safecost.core.text import shown
from safecost.document.checks import violation

SIZE_LIMIT = 1024 * 1024  # bytes


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
    entries = _entries(path, "limit", "limits.schema.json")
    rules = tuple(
        LimitRule(_rows(path, at, entry), Limit(float(entry.get("relative", 0.0)), float(entry.get("absolute", 0.0))))
        for at, entry in enumerate(entries, 1)
    )
    for rule in rules:
        if math.isnan(rule.limit.relative) or math.isnan(rule.limit.absolute):  # which no bound of a schema excludes
            raise UsageError(f"{_name(path)}: limit {rule.rows.entry} is not a number: give one, such as 0.01.")
        limited = [metric for metric in METRICS if metric not in WORDS and _matches(rule.rows.metric, metric)]
        if not limited:
            raise UsageError(
                f"{_name(path)}: limit {rule.rows.entry} is of {shown(rule.rows.metric)}, which is no number: excuse it"
                " with --known-bad."
            )
        times = all(metric.endswith("_time") for metric in limited)
        if times and rule.limit.absolute:
            raise UsageError(
                f"{_name(path)}: limit {rule.rows.entry} is of a time and has an absolute part: give a relative one."
            )
    return rules


def read_known_bad(path: Path) -> tuple[KnownBad, ...]:
    """The entries of a file; raises UsageError naming the first thing wrong with it."""
    found = []
    for at, entry in enumerate(_entries(path, "known_bad", "known_bad.schema.json"), 1):
        try:
            expires = date.fromisoformat(entry["expires"])
        except ValueError as error:
            raise UsageError(
                f"{_name(path)}: known_bad {at} expires on {shown(entry['expires'])}, which is no day."
            ) from error
        found.append(KnownBad(_rows(path, at, entry), entry["reason"], expires))
    return tuple(found)


def _rows(path: Path, at: int, entry: dict[str, Any]) -> Rows:
    metric = entry.get("metric", "*")
    if not any(_matches(metric, one) for one in METRICS):
        raise UsageError(
            f"{_name(path)}: entry {at} is of the metric {shown(metric)}, which there is none of: choose from"
            f" {', '.join(METRICS)}."
        )
    return Rows(at, entry.get("name", "*"), metric)


def _entries(path: Path, key: str, schema_file: str) -> list[dict[str, Any]]:
    """The entries of a file that fits its schema."""
    plain = _read(path)
    schema = json.loads(Path(__file__).with_name(schema_file).read_text(encoding="utf-8"))
    error = next(Draft202012Validator(schema).iter_errors(plain), None)
    if error is not None:
        raise UsageError(f"{_name(path)}: {violation(error)}.")
    entries: list[dict[str, Any]] = plain.get(key, [])
    return entries


def _read(path: Path) -> Any:
    try:
        if path.stat().st_size > SIZE_LIMIT:
            raise UsageError(f"{_name(path)} has {path.stat().st_size} bytes, and such a file at most {SIZE_LIMIT}.")
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise UsageError(f"{_name(path)} is not UTF-8.") from error
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise UsageError(f"{_name(path)} cannot be read: {getattr(error, 'strerror', None) or error}.") from error
    try:
        plain = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        kind = "JSON" if path.suffix == ".json" else "TOML"
        said = shown(str(error), quoted=False, limit=200)
        raise UsageError(f"{_name(path)} is not {kind}: {said}.") from error
    return _dates_as_text(plain)


def _dates_as_text(value: Any) -> Any:
    """The value as JSON would have it: TOML has days of its own."""
    if isinstance(value, dict):
        return {key: _dates_as_text(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_dates_as_text(item) for item in value]
    return value.isoformat() if isinstance(value, date) else value


def _name(path: Path) -> str:
    return shown(str(path), quoted=False, limit=400)
