"""The glossary: docs/GLOSSARY.md is its only source, for readers of the repository and of every page."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from safecost.core import pages
from safecost.core.errors import ToolError
from safecost.core.paths import ROOT

SOURCE = ROOT / "docs" / "GLOSSARY.md"
FILE = "glossary.html"
_ENTRY = re.compile(r"- \*\*(?P<words>[^*]+)\*\*(?: \((?P<letter>.)\))?: (?P<meaning>.+)")


@dataclass(frozen=True, slots=True)
class Term:
    """Words with one meaning, and the letter that stands for them in a matrix, where there is one."""

    words: str
    letter: str | None
    meaning: str

    @property
    def anchor(self) -> str:
        """Its place on the page."""
        return re.sub(r"[^a-z0-9]+", "-", self.words.lower()).strip("-")


@dataclass(frozen=True, slots=True)
class Topic:
    """Terms that belong together."""

    title: str
    terms: tuple[Term, ...]


@cache
def topics() -> tuple[Topic, ...]:
    """The glossary as its page has it; raises ToolError naming a line that is no entry."""
    found: list[tuple[str, list[Term]]] = []
    for line in SOURCE.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            found.append((line.removeprefix("## "), []))
        elif line.startswith("- "):
            entry = _ENTRY.fullmatch(line)
            if entry is None or not found:
                raise ToolError(f"{SOURCE.name}: '{line[:60]}' is no entry: write '- **term**: meaning' below a title.")
            found[-1][1].append(Term(entry["words"], entry["letter"], entry["meaning"]))
    return tuple(Topic(title, tuple(terms)) for title, terms in found)


@cache
def words() -> frozenset[str]:
    """Every term in small letters, each of several that share an entry by itself."""
    return frozenset(
        word.strip().lower() for topic in topics() for term in topic.terms for word in term.words.split(",")
    )


def write(folder: Path) -> Path:
    """Write the page into a folder of reports."""
    pages.save(folder / FILE, pages.html("glossary.html.jinja", topics=topics(), marked=_marked))
    return folder / FILE


def _marked(text: str) -> list[tuple[str, str]]:
    """Text in pieces (kind, words), where a kind is `code`, `em` or nothing: all the Markdown that entries use."""
    pieces = re.split(r"(`[^`]+`|\*[^*]+\*)", text)
    kinds = {"`": "code", "*": "em"}
    return [(kinds.get(one[0], ""), one.strip(one[0]) if one[0] in kinds else one) for one in pieces if one]
