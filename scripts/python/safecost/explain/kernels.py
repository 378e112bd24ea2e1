"""Why is this variant slower: what a run knows of two contenders, put beside each other and said in plain words.

No sentence claims more than the document holds: it tells what was timed, counted and emitted, never what causes what.
"""

from __future__ import annotations

import difflib
import statistics
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from safecost.core.errors import UsageError
from safecost.core.text import counted, number, percent, shown
from safecost.document.measured import Code, Count, Panel
from safecost.document.memo import of_newest
from safecost.document.rows import PairRow, rows
from safecost.document.types import Case, Document, Variant
from safecost.suite.source_excerpts import Excerpt, find

HEADING = "-"
MOST_REMARKS = 3  # of a compiler on the loops of one kernel


@dataclass(frozen=True, slots=True)
class Subject:
    """A variant in a profile and what is known of it."""

    variant: Variant
    profile: str
    code: Code | None
    counts: tuple[Count, ...]
    excerpts: tuple[Excerpt, ...]

    @property
    def name(self) -> str:
        """The variant with its profile, `at@gcc-o2`."""
        return f"{self.variant.name}@{self.profile}"

    @property
    def executed(self) -> str:
        """The instructions of a call, a dash where they were not counted."""
        known = (one.instructions / one.calls for one in self.counts if one.instructions is not None)
        return next(map(number, known), "–")


@dataclass(frozen=True, slots=True)
class Timing:
    """Two contenders of one panel: their medians in nanoseconds, and their pair where the run compared them."""

    label: str
    nanoseconds: float
    base_nanoseconds: float
    row: PairRow | None


@dataclass(frozen=True, slots=True)
class Contrast:
    """A variant compared with another, the base, which is raw code unless somebody chose another."""

    case: Case
    subject: Subject
    base: Subject
    timings: tuple[Timing, ...]


def case_of(document: Document, name: str) -> Case:
    """The case of this name; raises UsageError that lists the others."""
    for case in document.cases:
        if case.name == name:
            return case
    raise UsageError(
        f"the run has no case {name!r}: it has {', '.join(shown(c.name, quoted=False) for c in document.cases)}."
    )


def profiles_of(document: Document, case: str) -> list[str]:
    """The profiles in which the run timed a case or has its code, in the document's order."""
    held = {panel.profile for panel in document.panels if panel.case == case}
    held |= {code.profile for code in document.codes if code.case == case}
    return [profile.name for profile in document.profiles if profile.name in held]


def compare(document: Document, case: Case, profile: str, variants: Sequence[str] = ()) -> list[Contrast]:
    """Comparisons in one profile, the slowest variant first.

    With no `variants`, every safe one and further raw ones against the raw code that the run held them against; with
    one, that one; with more, each of the others against the first. Raises UsageError for a name that is not there.
    """
    present = _present(document, case, profile)
    for name in variants:
        if name not in present:
            raise UsageError(
                f"{shown(case.name, quoted=False)} has no variant {name!r} in {shown(profile, quoted=False)}:"
                f" choose from {', '.join(shown(one, quoted=False) for one in present)}."
            )
    if len(variants) > 1:
        base = _subject(document, case, present[variants[0]], profile)
        return [
            _comparison(document, case, _subject(document, case, present[name], profile), base) for name in variants[1:]
        ]
    wanted = list(variants) or [name for name, variant in present.items() if variant.role not in {"aa", "calibration"}]
    found = []
    for name in wanted:
        subject = _subject(document, case, present[name], profile)
        against = _base(document, case, subject, present)
        if against is not None and against.name != subject.name:
            found.append(_comparison(document, case, subject, against))
    return sorted(found, key=lambda one: -_worst(one))


@dataclass(frozen=True, slots=True)
class _OfCase:
    """What a run has of a case, in the document's order."""

    panels: list[Panel] = field(default_factory=list)
    codes: list[Code] = field(default_factory=list)
    rows: list[PairRow] = field(default_factory=list)


@of_newest
def _by_case(document: Document) -> dict[str, _OfCase]:
    found = {case.name: _OfCase() for case in document.cases}
    for panel in document.panels:
        found[panel.case].panels.append(panel)
    for code in document.codes:
        found[code.case].codes.append(code)
    for row in rows(document):
        found[row.task].rows.append(row)
    return found


def _worst(comparison: Contrast) -> float:
    ratios = [timing.nanoseconds / timing.base_nanoseconds for timing in comparison.timings if timing.base_nanoseconds]
    return max(ratios, default=0.0)


def _present(document: Document, case: Case, profile: str) -> dict[str, Variant]:
    """Variants that the run timed in a profile or whose code it has, in the case's order."""
    language = next((one.language for one in document.profiles if one.name == profile), "c++")
    held = {code.variant for code in _by_case(document)[case.name].codes if code.profile == profile}
    for panel in _by_case(document)[case.name].panels:
        held |= {contender.variant for contender in panel.contenders if contender.profile == profile}
    return {variant.name: variant for variant in case.variants if variant.language == language and variant.name in held}


def _base(document: Document, case: Case, subject: Subject, present: dict[str, Variant]) -> Subject | None:
    """What the run held a variant against: raw code of its profile, or of another language's; else the first raw."""
    for kind in ("idiom", "language"):
        for row in _by_case(document)[case.name].rows:
            if (row.variant, row.profile, row.kind) == (subject.variant.name, subject.profile, kind):
                there = _present(document, case, row.against_profile)
                if row.against in there:
                    return _subject(document, case, there[row.against], row.against_profile)
    raw = next((variant for variant in present.values() if variant.role == "raw"), None)
    return None if raw is None else _subject(document, case, raw, subject.profile)


def _subject(document: Document, case: Case, variant: Variant, profile: str) -> Subject:
    place = (case.name, profile, variant.name)
    return Subject(
        variant=variant,
        profile=profile,
        code=next(
            (one for one in _by_case(document)[case.name].codes if (one.case, one.profile, one.variant) == place), None
        ),
        counts=tuple(one for one in document.counts if (one.case, one.profile, one.variant) == place),
        excerpts=find(case, variant),
    )


def _comparison(document: Document, case: Case, subject: Subject, base: Subject) -> Contrast:
    return Contrast(case, subject, base, tuple(_timings(document, case, subject, base)))


def _timings(document: Document, case: Case, subject: Subject, base: Subject) -> Iterator[Timing]:
    known = _by_case(document)[case.name]
    told = set()
    for panel in known.panels:
        if panel.place in told:
            continue
        one, other = _times(panel, subject), _times(panel, base)
        if one is None or other is None:
            continue
        told.add(panel.place)
        arms = (panel.place, subject.variant.name, subject.profile, base.variant.name, base.profile)
        pairs = ((row, (row.place, row.variant, row.profile, row.against, row.against_profile)) for row in known.rows)
        pair = next((row for row, its in pairs if its == arms), None)
        label = f"{panel.label}, size {panel.size:,}{panel.beside}"
        yield Timing(label, one, other, pair)


def _times(panel: Panel, subject: Subject) -> float | None:
    for contender in panel.contenders:
        if (contender.variant, contender.profile) == (subject.variant.name, subject.profile) and contender.nanoseconds:
            return statistics.median(contender.nanoseconds)
    return None


# ---- in words ------------------------------------------------------------------------------------------------------


def why(comparison: Contrast, margin: float) -> list[str]:
    """Sentences on a comparison: times first, then whatever else the run knows of the two."""
    base = comparison.base
    other = base.variant.name if base.profile == comparison.subject.profile else base.name
    disqualified = comparison.case.status == "disqualified"
    sentences = [_timed(timing, disqualified, other, margin) for timing in comparison.timings]
    if not comparison.timings:
        sentences.append(f"This run did not time it together with {other}.")
    sentences += _executed(comparison, other)
    sentences += _emitted(comparison.subject.code, base.code, other)
    for whose, code in (("its", comparison.subject.code), (f"{other}'s", base.code)):
        if code is not None and code.remarks:
            rest = len(code.remarks) - MOST_REMARKS
            more = f"; and {counted(rest, 'more remark')}" if rest > 0 else ""
            sentences.append(f"The compiler on {whose} loops: {'; '.join(code.remarks[:MOST_REMARKS])}{more}.")
    return sentences


def _timed(timing: Timing, disqualified: bool, other: str, margin: float) -> str:
    row, where = timing.row, timing.label
    if disqualified:
        return f"At {where}: the case was disqualified, so its times tell nothing."
    if row is None:
        medians = f"{number(timing.nanoseconds)} ns a call against {number(timing.base_nanoseconds)} ns"
        return f"At {where}: {medians}, medians of the same launches; the run drew no interval for these two."
    if row.low is None or row.high is None:
        return f"At {where}: measured {number(row.ratio)} times {other}'s time, with too few launches for an interval."
    interval = f"({number(row.low)} to {number(row.high)})"
    if row.verdict == "equivalent":
        return (
            f"At {where}: as fast as {other} within {percent(margin)}, {number(row.ratio)} times its time {interval}."
        )
    if row.verdict == "inconclusive":
        return f"At {where}: measured {number(row.ratio)} times {other}'s time {interval}; that settles nothing."
    return f"At {where}: takes {number(row.ratio)} times as long as {other} {interval}: {row.verdict}."


def _executed(comparison: Contrast, other: str) -> Iterator[str]:
    for count in comparison.subject.counts:
        against = next((one for one in comparison.base.counts if one.place == count.place), None)
        if against is None:
            continue
        where = f"At size {count.size:,}{count.beside}" if len(comparison.subject.counts) > 1 else "A call of it"
        if count.instructions is not None and against.instructions:
            mine, its = count.instructions / count.calls, against.instructions / against.calls
            if mine == its:
                yield f"{where} executes as many instructions as one of {other}, {number(mine)}."
            else:
                figures = f"{number(mine)} against {number(its)}"
                yield f"{where} executes {number(mine / its)} times the instructions ({figures})."
        if (
            count.allocations is not None
            and against.allocations is not None
            and (count.allocations or against.allocations)
        ):
            mine, its = count.allocations / count.calls, against.allocations / against.calls
            first = f"{number(mine)} times" if mine else "nothing"
            yield f"{where} allocates {first}, {other} {f'{number(its)} times' if its else 'never'}."


def _emitted(code: Code | None, base: Code | None, other: str) -> Iterator[str]:
    if code is None or base is None:
        lacking = "either" if code is base is None else "this variant" if code is None else other
        yield f"The run holds no machine code of {lacking}."
        return
    if code.listing == base.listing:
        yield (
            f"Its machine code is {other}'s, instruction for instruction (where data lie aside): whatever their times"
            " differ by does not come from the instructions."
        )
        return
    if code.packed == base.packed == 0:
        yield f"Neither its code nor {other}'s computes on vectors."
    elif code.packed == 0:
        yield f"Its code does not compute on vectors (0 packed instructions, {other} has {base.packed})."
    elif base.packed == 0:
        yield f"Its code computes on vectors ({counted(code.packed, 'packed instruction')}, {other} has none)."
    else:
        yield f"Both compute on vectors ({code.packed} packed instructions, {other} has {base.packed})."
    yield _held("check", code.checks, base.checks, other, "emitted")
    if code.calls or base.calls:
        yield _held("call", code.calls, base.calls, other, "in its code")
    size = f"{code.instructions} instructions in {code.bytes} bytes"
    yield f"Its code has {size}, {other}'s {base.instructions} in {base.bytes}."
    helpers = [
        line[2:].partition(",")[0]
        for line in code.listing.split("\n")
        if ", called above" in line and line[:1] == HEADING
    ]
    if helpers:
        yield f"Not counted in these figures, but listed behind: {', '.join(helpers)}."


def _held(noun: str, mine: int, its: int, other: str, where: str) -> str:
    if mine == its == 0:
        return f"No {noun}s are {where}, as in {other}."
    verb = "is" if mine == 1 else "are"
    if mine == its:
        return f"{counted(mine, noun)} {verb} {where}, as in {other}."
    first = f"{counted(mine, noun)} {verb} {where}" if mine else f"No {noun}s are {where}"
    return f"{first}; {other} has {its or 'none'}."


# ---- side by side --------------------------------------------------------------------------------------------------


def aligned(left: Sequence[str], right: Sequence[str]) -> list[tuple[str | None, str | None]]:
    """Two listings beside each other, so that equal stretches of mnemonics stand in the same rows."""
    found: list[tuple[str | None, str | None]] = []
    matcher = difflib.SequenceMatcher(None, [key(line) for line in left], [key(line) for line in right], autojunk=False)
    for tag, a, b, c, d in matcher.get_opcodes():
        if tag == "equal":
            found += zip(left[a:b], right[c:d], strict=True)
        else:
            found += ((line, None) for line in left[a:b])
            found += ((None, line) for line in right[c:d])
    return found


def key(line: str) -> str:
    """What two lines of listings are compared by: the mnemonic, or that it is a heading."""
    label, colon, rest = line[2:].partition(": ")
    words = (rest if colon and label[-1:].isdigit() and " " not in label else line[2:]).split()
    return HEADING if line[:1] == HEADING or not words else words[0]


def differing(
    pairs: Iterable[tuple[str | None, str | None]], context: int = 2
) -> Iterator[tuple[str | None, str | None] | int]:
    """Aligned rows without long equal stretches, for each of which the number of rows left out."""
    stretches = [(equal, list(of)) for equal, of in groupby(pairs, key=lambda pair: None not in pair)]
    for place, (equal, held) in enumerate(stretches):
        before, after = context if place else 0, context if place + 1 < len(stretches) else 0
        hidden = len(held) - before - after
        if not equal or hidden <= 1:
            yield from held
            continue
        yield from held[:before]
        yield hidden
        yield from held[len(held) - after :]
