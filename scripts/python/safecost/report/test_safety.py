"""What safety costs and buys as a reader sees it: frontier, matrix and evidence on a page, and in plain text."""

from __future__ import annotations

import io
import re
from dataclasses import replace

from rich.console import Console

from safecost.document.outcome import ALL_KINDS, LETTERS
from safecost.document.types import Document
from safecost.report import charts, safety, table
from safecost.report import page as report
from safecost.testing.whole_report import whole


def page(document: Document) -> str:
    return whole(document, charts.draw(document))


def test_each_group_has_a_line_for_every_fault_and_one_for_spatial_ones(sample_document: Document) -> None:
    found = [(line.group, line.scope) for line in safety.lines(sample_document)]
    assert found[:2] == [("gcc-o2", "every fault"), ("gcc-o2", "spatial faults")]
    assert {group for group, _ in found} == {"gcc-o2", "clang-o2", "rust-o2"}
    gcc, spatial, *_ = safety.lines(sample_document)
    assert all(line.price.endswith(" in 1 of 1 case") for line in (gcc, spatial))
    assert gcc.outside == ("indexing/gather: disqualified", "errors/sqrt_chain: no size that fits into L1 or L2")
    assert spatial.outside == ("indexing/gather: disqualified", "errors/sqrt_chain: no such fault")


def test_the_worst_case_and_what_nothing_catches_are_named(sample_document: Document) -> None:
    clang = next(line for line in safety.lines(sample_document) if line.group == "clang-o2")
    assert any(one.startswith("indexing/sum: ") and one.endswith("lets through one_past_end") for one in clang.uncaught)


def test_a_mean_of_six_launches_says_that_it_has_no_interval(sample_document: Document) -> None:
    prices = [line.price for line in safety.lines(sample_document) if not line.price.startswith("–")]
    assert prices and all("no interval: " in price for price in prices)


def test_every_proof_has_a_letter_that_leads_to_its_evidence(sample_document: Document) -> None:
    made = page(sample_document)
    marks = re.findall(r'<a class="mark \w+" href="#([\w.]+/[\w.]+@[\w.+-]+)" title="[^"]*">(\S)</a>', made)
    assert len(marks) == len(sample_document.proofs)
    rows = re.findall(r'<tr id="([\w.]+/[\w.]+@[\w.+-]+)">', made)
    assert len(rows) == len(set(rows)) and {anchor for anchor, _ in marks} == set(rows)
    assert sorted(letter for _, letter in marks) == sorted(LETTERS[one.outcome] for one in sample_document.proofs)


def test_every_outcome_word_has_an_anchor_in_the_glossary(sample_document: Document) -> None:
    made = page(sample_document)
    for kind in ALL_KINDS:
        assert made.count(f'id="word-{kind}"') == 1
    assert {f"word-{kind}" for kind in ALL_KINDS} == set(re.findall(r'href="\.\./faults\.html#(word-[a-z_]+)"', made))


def test_only_proofs_that_tell_the_same_share_their_evidence(sample_document: Document) -> None:
    first = sample_document.proofs[0]
    twin = replace(first, profile="gcc-assertions")
    others = tuple(one for one in sample_document.proofs if (one.variant, one.profile) != ("raw", "gcc-assertions"))
    shared = safety.matrices(replace(sample_document, proofs=(*others, twin)))[0].findings
    assert shared[0].profiles == ("gcc-o2", "gcc-assertions")
    other = replace(twin, evidence=("F: reads before the block",))
    apart = safety.matrices(replace(sample_document, proofs=(*others, other)))[0].findings
    assert apart[0].profiles == ("gcc-o2",)


def test_the_section_comes_first_and_is_escaped(sample_document: Document) -> None:
    made = page(sample_document)
    assert made.index('id="safety"') < made.index('id="believe"')
    nasty = tuple(replace(one, said="<script>alert(1)</script>") for one in sample_document.proofs)
    evil = page(replace(sample_document, proofs=nasty))
    assert "<script>alert" not in evil and "&lt;script&gt;alert" in evil


def test_markdown_has_the_matrix_as_letters(sample_document: Document) -> None:
    made = report.markdown(sample_document, charts.draw(sample_document))
    assert "## What becomes of each fault" in made
    row = next(line for line in made.splitlines() if line.startswith("| span | s"))
    assert row.split("|")[2].split() == ["s", "T", "m", "·"]
    assert "![" in made and "charts/safety.svg" in made


def test_without_proofs_nothing_is_made_up(sample_document: Document) -> None:
    bare = replace(sample_document, proofs=())
    assert "what its idioms catch is not known" in page(bare)
    assert not safety.terminal_rows(bare)
    assert not safety.terminal_gaps(bare)
    out = io.StringIO()
    table.render(bare, Console(file=out, width=1000))
    assert "price of safety" not in out.getvalue()


def test_the_terminal_ends_with_a_row_a_group(sample_document: Document) -> None:
    out = io.StringIO()
    table.render(sample_document, Console(file=out, width=120))
    told = out.getvalue().partition("\nprofile  ")[2].splitlines()
    names = [line.split()[:3] for line in told[2:5]]
    assert names == [[name, "best", "known"] for name in ("gcc-o2", "clang-o2", "rust-o2")]
    assert "indexing/" in told[2] and " 1 of 1 " in told[2]
    gap = next(line for line in told if line.startswith("no price with clang-o2"))
    assert gap == "no price with clang-o2, as nothing stops: indexing/sum (one_past_end)"
    assert next(line for line in told if "inexpressible does not count" in line).startswith("best known, where")
    text = " ".join(told)
    assert re.search(r"Safe idioms catch \d+ of \d+ faults committed in them, 3 of these inexpressible", text)
