"""Draws the charts of a run as SVG: forests of ratios, a map of cases by profiles, curves over sizes.

The same document gives the same bytes: ids are salted with a constant, no date is written and text stays text, so
that no installed font matters. Lengths are CSS pixels, y runs downwards.
"""

from __future__ import annotations

import io
import math
import re
import statistics
import warnings
import xml.etree.ElementTree as ET
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate, groupby, pairwise
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import findfont, get_font
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.typing import RcKeyType

from desk.document import Document
from desk.errors import DeskError

INK, SOFT, FAINT, BAND = "#1d2730", "#56616b", "#d5dade", "#e6eaed"
# Marker, colour and filling of each verdict: the shape alone tells them apart in grey.
MARKS = {
    "slower": (">", "#b3401f", "#b3401f"),
    "equivalent": ("s", "#2f3a44", "#2f3a44"),
    "faster": ("<", "#1c65a8", "#1c65a8"),
    "unresolved": ("o", "#6a747d", "#ffffff"),
}
KINDS = {
    "idiom": ("idiom cost", "safe over raw, both in the same profile", "raw"),
    "profile": ("profile cost", "hardened over plain, the same variant", "its plain sibling"),
    "full": ("full cost", "safe in this profile over the fastest raw of its plain sibling", "plain raw"),
    "language": ("language gap", "Rust over the fastest raw C++ it is held against", "raw C++"),
    "null": ("null", "the same code twice", "itself"),
}
NULL_LIMIT = 0.005  # a null whose median is further from 1 than this strays
WIDTH = 980
PAGE_ROWS = 60  # a taller chart is cut into pages, at the end of an idiom
PAGE_FACETS = 24
MAP_NOTES = (
    "Time of the cheapest safe idiom over the fastest raw code of the plain sibling (Rust: of the C++ profile it is",
    "held against), at its worst parameters. The idiom is chosen on odd launches, its ratio estimated on even ones.",
    "Hatched: not measured. Crossed: struck, a result was wrong.",
)
FONTS = "system-ui, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, 'DejaVu Sans', sans-serif"
SETTINGS: dict[RcKeyType, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "safecost",
    "text.parse_math": False,
    "font.family": "DejaVu Sans",
    "axes.unicode_minus": False,
    "path.simplify": False,
    "hatch.linewidth": 0.6,
}
SVG = "http://www.w3.org/2000/svg"
XLINK = "{http://www.w3.org/1999/xlink}href"


@dataclass(frozen=True)
class Row:
    """One pair of one panel with all that a table or a mark needs; times are nanoseconds per call."""

    family: str
    case: str
    variant: str
    against: str
    profile: str
    against_profile: str
    role: str
    kind: str
    size: int
    rate: float | None
    label: str
    ratios: tuple[float, ...]
    ratio: float
    low: float | None
    high: float | None
    level: float | None
    verdict: str
    reason: str | None
    detectable: float | None
    numerator_ns: float
    denominator_ns: float
    struck: bool

    @property
    def parameters(self) -> str:
        """What the case was given, such as `L1 · rate 0.01`."""
        return self.label if self.rate is None else f"{self.label} · rate {self.rate:g}"


@dataclass(frozen=True)
class Chart:
    """A finished chart: `svg` stands alone as a file, `inline` lacks the drawn title for a page that prints it."""

    name: str
    kind: str
    family: str | None
    title: str
    svg: str
    inline: str


def rows(document: Document) -> tuple[Row, ...]:
    """Every pair of the document, in its order; pairs of struck cases are marked."""
    struck = {f"{case.family}/{case.case}" for case in document.cases if case.status == "struck"}
    found = []
    for panel in document.panels:
        family, _, case = panel.case.partition("/")
        for pair in panel.pairs:
            top, bottom = panel.contenders[pair.numerator], panel.contenders[pair.denominator]
            found.append(
                Row(
                    family=family,
                    case=case,
                    variant=top.variant,
                    against=bottom.variant,
                    profile=top.profile,
                    against_profile=bottom.profile,
                    role=top.role,
                    kind=pair.kind,
                    size=panel.size,
                    rate=panel.rate,
                    label=panel.label,
                    ratios=tuple(pair.ratios),
                    ratio=pair.ratio,
                    low=pair.low,
                    high=pair.high,
                    level=pair.level,
                    verdict=pair.verdict,
                    reason=pair.reason,
                    detectable=pair.detectable,
                    numerator_ns=statistics.median(top.nanoseconds),
                    denominator_ns=statistics.median(bottom.nanoseconds),
                    struck=panel.case in struck,
                )
            )
    return tuple(found)


# ---- text ----------------------------------------------------------------------------------------------------------

# Control characters, and those that reorder or hide text: shown by their number instead of obeyed.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff\ufffe\uffff]"
)


def visible(text: str) -> str:
    """The text with every unprintable or reordering character spelled out, such as ⟨U+202E⟩."""
    return _UNSEEN.sub(lambda found: f"⟨U+{ord(found[0]):04X}⟩", text)


def slug(text: str) -> str:
    """A name that is safe as a file name and as an id."""
    return re.sub(r"[^a-z0-9_]+", "-", text.lower()).strip("-")[:64] or "unnamed"


def ratio_text(ratio: float) -> str:
    """A ratio with about four significant digits, never in powers of ten."""
    return f"{ratio:.3f}" if ratio < 10 else f"{ratio:.1f}" if ratio < 1000 else f"{ratio:,.0f}"


def percent(share: float) -> str:
    """A share as a percentage, such as `1 %` or `0.45 %`."""
    return f"{100 * share:.3g} %" if share >= 0.1 else f"{100 * share:.2g} %"


def count(number: int, noun: str, plural: str = "") -> str:
    """A number with its noun, such as `1 null` or `2 nulls`."""
    return f"{number} {noun if number == 1 else plural or noun + 's'}"


@cache
def _advance(character: str, bold: bool) -> float:
    """Width of a character as a share of the font's size, in DejaVu Sans, which is wider than most of its kind."""
    font = get_font(findfont("DejaVu Sans:bold" if bold else "DejaVu Sans"))
    if not font.get_char_index(ord(character)):
        return 1.0  # drawn by some other font, at most as wide as high
    font.set_size(100, 72)
    return float(font.load_char(ord(character)).linearHoriAdvance) / 65536 / 100


def _width(text: str, size: float, bold: bool = False) -> float:
    """Pixels that a text takes on one line."""
    return size * sum(_advance(character, bold) for character in _line(text))


def _line(text: str) -> str:
    return " ".join(visible(text[:600]).split())


def _fit(text: str, size: float, room: float, bold: bool = False) -> str:
    """The text on one line, cut with … where it does not fit into `room` pixels."""
    line = _line(text)
    if _width(line, size, bold) <= room:
        return line
    ends = accumulate(size * _advance(character, bold) for character in line)
    return line[: bisect_right(list(ends), room - size * _advance("…", bold))] + "…"


def _wrap(text: str, size: float, room: float) -> list[str]:
    lines = [""]
    for word in _line(text).split(" "):
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and _width(longer, size, True) > room:
            lines.append(_fit(word, size, room, True))
        else:
            lines[-1] = _fit(longer, size, room, True)
    return lines


# ---- a sheet to draw on --------------------------------------------------------------------------------------------


class Sheet:
    """A figure measured in pixels from its upper left corner, headed by its title."""

    def __init__(self, title: str, width: float, height: float) -> None:
        lines = _wrap(title, 15, width - 24)
        self.title = title
        self.head = 14 + 20 * len(lines)
        self.width, self.height = width, height + self.head
        self.figure = Figure(figsize=(self.width / 72, self.height / 72), dpi=72, facecolor="#ffffff")
        self.tips: dict[str, list[str]] = {}
        for number, line in enumerate(lines):
            self.text(12, 24 + 20 * number - self.head, line, size=15, weight="bold", gid=f"title-{number}")

    def text(self, x: float, y: float, text: str, **style: object) -> None:
        """Writes a line; y counts from below the title."""
        style = {"size": 11, "color": INK, "va": "baseline"} | style
        place = (x / self.width, self.up(y))
        self.figure.text(*place, text, **style)  # type: ignore[arg-type]

    def up(self, y: float) -> float:
        """Pixels below the title as a share of the figure counted from its lower edge."""
        return 1 - (y + self.head) / self.height

    def axes(self, x: float, y: float, width: float, height: float) -> Axes:
        """An empty, frameless plot; its y axis is in pixels from its upper edge until the caller changes that."""
        box = (x / self.width, self.up(y + height), width / self.width, height / self.height)
        axes = self.figure.add_axes(box)
        axes.set_ylim(height, 0)
        for spine in axes.spines.values():
            spine.set_visible(False)
        axes.tick_params(length=0, pad=4, labelsize=10.5, labelcolor=SOFT)
        axes.patch.set_visible(False)
        axes.set_yticks([])
        return axes

    def finish(self, name: str, kind: str, family: str | None) -> Chart:
        """Writes the figure as SVG without styles, dates and comments."""
        buffer = io.BytesIO()
        self.figure.savefig(
            buffer, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None}
        )
        tree = _clean(buffer.getvalue(), name, self.tips)
        tree.set("font-family", FONTS)
        tree.set("role", "img")
        tree.set("aria-label", visible(self.title))
        svg = ET.tostring(tree, encoding="unicode") + "\n"
        for parent in list(tree.iter()):
            for child in list(parent):
                if child.get("id", "").startswith(f"{name}.title-"):
                    parent.remove(child)
        tree.set("viewBox", f"0 {self.head:g} {self.width:g} {self.height - self.head:g}")
        tree.set("height", f"{self.height - self.head:g}")
        return Chart(name, kind, family, visible(self.title), svg, ET.tostring(tree, encoding="unicode"))


def _clean(raw: bytes, name: str, tips: dict[str, list[str]]) -> ET.Element:
    """The drawing with plain attributes for styles (a strict page forbids styles), ids of its own, and tooltips."""
    ET.register_namespace("", SVG)
    root = ET.fromstring(raw)
    parents = {child: parent for parent in root.iter() for child in parent}
    for element in list(root.iter()):
        if element.tag in {f"{{{SVG}}}metadata", f"{{{SVG}}}style"}:
            parents[element].remove(element)
            continue
        element.tail = None
        if element.text is not None and not element.text.strip():
            element.text = None
        for part in element.attrib.pop("style", "").split(";"):
            key, _, value = part.strip().partition(": ")
            if key and key != "font-family":
                element.set(key, value)
        if element.get("transform", "").startswith(("rotate(-0 ", "rotate(0 ")):
            del element.attrib["transform"]
        if XLINK in element.attrib:
            element.set("href", f"#{name}.{element.attrib.pop(XLINK)[1:]}")
        for key, value in element.attrib.items():
            if value.startswith("url(#"):
                element.set(key, f"url(#{name}.{value[5:]}")
            elif key in {"d", "x", "y", "width", "height"}:
                short = re.sub(r"-?\d+\.\d+", lambda number: f"{round(float(number[0]), 2):g}", value)
                element.set(key, " ".join(short.split()))
        # Matplotlib numbers its groups; such ids say nothing.
        identity = element.attrib.pop("id", "")
        if identity and not re.fullmatch(
            r"(figure|axes|patch|line2d|text|[xy]tick|LineCollection|matplotlib.axis)_\d+", identity
        ):
            element.set("id", f"{name}.{identity}")
            for target, tip in zip(
                element.findall(f".//{{{SVG}}}use") or [element], tips.get(identity, []), strict=False
            ):
                ET.SubElement(target, f"{{{SVG}}}title").text = tip
    _thin(root)
    root.set("width", root.attrib["width"].removesuffix("pt"))
    root.set("height", root.attrib["height"].removesuffix("pt"))
    root.set("stroke-linejoin", "round")
    return root


def _thin(element: ET.Element) -> None:
    """Unwraps groups that say nothing, and lets a group say once what all its marks repeat, to save bytes."""
    for child in element:
        _thin(child)
    group = f"{{{SVG}}}g"
    idle = [child.tag == group and not child.attrib for child in element]
    element[:] = [kept for child, unwrap in zip(element, idle, strict=True) for kept in (child if unwrap else [child])]
    marks = element.findall(f"{{{SVG}}}use")
    if element.tag != group or len(marks) < 2 or len(marks) != len(element):
        return
    for key in ("fill", "fill-opacity", "stroke", "stroke-opacity", "stroke-width", "stroke-linejoin"):
        values = {mark.get(key) for mark in marks}
        if len(values) == 1 and (value := values.pop()) is not None:
            element.set(key, value)
            for mark in marks:
                del mark.attrib[key]


# ---- a logarithmic axis of ratios ----------------------------------------------------------------------------------


def _grids() -> Iterable[list[float]]:
    for step in (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2):
        yield [round(step * number, 6) for number in range(1, int(4 / step) + 1)]
    for digits in ((1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 7), (1, 1.5, 2, 3, 5, 7), (1, 2, 5), (1, 3), (1,)):
        yield sorted(digit * 10.0**power for power in range(-6, 7) for digit in digits)


def ticks(low: float, high: float, pixels: float, room: float) -> list[float]:
    """The finest round ratios between low and high whose labels stay `room` pixels apart; 1 is always among them."""
    scale = pixels / math.log(high / low)
    for grid in _grids():
        inside = [tick for tick in grid if low * 0.9999 <= tick <= high * 1.0001]
        gaps = [math.log(right / left) * scale for left, right in pairwise(inside)]
        # A grid that ends far below the range would leave it bare.
        if grid[-1] >= high and all(gap >= room for gap in gaps):
            return inside if 1.0 in inside else [1.0]
    return [1.0]


def _span(found: Sequence[Row], margin: float) -> tuple[float, float]:
    """The range of an axis that shows every interval and every launch, and some room around the margin."""
    values = [value for row in found for value in (row.ratio, row.low, row.high, *row.ratios) if value]
    low, high = min([*values, 1 / (1 + 1.6 * margin)]), max([*values, 1 + 1.6 * margin])
    room = (high / low) ** 0.03
    return low / room, high * room


def _ratio_axis(axes: Axes, span: tuple[float, float], pixels: float, margin: float, vertical: bool = False) -> None:
    low, high = span
    marks = ticks(low, high, pixels, 24 if vertical else 46)
    axis = axes.yaxis if vertical else axes.xaxis
    (axes.set_yscale if vertical else axes.set_xscale)("log")
    (axes.set_ylim if vertical else axes.set_xlim)(low, high)
    axis.set_major_locator(mpl.ticker.FixedLocator(marks))
    axis.set_major_formatter(mpl.ticker.FixedFormatter([f"{mark:g}" for mark in marks]))
    axis.set_minor_locator(mpl.ticker.NullLocator())
    (axes.axhspan if vertical else axes.axvspan)(1 / (1 + margin), 1 + margin, color=BAND, lw=0, zorder=0)
    for mark in marks:
        strong = mark == 1.0
        line = axes.axhline if vertical else axes.axvline
        line(mark, color=INK if strong else FAINT, lw=1.1 if strong else 0.6, zorder=1 if strong else 0.5)


def _legend(sheet: Sheet, y: float, margin: float, levels: Iterable[float | None]) -> None:
    """One line that explains every mark of a forest."""
    axes = sheet.axes(0, y - 12, sheet.width, 16)
    axes.set_xlim(0, sheet.width)
    axes.set_xticks([])
    x = 16.0
    for verdict, (marker, edge, face) in MARKS.items():
        axes.plot([x], [8], marker=marker, ms=7, mec=edge, mfc=face, ls="none")
        sheet.text(x + 9, y, verdict, color=SOFT)
        x += 26 + _width(verdict, 11)
    known = sorted({level for level in levels if level is not None})
    bar = (
        "interval"
        if not known
        else f"{percent(known[0])} interval"
        if len(known) == 1
        else f"interval ({percent(known[0])} or more)"
    )
    axes.plot([x - 6, x + 12], [8, 8], color=INK, lw=2)
    sheet.text(x + 18, y, bar, color=SOFT)
    x += 36 + _width(bar, 11)
    axes.plot([x - 4, x + 2, x + 8], [8, 8, 8], marker="o", ms=3.2, mfc=INK, mec="none", alpha=0.5, ls="none")
    sheet.text(x + 15, y, "one launch each", color=SOFT)
    x += 36 + _width("one launch each", 11)
    axes.add_patch(Rectangle((x - 4, 2), 16, 12, color=BAND, lw=0))
    sheet.text(x + 17, y, f"within ±{percent(margin)}", color=SOFT)


# ---- forests -------------------------------------------------------------------------------------------------------


def forest_title(family: str | None, kind: str, found: Sequence[Row], margin: float) -> str:
    """One sentence that says what a forest shows."""
    noun, _, reference = KINDS[kind]
    if kind == "null":
        strays = sum(abs(math.log(row.ratio)) > math.log1p(NULL_LIMIT) for row in found)
        middle = statistics.median(abs(math.log(row.ratio)) for row in found)
        verb = "stray" if strays > 1 else "strays"
        return (
            f"Of {count(len(found), 'null')}, the same code against itself, {strays or 'none'} {verb} "
            f"by more than {percent(NULL_LIMIT)}; half lie within {percent(middle)} of 1"
        )
    tally = Counter(row.verdict for row in found)
    prefix = f"{family}: " if family else ""
    if tally["slower"]:
        worst = max((row for row in found if row.verdict == "slower"), key=lambda row: row.ratio)
        verb = "exceeds" if tally["slower"] == 1 else "exceed"
        where = f"{worst.case}/{worst.variant} on {worst.profile}"
        return (
            f"{prefix}{tally['slower']} of {count(len(found), noun)} {verb} {percent(margin)}; "
            f"the highest is {where}, {ratio_text(worst.ratio)} times {reference}"
        )
    if tally["equivalent"] == len(found):
        amount = f"the one {noun} is" if len(found) == 1 else f"all {len(found)} {noun}s are"
        return f"{prefix}{amount} equivalent to {reference} within {percent(margin)}"
    parts = [f"{tally[verdict]} {verdict}" for verdict in ("equivalent", "faster", "unresolved") if tally[verdict]]
    return f"{prefix}none of {count(len(found), noun)} is shown to exceed {percent(margin)}; {', '.join(parts)}"


def tip(row: Row) -> str:
    """What a mark says when it is pointed at."""
    interval = "" if row.low is None or row.high is None else f" [{ratio_text(row.low)}, {ratio_text(row.high)}]"
    arms = f"{row.family}/{row.case}/{row.variant}@{row.profile} over {row.against}@{row.against_profile}"
    return visible(f"{arms}, {row.parameters}: {ratio_text(row.ratio)}{interval} {row.verdict}")


def _places(found: Sequence[Row]) -> list[str]:
    """For each row the profile, and what else tells it from its neighbours."""
    several = len({(row.size, row.rate) for row in found}) > 1
    names = []
    for row in found:
        name = row.profile
        if row.kind == "language":
            name += f" over {row.against}@{row.against_profile}"
        elif row.kind in {"idiom", "full"} and row.against != "raw":
            name += f" over {row.against}"
        names.append(f"{name} · {row.parameters}" if several else name)
    return names


def _points(axes: Axes, sheet: Sheet, found: Sequence[Row], ys: Sequence[float]) -> None:
    """Intervals, launches and verdicts of a forest, one mark per row."""
    bars = [
        (row.low, row.high, y, row)
        for row, y in zip(found, ys, strict=True)
        if row.low is not None and row.high is not None
    ]
    for low, high, y, row in bars:
        axes.plot([low, high], [y, y], color=MARKS[row.verdict][1], lw=2.2, solid_capstyle="butt", zorder=2)
    dots = [(ratio, y + 6.5) for row, y in zip(found, ys, strict=True) for ratio in row.ratios]
    axes.plot(
        *zip(*dots, strict=True), marker="o", ms=3, mfc=INK, mec="none", alpha=0.42, ls="none", zorder=3, gid="dots"
    )
    for verdict, (marker, edge, face) in MARKS.items():
        chosen = [(row.ratio, y, tip(row)) for row, y in zip(found, ys, strict=True) if row.verdict == verdict]
        if chosen:
            xs, heights, texts = zip(*chosen, strict=True)
            axes.plot(
                xs,
                heights,
                marker=marker,
                ms=7,
                mec=edge,
                mfc=face,
                mew=1.3,
                ls="none",
                zorder=4,
                gid=f"marks-{verdict}",
            )
            sheet.tips[f"marks-{verdict}"] = list(texts)


def forest(found: Sequence[Row], name: str, title: str, margin: float) -> Chart:
    """Ratios on a logarithmic axis, one row per pair, headed by case; at least one row."""
    places = _places(found)
    first = min(190.0, max(_width(row.variant, 11.5) for row in found))
    second = min(230.0, max(_width(place, 11) for place in places))
    left, right, step = 12 + 12 + first + 14 + second + 14, 252.0, 20
    left = max(left, 200)
    heads = len(list(groupby(found, key=lambda row: (row.family, row.case))))
    height = step * len(found) + 26 * heads + 4
    kind = found[0].kind
    sheet = Sheet(title, WIDTH, height + 100)
    sheet.text(
        12, 10, f"{KINDS[kind][0].capitalize()}: {KINDS[kind][1]}. Ratio of times, logarithmic scale.", color=SOFT
    )
    _legend(sheet, 34, margin, [row.level for row in found])
    top, plot = 64, WIDTH - left - right
    axes = sheet.axes(left, top, plot, height)
    axes.tick_params(labeltop=True)
    _ratio_axis(axes, _span(found, margin), plot, margin)
    ys: list[float] = []
    y, before = 0.0, ("", "", "")
    for row, place in zip(found, places, strict=True):
        if (row.family, row.case) != before[:2]:
            y += 26
            head = f"{row.family}/{row.case}" if kind == "null" else row.case
            sheet.text(12, top + y - 5, _fit(head, 12, left - 24, True), size=12, weight="bold")
        if (row.family, row.case, row.variant) != before:
            if row.case == before[1]:
                rule = Line2D([12 / WIDTH, 1 - 12 / WIDTH], [sheet.up(top + y)] * 2, color=FAINT, lw=0.6)
                sheet.figure.add_artist(rule)
            sheet.text(24, top + y + 14, _fit(row.variant, 11.5, first), size=11.5)
        before = (row.family, row.case, row.variant)
        ys.append(y + 9)
        line = top + y + 14
        sheet.text(24 + first + 14, line, _fit(place, 11, second), color=SOFT)
        sheet.text(WIDTH - right + 56, line, ratio_text(row.ratio), ha="right", weight="bold", size=11.5)
        if row.low is not None and row.high is not None:
            sheet.text(
                WIDTH - right + 64, line, f"[{ratio_text(row.low)}, {ratio_text(row.high)}]", color=SOFT, size=10.5
            )
        sheet.text(WIDTH - 12, line, row.verdict, ha="right", color=MARKS[row.verdict][1])
        y += step
    _points(axes, sheet, found, ys)
    sheet.text(left, top + height + 32, "← faster", color=SOFT)
    sheet.text(left + plot, top + height + 32, "slower →", color=SOFT, ha="right")
    return sheet.finish(name, kind, None if kind == "null" else found[0].family)


def _pages(found: Sequence[Row]) -> list[list[Row]]:
    """Rows cut into pages of about PAGE_ROWS, never inside an idiom unless it alone is longer."""
    if len(found) <= PAGE_ROWS * 1.25:
        return [list(found)]
    pages: list[list[Row]] = [[]]
    for _, group in groupby(found, key=lambda row: (row.family, row.case, row.variant)):
        members = list(group)
        if pages[-1] and len(pages[-1]) + len(members) > PAGE_ROWS:
            pages.append([])
        for row in members:
            if len(pages[-1]) >= PAGE_ROWS * 1.25:
                pages.append([])
            pages[-1].append(row)
    return pages


def _forests(document: Document, found: Sequence[Row], family: str | None, kind: str) -> list[Chart]:
    order = {profile.name: number for number, profile in enumerate(document.profiles)}
    seen = {key: number for number, key in enumerate(dict.fromkeys((row.family, row.case) for row in found))}
    variants = {key: number for number, key in enumerate(dict.fromkeys(row.variant for row in found))}

    def place(row: Row) -> tuple[float, ...]:
        return (seen[row.family, row.case], variants[row.variant], order.get(row.profile, 999), row.size, row.rate or 0)

    chosen = sorted(found, key=place)
    if not chosen:
        return []
    margin = document.run.margin
    title = forest_title(family, kind, chosen, margin)
    stem = f"forest-{slug(family)}-{kind}" if family else "nulls"
    pages = _pages(chosen)
    if len(pages) == 1:
        return [forest(chosen, stem, title, margin)]
    return [
        forest(page, f"{stem}-{number}", f"{title} (part {number} of {len(pages)})", margin)
        for number, page in enumerate(pages, 1)
    ]


# ---- the map of cases by profiles ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Cell:
    """The cheapest safe idiom of a case in a profile: chosen on odd launches, its ratio estimated on even ones."""

    variant: str
    ratio: float


def cheapest(document: Document, found: Sequence[Row]) -> dict[tuple[str, str], Cell]:
    """By case (`family/case`) and profile the full cost of the cheapest safe idiom, at its worst parameters.

    A plain profile's full cost is its idiom cost, a Rust profile's its language gap. Choosing and estimating on the
    same launches would flatter the winner. An idiom that lacks a parameter which others have is not chosen.
    """
    wanted = {
        profile.name: "language" if profile.language == "rust" else "idiom" if profile.plain == profile.name else "full"
        for profile in document.profiles
    }
    groups: dict[tuple[str, str], dict[str, dict[tuple[int, float | None], list[Row]]]] = defaultdict(dict)
    for row in found:
        if row.role == "safe" and row.kind == wanted.get(row.profile):
            variants = groups[f"{row.family}/{row.case}", row.profile]
            variants.setdefault(row.variant, {}).setdefault((row.size, row.rate), []).append(row)
    cells = {}
    for key, variants in groups.items():
        complete = max(len(parameters) for parameters in variants.values())
        offers = []
        for variant, parameters in variants.items():
            if len(parameters) == complete:
                # The fastest raw code gives the largest ratio, the worst parameter again the largest.
                halves = [_halves(row) for rows_ in parameters.values() for row in rows_]
                chosen_on, estimate = max(halves)
                offers.append((chosen_on, variant, estimate))
        _, variant, estimate = min(offers)
        cells[key] = Cell(variant, estimate)
    return cells


def _halves(row: Row) -> tuple[float, float]:
    """The ratio on odd launches and on even launches; the whole ratio for both where there is but one launch."""
    if len(row.ratios) < 2:
        return row.ratio, row.ratio
    return statistics.median(row.ratios[0::2]), statistics.median(row.ratios[1::2])


def _shade(ratio: float, limit: float) -> tuple[str, str]:
    """Fill and ink of a cell: blue below 1, orange above, paler near 1."""
    share = max(-1.0, min(1.0, math.log(ratio) / limit))
    full = (0xB3, 0x40, 0x1F) if share > 0 else (0x1C, 0x65, 0xA8)
    red, green, blue = (round(0xF4 + (end - 0xF4) * abs(share) ** 0.8) for end in full)
    return f"#{red:02x}{green:02x}{blue:02x}", "#ffffff" if 0.3 * red + 0.59 * green + 0.11 * blue < 140 else INK


def map_title(cells: dict[tuple[str, str], Cell], margin: float) -> str:
    """One sentence that says what the map shows."""
    if not cells:
        return "No safe idiom has been measured against raw code"
    free = sum(cell.ratio <= 1 + margin for cell in cells.values())
    (case, profile), worst = max(cells.items(), key=lambda item: item[1].ratio)
    return (
        f"The cheapest safe idiom costs at most {percent(margin)} over raw code "
        f"in {free} of {count(len(cells), 'cell')}; the highest price is {ratio_text(worst.ratio)}, "
        f"paid by {case} on {profile}"
    )


def heat_map(document: Document, found: Sequence[Row]) -> Chart | None:
    """Cases by profiles, in each cell the ratio of the cheapest safe idiom; None without cases or profiles."""
    cases, profiles = document.cases, document.profiles
    if not cases or not profiles:
        return None
    cells = cheapest(document, found)
    limit = min(math.log(4), max([math.log(1.5), *(abs(math.log(cell.ratio)) for cell in cells.values())]))
    names = [f"{case.family}/{case.case}" for case in cases]
    left = 24 + min(260.0, max(_width(name, 11.5) for name in names))
    wide = max(64.0, min(128.0, (WIDTH - left - 60) / len(profiles)))
    slant = min(200.0, max(_width(profile.name, 11) for profile in profiles)) * 0.64 + 12
    starts = sum(1 for _ in groupby(cases, key=lambda case: case.family)) - 1
    height = 36 * len(cases) + 6 * starts
    width = max(WIDTH, left + wide * len(profiles) + slant + 12)
    sheet = Sheet(map_title(cells, document.run.margin), width, height + slant + 78)
    for line, note in enumerate(MAP_NOTES):
        sheet.text(12, 10 + 16 * line, note, color=SOFT)
    top = 56 + slant
    axes = sheet.axes(left, top, wide * len(profiles), height)
    axes.set_xlim(0, wide * len(profiles))
    axes.set_xticks([])
    for column, profile in enumerate(profiles):
        label = _fit(profile.name, 11, 200)
        sheet.text(left + wide * (column + 0.5), top - 6, label, rotation=40, rotation_mode="anchor", ha="left")
    y = 0.0
    for line, case in enumerate(cases):
        y += 6 if line and cases[line - 1].family != case.family else 0
        sheet.text(left - 12, top + y + 22, _fit(names[line], 11.5, 260), ha="right", size=11.5)
        for column, profile in enumerate(profiles):
            gid = f"cell-{line}-{column}"
            box = Rectangle((wide * column + 1, y + 1), wide - 2, 34, lw=0, gid=gid)
            cell = cells.get((names[line], profile.name))
            if case.status == "struck":
                says = _struck_cell(axes, box)
            elif cell is None:
                box.set(facecolor="#ffffff", edgecolor="#b9c0c6", hatch="////")
                says = "not measured" if profile.status == "measured" else "profile absent"
            else:
                says = _price_cell(axes, box, cell, limit)
            axes.add_patch(box)
            sheet.tips[gid] = [visible(f"{names[line]} on {profile.name}: {says}")]
        y += 36
    return sheet.finish("map", "map", None)


def _struck_cell(axes: Axes, box: Rectangle) -> str:
    box.set(facecolor="#ffffff", edgecolor=INK, linewidth=0.8)
    (left, top), (right, bottom), (x, _) = box.get_xy(), box.get_corners()[2], box.get_center()
    axes.plot([left, right, math.nan, left, right], [top, bottom, math.nan, bottom, top], color=INK, lw=0.8)
    axes.text(
        x, top + 21, "struck", ha="center", size=10.5, color=INK, bbox={"fc": "#ffffff", "ec": "none", "pad": 1.5}
    )
    return "struck, a result was wrong"


def _price_cell(axes: Axes, box: Rectangle, cell: Cell, limit: float) -> str:
    fill, ink = _shade(cell.ratio, limit)
    box.set(facecolor=fill)
    (x, _), top = box.get_center(), box.get_y()
    axes.text(x, top + 15, ratio_text(cell.ratio), ha="center", size=12, color=ink, weight="bold")
    name = _fit(cell.variant, 9.5, box.get_width() - 6)
    axes.text(x, top + 27, name, ha="center", size=9.5, color=ink)
    return f"{cell.variant}, {ratio_text(cell.ratio)}"


# ---- curves over sizes ---------------------------------------------------------------------------------------------

LINES = (("-", "o"), ("--", "s"), (":", "^"), ("-.", "D"), ((0, (6, 1)), "v"), ((0, (1, 1)), "P"))


def curves_title(family: str, facets: Sequence[Sequence[Row]], margin: float) -> str:
    """One sentence that says what the curves show: the steepest of them."""
    series = defaultdict(list)
    for row in sorted((row for facet in facets for row in facet), key=lambda row: row.size):
        series[row.case, row.variant, row.profile, row.rate, row.against].append(row)
    lines = [line for line in series.values() if len(line) > 1]
    ends = max(lines, key=lambda line: abs(math.log(line[-1].ratio / line[0].ratio)))
    low, high = ends[0], ends[-1]
    if abs(math.log(high.ratio / low.ratio)) <= math.log1p(margin):
        return f"{family}: from the smallest to the largest size no idiom's cost moves by more than {percent(margin)}"
    return (
        f"{family}: over sizes the cost of {low.case}/{low.variant} on {low.profile} moves most, "
        f"from {ratio_text(low.ratio)} ({low.parameters}) to {ratio_text(high.ratio)} ({high.parameters})"
    )


def _spread(heights: Sequence[float], room: float) -> list[float]:
    """Label heights moved down until they are `room` apart, in the order given, which is ascending."""
    placed: list[float] = []
    for height in heights:
        placed.append(max(height, placed[-1] + room) if placed else height)
    return placed


def _facet(
    sheet: Sheet, facet: Sequence[Row], box: tuple[float, float, float, float], span: tuple[float, float], margin: float
) -> None:
    """One case in one profile: a line per idiom over sizes."""
    x, y, wide, tall = box
    label_room = 96.0
    axes = sheet.axes(x + 38, y + 22, wide - 38 - label_room, tall - 44)
    sheet.text(
        x + 4, y + 10, _fit(f"{facet[0].case} · {facet[0].profile}", 11.5, wide - 12, True), size=11.5, weight="bold"
    )
    _ratio_axis(axes, span, tall - 44, margin, vertical=True)
    sizes = sorted({row.size for row in facet})
    names = {row.size: row.label for row in facet}
    axes.set_xlim(-0.15, len(sizes) - 0.85)
    distinct = len(set(names.values())) == len(sizes)
    shown = [_fit(names[size] if distinct else f"{size:,}", 10.5, 70) for size in sizes]
    axes.set_xticks(range(len(sizes)), shown)
    series = defaultdict(list)
    for row in sorted(facet, key=lambda row: row.size):
        name = row.variant if row.against == "raw" or row.kind == "language" else f"{row.variant} over {row.against}"
        series[name if row.rate is None else f"{name} rate {row.rate:g}"].append(row)
    ends = []
    for number, (name, line) in enumerate(series.items()):
        style, marker = LINES[number % len(LINES)]
        shade = (INK, "#b3401f", "#1c65a8", "#6b5b95")[number % 4]
        places = [sizes.index(row.size) for row in line]
        values = [row.ratio for row in line]
        axes.vlines(
            places, [row.low or row.ratio for row in line], [row.high or row.ratio for row in line], color=shade, lw=1
        )
        axes.plot(places, values, ls=style, lw=1.6, color=shade, marker=marker, ms=4.5, mfc="#ffffff", mec=shade)
        drop = math.log(span[1] / values[-1]) / math.log(span[1] / span[0]) * (tall - 44)
        ends.append((drop, name, shade))
    ends.sort()
    bottom = y + tall - 20
    heights = _spread([drop for drop, _, _ in ends], 13)
    shift = max(0.0, heights[-1] - (bottom - y - 22))
    for (_, name, shade), height in zip(ends, heights, strict=True):
        sheet.text(
            x + wide - label_room + 6,
            y + 26 + height - shift,
            _fit(name, 10.5, label_room - 12),
            size=10.5,
            color=shade,
        )


def curves(found: Sequence[Row], family: str, margin: float, order: Callable[[str], int]) -> list[Chart]:
    """Ratio over size, one facet per case and profile that has two sizes or more."""
    groups: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in found:
        if row.kind in {"idiom", "language"}:
            groups[row.case, row.profile].append(row)
    cases = list(dict.fromkeys(row.case for row in found))
    keys = sorted(groups, key=lambda key: (cases.index(key[0]), order(key[1])))
    facets = [groups[key] for key in keys if len({row.size for row in groups[key]}) > 1]
    if not facets:
        return []
    title, span = curves_title(family, facets, margin), _span([row for facet in facets for row in facet], margin)
    pages = [facets[start : start + PAGE_FACETS] for start in range(0, len(facets), PAGE_FACETS)]
    charts = []
    for number, page in enumerate(pages, 1):
        part = "" if len(pages) == 1 else f" (part {number} of {len(pages)})"
        lines = math.ceil(len(page) / 3)
        wide, tall = (WIDTH - 24) / 3, 210.0
        sheet = Sheet(title + part, WIDTH, lines * tall + 40)
        sheet.text(
            12,
            10,
            "Ratio of times over size: safe over raw in the same profile, Rust over raw C++; the bars are intervals.",
            color=SOFT,
        )
        for place, facet in enumerate(page):
            box = (12 + wide * (place % 3), 26 + tall * (place // 3), wide, tall)
            _facet(sheet, facet, box, span, margin)
        charts.append(sheet.finish(f"curves-{slug(family)}" + (f"-{number}" if part else ""), "curves", family))
    return charts


# ---- all of them ---------------------------------------------------------------------------------------------------


def draw(document: Document) -> tuple[Chart, ...]:
    """Every chart of the document: the map, per family forests and curves, the nulls; struck cases are left out."""
    order = {profile.name: number for number, profile in enumerate(document.profiles)}
    found = [row for row in rows(document) if not row.struck]
    charts: list[Chart] = []
    with mpl.rc_context(SETTINGS), warnings.catch_warnings():
        # Text stays text: a letter that DejaVu Sans lacks is drawn by the reader's fonts.
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        overview = heat_map(document, found)
        charts += [overview] if overview else []
        for family in dict.fromkeys(row.family for row in found):
            members = [row for row in found if row.family == family]
            for kind in ("idiom", "full", "profile", "language"):
                charts += _forests(document, [row for row in members if row.kind == kind], family, kind)
            charts += curves(members, family, document.run.margin, lambda name: order.get(name, 999))
        charts += _forests(document, [row for row in found if row.kind == "null"], None, "null")
    names = [chart.name for chart in charts]
    if len(set(names)) != len(names):  # only names that break the document's rules collide; ids must stay apart
        raise DeskError(f"two charts are both named {max(names, key=names.count)!r}: rename one of their families")
    return tuple(charts)
