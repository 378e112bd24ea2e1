"""What safety costs and buys, for a reader: the frontier's lines, and the matrix of what became of each fault."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from safecost.core.text import counted, number
from safecost.document.judged import Proof
from safecost.document.outcome import CAUGHT, LETTERS, MEANINGS, OWED, UNSHOWN, OutcomeKind
from safecost.document.types import Case, Document
from safecost.report.prices import SCOPES, PriceGroup, Scope, Standard, groups, why_no_interval
from safecost.stats.frontier import Frontier

MarkStyle = Literal["caught", "halfway", "missed", "unproved"]
NOT_PROVED = "·"
# Stopped, but too late, by luck or by chance, or in bounds with a wrong answer: a reader may still lose data.
_HALFWAY: frozenset[OutcomeKind] = frozenset({"sampled", "contained", "detected_late", "allocator_stop", "terminated"})


@dataclass(frozen=True, slots=True)
class PriceLine:
    """One group and scope of the frontier, in words; `worst` has the contender, its raw code and the size."""

    group: str
    profiles: tuple[str, ...]
    against: str
    scope: Scope
    price: str
    worst: str
    cases: int
    same_algorithm: str
    practised: str
    shown: str
    contained: str
    uncaught: tuple[str, ...]
    outside: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ProofGroup:
    """Proofs of one idiom and fault that tell the same, in one profile or several; `anchor` is its place on a page."""

    anchor: str
    proof: Proof
    profiles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Mark:
    """One profile's outcome within a cell: a letter, how it looks, and where its evidence is; None where unproved."""

    profile: str
    letter: str
    look: MarkStyle
    words: str
    anchor: str | None


@dataclass(frozen=True, slots=True)
class Matrix:
    """What became of the faults of one case: for each idiom one cell a fault, in it one mark a profile."""

    case: str
    disqualified: bool
    profiles: tuple[str, ...]
    faults: tuple[str, ...]
    rows: tuple[tuple[str, str, tuple[tuple[Mark, ...], ...]], ...]
    findings: tuple[ProofGroup, ...]


# ---- the frontier --------------------------------------------------------------------------------------------------


def lines(document: Document) -> list[PriceLine]:
    """The frontier of a run, two lines a group: every fault, and spatial ones alone; none where nothing was proved."""
    return [_line(group, scope) for group in groups(document) for scope in SCOPES] if document.proofs else []


def headline(document: Document) -> str:
    """The price of safety by compiler and library in one sentence; empty where none is known."""
    if not document.proofs:
        return ""
    made = [(group.name, group.frontiers["every fault", "fastest raw"]) for group in groups(document)]
    parts = [
        f"{number(one.mean)} with {name} ({counted(len(one.prices), 'case')})"
        for name, one in made
        if one.mean is not None
    ]
    return f"Stopping every fault by the cheapest idiom, over raw code: {', '.join(parts)}." if parts else ""


def _line(group: PriceGroup, scope: Scope) -> PriceLine:
    made, worst = group.frontiers[scope, "fastest raw"], group.frontiers[scope, "fastest raw"].worst
    over = "" if worst is None else f"{worst.case}/{worst.variant}@{worst.profile} over {worst.against}, {worst.size}"
    return PriceLine(
        group.name,
        group.profiles,
        group.against,
        scope,
        price_words(made),
        "–" if worst is None else f"{number(worst.ratio)} {over}",
        len(made.prices),
        _with_count(group.frontiers[scope, "same algorithm"]),
        _with_count(group.frontiers[scope, "as practised"]),
        _with_count(group.standards[scope, "shown"]),
        _with_count(group.standards[scope, "contained"]),
        tuple(f"{one.case}: {one.variant}@{one.profile} lets through {', '.join(one.faults)}" for one in made.uncaught),
        tuple(f"{case}: {why}" for case, why in group.outside[scope]),
    )


def price_words(made: Frontier) -> str:
    """A geometric mean with its interval, or why it has none; a dash where no case has a price."""
    if made.mean is None:
        return "–"
    if made.low is None or made.high is None:
        return f"{number(made.mean)} (no interval: {why_no_interval(made)})"
    return f"{number(made.mean)} ({number(made.low)} – {number(made.high)})"


def _with_count(made: Frontier) -> str:
    return "–" if made.mean is None else f"{number(made.mean)} in {counted(len(made.prices), 'case')}"


def terminal_rows(document: Document) -> list[tuple[str, str, str, str]]:
    """The frontier for a terminal: compiler and library, price for every fault, its worst case, spatial faults alone.

    Empty where nothing was proved, or where no case has a price and none lacks one for want of an idiom.
    """
    found = [group for group in groups(document) if document.proofs and _says_anything(group)]
    rows = []
    for group in found:
        every, spatial = (group.frontiers[scope, "fastest raw"] for scope in SCOPES)
        worst = "–" if every.worst is None else f"{number(every.worst.ratio)} {every.worst.case}"
        rows.append((group.name, _short(every), worst, _short(spatial)))
    return rows


def terminal_gaps(document: Document) -> list[str]:
    """In which cases nothing catches everything, a line for each compiler and library."""
    if not document.proofs:
        return []
    made = {group.name: group.frontiers["every fault", "fastest raw"].uncaught for group in groups(document)}
    told = {name: [f"{one.case} ({', '.join(one.faults)})" for one in uncaught] for name, uncaught in made.items()}
    return [f"no price with {name}, as nothing stops: {', '.join(cases)}" for name, cases in told.items() if cases]


def terminal_standards(document: Document) -> list[str]:
    """The price by other standards, a line each: without what is inexpressible, and where contained suffices."""
    if not document.proofs:
        return []
    words: dict[Standard, str] = {
        "shown": "price where inexpressible does not count as caught",
        "contained": "price where contained suffices",
    }
    lines = []
    for standard, title in words.items():
        made = [(group.name, group.standards["every fault", standard]) for group in groups(document)]
        prices = [f"{name} {_with_count(price)}" for name, price in made if price.mean is not None]
        lines += [f"{title}: {', '.join(prices)}"] if prices else []
    return lines


def shares(document: Document) -> str:
    """Of how many faults in safe idioms how many are caught, and how many of these by a reason alone."""
    safe = {(case.name, variant.name) for case in document.cases for variant in case.variants if variant.role == "safe"}
    outcomes = [proof.outcome for proof in document.proofs if (proof.case, proof.variant) in safe]
    caught = [outcome for outcome in outcomes if outcome in CAUGHT]
    unshown = sum(outcome in UNSHOWN for outcome in caught)
    contained = outcomes.count("contained")
    if not outcomes:
        return ""
    return (
        f"Safe idioms catch {len(caught):,} of {len(outcomes):,} faults committed in them, {unshown:,} of these "
        f"inexpressible: a reason why nobody can write the program, and no run. They contain {contained:,} more."
    )


def _says_anything(group: PriceGroup) -> bool:
    every = group.frontiers["every fault", "fastest raw"]
    return bool(every.uncaught) or any(group.frontiers[scope, "fastest raw"].prices for scope in SCOPES)


def _short(made: Frontier) -> str:
    if made.mean is None:
        return "no case"
    interval = "" if made.low is None or made.high is None else f" ({number(made.low)}-{number(made.high)})"
    return f"{number(made.mean)}{interval} in {counted(len(made.prices), 'case')}"


# ---- the matrix ----------------------------------------------------------------------------------------------------


def matrices(document: Document) -> list[Matrix]:
    """One matrix for each case of which anything was proved."""
    order = [profile.name for profile in document.profiles]
    made = []
    for number_of_case, case in enumerate(document.cases, 1):
        proofs = [one for one in document.proofs if one.case == case.name]
        if proofs:
            made.append(_matrix(case, number_of_case, proofs, order))
    return made


def _matrix(case: Case, place: int, proofs: Sequence[Proof], order: Sequence[str]) -> Matrix:
    findings = _findings(proofs, place)
    where = {(f.proof.variant, f.proof.fault, profile): f for f in findings for profile in f.profiles}
    profiles = tuple(name for name in order if any(one.profile == name for one in proofs))
    faults = tuple(fault.name for fault in case.faults)
    roles = {variant.name: variant.role for variant in case.variants}
    variants = dict.fromkeys(one.variant for one in proofs)
    rows = tuple(
        (
            variant,
            roles[variant],
            tuple(tuple(_mark(where.get((variant, fault, name)), name) for name in profiles) for fault in faults),
        )
        for variant in variants
    )
    return Matrix(case.name, case.status == "disqualified", profiles, faults, rows, tuple(findings))


def _findings(proofs: Sequence[Proof], place: int) -> list[ProofGroup]:
    """Proofs that tell the same of one idiom and fault, put together."""
    alike: dict[tuple[object, ...], list[Proof]] = {}
    for one in proofs:
        told = (one.outcome, one.detail, one.attribution, one.mechanism, one.said, one.reason, one.evidence, one.claim)
        alike.setdefault((one.variant, one.fault, *told), []).append(one)
    return [
        ProofGroup(f"proof-{place}-{count}", same[0], tuple(one.profile for one in same))
        for count, same in enumerate(alike.values(), 1)
    ]


def _mark(found: ProofGroup | None, profile: str) -> Mark:
    if found is None:
        return Mark(profile, NOT_PROVED, "unproved", "not proved", None)
    outcome = found.proof.outcome
    return Mark(profile, LETTERS[outcome], _look(outcome), found.proof.words, found.anchor)


def _look(outcome: OutcomeKind) -> MarkStyle:
    return "caught" if outcome in CAUGHT else "halfway" if outcome in _HALFWAY else "missed"


def words() -> list[tuple[str, str, MarkStyle, str]]:
    """The glossary: outcome, its letter, how it looks, and what it means."""
    return [(kind, LETTERS[kind], _look(kind), meaning) for kind, meaning in MEANINGS.items()]


def owed(proof: Proof) -> str:
    """To whom an outcome is owed, in words."""
    return "" if proof.attribution is None else f"{proof.attribution}: {OWED[proof.attribution]}"
