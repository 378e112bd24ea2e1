"""Draws the charts of a run as SVG: cost against catch, what became of faults, a map, forests, counts, curves.

The same document gives the same bytes: ids are salted with a constant, no date is written and text stays text, so
that no installed font matters.
"""

from __future__ import annotations

import re
import warnings

import matplotlib as mpl

from desk.charts.curves import draw_curves
from desk.charts.forest import draw_forests
from desk.charts.heat_map import draw_map
from desk.charts.matrix import draw_matrices
from desk.charts.nulls import draw_spread
from desk.charts.safety import draw_safety
from desk.charts.scatter import draw_scatter
from desk.charts.sheet import SETTINGS, Chart
from desk.document import Document, PairKind
from desk.errors import DeskError
from desk.rows import valid_rows

__all__ = ["FILE_NAME", "Chart", "draw"]

FORESTS: tuple[PairKind, ...] = ("idiom", "full", "profile", "language")
# The names of charts as files, and of nothing else that a reader may keep beside them.
FILE_NAME = re.compile(
    r"(map|safety|nulls|spread|counts|forest-[a-z0-9_-]{1,64}-(idiom|full|profile|language)|(curves|matrix)-[a-z0-9_-]{1,64})(-\d+)?\.svg"
)


def draw(document: Document) -> tuple[Chart, ...]:
    """Every chart of the document, those of what safety buys first, those of nulls last; without struck cases."""
    found = valid_rows(document)
    charts: list[Chart] = []
    with mpl.rc_context(SETTINGS), warnings.catch_warnings():
        # Text stays text: a letter that DejaVu Sans lacks is drawn by the reader's fonts.
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        safety = draw_safety(document)
        charts += [safety] if safety else []
        charts += draw_matrices(document)
        overview = draw_map(document, found)
        charts += [overview] if overview else []
        scatter = draw_scatter(document, found)
        charts += [scatter] if scatter else []
        for family in dict.fromkeys(row.family for row in found):
            members = [row for row in found if row.family == family]
            for kind in FORESTS:
                charts += draw_forests(document, [row for row in members if row.kind == kind], family, kind)
            charts += draw_curves(document, members, family)
        identical = [row for row in found if row.kind == "null"]
        charts += draw_spread(document, identical)
        charts += draw_forests(document, identical, None, "null")
    names = [chart.name for chart in charts]
    if len(set(names)) != len(names):  # only names that break the document's rules collide; ids must stay apart
        raise DeskError(f"two charts are both named {max(names, key=names.count)!r}: rename one of their families")
    return tuple(charts)
