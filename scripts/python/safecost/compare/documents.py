"""The comparison of two run documents: their rows, and what differs beside them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from safecost.compare.exact import exact_rows, place_of, same_architecture, sound
from safecost.compare.rows import VERDICTS, Comparison, SideFacts
from safecost.compare.times import pair_keys, time_rows, unstable
from safecost.core.errors import UsageError
from safecost.core.text import counted, shown
from safecost.document.machine_facts import machine_facts
from safecost.document.types import Document, Problem
from safecost.validity.advisories import advisories

PARTS: tuple[tuple[str, Callable[[Document], Sequence[object]]], ...] = (
    ("counts of instructions and allocations", lambda one: one.counts),
    ("machine code", lambda one: one.codes),
    ("proofs of what is caught", lambda one: one.proofs),
    ("rulings of compilers", lambda one: one.rejections),
    ("times", lambda one: one.panels),
)
"""The kinds of what a document holds that rows are made of."""

Parts = Sequence[tuple[str, Callable[[Document], Sequence[object]]]]


def compare(
    base: Document,
    head: Document,
    names: tuple[str, str] = ("base", "head"),
    margin: float | None = None,
    parts: Parts = PARTS,
) -> Comparison:
    """Every row of two documents, judged by the default limits; raises UsageError where a place is there twice.

    `names` are what a user calls them, `margin` that of times, by default the wider one of both runs; `parts` are what
    a document is expected to hold: one that lacks another is not told to lack it.
    """
    for document, name in zip((base, head), names, strict=True):
        _refuse_repeated(document, name)
    margin = max(base.run.margin, head.run.margin) if margin is None else margin
    rows = (*exact_rows(base, head), *time_rows(base, head, margin))
    return Comparison(
        side(base, names[0]),
        side(head, names[1]),
        "documents",
        margin,
        rows,
        tuple(_warnings(base, head, parts)),
        (*_advisory(base, head, names), *unstable(rows)),
        tuple(_gone(base, head, parts)),
    )


def merged(comparisons: Sequence[Comparison]) -> Comparison:
    """Comparisons of one base with several profiles of head as one: of rows that all of them have, the worst."""
    first, *others = comparisons
    rows = {row.key: row for row in first.rows}
    for row in (row for other in others for row in other.rows):
        known = rows.setdefault(row.key, row)
        if VERDICTS.index(row.verdict) < VERDICTS.index(known.verdict):
            rows[row.key] = row

    def all_of(sentences: Callable[[Comparison], Sequence[str]]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(sentence for each in comparisons for sentence in sentences(each)))

    return replace(
        first,
        rows=tuple(rows.values()),
        warnings=all_of(lambda each: each.warnings),
        advisory=all_of(lambda each: each.advisory),
        gone=all_of(lambda each: each.gone),
    )


def side(document: Document, name: str) -> SideFacts:
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
    return SideFacts(name, (*facts, ("compilers", ", ".join(compilers) or "none")))


def _refuse_repeated(document: Document, name: str) -> None:
    """Raises UsageError where a document holds twice what has one row; reading it has checked its other parts."""
    places = [(place_of(one), "counts") for one in document.counts]
    places += [(place_of(one), "machine code") for one in document.codes]
    places += [(place, f"a ratio ({metric})") for (metric, place, _), _ in pair_keys(document, sound(document))]
    for (place, what), count in Counter(places).items():
        if count > 1:
            raise UsageError(
                f"{shown(name, quoted=False, limit=400)} has {what} of {place.name} {count} times, and nothing says"
                " which is meant."
            )


# ---- what is said of a comparison beside its rows --------------------------------------------------------------------


_HARDWARE = {"the processor", "the architecture", "the number of CPUs", "the caches", "the virtual machine"}


def _advisory(base: Document, head: Document, names: tuple[str, str]) -> Iterator[str]:
    """Why the times of two documents are advice only."""
    for document, name in zip((base, head), names, strict=True):
        if document.panels:
            yield from (f"{shown(name, quoted=False)}: {reason}" for reason in advisories(document))
    both = zip(machine_facts(base.machine), machine_facts(head.machine), strict=True)
    differing = [
        f"{mine.what} ({shown(mine.words)} and {shown(other.words)})"
        for mine, other in both
        if mine.what in _HARDWARE and mine.differs(other)
    ]
    if differing:
        yield f"Base and head were measured on different machines: {', '.join(differing)}."


def _warnings(base: Document, head: Document, parts: Parts) -> Iterator[str]:
    """What differs between two documents beside the rows, and what was left out."""
    if base.panels and head.panels:
        yield (
            "Base and head were timed in two runs, which is weaker than timing both in one process (docs/COMPARING.md)."
        )
    yield from _unlooked(base, head, parts)
    if not same_architecture(base, head):
        both = f"{shown(base.machine.architecture)} and {shown(head.machine.architecture)}"
        yield f"Instructions and machine code are not compared: they are of {both}."
    pins = [dict(document.counting.pins) | {"tool": document.counting.tool or ""} for document in (base, head)]
    if base.counts and head.counts and pins[0] != pins[1]:
        which = ", ".join(sorted(key for key in {*pins[0], *pins[1]} if pins[0].get(key) != pins[1].get(key)))
        yield f"Instructions were not counted alike: {shown(which, quoted=False, limit=200)} differs."
    old, new = ({one.name: one for one in document.profiles} for document in (base, head))
    for name in [name for name in old if name in new]:
        if old[name].status == "measured" and new[name].status == "absent":
            reason = shown(new[name].reason or "no reason is given", quoted=False, limit=200)
            yield f"{name} is absent in head: {reason}."
        if old[name].compiler != new[name].compiler and old[name].compiler and new[name].compiler:
            yield f"{name} is built by {shown(old[name].compiler)} in base and by {shown(new[name].compiler)} in head."
        if [flag for flag, _ in old[name].flags] != [flag for flag, _ in new[name].flags]:
            yield f"{name} has other flags in base than in head."
    cases = {case.name: case for case in base.cases}
    edited = [case.name for case in head.cases if case.name in cases and case.sources != cases[case.name].sources]
    if edited:
        yield f"The sources of {_listed(edited)} differ between base and head."
    yield from _troubles(base, head)


def _gone(base: Document, head: Document, parts: Parts) -> Iterator[str]:
    """Kinds of rows that the base has, and that the head did not look at: no gate must pass for that."""
    for what, part in parts:
        if part(base) and not part(head):
            yield f"Base has {what}, and head has none."


def _unlooked(base: Document, head: Document, parts: Parts) -> Iterator[str]:
    """Kinds of rows that there are none of, since the base did not look."""
    for what, part in parts:
        if not part(base):
            who = "Base has no" if part(head) else "Neither side has"
            yield f"{who} {what}, so these are not compared."


def _listed(names: Sequence[str], most: int = 5) -> str:
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" and {rest} more" if rest > 0 else "")


MOST_TROUBLES = 5


def _troubles(base: Document, head: Document) -> Iterator[str]:
    """What went wrong in head and not in base, which may be why something is missing; promises have rows."""
    before = {_trouble(problem) for problem in base.problems}
    fresh = [_trouble(one) for one in head.problems if not one.disqualifies and one.kind not in ("claim", "snippet")]
    fresh = [one for one in dict.fromkeys(fresh) if one not in before]
    yield from (f"Head has a problem that base has not: {one}." for one in fresh[:MOST_TROUBLES])
    if len(fresh) > MOST_TROUBLES:
        yield f"Head has {len(fresh) - MOST_TROUBLES} more such problems."


def _trouble(problem: Problem) -> str:
    """For instance `build: indexing/sum with gcc-o2: expected a semicolon`."""
    where = " with ".join(filter(None, (problem.case, problem.profile)))
    first = next(iter(problem.message.strip().splitlines()), "")
    return ": ".join(filter(None, (problem.kind, where, shown(first, quoted=False, limit=200)))).rstrip(".")
