"""Sections of a page: each is one entry, of which the HTML page, its contents and the Markdown are made.

A section `<id>` is written by two templates, `sections/<id>.html.jinja` and `sections/<id>.md.jinja`, without its
heading. CONTRIBUTING.md adds one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from safecost.core import pages
from safecost.core.errors import ToolError

Values = Mapping[str, Any]
"""What the templates of a page are given."""


def _always(_: Values) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Section:
    """A section: its anchor and folder of templates, its heading, its words in the contents, and when it is shown.

    One that is there `per` an entry of a value of the page, such as each family, has that entry for its heading.
    """

    id: str
    heading: str = ""
    label: str = ""
    when: Callable[[Values], bool] = _always
    per: str = ""
    folder: str = "sections"

    @property
    def html(self) -> str:
        """The name of its template for the HTML page."""
        return f"{self.folder}/{self.id}.html.jinja"

    @property
    def markdown(self) -> str:
        """The name of its template for code hosts."""
        return f"{self.folder}/{self.id}.md.jinja"


@dataclass(frozen=True, slots=True)
class ShownSection:
    """A section as a page has it."""

    id: str
    heading: str
    label: str
    html: str
    markdown: str


def shown_sections(sections: Sequence[Section], values: Values) -> Iterator[ShownSection]:
    """What a page shows, in its order; raises ToolError where a section lacks one of its templates."""
    for section in sections:
        for template in (section.html, section.markdown):
            if not pages.exists(template):
                raise ToolError(f"The section {section.id} lacks the template {template}: write it beside the other.")
        if not section.when(values):
            continue
        for number, heading in enumerate(values[section.per] if section.per else [section.heading], 1):
            anchor = f"{section.id}-{number}" if section.per else section.id
            yield ShownSection(anchor, heading, section.label or heading, section.html, section.markdown)


SECTIONS = (
    Section("safety", "What safety costs and buys", "Costs and buys"),
    Section("believe", "How much to believe this run", "How much to believe it"),
    Section("problems", "Problems"),
    Section("overview", "Overview", when=lambda page: page["tallies"] or page["has_chart"]("map")),
    Section("family", per="families"),
    Section("counts", "Counts: instructions and allocations", "Counts"),
    Section("pairs", "All pairs"),
    Section("gaps", "Gaps"),
    Section("rejected", "Rejected by compilers", "Rejected", when=lambda page: bool(page["rejections"])),
    Section("profiles", "Profiles"),
    Section("cases", "Cases"),
    Section("machine", "Machine and suite"),
    Section("words", "How to read this"),
)
