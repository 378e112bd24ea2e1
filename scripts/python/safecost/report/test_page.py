"""Tests of the report's words and files: what it claims, what it escapes, and that the bytes do not change."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import json
import posixpath
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from safecost.core import glossary
from safecost.core.pages import inline
from safecost.core.text import percent
from safecost.document.rows import rows
from safecost.document.types import Document, Problem
from safecost.report import case_page, charts
from safecost.report import page as report
from safecost.report.charts import Chart
from safecost.testing.hostile import HOSTILE, hostile
from safecost.testing.whole_report import all_pages, whole


class Tags(HTMLParser):
    """Collects what a page holds."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.text: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def test_writes_page_markdown_and_charts_the_same_bytes_each_time(tmp_path: Path, sample_document: Document) -> None:
    page = report.write(sample_document, tmp_path / "a")
    report.write(sample_document, tmp_path / "b")
    first = {path.relative_to(tmp_path / "a"): path.read_bytes() for path in (tmp_path / "a").rglob("*.*")}
    second = {path.relative_to(tmp_path / "b"): path.read_bytes() for path in (tmp_path / "b").rglob("*.*")}
    assert page == tmp_path / "a" / "report.html"
    assert first == second
    assert {"report.html", "report.md", "map.svg"} <= {path.name for path in first}
    for target in re.findall(rb"\]\((charts/[^)]+)\)", first[Path("report.md")]):
        assert Path(target.decode()) in first


def test_a_new_report_removes_the_charts_of_an_earlier_one_and_nothing_else(
    tmp_path: Path, sample_document: Document
) -> None:
    nothing = dataclasses.replace(sample_document, panels=(), proofs=())
    folder = tmp_path / "charts"
    (folder / "curves-gone.svg").mkdir(parents=True)
    for name in ("forest-gone-idiom-2.svg", "aa-pairs.svg", "logo.svg", "map.txt"):
        (folder / name).write_text("")
    report.write(nothing, tmp_path)
    assert {path.name for path in folder.iterdir()} == {"map.svg", "curves-gone.svg", "logo.svg", "map.txt"}


def test_headline_counts_idioms_without_disqualified_cases(sample_document: Document) -> None:
    assert report.headline(sample_document) == (
        "Of 22 idiom–profile pairs 4 are equivalent to raw within 1 %, 11 slower, 2 faster, 5 inconclusive. "
        "1 case was disqualified because results or work did not hold."
    )
    cases = tuple(dataclasses.replace(case, status="disqualified") for case in sample_document.cases)
    disqualified = dataclasses.replace(sample_document, cases=cases)
    assert (
        report.headline(disqualified)
        == "No idiom has been measured. 3 cases were disqualified because results or work did not hold."
    )


def test_summary_says_what_ran_and_that_it_was_interrupted(sample_document: Document) -> None:
    assert report.summary(sample_document) == (
        "Quick run of 2026-01-02 03:04 UTC on Made-up CPU 9000 (x86_64, 2 CPUs), 6 launches per panel, complete; "
        "safecost 0.1.0 at 0123456789ab."
    )
    broken = dataclasses.replace(sample_document, run=dataclasses.replace(sample_document.run, complete=False))
    assert "interrupted" in report.summary(broken)


def test_page_and_markdown_say_that_a_noisy_run_is_advisory(
    sample_document: Document, drawn: tuple[Chart, ...]
) -> None:
    machine = dataclasses.replace(sample_document.machine, steal_share=0.06)
    noisy = dataclasses.replace(sample_document, machine=machine)
    for write in (whole, report.markdown):
        assert "The host took 6 % of the processor time away." in write(noisy, drawn)
        assert "Advisory" not in write(sample_document, drawn)


def test_tables_hold_every_pair_problem_gap_profile_case(sample_document: Document, drawn: tuple[Chart, ...]) -> None:
    pages = all_pages(sample_document, drawn)
    page = "\n".join(pages.values())
    counts = {
        "pairs": sum(len(panel.pairs) for panel in sample_document.panels),
        "problems": len(sample_document.problems),
        "gaps": len(sample_document.gaps),
        "profiles": len(sample_document.profiles),
        "plugins": len(sample_document.plugins),
    }
    data = json.loads(pages["pairs.html"].split('id="pairs-data">')[1].split("</script>")[0])
    assert len(data) == counts.pop("pairs")
    for name, number in counts.items():
        body = page.split(f'id="table-{name}"')[1].split("<tbody>")[1].split("</tbody>")[0]
        assert body.count("<tr") == number, name
    assert set(case_page.addresses(sample_document).values()) <= pages.keys()
    # A matrix of faults is on the page as a table that leads to its evidence.
    assert page.count("<figure") == sum(chart.kind != "matrix" for chart in drawn)


def test_the_page_says_how_much_of_a_width_lies_within_launches(
    sample_document: Document, drawn: tuple[Chart, ...]
) -> None:
    row = next(row for row in rows(sample_document) if row.spread is not None and row.kind == "idiom")
    assert row.spread is not None
    shares = f"placements {percent(row.spread.placements)}, rounds {percent(row.spread.rounds)}"
    between = {"words": percent(row.spread.launches), "value": row.spread.launches, "under": shares}
    assert json.dumps(between, ensure_ascii=False, separators=(",", ":")) in whole(sample_document, drawn)


def test_each_page_allows_itself_its_own_style_and_script_and_nothing_else(
    sample_document: Document, drawn: tuple[Chart, ...]
) -> None:
    for page in all_pages(sample_document, drawn).values():
        (style,) = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
        (script,) = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
        (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', page)
        for kind, text in (("style", style), ("script", script)):
            digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
            assert f"{kind}-src 'sha256-{digest}'" in policy
        assert policy.startswith("default-src 'none';")
        assert "unsafe" not in policy
        found = Tags(page)
        assert not [name for name, _ in found.attributes if name.startswith("on") or name in {"style", "src", "srcset"}]
        assert "innerHTML" not in script


def test_ids_are_unique_and_every_link_leads_somewhere(sample_document: Document, drawn: tuple[Chart, ...]) -> None:
    pages = {name: Tags(text) for name, text in all_pages(sample_document, drawn).items()}
    ids = {name: [value for key, value in page.attributes if key == "id"] for name, page in pages.items()}
    ids[glossary.FILE] = []
    for name, page in pages.items():
        assert len(ids[name]) == len(set(ids[name])), name
        for link in (value for key, value in page.attributes if key == "href"):
            target, _, fragment = link.partition("#")
            there = posixpath.normpath(posixpath.join(posixpath.dirname(name), target)) if target else name
            assert there in ids, link
            # What stands behind a question mark is what a table is to show; a letter's builds are drawn by the script.
            assert fragment.partition("?")[0] in {"", *ids[there]}, (name, link)


def test_the_first_page_answers_and_finds(sample_document: Document, drawn: tuple[Chart, ...]) -> None:
    first = all_pages(sample_document, drawn)["report.html"]
    for question in ("#safety", "#cases", "faults.html", "quality.html", "#again"):
        assert f'<a href="{question}"><strong>' in first
    entries = json.loads(first.split('id="index">')[1].split("</script>")[0])
    found = {words: where for words, _, where in entries}
    assert found["Out-of-bounds Read (CWE-125)"] == "faults.html#cwe-125"
    assert found["indexing/sum: at"] == "cases/indexing.sum.html#idiom-at"
    assert "scripts/safecost run --quick --profiles gcc-o2," in first


@pytest.fixture(scope="module")
def attack(sample_document: Document) -> tuple[Document, tuple[Chart, ...]]:
    document: Document = hostile(sample_document)
    return document, charts.draw(document)


def test_hostile_words_stay_words_in_the_page(
    sample_document: Document, drawn: tuple[Chart, ...], attack: tuple[Document, tuple[Chart, ...]]
) -> None:
    calm = Tags(whole(sample_document, drawn))
    evil = Tags(whole(*attack))
    assert set(evil.tags) <= set(calm.tags) | {"details", "pre"}
    assert evil.tags.count("script") == len(report.site(*attack)) + 2  # the search and the pairs are data
    assert {name for name, _ in evil.attributes} <= {name for name, _ in calm.attributes}
    own = {glossary.FILE, *report.site(*attack)}
    assert all(value.partition("#")[0] in {"", *own} for name, value in evil.attributes if name == "href")
    text = "".join(evil.text)
    assert HOSTILE[0] in text
    assert "{{7*7}}" in text
    assert "⟨U+202E⟩" in text
    assert "\u202e" not in text


def test_hostile_words_stay_words_in_markdown(
    sample_document: Document, drawn: tuple[Chart, ...], attack: tuple[Document, tuple[Chart, ...]]
) -> None:
    text = report.markdown(*attack)
    calm = report.markdown(sample_document, drawn)
    parser = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])

    def shape(source: str) -> list[str]:
        return [token.type for token in parser.parse(source) if token.type not in {"inline"}]

    assert shape(text) == shape(calm)
    rendered = Tags(parser.render(text))
    assert set(rendered.tags) <= set(Tags(parser.render(calm)).tags)
    assert all(value.startswith("charts/") for name, value in rendered.attributes if name == "src")
    assert "{{7*7}}" in "".join(rendered.text)


@pytest.mark.parametrize(
    "text",
    ["- a", "+ a", "1. a", "12) a", "# a", "> a", "---", "===", "a | b", "_a_", "a\\|b", "<b>", "[a](b)", "&amp;"],
)
def test_markdown_of_a_text_is_read_as_that_text(text: str) -> None:
    tokens = MarkdownIt("commonmark").parse(inline(text))
    assert [token.type for token in tokens] == ["paragraph_open", "inline", "paragraph_close"]
    children = tokens[1].children or []
    assert {child.type for child in children} <= {"text", "text_special"}
    assert "".join(child.content for child in children) == text


def test_plain_names_and_numbers_stay_readable_in_markdown() -> None:
    for text in ("vector_at", "gcc-o2", "1.012", "0.5 %", "clang-libcxx-fast", "4.2 – 4.3"):
        assert inline(text) == text


def test_markdown_lists_the_worst_first_and_says_when_it_cuts(
    monkeypatch: pytest.MonkeyPatch, sample_document: Document, drawn: tuple[Chart, ...]
) -> None:
    text = report.markdown(sample_document, drawn)
    ratios = [float(ratio) for ratio in re.findall(r"^\| idiom cost .*?\| ([\d.]+) \|", text, re.MULTILINE)]
    assert len(ratios) == 22
    assert ratios == sorted(ratios, reverse=True)
    monkeypatch.setattr(report, "MARKDOWN_ROWS", 5)
    cut = report.markdown(sample_document, drawn)
    assert "The first 5 of 36 rows" in cut
    assert len(re.findall(r"^\| idiom cost ", cut, re.MULTILINE)) == 5


def test_compiler_output_is_folded_on_the_page_and_cut_in_markdown(
    sample_document: Document, drawn: tuple[Chart, ...]
) -> None:
    output = "at.cc does not compile\n" + "error: no member named 'at'\n" * 800
    problem = Problem("build", "indexing/sum", "at", "gcc-o2", None, None, output, True)
    broken = dataclasses.replace(sample_document, problems=(problem,))
    assert "<summary>at.cc does not compile</summary><pre>at.cc" in whole(broken, drawn)
    assert len(report.markdown(broken, drawn)) < len(output)


def test_an_empty_run_still_makes_a_report(tmp_path: Path, sample_document: Document) -> None:
    nothing = dataclasses.replace(sample_document, panels=(), problems=(), gaps=(), plugins=(), cases=(), profiles=())
    page = report.write(nothing, tmp_path).read_text(encoding="utf-8")
    assert "No idiom has been measured." in page
    assert "No pair was measured." in (tmp_path / "report.md").read_text(encoding="utf-8")


def test_what_compilers_reject_is_in_both_reports(sample_document: Document, drawn: tuple[Chart, ...]) -> None:
    page, text = Tags(whole(sample_document, drawn)), report.markdown(sample_document, drawn)
    words = " ".join(" ".join(page.text).split())
    assert ("id", "table-rejected") in page.attributes
    assert "freed_block with attributes 416 – rejects -Wconsumed –" in words
    assert "rejects E0382: error: a made-up diagnostic" in words
    assert "return *block; // MISUSE" in words
    assert "| ownership/never_freed | 416 | A made-up never_freed. | – | not here |" in text
    nothing = dataclasses.replace(sample_document, rejections=())
    assert "Rejected" not in whole(nothing, drawn)
    assert "Rejected" not in report.markdown(nothing, drawn)
