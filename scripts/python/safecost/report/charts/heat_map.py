"""The map of cases by profiles: in each cell what the cheapest safe idiom costs, or why no number stands there."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from safecost.core.text import counted, number, percent, visible
from safecost.document.rows import PairRow, is_rebuild
from safecost.document.types import Case, Document, Profile
from safecost.report.charts.canvas import CHEAPER, COSTLIER, INK, PAPER, WIDTH, Canvas, Chart
from safecost.report.charts.cheapest import Cell, cheapest
from safecost.report.charts.text import fit, width

NOTES = (
    "Time of the cheapest idiom that catches every fault of its case, over the fastest raw code of the plain sibling",
    "(Rust: over Rust's own raw code), at its worst parameters. Where none catches every fault, the cheapest of those",
    "that catch the most, with how many. Chosen on odd launches, estimated on even ones.",
    "Hatched: not measured. Crossed: disqualified, results or work did not hold.",
)
ROW, BETWEEN = 44, 6  # heights of a row and of the gap between families


def map_title(cells: Mapping[tuple[str, str], Cell], margin: float) -> str:
    """One sentence that says what the map shows."""
    if not cells:
        return "No safe idiom has been measured against raw code"
    whole = {place: cell for place, cell in cells.items() if not cell.share}
    none = f"in {len(cells) - len(whole)} of {counted(len(cells), 'cell')} no idiom catches every fault of the case"
    if not whole:
        return none[0].upper() + none[1:]
    free = sum(cell.ratio <= 1 + margin for cell in whole.values())
    (case, profile), worst = max(whole.items(), key=lambda item: item[1].ratio)
    return (
        f"The cheapest idiom that catches every fault costs at most {percent(margin)} over raw code in {free} of "
        f"{counted(len(whole), 'cell')}, at most {number(worst.ratio)}, paid by {case} on {profile}; {none}"
    )


class _Grid(NamedTuple):
    """Where the cells stand, of `height` in all: right of `left`, below `top`, each `wide`."""

    left: float
    top: float
    wide: float
    ys: list[float]
    height: float


def _grid(cases: Sequence[Case], profiles: Sequence[Profile]) -> _Grid:
    left = 24 + min(260.0, max(width(case.name, 11.5) for case in cases))
    wide = max(64.0, min(128.0, (WIDTH - left - 60) / len(profiles)))
    ys = [0.0]
    for above, below in pairwise(cases):
        ys.append(ys[-1] + ROW + (BETWEEN if above.family != below.family else 0))
    return _Grid(left, 56 + _slant(profiles), wide, ys, ys[-1] + ROW)


def _slant(profiles: Sequence[Profile]) -> float:
    """Height of the slanted names of the profiles."""
    return min(200.0, max(width(profile.name, 11) for profile in profiles)) * 0.64 + 12


def draw_map(document: Document, found: Sequence[PairRow]) -> list[Chart]:
    """Cases by profiles, in each cell the ratio of the cheapest safe idiom; none without cases or profiles."""
    cases = [case for case in document.cases if not any(variant.role == "calibration" for variant in case.variants)]
    profiles = [profile for profile in document.profiles if not is_rebuild(document, profile)]
    if not cases or not profiles:
        return []
    cells = cheapest(document, found)
    darkest = min(math.log(4), max([math.log(1.5), *(abs(math.log(cell.ratio)) for cell in cells.values())]))
    grid = _grid(cases, profiles)
    right = grid.left + grid.wide * len(profiles)
    canvas = Canvas(
        map_title(cells, document.run.margin),
        max(WIDTH, right + _slant(profiles) + 12),
        grid.top + grid.height + 22,
    )
    axes = _frame(canvas, grid, profiles)
    for line, (case, y) in enumerate(zip(cases, grid.ys, strict=True)):
        canvas.text(grid.left - 12, grid.top + y + 22, fit(case.name, 11.5, 260), ha="right", size=11.5)
        for column, profile in enumerate(profiles):
            gid = f"cell-{line}-{column}"
            box = Rectangle((grid.wide * column + 1, y + 1), grid.wide - 2, ROW - 2, lw=0, gid=gid)
            cell = cells.get((case.name, profile.name))
            if case.status == "disqualified":
                says = _disqualified_cell(axes, box)
            elif cell is None:
                box.set(facecolor=PAPER, edgecolor="#b9c0c6", hatch="////")
                says = "not measured" if profile.status == "measured" else "profile absent"
            else:
                says = _price_cell(axes, box, cell, darkest)
            axes.add_patch(box)
            canvas.tips[gid] = [visible(f"{case.name} on {profile.name}: {says}")]
    return [canvas.finish("map", "map", None)]


def _frame(canvas: Canvas, grid: _Grid, profiles: Sequence[Profile]) -> Axes:
    """The notes, the names of the profiles, and the empty plot below them."""
    canvas.notes(NOTES)
    axes = canvas.strip(grid.left, grid.top, grid.wide * len(profiles), grid.height)
    for column, profile in enumerate(profiles):
        x, label = grid.left + grid.wide * (column + 0.5), fit(profile.name, 11, 200)
        canvas.text(x, grid.top - 6, label, rotation=40, rotation_mode="anchor", ha="left")
    return axes


def _disqualified_cell(axes: Axes, box: Rectangle) -> str:
    box.set(facecolor=PAPER, edgecolor=INK, linewidth=0.8)
    (left, top), (right, bottom), (x, _) = box.get_xy(), box.get_corners()[2], box.get_center()
    axes.plot([left, right, math.nan, left, right], [top, bottom, math.nan, bottom, top], color=INK, lw=0.8)
    axes.text(
        x, top + 21, "disqualified", ha="center", size=10.5, color=INK, bbox={"fc": PAPER, "ec": "none", "pad": 1.5}
    )
    return "disqualified, results or work did not hold"


def _price_cell(axes: Axes, box: Rectangle, cell: Cell, darkest: float) -> str:
    fill, ink = _shade(cell.ratio, darkest)
    box.set(facecolor=fill)
    (x, _), top = box.get_center(), box.get_y()
    axes.text(x, top + 15, number(cell.ratio), ha="center", size=12, color=ink, weight="bold")
    name = fit(cell.variant, 9.5, box.get_width() - 6)
    axes.text(x, top + 26, name, ha="center", size=9.5, color=ink)
    if not cell.share:
        return f"{cell.variant}, {number(cell.ratio)}"
    axes.text(x, top + 37, cell.share, ha="center", size=8.5, color=ink)
    return f"{cell.variant}, {number(cell.ratio)}, {cell.share}"


def _shade(ratio: float, darkest: float) -> tuple[str, str]:
    """Fill and ink of a cell: blue below 1, orange above, paler near 1, darkest at that distance in the logarithm."""
    share = max(-1.0, min(1.0, math.log(ratio) / darkest))
    full = bytes.fromhex((COSTLIER if share > 0 else CHEAPER)[1:])
    red, green, blue = (round(0xF4 + (end - 0xF4) * abs(share) ** 0.8) for end in full)
    return f"#{red:02x}{green:02x}{blue:02x}", PAPER if 0.3 * red + 0.59 * green + 0.11 * blue < 140 else INK
