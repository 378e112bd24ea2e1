"""The scatter of counts: the ratio of instructions against the ratio of times, one mark a pair."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from safecost.core.text import counted, number, percent
from safecost.document.rows import PairRow
from safecost.document.types import Document
from safecost.report.charts.axis import ratio_axis
from safecost.report.charts.canvas import MARKERS, PAPER, SHADES, SOFT, WIDTH, Canvas, Chart
from safecost.report.charts.text import fit, width

PLOT, LEFT, TOP, KEY = 560.0, 76.0, 34.0, 300.0
NEAR = 0.02  # a count within this of 1 is "the same instructions"
FAR = 0.10  # a distance from the diagonal that is worth a name
MOST_NAMES = 12
NAME_HEIGHT, NAME_WIDTH = 13.0, 220.0  # pixels of the largest name
CELL = 4.0  # pixels: names keep off marks by this much
Box = tuple[float, float, float, float]  # pixels of the plot: left, top, right, bottom
CAPTION = (
    "Right: executes more instructions than raw code. Up: takes more time. On the slanted line time grows as "
    "instructions do."
)


def draw_scatter(document: Document, found: Sequence[PairRow]) -> list[Chart]:
    """Idiom costs and language gaps with both ratios; none where nothing was counted."""
    rows = [row for row in found if row.kind in {"idiom", "language"} and row.instruction_ratio is not None]
    if not rows:
        return []
    canvas = Canvas(scatter_title(rows, document.run.margin), WIDTH, TOP + PLOT + 56)
    canvas.text(12, 10, CAPTION, color=SOFT)
    axes = canvas.axes(LEFT, TOP, PLOT, PLOT)
    limits = _limits(rows, document.run.margin)
    ratio_axis(axes, limits, PLOT, NEAR, room=40)
    ratio_axis(axes, limits, PLOT, document.run.margin, room=40, vertical=True)
    axes.plot(limits, limits, color=SOFT, lw=1, ls="--", zorder=1)
    canvas.text(LEFT + PLOT / 2, TOP + PLOT + 40, "instructions over those of raw code", color=SOFT, ha="center")
    canvas.text(20, TOP + PLOT / 2, "time over that of raw code", color=SOFT, rotation=90, ha="center", va="center")
    profiles = [profile.name for profile in document.profiles if any(row.profile == profile.name for row in rows)]
    for place, profile in enumerate(profiles):
        members = [row for row in rows if row.profile == profile]
        shade = SHADES[place % len(SHADES)]
        style = {"marker": MARKERS[place % len(MARKERS)], "ms": 6, "mec": shade, "mew": 1.2}
        style["mfc"] = PAPER if place % 2 else shade
        points = [(_instructions(row), row.ratio, _tip(row)) for row in members]
        canvas.marks(axes, f"marks-{place}", points, alpha=0.85, zorder=3, **style)
        canvas.key(place, LEFT + PLOT, TOP, TOP + PLOT, fit(profile, 11, KEY - 60), **style)
    _name_far_ones(canvas, rows, limits)
    return [canvas.finish("counts", "counts", None)]


def scatter_title(rows: Sequence[PairRow], margin: float) -> str:
    """One sentence that says what the scatter shows: how often instructions and time tell different stories."""
    near = math.log1p(NEAR)
    alike = [row for row in rows if abs(math.log(_instructions(row))) <= near]
    same = [row for row in alike if row.verdict in {"slower", "faster"}]
    more = [row for row in rows if _instructions(row) > 1 + NEAR and row.verdict in {"equivalent", "faster"}]
    return (
        f"Of {counted(len(rows), 'pair')} {len(same)} execute the same instructions (within {percent(NEAR)}) in "
        f"another time, and {len(more)} execute more in no more time (within {percent(margin)})"
    )


def _instructions(row: PairRow) -> float:
    return row.instruction_ratio or 1.0


def _limits(rows: Sequence[PairRow], margin: float) -> tuple[float, float]:
    """One range for both axes, so that the diagonal is one."""
    values = [value for row in rows for value in (row.ratio, _instructions(row))]
    low, high = min([*values, 1 / (1 + 8 * margin)]), max([*values, 1 + 8 * margin])
    room = (high / low) ** 0.04
    return low / room, high * room


def _tip(row: PairRow) -> str:
    return (
        f"{row.name} over {row.against}@{row.against_profile}: instructions {number(_instructions(row))}, "
        f"time {number(row.ratio)} ({row.verdict})"
    )


def _distance(row: PairRow) -> float:
    """How far time and instructions disagree, as a logarithm."""
    return abs(math.log(row.ratio / _instructions(row)))


def _name_far_ones(canvas: Canvas, rows: Sequence[PairRow], limits: tuple[float, float]) -> None:
    """Names beside the marks that lie farthest from the diagonal, each idiom once, where neither mark nor name is."""
    scale = PLOT / math.log(limits[1] / limits[0])
    places = [
        (math.log(_instructions(row) / limits[0]) * scale, math.log(limits[1] / row.ratio) * scale) for row in rows
    ]
    crowd = Counter((int(x // CELL), int(y // CELL)) for x, y in places)
    taken: list[Box] = []
    named: set[str] = set()
    for row, (x, y) in sorted(zip(rows, places, strict=True), key=lambda found: (-_distance(found[0]), found[0].name)):
        if _distance(row) < math.log1p(FAR) or len(taken) == MOST_NAMES:
            return
        name = f"{row.case}/{row.variant}"
        if name in named:
            continue
        label = fit(name, 10, NAME_WIDTH)
        box = _room(x, y, width(label, 10), crowd, taken)
        if box is not None:
            named.add(name)
            taken.append(box)
            canvas.text(LEFT + box[0], TOP + box[3] - 3, label, size=10)


def _room(x: float, y: float, long: float, crowd: Counter[tuple[int, int]], taken: Sequence[Box]) -> Box | None:
    """Where a name of that length finds room beside the mark: in the plot, on no other name and on no other mark."""
    high, off = NAME_HEIGHT, 7.0
    own = int(x // CELL), int(y // CELL)
    for left, top in (
        (x + off, y - high / 2),
        (x - off - long, y - high / 2),
        (x - long / 2, y - off - high),
        (x - long / 2, y + off),
        (x + off / 2, y - off / 2 - high),
        (x + off / 2, y + off / 2),
        (x - off / 2 - long, y - off / 2 - high),
        (x - off / 2 - long, y + off / 2),
    ):
        right, bottom = left + long, top + high
        inside = left >= 0 and top >= 0 and right <= PLOT and bottom <= PLOT
        free = all(right < a or left > c or bottom < b or top > d for a, b, c, d in taken)
        if not inside or not free:
            continue
        reach = 3.0  # of a mark around its middle
        cells = (
            (across, down)
            for across in range(int((left - reach) // CELL), int((right + reach) // CELL) + 1)
            for down in range(int((top - reach) // CELL), int((bottom + reach) // CELL) + 1)
        )
        if not any(crowd[cell] for cell in cells if cell != own):
            return left, top, right, bottom
    return None
