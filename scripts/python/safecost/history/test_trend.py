"""Tests that a trend shows each point, change, toolchain and acceptance, and is the same picture each time."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence

import matplotlib as mpl
import pytest

from safecost.history.plotting import drawn
from safecost.history.records import Acceptance, Toolchain
from safecost.history.showing import TrackStatus
from safecost.history.test_status import counted, found_in
from safecost.history.trend import draw_trend
from safecost.report.charts.canvas import COSTLIER, SETTINGS, SOFT, Chart
from safecost.testing.drawings import marks, words
from safecost.testing.made_up_history import GCC_12, GCC_13, a_history, an_acceptance, noisy


def found(ratios: Sequence[float], *decided: Acceptance, toolchains: Sequence[Toolchain] | None = None) -> TrackStatus:
    (one,) = found_in(a_history(ratios, toolchains), decided)
    return one


def drawing(one: TrackStatus) -> Chart:
    with mpl.rc_context(SETTINGS):
        return draw_trend(one)


def lines_of(chart: Chart, colour: str) -> int:
    return sum(one.get("stroke") == colour for one in ET.fromstring(chart.svg).iter())


def test_an_open_change_is_the_title_and_its_points_are_hollow() -> None:
    chart = drawing(found(noisy([2.0, 2.2], [20, 15])))
    subject, _, rest = chart.title.rpartition(": ")
    assert subject == "indexing/sum/at/size:4096@gcc-o2 over raw@gcc-o2"
    assert rest == "+9.9 % since 2026-01-21, which nobody has accepted"
    assert len(marks(chart, r"\.accepted-0$")) == 20 and len(marks(chart, r"\.open-0$")) == 15
    assert "+9.9 %" in words(chart.svg) and lines_of(chart, COSTLIER) == 1
    assert any(text.startswith("baseline 2.00") or text.startswith("baseline 1.99") for text in words(chart.svg))


def test_an_accepted_change_is_marked_with_its_name_and_all_points_are_filled() -> None:
    chart = drawing(found(noisy([2.0, 2.2], [20, 15]), an_acceptance(20)))
    assert "+9.9 %, accepted by Ada" in words(chart.svg)
    assert len(marks(chart, r"\.accepted-0$")) == 35 and marks(chart, r"\.open-0$") == []
    assert lines_of(chart, COSTLIER) == 0 and lines_of(chart, SOFT) > 0
    assert "from its baseline of 2.2" in chart.title


def test_a_new_toolchain_is_marked_with_the_step_and_has_points_of_its_own() -> None:
    chart = drawing(found(noisy([2.0, 2.6], [12, 12]), toolchains=[GCC_12] * 12 + [GCC_13] * 12))
    assert any(re.fullmatch(r"GNU 13\.1\.0: \+(29|30)\.\d %", text) for text in words(chart.svg))
    assert len(marks(chart, r"\.accepted-0$")) == len(marks(chart, r"\.accepted-1$")) == 12


def test_each_point_tells_its_run() -> None:
    chart = drawing(found([2.0, 2.1, 2.2]))
    titles = [mark.find("{http://www.w3.org/2000/svg}title") for mark in marks(chart, r"\.accepted-0$")]
    said = [title.text for title in titles if title is not None]
    assert len(said) == 3 and said[1] is not None and said[1].startswith("2.100, 2026-01-02, run 00000000")


@pytest.mark.parametrize("kind", ["svg", "png", "pdf"])
def test_the_same_history_gives_the_same_bytes(kind: str) -> None:
    once, twice = (drawn_alone(found(noisy([2.0, 2.2], [20, 15]), an_acceptance(20)), kind) for _ in range(2))
    assert once == twice and len(once) == 1


def drawn_alone(one: TrackStatus, kind: str) -> dict[str, bytes]:
    with mpl.rc_context(SETTINGS):
        return drawn(one, kind)


def test_one_point_identical_points_and_exact_metrics_can_be_drawn() -> None:
    for one in (
        found([2.0]),
        found([2.0] * 20),
        found([1e-9, 1e9] * 10),
        *found_in(counted([0, 0, 64_000, 64_000]), metric="instructions"),
    ):
        chart = drawing(one)
        points = sum(len(marks(chart, rf"\.{kind}-0$")) for kind in ("accepted", "open"))
        assert points == len(one.track.points)


def test_markup_in_a_name_is_text() -> None:
    one = found(noisy([2.0, 2.2], [20, 15]), an_acceptance(20, who="<script>alert(1)</script>"))
    chart = drawing(one)
    assert "<script" not in chart.svg and any("<script>alert" in text for text in words(chart.svg))
