"""The chart of cost against what is caught, on the sample document."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from safecost.document.types import Document
from safecost.report.charts import draw
from safecost.report.charts.safety import draw_safety, spots
from safecost.report.prices import groups


def test_a_mark_has_the_cost_of_its_times_and_the_share_of_its_proofs(sample_document: Document) -> None:
    gcc = next(group for group in groups(sample_document) if group.name == "gcc-o2")
    found = {spot.name: spot for spot in spots(sample_document, gcc)}
    assert found["indexing/sum/span@gcc-o2"].caught == 0  # it read a foreign byte
    assert (found["indexing/sum/span@gcc-assertions"].caught, found["indexing/sum/at@gcc-o2"].caught) == (1, 1)
    assert not found["indexing/sum/at@gcc-o2"].hardened and found["indexing/sum/span@gcc-assertions"].hardened
    panels = [p for p in sample_document.panels if (p.case, p.profile) == ("indexing/sum", "gcc-o2")]
    worst = 0.0
    for panel in panels:
        times = {arm.variant: sorted(arm.nanoseconds) for arm in panel.contenders}
        worst = max(worst, times["at"][2] / times["raw"][2])
    assert found["indexing/sum/at@gcc-o2"].cost == pytest.approx(worst, rel=0.01)


def test_every_contender_is_one_mark_with_its_name(sample_document: Document) -> None:
    (chart,) = draw_safety(sample_document)
    everything = [spot for group in groups(sample_document) for spot in spots(sample_document, group)]
    for spot in everything:
        assert len(re.findall(rf"<title>{re.escape(spot.name)} over ", chart.svg)) == 1
    assert chart.name in {one.name for one in draw(sample_document)}


def test_without_proofs_there_is_no_chart(sample_document: Document) -> None:
    assert draw_safety(replace(sample_document, proofs=())) == []
