"""The scatter of counts: names are written only where there is room."""

from __future__ import annotations

from collections.abc import Iterator

import matplotlib as mpl
import numpy as np
import pytest

from safecost.document.rows import PairRow
from safecost.document.types import Document
from safecost.report.charts.canvas import SETTINGS
from safecost.report.charts.scatter import LEFT, MOST_NAMES, PLOT, draw_scatter
from safecost.testing.drawings import marks, overlaps, row, text_boxes


@pytest.fixture(autouse=True)
def _settings() -> Iterator[None]:
    with mpl.rc_context(SETTINGS):
        yield


def spread(count: int, spread: float) -> list[PairRow]:
    random = np.random.default_rng(5)
    return [
        row(variant=f"an_idiom_with_a_name_{number}", ratio=float(ratio), instruction_ratio=float(instructions))
        for number, (ratio, instructions) in enumerate(np.exp(random.normal(0, spread, (count, 2))))
    ]


@pytest.mark.parametrize(("count", "width"), [(20, 0.2), (300, 0.5), (3000, 1.0)])
def test_names_cover_neither_each_other_nor_marks_nor_leave_the_plot(
    sample_document: Document, count: int, width: float
) -> None:
    found = spread(count, width)
    (chart,) = draw_scatter(sample_document, found)
    assert overlaps(chart.svg) == []
    names = [box for box in text_boxes(chart.svg) if box.text.startswith("case/")]
    assert 0 < len(names) <= MOST_NAMES
    assert all(name.left >= LEFT and name.right <= LEFT + PLOT + 1 for name in names)
    places = [(float(mark.attrib["x"]), float(mark.attrib["y"])) for mark in marks(chart, r"\.marks-")]
    assert len(places) == count
    for name in names:
        assert not [at for at in places if name.left < at[0] < name.right and name.top < at[1] < name.bottom]


def test_the_farthest_from_the_diagonal_is_named_first(sample_document: Document) -> None:
    far = row(variant="far", ratio=8.0, instruction_ratio=1.0)
    near = [row(variant=f"near_{number}", ratio=7.9, instruction_ratio=1.0) for number in range(40)]
    (chart,) = draw_scatter(sample_document, [*near, far])
    names = [box.text for box in text_boxes(chart.svg) if box.text.startswith("case/")]
    assert "case/far" in names
    assert len(names) < 12
