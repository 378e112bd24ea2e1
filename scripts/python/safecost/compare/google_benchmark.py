"""Times of Google Benchmark's JSON (version 1 of its schema), by name, in nanoseconds."""

from __future__ import annotations

import math
import re
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from safecost.core.errors import UsageError
from safecost.core.text import shown
from safecost.document.measured import Contender, Panel
from safecost.document.points import contender_name
from safecost.document.types import Document

MOST_ENTRIES = 200_000
LONGEST_NAME = 4_000  # characters
SHORTEST_TIME, LONGEST_TIME = 1e-9, 1e21  # ns; far outside of what can be measured
_UNITS = {"ns": 1.0, "us": 1e3, "ms": 1e6, "s": 1e9}
# What versions before 1.5, which have no run_type, append to a name.
_AGGREGATE = re.compile(r"_(mean|median|stddev|cv|BigO|RMS|min|max)\Z")


@dataclass(frozen=True, slots=True)
class BenchmarkTimes:
    """Times of one call, one for each repetition or, where only aggregates were written, the median or the mean.

    `error` says why there is none.
    """

    values: tuple[float, ...]
    aggregate: str | None = None
    error: str | None = None

    @property
    def middle(self) -> float | None:
        """The median, None without times."""
        return statistics.median(self.values) if self.values else None


@dataclass(frozen=True, slots=True)
class Benchmarks:
    """The times of a file, facts of where they are from, and sentences of what was left out."""

    times: Mapping[str, BenchmarkTimes]
    facts: tuple[tuple[str, str], ...]
    warnings: tuple[str, ...]


def is_google_benchmark(plain: Any) -> bool:
    """Does decoded JSON look like Google Benchmark's?"""
    return isinstance(plain, dict) and isinstance(plain.get("benchmarks"), list) and "context" in plain


def parse(plain: Any, name: str) -> Benchmarks:
    """What decoded JSON holds; raises UsageError naming the first entry that cannot be understood."""
    name = shown(name, quoted=False, limit=400)
    context = plain["context"] if isinstance(plain["context"], dict) else {}
    version = context.get("json_schema_version", 1)
    if version != 1:
        raise UsageError(f"{name} is of Google Benchmark's JSON version {shown(version)}; this safecost reads 1.")
    entries = plain["benchmarks"]
    if len(entries) > MOST_ENTRIES:
        raise UsageError(f"{name} has {len(entries)} benchmarks, and at most {MOST_ENTRIES} are read.")
    reader = _Reader(name)
    for at, entry in enumerate(entries):
        reader.take(at, entry)
    return Benchmarks(reader.times(), _facts(context), tuple(reader.warnings))


def times_of(document: Document) -> dict[str, BenchmarkTimes]:
    """A run's contenders as benchmarks, under the names that they have there: one time for each launch."""
    timed = by_name(sorted(document.panels, key=lambda panel: panel.case))
    return {name: BenchmarkTimes(arm.nanoseconds) for name, (_, arm) in timed.items()}


def by_name(panels: Sequence[Panel]) -> dict[str, tuple[Panel, Contender]]:
    """Each contender once, with its panel: as its own profile's panel timed it, or else the first that did."""
    found: dict[str, tuple[Panel, Contender]] = {}
    for own in (True, False):
        for panel in panels:
            for arm in panel.contenders:
                if (arm.profile == panel.profile) == own:
                    name = contender_name(panel.case, arm.variant, panel.place, arm.profile)
                    found.setdefault(name, (panel, arm))
    return found


class _Reader:
    """Collects the entries of a file."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.warnings: list[str] = []
        self._single: dict[str, dict[int, float]] = {}
        self._errors: dict[str, str] = {}
        self._aggregates: dict[str, dict[str, float]] = {}
        self._twice: dict[str, None] = {}

    def take(self, at: int, entry: Any) -> None:
        """Note one entry."""
        where = f"{self.name}: benchmarks[{at}]"
        if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
            raise UsageError(f"{where} has no name: this is not Google Benchmark's JSON.")
        if len(entry["name"]) > LONGEST_NAME:
            raise UsageError(
                f"{where} has a name of {len(entry['name'])} characters, and at most {LONGEST_NAME} are read."
            )
        run = entry["run_name"] if isinstance(entry.get("run_name"), str) else _AGGREGATE.sub("", entry["name"])
        aggregate = self._aggregate(entry)
        if entry.get("error_occurred") is True or entry.get("skipped") is True:
            said = entry.get("error_message") or entry.get("skip_message") or "it does not say why"
            self._errors.setdefault(run, shown(said, quoted=False, limit=200))
        elif aggregate is not None:
            if aggregate in ("median", "mean") and entry.get("aggregate_unit", "time") == "time":
                self._aggregates.setdefault(run, {}).setdefault(aggregate, self._time(entry, where))
        else:
            self._repetition(run, entry, self._time(entry, where))

    @staticmethod
    def _aggregate(entry: Mapping[str, Any]) -> str | None:
        if entry.get("run_type") == "aggregate":
            return str(entry.get("aggregate_name", ""))
        found = _AGGREGATE.search(entry["name"])
        return found[1] if found and "run_type" not in entry else None

    def _repetition(self, run: str, entry: Mapping[str, Any], time: float) -> None:
        index = entry.get("repetition_index")
        if not isinstance(index, int) or isinstance(index, bool):
            # Before 1.5 repetitions had no number: several of one name are taken in their order.
            index = len(self._single.get(run, ())) if "run_type" not in entry else 0
        known = self._single.setdefault(run, {})
        if index in known:
            self._twice[run] = None
        known.setdefault(index, time)

    @staticmethod
    def _time(entry: Mapping[str, Any], where: str) -> float:
        time, unit = entry.get("real_time"), entry.get("time_unit", "ns")
        if not isinstance(unit, str) or unit not in _UNITS:
            raise UsageError(f"{where} has the time unit {shown(unit)}, and must have one of {', '.join(_UNITS)}.")
        if isinstance(time, bool) or not isinstance(time, (int, float)):
            raise UsageError(f"{where} has the real_time {shown(time)}, and must have a number.")
        # An integer may have more digits than a float can hold.
        return float(time) * _UNITS[unit] if abs(time) < LONGEST_TIME else math.inf

    def times(self) -> dict[str, BenchmarkTimes]:
        """All of them, by name; a name that two benchmarks have has no time, since nothing says which is meant."""
        found: dict[str, BenchmarkTimes] = {}
        for run in dict.fromkeys([*self._single, *self._aggregates, *self._errors]):
            values = tuple(self._single.get(run, {}).values())
            aggregate = None
            if not values and run in self._aggregates:
                aggregate = "median" if "median" in self._aggregates[run] else "mean"
                values = (self._aggregates[run][aggregate],)
            if run in self._twice:
                found[run] = BenchmarkTimes((), error="two benchmarks have this name, and nothing says which is meant")
            elif run in self._errors:
                found[run] = BenchmarkTimes((), error=self._errors[run])
            elif not all(SHORTEST_TIME <= value <= LONGEST_TIME for value in values):
                found[run] = BenchmarkTimes((), error="it has a time that no clock shows")
            else:
                found[run] = BenchmarkTimes(values, aggregate)
        without = [run for run, times in found.items() if times.error is not None]
        if without:
            first = shown(without[0], limit=100)
            self.warnings.append(
                f"{self.name} has no usable time of {len(without)} of {len(found)} benchmarks, among them {first}:"
                f" {found[without[0]].error}."
            )
        return found


def _facts(context: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """What the file says of its machine; not the host's name nor the program's path."""
    facts = []
    for what, key in (
        ("measured", "date"),
        ("CPUs", "num_cpus"),
        ("MHz", "mhz_per_cpu"),
        ("library", "library_version"),
    ):
        if key in context and isinstance(context[key], (str, int, float)):
            facts.append((what, shown(context[key], quoted=False, limit=100)))
    if context.get("library_build_type") == "debug":
        facts.append(("library build", "debug"))
    return tuple(facts)
