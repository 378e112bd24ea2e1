"""The study runs the shipped statistics, and its document has the tables that it would write."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from safecost.core.errors import ToolError, UsageError
from safecost.core.paths import ROOT
from safecost.lab.studies import of_runs, simulate
from safecost.lab.studies.common import filled
from safecost.lab.studies.simulate import EDGE, confirm, judge, normal
from safecost.lab.studies.statistics_study import STUDIES, TRIALS, certainty, main, run
from safecost.lab.studies.tables import Table
from safecost.stats import pairs as statistics
from safecost.stats import sign_test

DOCUMENT = ROOT / "docs" / "STATISTICS.md"
TINY = 120


@pytest.fixture(scope="module")
def tables() -> dict[str, Table]:
    return run(list(STUDIES), TINY)


def test_the_document_has_the_tables_that_the_study_writes(tables: dict[str, Table]) -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    assert re.findall("<!-- study: (.*?) begins -->", text) == list(STUDIES)
    fresh = filled(text, tables).splitlines()
    kept = text.splitlines()
    assert len(fresh) == len(kept)
    for new, old in zip(fresh, kept, strict=True):
        assert new.count("|") == old.count("|")
        if not re.search(r"\d", new) or new.startswith("| ---"):
            assert new == old
        assert new.split("|")[:2] == old.split("|")[:2]  # what a row is about, and all that is no table


def test_exact_tables_are_what_the_functions_say_today(tables: dict[str, Table]) -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    assert filled(text, {"schedules": tables["schedules"]}) == text
    levels = [row[:3] for row in tables["coverage"].rows]
    assert all(" | ".join(row) in text for row in levels)


def test_the_document_says_how_well_its_rates_are_known() -> None:
    said = certainty(TRIALS)
    assert said.startswith("Rates of 100,000 trials")
    assert said in DOCUMENT.read_text(encoding="utf-8").replace("\n", " ")


def test_the_study_measures_what_is_shipped() -> None:
    assert vars(simulate)["summarise"] is statistics.summarise
    assert vars(simulate)["interval_ranks"] is sign_test.interval_ranks
    assert vars(of_runs)["launch_ratio"] is statistics.launch_ratio
    logs = EDGE + 0.005 * normal(np.random.default_rng(1), 40, 12)
    batch = judge(logs)
    confirm(logs, batch, (), 0.95, pairs=40)
    for wrong in (replace(batch, low=batch.low * 0.99), replace(batch, p=batch.p / 2), replace(batch, level=0.9)):
        with pytest.raises(ToolError, match="as shipped"):
            confirm(logs, wrong, (), 0.95, pairs=40)


def test_the_same_seed_gives_the_same_tables(tables: dict[str, Table]) -> None:
    assert run(["stopping"], TINY)["stopping"] == tables["stopping"]
    assert run(["stopping"], TINY, seed=1)["stopping"] != tables["stopping"]


def test_writing_fills_a_document(tmp_path: Path) -> None:
    path = tmp_path / "document.md"
    path.write_text("Before.\n<!-- study: schedules begins -->\nold\n<!-- study: schedules ends -->\nAfter.\n")
    done = CliRunner().invoke(main, ["--only", "schedules", "--write", str(path)])
    assert done.exit_code == 0, done.output
    assert "| 8, 12, 20, 30 |" in path.read_text()
    assert "old" not in path.read_text()
    assert path.read_text().startswith("Before.\n")
    assert path.read_text().endswith("\nAfter.\n")


def test_what_cannot_be_written_or_run_is_refused(tmp_path: Path) -> None:
    empty = tmp_path / "empty.md"
    empty.touch()
    with pytest.raises(UsageError, match="0 places for study: schedules"):
        filled("", {"schedules": Table(("a",), ())})
    for arguments, word in (
        (["--write", str(empty)], "0 places for study: rounds"),
        (["--write", str(tmp_path / "none.md")], "No such file"),
        (["--only", "covrage"], "no study is called 'covrage'"),
    ):
        done = CliRunner().invoke(main, arguments)
        assert done.exit_code == 2
        assert word in done.output
