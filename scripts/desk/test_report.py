"""Tests of the report's words and files: what it claims, what it escapes, and that the bytes do not change."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt

from desk import charts, report
from desk.charts import Chart
from desk.conftest import build_sample_document
from desk.document import Document, Problem

HOSTILE = (
    "<script>window.pwned=1</script>",
    '"><img src=x onerror=window.pwned=2>',
    "</style></script></pre><svg onload=window.pwned=3>",
    "$\\frac{}$ ]]> {{7*7}} {% raw %}",
    "[link](javascript:window.pwned=4) ![x](http://evil.example/x.png) <http://evil.example> www.evil.example",
    "`code` **bold** _em_ ~~gone~~ | cell | a@b.example #1 &lt;b&gt;",
    "\u202egnirts \u2066x\u2069 \x1b[31m \x00 \ud800 \ufffe",
    "# heading\n\n- list\n\n---\n| a |\n|---|\n",
    "x" * 800,
)


def hostile(value: Any, serial: list[int] | None = None) -> Any:
    """The document with every free text replaced by hostile ones, and names and references made hostile alike.

    Words that the code branches on are kept: nobody can set them without passing the schema first.
    """
    serial = serial if serial is not None else [0]
    kept = {"mode", "status", "role", "kind", "verdict", "language", "library", "started", "schema"}
    names = {"family", "case", "variant", "profile", "name", "plain", "against"}
    if isinstance(value, tuple):
        return tuple(hostile(item, serial) for item in value)
    if isinstance(value, dict):
        return {hostile(key, serial): hostile(item, serial) for key, item in value.items()}
    if isinstance(value, str):
        serial[0] += 1
        # Each text holds them all, each begins with another one.
        return "".join(HOSTILE[(serial[0] + number) % len(HOSTILE)] for number in range(len(HOSTILE)))
    if not dataclasses.is_dataclass(value) or isinstance(value, type):
        return value
    changes: dict[str, Any] = {}
    for field in dataclasses.fields(value):
        item = getattr(value, field.name)
        if field.name in names and isinstance(item, str):
            # Equal names stay equal, and `family/case` keeps its slash.
            changes[field.name] = "/".join(part + HOSTILE[0].replace("/", "") + HOSTILE[1] for part in item.split("/"))
        elif field.name not in kept:
            changes[field.name] = hostile(item, serial)
    return dataclasses.replace(value, **changes)


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


@pytest.fixture(scope="module")
def drawn() -> tuple[Chart, ...]:
    return charts.draw(build_sample_document())


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


def test_headline_counts_idioms_without_struck_cases(sample_document: Document) -> None:
    assert report.headline(sample_document) == (
        "Of 22 idiom–profile pairs 4 are equivalent to raw within 1 %, 11 slower, 2 faster, 5 unresolved. "
        "1 case was struck because a result was wrong."
    )
    cases = tuple(dataclasses.replace(case, status="struck") for case in sample_document.cases)
    struck = dataclasses.replace(sample_document, cases=cases)
    assert report.headline(struck) == "No idiom has been measured. 3 cases were struck because a result was wrong."


def test_summary_says_what_ran_and_that_it_was_interrupted(sample_document: Document) -> None:
    assert report.summary(sample_document) == (
        "Quick run of 2026-01-02 03:04 UTC on Made-up CPU 9000 (x86_64, 2 CPUs), 6 launches per panel, complete; "
        "safecost 0.1.0 at 0123456789ab."
    )
    broken = dataclasses.replace(sample_document, run=dataclasses.replace(sample_document.run, complete=False))
    assert "interrupted" in report.summary(broken)
    assert report.advisories(broken) == ("The run was interrupted.",)


def test_a_quiet_run_is_not_advisory_and_a_noisy_one_is(sample_document: Document) -> None:
    assert report.advisories(sample_document) == ()
    machine = dataclasses.replace(sample_document.machine, steal_share=0.06, load_before=2.5)
    assert len(report.advisories(dataclasses.replace(sample_document, machine=machine))) == 2


def test_straying_nulls_make_a_run_advisory(sample_document: Document) -> None:
    found = [row for row in charts.rows(sample_document) if row.kind == "null"]
    astray = [dataclasses.replace(found[0], ratio=1 / 1.02), *found[1:]]
    result = report.nulls(astray)
    assert result is not None
    assert (result.count, result.strays) == (9, 1)
    assert result.worst == pytest.approx(0.02)

    def stray(panel: Any) -> Any:
        pairs = tuple(dataclasses.replace(pair, ratio=1.02) if pair.kind == "null" else pair for pair in panel.pairs)
        return dataclasses.replace(panel, pairs=pairs)

    noisy = dataclasses.replace(sample_document, panels=tuple(stray(panel) for panel in sample_document.panels))
    assert report.advisories(noisy) == ("9 of 9 nulls stray by more than 0.5 %.",)
    assert len(report.advisories(dataclasses.replace(sample_document, panels=()))) == 1


def test_tables_hold_every_pair_problem_gap_profile_case(sample_document: Document, drawn: tuple[Chart, ...]) -> None:
    page = report.page(sample_document, drawn)
    counts = {
        "pairs": sum(len(panel.pairs) for panel in sample_document.panels),
        "problems": len(sample_document.problems),
        "gaps": len(sample_document.gaps),
        "profiles": len(sample_document.profiles),
        "plugins": len(sample_document.plugins),
    }
    for name, number in counts.items():
        body = page.split(f'id="table-{name}"')[1].split("<tbody>")[1].split("</tbody>")[0]
        assert body.count("<tr") == number, name
    assert page.count('class="card case"') == len(sample_document.cases)
    assert page.count("<figure") == len(drawn)


def test_page_allows_itself_its_own_style_and_script_and_nothing_else(
    sample_document: Document, drawn: tuple[Chart, ...]
) -> None:
    page = report.page(sample_document, drawn)
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
    assert all(value.startswith("#") for name, value in found.attributes if name == "href")
    assert "innerHTML" not in script


def test_ids_are_unique_and_every_link_within_the_page_leads_somewhere(
    sample_document: Document, drawn: tuple[Chart, ...]
) -> None:
    found = Tags(report.page(sample_document, drawn))
    ids = [value for name, value in found.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    assert {value[1:] for name, value in found.attributes if name == "href"} <= set(ids)


def test_hostile_words_stay_words_in_the_page(sample_document: Document, drawn: tuple[Chart, ...]) -> None:
    calm = Tags(report.page(sample_document, drawn))
    evil_document = hostile(sample_document)
    evil = Tags(report.page(evil_document, charts.draw(evil_document)))
    assert set(evil.tags) <= set(calm.tags) | {"details", "pre"}
    assert evil.tags.count("script") == 1
    assert {name for name, _ in evil.attributes} <= {name for name, _ in calm.attributes}
    assert all(value.startswith("#") for name, value in evil.attributes if name == "href")
    text = "".join(evil.text)
    assert HOSTILE[0] in text
    assert "{{7*7}}" in text
    assert "⟨U+202E⟩" in text
    assert "\u202e" not in text


def test_hostile_words_stay_words_in_markdown(sample_document: Document, drawn: tuple[Chart, ...]) -> None:
    evil = hostile(sample_document)
    text = report.markdown(evil, charts.draw(evil))
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
    tokens = MarkdownIt("commonmark").parse(report._markdown(text))
    assert [token.type for token in tokens] == ["paragraph_open", "inline", "paragraph_close"]
    children = tokens[1].children or []
    assert {child.type for child in children} <= {"text", "text_special"}
    assert "".join(child.content for child in children) == text


def test_plain_names_and_numbers_stay_readable_in_markdown() -> None:
    for text in ("vector_at", "gcc-o2", "1.012", "0.5 %", "clang-libcxx-fast", "4.2 – 4.3"):
        assert report._markdown(text) == text


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
    output = "at.cc does not compile\n" + "error: no member named 'at'\n" * 400
    problem = Problem("build", "indexing/sum", "at", "gcc-o2", None, None, output, True)
    broken = dataclasses.replace(sample_document, problems=(problem,))
    assert "<summary>at.cc does not compile</summary><pre>at.cc" in report.page(broken, drawn)
    assert len(report.markdown(broken, drawn)) < len(output)


def test_an_empty_run_still_makes_a_report(tmp_path: Path, sample_document: Document) -> None:
    nothing = dataclasses.replace(sample_document, panels=(), problems=(), gaps=(), plugins=(), cases=(), profiles=())
    page = report.write(nothing, tmp_path).read_text(encoding="utf-8")
    assert "No idiom has been measured." in page
    assert "No pair was measured." in (tmp_path / "report.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("value", "text"), [(0.1234, "0.123"), (12.345, "12.35"), (812.14, "812.1"), (60300.4, "60,300")]
)
def test_nanoseconds(value: float, text: str) -> None:
    assert report.nanoseconds(value) == text


@pytest.mark.parametrize(("value", "text"), [(49152, "48 KiB"), (8_000_000_000, "7.45 GiB"), (12, "12 bytes")])
def test_sizes(value: int, text: str) -> None:
    assert report.size_text(value) == text
