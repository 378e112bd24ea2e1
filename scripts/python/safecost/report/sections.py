"""Sections of a page: each is one entry, of which the HTML page, its contents and the Markdown are made.

A section `<id>` is written by two templates, `sections/<id>.html.jinja` and `sections/<id>.md.jinja`, without its
heading. CONTRIBUTING.md adds one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from safecost.core import pages
from safecost.core.errors import ToolError

FORMS = ("html", "md")
Values = Mapping[str, Any]
"""What the templates of a page are given."""


@dataclass(frozen=True, slots=True)
class Section:
    """A section: its anchor and folder of templates, its heading, its words in the contents, and when it is shown.

    One that is there `per` an entry of a value of the page, such as each family, has that entry for its heading.
    `template` is the name of its templates where that is not the anchor, as in a page.
    """

    id: str
    heading: str = ""
    label: str = ""
    when: Callable[[Values], object] = lambda _: True
    per: str = ""
    folder: str = "sections"
    template: str = ""

    def file(self, form: str) -> str:
        """The name of its template, of the form `html` for the page or `md` for code hosts."""
        return f"{self.folder}/{self.template or self.id}.{form}.jinja"


def shown_sections(sections: Sequence[Section], values: Values) -> Iterator[Section]:
    """What a page shows, in its order; raises ToolError where a section lacks one of its templates."""
    for section in sections:
        for template in map(section.file, FORMS):
            if not pages.exists(template):
                raise ToolError(f"The section {section.id} lacks the template {template}: write it beside the other.")
        if not section.when(values):
            continue
        for number, heading in enumerate(values[section.per] if section.per else [section.heading], 1):
            anchor = f"{section.id}-{number}" if section.per else section.id
            label = section.label or heading
            yield replace(section, id=anchor, heading=heading, label=label, template=section.id)


SECTIONS = (
    Section("safety", "What safety costs and buys", "Costs and buys"),
    Section("hardening", "What hardening costs the code it touches", "Hardening", when=lambda page: page["hardening"]),
    Section("believe", "How much to believe this run", "How much to believe it"),
    Section("problems", "Problems"),
    Section("overview", "Overview", when=lambda page: page["tallies"] or page["has_chart"]("map")),
    Section("family", per="families"),
    Section("counts", "Counts: instructions and allocations", "Counts"),
    Section("pairs", "All pairs"),
    Section("gaps", "Gaps"),
    Section("rejected", "Rejected by compilers", "Rejected", when=lambda page: page["rejections"]),
    Section("profiles", "Profiles"),
    Section("cases", "Cases"),
    Section("machine", "Machine and suite"),
    Section("words", "How to read this"),
)
