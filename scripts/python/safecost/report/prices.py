"""The frontier of a run: which contenders of a document compete, what each lets through, and over which raw code.

A group is a plain profile with its hardened siblings; Rust is compared with the raw C++ of the profile it names.
Times of a contender and of its denominators come from the same panel, launch by launch.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from safecost.document.measured import Contender
from safecost.document.memo import of_newest
from safecost.document.outcome import CAUGHT, UNSHOWN, OutcomeKind
from safecost.document.rows import is_rebuild
from safecost.document.types import Case, Document, Profile
from safecost.stats.frontier import AtSize, Candidate, Frontier, frontier

Scope = Literal["every fault", "spatial faults"]
Denominator = Literal["fastest raw", "same algorithm", "as practised"]
# What suffices: that a fault is caught; that a run has shown it, and not a reason why nobody can write the program; or
# that it is contained at least.
Standard = Literal["caught", "shown", "contained"]
STANDARDS: tuple[Standard, ...] = ("caught", "shown", "contained")
SCOPES: tuple[Scope, ...] = ("every fault", "spatial faults")
DENOMINATORS: tuple[Denominator, ...] = ("fastest raw", "same algorithm", "as practised")

# Spatial faults: an access outside the bounds of what it was meant for. Use after free, leaks, null, arithmetic and
# ignored errors are others: no check of bounds is made to stop them.
SPATIAL: dict[int, str] = {
    119: "access outside a buffer, the class itself",
    120: "copy that does not look at the size of what it fills",
    121: "overflow of an array on the stack",
    122: "overflow of a block of the heap",
    124: "write before the start",
    125: "read outside the bounds",
    126: "read past the end",
    127: "read before the start",
    129: "index that nobody looked at",
    131: "block that was made too small",
    170: "text without its terminator: whoever walks it leaves it",
    193: "one too many: the last access is past the end",
    195: "a negative length read as a huge one: the walk leaves the data",
    787: "write outside the bounds",
    788: "access past the end",
    805: "access with a length that is not the buffer's",
    823: "pointer moved out of its block",
}
_CACHED = re.compile(r"L[12](?!\d)")


@dataclass(frozen=True, slots=True)
class PriceGroup:
    """A plain profile and what stands for it in the frontier: the price over cases for every scope and denominator.

    `standards` are those over the fastest raw code by what suffices. `outside` are cases without a price for another
    reason than that nothing catches everything, with that reason.
    """

    name: str
    profiles: tuple[str, ...]
    against: str
    frontiers: dict[tuple[Scope, Denominator], Frontier]
    standards: dict[tuple[Scope, Standard], Frontier]
    outside: dict[Scope, tuple[tuple[str, str], ...]]


@of_newest
def groups(document: Document) -> tuple[PriceGroup, ...]:
    """Every plain profile of a document in its order, where any contender of it or of a sibling was measured."""
    timed = {panel.profile for panel in document.panels}
    found = []
    for plain in document.profiles:
        if plain.plain != plain.name:
            continue
        siblings = [one for one in document.profiles if one.plain == plain.name and not is_rebuild(document, one)]
        if any(one.name in timed for one in siblings):
            found.append(_group(document, plain, siblings))
    return tuple(found)


def _group(document: Document, plain: Profile, siblings: Sequence[Profile]) -> PriceGroup:
    against = plain.against or plain.name
    names = tuple(one.name for one in siblings)
    made: dict[tuple[Scope, Denominator], Frontier] = {}
    standards: dict[tuple[Scope, Standard], Frontier] = {}
    outside: dict[Scope, tuple[tuple[str, str], ...]] = {}
    for scope in SCOPES:
        told = {case.name: _outside(document, case, scope, names) for case in _tasks(document)}
        outside[scope] = tuple((name, why) for name, why in told.items() if why is not None)
        competing = [case for case in _tasks(document) if told[case.name] is None]
        for denominator in DENOMINATORS:
            cases = {case.name: candidates(document, case, names, against, scope, denominator) for case in competing}
            made[scope, denominator] = frontier(plain.name, cases)
        standards[scope, "caught"] = made[scope, "fastest raw"]
        for standard in STANDARDS[1:]:
            cases = {
                case.name: candidates(document, case, names, against, scope, "fastest raw", standard)
                for case in competing
            }
            standards[scope, standard] = frontier(plain.name, cases)
    return PriceGroup(plain.name, names, against, made, standards, outside)


def _tasks(document: Document) -> Iterator[Case]:
    """The cases that a user asked about: calibrations have no safe variant."""
    return (case for case in document.cases if any(variant.role == "safe" for variant in case.variants))


def _outside(document: Document, case: Case, scope: Scope, profiles: Sequence[str]) -> str | None:
    """Why a case stands outside of a group's frontier; None where it competes."""
    if case.status != "measured":
        return case.status.replace("_", " ")
    if case.system_bound:
        return "bound by system calls"
    if not faults_of(document, case, scope):
        return "no such fault"
    panels = [panel for panel in document.panels if panel.case == case.name and panel.profile in profiles]
    if not panels:
        return "not measured with this compiler and library"
    if not any(_CACHED.match(panel.label) for panel in panels):
        return "no size that fits into L1 or L2"
    return None


def faults_of(document: Document, case: Case, scope: Scope) -> list[str]:
    """The names of the faults of a case that count: not those of which no oracle was asked in this run."""
    unasked = _unasked(document)
    return [
        fault.name
        for fault in case.faults
        if (scope == "every fault" or fault.cwe in SPATIAL) and (case.name, fault.name) not in unasked
    ]


@of_newest
def _unasked(document: Document) -> frozenset[tuple[str, str]]:
    """Case and fault wherever every program that can be run waits for an oracle that was not asked."""
    asked = {
        (proof.case, proof.fault)
        for proof in document.proofs
        if proof.detail != "not_asked" and proof.outcome not in {"no_verdict", "inexpressible"}
    }
    waiting = {(proof.case, proof.fault) for proof in document.proofs if proof.detail == "not_asked"}
    return frozenset(waiting - asked)


def candidates(
    document: Document,
    case: Case,
    profiles: Sequence[str],
    against: str,
    scope: Scope,
    denominator: Denominator,
    standard: Standard = "caught",
) -> list[Candidate]:
    """Every safe contender of a case in these profiles, with what it lets through by a standard, and its times.

    A fault of which nothing was proved counts as let through. A contender that lacks a size which others have does
    not compete.
    """
    sizes: dict[tuple[str, str], list[AtSize]] = {}
    for panel in document.panels:
        if panel.case != case.name or panel.profile not in profiles or not _CACHED.match(panel.label):
            continue
        raws = [arm for arm in panel.contenders if arm.profile == against and arm.role == "raw"]
        for arm in panel.contenders:
            if arm.profile == panel.profile and arm.role == "safe":
                below = _denominators(case, arm, raws, denominator)
                if below:
                    times = {raw.variant: raw.nanoseconds for raw in below}
                    at_size = AtSize(panel.label + panel.beside, arm.nanoseconds, times)
                    sizes.setdefault((arm.variant, arm.profile), []).append(at_size)
    complete = max(map(len, sizes.values()), default=0)
    return [
        Candidate(variant, profile, tuple(_uncaught(document, case, scope, variant, profile, standard)), tuple(at))
        for (variant, profile), at in sizes.items()
        if len(at) == complete
    ]


def suffices(outcome: OutcomeKind, standard: Standard) -> bool:
    """Is an outcome good enough?"""
    if standard == "shown":
        return outcome in CAUGHT and outcome not in UNSHOWN
    return outcome in CAUGHT or (standard == "contained" and outcome == "contained")


_FaultOf = tuple[str, str, str, str]


@of_newest
def _enough(document: Document) -> dict[Standard, frozenset[_FaultOf]]:
    """By standard: case, variant, profile and fault wherever the outcome of a proof suffices."""
    return {
        standard: frozenset(
            (proof.case, proof.variant, proof.profile, proof.fault)
            for proof in document.proofs
            if suffices(proof.outcome, standard)
        )
        for standard in STANDARDS
    }


def _uncaught(
    document: Document, case: Case, scope: Scope, variant: str, profile: str, standard: Standard
) -> Iterator[str]:
    enough = _enough(document)[standard]
    return (fault for fault in faults_of(document, case, scope) if (case.name, variant, profile, fault) not in enough)


@of_newest
def _unshown(document: Document) -> Counter[tuple[str, str, str]]:
    return Counter((proof.case, proof.variant, proof.profile) for proof in document.proofs if proof.outcome in UNSHOWN)


def unshown_in(document: Document, case: str, variant: str, profile: str) -> int:
    """How many faults of an idiom count as caught by a reason alone."""
    return _unshown(document)[case, variant, profile]


def _denominators(
    case: Case, arm: Contender, raws: Sequence[Contender], denominator: Denominator
) -> Sequence[Contender]:
    """The raw code that a safe contender is compared with; none where it shares its algorithm with no raw code."""
    if denominator == "same algorithm":
        algorithms = {variant.name: variant.algorithm for variant in case.variants}
        return [raw for raw in raws if algorithms.get(raw.variant) == algorithms.get(arm.variant)]
    if denominator == "as practised":
        practised = {variant.name for variant in case.variants if variant.practised}
        return [raw for raw in raws if raw.variant in practised] or raws
    return raws


def why_no_interval(made: Frontier) -> str:
    """Why a mean has no interval, in words; empty where it has one."""
    if made.mean is None or made.low is not None:
        return ""
    return "a single case" if len(made.prices) == 1 else "too few launches"
