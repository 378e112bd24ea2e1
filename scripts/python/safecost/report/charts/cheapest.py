"""The cheapest idiom of each case and profile that catches the most, chosen and priced on different launches."""

from __future__ import annotations

import statistics
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from safecost.document.outcome import CAUGHT
from safecost.document.rows import PairRow
from safecost.document.types import Document, Profile
from safecost.document.values import PairKind
from safecost.report.prices import faults_of


@dataclass(frozen=True, slots=True)
class Cell:
    """The cheapest idiom of a case in a profile among those that catch the most faults of it.

    Chosen on odd launches, its ratio estimated on even ones. `caught` of `faults` are None where nothing was proved.
    """

    variant: str
    ratio: float
    caught: int | None = None
    faults: int | None = None

    @property
    def share(self) -> str:
        """How many faults it catches, in words; empty where it catches all or nothing was proved."""
        return "" if self.caught is None or self.caught == self.faults else f"{self.caught} of {self.faults} caught"


def cheapest(document: Document, found: Sequence[PairRow]) -> dict[tuple[str, str], Cell]:
    """By case (`family/case`) and profile the full cost of the cheapest idiom that catches every fault of the case.

    Where none does it is the cheapest of those that catch the most: nobody should read an idiom that catches nothing
    out of it. The cost is that at its worst parameters.

    A plain profile's full cost is its idiom cost where the first raw variant is the fastest. Rust is held against its
    own raw code, as in the prices. Choosing and estimating on the same launches would flatter the winner. An idiom that
    lacks a parameter which others have is not chosen.
    """
    wanted = {profile.name: _full_costs(profile) for profile in document.profiles}
    idioms: dict[tuple[str, str], dict[str, list[PairRow]]] = defaultdict(lambda: defaultdict(list))
    for row in found:
        if row.role == "safe" and row.kind in wanted.get(row.profile, ()):
            idioms[row.task, row.profile][row.variant].append(row)
    faults = {case.name: frozenset(faults_of(document, case, "every fault")) for case in document.cases}
    catches = Counter(
        (proof.case, proof.profile, proof.variant)
        for proof in document.proofs
        if proof.outcome in CAUGHT and proof.fault in faults[proof.case]
    )
    proved = {(proof.case, proof.profile) for proof in document.proofs}
    cells = {}
    for place, variants in idioms.items():
        caught = {variant: catches[(*place, variant)] for variant in variants} if place in proved else {}
        most = max(caught.values(), default=0)
        made = _cheapest({variant: rows for variant, rows in variants.items() if caught.get(variant, most) == most})
        cells[place] = replace(made, caught=most, faults=len(faults[place[0]])) if caught else made
    return cells


def _full_costs(profile: Profile) -> tuple[PairKind, ...]:
    return ("idiom", "full") if profile.plain == profile.name else ("full",)


def _cheapest(variants: dict[str, list[PairRow]]) -> Cell:
    places = {variant: len({row.place for row in rows}) for variant, rows in variants.items()}
    offers = []
    for variant, rows in variants.items():
        if places[variant] == max(places.values()):
            # The fastest raw code gives the largest ratio, the worst parameter again the largest.
            chosen_on, estimate = max(_halves(row) for row in rows)
            offers.append((chosen_on, variant, estimate))
    _, variant, estimate = min(offers)
    return Cell(variant, estimate)


def _halves(row: PairRow) -> tuple[float, float]:
    """The ratio on odd launches and on even launches; the whole ratio for both where there is but one launch."""
    if len(row.ratios) < 2:
        return row.ratio, row.ratio
    return statistics.median(row.ratios[0::2]), statistics.median(row.ratios[1::2])
