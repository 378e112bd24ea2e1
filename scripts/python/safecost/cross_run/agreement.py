"""Several runs side by side: where their ratios, outcomes and frontiers agree, and where not. Pure, without files.

A ratio was timed within one process of its run, so it is worth something beside that of another machine or toolchain;
times of different runs are never compared. docs/COMPARING.md explains the words.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

from safecost.core.errors import UsageError
from safecost.core.text import shown
from safecost.cross_run.facts import FactTable, facts_between, facts_of, side_by_side
from safecost.document.judged import Proof
from safecost.document.rows import PairRow, valid_rows
from safecost.document.types import Document
from safecost.document.values import PairKind
from safecost.report.safety import PriceLine, lines

CommonKey = tuple[PairKind, str, str | None]
"""What makes pairs of different runs the same: kind, numerator, and denominator where that is always the same."""
LETTERS = "ABCDEFGHIJKL"
MOST_RUNS = len(LETTERS)
COSTS: tuple[PairKind, ...] = ("idiom", "profile", "full", "language")
"""Kinds of pairs that are compared. A/A pairs and calibrations tell how much to believe a run, and that is said of
each."""

Relation = Literal["apart", "undecided", "same_verdict", "together"]
RELATIONS: dict[Relation, str] = {
    "apart": "contradict",
    "undecided": "undecided",
    "same_verdict": "same direction only",
    "together": "agree",
}
"""Worst first. `undecided`: fewer than two of the runs have an interval."""
_SEVERITY: tuple[Relation, ...] = ("together", "same_verdict", "apart")


@dataclass(frozen=True, slots=True)
class Given:
    """A run as it was given: its letter in tables, the name its user knows it by, and its document."""

    letter: str
    name: str
    document: Document


@dataclass(frozen=True, slots=True)
class AgreementRow:
    """A pair that two runs or more have: for each run its row, None where the run lacks it.

    `gap` is the factor between the nearest ends of the two intervals that are furthest apart, 1 or less where all
    overlap, and `between` has the places of their runs; both are None where fewer than two have an interval.
    `differs` names what is not the same in these two runs, and `same_code` says whether the machine code is: None
    where that is not known.
    """

    rows: tuple[PairRow | None, ...]
    relation: Relation
    gap: float | None
    between: tuple[int, int] | None
    differs: tuple[str, ...]
    same_code: bool | None

    @property
    def row(self) -> PairRow:
        """The pair as the first run that has it knows it."""
        return next(row for row in self.rows if row is not None)

    @property
    def over(self) -> tuple[str, ...]:
        """The denominators: more than one where the runs found different raw code to be the fastest."""
        return tuple(dict.fromkeys(f"{row.against}@{row.against_profile}" for row in self.rows if row is not None))


@dataclass(frozen=True, slots=True)
class Outcomes:
    """A fault whose outcome is not the same in every run that proved it; `protection` says that some only catch it."""

    case: str
    variant: str
    profile: str
    fault: str
    proofs: tuple[Proof | None, ...]
    protection: bool


@dataclass(frozen=True, slots=True)
class FrontierRow:
    """One price of a group in one scope, run by run."""

    group: str
    tier: str
    scope: str
    lines: tuple[PriceLine | None, ...]


@dataclass(frozen=True, slots=True)
class Alone:
    """What only one of the runs has."""

    profiles: tuple[str, ...]
    cases: tuple[str, ...]
    pairs: tuple[PairRow, ...]


@dataclass(frozen=True, slots=True)
class CrossRun:
    """All that is said of several runs; what has one entry a run has them in the order of `runs`.

    `margin` is the widest of the runs', by which all are judged. `by_chance` bounds how many pairs would be found
    apart if nothing differed but what intervals allow for. `statuses` are cases that did not fare alike.
    """

    runs: tuple[Given, ...]
    margin: float
    pairs: tuple[AgreementRow, ...]
    by_chance: float
    facts: FactTable
    outcomes: tuple[Outcomes, ...]
    outcomes_in_common: int
    statuses: tuple[tuple[str, tuple[str | None, ...]], ...]
    frontiers: tuple[FrontierRow, ...]
    alone: tuple[Alone, ...]

    def of(self, relation: Relation) -> tuple[AgreementRow, ...]:
        """The pairs that are related so, the furthest apart first."""
        return tuple(pair for pair in self.pairs if pair.relation == relation)


def cross_run(runs: Sequence[Given]) -> CrossRun:
    """Hold two runs or more against each other; raises UsageError where a run has a pair twice."""
    margin = max(run.document.run.margin for run in runs)
    facts = facts_of([run.document for run in runs])
    tables = [_table(run) for run in runs]
    common = [rows for _, rows in side_by_side(tables) if sum(row is not None for row in rows) > 1]
    pairs = [_compared(rows, facts, margin) for rows in common]
    outcomes, outcomes_in_common = _outcomes(runs)
    return CrossRun(
        tuple(runs),
        margin,
        tuple(sorted(pairs, key=_worst_first)),
        math.fsum(map(_chance, pairs)),
        facts,
        outcomes,
        outcomes_in_common,
        _statuses(runs),
        _frontiers(runs),
        tuple(_alone(place, runs, tables) for place in range(len(runs))),
    )


# ---- ratios --------------------------------------------------------------------------------------------------------


def _table(run: Given) -> Mapping[CommonKey, PairRow]:
    table: dict[CommonKey, PairRow] = {}
    for row in valid_rows(run.document):
        if row.kind not in COSTS:
            continue
        # Full cost and language gap are over the raw code that was fastest in the run, and that may be another one.
        over = f"{row.against}@{row.against_profile}" if row.kind in ("idiom", "profile") else None
        key = row.kind, row.name, over
        if key in table:
            name = shown(run.name, quoted=False, limit=400)
            raise UsageError(f"{name} has the {row.kind} ratio of {row.name} twice, and nothing says which is meant.")
        table[key] = row
    return table


def _compared(rows: tuple[PairRow | None, ...], facts: FactTable, margin: float) -> AgreementRow:
    measured = [place for place, row in enumerate(rows) if row is not None and row.low is not None]
    found: list[tuple[Relation, float, tuple[int, int]]] = []
    for one, other in combinations(measured, 2):
        left, right = rows[one], rows[other]
        assert left is not None and right is not None
        found.append((*relation(left, right, margin), (one, other)))
    there = [(place, row) for place, row in enumerate(rows) if row is not None]
    related: Relation = "undecided"
    gap, between = None, None
    one, other = there[0][0], there[1][0]
    if found:
        related, gap, between = max(found, key=lambda each: (_SEVERITY.index(each[0]), each[1]))
        one, other = between
    built = dict.fromkeys(name for _, row in there for name in (row.profile, row.against_profile))
    differs, same = facts_between(facts, one, other, tuple(built), there[0][1].task)
    return AgreementRow(rows, related, gap, between, differs, same)


def relation(left: PairRow, right: PairRow, margin: float) -> tuple[Relation, float]:
    """How two rows with intervals are related, and the factor between the nearest ends of both.

    They agree where the intervals overlap, and where both lie beyond the margin on the same side. Two of which one is
    not decided, and that miss each other by less than the margin, agree for all that matters.
    """
    low, high = max(left.low or 0.0, right.low or 0.0), min(left.high or math.inf, right.high or math.inf)
    gap = low / high
    sides = side(left, margin), side(right, margin)
    if gap <= 1 or sides == ("equivalent", "equivalent"):
        return "together", gap
    if sides[0] == sides[1] != "inconclusive":
        return ("same_verdict" if gap > 1 + margin else "together"), gap
    if "inconclusive" in sides and gap <= 1 + margin:
        return "together", gap
    return "apart", gap


def side(row: PairRow, margin: float) -> Literal["slower", "faster", "equivalent", "inconclusive"]:
    """On which side of the margin an interval lies; all by one, since runs may have had margins of their own."""
    assert row.low is not None and row.high is not None
    edge = 1 + margin
    if row.low > edge:
        return "slower"
    if row.high < 1 / edge:
        return "faster"
    return "equivalent" if row.low >= 1 / edge and row.high <= edge else "inconclusive"


def _worst_first(pair: AgreementRow) -> tuple[object, ...]:
    return (
        list(RELATIONS).index(pair.relation),
        -(pair.gap or 0.0),
        pair.row.kind,
        pair.row.name,
        f"{pair.row.against}@{pair.row.against_profile}",
    )


def _chance(pair: AgreementRow) -> float:
    """At most how often intervals of the same ratio would miss each other: one of them misses the ratio, then."""
    misses = [1.0 - row.level for row in pair.rows if row is not None and row.level is not None]
    return min(1.0, math.fsum(misses)) if len(misses) > 1 else 0.0


# ---- what else they have -------------------------------------------------------------------------------------------


def _outcomes(runs: Sequence[Given]) -> tuple[tuple[Outcomes, ...], int]:
    tables = [{(one.case, one.variant, one.profile, one.fault): one for one in run.document.proofs} for run in runs]
    found, common = [], 0
    for key, proofs in side_by_side(tables):
        there = [one for one in proofs if one is not None]
        if len(there) < 2:
            continue
        common += 1
        if len({one.words for one in there}) > 1:
            found.append(Outcomes(*key, proofs, len({one.caught for one in there}) > 1))
    return tuple(sorted(found, key=lambda one: not one.protection)), common


def _statuses(runs: Sequence[Given]) -> tuple[tuple[str, tuple[str | None, ...]], ...]:
    tables = [{case.name: case.status for case in run.document.cases} for run in runs]
    told = side_by_side(tables)
    return tuple((name, found) for name, found in told if len({one for one in found if one is not None}) > 1)


def _frontiers(runs: Sequence[Given]) -> tuple[FrontierRow, ...]:
    tables = [{(line.group, line.tier, line.scope): line for line in lines(run.document)} for run in runs]
    return tuple(FrontierRow(group, tier, scope, found) for (group, tier, scope), found in side_by_side(tables))


def _alone(place: int, runs: Sequence[Given], tables: Sequence[Mapping[CommonKey, PairRow]]) -> Alone:
    others = [other for at, other in enumerate(runs) if at != place]
    mine = runs[place].document

    def only(names: Iterator[str], theirs: Iterator[str]) -> tuple[str, ...]:
        known = set(theirs)
        return tuple(name for name in dict.fromkeys(names) if name not in known)

    return Alone(
        only(_measured(mine), (name for other in others for name in _measured(other.document))),
        only((case.name for case in mine.cases), (case.name for other in others for case in other.document.cases)),
        tuple(row for key, row in tables[place].items() if sum(key in table for table in tables) == 1),
    )


def _measured(document: Document) -> Iterator[str]:
    return (profile.name for profile in document.profiles if profile.status == "measured")
