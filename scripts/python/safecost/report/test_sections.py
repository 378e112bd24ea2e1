"""Tests that HTML, Markdown and contents have the same sections, and that one that lacks a form is refused."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from safecost.core import pages
from safecost.core.errors import ToolError
from safecost.core.paths import PACKAGE
from safecost.document.types import Document
from safecost.report import page as report
from safecost.report import sections
from safecost.report.charts import Chart
from safecost.report.sections import FORMS, SECTIONS, Section


def headings(markdown: str) -> list[str]:
    """The headings of the second level as a code host shows them."""
    tokens = MarkdownIt("commonmark").enable("table").parse(markdown)
    chosen = [tokens[at + 1] for at, token in enumerate(tokens) if token.type == "heading_open" and token.tag == "h2"]
    return ["".join(child.content for child in token.children or []) for token in chosen]


def links(html: str) -> list[tuple[str, str]]:
    """Anchor and words of each entry of a page's own contents; none where it has a single section."""
    contents = re.findall(r'<nav aria-label="Contents">.*?</nav>', html, re.DOTALL)
    return re.findall(r'<a href="#([^"]*)">([^<]*)</a>', "".join(contents))


def refuse_difference(pages: Mapping[str, str], markdown: str) -> None:
    """Pages and Markdown have the same headings, and the contents of each page lead to each of its own."""
    found = []
    for html in pages.values():
        made = [one for one in re.findall(r'<h2 id="([^"]*)">([^<]*)</h2>', html) if one[0] != "again"]
        found += [words for _, words in made]
        anchors = [anchor for anchor, _ in made]
        assert [anchor for anchor, _ in links(html)] == (anchors if len(anchors) > 1 else [])
    assert sorted(found) == sorted(headings(markdown))


def test_both_forms_and_the_contents_have_the_same_sections(
    sample_document: Document, drawn: tuple[Chart, ...]
) -> None:
    pages, markdown = report.site(sample_document, drawn), report.markdown(sample_document, drawn)
    refuse_difference(pages, markdown)
    labels = [label for _, label in links(pages["report.html"])]
    assert labels == ["Costs and buys", "Hardening", "Tasks", "Overview", "Problems"]
    with pytest.raises(AssertionError):
        refuse_difference(pages, markdown.replace("## Gaps", "Gaps"))
    with pytest.raises(AssertionError):
        wrong = pages["about.html"].replace('<a href="#gaps">', '<a href="#words">')
        refuse_difference({**pages, "about.html": wrong}, markdown)


def test_a_run_without_anything_has_the_same_sections_in_both_forms(sample_document: Document) -> None:
    nothing = dataclasses.replace(
        sample_document, panels=(), problems=(), gaps=(), plugins=(), cases=(), profiles=(), rejections=(), counts=(),
        codes=(), proofs=(),
    )  # fmt: skip
    pages, markdown = report.site(nothing, ()), report.markdown(nothing, ())
    refuse_difference(pages, markdown)
    assert {"Overview", "Rejected by compilers"}.isdisjoint(headings(markdown))


def test_every_template_belongs_to_a_section() -> None:
    folder = PACKAGE / "report/templates/sections"
    named = {Path(name).name for section in SECTIONS for name in map(section.file, FORMS)}
    assert {file.name for file in folder.iterdir()} == named


@pytest.mark.parametrize("lacking", ["sections/planted.html.jinja", "sections/planted.md.jinja"])
def test_a_planted_section_without_one_of_its_forms_is_refused(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    sample_document: Document,
    drawn: tuple[Chart, ...],
    lacking: str,
) -> None:
    planted = Section("planted", "A planted section")
    monkeypatch.setattr(sections, "SECTIONS", (*SECTIONS, planted))
    monkeypatch.setattr(pages.TEMPLATES, "searchpath", [*pages.TEMPLATES.searchpath, str(tmp_path)])
    (tmp_path / "sections").mkdir()
    for name in map(planted.file, FORMS):
        (tmp_path / name).write_text("It is here.\n")
    pages_, markdown = report.site(sample_document, drawn), report.markdown(sample_document, drawn)
    refuse_difference(pages_, markdown)
    assert "It is here." in pages_["report.html"] and "## A planted section\n\nIt is here.\n" in markdown
    (tmp_path / lacking).unlink()
    for write in (report.site, report.markdown):
        with pytest.raises(ToolError, match=f"planted lacks the template {re.escape(lacking)}: write it"):
            write(sample_document, drawn)
