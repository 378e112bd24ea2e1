"""Forests: the ratio of each pair with its interval and its launches, one row a pair, on a logarithmic axis."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from safecost.core.text import counted, number, percent, visible
from safecost.document.rows import KINDS, PairRow
from safecost.document.types import Document
from safecost.document.values import PairKind
from safecost.report.charts.axis import ratio_axis, span
from safecost.report.charts.canvas import BAND, CHEAPER, COSTLIER, FAINT, INK, PAPER, SOFT, WIDTH, Canvas, Chart
from safecost.report.charts.text import fit, slug, width
from safecost.stats.pairs import Verdict
from safecost.validity.data_quality import TOLERANCE, aa_pairs, distance

# Marker, colour and filling of each verdict: the shape alone tells them apart in grey.
MARKS: dict[Verdict, tuple[str, str, str]] = {
    "slower": (">", COSTLIER, COSTLIER),
    "equivalent": ("s", "#2f3a44", "#2f3a44"),
    "faster": ("<", CHEAPER, CHEAPER),
    "inconclusive": ("o", "#6a747d", PAPER),
}
PAGE_ROWS = 60  # a taller chart is cut into pages, at the end of an idiom
STEP, HEAD, TOP, RIGHT = 20, 26, 64, 252  # heights of a row and of a case's name, where the plot begins and ends


def forest_title(family: str | None, kind: PairKind, found: Sequence[PairRow], margin: float) -> str:
    """One sentence that says what a forest shows; at least one row."""
    noun, _, reference = KINDS[kind]
    if kind == "aa":
        return _aa_title(found)
    of = ""
    if kind == "profile":  # no check of a library touches raw code: what that costs is no answer for the other
        of = " of safe code" if found[0].role == "safe" else " of raw code"
    tally = Counter(row.verdict for row in found)
    prefix = f"{family}: " if family else ""
    if tally["slower"]:
        worst = max((row for row in found if row.verdict == "slower"), key=lambda row: row.ratio)
        verb = "exceeds" if tally["slower"] == 1 else "exceed"
        where = f"{worst.case}/{worst.variant} on {worst.profile}"
        return (
            f"{prefix}{tally['slower']} of {counted(len(found), noun)}{of} {verb} {percent(margin)}; "
            f"the highest is {where}, {number(worst.ratio)} times {reference}"
        )
    if tally["equivalent"] == len(found):
        amount = f"the one {noun}{of} is" if len(found) == 1 else f"all {len(found)} {noun}s{of} are"
        return f"{prefix}{amount} equivalent to {reference} within {percent(margin)}"
    parts = [f"{tally[verdict]} {verdict}" for verdict in ("equivalent", "faster", "inconclusive") if tally[verdict]]
    return f"{prefix}none of {counted(len(found), noun)}{of} is shown to exceed {percent(margin)}; {', '.join(parts)}"


def _aa_title(found: Sequence[PairRow]) -> str:
    spread = aa_pairs(found)
    assert spread is not None
    verb = "differ" if spread.outliers > 1 else "differs"
    return (
        f"Of {counted(spread.count, 'A/A pair')}, the same code against itself, {spread.outliers or 'none'} {verb} "
        f"by more than {percent(TOLERANCE)}; half lie within {percent(spread.median)} of 1"
    )


def draw_forests(document: Document, found: Sequence[PairRow]) -> list[Chart]:
    """The forest of these rows, all of one kind and family, in as many parts as its length takes; none without rows.

    A/A pairs are of all families. Of profile costs those of safe code are drawn, and of raw code where there are none.
    """
    if not found:
        return []
    if found[0].kind == "profile":
        found = [row for row in found if row.role == "safe"] or found
    margin, kind = document.run.margin, found[0].kind
    family = None if kind == "aa" else found[0].family
    title = forest_title(family, kind, found, margin)
    stem = f"forest-{slug(family)}-{kind}" if family else "aa-pairs"
    if kind == "aa" and len(found) > PAGE_ROWS:
        # The spread has them all; pages of rows that read 1 tell nobody anything.
        found = [row for row in found if distance(row.ratio) > TOLERANCE]
        title += "; shown are those that are off"
        if not found:
            return []
    parts = pages(_in_order(document, found))
    if len(parts) == 1:
        return [draw_forest(parts[0], stem, title, margin)]
    return [
        draw_forest(part, f"{stem}-{place}", f"{title} (part {place} of {len(parts)})", margin)
        for place, part in enumerate(parts, 1)
    ]


def _in_order(document: Document, found: Sequence[PairRow]) -> list[PairRow]:
    """By case, idiom and profile in the document's order, then by parameters."""
    profiles = {profile.name: place for place, profile in enumerate(document.profiles)}
    cases = {task: place for place, task in enumerate(dict.fromkeys(row.task for row in found))}
    variants = {variant: place for place, variant in enumerate(dict.fromkeys(row.variant for row in found))}

    def place(row: PairRow) -> tuple[float, ...]:
        last = len(profiles)
        return (
            cases[row.task],
            variants[row.variant],
            profiles.get(row.profile, last),
            row.size,
            row.rate or 0,
            row.threads or 0,
            row.workers or 0,
        )

    return sorted(found, key=place)


def pages(found: Sequence[PairRow]) -> list[list[PairRow]]:
    """Rows cut into pages of about PAGE_ROWS, never inside an idiom unless it alone is longer."""
    if len(found) <= PAGE_ROWS * 1.25:
        return [list(found)]
    cut: list[list[PairRow]] = [[]]
    for _, group in groupby(found, key=lambda row: (row.task, row.variant)):
        members = list(group)
        if cut[-1] and len(cut[-1]) + len(members) > PAGE_ROWS:
            cut.append([])
        for row in members:
            if len(cut[-1]) >= PAGE_ROWS * 1.25:
                cut.append([])
            cut[-1].append(row)
    return cut


class _Columns(NamedTuple):
    """Widths of the columns left of the plot, and where the plot begins."""

    idiom: float
    place: float
    left: float


def _columns(found: Sequence[PairRow], places: Sequence[str]) -> _Columns:
    idiom = min(190.0, max(width(row.variant, 11.5) for row in found))
    place = min(230.0, max(width(place, 11) for place in places))
    return _Columns(idiom, place, max(24 + idiom + 14 + place + 14, 200))


def draw_forest(found: Sequence[PairRow], name: str, title: str, margin: float) -> Chart:
    """Ratios on a logarithmic axis, one row per pair, headed by case; at least one row."""
    kind = found[0].kind
    places = _places(found)
    columns = _columns(found, places)
    plot = WIDTH - columns.left - RIGHT
    height = STEP * len(found) + HEAD * len(list(groupby(found, key=lambda row: row.task))) + 4
    canvas = Canvas(title, WIDTH, height + 100)
    caption = f"{KINDS[kind].name.capitalize()}: {KINDS[kind].meaning}. Ratio of times, logarithmic scale."
    canvas.text(12, 10, caption, color=SOFT)
    _legend(canvas, 34, margin, [row.level for row in found])
    axes = canvas.axes(columns.left, TOP, plot, height)
    axes.tick_params(labeltop=True)
    ratio_axis(axes, span(found, margin), plot, margin)
    ys: list[float] = []
    y, before = 0.0, None
    for row, place in zip(found, places, strict=True):
        if before is None or row.task != before.task:
            y += HEAD
        _heading(canvas, TOP + y, row, before, columns)
        _words(canvas, TOP + y + 14, row, place, columns)
        ys.append(y + 9)
        before = row
        y += STEP
    _intervals(axes, found, ys)
    _launches(axes, found, ys)
    _verdicts(axes, canvas, found, ys)
    canvas.text(columns.left, TOP + height + 32, "← faster", color=SOFT)
    canvas.text(columns.left + plot, TOP + height + 32, "slower →", color=SOFT, ha="right")
    return canvas.finish(name, kind, None if kind == "aa" else found[0].family)


def _places(found: Sequence[PairRow]) -> list[str]:
    """For each row the profile, and what else tells it from its neighbours."""
    cross_run = len({row.place for row in found}) > 1
    names = []
    for row in found:
        name = row.profile
        if row.kind == "language":
            name += f" over {row.against}@{row.against_profile}"
        elif row.kind in {"idiom", "full"} and row.against != "raw":
            name += f" over {row.against}"
        names.append(f"{name} · {row.parameters}" if cross_run else name)
    return names


def _legend(canvas: Canvas, y: float, margin: float, levels: Iterable[float | None]) -> None:
    """One line that explains every mark of a forest."""
    axes = canvas.strip(0, y - 12, canvas.width, 16)
    x = 16.0
    for verdict, (marker, edge, face) in MARKS.items():
        axes.plot([x], [8], marker=marker, ms=7, mec=edge, mfc=face, ls="none")
        canvas.text(x + 9, y, verdict, color=SOFT)
        x += 26 + width(verdict, 11)
    bar = _interval_name(levels)
    axes.plot([x - 6, x + 12], [8, 8], color=INK, lw=2)
    canvas.text(x + 18, y, bar, color=SOFT)
    x += 36 + width(bar, 11)
    axes.plot([x - 4, x + 2, x + 8], [8, 8, 8], marker="o", ms=3.2, mfc=INK, mec="none", alpha=0.5, ls="none")
    canvas.text(x + 15, y, "one launch each", color=SOFT)
    x += 36 + width("one launch each", 11)
    axes.add_patch(Rectangle((x - 4, 2), 16, 12, color=BAND, lw=0))
    canvas.text(x + 17, y, f"within ±{percent(margin)}", color=SOFT)


def _interval_name(levels: Iterable[float | None]) -> str:
    known = sorted({level for level in levels if level is not None})
    if not known:
        return "interval"
    return f"{percent(known[0])} interval" if len(known) == 1 else f"interval ({percent(known[0])} or more)"


def _heading(canvas: Canvas, y: float, row: PairRow, before: PairRow | None, columns: _Columns) -> None:
    """The names of case and idiom, where they differ from those of the row before."""
    if before is None or row.task != before.task:
        head = row.task if row.kind == "aa" else row.case
        canvas.text(12, y - 5, fit(head, 12, columns.left - 24, True), size=12, weight="bold")
    elif row.variant != before.variant:
        rule = Line2D([12 / WIDTH, 1 - 12 / WIDTH], [canvas.up(y)] * 2, color=FAINT, lw=0.6)
        canvas.figure.add_artist(rule)
    else:
        return
    canvas.text(24, y + 14, fit(row.variant, 11.5, columns.idiom), size=11.5)


def _words(canvas: Canvas, y: float, row: PairRow, place: str, columns: _Columns) -> None:
    """What stands beside the plot: profile on its left, numbers and verdict on its right."""
    canvas.text(24 + columns.idiom + 14, y, fit(place, 11, columns.place), color=SOFT)
    canvas.text(WIDTH - RIGHT + 56, y, number(row.ratio), ha="right", weight="bold", size=11.5)
    if row.low is not None and row.high is not None:
        canvas.text(WIDTH - RIGHT + 64, y, f"[{number(row.low)}, {number(row.high)}]", color=SOFT, size=10.5)
    canvas.text(WIDTH - 12, y, row.verdict, ha="right", color=MARKS[row.verdict][1])


def _intervals(axes: Axes, found: Sequence[PairRow], ys: Sequence[float]) -> None:
    for row, y in zip(found, ys, strict=True):
        if row.low is not None and row.high is not None:
            colour = MARKS[row.verdict][1]
            axes.plot([row.low, row.high], [y, y], color=colour, lw=2.2, solid_capstyle="butt", zorder=2)


def _launches(axes: Axes, found: Sequence[PairRow], ys: Sequence[float]) -> None:
    """A dot below the row for every launch, so that modes are seen."""
    dots = [(ratio, y + 6.5) for row, y in zip(found, ys, strict=True) for ratio in row.ratios]
    xs, heights = zip(*dots, strict=True)
    axes.plot(xs, heights, marker="o", ms=3, mfc=INK, mec="none", alpha=0.42, ls="none", zorder=3, gid="dots")


def _verdicts(axes: Axes, canvas: Canvas, found: Sequence[PairRow], ys: Sequence[float]) -> None:
    """A mark at each ratio whose shape is the verdict, with all about the pair as its tooltip."""
    for verdict, (marker, edge, face) in MARKS.items():
        chosen = [(row.ratio, y, tip(row)) for row, y in zip(found, ys, strict=True) if row.verdict == verdict]
        canvas.marks(axes, f"marks-{verdict}", chosen, marker=marker, ms=7, mec=edge, mfc=face, mew=1.3, zorder=4)


def tip(row: PairRow) -> str:
    """What a mark says when it is pointed at."""
    interval = "" if row.low is None or row.high is None else f" [{number(row.low)}, {number(row.high)}]"
    arms = f"{row.task}/{row.variant}@{row.profile} over {row.against}@{row.against_profile}"
    return visible(f"{arms}, {row.parameters}: {number(row.ratio)}{interval} {row.verdict}")
