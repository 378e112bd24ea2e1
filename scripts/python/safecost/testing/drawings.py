"""Rows to draw, and what can be read off a drawing."""

from __future__ import annotations

import dataclasses
import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from typing import Any

from safecost.document.rows import PairRow
from safecost.report.charts import Chart
from safecost.report.charts.text import width

SVG = "{http://www.w3.org/2000/svg}"


def row(**changes: Any) -> PairRow:
    """A row that is equivalent to raw, with `changes`."""
    plain = PairRow(
        "family", "case", "at", "raw", "gcc-o2", "gcc-o2", "safe", "idiom", None, 4096, None, "L1",
        (1.0,) * 6, 1.0, 0.999, 1.001, 0.96875, "equivalent", None, 0.002, 10.0, 10.0, False,
    )  # fmt: skip
    return dataclasses.replace(plain, **changes)


def the_map(drawn: Sequence[Chart]) -> Chart:
    """The map among the charts of a document."""
    (found,) = (chart for chart in drawn if chart.kind == "map")
    return found


def marks(chart: Chart, name: str) -> list[ET.Element]:
    """The marks drawn under a group whose id matches `name`."""
    root = ET.fromstring(chart.svg)
    return [use for found in root.iter() if re.search(name, found.get("id", "")) for use in found.iter(f"{SVG}use")]


def words(svg: str) -> list[str]:
    """The texts of a drawing."""
    return [text.text or "" for text in ET.fromstring(svg).iter(f"{SVG}text")]


@dataclasses.dataclass(frozen=True, slots=True)
class TextBox:
    """A text of a drawing and what it covers, in the drawing's pixels; `bottom` is that of letters below the line."""

    text: str
    left: float
    top: float
    right: float
    bottom: float

    def overlaps(self, other: TextBox) -> bool:
        """Do both cover the same place?"""
        return (
            self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom
        )


def text_boxes(svg: str) -> list[TextBox]:
    """The level texts of a drawing."""
    found = []
    for text in ET.fromstring(svg).iter(f"{SVG}text"):
        if "transform" in text.attrib:
            continue
        size = float(text.attrib["font-size"].removesuffix("px"))
        x, y = float(text.attrib["x"]), float(text.attrib["y"])
        long = width(text.text or "", size, bold=text.get("font-weight") in {"bold", "700"})
        left = x - long * {"start": 0.0, "middle": 0.5, "end": 1.0}[text.get("text-anchor", "start")]
        found.append(TextBox(text.text or "", left, y - 0.75 * size, left + long, y + 0.2 * size))
    return found


def overlaps(svg: str) -> list[tuple[str, str]]:
    """The pairs of texts of a drawing that cover each other."""
    boxes = text_boxes(svg)
    return [
        (one.text, other.text) for place, one in enumerate(boxes) for other in boxes[place + 1 :] if one.overlaps(other)
    ]
