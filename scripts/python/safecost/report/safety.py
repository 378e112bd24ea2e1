"""What safety costs and buys, for a reader: the frontier's lines, and the matrix of what became of each fault."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from safecost.core.text import counted, number
from safecost.document.judged import Proof
from safecost.document.memo import of_newest
from safecost.document.outcome import CAUGHT, LETTERS, MEANINGS, OWED, UNSHOWN, OutcomeKind
from safecost.document.types import Case, Document
from safecost.report.prices import (
    BEST,
    SCOPES,
    TIERS,
    Denominator,
    PriceGroup,
    PriceTier,
    Scope,
    groups,
    why_no_interval,
)
from safecost.stats.frontier import Frontier, in_common

MarkStyle = Literal["caught", "halfway", "missed", "unproved"]
NOT_PROVED = "·"
# Stopped, but too late, by luck or by chance, or in bounds with a wrong answer: a reader may still lose data.
_HALFWAY: frozenset[OutcomeKind] = frozenset({"sampled", "contained", "detected_late", "allocator_stop", "terminated"})


@dataclass(frozen=True, slots=True)
class PriceLine:
    """One price of a group in one scope, in words; `worst` has the contender, its raw code and the size.

    `price` is over ordinary raw code and `over_best` over the best known, both with interval and number of cases.
    """

    group: str
    tier: PriceTier
    profiles: tuple[str, ...]
    scope: Scope
    price: str
    over_best: str
    median: str
    worst: str
    left_out: str
    chosen_from: int
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
    """The prices of a run, three a group and scope; of a run that states no origins, the best known alone."""
    if not document.proofs:
        return []
    return [_line(group, scope, tier) for group in groups(document) for scope in SCOPES for tier in tiers(group)]


def tiers(group: PriceGroup) -> tuple[PriceTier, ...]:
    """The prices that a group has."""
    return tuple(TIERS) if group.states_origins else (BEST,)


def usual_tier(group: PriceGroup) -> PriceTier:
    """The tier of what a team would take: ordinary, or best known where a run does not state origins."""
    return "ordinary" if group.states_origins else BEST


def headline(document: Document) -> str:
    """What protection costs by compiler and library in one sentence; empty where no price is known."""
    if not document.proofs:
        return ""
    parts = []
    for group in groups(document):
        price = group.frontiers["every fault", usual_tier(group), "ordinary raw"]
        parts += [f"{difference(price.mean)} with {group.name} ({_share(price)})"] if price.mean is not None else []
    costs = "; ".join(parts)
    return f"Idioms that stop every fault of their case, over raw code, where there are any: {costs}." if parts else ""


def difference(ratio: float) -> str:
    """A ratio as more or less time, such as `+25 %`."""
    change = 100 * (ratio - 1)
    return f"{change:+.0f} %" if abs(change) >= 10 else f"{change:+.1f} %"


@dataclass(frozen=True, slots=True)
class ThreePrices:
    """The prices of a group for every fault over ordinary raw code, by tier, each with its interval and share."""

    group: str
    build: str
    prices: tuple[tuple[PriceTier, str], ...]


def three_prices(document: Document) -> list[ThreePrices]:
    """The three prices of each compiler and library, the first thing that a reader is shown."""
    return [
        ThreePrices(
            group.name,
            group.build,
            tuple((tier, with_share(group.frontiers["every fault", tier, "ordinary raw"])) for tier in tiers(group)),
        )
        for group in (groups(document) if document.proofs else ())
    ]


def filter_note(document: Document) -> str:
    """Why the prices of a run are not those of the suite: it was filtered; empty where they are."""
    if document.run.filter is None:
        return ""
    return f"This run was filtered ({document.run.filter}): its prices are of what was measured, and of nothing else."


def builds(group: PriceGroup, tier: PriceTier) -> tuple[str, ...]:
    """The builds among which a price could choose: off the shelf is of one."""
    return (group.build,) if tier == "off the shelf" else group.profiles


def _line(group: PriceGroup, scope: Scope, tier: PriceTier) -> PriceLine:
    def over(denominator: Denominator) -> Frontier:
        return group.frontiers[scope, tier, denominator]

    made = over("ordinary raw")
    best = tier == BEST
    return PriceLine(
        group.name,
        tier,
        builds(group, tier),
        scope,
        with_share(made),
        with_share(over("best known raw")),
        "–" if made.median is None else number(made.median),
        _worst(made),
        "–" if made.left_out is None else " – ".join(map(number, made.left_out)),
        made.chosen_from,
        with_share(over("same algorithm")),
        with_share(over("as practised")),
        with_share(group.standards[scope, "shown"]) if best else "",
        with_share(group.standards[scope, "contained"]) if best else "",
        tuple(f"{one.case}: {one.variant}@{one.profile} lets through {', '.join(one.faults)}" for one in made.uncaught),
        tuple(f"{case}: {why}" for case, why in group.outside[scope]),
    )


def _worst(made: Frontier) -> str:
    worst = made.worst
    if worst is None:
        return "–"
    return f"{number(worst.ratio)} {worst.case}/{worst.variant}@{worst.profile} over {worst.against}, {worst.size}"


def price_words(made: Frontier) -> str:
    """A geometric mean with its interval, or why it has none; a dash where no case has a price."""
    if made.mean is None:
        return "–"
    if made.low is None or made.high is None:
        return f"{number(made.mean)} (no interval: {why_no_interval(made)})"
    return f"{number(made.mean)} ({number(made.low)} – {number(made.high)})"


def with_share(made: Frontier) -> str:
    """A price, and in how many of the cases that were asked: who catches less must not look cheaper for it."""
    return f"{price_words(made)} in {_share(made)}" if made.cases else "–"


def _share(made: Frontier) -> str:
    return f"{len(made.prices)} of {counted(made.cases, 'case')}"


def terminal_rows(document: Document) -> list[tuple[str, ...]]:
    """The prices for a terminal: compiler and library, tier, every fault, in how many cases, its worst case,
    spatial faults alone.

    Empty where nothing was proved, or where no case has a price and none lacks one for want of an idiom.
    """
    rows: list[tuple[str, ...]] = []
    for group in groups(document) if document.proofs else ():
        if not _says_anything(group):
            continue
        for place, tier in enumerate(tiers(group)):
            every, spatial = (group.frontiers[scope, tier, "ordinary raw"] for scope in SCOPES)
            worst = "–" if every.worst is None else f"{number(every.worst.ratio)} {every.worst.case}"
            name = group.name if place == 0 else ""
            among = f"{tier}, {group.build}" if tier == "off the shelf" else tier
            cases = f"{len(every.prices)} of {every.cases}"
            rows.append((name, among, _short(every), cases, worst, _short(spatial)))
    return rows


def terminal_gaps(document: Document) -> list[str]:
    """In which cases nothing catches everything, a line for each compiler and library."""
    if not document.proofs:
        return []
    made = {group.name: group.best().uncaught for group in groups(document)}
    cases = {name: [f"{one.case} ({', '.join(one.faults)})" for one in uncaught] for name, uncaught in made.items()}
    return [f"no price with {name}, as nothing stops: {', '.join(gaps)}" for name, gaps in cases.items() if gaps]


def terminal_standards(document: Document) -> list[str]:
    """Best known prices by other standards, and over the best known raw code and what C programs use, a line each."""
    if not document.proofs:
        return []
    measured = groups(document)
    prices: dict[str, list[tuple[str, Frontier]]] = {
        "best known idioms over the best known raw code": [(one.name, one.best()) for one in measured],
        "best known, where inexpressible does not count as caught": [
            (one.name, one.standards["every fault", "shown"]) for one in measured
        ],
        "best known, where contained suffices": [
            (one.name, one.standards["every fault", "contained"]) for one in measured
        ],
        "ordinary idioms over the raw code that C programs use": [
            (one.name, one.frontiers["every fault", "ordinary", "as practised"]) for one in measured
        ],
    }
    lines = []
    for title, made in prices.items():
        priced = [f"{name} {with_share(price)}" for name, price in made if price.mean is not None]
        lines += [f"{title}: {', '.join(priced)}"] if priced else []
    return [*lines, *_gaps(measured), *comparisons(document), *later(document)]


def later(document: Document) -> list[str]:
    """Prices apart: with what was added after the suite was frozen, and over cases written since."""
    lines = []
    for group in groups(document) if document.proofs else ():
        if group.with_later is not None:
            lines.append(f"added later included, best known with {group.name}: {with_share(group.with_later)}")
        if group.held_out is not None:
            lines.append(f"held-out cases, best known with {group.name}: {with_share(group.held_out)}")
    return lines


def _gaps(measured: Sequence[PriceGroup]) -> list[str]:
    gaps = [(group, group.gap) for group in measured if group.gap is not None and group.gap.mean is not None]
    return [
        f"language gap, raw code of {group.name} over the best known raw code of {group.against}: {with_share(gap)}"
        for group, gap in gaps
    ]


def comparisons(document: Document) -> list[str]:
    """Compilers and languages side by side over the cases that all of them price, over raw C++; a line each tier."""
    lines = []
    for tier in TIERS if document.proofs else ():
        priced = [(group.name, group.frontiers["every fault", tier, "raw C++"]) for group in groups(document)]
        priced = [(name, made) for name, made in priced if made.prices]
        cases, means = in_common([made for _, made in priced])
        if len(means) > 1:
            prices = ", ".join(f"{name} {number(mean)}" for (name, _), mean in zip(priced, means, strict=True))
            over = "each over the best known raw C++ of its compiler, Rust over Clang's"
            lines.append(f"{tier}, {over}, in the {counted(cases, 'case')} that all price: {prices}")
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
    return bool(group.best().uncaught) or any(group.best(scope).prices for scope in SCOPES)


def _short(made: Frontier) -> str:
    if made.mean is None:
        return "–"
    return (
        f"{number(made.mean)}" if made.low is None or made.high is None else _with_range(made.mean, made.low, made.high)
    )


def _with_range(mean: float, low: float, high: float) -> str:
    return f"{number(mean)} ({number(low)}-{number(high)})"


# ---- the matrix ----------------------------------------------------------------------------------------------------


@of_newest
def matrices(document: Document) -> tuple[Matrix, ...]:
    """One matrix for each case of which anything was proved."""
    order = [profile.name for profile in document.profiles]
    made = []
    for case in document.cases:
        proofs = [one for one in document.proofs if one.case == case.name]
        if proofs:
            made.append(_matrix(case, proofs, order))
    return tuple(made)


def _matrix(case: Case, proofs: Sequence[Proof], order: Sequence[str]) -> Matrix:
    findings = _findings(proofs)
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


def _findings(proofs: Sequence[Proof]) -> list[ProofGroup]:
    """Proofs that tell the same of one idiom and fault, put together."""
    alike: dict[tuple[object, ...], list[Proof]] = {}
    for one in proofs:
        told = (one.outcome, one.detail, one.attribution, one.mechanism, one.said, one.reason, one.evidence, one.claim)
        alike.setdefault((one.variant, one.fault, *told), []).append(one)
    return [
        ProofGroup(f"{same[0].variant}/{same[0].fault}@{same[0].profile}", same[0], tuple(one.profile for one in same))
        for same in alike.values()
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
