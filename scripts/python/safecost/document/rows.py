"""The pairs of a document as flat rows, which is what a table prints and a chart marks."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from safecost.core.tools import numbers, version_in
from safecost.document.measured import Code, Count, OperationTimes, Panel
from safecost.document.memo import of_newest
from safecost.document.metrics import metrics_of
from safecost.document.points import AtPoint, Place, beside_size, contender_name
from safecost.document.types import Document, Profile
from safecost.document.values import PLACES, PairKind, Role
from safecost.stats.pairs import Verdict
from safecost.stats.spread import Spread


class PairKindWords(NamedTuple):
    """A kind of pair in words: its name, what is over what, and what the denominator is called in a sentence."""

    name: str
    meaning: str
    reference: str


KINDS: dict[PairKind, PairKindWords] = {
    "idiom": PairKindWords("idiom cost", "safe over raw, both in the same profile", "raw"),
    "profile": PairKindWords("profile cost", "hardened over plain, the same variant", "its plain sibling"),
    "full": PairKindWords("full cost", "safe in this profile over the fastest raw of its plain sibling", "plain raw"),
    "language": PairKindWords("language gap", "Rust over the fastest raw C++ it is compared with", "raw C++"),
    "aa": PairKindWords("A/A pair", "the same code twice", "itself"),
    "calibration": PairKindWords("calibration", "the same work a known number of times more often", "its base"),
}


@dataclass(frozen=True, slots=True)
class PairRow(AtPoint):
    """One pair of one panel with all that a table or a mark needs; times are nanoseconds, counts are those of one call.

    `instruction_ratio` is None where one of both was not counted, or is not the same in every run.
    """

    family: str
    case: str
    variant: str
    against: str
    profile: str
    against_profile: str
    role: Role
    kind: PairKind
    planted: float | None
    size: int
    rate: float | None
    label: str
    ratios: tuple[float, ...]
    ratio: float
    low: float | None
    high: float | None
    level: float | None
    verdict: Verdict
    reason: str | None
    detectable: float | None
    numerator_ns: float
    denominator_ns: float
    disqualified: bool
    instructions: float | None = None
    instruction_ratio: float | None = None
    allocations: float | None = None
    threads: int | None = None
    workers: int | None = None
    spread: Spread | None = None

    @property
    def task(self) -> str:
        """The case with its family, `family/case`."""
        return f"{self.family}/{self.case}"

    @property
    def name(self) -> str:
        """The full name of the numerator."""
        return contender_name(self.task, self.variant, self.place, self.profile)

    @property
    def interval(self) -> tuple[float, float, float] | None:
        """Low, high and level, None where there are too few launches."""
        return None if self.low is None or self.high is None else (self.low, self.high, self.level or 0.0)

    @property
    def parameters(self) -> str:
        """What the case was given, such as `L1 · rate 0.01`."""
        return (self.label or f"size {self.size}") + beside_size(self.rate, self.threads, self.workers, " · ")


@of_newest
def rows(document: Document) -> tuple[PairRow, ...]:
    """Every pair of the document, in its order; pairs of disqualified cases are marked."""
    disqualified = {case.name for case in document.cases if case.status == "disqualified"}
    counts = {(one.case, one.variant, one.profile, one.place): one for one in document.counts}
    found = []
    for panel in document.panels:
        family, _, case = panel.case.partition("/")
        for pair in panel.pairs:
            top, bottom = panel.contenders[pair.numerator], panel.contenders[pair.denominator]
            mine, other = (counts.get((panel.case, arm.variant, arm.profile, panel.place)) for arm in (top, bottom))
            found.append(
                PairRow(
                    family=family,
                    case=case,
                    variant=top.variant,
                    against=bottom.variant,
                    profile=top.profile,
                    against_profile=bottom.profile,
                    role=top.role,
                    kind=pair.kind,
                    planted=pair.planted,
                    size=panel.size,
                    rate=panel.rate,
                    threads=panel.threads,
                    workers=panel.workers,
                    label=panel.label,
                    ratios=pair.ratios,
                    ratio=pair.ratio,
                    low=pair.low,
                    high=pair.high,
                    level=pair.level,
                    verdict=pair.verdict,
                    reason=pair.reason,
                    detectable=pair.detectable,
                    spread=pair.spread,
                    numerator_ns=statistics.median(top.nanoseconds),
                    denominator_ns=statistics.median(bottom.nanoseconds),
                    disqualified=panel.case in disqualified,
                    instructions=None if mine is None else _per_call(mine.instructions, mine.calls),
                    instruction_ratio=_ratio_of_counts(mine, other),
                    allocations=None if mine is None else _per_call(mine.allocations, mine.calls),
                )
            )
    return tuple(found)


def is_rebuild(document: Document, profile: Profile) -> bool:
    """Does the profile build its plain sibling a second time, so that all it measures is error?"""
    if profile.plain == profile.name:
        return False
    return any(other.name == profile.plain and other.flags == profile.flags for other in document.profiles)


@of_newest
def compiler_groups(document: Document) -> tuple[tuple[Profile, ...], ...]:
    """Profiles that several versions of one compiler built with the same flags and library, the oldest first."""
    groups: dict[tuple[str, ...], list[Profile]] = {}
    for profile in document.profiles:
        if profile.status != "measured" or profile.compiler is None or is_rebuild(document, profile):
            continue
        flags = (flag for flag, _ in profile.flags if not PLACES.fullmatch(flag))
        family = profile.compiler.partition(" ")[0]
        groups.setdefault((family, profile.language, profile.library, *flags), []).append(profile)
    return tuple(
        tuple(sorted(group, key=lambda one: numbers(version_in(one.compiler or ""))))
        for group in groups.values()
        if len(group) > 1
    )


class ExactValues:
    """What is exact of contenders: the metrics of their counts and of their machine code."""

    SPECS = tuple(metrics_of("count", "code"))

    def __init__(self, document: Document) -> None:
        self._counts = {(one.case, one.variant, one.profile, one.place): one for one in document.counts}
        self._codes = {(one.case, one.variant, one.profile): one for one in document.codes}

    def of(self, case: str, variant: str, profile: str, place: Place) -> dict[str, float | None]:
        """Each by its key, None where it is not known."""
        parts: dict[str, Count | Code | None] = {
            "count": self._counts.get((case, variant, profile, place)),
            "code": self._codes.get((case, variant, profile)),
        }
        return {spec.key: None if (part := parts[spec.of]) is None else spec.read(part) for spec in self.SPECS}


@dataclass(frozen=True, slots=True)
class CountRow:
    """What is exact of a contender, by the metrics' keys; its ratios of instructions and of time to raw code."""

    count: Count
    values: Mapping[str, float | None]
    ratio: float | None
    time: float | None


def count_rows(document: Document) -> list[CountRow]:
    """The counts of cases that were not disqualified, in the document's order, A/A pairs left out."""
    pairs: dict[tuple[str, str, str, Place], PairRow] = {}
    disqualified = {case.name for case in document.cases if case.status == "disqualified"}
    aa_pairs = {(case.name, one.name) for case in document.cases for one in case.variants if one.role == "aa"}
    exact = ExactValues(document)
    for row in valid_rows(document):
        if row.kind in {"idiom", "language"}:
            pairs.setdefault((row.task, row.profile, row.variant, row.place), row)
    found = []
    for one in document.counts:
        if one.case in disqualified or (one.case, one.variant) in aa_pairs:
            continue
        pair = pairs.get((one.case, one.profile, one.variant, one.place))
        found.append(
            CountRow(
                one,
                exact.of(one.case, one.variant, one.profile, one.place),
                pair.instruction_ratio if pair else None,
                pair.ratio if pair else None,
            )
        )
    return found


def _per_call(total: int | None, calls: int) -> float | None:
    return None if total is None else total / calls


def _ratio_of_counts(mine: Count | None, other: Count | None) -> float | None:
    """Instructions of a call over those of another; None where either is not known or the other has none."""
    if mine is None or other is None or mine.instructions is None or not other.instructions:
        return None
    return (mine.instructions / mine.calls) / (other.instructions / other.calls) or None


def valid_rows(document: Document) -> tuple[PairRow, ...]:
    """The pairs of cases that were not disqualified: the numbers of the others time something else than they say."""
    return tuple(row for row in rows(document) if not row.disqualified)


@dataclass(frozen=True, slots=True)
class LatencyRow:
    """The operations of a contender at a point; `times` are medians over launches, save the number and the longest."""

    case: str
    variant: str
    profile: str
    parameters: str
    times: OperationTimes


def latency_rows(document: Document) -> tuple[LatencyRow, ...]:
    """A row for each variant whose operations were noted, as its own profile's panel has it."""
    disqualified = {case.name for case in document.cases if case.status == "disqualified"}
    return tuple(row for panel in document.panels if panel.case not in disqualified for row in _latencies(panel))


def _latencies(panel: Panel) -> Iterator[LatencyRow]:
    parameters = (panel.label or f"size {panel.size}") + panel.beside
    for number, arm in enumerate(panel.contenders):
        seen = [of for launch in panel.launches if launch.latencies and (of := launch.latencies[number]) is not None]
        if arm.profile == panel.profile and seen:
            yield LatencyRow(panel.case, arm.variant, arm.profile, parameters, over_launches(seen))


def over_launches(seen: Sequence[OperationTimes]) -> OperationTimes:
    """Of several launches: quantiles are medians of theirs, which no single launch decides."""
    return OperationTimes(
        sum(one.operations for one in seen),
        statistics.median(one.p50 for one in seen),
        statistics.median(one.p99 for one in seen),
        statistics.median(one.p999 for one in seen),
        max(one.longest for one in seen),
        statistics.median(one.reading for one in seen),
    )
