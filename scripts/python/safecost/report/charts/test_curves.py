"""Curves: which facets there are, what their title says, and that the names of lines do not overlap."""

from __future__ import annotations

from collections.abc import Iterator

import matplotlib as mpl
import pytest

from safecost.document.types import Document
from safecost.report.charts.canvas import SETTINGS
from safecost.report.charts.curves import curves_title, draw_curves, spread
from safecost.testing.drawings import row, words


@pytest.fixture(autouse=True)
def _settings() -> Iterator[None]:
    with mpl.rc_context(SETTINGS):
        yield


def test_the_title_names_the_steepest_idiom() -> None:
    flat = [row(variant="flat", size=size, ratio=1.5) for size in (1, 2)]
    steep = [
        row(variant="steep", size=2, ratio=0.8, label="L2"),
        row(variant="steep", size=1, ratio=1.6, label="L1"),
    ]
    assert curves_title("f", [flat + steep], 0.01) == (
        "f: over sizes the cost of case/steep on gcc-o2 moves most, from 1.600 (L1) to 0.800 (L2)"
    )
    assert "no idiom's cost moves by more than 1 %" in curves_title("f", [flat], 0.01)


def test_a_case_with_one_size_has_no_facet(sample_document: Document) -> None:
    cross_run = [row(size=size, case="two", profile=profile) for size in (1, 2) for profile in ("clang-o2", "gcc-o2")]
    (chart,) = draw_curves(sample_document, [row(case="one"), *cross_run])
    heads = [text for text in words(chart.svg) if " · " in text]
    assert heads == ["two · gcc-o2", "two · clang-o2"]
    assert draw_curves(sample_document, [row(case="one"), row(size=1, kind="full"), row(size=2, kind="full")]) == []


def test_many_facets_are_cut_into_parts(sample_document: Document, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("safecost.report.charts.curves.PAGE_FACETS", 2)
    profiles = [profile.name for profile in sample_document.profiles[:3]]
    found = [row(size=size, profile=profile) for profile in profiles for size in (1, 2)]
    drawn = draw_curves(sample_document, found)
    assert [chart.name for chart in drawn] == ["curves-family-1", "curves-family-2"]
    assert [sum(" · " in text for text in words(chart.svg)) for chart in drawn] == [2, 1]


@pytest.mark.parametrize(
    ("heights", "placed"),
    [
        ([], []),
        ([0, 50], [0, 50]),
        ([10, 11, 12], [10, 23, 36]),
        ([0, 0, 60], [0, 13, 60]),
        ([0, 99, 99], [0, 87, 100]),
        ([90, 95, 120], [74, 87, 100]),
    ],
)
def test_labels_are_moved_apart_and_stay_inside(heights: list[float], placed: list[float]) -> None:
    assert spread(heights, 13, 100) == placed


def test_of_many_lines_those_that_move_most_are_named(sample_document: Document) -> None:
    found = [
        row(variant=f"idiom_{number}", size=size, ratio=1.0 + 0.01 * number * (size - 1))
        for number in range(20)
        for size in (1, 2)
    ]
    (chart,) = draw_curves(sample_document, found)
    named = [text for text in words(chart.svg) if text.startswith("idiom_")]
    assert sorted(named) == [f"idiom_{number}" for number in range(14, 20)]
    assert "and 14 more" in words(chart.svg)


def test_of_several_rates_the_one_is_shown_at_which_a_cost_moves_most(sample_document: Document) -> None:
    moves = {0.0: 1.1, 0.5: 1.5, 1.0: 1.2}
    found = [
        row(size=size, rate=rate, ratio=ratio if size == 2 else 1.0) for rate, ratio in moves.items() for size in (1, 2)
    ]
    (chart,) = draw_curves(sample_document, found)
    assert [text for text in words(chart.svg) if text.startswith("case · ")] == ["case · gcc-o2 · rate 0.5"]
