"""Counts as readers see them: ratios in rows, the scatter, and the table of the page."""

from __future__ import annotations

from dataclasses import replace

import matplotlib as mpl
import pytest

from safecost.document.rows import rows
from safecost.document.types import Document
from safecost.report import page as report
from safecost.report.charts.canvas import SETTINGS
from safecost.report.charts.scatter import draw_scatter, scatter_title
from safecost.run import counts
from safecost.testing.whole_report import whole


def test_rows_hold_ratios_of_counts(sample_document: Document) -> None:
    found = {
        row.variant: row
        for row in rows(sample_document)
        if row.kind == "idiom"
        and row.name.endswith("@gcc-o2")
        and row.size == sample_document.counts[0].size
        and row.task == "indexing/sum"
    }
    assert found["at"].instruction_ratio == pytest.approx(9231 / 3080)
    assert (found["at"].instructions, found["at"].allocations) == (9231, 0)
    uncounted = replace(
        sample_document, counts=tuple(replace(one, instructions=None, reason="no") for one in sample_document.counts)
    )
    assert all(row.instruction_ratio is None for row in rows(uncounted))


def test_the_scatter_names_what_outliers_from_the_diagonal_and_counts_disagreements(sample_document: Document) -> None:
    counted = [row for row in rows(sample_document) if row.instruction_ratio is not None and row.kind == "idiom"]
    same = replace(counted[0], instruction_ratio=1.0, ratio=2.0, verdict="slower")
    more = replace(counted[0], variant="more", instruction_ratio=2.0, ratio=1.0, verdict="equivalent")
    alike = replace(counted[0], variant="alike", instruction_ratio=2.0, ratio=2.0, verdict="slower")
    title = scatter_title([same, more, alike], 0.01)
    assert title.startswith("Of 3 pairs 1 execute the same instructions") and ", and 1 execute more in no" in title
    with mpl.rc_context(SETTINGS):
        (chart,) = draw_scatter(sample_document, [same, more, alike])
        assert draw_scatter(sample_document, [replace(same, instruction_ratio=None)]) == []
    assert f">sum/{same.variant}<" in chart.svg and ">sum/more<" in chart.svg and ">sum/alike<" not in chart.svg


def test_the_report_shows_counts_and_says_why_there_are_none(sample_document: Document) -> None:
    page = whole(sample_document, ())
    assert 'id="table-counts"' in page and ">9,231<" in page and "glibc.cpu.hwcaps=-AVX2_Usable" in page
    skipped = replace(sample_document, counts=(), counting=counts.SKIPPED)
    assert "This run did not count" in whole(skipped, ())
    absent = replace(skipped, counting=replace(counts.SKIPPED, status="absent", reason="<b>gone</b>"))
    assert "Nothing was counted: &lt;b&gt;gone&lt;/b&gt;" in whole(absent, ())
    assert "9,231" in report.markdown(sample_document, ())
