"""Curves: how the ratio of each idiom moves over sizes, one facet per case and profile.

A facet answers whether what an idiom costs depends on the size. It names the lines that answer it best, those that
move most; the others are drawn as a thin backdrop, and the forests have their figures.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence

from matplotlib.axes import Axes

from safecost.core.text import number, percent
from safecost.document.points import beside_size
from safecost.document.rows import PairRow
from safecost.document.types import Document
from safecost.report.charts.axis import ratio_axis, span
from safecost.report.charts.canvas import FAINT, PAPER, SHADES, SOFT, WIDTH, Canvas, Chart
from safecost.report.charts.text import fit, slug

LINES = (("-", "o"), ("--", "s"), (":", "^"), ("-.", "D"), ((0, (6, 1)), "v"), ((0, (1, 1)), "P"))
PAGE_FACETS, ACROSS = 24, 3
WIDE, TALL = (WIDTH - 24) / ACROSS, 210.0
LABELS = 96.0  # room right of a plot for the names of its lines
NAMED, ROOM = 6, 13.0  # lines of a facet that have a name, and the pixels between two names
CAPTION = (
    "Ratio of times over size: safe over raw in the same profile, Rust over raw C++; the bars are intervals.",
    "Named are the lines that move most. Of several failure rates or numbers of threads a facet shows the one at which"
    " they do.",
)

Limits = tuple[float, float]
Setting = tuple[float | None, int | None, int | None]  # failure rate, threads and workers


def draw_curves(document: Document, found: Sequence[PairRow]) -> list[Chart]:
    """Ratio over size, one facet per case and profile of a family that has two sizes or more."""
    margin, facets = document.run.margin, _facets(document, found)
    if not facets:
        return []
    family = facets[0][0].family
    title = curves_title(family, facets, margin)
    cases: dict[str, list[PairRow]] = defaultdict(list)  # whose facets share a range of ratios
    for facet in facets:
        cases[facet[0].case] += facet
    limits = {case: span(rows, margin) for case, rows in cases.items()}
    parts = [facets[start : start + PAGE_FACETS] for start in range(0, len(facets), PAGE_FACETS)]
    charts = []
    for page, part in enumerate(parts, 1):
        cross_run = len(parts) > 1
        whole = f"{title} (part {page} of {len(parts)})" if cross_run else title
        canvas = Canvas(whole, WIDTH, math.ceil(len(part) / ACROSS) * TALL + 56)
        canvas.notes(CAPTION)
        for place, facet in enumerate(part):
            x, y = 12 + WIDE * (place % ACROSS), 42 + TALL * (place // ACROSS)
            _draw_facet(canvas, facet, x, y, limits[facet[0].case], margin)
        charts.append(canvas.finish(f"curves-{slug(family)}" + (f"-{page}" if cross_run else ""), "curves", family))
    return charts


def _facets(document: Document, found: Sequence[PairRow]) -> list[list[PairRow]]:
    """The rows by case and profile, in the document's order, each at the rate and threads that move a line most."""
    groups: dict[tuple[str, str], dict[Setting, list[PairRow]]] = defaultdict(lambda: defaultdict(list))
    for row in found:
        if row.kind in {"idiom", "language"}:
            groups[row.case, row.profile][row.place[1:]].append(row)
    cases = list(dict.fromkeys(row.case for row in found))
    profiles = {profile.name: place for place, profile in enumerate(document.profiles)}
    keys = sorted(groups, key=lambda key: (cases.index(key[0]), profiles.get(key[1], len(profiles))))
    facets = [max(groups[key].values(), key=lambda facet: max(map(_moved, _series(facet).values()))) for key in keys]
    return [facet for facet in facets if len({row.size for row in facet}) > 1]


def _moved(line: Sequence[PairRow]) -> float:
    """How far apart the highest and the lowest ratio of a line are, as the logarithm of their ratio."""
    ratios = [row.ratio for row in line]
    return math.log(max(ratios) / min(ratios))


def curves_title(family: str, facets: Sequence[Sequence[PairRow]], margin: float) -> str:
    """One sentence that says what the curves show: the steepest of them."""
    series = defaultdict(list)
    for row in sorted((row for facet in facets for row in facet), key=lambda row: row.size):
        series[row.case, row.variant, row.profile, row.place[1:], row.against].append(row)
    lines = [line for line in series.values() if len(line) > 1]
    ends = max(lines, key=lambda line: abs(math.log(line[-1].ratio / line[0].ratio)))
    low, high = ends[0], ends[-1]
    if abs(math.log(high.ratio / low.ratio)) <= math.log1p(margin):
        return f"{family}: from the smallest to the largest size no idiom's cost moves by more than {percent(margin)}"
    return (
        f"{family}: over sizes the cost of {low.case}/{low.variant} on {low.profile} moves most, "
        f"from {number(low.ratio)} ({low.parameters}) to {number(high.ratio)} ({high.parameters})"
    )


def _draw_facet(canvas: Canvas, facet: Sequence[PairRow], x: float, y: float, limits: Limits, margin: float) -> None:
    """One case in one profile: a line per idiom over sizes, the name of those that move most at its end."""
    plot = TALL - 44
    axes = canvas.axes(x + 38, y + 22, WIDE - 38 - LABELS, plot)
    setting = beside_size(facet[0].rate, facet[0].threads, facet[0].workers, " ")
    head = f"{facet[0].case} · {facet[0].profile}{setting and ' ·'}{setting}"
    canvas.text(x + 4, y + 10, fit(head, 11.5, WIDE - 12, True), size=11.5, weight="bold")
    ratio_axis(axes, limits, plot, margin, vertical=True)
    sizes = _size_axis(axes, facet)
    lines = sorted(_series(facet).items(), key=lambda item: -_moved(item[1]))
    ends = []
    for place, (name, line) in enumerate(lines[:NAMED]):
        shade = SHADES[place % len(SHADES)]
        _draw_line(axes, line, sizes, shade, place)
        ends.append((math.log(limits[1] / line[-1].ratio) / math.log(limits[1] / limits[0]) * plot, name, shade))
    for _, line in lines[NAMED:]:
        axes.plot([sizes.index(row.size) for row in line], [row.ratio for row in line], color=FAINT, lw=1, zorder=1.5)
    rest, ends = len(lines) - NAMED, sorted(ends)
    heights = spread([drop for drop, _, _ in ends], ROOM, plot - (ROOM if rest > 0 else 0))
    for (_, name, shade), height in zip(ends, heights, strict=True):
        label = fit(name, 10.5, LABELS - 12)
        canvas.text(x + WIDE - LABELS + 6, y + 26 + height, label, size=10.5, color=shade)
    if rest > 0:
        canvas.text(x + WIDE - LABELS + 6, y + 26 + plot, f"and {rest} more", size=10.5, color=SOFT)


def _size_axis(axes: Axes, facet: Sequence[PairRow]) -> list[int]:
    """Labels the sizes, evenly spaced, and returns them in their order."""
    sizes = sorted({row.size for row in facet})
    names = {row.size: row.label for row in facet}
    distinct = len(set(names.values())) == len(sizes)
    axes.set_xlim(-0.15, len(sizes) - 0.85)
    axes.set_xticks(range(len(sizes)), [fit(names[size] if distinct else f"{size:,}", 10.5, 70) for size in sizes])
    return sizes


def _series(facet: Sequence[PairRow]) -> dict[str, list[PairRow]]:
    """The lines of a facet by name, each by rising size."""
    series = defaultdict(list)
    for row in sorted(facet, key=lambda row: row.size):
        name = row.variant if row.against == "raw" or row.kind == "language" else f"{row.variant} over {row.against}"
        series[name].append(row)
    return series


def _draw_line(axes: Axes, line: Sequence[PairRow], sizes: Sequence[int], shade: str, place: int) -> None:
    """A curve and its intervals; its dashes and markers tell it from the others in grey."""
    dashes, marker = LINES[place % len(LINES)]
    places = [sizes.index(row.size) for row in line]
    axes.vlines(places, [row.low or row.ratio for row in line], [row.high or row.ratio for row in line], shade, lw=1)
    ratios = [row.ratio for row in line]
    axes.plot(places, ratios, ls=dashes, lw=1.6, color=shade, marker=marker, ms=4.5, mfc=PAPER, mec=shade)


def spread(heights: Sequence[float], room: float, end: float) -> list[float]:
    """Label heights moved until they are `room` apart and none is below `end`, in the order given, which ascends."""
    placed: list[float] = []
    for height in heights:
        placed.append(max(height, placed[-1] + room) if placed else height)
    for place in range(len(placed) - 1, -1, -1):
        placed[place] = min(placed[place], end)
        end = placed[place] - room
    return placed
