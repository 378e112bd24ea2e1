"""The glossary is read from its page, each term once, and drawn as a page without a network."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from safecost.core import glossary
from safecost.core.errors import ToolError


def test_every_term_stands_once_and_has_a_place_of_its_own() -> None:
    terms = [term for topic in glossary.topics() for term in topic.terms]
    assert len(terms) > 80
    words = Counter(word.strip().lower() for term in terms for word in term.words.split(","))
    assert [word for word, count in words.items() if count > 1] == []
    anchors = Counter(term.anchor for term in terms)
    assert [anchor for anchor, count in anchors.items() if count > 1] == []


def test_the_page_has_every_term_and_no_markdown_is_left(tmp_path: Path) -> None:
    page = glossary.write(tmp_path).read_text(encoding="utf-8")
    for topic in glossary.topics():
        assert topic.title in page
        for term in topic.terms:
            assert f'id="{term.anchor}"' in page
    assert "**" not in page and "`" not in page.partition("<main>")[2].partition("</main>")[0]


def test_what_is_no_entry_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "GLOSSARY.md"
    source.write_text("## Words\n\n- no entry\n", encoding="utf-8")
    monkeypatch.setattr(glossary, "SOURCE", source)
    glossary.topics.cache_clear()
    try:
        with pytest.raises(ToolError, match="'- no entry' is no entry"):
            glossary.topics()
    finally:
        glossary.topics.cache_clear()
