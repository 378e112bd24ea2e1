"""The matrix of faults as a chart: every proof is in a box, and a box holds only what tells the same."""

from __future__ import annotations

import re
from dataclasses import replace

import matplotlib as mpl

from safecost.document.outcome import UNSHOWN
from safecost.document.types import Document
from safecost.report.charts import Chart
from safecost.report.charts.canvas import SETTINGS
from safecost.report.charts.matrix import draw_matrices, runs
from safecost.report.safety import matrices
from safecost.testing.drawings import words


def drawn(document: Document) -> list[Chart]:
    with mpl.rc_context(SETTINGS):
        return list(draw_matrices(document))


def test_every_proof_is_in_one_box_with_its_letter(sample_document: Document) -> None:
    found = {chart.family: chart for chart in drawn(sample_document)}
    assert set(found) == {"indexing", "errors"}
    for matrix in matrices(sample_document):
        svg = found[matrix.case.split("/")[0]].svg
        boxes = [run for _, _, cells in matrix.rows for cell in cells for run in runs(cell) if run[0][1].anchor]
        shown = words(svg)
        for letter in {run[0][1].letter for run in boxes}:
            assert shown.count(letter) == sum(run[0][1].letter == letter for run in boxes)
        for run in boxes:
            names = ", ".join(mark.profile for _, mark in run)
            assert re.search(rf"<title>[^<]*: {re.escape(run[0][1].words)} \({re.escape(names)}\)</title>", svg)


def test_profiles_that_tell_the_same_share_a_box_and_others_do_not(sample_document: Document) -> None:
    sums = next(matrix for matrix in matrices(sample_document) if matrix.case == "indexing/sum")
    cells = {variant: [[mark.profile for _, mark in run] for run in runs(cell)] for variant, _, (cell,) in sums.rows}
    assert cells["range_for"] == [["gcc-o2", "gcc-assertions"], ["clang-o2", "rust-o2"]]
    assert cells["raw"] == [["gcc-o2"], ["gcc-assertions"], ["clang-o2"], ["rust-o2"]]


def test_the_title_counts_what_was_caught(sample_document: Document) -> None:
    chart = next(chart for chart in drawn(sample_document) if chart.family == "indexing")
    told = [proof for proof in sample_document.proofs if proof.case == "indexing/sum"]
    caught = sum(proof.caught for proof in told if proof.variant != "raw")
    safe = sum(proof.variant != "raw" for proof in told)
    words = sum(proof.outcome in UNSHOWN for proof in told)
    title = f"indexing: safe idioms catch {caught} of {safe} faults ({words} inexpressible), raw code 0 of 3"
    assert chart.title == title


def test_disqualified_cases_and_runs_without_proofs_have_no_matrix(sample_document: Document) -> None:
    cases = tuple(replace(case, status="disqualified") for case in sample_document.cases)
    assert not drawn(replace(sample_document, cases=cases))
    assert not drawn(replace(sample_document, proofs=()))
