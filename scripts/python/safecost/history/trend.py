"""The trend of one series over runs: points with intervals, levels, changes, toolchains, and what was accepted."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from matplotlib.axes import Axes
from matplotlib.ticker import FixedFormatter, FixedLocator, MaxNLocator, NullLocator

from safecost.history import series as followed
from safecost.history.records import digest
from safecost.history.series import SeriesPoint
from safecost.history.showing import TrackStatus, relative, when
from safecost.history.status import Change, SeriesStatus, is_worse
from safecost.report.charts.canvas import CHEAPER, COSTLIER, FAINT, INK, PAPER, SOFT, WIDTH, Canvas, Chart
from safecost.report.charts.text import fit, slug, width

_LEFT, _RIGHT, _TOP, _HEIGHT = 74.0, 108.0, 44.0, 250.0
_WIDE = WIDTH - _LEFT - _RIGHT
_DATES = 8  # labels that fit side by side
_KEY = "Filled: accepted. Hollow: not. Bars: intervals. Grey: levels, the median of each. Dashed: the baseline."


def draw_trend(found: TrackStatus) -> Chart:
    """The chart of one track, its title one sentence on where it stands."""
    canvas = Canvas(title(found), WIDTH, _TOP + _HEIGHT + 62)
    axes = canvas.axes(_LEFT, _TOP, _WIDE, _HEIGHT)
    placed = found.track.points
    places = {(index, point.run.run): place for place, (index, point) in enumerate(placed)}
    _axis(axes, found, [point for _, point in placed])
    for index, status in enumerate(found.statuses):
        spots = [places[index, point.run.run] for point in status.series.points]
        _levels(axes, status, spots)
        _points(axes, canvas, found, index, spots)
        _baseline(axes, found, status, spots)
    _changes(axes, canvas, found, places)
    _toolchains(axes, canvas, found, places)
    _dates(axes, [point for _, point in placed])
    canvas.text(12, _TOP + _HEIGHT + 48, _KEY, size=10, color=SOFT)
    # A digest keeps names apart that differ in characters which a file's name cannot have.
    name = slug(
        f"trend-{digest([found.track.subject, found.track.machine, found.track.metric.key])[:8]}-{found.track.name}"
    )
    return canvas.finish(name, "trend", None)


def title(found: TrackStatus) -> str:
    """Where the series stands, in one sentence."""
    now, metric = found.latest, found.track.metric
    last = now.series.points[-1]
    if (change := now.pending) is not None:
        step = relative(metric, change.before, change.after)
        since = now.series.points[change.index].run.started[:10]
        return f"{found.track.name}: {step} since {since}, which nobody has accepted"
    if now.baseline is None:
        return f"{found.track.name} has no baseline yet"
    base, value = followed.amount(metric, now.baseline), followed.said(metric, last)
    apart = (
        "the same as its baseline"
        if base == value
        else f"{relative(metric, now.baseline, last.value)} from its baseline"
    )
    return f"{found.track.name} is {value}, {apart}" + ("" if base == value else f" of {base}")


def _axis(axes: Axes, found: TrackStatus, points: Sequence[SeriesPoint]) -> None:
    values = [value for point in points for value in (point.value, point.low, point.high) if value is not None]
    low, high = min(values), max(values)
    ratio = found.track.metric.tier == "time"
    # A range below a fiftieth of the value would make a mountain of noise.
    room = max((high - low) * 0.12, high * 0.01, 0.0 if ratio else 0.5)
    low, high = (low / (1 + room / high), high + room) if ratio else (low - room, high + room)
    axes.set_xlim(-0.7, len(points) - 0.3)
    axes.set_yscale("log" if ratio else "linear")
    axes.set_ylim(low, high)
    marks = [
        float(mark) for mark in MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high) if low < mark < high
    ]
    if ratio and low < 1.0 < high and 1.0 not in marks:
        marks = sorted([*marks, 1.0])
    axes.yaxis.set_major_locator(FixedLocator(marks))
    axes.yaxis.set_major_formatter(FixedFormatter([_label(found, mark) for mark in marks]))
    axes.yaxis.set_minor_locator(NullLocator())
    for mark in marks:
        strong = ratio and mark == 1.0
        axes.axhline(mark, color=INK if strong else FAINT, lw=1.1 if strong else 0.6, zorder=0.5)


def _label(found: TrackStatus, mark: float) -> str:
    if found.track.metric.scale == "words":
        return {0.0: "not caught", 1.0: "caught"}.get(mark, "")
    return f"{mark:,.10g}"


def _levels(axes: Axes, status: SeriesStatus, spots: Sequence[int]) -> None:
    points = status.series.points
    levels = [change.before for change in status.changes] + [change.after for change in status.changes[-1:]]
    bounds = [0, *(change.index for change in status.changes), len(points)]
    for level, (first, end) in zip(levels, pairwise(bounds), strict=False):
        axes.plot([spots[first] - 0.4, spots[end - 1] + 0.4], [level, level], color=SOFT, lw=1.4, alpha=0.6, zorder=1)


def _points(axes: Axes, canvas: Canvas, found: TrackStatus, index: int, spots: Sequence[int]) -> None:
    status, metric = found.statuses[index], found.track.metric
    accepted = {*status.accepted, *status.earlier}
    for at, point in enumerate(status.series.points):
        if point.low is not None and point.high is not None:
            axes.plot([spots[at]] * 2, [point.low, point.high], color=SOFT, lw=0.8, alpha=0.6, zorder=2)
    for kind, chosen in (("accepted", True), ("open", False)):
        inside = [at for at in range(len(spots)) if (at in accepted) == chosen]
        if not inside:
            continue
        points = [status.series.points[at] for at in inside]
        gid = f"{kind}-{index}"
        axes.plot(
            [spots[at] for at in inside], [point.value for point in points], ls="", marker="o", ms=4.6,
            mfc=INK if chosen else PAPER, mec=INK, mew=1.0, zorder=3, gid=gid,
        )  # fmt: skip
        canvas.tips[gid] = [f"{followed.said(metric, point)}, {when(point.run)}" for point in points]


def _baseline(axes: Axes, found: TrackStatus, status: SeriesStatus, spots: Sequence[int]) -> None:
    if status.baseline is None or status is not found.latest:
        return
    first = spots[status.accepted[-30:][0]]
    axes.plot([first, spots[-1] + 0.4], [status.baseline] * 2, color=CHEAPER, lw=1.2, ls=(0, (4, 2)), zorder=2.5)
    said = followed.amount(found.track.metric, status.baseline)
    axes.annotate(
        f"baseline {said}", (spots[-1] + 0.4, status.baseline), (6, 0), textcoords="offset points", va="center",
        size=10.5, color=CHEAPER, annotation_clip=False,
    )  # fmt: skip


def _changes(axes: Axes, canvas: Canvas, found: TrackStatus, places: dict[tuple[int, str], int]) -> None:
    """A line before the first point of each new level, with its size above the plot and who accepted it."""
    free = [-1.0, -1.0]  # where the labels of both rows end
    marks = []
    for index, status in enumerate(found.statuses):
        for change in status.changes:
            marks.append((places[index, status.series.points[change.index].run.run] - 0.5, change))
    for x, change in sorted(marks, key=lambda one: one[0]):
        colour = _colour(found, change)
        axes.axvline(x, color=colour, lw=1.2, zorder=1.5)
        label = relative(found.track.metric, change.before, change.after)
        if change.acknowledged is not None:
            label += f", accepted by {change.acknowledged.who}"
        label = fit(label, 10.5, 250)
        pixel = _pixel(found, x, width(label, 10.5))
        row = 0 if pixel > free[0] else 1
        if pixel > free[row]:
            free[row] = pixel + width(label, 10.5) + 10
            canvas.text(pixel, _TOP - 8 - 16 * row, label, size=10.5, color=colour)


def _colour(found: TrackStatus, change: Change) -> str:
    if change.acknowledged is not None:
        return SOFT
    return COSTLIER if is_worse(found.track.metric, change.before, change.after) else CHEAPER


def _toolchains(axes: Axes, canvas: Canvas, found: TrackStatus, places: dict[tuple[int, str], int]) -> None:
    """A dotted line where a new toolchain's series begins, named below the plot."""
    for index, step in enumerate(found.steps, start=1):
        x = places[index, step.after.series.points[0].run.run] - 0.5
        axes.axvline(x, color=INK, lw=1.0, ls=(0, (1, 2)), zorder=1.5)
        size = relative(found.track.metric, step.low, step.high)
        label = fit(f"{step.after.series.words}: {size}", 10, 300)
        canvas.text(_pixel(found, x, width(label, 10)), _TOP + _HEIGHT + 30, label, size=10)


def _pixel(found: TrackStatus, x: float, wide: float) -> float:
    """Where a label begins that is so wide and belongs to a place on the axis."""
    return min(_LEFT + (x + 0.7) / (len(found.track.points) + 0.4) * _WIDE, WIDTH - 12 - wide)


def _dates(axes: Axes, points: Sequence[SeriesPoint]) -> None:
    every = -(-len(points) // _DATES)
    spots = list(range(0, len(points), every))
    axes.xaxis.set_major_locator(FixedLocator([float(spot) for spot in spots]))
    axes.xaxis.set_major_formatter(FixedFormatter([points[spot].run.started[:10] for spot in spots]))
