"""Every term of a report stands in the glossary, and every page leads there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from safecost.core import glossary
from safecost.core.paths import ROOT
from safecost.document.outcome import MEANINGS
from safecost.document.rows import KINDS
from safecost.document.types import Document
from safecost.report import page

# Headings that say what they mean, in plain English.
PLAIN = frozenset(
    """
    and; at; bytes; cases; clang; compared with; compiler; compiler and library; consequence; flags; gcc; how it was;
    kind; language; library; mean; median; misuse; name; ns; ns of the other; profiles; rustc; sha-256; state; stops;
    the other; topic; way;
    what; what happened; what happens; what is wrong; what it is; what stopped it or reported it;
    nothing catches everything; what that means; why; contract it breaks; class; worst; all
    """.replace("\n    ", " ")
    .strip()
    .split("; ")
)


def headings(html: str) -> set[str]:
    """The headings of tables and the terms of lists, in small letters and without marks."""
    marked = re.findall(r'<th scope="col"[^>]*>(.*?)</th>', html, re.DOTALL)
    listed = re.findall(r'<dl class="words">(.*?)</dl>', html, re.DOTALL)
    marked += [term for part in listed for term in re.findall(r"<dt[^>]*>(.*?)</dt>", part, re.DOTALL)]
    texts = {re.sub(r"<[^>]*>", "", text).strip().lower() for text in marked} - {""}
    return {re.sub(r"^\S (?=[a-z])", "", text) for text in texts}  # the letter of an outcome


def test_every_term_of_the_report_stands_in_the_glossary(sample_document: Document) -> None:
    html = "\n".join(page.site(sample_document, ()).values())
    dates = re.compile(r"[a-z0-9_.+ -]+\d[a-z0-9_. ()-]*")  # names of profiles and compilers head columns, too
    variants = {variant.name for case in sample_document.cases for variant in case.variants}
    faults = {fault.name for case in sample_document.cases for fault in case.faults}
    terms = {term for term in headings(html) if not dates.fullmatch(term)} - variants - faults - PLAIN
    assert sorted(terms - glossary.words()) == []


def test_every_verdict_outcome_comparison_and_role_stands_there() -> None:
    kinds = {kind.name.lower() for kind in KINDS.values()}
    outcomes = {outcome.replace("_", " ") for outcome in MEANINGS}
    words = {"slower", "faster", "equivalent", "inconclusive", "disqualified", "raw", "gap", "a/a pair", "calibration"}
    assert sorted((kinds | outcomes | words) - glossary.words()) == []


@pytest.mark.parametrize("path", ["README.md", "CONTRIBUTING.md", "results/README.md", "results/FINDINGS.md"])
def test_pages_of_the_repository_lead_to_it(path: str) -> None:
    assert "GLOSSARY.md" in (ROOT / path).read_text(encoding="utf-8")


@pytest.mark.parametrize("file", sorted((ROOT / "docs").glob("*.md")), ids=lambda file: file.name)
def test_documents_lead_to_it(file: Path) -> None:
    assert file == glossary.SOURCE or "(GLOSSARY.md)" in file.read_text(encoding="utf-8")


def test_a_report_and_its_pages_lead_to_it(sample_document: Document, tmp_path: Path) -> None:
    page.write(sample_document, tmp_path)
    assert (tmp_path / glossary.FILE).is_file()
    assert f'href="{glossary.FILE}"' in (tmp_path / "report.html").read_text(encoding="utf-8")
    explained = list((tmp_path / "cases").glob("*.html"))
    assert explained
    for file in explained:
        assert f'href="../{glossary.FILE}"' in file.read_text(encoding="utf-8")
