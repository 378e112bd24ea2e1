"""Rows of two run documents that are the same whenever one looks: results, promises, catches, counts, machine code."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterator, Mapping, Sequence
from typing import TypeVar

from safecost.compare.rows import EXACT, ComparisonRow, RowPlace, RowVerdict, exact_row, word_row
from safecost.core.decoding import filled
from safecost.document.judged import Proof, Ruling
from safecost.document.measured import Code, Count
from safecost.document.metrics import MetricSpec, metrics_of
from safecost.document.types import Document, Problem

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
P = TypeVar("P", Proof, Count, Code)

_STATES = {
    "measured": "agrees",
    "disqualified": "disqualified",
    "not_built": "not built",
    "not_measured": "not measured",
}
_LOOKED_AT = ("measured", "disqualified")
_PROMISES = ("claim", "snippet")
_REJECTED = ("rejected", "newly_rejected")


def union(base: Mapping[K, V], head: Mapping[K, V]) -> Iterator[tuple[K, V | None, V | None]]:
    """Every key of both, those of the base first, with what each side has."""
    for key, value in base.items():
        yield key, value, head.get(key)
    for key, value in head.items():
        if key not in base:
            yield key, None, value


# ---- tier 0: what must hold ------------------------------------------------------------------------------------------


def exact_rows(base: Document, head: Document) -> Iterator[ComparisonRow]:
    """Every row that is no time."""
    yield from _results(base, head)
    yield from _claims(base, head)
    yield from _catches(base, head)
    yield from _rulings(base, head)
    yield from _counts(base, head)
    yield from _codes(base, head)


def _results(base: Document, head: Document) -> Iterator[ComparisonRow]:
    """Of each case: did all contenders compute the same? A disqualified case has times and counts of something else."""
    before, after = ({case.name: case for case in document.cases} for document in (base, head))
    for name, old, new in union(before, after):
        words = [None if case is None else _STATES[case.status] for case in (old, new)]
        note = None if new is None else new.reason
        if new is not None and new.status == "disqualified":
            # Wrong is wrong, whether or not the base has the case.
            yield ComparisonRow(RowPlace(name), "result", words[0], words[1], "wrong", limit=EXACT, note=note)
            continue
        gone = old is not None and new is not None and old.status in _LOOKED_AT and new.status not in _LOOKED_AT
        verdict: RowVerdict = "unchanged" if words[0] == words[1] else "missing" if gone else "improvement"
        yield word_row(RowPlace(name), "result", words[0], words[1], verdict, note)


def _claims(base: Document, head: Document) -> Iterator[ComparisonRow]:
    """Promises that a side broke: of what an idiom catches, and of what a compiler rejects."""

    def broken(document: Document) -> dict[RowPlace, Problem]:
        return {_place(one): one for one in document.problems if one.kind in _PROMISES}

    looked_at = {case.name for case in head.cases}
    for place, old, new in union(broken(base), broken(head)):
        if new is None and old is not None and old.case is not None and old.case not in looked_at:
            continue  # that the case is gone, its result says
        words = ["broken" if one is not None else "kept" for one in (old, new)]
        problem = new or old
        note = None if problem is None else problem.message
        yield word_row(place, "claim", words[0], words[1], "wrong" if new is not None else "improvement", note)


def _place(problem: Problem) -> RowPlace:
    """What a broken promise is about, as its sentence begins with it: `family/case/variant/fault@profile: ...`."""
    where = " ".join(problem.message.split(": ")[0].split())[:200]
    return RowPlace(where or problem.case or "a promise")


def _catches(base: Document, head: Document) -> Iterator[ComparisonRow]:
    """The outcome of each fault in each variant: a catch that was lost, won, or is another."""
    cases = {case.name for case in base.cases} & {case.name for case in head.cases}
    proofs = _of_cases(base, head, cases, lambda one: one.proofs)
    for place, old, new in union(*proofs):
        words = [None if one is None else one.words for one in (old, new)]
        verdict, note = _caught(old, new) if old is not None and new is not None else ("unchanged", None)
        yield word_row(place, "catch", words[0], words[1], verdict, note)


def _caught(old: Proof, new: Proof) -> tuple[RowVerdict, str | None]:
    if new.outcome == "no_verdict" != old.outcome:
        return "missing", new.reason or "nothing was proved"
    if old.caught and not new.caught:
        return "regression", new.reason or (f"was stopped by {old.mechanism}" if old.mechanism else None)
    if new.caught and not old.caught:
        return "improvement", f"stopped by {new.mechanism}" if new.mechanism else new.reason
    if old.words == new.words and old.mechanism == new.mechanism:
        return "unchanged", None
    return "changed", f"{old.mechanism or 'nothing'} before, {new.mechanism or 'nothing'} now"


def _rulings(base: Document, head: Document) -> Iterator[ComparisonRow]:
    """What compilers do with misuses of memory: `compile-time/<topic>/<misuse>/<way>@<compiler>`."""

    def rulings(document: Document) -> dict[RowPlace, Ruling]:
        return {
            RowPlace(f"{one.topic}/{one.misuse}", one.way, f"{ruling.by}-{one.language}"): ruling
            for one in document.rejections
            for ruling in one.rulings
            if ruling.outcome not in ("absent", "not_applicable")
        }

    for place, old, new in union(*known(rulings(base), rulings(head))):
        words = [None if one is None else _ruled(one) for one in (old, new)]
        verdict: RowVerdict = "unchanged"
        if old is not None and new is not None and words[0] != words[1]:
            lost = old.outcome in _REJECTED and new.outcome not in _REJECTED
            won = new.outcome in _REJECTED and old.outcome not in _REJECTED
            verdict = "regression" if lost else "improvement" if won else "changed"
        yield word_row(place, "ruling", words[0], words[1], verdict, None if new is None else new.reason)


def _ruled(ruling: Ruling) -> str:
    said = f" {ruling.tag}" if ruling.tag else ""
    return "rejected" + said if ruling.outcome in _REJECTED else ruling.outcome.replace("_", " ")


def known(base: dict[K, V], head: dict[K, V]) -> tuple[dict[K, V], dict[K, V]]:
    """Both; nothing where either looked at nothing, which is reported once, as a warning, rather than in each row."""
    return (base, head) if base and head else ({}, {})


def _of_cases(
    base: Document, head: Document, cases: Collection[str], part: Callable[[Document], Sequence[P]]
) -> tuple[dict[RowPlace, P], dict[RowPlace, P]]:
    """What both sides know of these cases, by place."""
    before, after = ({place_of(one): one for one in part(side) if one.case in cases} for side in (base, head))
    return known(before, after)


def place_of(one: Proof | Count | Code) -> RowPlace:
    """Where a part of a document belongs."""
    if isinstance(one, Count):
        return filled(RowPlace, one, fault=None, against=None)
    return RowPlace(one.case, one.variant, one.profile, fault=one.fault if isinstance(one, Proof) else None)


# ---- tier 1: what is exact for one toolchain -------------------------------------------------------------------------


def sound(document: Document) -> set[str]:
    """The cases that were not disqualified: counts and times of the others are of something else than they say."""
    return {case.name for case in document.cases if case.status != "disqualified"}


def comparable(base: Document, head: Document) -> set[str]:
    """The cases whose counts and times have rows; that a side lacks one, or disqualified it, has one row, its
    result."""
    return sound(base) & sound(head)


def _counts(base: Document, head: Document) -> Iterator[ComparisonRow]:
    """What one call does: instructions, allocations, and bytes of these."""
    counts = _of_cases(base, head, comparable(base, head), lambda one: one.counts)
    for spec in metrics_of("count"):
        if spec.per_architecture and not same_architecture(base, head):
            continue
        for place, old, new in union(*counts):
            values = [None if count is None else spec.read(count) for count in (old, new)]
            if values != [None, None]:
                note = new.reason if new is not None and values[1] is None else None
                yield exact_row(place, spec.name, values[0], values[1], note=note)


def _codes(base: Document, head: Document) -> Iterator[ComparisonRow]:
    """What the compiler made of each kernel: bytes, checks that it emitted, vectors of numbers or none."""
    if not same_architecture(base, head):
        return
    held = _holding(base, head)
    for place, old, new in union(*_of_cases(base, head, comparable(base, head), lambda one: one.codes)):
        for spec in metrics_of("code"):
            values = [None if code is None else spec.read(code) for code in (old, new)]
            if values == [None, None]:
                continue
            if spec.scale == "presence":
                yield _presence_row(place, spec, values)
            else:
                still = (place.case, place.variant, place.profile) in held
                yield exact_row(place, spec.name, values[0], values[1], note=_note_of_less(spec, values, still))


def _presence_row(place: RowPlace, spec: MetricSpec, values: Sequence[float | None]) -> ComparisonRow:
    """Whether there is any: yes or no."""
    words = [None if value is None else "yes" if value else "no" for value in values]
    worse = "yes" if spec.worse > 0 else "no"
    verdict: RowVerdict = "unchanged" if words[0] == words[1] else "regression" if words[1] == worse else "improvement"
    return word_row(place, spec.name, words[0], words[1], verdict, None)


def _note_of_less(spec: MetricSpec, values: Sequence[float | None], still_catches: bool) -> str | None:
    """Of what may be needed: does the idiom without it catch what it caught?"""
    before, after = values
    if spec.worse != 0 or before is None or after is None or after >= before:
        return None
    return "it still catches what it caught" if still_catches else "no proof tells whether it still catches what it did"


def _holding(base: Document, head: Document) -> set[tuple[str, str | None, str | None]]:
    """Contenders that both sides proved, and that still catch whatever they caught."""
    rows = [row for row in _catches(base, head) if row.verdict != "new"]
    proved = {(row.place.case, row.place.variant, row.place.profile) for row in rows}
    calm = ("unchanged", "changed", "improvement")
    return proved - {(row.place.case, row.place.variant, row.place.profile) for row in rows if row.verdict not in calm}


def same_architecture(base: Document, head: Document) -> bool:
    """Do both sides have machine code of one kind?"""
    return base.machine.architecture == head.machine.architecture
