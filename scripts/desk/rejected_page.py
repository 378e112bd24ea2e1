"""The documentation's page on what compilers reject."""

from __future__ import annotations

from collections.abc import Sequence

from desk import pages, rejected_rows
from desk.document_types import Rejection


def markdown(rejections: Sequence[Rejection]) -> str:
    """The page, in Markdown."""
    return pages.markdown("rejected_page.md.jinja", rejected=rejected_rows, rejections=rejections)
