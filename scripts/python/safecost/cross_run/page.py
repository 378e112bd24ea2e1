"""Writes what several runs say side by side: a page that opens from disk without a network, and the same in Markdown.

Everything printed comes from documents of strangers and is escaped as pages.py does it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from markupsafe import Markup

from safecost.core import glossary, pages
from safecost.core.text import counted, number, percent, shown
from safecost.cross_run import chart as drawing
from safecost.cross_run.agreement import LETTERS, RELATIONS, AgreementRow, CrossRun, Outcomes, Relation
from safecost.document.rows import KINDS, PairRow
from safecost.report.charts import Chart, save
from safecost.report.page import summary
from safecost.report.sections import Section, shown_sections
from safecost.report.words import interval
from safecost.validity.advisories import advisories, conclusion

PAGE_ROWS = 2_000  # of each table: a browser lays out more only slowly
MARKDOWN_ROWS = 200  # code hosts refuse to render longer pages
NAMES = 12  # of what only one run has, case by case
PARTS = 6  # of what differs, in one cell
TERMINAL_ROWS = 10
STEM = "several"


def write(found: CrossRun, notes: Sequence[str], folder: Path) -> Path:
    """Writes several.html, several.md and charts/several-*.svg into the folder; returns the path of several.html.

    The same documents give the same bytes. Charts that an earlier page left in the folder are removed.
    """
    drawn = drawing.draw(found)
    save(drawn, folder, drawing.FILE_NAME)
    pages.save(folder / f"{STEM}.md", markdown(found, notes, drawn))
    pages.save(folder / f"{STEM}.html", page(found, notes, drawn))
    glossary.write(folder)
    return folder / f"{STEM}.html"


def write_record(found: CrossRun, notes: Sequence[str], command: str, folder: Path) -> Path:
    """Write what is published of runs that are published themselves: several.md, which it returns, and one chart."""
    drawn = drawing.draw(found)[:1]
    save(drawn, folder, drawing.FILE_NAME)
    pages.save(folder / f"{STEM}.md", markdown(found, notes, drawn, command))
    return folder / f"{STEM}.md"


def page(found: CrossRun, notes: Sequence[str], drawn: Sequence[Chart]) -> str:
    """The page as self-contained HTML."""
    shared = _shared(found, notes, drawn)
    return pages.html("several.html.jinja", inline=lambda chart: Markup(chart.inline), limit=PAGE_ROWS, **shared)


def markdown(found: CrossRun, notes: Sequence[str], drawn: Sequence[Chart], command: str = "") -> str:
    """The page for a code host; charts are referred to as charts/<name>.svg.

    `command` makes the rest of the page, where it is not beside it.
    """
    return pages.markdown("several.md.jinja", limit=MARKDOWN_ROWS, command=command, **_shared(found, notes, drawn))


SECTIONS = (
    Section("runs", "Runs", folder=STEM),
    Section("apart", "Where they contradict", folder=STEM),
    Section("differences", "What differs between the runs", "What differs", folder=STEM),
    Section("faults", "Faults that end otherwise", "Faults", folder=STEM),
    Section("frontier", "Price of safety, run by run", "Price of safety", folder=STEM),
    Section("pairs", "All common pairs", folder=STEM),
    Section("alone", "What only one run has", "What only one has", folder=STEM),
    Section("words", "How to read this", folder=STEM),
)


def _shared(found: CrossRun, notes: Sequence[str], drawn: Sequence[Chart]) -> dict[str, Any]:
    values = {
        "found": found,
        "runs": [
            (run, summary(run.document), conclusion(run.document), advisories(run.document)) for run in found.runs
        ],
        "headline": headline(found),
        "second": second(found),
        "notes": [*notes, *_notes(found)],
        "charts": drawn,
        "relations": RELATIONS,
        "differs": differs,
        "code": code,
        "kinds": KINDS,
        "letters": letters,
        "gap": gap,
        "interval": interval,
        "alone": [(run, one, by_case(one.pairs)) for run, one in zip(found.runs, found.alone, strict=True)],
    }
    return {**values, "shown": list(shown_sections(SECTIONS, values))}


# ---- what is said --------------------------------------------------------------------------------------------------


def headline(found: CrossRun) -> str:
    """How many pairs agree, in a sentence."""
    total, runs = len(found.pairs), len(found.runs)
    if not total:
        return f"These {runs} runs have no pair in common."
    tally = Counter(pair.relation for pair in found.pairs)
    who = "both runs" if runs == 2 else f"two or more of {runs} runs"
    words: dict[Relation, tuple[str, str]] = {
        "together": ("agrees", "agree"),
        "same_verdict": ("agrees in direction only", "agree in direction only"),
        "apart": ("contradicts", "contradict"),
        "undecided": ("is undecided, for want of launches", "are undecided, for want of launches"),
    }
    parts = [
        f"{tally[relation]:,} {one if tally[relation] == 1 else many}"
        for relation, (one, many) in words.items()
        if tally[relation] or relation in {"together", "apart"}
    ]
    return f"Of {counted(total, 'pair')} that {who} have, {', '.join(parts)}."


def second(found: CrossRun) -> str:
    """The worst disagreement, and what became of faults."""
    sentences = []
    apart = found.of("apart")
    if apart:
        worst = apart[0]
        sentences.append(f"Furthest apart is {worst.row.name}: {side_by_side(worst)}.")
    if found.outcomes_in_common:
        lost = sum(one.protection for one in found.outcomes)
        same = found.outcomes_in_common - len(found.outcomes)
        told = f", and {counted(lost, 'fault is', 'faults are')} caught in some of the runs only" if lost else ""
        sentences.append(
            f"Of {counted(found.outcomes_in_common, 'fault')} proved in more than one run {same} end alike{told}."
        )
    return " ".join(sentences)


def side_by_side(pair: AgreementRow) -> str:
    """`A 1.021 (1.010 – 1.030), B 1.300 (1.280 – 1.320)`, the runs that are furthest apart first."""
    places = [place for place, row in enumerate(pair.rows) if row is not None]
    places.sort(key=lambda place: pair.between is None or place not in pair.between)
    rows = [(LETTERS[place], row) for place in places if (row := pair.rows[place]) is not None]
    return ", ".join(f"{name} {number(row.ratio)} ({interval(row)})" for name, row in rows)


def _notes(found: CrossRun) -> Iterator[str]:
    """What a reader has to know of the comparison itself."""
    margins = dict.fromkeys(run.document.run.margin for run in found.runs)
    if len(margins) > 1:
        each = ", ".join(map(percent, margins))
        yield f"The runs have margins of their own ({each}); here all are judged by the widest."
    apart = len(found.of("apart"))
    if found.pairs:
        most = f"{found.by_chance:.1f}" if found.by_chance < 10 else f"{found.by_chance:.0f}"
        yield (
            f"{counted(apart, 'pair')} of {len(found.pairs)} contradict; chance alone, were nothing different, would"
            f" set at most {most} apart on average."
        )
    cut = [run.letter for run in found.runs if not run.document.run.complete]
    if cut:
        yield f"Interrupted, and so with what was measured until then: {', '.join(cut)}."


def letters(pair: AgreementRow) -> str:
    """The two runs that are furthest apart, such as `A and C`; a dash where that is not known."""
    return "–" if pair.between is None else " and ".join(LETTERS[place] for place in pair.between)


def gap(pair: AgreementRow) -> str:
    """The factor between the nearest ends of the intervals; a dash where they overlap or one lacks."""
    return "–" if pair.gap is None or pair.gap <= 1 else number(pair.gap)


def differs(pair: AgreementRow) -> str:
    """What differs between the two runs, in words, the first few."""
    rest = len(pair.differs) - PARTS
    text = ", ".join(pair.differs[:PARTS]) + (f" and {rest} more" if rest > 0 else "")
    return text or "nothing that the runs tell of"


def code(pair: AgreementRow) -> str:
    """Whether both runs loaded the same machine code."""
    return {True: "the same", False: "other", None: "not known"}[pair.same_code]


def by_case(rows: Sequence[PairRow]) -> list[tuple[str, int, str]]:
    """Pairs by case: its name, how many, and the first of them."""
    groups: dict[str, list[PairRow]] = {}
    for row in rows:
        groups.setdefault(row.task, []).append(row)
    made = []
    for case, members in groups.items():
        names = list(dict.fromkeys(f"{row.variant}@{row.profile}" for row in members))
        rest = len(names) - NAMES
        made.append((case, len(members), ", ".join(names[:NAMES]) + (f" and {rest} more" if rest > 0 else "")))
    return made


def terminal_lines(found: CrossRun, notes: Sequence[str]) -> Iterator[str]:
    """The same for a terminal: runs, disagreements worst first, outcomes that differ."""
    for run in found.runs:
        yield _line(f"{run.letter}: {run.name}: {summary(run.document)}")
    yield from map(_line, notes)
    yield _line(headline(found))
    apart = found.of("apart")
    for pair in apart[:TERMINAL_ROWS]:
        yield _line(
            f"  {KINDS[pair.row.kind].name}, {pair.row.name}: {side_by_side(pair)};"
            f" machine code {code(pair)}; differs: {differs(pair)}"
        )
    if len(apart) > TERMINAL_ROWS:
        yield f"  and {len(apart) - TERMINAL_ROWS} more, on the page"
    for one in [one for one in found.outcomes if one.protection][:TERMINAL_ROWS]:
        yield _line(f"  {outcome_words(one)}")


def outcome_words(one: Outcomes) -> str:
    """`indexing/sum/at/one_past_end@gcc-o2: A trapped, B silent: corrupted`."""
    told = ", ".join(f"{LETTERS[at]} {proof.words}" for at, proof in enumerate(one.proofs) if proof is not None)
    return f"{one.case}/{one.variant}/{one.fault}@{one.profile}: {told}"


def _line(text: str) -> str:
    return shown(text, quoted=False, limit=600)
