"""Compilers side by side: what an idiom costs over raw code as several versions of a compiler build both.

Profiles are beside each other that agree in flags and library. Each cost was timed in panels of its profile, so that a
change from one version to the next is a ratio of two ratios, as where two runs are compared. Pure functions.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from safecost.core.text import counted, number, percent
from safecost.document.measured import Code
from safecost.document.memo import of_newest
from safecost.document.rows import PairRow, compiler_groups, valid_rows
from safecost.document.types import Document, Profile
from safecost.stats.pairs import Verdict, change_interval, verdict_of

CostVerdict = Literal["dearer", "cheaper", "unchanged", "inconclusive"]
_VERDICTS: Mapping[Verdict, CostVerdict] = {
    "slower": "dearer",
    "faster": "cheaper",
    "equivalent": "unchanged",
    "inconclusive": "inconclusive",
}
CHANGED: tuple[CostVerdict, ...] = ("dearer", "cheaper")
REMARKS = 2  # of each kernel and compiler: what it says of a prologue's loops is of the same cause, mostly


@dataclass(frozen=True, slots=True)
class CostChange:
    """An idiom's cost over raw from one compiler to the next of its group; `ratio` above 1 is dearer.

    `costs` are those of the whole group, None where a compiler lacks it. `why` says what the compilers did otherwise:
    to the idiom, and to raw code, which may be what has changed.
    """

    costs: tuple[PairRow | None, ...]
    old: Profile
    new: Profile
    row: PairRow
    ratio: float
    interval: tuple[float, float, float] | None
    verdict: CostVerdict
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CompilerStep:
    """One compiler and the next of its group, with how many costs became what."""

    old: Profile
    new: Profile
    tally: Mapping[CostVerdict, int]


@dataclass(frozen=True, slots=True)
class CompilersSideBySide:
    """Every step of every group, and the changes beyond the margin, the largest first; the rest is counted."""

    steps: tuple[CompilerStep, ...]
    changes: tuple[CostChange, ...]


@of_newest
def side_by_side(document: Document) -> CompilersSideBySide:
    """What changed from each compiler to the next, in groups of profiles that differ in nothing else."""
    steps, found = [], []
    for group in compiler_groups(document):
        changes = list(_changes(document, group))
        for old, new in pairwise(group):
            tally = Counter(one.verdict for one in changes if (one.old, one.new) == (old, new))
            if tally:
                steps.append(CompilerStep(old, new, tally))
        found += [one for one in changes if one.verdict in CHANGED]
    return CompilersSideBySide(tuple(steps), tuple(sorted(found, key=lambda one: -abs(math.log(one.ratio)))))


def _changes(document: Document, group: Sequence[Profile]) -> Iterator[CostChange]:
    codes = {(one.case, one.variant, one.profile): one for one in document.codes}
    costs: dict[tuple[object, ...], dict[str, PairRow]] = {}
    for row in valid_rows(document):
        if row.kind == "idiom" and row.role == "safe":
            costs.setdefault((row.task, row.variant, row.against, row.place), {})[row.profile] = row
    for known in costs.values():
        for old, new in pairwise(group):
            before, after = known.get(old.name), known.get(new.name)
            if before is None or after is None:
                continue
            interval = change_interval(before.interval, after.interval)
            verdict: Verdict = "inconclusive"
            if interval is not None:
                verdict = verdict_of(interval[0], interval[1], document.run.margin)
            yield CostChange(
                tuple(known.get(profile.name) for profile in group),
                old,
                new,
                after,
                after.ratio / before.ratio,
                interval,
                _VERDICTS[verdict],
                tuple(
                    reason
                    for variant in (after.variant, after.against)
                    for reason in difference(
                        variant, *(codes.get((after.task, variant, one.name)) for one in (old, new))
                    )
                ),
            )


def difference(name: str, old: Code | None, new: Code | None) -> Iterator[str]:
    """What two compilers made of a kernel, where it differs: its vector arithmetic, and their remarks on its loops."""
    if old is None or new is None or old.same_as(new):
        return
    if bool(old.packed) != bool(new.packed):
        yield f"{name}: {old.packed} → {new.packed} packed instructions"
    for word, mine, other in (("before", old, new), ("now", new, old)):
        own = [remark for remark in dict.fromkeys(mine.remarks) if remark not in other.remarks]
        if own:
            rest = f", and {counted(len(own) - REMARKS, 'more remark')}" if len(own) > REMARKS else ""
            yield f"{name} {word}: {'; '.join(own[:REMARKS])}{rest}"


# ---- in words ------------------------------------------------------------------------------------------------------


def step_words(step: CompilerStep | CostChange) -> str:
    """`Clang 19.1.7 → Clang 22.1.8`."""
    return f"{step.old.compiler} → {step.new.compiler}"


def tally_words(step: CompilerStep) -> str:
    """`4 dearer, 2 cheaper, 96 unchanged, 40 inconclusive`, of so many costs."""
    words = (*CHANGED, *(word for word in _VERDICTS.values() if word not in CHANGED))
    return ", ".join(f"{step.tally.get(word, 0)} {word}" for word in words)


def change_words(change: CostChange) -> str:
    """The change with its interval: `1.12 (1.09 – 1.15)`."""
    if change.interval is None:
        return number(change.ratio)
    return f"{number(change.ratio)} ({number(change.interval[0])} – {number(change.interval[1])})"


def cost_words(change: CostChange) -> list[str]:
    """What it costs in each compiler of the group, with its interval; a dash where one lacks it."""
    return [
        "–"
        if row is None
        else number(row.ratio) + (f" ({number(row.low)} – {number(row.high)})" if row.low and row.high else "")
        for row in change.costs
    ]


def terminal_lines(document: Document) -> list[str]:
    """A line for each step: how many costs became what, and which changed most."""
    found, lines = side_by_side(document), []
    for step in found.steps:
        most = next((one for one in found.changes if (one.old, one.new) == (step.old, step.new)), None)
        worst = f"; most {most.row.task}/{most.row.variant}, {change_words(most)}" if most else ""
        lines.append(
            f"compilers, {step_words(step)} ({step.old.name}, {step.new.name}): of"
            f" {counted(sum(step.tally.values()), 'idiom cost')} {tally_words(step)} beyond"
            f" {percent(document.run.margin)}{worst}"
        )
    return lines
