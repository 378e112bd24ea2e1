"""A report as one text, for tests that ask what it says and not where."""

from __future__ import annotations

from collections.abc import Sequence

from safecost.document.types import Document
from safecost.report import case_page
from safecost.report import page as report
from safecost.report.charts import Chart


def all_pages(document: Document, drawn: Sequence[Chart]) -> dict[str, str]:
    """Every page by the name of its file from the report's folder, the first page first."""
    named = {where: name for name, where in case_page.addresses(document).items()}
    cases = {case.name: case for case in document.cases}
    site = report.site(document, drawn)
    return dict(reversed(site.items())) | {
        where: case_page.page(document, cases[name]) for where, name in named.items()
    }


def whole(document: Document, drawn: Sequence[Chart]) -> str:
    """Every page, one after the other."""
    return "\n".join(all_pages(document, drawn).values())
