"""What the repository publishes: records that keep their content and can be read, pages whose links lead somewhere."""

from __future__ import annotations

import hashlib
import re
from functools import cache
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote

import pytest
from markdown_it import MarkdownIt

from safecost.core.errors import UsageError
from safecost.core.paths import ROOT
from safecost.document import io as document
from safecost.lab.selftest import page as self_test_page

RESULTS = ROOT / "results"
SUMS = {
    name: digest
    for digest, name in (line.split("  ", 1) for line in (RESULTS / "SHA256SUMS").read_text("utf-8").splitlines())
}
RECORDS = sorted(folder for folder in RESULTS.glob("[0-9]*") if folder.is_dir())
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted(RESULTS.glob("*.md")),
    *(page for folder in RECORDS for page in sorted(folder.glob("*.md"))),
]


def test_every_published_document_is_in_the_list_of_sums() -> None:
    assert set(SUMS) == {f"{file.parent.name}/{file.stem}" for folder in RECORDS for file in folder.glob("*.xz")}
    assert len(SUMS) >= 4


@pytest.mark.parametrize("name", SUMS)
def test_a_published_document_keeps_its_bytes(name: str) -> None:
    data = document.read_bytes(RESULTS / f"{name}.xz")
    assert hashlib.sha256(data).hexdigest() == SUMS[name]


@pytest.mark.parametrize("name", ["2026-11-24-amd-epyc-2cpu", "2026-11-28-intel-xeon-2cpu"])
def test_a_published_run_is_read(name: str) -> None:
    assert len(document.read(RESULTS / name).panels) > 100


@pytest.mark.parametrize(("day", "targets"), [("2026-11-24", 23), ("2026-11-30", 35)])
def test_a_published_self_test_is_read(day: str, targets: int) -> None:
    self_test = self_test_page.read(RESULTS / f"{day}-amd-epyc-2cpu-selftest" / self_test_page.RECORD_FILE)
    assert len(self_test.targets) == targets


def test_the_run_of_the_first_schema_is_refused_as_its_page_says() -> None:
    with pytest.raises(UsageError, match=r"was written by an older safecost \(schema 1"):
        document.read(RESULTS / "2026-11-23-amd-epyc-2cpu")


@pytest.mark.parametrize("folder", RECORDS, ids=lambda folder: folder.name)
def test_a_record_is_a_document_a_page_and_a_chart(folder: Path) -> None:
    names = [str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()]
    kinds = [re.sub(r"^.*?(?=(\.json)?\.[a-z]+$)", "", name) for name in sorted(names)]
    assert sorted(kinds) in ([".json.xz", ".md", ".svg"], [".md", ".svg"])


def slugs(text: str) -> set[str]:
    """The anchors that a code host gives to the headings of a page."""
    tokens = MarkdownIt("commonmark").parse(text)
    anchors: list[str] = []
    for token, after in pairwise(tokens):
        if token.type == "heading_open":
            words = "".join(part.content for part in after.children or [] if part.type in {"text", "code_inline"})
            slug = re.sub(r"[^\w\- ]", "", words.lower()).replace(" ", "-")
            anchors.append(f"{slug}-{anchors.count(slug)}" if slug in anchors else slug)
    return set(anchors)


@cache
def anchors_of(page: Path) -> set[str]:
    return slugs(page.read_text(encoding="utf-8"))


def links(text: str) -> list[str]:
    """Where the links and pictures of a page lead."""
    inline = [token for token in MarkdownIt("commonmark").enable("table").parse(text) if token.type == "inline"]
    parts = [part for token in inline for part in token.children or []]
    return [str(part.attrGet("href") or part.attrGet("src")) for part in parts if part.type in {"link_open", "image"}]


def dead(page: Path, text: str) -> list[str]:
    """The links of a page, as it is or would be, that lead to nothing in the repository."""
    lost = []
    for link in links(text):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = page.parent / unquote(path) if path else page
        if not target.exists() or (anchor and target.suffix == ".md" and anchor not in anchors_of(target)):
            lost.append(link)
    return lost


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    assert dead(page, page.read_text(encoding="utf-8")) == []


def test_a_dead_link_is_seen() -> None:
    page = RESULTS / "README.md"
    text = "[a](nowhere.md) ![b](../docs/none.svg) [c](../docs/MEASURING.md#no-such) [d](../docs/MEASURING.md#a-launch)"
    assert dead(page, text) == ["nowhere.md", "../docs/none.svg", "../docs/MEASURING.md#no-such"]
    assert slugs("# A `b`: c\n\n## A b c") == {"a-b-c", "a-b-c-1"}
