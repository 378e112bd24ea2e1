"""Sections of a report: each is one entry, of which an HTML page, its contents and the Markdown are made.

A section `<id>` is written by two templates, `sections/<id>.html.jinja` and `sections/<id>.md.jinja`, without its
heading. CONTRIBUTING.md adds one. In HTML a section stands on one of a few pages; Markdown has all of them in a row.
"""

from __future__ import annotations

import re
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

    One that is there `per` an entry of a value of the page, such as each family, has that entry for its heading, and a
    page of its own. `page` is where it stands.
    `template` is the name of its templates where that is not the anchor, as in a page.
    """

    id: str
    heading: str = ""
    label: str = ""
    when: Callable[[Values], object] = lambda _: True
    per: str = ""
    folder: str = "sections"
    template: str = ""
    page: str = "report"

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
        for heading in values[section.per] if section.per else [section.heading]:
            label = section.label or heading
            page = f"{section.page}-{heading}" if section.per else section.page
            yield replace(section, heading=heading, label=label, template=section.id, page=page)


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the report: the name of its file, its words in the contents, and the sections that stand on it."""

    name: str
    label: str
    sections: tuple[Section, ...]

    @property
    def file(self) -> str:
        """Its file, beside the first page."""
        return f"{self.name}.html"


LABELS = {
    "report": "Answers",
    "faults": "What is caught",
    "quality": "Data quality",
    "pairs": "All pairs",
    "counts": "Counts",
    "compilers": "Compilers",
    "about": "Profiles and machine",
}
_PAGE = re.compile(r"[a-z][a-z0-9_-]{0,127}")


def pages_of(shown: Sequence[Section]) -> list[Page]:
    """The pages of a report, the first one first; a section whose page no file should be named after is left out."""
    names = dict.fromkeys(section.page for section in shown if _PAGE.fullmatch(section.page))
    order = sorted(names, key=lambda name: list(LABELS).index(name) if name in LABELS else len(LABELS))
    by_page = {name: tuple(section for section in shown if section.page == name) for name in order}
    return [Page(name, LABELS.get(name) or mine[0].label, mine) for name, mine in by_page.items()]


SECTIONS = (
    Section("safety", "What safety costs and buys", "Costs and buys"),
    Section("hardening", "What hardening costs the code it touches", "Hardening", when=lambda page: page["hardening"]),
    Section("training", "What training changes", "Training", when=lambda page: page["training"]),
    Section("cases", "Which idiom for which task", "Tasks"),
    Section("overview", "Overview", when=lambda page: page["tallies"] or page["has_chart"]("map")),
    Section("problems", "Problems"),
    Section("faults", "What becomes of each fault", "Faults", page="faults"),
    Section("believe", "How much to believe this run", "How much to believe it", page="quality"),
    Section("family", per="families", page="charts"),
    Section(
        "compilers", "Compilers side by side", "Compilers", when=lambda page: page["compilers"].steps, page="compilers"
    ),
    Section("counts", "Counts: instructions and allocations", "Counts", page="counts"),
    Section(
        "latency",
        "How long single operations take",
        "Latency",
        when=lambda page: page["latencies"],
        page="counts",
    ),
    Section("pairs", "All pairs", page="pairs"),
    Section("gaps", "Gaps", page="about"),
    Section("rejected", "Rejected by compilers", "Rejected", when=lambda page: page["rejections"], page="about"),
    Section("profiles", "Profiles", page="about"),
    Section("machine", "Machine and suite", page="about"),
    Section("words", "How to read this", page="about"),
)
