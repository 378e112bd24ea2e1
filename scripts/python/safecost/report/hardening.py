"""What hardening costs the code that it touches: each safe variant over itself in the plain build. Pure functions.

Raw code is never counted, since no check of a library acts on it; nor is a variant whose machine code is the same in
both builds. Cases weigh alike, however many idioms and sizes they have.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from safecost.core.text import counted, number
from safecost.document.judged import Proof
from safecost.document.measured import untouched
from safecost.document.memo import of_newest
from safecost.document.outcome import CAUGHT
from safecost.document.rows import PairRow, is_rebuild, valid_rows
from safecost.document.types import Document, Profile
from safecost.stats.frontier import over_cases

_Idiom = tuple[str, str]  # case and variant


@dataclass(frozen=True, slots=True)
class HardeningPrice:
    """What the `flags` that a profile adds to its plain sibling cost safe variants, and what these catch by them.

    `touched` of `idioms` in `touched_cases` of `cases` have other machine code; of `unknown` it was not read. `worst`
    is the worst size of each idiom that is touched and was timed, `mean` the geometric mean over cases of that over
    their idioms, `median` the same, each with the interval of a bootstrap over cases
    (None for fewer than two). `caught` of `let_through` are faults that the plain build of a touched idiom does
    not catch and the hardened one does; `caught_untouched` are those of idioms whose timed code is the same, where the
    program that commits the fault is another one.
    """

    profile: str
    plain: str
    flags: tuple[str, ...]
    idioms: int
    touched: int
    unknown: int
    cases: int
    touched_cases: int
    mean: float | None
    mean_interval: tuple[float, float] | None
    median: float | None
    median_interval: tuple[float, float] | None
    worst: tuple[PairRow, ...]
    caught: int
    let_through: int
    caught_untouched: int

    @property
    def highest(self) -> PairRow | None:
        """The idiom and size that costs most."""
        return self.worst[0] if self.worst else None


@of_newest
def hardening(document: Document) -> tuple[HardeningPrice, ...]:
    """A price for each profile that hardens another and was measured, in the document's order."""
    plain = {profile.name: profile for profile in document.profiles}
    prices = (
        _price(document, profile, plain[profile.plain])
        for profile in document.profiles
        if profile.plain != profile.name and not is_rebuild(document, profile)
    )
    return tuple(price for price in prices if price.idioms)


def _price(document: Document, profile: Profile, plain: Profile) -> HardeningPrice:
    rows = [
        row for row in valid_rows(document)
        if row.kind == "profile" and row.profile == profile.name and row.role == "safe"
    ]  # fmt: skip
    valid = {case.name for case in document.cases if case.status != "disqualified"}
    measured = {
        (panel.case, arm.variant)
        for panel in document.panels
        for arm in panel.contenders
        if panel.case in valid and panel.profile == arm.profile == profile.name and arm.role == "safe"
    }
    read: dict[str, set[_Idiom]] = {profile.name: set(), plain.name: set()}
    for code in document.codes:
        if code.profile in read:
            read[code.profile].add((code.case, code.variant))
    both = measured & read[profile.name] & read[plain.name]
    same = {(case, variant) for case, _, variant in untouched(document.codes, {profile.name: plain.name})}
    touched = both - same
    unknown = {(row.task, row.variant) for row in rows} - both
    worst = _worst(row for row in rows if (row.task, row.variant) in touched)
    by_case = _by_case(worst)
    missed = _missed(document, profile, plain)
    return HardeningPrice(
        profile=profile.name,
        plain=plain.name,
        flags=tuple(flag for flag, _ in profile.flags[len(plain.flags) :]),
        idioms=len(both | unknown),
        touched=len(touched),
        unknown=len(unknown),
        cases=len({case for case, _ in both | unknown}),
        touched_cases=len({case for case, _ in touched}),
        mean=statistics.geometric_mean(by_case) if by_case else None,
        mean_interval=over_cases(by_case, np.mean),
        median=statistics.median(by_case) if by_case else None,
        median_interval=over_cases(by_case, np.median),
        worst=worst,
        caught=sum(caught for idiom, caught in missed if idiom in touched),
        let_through=sum(idiom in touched for idiom, _ in missed),
        caught_untouched=sum(caught for idiom, caught in missed if idiom in both & same),
    )


def _worst(rows: Iterable[PairRow]) -> tuple[PairRow, ...]:
    """Each idiom at the size where it costs most, the most expensive first."""
    found: dict[_Idiom, PairRow] = {}
    for row in rows:
        idiom = row.task, row.variant
        if idiom not in found or row.ratio > found[idiom].ratio:
            found[idiom] = row
    return tuple(sorted(found.values(), key=lambda row: (-row.ratio, row.name)))


def _by_case(worst: Iterable[PairRow]) -> list[float]:
    """The geometric mean over the idioms of each case."""
    logs: dict[str, list[float]] = {}
    for row in worst:
        logs.setdefault(row.task, []).append(math.log(row.ratio))
    return [math.exp(statistics.fmean(of_case)) for of_case in logs.values()]


def _missed(document: Document, profile: Profile, plain: Profile) -> list[tuple[_Idiom, bool]]:
    """Each fault that the plain build is known to let through, by its idiom, and whether the hardened one catches it.

    Where there is no verdict on the plain build nothing says that it lets the fault through.
    """
    known: dict[tuple[str, str, str], dict[str, Proof]] = {}
    for proof in document.proofs:
        if proof.profile in (profile.name, plain.name) and proof.outcome != "no_verdict":
            known.setdefault((proof.case, proof.variant, proof.fault), {})[proof.profile] = proof
    return [
        ((case, variant), proofs[profile.name].outcome in CAUGHT)
        for (case, variant, _), proofs in known.items()
        if len(proofs) == 2 and proofs[plain.name].outcome not in CAUGHT
    ]


# ---- in words ------------------------------------------------------------------------------------------------------


def reach(price: HardeningPrice) -> str:
    """How much code the flags touch, such as `5 of 7 idioms in 2 of 2 cases`."""
    idioms, cases = counted(price.idioms, "idiom"), counted(price.cases, "case")
    words = f"{price.touched} of {idioms} in {price.touched_cases} of {cases}"
    return words + (f"; the code of {price.unknown} was not read" if price.unknown else "")


def with_interval(ratio: float | None, interval: tuple[float, float] | None) -> str:
    """A ratio over cases with its interval where it has one; a dash for none."""
    if ratio is None:
        return "–"
    return number(ratio) + (f" ({number(interval[0])} – {number(interval[1])})" if interval else "")


def highest(price: HardeningPrice) -> str:
    """The worst ratio with its interval and where it is; a dash where nothing that is touched was timed."""
    row = price.highest
    if row is None:
        return "–"
    interval = None if row.low is None or row.high is None else (row.low, row.high)
    return f"{with_interval(row.ratio, interval)} {row.task}/{row.variant}, {row.parameters}"


def newly_caught(price: HardeningPrice) -> str:
    """The faults that are caught by hardening alone, such as `31 of 80 let through`."""
    here = f"{price.caught} of {price.let_through} let through" if price.let_through else "none was let through"
    elsewhere = f"{price.caught_untouched} where the timed code is the same"
    parts = ([here] if price.touched else []) + ([elsewhere] if price.caught_untouched else [])
    return ", and ".join(parts) or "–"


def terminal_lines(document: Document) -> list[str]:
    """Two lines for each hardened profile: what it costs the code that it touches, and what that catches by it."""
    lines = []
    for price in hardening(document):
        over = f"hardening, {price.profile} over {price.plain}"
        if price.mean is None or price.median is None:
            untimed = "; none was timed beside itself" if price.touched else ""
            lines.append(f"{over}: touches {reach(price)}{untimed}")
        else:
            mean = with_interval(price.mean, price.mean_interval)
            median = with_interval(price.median, price.median_interval)
            lines.append(f"{over}: {mean} on average, median {median}, worst {highest(price)}; touches {reach(price)}")
        if document.proofs:
            lines.append(f"hardening, faults newly caught by {price.profile}: {newly_caught(price)}")
    return lines
