"""One page a case beside the report: the answer, what is caught, every ratio, and any two builds side by side."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from safecost.core import pages
from safecost.document.measured import Code
from safecost.document.rows import KINDS, PairRow, rows
from safecost.document.types import Case, Document
from safecost.explain.kernels import Contrast, compare, profiles_of, why
from safecost.explain.terminal import LEGEND
from safecost.report import answers, safety, words
from safecost.suite.source_excerpts import Excerpt, find
from safecost.suite.weaknesses import name_of

FOLDER = "cases"
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
_FILE = re.compile(r"[a-z][a-z0-9_]{0,63}\.[a-z][a-z0-9_]{0,63}\.html")


def address(case: Case) -> str | None:
    """Where a case's page is, from the report's folder; None for a name that no file should have."""
    names = (case.family, case.case)
    return f"{FOLDER}/{case.family}.{case.case}.html" if all(map(_NAME.fullmatch, names)) else None


def addresses(document: Document) -> dict[str, str]:
    """The page of every case that has one, by `family/case`."""
    found = ((case.name, address(case)) for case in document.cases)
    return {name: where for name, where in found if where is not None}


def anchor(row: PairRow) -> str:
    """The place of a pair on the page of its case: its kind and its name without the case's."""
    return f"{row.kind}:{row.name.removeprefix(row.task + '/')}"


def write(document: Document, folder: Path) -> list[Path]:
    """Writes cases/*.html into the report's folder; pages that an earlier report left there are removed."""
    where = addresses(document)
    written = []
    for case in document.cases:
        if case.name in where:
            path = folder / where[case.name]
            path.parent.mkdir(parents=True, exist_ok=True)
            pages.save(path, page(document, case))
            written.append(path)
    for path in (folder / FOLDER).glob("*.html"):
        if path not in written and _FILE.fullmatch(path.name) and path.is_file():
            path.unlink()
    return written


def page(document: Document, case: Case) -> str:
    """The page of a case as self-contained HTML."""
    task = next((one for one in answers.tasks(document) if one.case.name == case.name), None)
    return pages.html(
        "case.html.jinja",
        ("report.css", "case.css"),
        "case.js",
        case=case,
        choices=task.choices if task else (),
        matrix=next((one for one in safety.matrices(document) if one.case == case.name), None),
        outcome_words=safety.words(),
        owed=safety.owed,
        name_of=name_of,
        rows=words.worst_first([row for row in rows(document) if row.task == case.name]),
        anchor=anchor,
        kinds=KINDS,
        interval=words.interval,
        commit=document.suite.commit,
        again=answers.again(document, case),
        machine=document.machine.cpu,
        started=document.run.started,
        profiles=_by_profile(document, case),
        codes=[code for code in document.codes if code.case == case.name],
        sources=_sources(case, document.codes),
        legend=LEGEND,
    )


def _by_profile(document: Document, case: Case) -> list[tuple[str, list[tuple[Contrast, list[str]]]]]:
    """Each profile's comparisons with their sentences, where it has any."""
    found = ((profile, compare(document, case, profile)) for profile in profiles_of(document, case.name))
    return [(name, [(one, why(one, document.run.margin)) for one in compared]) for name, compared in found if compared]


def _sources(case: Case, codes: Iterable[Code]) -> list[tuple[str, tuple[Excerpt, ...]]]:
    held = {code.variant for code in codes if code.case == case.name}
    found = ((variant.name, find(case, variant)) for variant in case.variants if variant.name in held)
    return [(name, excerpts) for name, excerpts in found if excerpts]
