"""Threads 1 and 2 are two points: wherever a pair is shown, a reader can tell which."""

from __future__ import annotations

import io
import re
from dataclasses import replace

import pytest
from rich.console import Console

from safecost.document.types import Document, Parameter
from safecost.report import page, table
from safecost.testing.whole_report import whole


@pytest.fixture(scope="module")
def threaded(sample_document: Document) -> Document:
    """The sample with every panel and count of one case at threads 1 and at threads 2, and nothing else."""
    case = "indexing/sum"
    both = (1, 2)
    return replace(
        sample_document,
        cases=tuple(
            replace(one, parameters=tuple(replace(p, threads=t) for p in one.parameters for t in both))
            if one.name == case
            else one
            for one in sample_document.cases
        ),
        panels=tuple(replace(one, threads=t) for one in sample_document.panels if one.case == case for t in both),
        counts=tuple(replace(one, threads=t) for one in sample_document.counts if one.case == case for t in both),
        codes=(), proofs=(),
    )  # fmt: skip


def test_in_the_terminal(threaded: Document) -> None:
    console = Console(file=io.StringIO(), width=200)
    table.render(threaded, console)
    text = console.file.getvalue()  # type: ignore[attr-defined]
    counts = [len(re.findall(f"threads {threads}", text)) for threads in (1, 2)]
    assert counts[0] == counts[1] > 0
    rows = [re.split(r"\s{2,}", line)[:3] for line in text.splitlines() if re.match(r"indexing/sum .*threads", line)]
    assert rows and len({tuple(row) for row in rows}) == len(rows)  # case with its point, idiom, profile


def test_in_the_report(threaded: Document) -> None:
    html, markdown = whole(threaded, ()), page.markdown(threaded, ())
    for text in (html, markdown):
        counts = [len(re.findall(f"threads {threads}", text)) for threads in (1, 2)]
        assert counts[0] == counts[1] > 0
    rows = [line for line in markdown.splitlines() if line.startswith("| idiom cost")]
    assert rows and all(re.search("threads [12]", row) for row in rows)
    assert len({row.rpartition("|")[0].rsplit("|", 3)[0] for row in rows}) == len(rows)
    assert Parameter(8, None, "L1", 1).beside != Parameter(8, None, "L1", 2).beside
