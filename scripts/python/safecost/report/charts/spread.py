"""The spread of A/A pairs: what identical code reads as, a dot for each A/A pair, a line for each profile."""

from __future__ import annotations

from collections.abc import Sequence

from safecost.core.text import counted, percent
from safecost.document.rows import PairRow
from safecost.document.types import Document
from safecost.report.charts.axis import ratio_axis
from safecost.report.charts.canvas import COSTLIER, FAINT, INK, SOFT, WIDTH, Canvas, Chart
from safecost.report.charts.forest import tip
from safecost.report.charts.text import fit, width
from safecost.validity.data_quality import TOLERANCE, aa_pairs, distance

STEP, TOP, RIGHT, DOT = 24, 44, 150, 7
HIGHEST = 42  # pixels that the stacks of a profile may rise; higher ones are squeezed, dot over dot
CAPTION = "Ratio of times of the same code, logarithmic scale; the dotted lines are at ±{limit}, the band is ±{margin}."


def spread_title(found: Sequence[PairRow]) -> str:
    """One sentence that says what the dots show; at least one row."""
    spread = aa_pairs(found)
    assert spread is not None
    return (
        f"Identical code reads as equal within {percent(spread.median)} for half of"
        f" {counted(spread.count, 'A/A pair')}, "
        f"within {percent(spread.worst)} for all"
    )


def draw_spread(document: Document, found: Sequence[PairRow]) -> list[Chart]:
    """A dot for each A/A pair at its ratio, in the line of its profile, dots that would hide each other stacked.

    Where there are hundreds of A/A pairs their stacks are squeezed, so that a profile takes at most STEP + HIGHEST
    pixels.
    """
    if not found:
        return []
    margin = document.run.margin
    profiles = list(dict.fromkeys(row.profile for row in found))
    lines = [[row for row in found if row.profile == profile] for profile in profiles]
    left = max(200.0, 36 + min(230.0, max(width(profile, 11.5) for profile in profiles)))
    plot = WIDTH - left - RIGHT
    far = max([1.6 * margin, *(distance(row.ratio) for row in found)]) * 1.05
    limits = (1 / (1 + far), 1 + far)
    stacks = [_stacked(line, limits, plot) for line in lines]
    tops = [max(level for _, level in stack) for stack in stacks]
    rises = [min(DOT, HIGHEST / max(1, most)) for most in tops]  # pixels from a dot to the next above it
    heights = [STEP + rise * most for rise, most in zip(rises, tops, strict=True)]
    canvas = Canvas(spread_title(found), WIDTH, TOP + sum(heights) + 24)
    canvas.text(12, 10, CAPTION.format(limit=percent(TOLERANCE), margin=percent(margin)), color=SOFT)
    canvas.text(WIDTH - 12, TOP - 8, f"beyond ±{percent(TOLERANCE)}", color=SOFT, ha="right")
    axes = canvas.axes(left, TOP, plot, sum(heights))
    ratio_axis(axes, limits, plot, margin)
    for limit in (1 / (1 + TOLERANCE), 1 + TOLERANCE):
        axes.axvline(limit, color=INK, lw=1.2, ls=":", zorder=1)
    top = 0.0
    for number, (profile, stack, rise, height) in enumerate(zip(profiles, stacks, rises, heights, strict=True)):
        base = top + height - 10
        canvas.text(24, TOP + base + 4, fit(profile, 11.5, left - 36), size=11.5)
        outliers = sum(distance(row.ratio) > TOLERANCE for row, _ in stack)
        says = f"{outliers} of {len(stack)}"
        canvas.text(WIDTH - 12, TOP + base + 4, says, ha="right", color=COSTLIER if outliers else INK)
        axes.axhline(top + height, color=FAINT, lw=0.6, zorder=0.5)
        for name, colour, wanted in (("calm", INK, False), ("outlier", COSTLIER, True)):
            chosen = [
                (row.ratio, base - rise * level, tip(row))
                for row, level in stack
                if (distance(row.ratio) > TOLERANCE) == wanted
            ]
            style = {"marker": "D" if wanted else "o", "ms": 5, "mfc": colour, "mec": "none", "alpha": 0.75}
            canvas.marks(axes, f"{name}-{number}", chosen, zorder=3, **style)
        top += height
    return [canvas.finish("spread", "spread", None)]


def _stacked(found: Sequence[PairRow], limits: tuple[float, float], pixels: float) -> list[tuple[PairRow, int]]:
    """Each row with how many dots it is put above the line, so that it hides none that lies at its left."""
    scale, placed = pixels / distance(limits[1]) / 2, []
    ends: list[float] = []  # of each level, the last dot's place
    for row in sorted(found, key=lambda row: row.ratio):
        x = scale * (row.ratio - 1.0)
        level = next((i for i, end in enumerate(ends) if x - end >= DOT - 1), len(ends))
        ends[level : level + 1] = [x]
        placed.append((row, level))
    return placed
