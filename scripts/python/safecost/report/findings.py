"""Findings: short texts whose every figure comes from a run, and which a run that says otherwise refuses.

A text says `{idiom indexing/sum/at/size:2048@gcc-o2}` where the figure shall stand; `expects` says what must be true of
it for the words around it to hold. CONTRIBUTING.md tells how to write one.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct

from safecost.core import pages
from safecost.core.decoding import read_small
from safecost.core.errors import ToolError, UsageError
from safecost.core.text import number, shown
from safecost.document import io as document
from safecost.document.rows import KINDS, PairRow, valid_rows
from safecost.document.types import Document
from safecost.report import safety
from safecost.report.prices import SCOPES, TIERS, PriceGroup, Scope, groups
from safecost.report.raw_code import llvm_versions
from safecost.report.safety import with_share
from safecost.validity.data_quality import quality
from safecost.validity.words import aa_sentences

_PLACE = re.compile(r"\{([a-z]+) ([^{}]+)\}")
_BOUND = re.compile(r"^(above|below) (\d+(?:\.\d+)?)$")
_CODE = {"packed", "checks", "bytes"}  # of the machine code


class BrokenFinding(ToolError):
    """A text that the run does not support."""


class Finding(Struct, frozen=True, forbid_unknown_fields=True):
    """One finding as written: Markdown with places for figures, and by figure what must hold."""

    title: str
    text: str
    expects: Mapping[str, str] = {}


class _FindingsFile(Struct, frozen=True, forbid_unknown_fields=True):
    finding: Annotated[tuple[Finding, ...], Meta(min_length=1)]


@dataclass(frozen=True, slots=True)
class Told:
    """A finding with its figures: the text, the pairs it rests upon, and the commands that measure them again."""

    title: str
    text: str
    rows: tuple[PairRow, ...]
    commands: tuple[str, ...]


def read(path: Path) -> tuple[Finding, ...]:
    """The findings of a TOML file; raises ToolError with its place and what is wrong with it."""
    try:
        return read_small(path, _FindingsFile, "findings as TOML").finding
    except UsageError as error:
        raise ToolError(f"{error} Each [[finding]] has title and text, and may have expects.") from error


class Figures:
    """What a document has to say, by the names that a text may ask for."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._rows: dict[tuple[str, str], PairRow] = {(row.kind, row.name): row for row in valid_rows(document)}
        self.cited: list[PairRow] = []
        self._writers: dict[str, Callable[[str], str]] = {
            "verdict": lambda name: self.row("verdict", name).verdict,
            "instructions": self._instructions,
            "price": self._price,
            "proof": self._proof,
        }

    def figure(self, kind: str, name: str) -> str:
        """A figure as the text has it; raises BrokenFinding where the run has none of that name."""
        if kind in KINDS:
            return _ratio(self.row(kind, name))
        if kind in _CODE:
            return str(self._code(kind, name))
        if kind not in self._writers:
            known = ", ".join(sorted({*KINDS, *_CODE, *self._writers}))
            raise BrokenFinding(f"{{{kind} {name}}}: no such figure; there are {known}.")
        return self._writers[kind](name)

    def row(self, kind: str, name: str) -> PairRow:
        """A pair by kind and the name of its numerator; of `verdict` and `instructions` the first kind that has it."""
        kinds: Sequence[str] = (kind,) if kind in KINDS else ("idiom", "language", "full", "profile")
        for one in kinds:
            found = self._rows.get((one, name))
            if found is not None:
                if found not in self.cited:
                    self.cited.append(found)
                return found
        near = difflib.get_close_matches(name, {row.name for row in self._rows.values()}, 3, 0.8)
        known = f"; it has {', '.join(near)}" if near else ""
        raise BrokenFinding(f"{{{kind} {name}}}: the run has no such pair{known}.")

    def _instructions(self, name: str) -> str:
        ratio = self.row("instructions", name).instruction_ratio
        if ratio is None:
            raise BrokenFinding(f"{{instructions {name}}}: the run did not count them.")
        return number(ratio)

    def _code(self, kind: str, name: str) -> int:
        task, _, profile = name.partition("@")
        case, _, variant = task.rpartition("/")
        for one in self._document.codes:
            if (one.case, one.variant, one.profile) == (case, variant, profile):
                return int(getattr(one, kind))
        wanted = "write family/case/variant@profile"
        raise BrokenFinding(f"{{{kind} {name}}}: the run has no machine code of that; {wanted}.")

    def _price(self, name: str) -> str:
        profile, _, rest = name.partition(" ")
        spatial = rest.endswith(" spatial")
        tier = next((tier for tier in TIERS if tier == rest.removesuffix(" spatial")), None)
        if tier is None:
            raise BrokenFinding(f"{{price {name}}}: no such price; after the profile write {', '.join(TIERS)}.")
        scope: Scope = "spatial faults" if spatial else "every fault"
        return with_share(self._group(f"price {name}", profile).frontiers[scope, tier, "ordinary raw"])

    def _group(self, place: str, profile: str) -> PriceGroup:
        for group in groups(self._document):
            if group.name == profile:
                return group
        raise BrokenFinding(f"{{{place}}}: the run has no such plain profile.")

    def _proof(self, name: str) -> str:
        task, _, profile = name.partition("@")
        case, _, rest = task.rpartition("/")
        case, _, variant = case.rpartition("/")
        for one in self._document.proofs:
            if (one.case, one.variant, one.fault, one.profile) == (case, variant, rest, profile):
                return one.words
        raise BrokenFinding(f"{{proof {name}}}: nothing was proved of that; write family/case/variant/fault@profile.")

    def holds(self, place: str, wanted: str) -> bool:
        """Does a figure have the verdict that is wanted, or lie wholly beyond a bound?"""
        kind, _, name = place.partition(" ")
        if kind in _CODE:
            return _bounded(wanted, self._code(kind, name), self._code(kind, name), place)
        if kind == "instructions":
            value = float(self._instructions(name).replace(",", ""))
            return _bounded(wanted, value, value, place)
        if kind == "proof":
            return self._proof(name) == wanted
        row = self.row(kind, name)
        if wanted in {"equivalent", "slower", "faster", "inconclusive"}:
            return row.verdict == wanted
        if wanted in {"not slower", "not faster"}:
            return row.verdict != wanted.removeprefix("not ")
        low, high = (row.ratio, row.ratio) if row.low is None or row.high is None else (row.low, row.high)
        return _bounded(wanted, low, high, place)


def _bounded(wanted: str, low: float, high: float, place: str) -> bool:
    found = _BOUND.match(wanted)
    if found is None:
        raise BrokenFinding(
            f"{place}: expected {shown(wanted)}; write equivalent, slower, faster, inconclusive, not slower,"
            " not faster, "
            "above NUMBER or below NUMBER."
        )
    return low > float(found[2]) if found[1] == "above" else high < float(found[2])


def _ratio(row: PairRow) -> str:
    if row.low is None or row.high is None:
        return f"{number(row.ratio)} (no interval)"
    return f"{number(row.ratio)} ({number(row.low)} – {number(row.high)})"


def tell(document: Document, findings: Sequence[Finding]) -> list[Told]:
    """Every finding with its figures; raises BrokenFinding with all that the run does not support."""
    made, broken = [], []
    for one in findings:
        figures = Figures(document)
        try:
            text = _PLACE.sub(lambda found, f=figures: f.figure(found[1], found[2]), one.text.strip())  # type: ignore[misc]
            title = _PLACE.sub(lambda found, f=figures: f.figure(found[1], found[2]), one.title)  # type: ignore[misc]
            for place, wanted in one.expects.items():
                if not figures.holds(place, wanted):
                    kind, _, name = place.partition(" ")
                    verdict = f"{figures.row(kind, name).verdict}, " if kind in KINDS else ""
                    its = f"{verdict}{figures.figure(kind, name)}"
                    broken.append(f"{one.title}: {place}: expected {wanted}, and it is {its}.")
        except BrokenFinding as error:
            broken.append(f"{one.title}: {error}")
            continue
        made.append(Told(title, text, tuple(figures.cited), _commands(figures.cited)))
    if broken:
        raise BrokenFinding("the run does not support what is written:\n" + "\n".join(broken))
    return made


def _commands(cited: Sequence[PairRow]) -> tuple[str, ...]:
    """The commands that measure these pairs again and show their machine code."""
    if not cited:
        return ()
    tasks = list(dict.fromkeys(row.task for row in cited))
    profiles = list(dict.fromkeys(name for row in cited for name in (row.against_profile, row.profile)))
    chosen = tasks[0] if len(tasks) == 1 else f"'^({'|'.join(tasks)})/'"
    return (
        f"scripts/safecost run --publish --filter {chosen} --profiles {','.join(profiles)}",
        *(f"scripts/safecost explain {task}" for task in tasks),
    )


def headline(document: Document) -> str:
    """The prices of safety as a Markdown table, a row for each compiler, library and tier."""
    compiler = {one.name: one.compiler or "unknown" for one in document.profiles}
    llvm = llvm_versions(document)
    first = f"compiler and library ({llvm})" if llvm else "compiler and library"
    lines = [
        f"| {first} | idioms | every fault, over ordinary raw code | over the best known raw code | median "
        "| worst case | spatial faults alone |",
        "|---|---|---|---|---|---|---|",
    ]
    for group in groups(document):
        for place, tier in enumerate(safety.tiers(group)):
            every, spatial = (group.frontiers[scope, tier, "ordinary raw"] for scope in SCOPES)
            over_best = group.frontiers["every fault", tier, "best known raw"]
            worst = "–" if every.worst is None else f"{number(every.worst.ratio)} `{every.worst.case}`"
            name = f"`{group.name}`: {compiler[group.name]}" if place == 0 else ""
            among = f"{tier}, `{group.build}`" if tier == "off the shelf" else f"{tier}, of {every.chosen_from}"
            median = "–" if every.median is None else number(every.median)
            prices = (with_share(every), with_share(over_best), median, worst, with_share(spatial))
            lines.append(f"| {' | '.join((name, among, *prices))} |")
    uncaught: dict[tuple[str, ...], list[str]] = {}  # by cases the groups that have no price in them
    for group in groups(document):
        uncaught.setdefault(tuple(f"`{one.case}`" for one in group.best().uncaught), []).append(f"`{group.name}`")
    notes = [
        f"Nothing stops every fault with {', '.join(names)} in {', '.join(cases)}."
        for cases, names in uncaught.items()
        if cases
    ]
    notes += [f"{line[0].upper()}{line[1:]}." for line in safety.comparisons(document)]
    return "\n".join([*lines, "", *(f"- {note}" for note in notes)]).rstrip()


def sample_row(document: Document) -> str:
    """The row that explains the table, of indexing/sum/at on gcc-o2; raises BrokenFinding where the run lacks it."""
    wanted = ("idiom", "indexing/sum", "at", "gcc-o2")
    rows = (row for row in valid_rows(document) if (row.kind, row.task, row.variant, row.profile) == wanted)
    row = min(rows, key=lambda row: row.size, default=None)
    if row is None or row.low is None or row.high is None:
        raise BrokenFinding("the run has no interval for indexing/sum/at@gcc-o2, the row that explains the table.")
    ratio = f"{number(row.ratio)} ({number(row.low)}-{number(row.high)})"
    return (
        f"    {'case':17}{'idiom':15}{'profile':19}{'ratio (interval)':21}verdict\n"
        f"    {f'{row.task} {row.label}':17}{row.variant:15}{row.profile:19}{ratio:21}{row.verdict}"
    )


def with_figures(text: str, document: Document) -> str:
    """A text whose blocks between marks hold prices, A/A pairs and the sample row; ToolError where it lacks one."""
    calm = " ".join(aa_sentences(quality(valid_rows(document)))[:2])
    for name, body in (("frontier", headline(document)), ("aa", calm), ("row", sample_row(document))):
        begin, end = f"<!-- {name} begins -->", f"<!-- {name} ends -->"
        before, opened, rest = text.partition(begin)
        _, closed, after = rest.partition(end)
        if not opened or not closed:
            raise ToolError(f"there is no block from {begin} to {end} in it.")
        text = f"{before}{begin}\n{body}\n{end}{after}"
    return text


def compilers(document: Document, cited: Sequence[PairRow]) -> list[tuple[str, str]]:
    """The profiles that these pairs come from, with the compiler that built each."""
    names = {name for row in cited for name in (row.profile, row.against_profile)}
    return [(one.name, one.compiler or "unknown") for one in document.profiles if one.name in names]


def page(run: Path, texts: Path, out: Path | None) -> str:
    """The page of findings; links in it are relative to `out`, or to here."""
    from safecost.report import page as report  # noqa: PLC0415 - what draws charts takes long to load

    file = document.run_file(run)
    made = document.read(file)
    beside = file.with_name("report.md")
    folder = out.resolve().parent if out else Path.cwd()
    # The texts are the suite's own Markdown, figures and names come from a run.
    return pages.own_markdown(
        "findings.md.jinja",
        told=tell(made, read(texts)),
        run=Path(os.path.relpath((beside if beside.exists() else file).resolve(), folder)).as_posix(),
        texts=Path(os.path.relpath(texts.resolve(), folder)).as_posix(),
        summary=report.summary(made),
        compilers=lambda cited: compilers(made, cited),
        kinds=KINDS,
    )
