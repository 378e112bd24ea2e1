"""The charts of a run, as SVG: one function, one figure. Reads documents only."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterable, Sequence
from functools import partial

import matplotlib as mpl

from safecost.core import parallel
from safecost.core.errors import ToolError
from safecost.document.rows import PairRow, valid_rows
from safecost.document.types import Document
from safecost.document.values import PairKind
from safecost.report.charts.canvas import SETTINGS, Chart, also, also_as, save
from safecost.report.charts.curves import draw_curves
from safecost.report.charts.forest import draw_forests
from safecost.report.charts.heat_map import draw_map
from safecost.report.charts.matrix import draw_matrices
from safecost.report.charts.safety import draw_safety
from safecost.report.charts.scatter import draw_scatter
from safecost.report.charts.spread import draw_spread

__all__ = ["FILE_NAME", "Chart", "draw", "overview", "save"]

FORESTS: tuple[PairKind, ...] = ("idiom", "full", "profile", "language")
# The names of charts as files, and of nothing else that a reader may keep beside them.
FILE_NAME = re.compile(
    r"(map|safety|aa-pairs|nulls|spread|counts|forest-[a-z0-9_-]{1,64}-(idiom|full|profile|language)"
    r"|(curves|matrix)-[a-z0-9_-]{1,64})(-\d+)?\.svg"
)


def _of_rows(
    drawing: Callable[[Document, Sequence[PairRow]], list[Chart]],
    document: Document,
    family: str | None = None,
    kind: PairKind | None = None,
) -> list[Chart]:
    """What is drawn of the rows of a family and a kind, where these are given."""
    rows = [row for row in valid_rows(document) if family in {None, row.family} and kind in {None, row.kind}]
    return drawing(document, rows)


def draw(document: Document) -> tuple[Chart, ...]:
    """Every chart of the document, those of what safety buys first, those of A/A pairs last; without disqualified
    cases.

    As many processes draw as there are CPUs; the charts arrive as if one had drawn them.
    """
    parts = parallel.results(_draw_part, (document, also.get()), _parts(document), "draw charts")
    charts = [chart for drawn in parts for chart in drawn]
    names = [chart.name for chart in charts]
    if len(set(names)) != len(names):  # only names that break the document's rules collide; ids must stay apart
        raise ToolError(f"two charts are both named {max(names, key=names.count)!r}: rename one of their families")
    return tuple(charts)


def overview(document: Document) -> tuple[Chart, ...]:
    """The one chart that is published with a run: cost against catch, or where no fault was committed the map."""
    for part in (draw_safety, partial(_of_rows, draw_map)):
        if drawn := _draw_part((document, None), part):
            return (drawn[0],)
    return ()


Drawing = Callable[[Document], Iterable[Chart]]


def _parts(document: Document) -> list[Drawing]:
    """What one process draws at a time, in the order of the report."""
    parts: list[Drawing] = [draw_safety, draw_matrices, partial(_of_rows, draw_map), partial(_of_rows, draw_scatter)]
    for family in dict.fromkeys(row.family for row in valid_rows(document)):
        parts += [partial(_of_rows, draw_forests, family=family, kind=kind) for kind in FORESTS]
        parts.append(partial(_of_rows, draw_curves, family=family))
    return [*parts, partial(_of_rows, draw_spread, kind="aa"), partial(_of_rows, draw_forests, kind="aa")]


def _draw_part(asked: tuple[Document, str | None], part: Drawing) -> list[Chart]:
    """The charts of a part, in another format as well where one is asked for."""
    document, kind = asked
    with mpl.rc_context(SETTINGS), warnings.catch_warnings(), also_as(kind):
        # Text stays text: a letter that DejaVu Sans lacks is drawn by the reader's fonts.
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        return list(part(document))
