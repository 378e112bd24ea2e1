"""A run compared with itself is unchanged in every row, in every format that `compare` reads, threads included."""

from __future__ import annotations

import lzma
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from safecost.compare import inputs
from safecost.document import io as documents
from safecost.document.types import Document
from safecost.exports.formats import FORMATS
from safecost.exports.selected import select
from safecost.testing.changed_document import sound_document


@pytest.fixture(scope="module")
def threaded() -> Document:
    """The sample without anything wrong, its first case at threads 1 and 2."""
    sample_document = sound_document()
    case = sample_document.panels[0].case
    both = (1, 2)
    return replace(
        sample_document,
        cases=tuple(
            replace(one, parameters=tuple(replace(p, threads=t) for p in one.parameters for t in both))
            if one.name == case
            else one
            for one in sample_document.cases
        ),
        panels=tuple(
            replace(one, threads=t)
            for one in sample_document.panels
            for t in (both if one.case == case else (one.threads,))
        ),
        counts=tuple(
            replace(one, threads=t)
            for one in sample_document.counts
            for t in (both if one.case == case else (one.threads,))
        ),
    )


@pytest.mark.parametrize("form", ["folder", "run.json", "run.json.xz", "google-benchmark"])
def test_a_run_compared_with_itself_is_unchanged(threaded: Document, tmp_path: Path, form: str) -> None:
    base, head = tmp_path / "base", tmp_path / "head"
    for folder in (base, head):
        folder.mkdir()
        documents.write(threaded, folder / "run.json")
    other = head if form == "folder" else head / form
    if form == "run.json.xz":
        other.write_bytes(lzma.compress((head / "run.json").read_bytes()))
    elif form == "google-benchmark":
        text = FORMATS[form](select(threaded, None))
        other = head / "export.json"
        other.write_text(text, encoding="utf-8")
    made = inputs.compare(base, other)
    assert any("/threads:2@" in row.name for row in made.rows) and any("/threads:1@" in row.name for row in made.rows)
    assert set(Counter(row.verdict for row in made.rows)) == {"unchanged"}
