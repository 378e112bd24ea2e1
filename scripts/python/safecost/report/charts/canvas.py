"""The sheet that every chart is drawn on, and its colours. Lengths are CSS pixels, y runs downwards."""

from __future__ import annotations

import contextlib
import io
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.typing import RcKeyType

from safecost.core import pages
from safecost.core.text import visible
from safecost.report.charts import svg
from safecost.report.charts.text import wrap

INK, SOFT, FAINT, BAND, PAPER = "#1d2730", "#56616b", "#d5dade", "#e6eaed", "#ffffff"
COSTLIER, CHEAPER = "#b3401f", "#1c65a8"  # orange above 1, blue below
# Of groups that one chart tells apart, in their order; shapes and shades repeat at different places.
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "*")
SHADES = (INK, COSTLIER, CHEAPER, "#6b5b95")
WIDTH = 980  # of every chart but a map of many profiles
FONTS = "system-ui, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, 'DejaVu Sans', sans-serif"
# Text stays text, so that no installed font matters, and ids are salted with a constant.
SETTINGS: dict[RcKeyType, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "safecost",
    "text.parse_math": False,
    "font.family": "DejaVu Sans",
    "axes.unicode_minus": False,
    "path.simplify": False,
    "hatch.linewidth": 0.6,
    "pdf.fonttype": 42,  # TrueType: journals refuse Matplotlib's Type 3
}
# Neither a date nor the version of a library, so that the same figure gives the same bytes.
_METADATA: dict[str, dict[str, None]] = {
    "svg": {"Date": None, "Creator": None, "Format": None, "Type": None},
    "png": {"Software": None},
    "pdf": {"Creator": None, "Producer": None, "CreationDate": None},
}
also: ContextVar[str | None] = ContextVar("also", default=None)


@contextlib.contextmanager
def also_as(kind: str | None) -> Iterator[None]:
    """Draw each chart that is finished within as `png`, two pixels a CSS pixel, or `pdf` as well; None: SVG alone."""
    token = also.set(kind)
    try:
        yield
    finally:
        also.reset(token)


@dataclass(frozen=True, slots=True)
class Chart:
    """A finished chart: `svg` stands alone as a file, `inline` lacks the drawn title for a page that prints it.

    `other` is the same in the other format that was asked for, empty where none was.
    """

    name: str
    kind: str
    family: str | None
    title: str
    svg: str
    inline: str
    other: bytes


def save(drawn: Sequence[Chart], folder: Path, own: re.Pattern[str]) -> None:
    """Write charts/*.svg into the folder, and remove the charts that `own` names and an earlier report left there."""
    at = folder / "charts"
    at.mkdir(parents=True, exist_ok=True)
    names = {f"{chart.name}.svg" for chart in drawn}
    for chart in drawn:
        pages.save(at / f"{chart.name}.svg", chart.svg)
    for path in at.iterdir():
        if path.name not in names and own.fullmatch(path.name) and path.is_file():
            path.unlink()


class Canvas:
    """A figure measured in pixels from its upper left corner, headed by its title."""

    def __init__(self, title: str, width: float, height: float) -> None:
        lines = wrap(title, 15, width - 24)
        self.title = title
        self.head = 14 + 20 * len(lines)
        self.width, self.height = width, height + self.head
        self.figure = Figure(figsize=(self.width / 72, self.height / 72), dpi=72, facecolor=PAPER)
        self.tips: dict[str, list[str]] = {}
        for number, line in enumerate(lines):
            self.text(12, 24 + 20 * number - self.head, line, size=15, weight="bold", gid=f"title-{number}")

    def text(self, x: float, y: float, text: str, **style: object) -> None:
        """Writes a line; y counts from below the title."""
        style = {"size": 11, "color": INK, "va": "baseline"} | style
        place = (x / self.width, self.up(y))
        self.figure.text(*place, text, **style)  # type: ignore[arg-type]

    def notes(self, lines: Sequence[str]) -> None:
        """Writes how to read the chart, below its title."""
        for number, line in enumerate(lines):
            self.text(12, 10 + 16 * number, line, color=SOFT)

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

    def strip(self, x: float, y: float, width: float, height: float) -> Axes:
        """An empty plot whose x axis is in pixels as well."""
        axes = self.axes(x, y, width, height)
        axes.set_xlim(0, width)
        axes.set_xticks([])
        return axes

    def marks(self, axes: Axes, name: str, points: Sequence[tuple[float, float, str]], **style: Any) -> None:
        """Marks at x and y with the texts that they show when pointed at; nothing without points."""
        if points:
            xs, ys, texts = zip(*points, strict=True)
            axes.plot(xs, ys, ls="none", gid=name, **style)
            self.tips[name] = list(texts)

    def key(self, place: int, x: float, top: float, bottom: float, label: str, **mark: Any) -> None:
        """A line of the key right of a plot, a mark and its label; none below the plot's end."""
        y = top + 12 + 20 * place
        if y <= bottom:
            self.strip(x + 28, y - 8, 12, 12).plot([6], [6], ls="none", **mark)
            self.text(x + 48, y + 2, label)

    def finish(self, name: str, kind: str, family: str | None) -> Chart:
        """Writes the figure as SVG without styles, dates and comments."""
        kind_too = also.get()
        other = self._bytes(kind_too) if kind_too else b""
        tree = svg.clean(self._bytes("svg"), name, self.tips)
        tree.set("font-family", FONTS)
        tree.set("role", "img")
        tree.set("aria-label", visible(self.title))
        whole = ET.tostring(tree, encoding="unicode") + "\n"
        svg.without(tree, f"{name}.title-")
        tree.set("viewBox", f"0 {self.head:g} {self.width:g} {self.height - self.head:g}")
        tree.set("height", f"{self.height - self.head:g}")
        return Chart(name, kind, family, visible(self.title), whole, ET.tostring(tree, encoding="unicode"), other)

    def _bytes(self, kind: str) -> bytes:
        buffer = io.BytesIO()
        self.figure.savefig(buffer, format=kind, dpi=144 if kind == "png" else 72, metadata=_METADATA[kind])
        return buffer.getvalue()
