"""Findings: figures come from the run, and a text that the run does not support is refused."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from safecost.core.errors import ToolError
from safecost.core.paths import ROOT
from safecost.core.text import number
from safecost.document import io as document
from safecost.document.rows import valid_rows
from safecost.document.types import Document
from safecost.report import findings
from safecost.report.findings import BrokenFinding, Finding, read, tell

RESULTS = ROOT / "results"


def at(document: Document) -> str:
    return next(row.name for row in valid_rows(document) if row.kind == "idiom" and row.verdict == "slower")


def one(text: str, **expects: str) -> list[Finding]:
    return [Finding("A title", text, expects)]


def test_a_place_holds_the_figure_of_the_run_and_the_pair_is_cited(sample_document: Document) -> None:
    name = at(sample_document)
    row = next(row for row in valid_rows(sample_document) if (row.kind, row.name) == ("idiom", name))
    (told,) = tell(sample_document, one(f"It costs {{idiom {name}}} and is {{verdict {name}}}."))
    assert row.low is not None and row.high is not None
    assert told.text == f"It costs {number(row.ratio)} ({number(row.low)} – {number(row.high)}) and is slower."
    assert told.rows == (row,)
    assert told.commands == (
        f"scripts/safecost run --publish --filter {row.task} --profiles {row.profile}",
        f"scripts/safecost explain {row.task}",
    )


def test_proofs_code_and_prices_can_be_asked_for(sample_document: Document) -> None:
    proof = sample_document.proofs[0]
    code = sample_document.codes[0]
    text = (
        f"{{proof {proof.case}/{proof.variant}/{proof.fault}@{proof.profile}}}; "
        f"{{checks {code.case}/{code.variant}@{code.profile}}}; {{price gcc-o2 best known spatial}}"
    )
    (told,) = tell(sample_document, one(text))
    words, checks, price = told.text.split("; ")
    assert (words, checks) == (proof.words, str(code.checks))
    assert re.match(r"0\.930 \(", price)


@pytest.mark.parametrize("wanted", ["equivalent", "faster", "not slower", "below 1.01", "above 90"])
def test_what_the_run_does_not_bear_out_is_refused_with_its_figure(sample_document: Document, wanted: str) -> None:
    name = at(sample_document)
    with pytest.raises(
        BrokenFinding, match=rf"A title: idiom {re.escape(name)}: expected {wanted}, and it is slower, "
    ):
        tell(sample_document, one("Free.", **{f"idiom {name}": wanted}))


@pytest.mark.parametrize("wanted", ["slower", "not faster", "above 1.0"])
def test_what_the_run_bears_out_passes(sample_document: Document, wanted: str) -> None:
    tell(sample_document, one("Dear.", **{f"idiom {at(sample_document)}": wanted}))


def test_a_bound_holds_for_the_whole_interval(sample_document: Document) -> None:
    row = next(r for r in valid_rows(sample_document) if r.kind == "idiom" and r.low and r.high and r.low < r.ratio)
    with pytest.raises(BrokenFinding):
        tell(sample_document, one("", **{f"idiom {row.name}": f"above {(row.low or 0) + 1e-4:.6f}"}))
    tell(sample_document, one("", **{f"idiom {row.name}": f"above {(row.low or 0) - 1e-4:.6f}"}))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{idiom indexing/sum/nobody/size:1@gcc-o2}", "the run has no such pair; it has indexing/sum/"),
        ("{idiom no/case/at/size:1@gcc-o2}", r"no such pair\.$"),
        ("{costs indexing/sum}", "no such figure; there are aa, bytes, calibration, checks, "),
        ("{proof a/b/c/d@e}", "nothing was proved of that"),
        ("{packed a/b/c@e}", "no machine code of that"),
        ("{price msvc ordinary}", "no such plain profile"),
        ("{price gcc-o2 cheapest}", "no such price; after the profile write off the shelf, ordinary, best known"),
    ],
)
def test_a_figure_that_the_run_lacks_is_named(sample_document: Document, text: str, told: str) -> None:
    with pytest.raises(BrokenFinding, match=told):
        tell(sample_document, one(text))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("x = ", "is not TOML"),
        ("", "the file lacks .finding.. Each "),
        ("finding = 3", "finding is 3, and must be a list"),
        ('[[finding]]\ntitle = "a"', r"finding\[0\] lacks .text.. Each .* has title and text"),
        ('[[finding]]\ntitle = "a"\ntext = "b"\nextra = 1', r"finding\[0\] has the unknown entry .extra"),
        ('[[finding]]\ntitle = "a"\ntext = 3', r"finding\[0\]\.text is 3, and must be a text"),
        (
            '[[finding]]\ntitle = "a"\ntext = "b"\nexpects = ["c"]',
            r"finding\[0\]\.expects is .* must be an object",
        ),
    ],
)
def test_a_bad_file_is_refused_in_one_sentence(tmp_path: Path, text: str, told: str) -> None:
    file = tmp_path / "findings.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ToolError, match=told):
        read(file)
    with pytest.raises(ToolError, match="does not exist"):
        read(tmp_path / "absent.toml")


def test_a_bad_expectation_is_refused(sample_document: Document) -> None:
    with pytest.raises(BrokenFinding, match="write equivalent, slower"):
        tell(sample_document, one("", **{f"idiom {at(sample_document)}": "cheap"}))


def test_the_page_of_the_published_run_is_the_one_in_results() -> None:
    """The figures in results/FINDINGS.md are those of the run that it names."""
    texts = RESULTS / "findings.toml"
    written = (RESULTS / "FINDINGS.md").read_text(encoding="utf-8")
    run = re.search(r"\[this run\]\(([^)]+)/report\.md\)", written)
    assert run is not None
    assert findings.page(RESULTS / run[1], texts, RESULTS / "FINDINGS.md") == written


def test_the_figures_of_the_readme_are_those_of_the_run_that_it_names() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    run = re.search(r"\(results/([^)/]+)/report\.md\)", readme)
    assert run is not None
    assert findings.with_figures(readme, document.read(RESULTS / run[1])) == readme


@pytest.mark.parametrize("mark", ["<!-- frontier ends -->", "<!-- row begins -->"])
def test_a_readme_without_a_mark_is_refused(mark: str) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    run = re.search(r"\(results/([^)/]+)/report\.md\)", readme)
    assert run is not None
    with pytest.raises(ToolError, match="there is no block"):
        findings.with_figures(readme.replace(mark, ""), document.read(RESULTS / run[1]))
