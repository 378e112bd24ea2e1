"""A logarithmic axis of ratios: its range, its ticks, and the margin around 1."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from matplotlib.axes import Axes
from matplotlib.ticker import FixedFormatter, FixedLocator, NullLocator

from safecost.document.rows import PairRow
from safecost.report.charts.canvas import BAND, FAINT, INK

_STEPS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2)
_DIGITS = ((1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 7), (1, 1.5, 2, 3, 5, 7), (1, 2, 5), (1, 3), (1,))
# Round ratios, the finest grid first.
_GRIDS = (
    *([round(step * number, 6) for number in range(1, int(4 / step) + 1)] for step in _STEPS),
    *(sorted(digit * 10.0**power for power in range(-6, 7) for digit in digits) for digits in _DIGITS),
)


def ticks(low: float, high: float, pixels: float, room: float) -> list[float]:
    """The finest round ratios between low and high whose labels stay `room` pixels apart; 1 is always among them."""
    scale = pixels / math.log(high / low)
    for grid in _GRIDS:
        inside = [tick for tick in grid if low * 0.9999 <= tick <= high * 1.0001]
        gaps = [math.log(right / left) * scale for left, right in pairwise(inside)]
        # A grid that ends far below the range would leave it bare.
        if grid[-1] >= high and all(gap >= room for gap in gaps):
            return inside if 1.0 in inside else [1.0]
    return [1.0]


def span(found: Sequence[PairRow], margin: float) -> tuple[float, float]:
    """The range of an axis that shows every interval and every launch, and some room around the margin."""
    values = [value for row in found for value in (row.ratio, row.low, row.high, *row.ratios) if value]
    low, high = min([*values, 1 / (1 + 1.6 * margin)]), max([*values, 1 + 1.6 * margin])
    room = (high / low) ** 0.03
    return low / room, high * room


def ratio_axis(
    axes: Axes,
    limits: tuple[float, float],
    pixels: float,
    margin: float,
    *,
    vertical: bool = False,
    room: float | None = None,
) -> None:
    """Makes one axis of the plot, `pixels` long, a logarithmic one, with a line at 1 and a band within the margin.

    Its labels stay `room` pixels apart, by default as far as the text needs.
    """
    marks = ticks(*limits, pixels, room or (24 if vertical else 46))
    axis = axes.yaxis if vertical else axes.xaxis
    (axes.set_yscale if vertical else axes.set_xscale)("log")
    (axes.set_ylim if vertical else axes.set_xlim)(*limits)
    axis.set_major_locator(FixedLocator(marks))
    axis.set_major_formatter(FixedFormatter([f"{mark:g}" for mark in marks]))
    axis.set_minor_locator(NullLocator())
    (axes.axhspan if vertical else axes.axvspan)(1 / (1 + margin), 1 + margin, color=BAND, lw=0, zorder=0)
    for mark in marks:
        strong = mark == 1.0
        line = axes.axhline if vertical else axes.axvline
        line(mark, color=INK if strong else FAINT, lw=1.1 if strong else 0.6, zorder=1 if strong else 0.5)
