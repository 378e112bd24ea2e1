"""Tests of the charts: what is marked, what is said, and that the bytes do not change."""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
import math
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections import Counter
from pathlib import Path

import matplotlib as mpl
import pytest

from desk import charts
from desk.charts import Chart, Row
from desk.conftest import build_sample_document
from desk.document import Document
from desk.errors import DeskError

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def drawn() -> tuple[Chart, ...]:
    return charts.draw(build_sample_document())


def group(chart: Chart, name: str) -> list[ET.Element]:
    """The marks drawn under a group whose id ends with `name`."""
    root = ET.fromstring(chart.svg)
    return [use for found in root.iter() if re.search(name, found.get("id", "")) for use in found.iter(f"{SVG}use")]


def words(chart: Chart) -> list[str]:
    return [text.text or "" for text in ET.fromstring(chart.svg).iter(f"{SVG}text")]


def row(**changes: object) -> Row:
    plain = Row(
        "family", "case", "at", "raw", "gcc-o2", "gcc-o2", "safe", "idiom", 4096, None, "L1",
        (1.0,) * 6, 1.0, 0.999, 1.001, 0.96875, "equivalent", None, 0.002, 10.0, 10.0, False,
    )  # fmt: skip
    return dataclasses.replace(plain, **changes)  # type: ignore[arg-type]


def test_every_pair_has_one_mark_and_every_launch_one_dot(sample_document: Document, drawn: tuple[Chart, ...]) -> None:
    pairs = [pair for panel in sample_document.panels for pair in panel.pairs]
    forests = [chart for chart in drawn if chart.kind not in {"map", "curves"}]
    assert sum(len(group(chart, r"\.marks-")) for chart in forests) == len(pairs)
    assert sum(len(group(chart, r"\.dots$")) for chart in forests) == sum(len(pair.ratios) for pair in pairs)
    for verdict, number in Counter(pair.verdict for pair in pairs).items():
        assert sum(len(group(chart, rf"\.marks-{verdict}$")) for chart in forests) == number


def test_marks_stand_where_their_ratios_are(sample_document: Document, drawn: tuple[Chart, ...]) -> None:
    (chart,) = (chart for chart in drawn if chart.name == "forest-indexing-idiom")
    placed = [
        (float(mark.get("x", "nan")), float(re.search(r"L\d: ([\d.]+)", mark[0].text or "")[1]))  # type: ignore[index]
        for mark in group(chart, r"\.marks-")
    ]
    (left, low), (right, high) = min(placed), max(placed)
    for x, ratio in placed:
        assert x == pytest.approx(left + (right - left) * math.log(ratio / low) / math.log(high / low), abs=0.8)


def test_same_document_same_bytes(sample_document: Document, drawn: tuple[Chart, ...]) -> None:
    here = hashlib.sha256("".join(chart.svg + chart.inline for chart in drawn).encode()).hexdigest()
    program = (
        "import hashlib\nfrom desk import charts\nfrom desk.conftest import build_sample_document\n"
        "drawn = charts.draw(build_sample_document())\n"
        "print(hashlib.sha256(''.join(chart.svg + chart.inline for chart in drawn).encode()).hexdigest())"
    )
    scripts = Path(charts.__file__).parent.parent
    # Another process has other hash seeds and addresses.
    there = subprocess.run([sys.executable, "-c", program], cwd=scripts, capture_output=True, text=True, check=True)
    assert there.stdout.strip() == here


def test_drawing_leaves_settings_alone(sample_document: Document) -> None:
    before = dict(mpl.rcParams)
    charts.draw(sample_document)
    assert dict(mpl.rcParams) == before


def test_title_is_drawn_in_the_file_and_left_to_the_page_inline(drawn: tuple[Chart, ...]) -> None:
    for chart in drawn:
        assert " ".join(chart.title.split()) in " ".join(words(chart))
        inline = [text.text or "" for text in ET.fromstring(chart.inline).iter(f"{SVG}text")]
        assert chart.title.split(";")[0] not in " ".join(inline)


def test_drawings_hold_no_style_date_or_font_file(drawn: tuple[Chart, ...]) -> None:
    for chart in drawn:
        assert not re.search(r"style=|<style|<metadata|<image|<!--|@font|Date|matplotlib", chart.svg)


def test_ids_are_unique_over_all_charts_and_all_references_lead_somewhere(drawn: tuple[Chart, ...]) -> None:
    roots = [ET.fromstring(chart.inline) for chart in drawn]
    elements = [element for root in roots for element in root.iter()]
    ids = Counter(element.get("id") for element in elements if "id" in element.attrib)
    assert max(ids.values()) == 1
    for element in elements:
        for value in element.attrib.values():
            target = re.fullmatch(r"(?:url\()?#([\w.-]+)\)?", value)
            if target and not re.fullmatch(r"#[0-9a-f]{6}", value):
                assert target[1] in ids


def test_struck_cases_are_on_the_map_but_in_no_forest(sample_document: Document) -> None:
    whole = charts.draw(sample_document)
    assert words(whole[0]).count("struck") == len(sample_document.profiles)
    cases = tuple(
        dataclasses.replace(case, status="struck") if case.case == "sum" else case for case in sample_document.cases
    )
    drawn = charts.draw(dataclasses.replace(sample_document, cases=cases))
    assert not [chart for chart in drawn if chart.family == "indexing"]


def test_map_shows_a_number_or_a_reason_in_every_cell(sample_document: Document, drawn: tuple[Chart, ...]) -> None:
    root = ET.fromstring(drawn[0].svg)
    cells = [element for element in root.iter() if ".cell-" in element.get("id", "")]
    assert len(cells) == len(sample_document.cases) * len(sample_document.profiles)
    tips = [element.findtext(f"{SVG}title") or "" for element in cells]
    assert sum("not measured" in tip or "absent" in tip for tip in tips) == drawn[0].svg.count("url(#map.h")
    assert "indexing/sum on gcc-assertions: span, 1.379" in tips


def test_cheapest_idiom_is_not_flattered_by_the_launches_that_chose_it(sample_document: Document) -> None:
    lucky = row(variant="lucky", ratios=(0.9, 1.2, 0.9, 1.2, 0.9, 1.2), ratio=1.05)
    steady = row(variant="steady", ratios=(1.0,) * 6)
    cell = charts.cheapest(sample_document, [lucky, steady])["family/case", "gcc-o2"]
    assert cell == charts.Cell("lucky", 1.2)


def test_cheapest_idiom_answers_for_its_worst_size_and_the_fastest_raw(sample_document: Document) -> None:
    uneven = [row(variant="uneven", size=size, ratios=(cost,) * 6) for size, cost in ((1, 0.8), (2, 1.5))]
    even = [row(variant="even", size=size, ratios=(1.2,) * 6) for size in (1, 2)]
    slow_raw = [row(variant="even", against="raw_slow", size=2, ratios=(0.7,) * 6)]
    partial = [row(variant="partial", size=1, ratios=(0.5,) * 6)]
    cell = charts.cheapest(sample_document, uneven + even + slow_raw + partial)["family/case", "gcc-o2"]
    assert cell == charts.Cell("even", 1.2)


def test_hardened_profiles_are_held_against_plain_raw_and_rust_against_cpp(sample_document: Document) -> None:
    found = [
        row(profile="gcc-assertions", kind="idiom", ratios=(1.0,) * 6),
        row(profile="gcc-assertions", kind="full", ratios=(1.3,) * 6),
        row(profile="rust-o2", kind="language", ratios=(1.1,) * 6),
        row(profile="rust-o2", kind="language", role="raw", ratios=(0.5,) * 6),
    ]
    cells = charts.cheapest(sample_document, found)
    assert [cell.ratio for cell in cells.values()] == [1.3, 1.1]


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        (
            ["slower", "equivalent"],
            "f: 1 of 2 idiom costs exceeds 1 %; the highest is case/at on gcc-o2, 1.500 times raw",
        ),
        (["equivalent"], "f: the one idiom cost is equivalent to raw within 1 %"),
        (["equivalent"] * 3, "f: all 3 idiom costs are equivalent to raw within 1 %"),
        (["faster", "unresolved"], "f: none of 2 idiom costs is shown to exceed 1 %; 1 faster, 1 unresolved"),
    ],
)
def test_title_says_what_the_forest_shows(verdicts: list[str], expected: str) -> None:
    found = [row(verdict=verdict, ratio=1.5 if verdict == "slower" else 1.0) for verdict in verdicts]
    assert charts.forest_title("f", "idiom", found, 0.01) == expected


def test_title_names_the_highest_of_those_that_are_slower() -> None:
    found = [row(verdict="slower", ratio=1.2), row(verdict="unresolved", ratio=3.0, variant="wild")]
    assert "case/at on gcc-o2, 1.200" in charts.forest_title("f", "idiom", found, 0.01)


@pytest.mark.parametrize(("low", "high"), [(0.98, 1.02), (0.5, 2), (0.93, 2.8), (0.99, 40), (0.001, 1000), (0.2, 1.01)])
def test_ticks_are_within_the_axis_apart_and_include_one(low: float, high: float) -> None:
    found = charts.ticks(low, high, 460, 46)
    assert 1.0 in found
    assert all(low <= tick <= high for tick in found)
    scale = 460 / math.log(high / low)
    assert all(math.log(right / left) * scale >= 46 for left, right in itertools.pairwise(found))
    assert len(found) >= 2


def test_long_forests_are_cut_into_pages_that_keep_idioms_together() -> None:
    found = [row(variant=f"v{number // 13}", profile=f"p{number % 13}") for number in range(13 * 12)]
    pages = charts._pages(found)
    assert [member for page in pages for member in page] == found
    assert all(len(page) <= charts.PAGE_ROWS for page in pages)
    for page, after in itertools.pairwise(pages):
        assert page[-1].variant != after[0].variant


def test_text_is_never_mathematics_nor_markup_and_controls_are_spelled_out() -> None:
    hostile = "$\\frac{}$ <b>&]]> \u202e\x07"
    with mpl.rc_context(charts.SETTINGS):
        chart = charts.forest([row(variant=hostile, case=hostile)], "name", hostile, 0.01)
    shown = words(chart)
    assert "$\\frac{}$ <b>&]]> ⟨U+202E⟩⟨U+0007⟩" in shown
    assert "\u202e" not in chart.svg
    assert "<b>" not in chart.svg


def test_families_that_would_share_a_file_are_refused(sample_document: Document) -> None:
    families = {"indexing/sum": "same!/sum", "errors/sqrt_chain": "same?/sqrt_chain"}
    panels = tuple(dataclasses.replace(panel, case=families[panel.case]) for panel in sample_document.panels)
    with pytest.raises(DeskError, match="both named 'forest-same-idiom'"):
        charts.draw(dataclasses.replace(sample_document, panels=panels))


def test_nothing_measured_draws_a_map_and_nothing_else(sample_document: Document) -> None:
    (chart,) = charts.draw(dataclasses.replace(sample_document, panels=()))
    assert chart.title == "No safe idiom has been measured against raw code"
    assert charts.draw(dataclasses.replace(sample_document, panels=(), cases=())) == ()


def test_labels_fit_their_room_and_say_that_they_were_cut() -> None:
    cut = charts._fit("a_very_long_name_" * 10, 11, 120)
    assert cut.endswith("…")
    assert 90 < charts._width(cut, 11) <= 120
    assert charts._fit("short", 11, 120) == "short"


@pytest.mark.parametrize(("ratio", "text"), [(1.0, "1.000"), (0.00012, "0.000"), (12.345, "12.3"), (12345.6, "12,346")])
def test_ratios_are_written_without_powers_of_ten(ratio: float, text: str) -> None:
    assert charts.ratio_text(ratio) == text
