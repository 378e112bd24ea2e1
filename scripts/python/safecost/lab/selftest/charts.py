"""The charts of a self-test: errors of A/A pairs, planted effects found, half-widths, and pairs in other company."""

from __future__ import annotations

import math
from collections.abc import Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedFormatter, FixedLocator, NullLocator

from safecost.core.text import counted, percent
from safecost.lab.selftest.figures import AaStudy, Accompanied, Power, SelfTest, Widths
from safecost.lab.selftest.targets import FOUND_SHARE, WIDTHS
from safecost.report.charts.axis import ratio_axis
from safecost.report.charts.canvas import (
    BAND,
    CHEAPER,
    COSTLIER,
    FAINT,
    INK,
    PAPER,
    SETTINGS,
    SOFT,
    WIDTH,
    Canvas,
    Chart,
)
from safecost.report.charts.text import fit
from safecost.stats.binomial import rate_interval

PLOT = 240.0
LINES = (
    ("-", "o", INK),
    ("--", "s", COSTLIER),
    (":", "^", CHEAPER),
    ("-.", "D", "#6b5b95"),
    ((0, (6, 1)), "v", "#4d7a3a"),
)


def draw(made: SelfTest, margin: float) -> tuple[Chart, ...]:
    """Every chart for which there are figures."""
    with mpl.rc_context(SETTINGS):
        charts = [_aa_pairs(made.aa_pairs, margin), _power(made.power), _widths(made.widths)]
        charts += [_background(made.accompanied, margin)]
    return tuple(chart for chart in charts if chart is not None)


def _log_axis(axes: Axes, values: Sequence[float], names: Sequence[str], limits: tuple[float, float]) -> None:
    axes.set_xscale("log")
    axes.set_xlim(*limits)
    axes.xaxis.set_major_locator(FixedLocator(list(values)))
    axes.xaxis.set_major_formatter(FixedFormatter(list(names)))
    axes.xaxis.set_minor_locator(NullLocator())


def _grid(axes: Axes, values: Sequence[float], names: Sequence[str]) -> None:
    axes.set_yticks(list(values), list(names))
    for value in values:
        axes.axhline(value, color=FAINT, lw=0.6, zorder=0)


def _label(canvas: Canvas, place: int, text: str) -> None:
    _, _, shade = LINES[place % len(LINES)]
    canvas.text(WIDTH - 300, 48 + 18 * place, fit(text, 11, 288), color=shade)


def _aa_pairs(found: Sequence[AaStudy], margin: float) -> Chart | None:
    if not found:
        return None
    most = max(max(one.errors) for one in found)
    title = (
        f"The same code twice, {sum(one.intervals for one in found):,} times: "
        f"{sum(one.called for one in found)} false verdicts, the farthest ratio {percent(most)} from 1"
    )
    canvas = Canvas(title, WIDTH, PLOT + 90)
    canvas.text(
        12,
        12,
        "Share of A/A pair ratios that differ from 1 by less than this; the band ends at the margin.",
        color=SOFT,
    )
    axes = canvas.axes(60, 30, WIDTH - 380, PLOT)
    axes.set_ylim(0, 1.02)
    marks = (0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1)
    limits = (0.00005, max(0.03, most * 1.2))
    _log_axis(axes, [m for m in marks if m <= limits[1]], [percent(m) for m in marks if m <= limits[1]], limits)
    _grid(axes, (0.25, 0.5, 0.75, 1.0), ("25 %", "50 %", "75 %", "100 %"))
    axes.axvspan(limits[0], margin, color=BAND, lw=0, zorder=-1)
    for place, one in enumerate(found):
        dashes, _, shade = LINES[place % len(LINES)]
        errors = np.maximum(np.sort(one.errors), limits[0])
        axes.plot(errors, np.arange(1, len(errors) + 1) / len(errors), ls=dashes, color=shade, lw=1.6)
        twice = ", built twice" if one.built_twice else ""
        _label(
            canvas, place, f"{one.background}{twice}: {one.intervals} of {counted(one.launches, 'launch', 'launches')}"
        )
    canvas.text(60, PLOT + 72, "|ratio − 1|", color=SOFT)
    return canvas.finish("selftest-aa-pairs", "selftest", None)


def _power(found: Sequence[Power]) -> Chart | None:
    shown = [one for one in found if one.points]
    if not shown:
        return None
    first = next((one for one in shown if math.isclose(one.planted, 1.01)), shown[0])
    enough = next((point for point in first.points if point.found >= FOUND_SHARE * point.trials), None)
    said = f"is found in {enough.seconds:g} s a pair" if enough else "is not found in the time that was given"
    canvas = Canvas(f"A planted {first.planted - 1:+.0%} in {first.case.partition('/')[2]} {said}", WIDTH, PLOT + 90)
    canvas.text(
        12,
        12,
        "Share of trials whose interval over launches lies beyond 1; bars: what so many trials can tell.",
        color=SOFT,
    )
    axes = canvas.axes(60, 30, WIDTH - 380, PLOT)
    axes.set_ylim(-0.02, 1.04)
    seconds = sorted({point.seconds for one in shown for point in one.points})
    _log_axis(axes, seconds, [f"{value:g} s" for value in seconds], (seconds[0] * 0.8, seconds[-1] * 1.25))
    _grid(axes, (0.0, 0.25, 0.5, 0.75, FOUND_SHARE), ("0 %", "25 %", "50 %", "75 %", percent(FOUND_SHARE)))
    for place, one in enumerate(shown):
        dashes, marker, shade = LINES[place % len(LINES)]
        xs = [point.seconds * 1.015 ** (place - len(shown) / 2) for point in one.points]
        ys = [point.found / point.trials for point in one.points]
        ends = [rate_interval(point.found, point.trials) for point in one.points]
        axes.vlines(xs, [low for low, _ in ends], [high for _, high in ends], color=shade, lw=1)
        axes.plot(xs, ys, ls=dashes, marker=marker, color=shade, ms=5, mfc=PAPER, lw=1.6)
        _label(
            canvas,
            place,
            f"{one.planted - 1:+.0%} {one.case.partition('/')[2]}, {one.background}: {one.points[-1].trials} trials",
        )
    canvas.text(60, PLOT + 72, "seconds that a pair is timed in all launches of a trial", color=SOFT)
    return canvas.finish("selftest-power", "selftest", None)


def _widths(found: Sequence[Widths]) -> Chart | None:
    shown = [one for one in found if one.points]
    if not shown:
        return None
    last = shown[0].points[-1]
    title = f"After {last.seconds:g} s a pair is known to ±{percent(last.over_launches)}, half of the pairs better"
    canvas = Canvas(title, WIDTH, PLOT + 90)
    canvas.text(
        12,
        12,
        "Median half-width of the interval over the seconds that a pair is given; crosses: the targets.",
        color=SOFT,
    )
    axes = canvas.axes(60, 30, WIDTH - 380, PLOT)
    seconds = [point.seconds for point in shown[0].points]
    _log_axis(axes, seconds, [f"{value:g} s" for value in seconds], (seconds[0] * 0.8, seconds[-1] * 1.25))
    values = [v for one in shown for p in one.points for v in (p.over_launches, p.over_rounds) if 0 < v < math.inf]
    values += [width for _, width in WIDTHS]
    axes.set_yscale("log")
    axes.set_ylim(min(values) / 1.5, max(values) * 1.5)
    marks = [
        m
        for m in (1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 1e-2, 2e-2, 5e-2, 0.1)
        if min(values) / 1.5 <= m <= max(values) * 1.5
    ]
    axes.yaxis.set_minor_locator(NullLocator())
    _grid(axes, marks, [f"±{percent(mark)}" for mark in marks])
    place = 0
    for one in shown:
        for name, pick in (("over launches", "over_launches"), ("over rounds of one", "over_rounds")):
            dashes, marker, shade = LINES[place % len(LINES)]
            axes.plot(seconds[: len(one.points)], [getattr(p, pick) for p in one.points], ls=dashes, marker=marker,
                      color=shade, ms=5, mfc=PAPER, lw=1.6)  # fmt: skip
            _label(canvas, place, f"{one.background}, {name}: {one.points[-1].pairs} pairs")
            place += 1
    axes.plot([x for x, _ in WIDTHS], [y for _, y in WIDTHS], ls="none", marker="x", ms=9, mew=2, color=INK)
    return canvas.finish("selftest-widths", "selftest", None)


def _background(found: Sequence[Accompanied], margin: float) -> Chart | None:
    if not found:
        return None
    far = sum(abs(math.log(one.alone.ratio / one.panel.ratio)) > math.log1p(margin) for one in found)
    verb = "reads" if far == 1 else "read"
    title = f"Alone in a process {far or 'none'} of {counted(len(found), 'pair')} {verb} otherwise than in the panel"
    step = 34
    canvas = Canvas(title, WIDTH, step * len(found) + 90)
    axes = canvas.axes(330, 40, WIDTH - 350, step * len(found))
    ways = [way for one in found for way in (one.panel, one.alone, one.google)]
    low, high = min(way.low for way in ways) / 1.01, max(way.high for way in ways) * 1.01
    ratio_axis(axes, (min(low, 0.98), max(high, 1.02)), WIDTH - 350, margin)
    styles = (("panel", "o", INK), ("alone", "s", CHEAPER), ("google", "^", COSTLIER))
    for place, (name, marker, shade) in enumerate(styles):
        words = {"panel": "in its panel", "alone": "alone", "google": "Google Benchmark, a process an arm"}[name]
        canvas.text(30 + 110 * place, 14, words, color=shade)
        key = canvas.axes(12 + 110 * place, 4, 16, 14)
        key.plot([0.5], [7], marker=marker, ms=6, mec=shade, mfc=PAPER, ls="none")
        key.set_xticks([])
        for row, one in enumerate(found):
            way, y = getattr(one, name), step * row + 9 + 7 * place
            axes.plot([way.low, way.high], [y, y], color=shade, lw=1.6)
            axes.plot([way.ratio], [y], marker=marker, ms=5, mec=shade, mfc=PAPER, ls="none")
    for row, one in enumerate(found):
        busy = " · busy" if one.background == "busy" else ""
        canvas.text(12, 40 + step * row + 19, fit(one.pair + busy, 11, 310))
    return canvas.finish("selftest-background", "selftest", None)
