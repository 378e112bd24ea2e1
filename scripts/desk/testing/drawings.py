"""Rows to draw, and what can be read off a drawing."""

from __future__ import annotations

import dataclasses
import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from typing import Any

from desk.charts import Chart
from desk.rows import Row

SVG = "{http://www.w3.org/2000/svg}"


def row(**changes: Any) -> Row:
    """A row that is equivalent to raw, with `changes`."""
    plain = Row(
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
