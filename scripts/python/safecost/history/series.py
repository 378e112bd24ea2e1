"""Series: the values of one metric of one subject on one machine, over time, one series for each toolchain."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from safecost.core.errors import UsageError
from safecost.core.text import counted, number
from safecost.document import metrics
from safecost.document.metrics import MetricSpec, Part
from safecost.history.records import CodeRecord, CountRecord, PairRecord, ProofRecord, Record, RunRecord, digest
from safecost.suite.cases import pattern_of

RECORDS: Mapping[Part, type[Record]] = {
    "pair": PairRecord,
    "count": CountRecord,
    "code": CodeRecord,
    "proof": ProofRecord,
}
"""Which record has what a metric is read from."""


METRICS = metrics.kept()


@dataclass(frozen=True, slots=True)
class SeriesPoint:
    """One value, from one run; `words` is the verdict of a ratio or the outcome of a fault."""

    run: RunRecord
    value: float
    low: float | None
    high: float | None
    words: str


@dataclass(frozen=True, slots=True)
class Series:
    """Points of one toolchain in the order of their runs' starts; `toolchain` is a fingerprint."""

    toolchain: str
    words: str
    points: tuple[SeriesPoint, ...]


@dataclass(frozen=True, slots=True)
class Track:
    """Everything known of one metric of one subject on one machine; series in the order of their first points."""

    subject: str
    metric: MetricSpec
    kind: str
    machine: str
    machine_words: str
    series: tuple[Series, ...]

    @property
    def points(self) -> list[tuple[int, SeriesPoint]]:
        """All points in the order of time, each with the index of its series."""
        found = [(index, point) for index, one in enumerate(self.series) for point in one.points]
        return sorted(found, key=lambda pair: (pair[1].run.started, pair[1].run.run))

    @property
    def name(self) -> str:
        """The subject, with the metric where that is not the ratio."""
        return self.subject if self.metric.key == "ratio" else f"{self.metric.key} of {self.subject}"


def metric_of(name: str) -> MetricSpec:
    """The metric of a name; raises UsageError."""
    if name not in METRICS:
        raise UsageError(f"--metric {name}: there are {', '.join(METRICS)}.")
    return METRICS[name]


def tracks(runs: Iterable[RunRecord], rows: Iterable[Record], metric: MetricSpec) -> list[Track]:
    """The tracks of one metric, sorted by subject and machine; rows without a value are left out."""
    by_run = {run.run: run for run in runs}
    toolchains = {key: {one.name: one for one in run.toolchains} for key, run in by_run.items()}
    fingerprints = {key: {name: one.fingerprint for name, one in used.items()} for key, used in toolchains.items()}
    found: dict[tuple[str, str], dict[str, list[tuple[SeriesPoint, str, str]]]] = {}
    for row in rows:
        run, value = by_run.get(row.run), metric.read(row)
        if run is None or value is None:
            continue
        profiles = tuple(dict.fromkeys(_profiles(row)))
        toolchain = digest([fingerprints[row.run].get(name, name) for name in profiles])
        words = ", ".join(dict.fromkeys(_compiler(toolchains[row.run].get(name)) for name in profiles))
        bare: str = getattr(row, "words", "") or getattr(row, "verdict", "")
        point = SeriesPoint(run, value, getattr(row, "low", None), getattr(row, "high", None), bare)
        held = found.setdefault((row.subject, run.machine), {})
        held.setdefault(toolchain, []).append((point, words, getattr(row, "kind", metric.key)))
    return [_track(subject, machine, held, metric) for (subject, machine), held in sorted(found.items())]


def matching(found: Iterable[Track], expression: str | None) -> list[Track]:
    """The tracks whose subject the expression finds; raises UsageError where it is none, or finds nothing."""
    everything = list(found)
    pattern = pattern_of(expression)
    chosen = [track for track in everything if pattern is None or pattern.search(track.subject)]
    if everything and not chosen:
        raise UsageError(
            f"--filter {expression!r} finds none of {counted(len(everything), 'series', 'series')}, for instance"
            f" not {everything[0].subject}."
        )
    return chosen


def said(metric: MetricSpec, point: SeriesPoint) -> str:
    """A value for a reader."""
    return point.words if metric.scale == "words" else amount(metric, point.value)


def amount(metric: MetricSpec, value: float) -> str:
    """A value that may be a median of several, for a reader."""
    if metric.scale == "words":
        return "caught" if value >= 0.5 else "not caught"
    return f"{value:,.6g}" if metric.tier == "exact" else number(value)


def _track(
    subject: str, machine: str, held: Mapping[str, list[tuple[SeriesPoint, str, str]]], metric: MetricSpec
) -> Track:
    def began(of: tuple[SeriesPoint, str, str]) -> tuple[str, str]:
        return of[0].run.started, of[0].run.run

    ordered = {toolchain: sorted(points, key=began) for toolchain, points in held.items()}
    series = [
        Series(toolchain, points[-1][1], tuple(point for point, _, _ in points))
        for toolchain, points in sorted(ordered.items(), key=lambda item: began(item[1][0]))
    ]
    last = max((points[-1] for points in ordered.values()), key=began)
    return Track(subject, metric, last[2], machine, _machine(last[0].run), tuple(series))


def _profiles(row: Any) -> list[str]:
    return [row.profile, *([row.against_profile] if isinstance(row, PairRecord) else [])]


def _compiler(toolchain: Any) -> str:
    return (toolchain.compiler or toolchain.name) if toolchain is not None else "an unknown compiler"


def _machine(run: RunRecord) -> str:
    facts = run.machine_facts
    return f"{facts.get('the processor', 'unknown')}, {facts.get('the number of CPUs', '?')} CPUs"
