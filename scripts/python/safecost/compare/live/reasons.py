"""What two compilers made of a kernel that has changed, in their own remarks: the reason beside a row. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from safecost.compare.live.arms import Pairing
from safecost.compare.rows import ComparisonRow
from safecost.document.measured import Code
from safecost.report.compilers import difference

Kernels = Mapping[tuple[str, str, str], Code]
"""Machine code by case, profile and variant."""


def kernels(codes: Iterable[Code]) -> Kernels:
    """Machine code by case, profile and variant."""
    return {(one.case, one.profile, one.variant): one for one in codes}


def changed(rows: Iterable[ComparisonRow], pairings: Sequence[Pairing]) -> Iterator[tuple[str, Pairing]]:
    """The cases, and by which profiles, whose compilers are worth asking: of another profile, and of another result."""
    by_head = {pairing.head: pairing for pairing in pairings if pairing.base != pairing.head}
    for row in rows:
        if _is_about_loops(row) and row.place.profile in by_head:
            yield row.place.case, by_head[row.place.profile]


def with_reasons(
    rows: Iterable[ComparisonRow], pairings: Sequence[Pairing], base: Kernels, head: Kernels
) -> Iterator[ComparisonRow]:
    """The rows, those that changed with what the compilers say of the kernel, and of raw code that it is over."""
    by_head = {pairing.head: pairing for pairing in pairings if pairing.base != pairing.head}
    for row in rows:
        place, pairing = row.place, by_head.get(row.place.profile or "")
        if pairing is None or place.variant is None or not _is_about_loops(row):
            yield row
            continue
        variants = [place.variant, *([(place.against or "").partition("@")[0]] if row.metric == "idiom_time" else [])]
        reasons = [
            reason
            for variant in variants
            for reason in difference(
                variant, base.get((place.case, pairing.base, variant)), head.get((place.case, pairing.head, variant))
            )
        ]
        kept = [row.note] if row.note else []
        yield replace(row, note="; ".join([*kept, *(one for one in reasons if one not in (row.note or ""))]) or None)


def _is_about_loops(row: ComparisonRow) -> bool:
    return row.verdict in ("regression", "improvement") and (row.tier == "time" or row.metric == "vectorised")
