"""Forests: where their marks stand, what their titles say, how long ones are cut."""

from __future__ import annotations

import itertools
import math
import re

import matplotlib as mpl
import pytest

from safecost.document.types import Document
from safecost.report.charts import Chart
from safecost.report.charts.canvas import SETTINGS
from safecost.report.charts.forest import PAGE_ROWS, draw_forest, draw_forests, forest_title, pages
from safecost.testing.drawings import marks, row, words


def test_marks_stand_where_their_ratios_are(drawn: tuple[Chart, ...]) -> None:
    (chart,) = (chart for chart in drawn if chart.name == "forest-indexing-idiom")
    placed = [
        (float(mark.get("x", "nan")), float(re.search(r"L\d: ([\d.]+)", mark[0].text or "")[1]))  # type: ignore[index]
        for mark in marks(chart, r"\.marks-")
    ]
    (left, low), (right, high) = min(placed), max(placed)
    for x, ratio in placed:
        assert x == pytest.approx(left + (right - left) * math.log(ratio / low) / math.log(high / low), abs=0.8)


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        (
            ["slower", "equivalent"],
            "f: 1 of 2 idiom costs exceeds 1 %; the highest is case/at on gcc-o2, 1.500 times raw",
        ),
        (["equivalent"], "f: the one idiom cost is equivalent to raw within 1 %"),
        (["equivalent"] * 3, "f: all 3 idiom costs are equivalent to raw within 1 %"),
        (["faster", "inconclusive"], "f: none of 2 idiom costs is shown to exceed 1 %; 1 faster, 1 inconclusive"),
    ],
)
def test_title_says_what_the_forest_shows(verdicts: list[str], expected: str) -> None:
    found = [row(verdict=verdict, ratio=1.5 if verdict == "slower" else 1.0) for verdict in verdicts]
    assert forest_title("f", "idiom", found, 0.01) == expected


def test_title_names_the_highest_of_those_that_are_slower() -> None:
    found = [row(verdict="slower", ratio=1.2), row(verdict="inconclusive", ratio=3.0, variant="wild")]
    assert "case/at on gcc-o2, 1.200" in forest_title("f", "idiom", found, 0.01)


def test_cases_and_idioms_are_named_where_they_begin() -> None:
    arms = [("sum", "at"), ("sum", "at"), ("sum", "span"), ("gather", "span")]
    found = [row(case=case, variant=variant, profile=f"p{place}") for place, (case, variant) in enumerate(arms)]
    with mpl.rc_context(SETTINGS):
        chart = draw_forest(found, "name", "title", 0.01)
    names = [text for text in words(chart.svg) if text in {"sum", "gather", "at", "span"} or text.startswith("p")]
    assert names == ["sum", "at", "p0", "p1", "span", "p2", "gather", "span", "p3"]


def test_long_forests_are_cut_into_pages_that_keep_idioms_together() -> None:
    found = [row(variant=f"v{number // 13}", profile=f"p{number % 13}") for number in range(13 * 12)]
    cut = pages(found)
    assert [member for page in cut for member in page] == found
    assert all(len(page) <= PAGE_ROWS for page in cut)
    for page, after in itertools.pairwise(cut):
        assert page[-1].variant != after[0].variant


def test_text_is_never_mathematics_nor_markup_and_calibrations_are_spelled_out() -> None:
    hostile = "$\\frac{}$ <b>&]]> \u202e\x07"
    with mpl.rc_context(SETTINGS):
        chart = draw_forest([row(variant=hostile, case=hostile)], "name", hostile, 0.01)
    shown = words(chart.svg)
    assert "$\\frac{}$ <b>&]]> ⟨U+202E⟩⟨U+0007⟩" in shown
    assert "\u202e" not in chart.svg
    assert "<b>" not in chart.svg


def test_of_many_aa_pairs_those_that_differ_are_listed(sample_document: Document) -> None:
    outliers = [row(kind="aa", role="aa", variant="aa", ratio=1.02, profile=f"p{place}") for place in range(3)]
    calm = [row(kind="aa", role="aa", variant="aa", ratio=1.001, profile=f"c{place}") for place in range(100)]
    with mpl.rc_context(SETTINGS):
        (chart,) = draw_forests(sample_document, [*calm, *outliers])
        few = draw_forests(sample_document, [*calm[:5], *outliers])
        assert draw_forests(sample_document, calm) == []
    assert {text for text in words(chart.svg) if re.fullmatch(r"[pc]\d+", text)} == {"p0", "p1", "p2"}
    assert chart.title.startswith("Of 103 A/A pairs") and chart.title.endswith("shown are those that are off")
    assert {"c4", "p0"} <= set(words(few[0].svg))
