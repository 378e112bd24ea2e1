"""All charts of a document: what is drawn, that the bytes do not change, and that ids and files stay apart."""

from __future__ import annotations

import dataclasses
import hashlib
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections import Counter

import matplotlib as mpl
import pytest

from safecost.core.errors import ToolError
from safecost.core.paths import PYTHON
from safecost.document.rows import valid_rows
from safecost.document.types import Document
from safecost.report import charts
from safecost.report.charts import Chart
from safecost.testing.drawings import marks, the_map, words


def test_every_pair_has_one_mark_and_every_launch_one_dot(sample_document: Document, drawn: tuple[Chart, ...]) -> None:
    # Of a family with profile costs of safe code those of raw code are in the table alone.
    rows = valid_rows(sample_document)
    safe = {row.family for row in rows if row.kind == "profile" and row.role == "safe"}
    pairs = [row for row in rows if row.kind != "profile" or row.role == "safe" or row.family not in safe]
    forests = [chart for chart in drawn if chart.kind not in {"map", "curves", "counts", "safety", "matrix"}]
    assert sum(len(marks(chart, r"\.marks-")) for chart in forests) == len(pairs)
    assert sum(len(marks(chart, r"\.dots$")) for chart in forests) == sum(len(pair.ratios) for pair in pairs)
    for verdict, number in Counter(pair.verdict for pair in pairs).items():
        assert sum(len(marks(chart, rf"\.marks-{verdict}$")) for chart in forests) == number


def test_same_document_same_bytes(drawn: tuple[Chart, ...]) -> None:
    here = hashlib.sha256("".join(chart.svg + chart.inline for chart in drawn).encode()).hexdigest()
    program = (
        "import hashlib\nfrom safecost.report import charts\n"
        "from safecost.testing.sample_document import build_sample_document\n"
        "drawn = charts.draw(build_sample_document())\n"
        "print(hashlib.sha256(''.join(chart.svg + chart.inline for chart in drawn).encode()).hexdigest())"
    )
    scripts = PYTHON
    # Another process has other hash seeds and addresses.
    there = subprocess.run([sys.executable, "-c", program], cwd=scripts, capture_output=True, text=True, check=True)
    assert there.stdout.strip() == here


def test_drawing_leaves_settings_alone(sample_document: Document) -> None:
    before = dict(mpl.rcParams)
    charts.draw(dataclasses.replace(sample_document, panels=sample_document.panels[:1]))
    assert dict(mpl.rcParams) == before


def test_title_is_drawn_in_the_file_and_left_to_the_page_inline(drawn: tuple[Chart, ...]) -> None:
    for chart in drawn:
        assert " ".join(chart.title.split()) in " ".join(words(chart.svg))
        assert chart.title.split(";")[0] not in " ".join(words(chart.inline))


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


def test_disqualified_cases_are_on_the_map_but_in_no_forest(
    sample_document: Document, drawn: tuple[Chart, ...]
) -> None:
    assert words(the_map(drawn).svg).count("disqualified") == len(sample_document.profiles)
    cases = tuple(
        dataclasses.replace(case, status="disqualified") if case.case == "sum" else case
        for case in sample_document.cases
    )
    others = charts.draw(dataclasses.replace(sample_document, cases=cases))
    assert not [chart for chart in others if chart.family == "indexing"]


def test_families_that_would_share_a_file_are_refused(sample_document: Document) -> None:
    families = {"indexing/sum": "same!/sum", "errors/sqrt_chain": "same?/sqrt_chain"}
    panels = tuple(dataclasses.replace(panel, case=families[panel.case]) for panel in sample_document.panels)
    with pytest.raises(ToolError, match="both named 'forest-same-idiom'"):
        charts.draw(dataclasses.replace(sample_document, panels=panels))


def test_nothing_measured_draws_a_map_and_nothing_else(sample_document: Document) -> None:
    (chart,) = charts.draw(dataclasses.replace(sample_document, panels=(), proofs=()))
    assert chart.title == "No safe idiom has been measured against raw code"
    assert charts.draw(dataclasses.replace(sample_document, panels=(), cases=())) == ()


def test_every_chart_has_the_name_of_a_chart(drawn: tuple[Chart, ...]) -> None:
    assert len(drawn) > 5
    for chart in drawn:
        for name in (chart.name, f"{chart.name}-2"):  # that of a second part
            assert charts.FILE_NAME.fullmatch(f"{name}.svg")


@pytest.mark.parametrize("name", ["logo.svg", "map.png", "map.svg.bak", "my map.svg", "forest.svg", "forest-trees.svg"])
def test_other_files_have_no_name_of_a_chart(name: str) -> None:
    assert not charts.FILE_NAME.fullmatch(name)
