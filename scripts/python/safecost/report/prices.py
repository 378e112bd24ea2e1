"""The prices of a run: which contenders of a document compete, what each lets through, and over which raw code.

Three prices stand together: off the shelf, of what the language and libraries offer, in one build throughout; ordinary,
of that and what a team writes without tricks; best known, of everything, which says how far a search got.
A group is a plain profile with its hardened siblings. Rust is priced over its own raw code; over the raw C++ of the
profile it names it has a total, and a language gap, which is raw Rust over raw C++.
Times of a contender and of its denominators come from the same panel, launch by launch.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from safecost.document.measured import Contender, Panel
from safecost.document.memo import of_newest
from safecost.document.outcome import CAUGHT, UNSHOWN, OutcomeKind
from safecost.document.rows import is_rebuild
from safecost.document.types import Case, Document, Profile
from safecost.document.values import DISPATCH_ONLY, Origin
from safecost.stats.frontier import AtSize, Candidate, Frontier, frontier

Scope = Literal["every fault", "spatial faults"]
PriceTier = Literal["off the shelf", "ordinary", "best known"]
# Ordinary raw is the fastest that a good C programmer writes in an afternoon, best known raw the fastest of all.
Denominator = Literal["ordinary raw", "best known raw", "same algorithm", "as practised", "raw C++"]
# What suffices: that a fault is caught; that a run has shown it, and not a reason why nobody can write the program; or
# that it is contained at least.
Standard = Literal["caught", "shown", "contained"]
STANDARDS: tuple[Standard, ...] = ("caught", "shown", "contained")
SCOPES: tuple[Scope, ...] = ("every fault", "spatial faults")
TIERS: dict[PriceTier, frozenset[Origin | None]] = {
    "off the shelf": frozenset({"library"}),
    "ordinary": frozenset({"library", "ordinary"}),
    "best known": frozenset({"library", "ordinary", "bespoke", None}),
}
BEST: PriceTier = "best known"
DENOMINATORS: tuple[Denominator, ...] = ("ordinary raw", "best known raw", "same algorithm", "as practised", "raw C++")

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
_CACHED = re.compile(r"(L[12]|small|large)(?!\w)")


@dataclass(frozen=True, slots=True)
class PriceGroup:
    """A plain profile and what stands for it: the price over cases for every scope, tier and denominator.

    `build` is the profile off the shelf is priced in: the one of `profiles` that leaves the fewest cases without a
    price, of these the cheapest. `standards` are best known prices over the best known raw code by what suffices; `gap`
    is raw code over the raw C++ it is compared with, None where it is C++ itself. `with_later` is the best known price
    over ordinary raw code where variants count that were added after their case was frozen, `held_out` that over cases
    written later, by idioms that nobody could choose for it; None where there are none. `outside` are cases
    without a price for another reason than that nothing catches everything, with that reason.
    """

    name: str
    profiles: tuple[str, ...]
    against: str
    build: str
    frontiers: dict[tuple[Scope, PriceTier, Denominator], Frontier]
    standards: dict[tuple[Scope, Standard], Frontier]
    gap: Frontier | None
    with_later: Frontier | None
    held_out: Frontier | None
    outside: dict[Scope, tuple[tuple[str, str], ...]]

    def best(self, scope: Scope = "every fault", denominator: Denominator = "best known raw") -> Frontier:
        """The best known price."""
        return self.frontiers[scope, BEST, denominator]

    @property
    def states_origins(self) -> bool:
        """Do any of its idioms say where their code comes from? Older runs do not, and have the best known price."""
        return any(self.frontiers[scope, "ordinary", "ordinary raw"].chosen_from for scope in SCOPES)


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
    made: dict[tuple[Scope, PriceTier, Denominator], Frontier] = {}
    standards: dict[tuple[Scope, Standard], Frontier] = {}
    outside: dict[Scope, tuple[tuple[str, str], ...]] = {}
    competing: dict[Scope, list[Case]] = {}
    for scope in SCOPES:
        tasks = [case for case in _tasks(document) if not case.held_out]
        reasons = {case.name: _outside(document, case, scope, names) for case in tasks}
        outside[scope] = tuple((name, why) for name, why in reasons.items() if why is not None)
        competing[scope] = [case for case in tasks if reasons[case.name] is None]

    def priced(scope: Scope, terms: PriceTerms, builds: Sequence[str]) -> Frontier:
        of = {case.name: candidates(document, case, builds, against, scope, terms) for case in competing[scope]}
        return frontier(plain.name, of)

    def of_build(build: str) -> tuple[float, ...]:
        every, spatial = (priced(scope, PriceTerms("best known raw", "off the shelf"), [build]) for scope in SCOPES)
        return -len(every.prices), -len(spatial.prices), every.mean or spatial.mean or math.inf

    build = min(names, key=of_build)
    for scope in SCOPES:
        for tier in TIERS:
            builds = [build] if tier == "off the shelf" else names
            for denominator in DENOMINATORS:
                made[scope, tier, denominator] = priced(scope, PriceTerms(denominator, tier), builds)
        for standard in STANDARDS:
            standards[scope, standard] = priced(scope, PriceTerms("best known raw", BEST, standard), names)
    gap = None
    if against != plain.name:
        gap = frontier(
            plain.name, {c.name: _raw_over(document, c, plain.name, against) for c in competing["every fault"]}
        )
    return PriceGroup(
        plain.name,
        names,
        against,
        build,
        made,
        standards,
        gap,
        _with_later(document, competing["every fault"], plain.name, names, against),
        _held_out(document, plain.name, names, against),
        outside,
    )


def _with_later(
    document: Document, competing: Sequence[Case], name: str, names: Sequence[str], against: str
) -> Frontier | None:
    if not any(variant.added_later for case in competing for variant in case.variants):
        return None
    thawed = [
        replace(case, variants=tuple(replace(variant, added_later=False) for variant in case.variants))
        for case in competing
    ]
    terms = PriceTerms("ordinary raw")
    return frontier(name, {c.name: candidates(document, c, names, against, "every fault", terms) for c in thawed})


def _held_out(document: Document, name: str, names: Sequence[str], against: str) -> Frontier | None:
    later = [
        case for case in _tasks(document) if case.held_out and _outside(document, case, "every fault", names) is None
    ]
    if not later:
        return None
    terms = PriceTerms("ordinary raw")
    return frontier(name, {c.name: candidates(document, c, names, against, "every fault", terms) for c in later})


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


@dataclass(frozen=True, slots=True)
class PriceTerms:
    """What a price is of: over which raw code, of whose idioms, and what suffices of a fault."""

    denominator: Denominator = "best known raw"
    tier: PriceTier = BEST
    standard: Standard = "caught"


def candidates(
    document: Document, case: Case, profiles: Sequence[str], against: str, scope: Scope, terms: PriceTerms
) -> list[Candidate]:
    """Every safe contender of a case in these profiles, with what it lets through on these terms, and its times.

    A fault of which nothing was proved counts as let through. A contender that lacks a size which others have does
    not compete.
    """
    origins = {variant.name: variant.origin for variant in case.variants}
    later = {variant.name for variant in case.variants if variant.added_later}
    sizes: dict[tuple[str, str], list[AtSize]] = {}
    for panel in _cached_panels(document, case, profiles):
        raws = [raw for raw in _raws(document, panel, against, terms.denominator) if raw.variant not in later]
        for arm in panel.contenders:
            competes = arm.variant not in later and origins.get(arm.variant) in TIERS[terms.tier]
            if arm.profile == panel.profile and arm.role == "safe" and competes:
                below = _denominators(case, arm, raws, terms.denominator)
                if below:
                    sizes.setdefault((arm.variant, arm.profile), []).append(_at_size(panel, arm, below))
    complete = max(map(len, sizes.values()), default=0)
    return [
        Candidate(
            variant, profile, tuple(_uncaught(document, case, scope, variant, profile, terms.standard)), tuple(at)
        )
        for (variant, profile), at in sizes.items()
        if len(at) == complete
    ]


def _cached_panels(document: Document, case: Case, profiles: Sequence[str]) -> Iterator[Panel]:
    for panel in document.panels:
        if panel.case == case.name and panel.profile in profiles and _CACHED.match(panel.label):
            yield panel


def _at_size(panel: Panel, arm: Contender, below: Sequence[Contender]) -> AtSize:
    return AtSize(panel.label + panel.beside, arm.nanoseconds, {raw.variant: raw.nanoseconds for raw in below})


def _raw_arms(panel: Panel) -> list[Contender]:
    return [arm for arm in panel.contenders if arm.role == "raw" and arm.variant not in DISPATCH_ONLY]


def _raws(document: Document, panel: Panel, against: str, denominator: Denominator) -> list[Contender]:
    """The raw code of a panel that counts: that of the plain profile, for C++ and for Rust its own language's.

    What C programs use is C++'s for Rust, too. A twin without raw code is compared with C++ alone.
    """
    plain = {profile.name: profile.plain for profile in document.profiles}[panel.profile]
    raws = _raw_arms(panel)
    own = [arm for arm in raws if arm.profile == plain]
    of_cxx = denominator in {"raw C++", "as practised"} or not own
    return [arm for arm in raws if arm.profile == against] if of_cxx else own


def _raw_over(document: Document, case: Case, profile: str, against: str) -> list[Candidate]:
    """Raw code of one profile over that of another, as contenders that let nothing through."""
    sizes: dict[str, list[AtSize]] = {}
    for panel in _cached_panels(document, case, [profile]):
        below = [arm for arm in _raw_arms(panel) if arm.profile == against]
        for arm in _raw_arms(panel):
            if arm.profile == profile and below:
                sizes.setdefault(arm.variant, []).append(_at_size(panel, arm, below))
    complete = max(map(len, sizes.values()), default=0)
    return [Candidate(variant, profile, (), tuple(at)) for variant, at in sizes.items() if len(at) == complete]


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
    if denominator == "ordinary raw":
        beyond = {variant.name for variant in case.variants if variant.role == "raw" and variant.origin == "bespoke"}
        return [raw for raw in raws if raw.variant not in beyond] or raws
    return raws


def why_no_interval(made: Frontier) -> str:
    """Why a mean has no interval, in words; empty where it has one."""
    if made.mean is None or made.low is not None:
        return ""
    return "a single case" if len(made.prices) == 1 else "too few launches"
