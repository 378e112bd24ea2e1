"""Threads or workers 1 and 2 are two points: wherever a pair is shown, a reader can tell which."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from typing import Any, Literal

import pytest
from rich.console import Console

from safecost.document.types import Document, Parameter
from safecost.report import page, table
from safecost.testing.whole_report import whole

Kind = Literal["threads", "workers"]


@pytest.fixture(scope="module", params=["threads", "workers"])
def kind(request: pytest.FixtureRequest) -> Kind:
    """What a case asks for."""
    return request.param  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def threaded(sample_document: Document, kind: Kind) -> Document:
    """The sample with every panel and count of one case at 1 and at 2 of them, and nothing else."""
    case = "indexing/sum"

    def both(one: Any) -> tuple[Any, ...]:
        return tuple(replace(one, **{kind: number}) for number in (1, 2))

    return replace(
        sample_document,
        cases=tuple(
            replace(one, parameters=tuple(at for p in one.parameters for at in both(p))) if one.name == case else one
            for one in sample_document.cases
        ),
        panels=tuple(at for one in sample_document.panels if one.case == case for at in both(one)),
        counts=tuple(at for one in sample_document.counts if one.case == case for at in both(one)),
        codes=(), proofs=(),
    )  # fmt: skip


def test_in_the_terminal(threaded: Document, kind: Kind) -> None:
    console = Console(file=io.StringIO(), width=200)
    table.render(threaded, console)
    text = console.file.getvalue()  # type: ignore[attr-defined]
    counts = [len(re.findall(f"{kind} {number}", text)) for number in (1, 2)]
    assert counts[0] == counts[1] > 0
    rows = [re.split(r"\s{2,}", line)[:3] for line in text.splitlines() if re.match(f"indexing/sum .*{kind}", line)]
    assert rows and len({tuple(row) for row in rows}) == len(rows)  # case with its point, idiom, profile


def test_in_the_report(threaded: Document, kind: Kind) -> None:
    html, markdown = whole(threaded, ()), page.markdown(threaded, ())
    for text in (html, markdown):
        counts = [len(re.findall(f"{kind} {number}", text)) for number in (1, 2)]
        assert counts[0] == counts[1] > 0
    rows = [line for line in markdown.splitlines() if line.startswith("| idiom cost")]
    assert rows and all(re.search(f"{kind} [12]", row) for row in rows)
    assert len({row.rpartition("|")[0].rsplit("|", 3)[0] for row in rows}) == len(rows)
    one, other = (replace(Parameter(8, None, "L1"), **{kind: number}) for number in (1, 2))  # type: ignore[arg-type]
    assert one.beside != other.beside


def test_what_this_machine_cannot_time_is_a_gap(sample_document: Document) -> None:
    first, *others = sample_document.cases
    point = replace(first.parameters[0], workers=4, gap="4 workers would take turns on the 2 processors")
    gapped = replace(sample_document, cases=(replace(first, parameters=(*first.parameters, point)), *others))
    console = Console(file=io.StringIO(), width=200)
    table.render(gapped, console)
    for text in (console.file.getvalue(), whole(gapped, ()), page.markdown(gapped, ())):  # type: ignore[attr-defined]
        assert re.search("workers 4.*4 workers would take turns on the 2 processors", text)
