"""What compilers reject, ordered for readers: C++ beside Rust, and how far each misuse can be rejected at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal, get_args

from safecost.document.judged import CompilerName, Rejection, Ruling, Way

RejectionStatus = Literal["both", "one", "helped", "never", "unknown"]

WAYS: dict[Way, str] = {
    "plain": "as it comes",
    "type": "with a stricter type",
    "attribute": "with attributes",
    "strict": "under a warning that bans the construct",
    "analyser": "by the analyser",
    "evaluated": "evaluated at compile time",
}
STATUSES: dict[RejectionStatus, str] = {
    "both": "Rejected as it comes, by GCC and Clang",
    "one": "Rejected as it comes, by one of GCC and Clang",
    "helped": "Rejected only with help: attributes, types, the analyser, or evaluation at compile time",
    "never": "Not rejected in C++, in any way tried",
    "unknown": "Not asked of a C++ compiler",
}
NAMES: dict[CompilerName, str] = {"gcc": "GCC", "clang": "Clang", "rustc": "rustc"}
_REJECTED = ("rejected", "newly_rejected")


@dataclass(frozen=True, slots=True)
class RejectionLine:
    """One misuse written in one way: its snippets, the first of which says what it is."""

    snippets: tuple[Rejection, ...]

    @property
    def head(self) -> Rejection:
        """The snippet that speaks for the others."""
        return self.snippets[0]

    @property
    def rulings(self) -> dict[CompilerName, Ruling]:
        """What each compiler does."""
        return {ruling.by: ruling for snippet in self.snippets for ruling in snippet.rulings}


@dataclass(frozen=True, slots=True)
class Misuse:
    """One misuse in all the ways it is written."""

    lines: tuple[RejectionLine, ...]

    @property
    def head(self) -> Rejection:
        """The snippet that speaks for the others."""
        return self.lines[0].head

    @property
    def status(self) -> RejectionStatus:
        """How far C++ compilers reject it."""
        asked = [r for line in self.lines for r in _cxx(line) if r.outcome not in {"absent", "not_applicable"}]
        if not asked:
            return "unknown"
        plain = [r for line in self.lines if line.head.way == "plain" for r in _cxx(line)]
        rejecting = [r for r in plain if r.outcome in _REJECTED]
        if rejecting:
            return "both" if len(rejecting) == len(plain) > 1 else "one"
        return "helped" if any(r.outcome in _REJECTED for r in asked) else "never"

    @property
    def cxx(self) -> str:
        """How C++ rejects it, in words."""
        parts = []
        for line in self.lines:
            by = [f"{NAMES[r.by]}{_tagged(r)}" for r in _cxx(line) if r.outcome in _REJECTED]
            if by:
                parts.append(f"{'' if line.head.way == 'plain' else WAYS[line.head.way] + ': '}{', '.join(by)}")
        return "; ".join(parts) or "–"

    @property
    def rust(self) -> str:
        """What rustc does with the same, a dash where no snippet asks it."""
        found = [cell(line.rulings["rustc"]) for line in self.lines if "rustc" in line.rulings]
        return found[0] if found else "–"


def _cxx(line: RejectionLine) -> list[Ruling]:
    return [ruling for by, ruling in line.rulings.items() if by != "rustc"]


def _tagged(ruling: Ruling) -> str:
    return f" {ruling.tag}" if ruling.tag else " (an error)"


def cell(ruling: Ruling | None) -> str:
    """What one compiler does, in a word or three."""
    if ruling is None or ruling.outcome == "not_applicable":
        return "–"
    words = {"rejected": "rejects", "newly_rejected": "now rejects", "accepted": "accepts", "absent": "not here"}
    tagged = _tagged(ruling) if ruling.outcome in _REJECTED else ""
    differs = ", differs" if ruling.differs and ruling.outcome != "newly_rejected" else ""
    return f"{words.get(ruling.outcome, 'BROKEN')}{tagged}{differs}"


def lines(rejections: Sequence[Rejection]) -> list[RejectionLine]:
    """One line for each misuse and way, in order of topic, misuse and way."""
    ways = get_args(Way)

    def place(one: Rejection) -> tuple[str, str, int]:
        return one.topic, one.misuse, ways.index(one.way)

    # C++ first: its title heads the line.
    ordered = sorted(rejections, key=lambda one: (*place(one), one.language))
    return [RejectionLine(tuple(snippets)) for _, snippets in groupby(ordered, place)]


def misuses(rejections: Sequence[Rejection]) -> list[Misuse]:
    """Each misuse once, in order of topic and name."""
    found = groupby(lines(rejections), lambda line: (line.head.topic, line.head.misuse))
    return [Misuse(tuple(ways)) for _, ways in found]


def by_status(rejections: Sequence[Rejection]) -> list[tuple[RejectionStatus, str, list[Misuse]]]:
    """Misuses by how far C++ compilers reject them, with a heading; kinds without any are left out."""
    every = misuses(rejections)
    grouped = [(one, words, [m for m in every if m.status == one]) for one, words in STATUSES.items()]
    return [group for group in grouped if group[2]]


def topics(rejections: Sequence[Rejection]) -> list[tuple[str, list[RejectionLine]]]:
    """Lines by topic."""
    return [(topic, list(of)) for topic, of in groupby(lines(rejections), lambda line: line.head.topic)]


def counted_outcomes(rejections: Sequence[Rejection]) -> list[tuple[str, str, int, int]]:
    """For each compiler that was asked: name, version, snippets rejected, and all it was asked about."""
    rulings = [ruling for one in rejections for ruling in one.rulings]
    found = []
    for by, name in NAMES.items():
        asked = [r for r in rulings if r.by == by and r.outcome not in {"absent", "not_applicable"}]
        if asked:
            rejecting = sum(r.outcome in _REJECTED for r in asked)
            found.append((name, asked[0].version or "of unknown version", rejecting, len(asked)))
    return found
