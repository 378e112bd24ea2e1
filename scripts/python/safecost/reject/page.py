"""The documentation's page on what compilers reject."""

from __future__ import annotations

from collections.abc import Sequence

from safecost.core import pages
from safecost.document.judged import Rejection
from safecost.reject import rows as rejected_rows


def markdown(rejections: Sequence[Rejection]) -> str:
    """The page, in Markdown."""
    return pages.markdown("rejected_page.md.jinja", rejected=rejected_rows, rejections=rejections)
