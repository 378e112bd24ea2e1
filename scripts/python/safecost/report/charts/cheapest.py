"""The cheapest safe idiom of each case in each profile, chosen and priced on different launches."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from safecost.document.rows import PairRow
from safecost.document.types import Document, Profile
from safecost.document.values import PairKind


@dataclass(frozen=True, slots=True)
class Cell:
    """The cheapest safe idiom of a case in a profile: chosen on odd launches, its ratio estimated on even ones."""

    variant: str
    ratio: float


def cheapest(document: Document, found: Sequence[PairRow]) -> dict[tuple[str, str], Cell]:
    """By case (`family/case`) and profile the full cost of the cheapest safe idiom, at its worst parameters.

    A plain profile's full cost is its idiom cost where the first raw variant is the fastest; a Rust profile's is its
    language gap. Choosing and estimating on the same launches would flatter the winner. An idiom that lacks a
    parameter which others have is not chosen.
    """
    wanted = {profile.name: _full_costs(profile) for profile in document.profiles}
    idioms: dict[tuple[str, str], dict[str, list[PairRow]]] = defaultdict(lambda: defaultdict(list))
    for row in found:
        if row.role == "safe" and row.kind in wanted.get(row.profile, ()):
            idioms[row.task, row.profile][row.variant].append(row)
    return {place: _cheapest(variants) for place, variants in idioms.items()}


def _full_costs(profile: Profile) -> tuple[PairKind, ...]:
    if profile.language == "rust":
        return ("language",)
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
