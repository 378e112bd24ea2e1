"""The pairs of a document as flat rows, which is what a table prints and a chart marks."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import NamedTuple

from desk.document import Document, PairKind, Profile, Role, Verdict, contender_name


class Kind(NamedTuple):
    """A kind of pair in words: its name, what is over what, and what the denominator is called in a sentence."""

    name: str
    meaning: str
    reference: str


KINDS: dict[PairKind, Kind] = {
    "idiom": Kind("idiom cost", "safe over raw, both in the same profile", "raw"),
    "profile": Kind("profile cost", "hardened over plain, the same variant", "its plain sibling"),
    "full": Kind("full cost", "safe in this profile over the fastest raw of its plain sibling", "plain raw"),
    "language": Kind("language gap", "Rust over the fastest raw C++ it is held against", "raw C++"),
    "null": Kind("null", "the same code twice", "itself"),
    "control": Kind("control", "the same work a known number of times more often", "its base"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One pair of one panel with all that a table or a mark needs; times are nanoseconds per call."""

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
    struck: bool

    @property
    def task(self) -> str:
        """The case with its family, `family/case`."""
        return f"{self.family}/{self.case}"

    @property
    def name(self) -> str:
        """The full name of the numerator."""
        return contender_name(self.task, self.variant, self.size, self.rate, self.profile)

    @property
    def parameters(self) -> str:
        """What the case was given, such as `L1 · rate 0.01`."""
        return self.label if self.rate is None else f"{self.label} · rate {self.rate:g}"


def rows(document: Document) -> tuple[Row, ...]:
    """Every pair of the document, in its order; pairs of struck cases are marked."""
    struck = {case.name for case in document.cases if case.status == "struck"}
    found = []
    for panel in document.panels:
        family, _, case = panel.case.partition("/")
        for pair in panel.pairs:
            top, bottom = panel.contenders[pair.numerator], panel.contenders[pair.denominator]
            found.append(
                Row(
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
                    label=panel.label,
                    ratios=pair.ratios,
                    ratio=pair.ratio,
                    low=pair.low,
                    high=pair.high,
                    level=pair.level,
                    verdict=pair.verdict,
                    reason=pair.reason,
                    detectable=pair.detectable,
                    numerator_ns=statistics.median(top.nanoseconds),
                    denominator_ns=statistics.median(bottom.nanoseconds),
                    struck=panel.case in struck,
                )
            )
    return tuple(found)


def is_null(document: Document, profile: Profile) -> bool:
    """Does the profile build its plain sibling a second time, so that all it measures is error?"""
    if profile.plain == profile.name:
        return False
    return any(other.name == profile.plain and other.flags == profile.flags for other in document.profiles)


def valid_rows(document: Document) -> tuple[Row, ...]:
    """The pairs of cases that were not struck: the numbers of the others time something else than they say."""
    return tuple(row for row in rows(document) if not row.struck)
