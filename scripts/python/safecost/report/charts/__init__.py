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
from safecost.report.charts.canvas import SETTINGS, Chart, also_as, also_asked, also_drawn, save
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


def draw(document: Document) -> tuple[Chart, ...]:
    """Every chart of the document, those of what safety buys first, those of A/A pairs last; without disqualified
    cases.

    As many processes draw as there are CPUs; the charts arrive as if one had drawn them.
    """
    charts: list[Chart] = []
    for drawn, others in parallel.results(_draw_part, (document, also_asked()), _parts(document), "draw charts"):
        charts += drawn
        also_drawn(others)
    names = [chart.name for chart in charts]
    if len(set(names)) != len(names):  # only names that break the document's rules collide; ids must stay apart
        raise ToolError(f"two charts are both named {max(names, key=names.count)!r}: rename one of their families")
    return tuple(charts)


def overview(document: Document) -> tuple[Chart, ...]:
    """The one chart that is published with a run: cost against catch, or where no fault was committed the map."""
    for part in (_safety, _map):
        drawn, _ = _draw_part((document, None), part)
        if drawn:
            return (drawn[0],)
    return ()


Drawing = Callable[[Document], Iterable[Chart | None]]


def _parts(document: Document) -> list[Drawing]:
    """What one process draws at a time, in the order of the report."""
    families = list(dict.fromkeys(row.family for row in valid_rows(document)))
    parts: list[Drawing] = [_safety, draw_matrices, _map, _scatter]
    for family in families:
        parts += [partial(_forests, family, kind) for kind in FORESTS]
        parts.append(partial(_curves, family))
    return [*parts, _spread, _aa_pairs]


def _draw_part(asked: tuple[Document, str | None], part: Drawing) -> tuple[list[Chart], dict[str, bytes]]:
    """The charts of a part, and the same in the other format that was asked for."""
    document, also = asked
    with mpl.rc_context(SETTINGS), warnings.catch_warnings(), also_as(also) as others:
        # Text stays text: a letter that DejaVu Sans lacks is drawn by the reader's fonts.
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        return [chart for chart in part(document) if chart is not None], others


def _safety(document: Document) -> Sequence[Chart | None]:
    return [draw_safety(document)]


def _map(document: Document) -> Sequence[Chart | None]:
    return [draw_map(document, valid_rows(document))]


def _scatter(document: Document) -> Sequence[Chart | None]:
    return [draw_scatter(document, valid_rows(document))]


def _forests(family: str, kind: PairKind, document: Document) -> Sequence[Chart]:
    members = [row for row in valid_rows(document) if row.family == family and row.kind == kind]
    return draw_forests(document, members, family, kind)


def _curves(family: str, document: Document) -> Sequence[Chart]:
    return draw_curves(document, [row for row in valid_rows(document) if row.family == family], family)


def _spread(document: Document) -> Sequence[Chart]:
    return draw_spread(document, _aa_rows(document))


def _aa_pairs(document: Document) -> Sequence[Chart]:
    return draw_forests(document, _aa_rows(document), None, "aa")


def _aa_rows(document: Document) -> list[PairRow]:
    return [row for row in valid_rows(document) if row.kind == "aa"]
