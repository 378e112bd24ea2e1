"""The map: a number or a reason in every cell."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from safecost.document.types import Document
from safecost.report.charts import Chart
from safecost.testing.drawings import SVG, the_map


def test_map_shows_a_number_or_a_reason_in_every_cell(sample_document: Document, drawn: tuple[Chart, ...]) -> None:
    root = ET.fromstring(the_map(drawn).svg)
    cells = [element for element in root.iter() if ".cell-" in element.get("id", "")]
    assert len(cells) == len(sample_document.cases) * len(sample_document.profiles)
    tips = [element.findtext(f"{SVG}title") or "" for element in cells]
    assert sum("not measured" in tip or "absent" in tip for tip in tips) == the_map(drawn).svg.count("url(#map.h")
    assert "indexing/sum on gcc-assertions: span, 1.379" in tips
