"""Tests of the study of change points: it runs what is shipped, and its document has its tables and keeps its word."""

from __future__ import annotations

import re

import numpy as np
import pytest

from safecost.core.paths import ROOT
from safecost.history import changes
from safecost.lab.studies import history_study
from safecost.lab.studies.common import filled
from safecost.lab.studies.history_study import STEPS, STUDIES, matched, planted, run, score
from safecost.lab.studies.tables import Table

DOCUMENT = ROOT / "docs" / "HISTORY.md"


@pytest.fixture(scope="module")
def tables() -> dict[str, Table]:
    return run(list(STUDIES), 2)


def test_the_document_has_the_tables_that_the_study_writes(tables: dict[str, Table]) -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    assert re.findall("<!-- study: (.*?) begins -->", text) == list(STUDIES)
    fresh, kept = filled(text, tables).splitlines(), text.splitlines()
    assert [line.split("|")[:2] for line in fresh] == [line.split("|")[:2] for line in kept]


def test_the_published_precision_and_recall_are_as_good_as_the_document_says() -> None:
    """At least 0.9 wherever the step is four times the noise or more, correlated noise of 1 % apart."""
    text = DOCUMENT.read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([a-z ]+) \| ([\d.]+) % \|(.* / .*)\|$", text, re.MULTILINE)
    assert len(rows) == 15
    for noise, sigma, cells in rows:
        for size, cell in zip(STEPS, cells.split("|"), strict=True):
            if 100 * size >= 4 * float(sigma) and (noise, sigma) != ("correlated", "1"):
                right, found = map(float, cell.split("/"))
                assert min(right, found) >= 0.9, (noise, sigma, size)


def test_planted_steps_are_found_today() -> None:
    """What the document says, once more with other random numbers, on fewer series."""
    for name, noise in history_study.NOISES.items():
        right, found = score(np.random.default_rng(5), 20, noise, 0.005, 0.03)
        assert min(right, found) >= 0.9, name


def test_the_study_measures_what_is_shipped() -> None:
    assert vars(history_study)["find"] is changes.find
    assert changes.Search(magnitude=0.01, segment=5, penalty=6.0) == changes.DEFAULT


def test_a_change_counts_for_one_planted_step_only() -> None:
    assert matched([20, 21, 50], [20, 60]) == 1
    assert matched([18, 62], [20, 60]) == 2
    assert matched([17], [20]) == 0
    levels, places = planted(np.random.default_rng(1), 0.05)
    assert [int(at) + 1 for at in np.flatnonzero(np.diff(levels))] == places
