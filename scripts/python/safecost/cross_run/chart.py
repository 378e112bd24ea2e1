"""Ratios of several runs side by side: a row a pair, a mark with its interval for each run, on a logarithmic axis."""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence

import matplotlib as mpl

from safecost.core.text import counted, number, percent
from safecost.cross_run.agreement import AgreementRow, CrossRun, Relation
from safecost.document.rows import KINDS
from safecost.report.charts.axis import ratio_axis, span
from safecost.report.charts.canvas import INK, PAPER, SETTINGS, SOFT, WIDTH, Canvas, Chart
from safecost.report.charts.forest import tip
from safecost.report.charts.text import fit, width

FILE_NAME = re.compile(r"several-(apart|together)\.svg")
MOST_ROWS = 40  # of a chart; the tables have all
# Marker, colour and filling of each run: the shape alone tells them apart in grey.
_COLOURS = {"o": "#1c65a8", "s": "#b3401f", "^": "#2f7d4f", "D": "#7a4a9e", "v": "#8a6d1b", "P": "#2f3a44"}
MARKS = [(marker, edge, PAPER if hollow else edge) for hollow in (False, True) for marker, edge in _COLOURS.items()]
STEP, HEAD, TOP, LEFT, RIGHT = 13, 21, 64, 330, 24  # heights of a run and of what a pair adds; where the plot lies


def draw(found: CrossRun) -> tuple[Chart, ...]:
    """The pairs that contradict, and the largest of those that agree; none without pairs."""
    apart = found.of("apart")
    agreeing = sorted(found.of("together"), key=lambda pair: pair.row.name)
    agreeing.sort(key=lambda pair: -max(row.ratio for row in pair.rows if row is not None))  # the largest first
    with mpl.rc_context(SETTINGS), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        charts = [_chart(found, apart, "apart", _title_apart(found, apart))] if apart else []
        charts += [_chart(found, agreeing, "together", _title_together(found, agreeing))] if agreeing else []
    return tuple(charts)


def _title_apart(found: CrossRun, pairs: Sequence[AgreementRow]) -> str:
    worst = pairs[0]
    verb = "contradicts" if len(pairs) == 1 else "contradict"
    cut = f"; the {MOST_ROWS} furthest apart are drawn" if len(pairs) > MOST_ROWS else ""
    return (
        f"{len(pairs)} of {counted(len(found.pairs), 'pair')} {verb} between runs; furthest apart is"
        f" {worst.row.name}, by a factor of {number(worst.gap or 1)}{cut}"
    )


def _title_together(found: CrossRun, pairs: Sequence[AgreementRow]) -> str:
    verb = "agrees" if len(pairs) == 1 else "agree"
    cut = f"; the {MOST_ROWS} largest are drawn" if len(pairs) > MOST_ROWS else ""
    return f"{len(pairs)} of {counted(len(found.pairs), 'pair')} {verb} between runs{cut}"


def _chart(found: CrossRun, pairs: Sequence[AgreementRow], name: Relation, title: str) -> Chart:
    chosen = pairs[:MOST_ROWS]
    rows = [row for pair in chosen for row in pair.rows if row is not None]
    heights = [HEAD + STEP * sum(row is not None for row in pair.rows) for pair in chosen]
    height = sum(heights) + 6
    canvas = Canvas(title, WIDTH, TOP + height + 40)
    canvas.text(12, 10, "Ratio of times, logarithmic scale; bars are intervals.", color=SOFT)
    _legend(canvas, found)
    plot = WIDTH - LEFT - RIGHT
    axes = canvas.axes(LEFT, TOP, plot, height)
    axes.tick_params(labeltop=True)
    ratio_axis(axes, span([*rows], found.margin), plot, found.margin)
    marks: dict[int, list[tuple[float, float, str]]] = {}
    y = 0.0
    for pair, taken in zip(chosen, heights, strict=True):
        _name(canvas, TOP + y, pair)
        at = y + HEAD - 6.0
        for place, row in enumerate(pair.rows):
            if row is not None:
                if row.low is not None and row.high is not None:
                    axes.plot(
                        [row.low, row.high], [at, at], color=MARKS[place][1], lw=2, solid_capstyle="butt", zorder=2
                    )
                letter = found.runs[place].letter
                marks.setdefault(place, []).append((row.ratio, at, f"{letter}: {tip(row)}"))
                at += STEP
        y += taken
    for place, points in marks.items():
        marker, edge, face = MARKS[place]
        canvas.marks(axes, f"run-{place}", points, marker=marker, ms=6.5, mec=edge, mfc=face, mew=1.3, zorder=4)
    canvas.text(LEFT, TOP + height + 32, "← faster", color=SOFT)
    canvas.text(LEFT + plot, TOP + height + 32, "slower →", color=SOFT, ha="right")
    return canvas.finish(f"several-{name}", "several", None)


def _legend(canvas: Canvas, found: CrossRun) -> None:
    """The runs' marks with their names, as many as the line has room for, and the band."""
    axes = canvas.strip(0, 22, canvas.width, 16)
    band = f"band: within ±{percent(found.margin)}"
    room = (canvas.width - 40 - width(band, 11)) / len(found.runs)
    x = 16.0
    for run, (marker, edge, face) in zip(found.runs, MARKS, strict=False):
        axes.plot([x], [8], marker=marker, ms=7, mec=edge, mfc=face, mew=1.3, ls="none")
        text = fit(f"{run.letter} {run.name}", 11, max(16.0, room - 28))
        canvas.text(x + 9, 34, text, color=SOFT)
        x += 26 + width(text, 11)
    canvas.text(x, 34, band, color=SOFT)


def _name(canvas: Canvas, y: float, pair: AgreementRow) -> None:
    """What the pair is, in two lines on the left of its marks."""
    row = pair.row
    canvas.text(12, y + 18, fit(f"{row.task}/{row.variant}", 11.5, LEFT - 24, True), size=11.5, weight="bold")
    words = f"{row.profile} · {row.parameters} · {KINDS[row.kind].name}"
    canvas.text(12, y + 33, fit(words, 10.5, LEFT - 24), size=10.5, color=INK if pair.relation == "apart" else SOFT)
