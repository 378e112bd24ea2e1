"""The comparison of two run documents: what must hold, what is exact, and ratios of times, row by row.

Times of different runs are never compared. A run times both arms of a pair in one process, so that its ratio is worth
something elsewhere; what is compared is the ratio of base with that of head. Each has its own launches, so their
difference is known worse than one that was timed together, and what differs between the runs but is no code
(placement, the machine's state, the seed's inputs) is in it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

from desk.advice import advisories
from desk.comparison import (
    Comparison,
    Metric,
    Place,
    Row,
    Side,
    Verdict,
    exact_row,
    refuse_repeated,
    tier_of,
    time_row,
    word_row,
)
from desk.document_types import Code, Count, Document, Pair, PairKind, Panel, Problem, Proof, Ruling
from desk.wording import counted, percent, shown

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

TIME_OF: dict[PairKind, Metric] = {"idiom": "idiom_time", "profile": "profile_time", "language": "language_time"}
"""Full cost is left out: what it is over is the raw variant that was fastest in the run, which may be another one."""

FEWEST_SAME = 20
"""Pairs of equal machine code below which their straying tells nothing of two runs."""

MOST_STRAYING = 0.05
"""Share of the pairs of equal machine code that may differ beyond the margin where times are fit for a gate."""

_PROMISES = ("claim", "snippet")
_REJECTED = ("rejected", "newly_rejected")


def compare(base: Document, head: Document, names: tuple[str, str] = ("base", "head")) -> Comparison:
    """Every row of two documents, judged by the default limits; raises UsageError where a place is there twice."""
    margin = max(base.run.margin, head.run.margin)
    rows = refuse_repeated(
        (
            *_results(base, head),
            *_claims(base, head),
            *_catches(base, head),
            *_rulings(base, head),
            *_counts(base, head),
            *_codes(base, head),
            *_times(base, head, margin),
        )
    )
    return Comparison(
        side(base, names[0]),
        side(head, names[1]),
        "documents",
        margin,
        rows,
        tuple(_warnings(base, head)),
        (*_advisory(base, head, names), *_unstable(rows)),
        tuple(_gone(base, head)),
    )


def side(document: Document, name: str) -> Side:
    """What a reader wants to know of a document."""
    suite, run = document.suite, document.run
    state = "" if not suite.modified else ", modified"
    facts = [
        ("suite", suite.version + (f", commit {suite.commit[:12]}{state}" if suite.commit else "")),
        ("measured", f"{run.started}, {run.mode}, up to {counted(run.launches, 'launch', 'launches')}"),
        ("machine", f"{document.machine.cpu}, {counted(document.machine.logical_cpus, 'CPU')}"),
        ("system", f"{document.machine.distribution}, {document.machine.kernel}"),
    ]
    compilers = dict.fromkeys(one.compiler for one in document.profiles if one.compiler is not None)
    return Side(name, (*facts, ("compilers", ", ".join(compilers) or "none")))


def union(base: Mapping[K, V], head: Mapping[K, V]) -> Iterator[tuple[K, V | None, V | None]]:
    """Every key of both, those of the base first, with what each side has."""
    for key, value in base.items():
        yield key, value, head.get(key)
    for key, value in head.items():
        if key not in base:
            yield key, None, value


# ---- tier 0: what must hold ------------------------------------------------------------------------------------------


def _results(base: Document, head: Document) -> Iterator[Row]:
    """Of each case: did all contenders compute the same? A struck case has times and counts of something else."""
    before, after = ({case.name: case for case in document.cases} for document in (base, head))
    for name, old, new in union(before, after):
        words = [None if case is None else _state(case.status) for case in (old, new)]
        wrong = new is not None and new.status == "struck"
        gone = new is not None and old is not None and new.status == "not_built" != old.status
        verdict: Verdict = (
            "wrong" if wrong else "missing" if gone else "unchanged" if words[0] == words[1] else "changed"
        )
        row = word_row(Place(name), "result", words[0], words[1], verdict, new.reason if new is not None else None)
        yield row if not wrong else _as(row, "wrong")


def _state(status: str) -> str:
    return {"measured": "agrees", "struck": "struck"}.get(status, status.replace("_", " "))


def _as(row: Row, verdict: Verdict) -> Row:
    """The row with a verdict that holds even where the base lacks the place."""
    return Row(row.place, row.metric, row.base, row.head, verdict, limit=row.limit, note=row.note)


def _claims(base: Document, head: Document) -> Iterator[Row]:
    """Promises that a side broke: of what an idiom catches, and of what a compiler rejects."""

    def broken(document: Document) -> dict[Place, Problem]:
        found = (one for one in document.problems if one.kind in _PROMISES)
        return {Place(one.case or "compile-time", one.variant, one.profile, fault=_said(one)): one for one in found}

    for place, old, new in union(broken(base), broken(head)):
        words = ["broken" if one is not None else "kept" for one in (old, new)]
        problem = new or old
        note = None if problem is None else problem.message
        yield word_row(place, "claim", words[0], words[1], "wrong" if new is not None else "improvement", note)


def _said(problem: Problem) -> str | None:
    """What tells broken promises of one variant apart: the beginning of what is said of them."""
    return " ".join(problem.message.split(";")[0].split())[:80] or None


def _catches(base: Document, head: Document) -> Iterator[Row]:
    """The outcome of each fault in each variant: a catch that was lost, won, or is another."""

    def proofs(document: Document) -> dict[Place, Proof]:
        struck = {case.name for case in document.cases if case.status == "struck"}
        return {
            Place(one.case, one.variant, one.profile, fault=one.fault): one
            for one in document.proofs
            if one.case not in struck or one.claim is not None
        }

    for place, old, new in union(*_known(proofs(base), proofs(head))):
        words = [None if one is None else one.words for one in (old, new)]
        verdict, note = _caught(old, new) if old is not None and new is not None else ("unchanged", None)
        yield word_row(place, "catch", words[0], words[1], verdict, note)


def _caught(old: Proof, new: Proof) -> tuple[Verdict, str | None]:
    if new.outcome == "no_verdict" != old.outcome:
        return "missing", new.reason or "nothing was proved"
    if old.caught and not new.caught:
        return "regression", new.reason or (f"was stopped by {old.mechanism}" if old.mechanism else None)
    if new.caught and not old.caught:
        return "improvement", f"stopped by {new.mechanism}" if new.mechanism else new.reason
    if old.words == new.words and old.mechanism == new.mechanism:
        return "unchanged", None
    return "changed", f"{old.mechanism or 'nothing'} before, {new.mechanism or 'nothing'} now"


def _rulings(base: Document, head: Document) -> Iterator[Row]:
    """What compilers do with misuses of memory: `compile-time/<topic>/<misuse>/<way>@<compiler>`."""

    def rulings(document: Document) -> dict[Place, Ruling]:
        return {
            Place(f"{one.topic}/{one.misuse}", one.way, f"{ruling.by}-{one.language}"): ruling
            for one in document.rejections
            for ruling in one.rulings
            if ruling.outcome not in ("absent", "not_applicable")
        }

    for place, old, new in union(*_known(rulings(base), rulings(head))):
        words = [None if one is None else _ruled(one) for one in (old, new)]
        verdict: Verdict = "unchanged"
        if old is not None and new is not None and words[0] != words[1]:
            lost = old.outcome in _REJECTED and new.outcome not in _REJECTED
            won = new.outcome in _REJECTED and old.outcome not in _REJECTED
            verdict = "regression" if lost else "improvement" if won else "changed"
        yield word_row(place, "ruling", words[0], words[1], verdict, None if new is None else new.reason)


def _ruled(ruling: Ruling) -> str:
    said = f" {ruling.tag}" if ruling.tag else ""
    return "rejected" + said if ruling.outcome in _REJECTED else ruling.outcome.replace("_", " ")


def _known(base: dict[K, V], head: dict[K, V]) -> tuple[dict[K, V], dict[K, V]]:
    """Both; nothing where either looked at nothing, which is told once, as a warning, rather than in each row."""
    return (base, head) if base and head else ({}, {})


# ---- tier 1: what is exact for one toolchain -------------------------------------------------------------------------


def _sound(document: Document) -> set[str]:
    return {case.name for case in document.cases if case.status != "struck"}


def _counts(base: Document, head: Document) -> Iterator[Row]:
    """What one call does: instructions, allocations, and bytes of these."""

    def counts(document: Document) -> dict[Place, Count]:
        sound = _sound(document)
        return {
            Place(one.case, one.variant, one.profile, one.size, one.rate): one
            for one in document.counts
            if one.case in sound
        }

    metrics: tuple[tuple[Metric, Callable[[Count], int | None]], ...] = (
        ("instructions", lambda one: one.instructions),
        ("allocations", lambda one: one.allocations),
        ("allocated_bytes", lambda one: one.allocated_bytes),
    )
    before, after = _known(counts(base), counts(head))
    for metric, total in metrics:
        if metric == "instructions" and not _same_architecture(base, head):
            continue
        for place, old, new in union(before, after):
            values = [None if one is None else _per_call(total(one), one.calls) for one in (old, new)]
            if values != [None, None]:
                note = new.reason if new is not None and values[1] is None else None
                yield exact_row(place, metric, values[0], values[1], note=note)


def _per_call(total: int | None, calls: int) -> float | None:
    return None if total is None else total / calls


def _codes(base: Document, head: Document) -> Iterator[Row]:
    """What the compiler made of each kernel: bytes, checks that it emitted, vectors of numbers or none."""

    def codes(document: Document) -> dict[Place, Code]:
        sound = _sound(document)
        return {Place(one.case, one.variant, one.profile): one for one in document.codes if one.case in sound}

    if not _same_architecture(base, head):
        return
    held = _holding(base, head)
    for place, old, new in union(*_known(codes(base), codes(head))):
        numbers: tuple[tuple[Metric, Callable[[Code], int]], ...] = (
            ("code_bytes", lambda one: one.bytes),
            ("checks", lambda one: one.checks),
        )
        for metric, value in numbers:
            values = [None if one is None else float(value(one)) for one in (old, new)]
            unproved = (place.case, place.variant, place.profile) not in held
            fewer = None not in values and values[1] < values[0]  # type: ignore[operator]
            note = (
                "no proof says that what was checked is still caught"
                if metric == "checks" and fewer and unproved
                else None
            )
            yield exact_row(place, metric, values[0], values[1], note=note)
        words = [None if one is None else "yes" if one.packed else "no" for one in (old, new)]
        verdict: Verdict = "unchanged" if words[0] == words[1] else "regression" if words[1] == "no" else "improvement"
        yield word_row(place, "vectorised", words[0], words[1], verdict, None)


def _holding(base: Document, head: Document) -> set[tuple[str, str | None, str | None]]:
    """Contenders that both sides proved, and that still catch whatever they caught."""
    rows = [row for row in _catches(base, head) if row.verdict != "new"]
    lost = {(row.place.case, row.place.variant, row.place.profile) for row in rows if row.verdict != "unchanged"}
    return {(row.place.case, row.place.variant, row.place.profile) for row in rows} - lost


def _same_architecture(base: Document, head: Document) -> bool:
    return base.machine.architecture == head.machine.architecture


# ---- tier 2: ratios of times -----------------------------------------------------------------------------------------


def _times(base: Document, head: Document, margin: float) -> Iterator[Row]:
    same = _same_plugins(base, head)
    for key, old, new in union(*_known(_pairs(base), _pairs(head))):
        metric, place, builds = key
        same_code = all((place.case, build) in same for build in builds)
        if old is not None and new is not None:
            yield time_row(
                place, metric, old.ratio, new.ratio, _interval(old, new), margin,
                same_code=same_code, note=_why(old, new),
            )  # fmt: skip
            continue
        ratios = [None if one is None else one.ratio for one in (old, new)]
        yield Row(place, metric, ratios[0], ratios[1], "new" if old is None else "missing")


_Key = tuple[Metric, Place, tuple[str, str]]


def _pairs(document: Document) -> dict[_Key, Pair]:
    """The pairs of cases that were not struck, by metric, place and the two profiles that built them."""
    sound, found = _sound(document), {}
    for panel in document.panels:
        for pair in panel.pairs:
            if panel.case in sound and pair.kind in TIME_OF:
                key = _key(panel, pair)
                if key in found:
                    refuse_repeated([_bare(key), _bare(key)])
                found[key] = pair
    return found


def _key(panel: Panel, pair: Pair) -> _Key:
    top, bottom = panel.contenders[pair.numerator], panel.contenders[pair.denominator]
    against = f"{bottom.variant}@{bottom.profile}"
    place = Place(panel.case, top.variant, top.profile, panel.size, panel.rate, against=against)
    return TIME_OF[pair.kind], place, (top.profile, bottom.profile)


def _bare(key: _Key) -> Row:
    return Row(key[1], key[0], None, None, "missing")


def _interval(old: Pair, new: Pair) -> tuple[float, float, float] | None:
    """Of the ratio of two ratios: it is missed only where one of both intervals misses, and these are independent."""
    if old.low is None or old.high is None or new.low is None or new.high is None:
        return None
    return new.low / old.high, new.high / old.low, (old.level or 0.0) * (new.level or 0.0)


def _why(old: Pair, new: Pair) -> str | None:
    for which, pair in (("base", old), ("head", new)):
        if pair.low is None:
            return f"{which} has no interval: {pair.reason or 'its launches are too few'}"
    return None


def _same_plugins(base: Document, head: Document) -> set[tuple[str, str]]:
    """The plugins, by case and profile, that are the same bytes on both sides."""
    before, after = ({(one.case, one.profile): one.sha256 for one in document.plugins} for document in (base, head))
    return {key for key, digest in before.items() if after.get(key) == digest}


# ---- what is said of a comparison beside its rows --------------------------------------------------------------------


def _advisory(base: Document, head: Document, names: tuple[str, str]) -> Iterator[str]:
    """Why the times of two documents are advice only."""
    for document, name in zip((base, head), names, strict=True):
        if document.panels:
            yield from (f"{shown(name, quoted=False)}: {reason}" for reason in advisories(document))
    one, other = _machine(base), _machine(head)
    differing = [f"{what} ({shown(one[what])} and {shown(other[what])})" for what in one if one[what] != other[what]]
    if differing:
        yield f"Base and head were measured on different machines: {', '.join(differing)}."


def _machine(document: Document) -> dict[str, str]:
    machine = document.machine
    caches = ", ".join(f"L{cache.level} {cache.kind} {cache.bytes}" for cache in machine.caches)
    return {
        "the processor": machine.cpu,
        "the architecture": machine.architecture,
        "the number of CPUs": str(machine.logical_cpus),
        "the caches": caches,
        "the virtual machine": machine.virtualization or "none",
    }


def _unstable(rows: Iterable[Row]) -> Iterator[str]:
    """Pairs of the same bytes are nulls between the runs: where they differ, so may anything."""
    same = [row for row in rows if row.same_code and tier_of(row.metric) == "time" and row.low is not None]
    astray = [row for row in same if row.verdict in ("regression", "improvement")]
    if len(same) >= FEWEST_SAME and len(astray) > MOST_STRAYING * len(same):
        yield (
            f"{len(astray)} of {counted(len(same), 'pair')} whose machine code is the same in base and head differ by"
            f" more than the margin, where {percent(MOST_STRAYING)} may: something other than the code has changed."
        )


def _warnings(base: Document, head: Document) -> Iterator[str]:
    """What differs between two documents beside the rows, and what was left out."""
    if base.panels and head.panels:
        yield (
            "Base and head were timed in two runs, which is weaker than timing both in one process: see 'compare' in"
            " the documentation."
        )
    yield from _unlooked(base, head)
    if not _same_architecture(base, head):
        both = f"{shown(base.machine.architecture)} and {shown(head.machine.architecture)}"
        yield f"Instructions and machine code are not compared: they are of {both}."
    pins = [dict(document.counting.pins) | {"tool": document.counting.tool or ""} for document in (base, head)]
    if base.counts and head.counts and pins[0] != pins[1]:
        which = ", ".join(sorted(key for key in {*pins[0], *pins[1]} if pins[0].get(key) != pins[1].get(key)))
        yield f"Instructions were not counted alike: {shown(which, quoted=False, limit=200)} differs."
    old, new = ({one.name: one for one in document.profiles} for document in (base, head))
    for name in [name for name in old if name in new]:
        if old[name].compiler != new[name].compiler and old[name].compiler and new[name].compiler:
            yield f"{name} is built by {shown(old[name].compiler)} in base and by {shown(new[name].compiler)} in head."
        if [flag for flag, _ in old[name].flags] != [flag for flag, _ in new[name].flags]:
            yield f"{name} has other flags in base than in head."
    cases = {case.name: case for case in base.cases}
    edited = [case.name for case in head.cases if case.name in cases and case.sources != cases[case.name].sources]
    if edited:
        yield f"The sources of {_listed(edited)} differ between base and head."


_PARTS: tuple[tuple[str, Callable[[Document], Sequence[object]]], ...] = (
    ("counts of instructions and allocations", lambda one: one.counts),
    ("machine code", lambda one: one.codes),
    ("proofs of what is caught", lambda one: one.proofs),
    ("rulings of compilers", lambda one: one.rejections),
    ("times", lambda one: one.panels),
)


def _gone(base: Document, head: Document) -> Iterator[str]:
    """Kinds of rows that the base has, and that the head did not look at: no gate must pass for that."""
    for what, part in _PARTS:
        if part(base) and not part(head):
            yield f"Base has {what}, and head has none."


def _unlooked(base: Document, head: Document) -> Iterator[str]:
    """Kinds of rows that there are none of, since the base did not look."""
    for what, part in _PARTS:
        if not part(base):
            yield f"{'Base' if part(head) else 'Neither side'} has {'no' if part(head) else 'any'} {what}: not compared."


def _listed(names: Sequence[str], most: int = 5) -> str:
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" and {rest} more" if rest > 0 else "")
