"""The study of the gate: what it plants, what it counts as found, and the bounds it gives."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from safecost.compare.gate import Decision, Policy, decide
from safecost.compare.rows import Comparison, ComparisonRow, RowPlace, SideFacts
from safecost.core.errors import ToolError
from safecost.core.paths import PYTHON
from safecost.lab.studies import gate_study
from safecost.lab.studies.common import insert
from safecost.lab.studies.gate_plants import CASES, NOTHING, PLANTS, Plant
from safecost.lab.studies.gate_study import GateExtent, GateOutcome, markdown, verdict_of
from safecost.testing import commands

POLICY = Policy(date(2026, 1, 1))
INSTRUCTION, CHECK, TIME = PLANTS[0], PLANTS[2], PLANTS[4]


def row(case: str, variant: str, metric: str, verdict: str, confirmed: bool | None = None) -> ComparisonRow:
    place = RowPlace(case, variant, "gcc-o3", 64)
    return ComparisonRow(place, metric, 1.0, 2.0, verdict, 1.0, confirmed=confirmed)  # type: ignore[arg-type]


def decision(*rows: ComparisonRow) -> Decision:
    return decide(Comparison(SideFacts("base"), SideFacts("head"), "live", 0.01, rows), POLICY)


def verdict(plant: Plant, *rows: ComparisonRow) -> GateOutcome:
    return verdict_of(plant, rows, decision(*rows), neighbours=False, seconds=1.0)


@pytest.mark.parametrize("plant", [NOTHING, *PLANTS], ids=lambda plant: plant.name)
def test_each_plant_changes_its_own_case(plant: Plant, tmp_path: Path) -> None:
    plant.apply(tmp_path / "head")
    changed = [
        file.name
        for file in sorted((tmp_path / "head/gate").iterdir())
        if file.read_text() != (CASES / "gate" / file.name).read_text()
    ]
    assert changed == [f"{plant.case.partition('/')[2]}.cc"]


def test_a_plant_that_finds_no_place_is_told(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="has 0 places for one more instruction"):
        replace(INSTRUCTION, changes=(("gone", ""),)).apply(tmp_path / "head")


def test_found_is_a_failing_row_of_the_metric_that_must_find_it() -> None:
    found = verdict(INSTRUCTION, row("gate/walk", "at", "instructions", "regression"))
    assert (found.exit_code, found.found, found.wrongly) == (3, ("instructions",), ())
    by_another = verdict(INSTRUCTION, row("gate/walk", "at", "code_bytes", "regression"))
    assert (by_another.exit_code, by_another.found, by_another.wrongly) == (3, (), ())
    missed = verdict(INSTRUCTION, row("gate/walk", "at", "instructions", "unchanged"))
    assert (missed.exit_code, missed.found) == (0, ())


def test_red_where_nothing_was_planted_is_wrong() -> None:
    elsewhere = verdict(INSTRUCTION, row("gate/walk", "range_for", "instructions", "regression"))
    assert elsewhere.found == () and len(elsewhere.wrongly) == 1
    nothing = verdict(NOTHING, row("gate/walk", "at", "instructions", "regression"))
    assert (nothing.exit_code, len(nothing.wrongly)) == (3, 1)


def test_a_time_that_was_not_confirmed_is_beyond_and_not_red() -> None:
    unconfirmed = verdict(TIME, row("gate/repeat", "idiom", "direct_time", "regression"))
    assert (unconfirmed.exit_code, unconfirmed.rows, unconfirmed.beyond, unconfirmed.found) == (0, 1, 1, ())
    confirmed = verdict(TIME, row("gate/repeat", "idiom", "direct_time", "regression", confirmed=True))
    assert (confirmed.exit_code, confirmed.found) == (3, ("direct_time",))


def test_tables_bound_what_they_count() -> None:
    calm = GateOutcome(NOTHING.name, False, 0, 5, 0, (), (), False, 1.0)
    verdicts = [calm] * 199 + [replace(calm, exit_code=3, beyond=1)]
    verdicts += [GateOutcome(CHECK.name, True, 3, 5, 0, ("catch",), (), False, 1.0)] * 5
    text = "\n".join(markdown(verdicts))
    assert "| as it is | 200 | 1 | 2.8 % | 1 of 1000 |" in text  # 1 of 200: at most 2.75 %, Clopper and Pearson
    assert "| check dropped | busy neighbours | 5 of 5 | 54.9 % | catch | 0 |" in text
    assert "0.0 %" not in "\n".join(markdown([calm] * 200)), "none of 200 bounds a rate at 1.5 %"
    assert "| 200 | 0 | 1.5 % |" in "\n".join(markdown([calm] * 200))


def test_the_extent_is_in_proportion() -> None:
    assert GateExtent.of(200) == GateExtent(200, 50, 10, 5)
    assert GateExtent.of(1) == GateExtent(1, 1, 1, 1)


def test_the_document_has_the_marks_of_the_tables(tmp_path: Path) -> None:
    copy = tmp_path / "GATE.md"
    copy.write_text(gate_study.DOCUMENT.read_text(encoding="utf-8"), encoding="utf-8")
    insert(copy, "gate", "| new |\n")
    assert "<!-- gate.md begins -->\n| new |\n<!-- gate.md ends -->" in copy.read_text(encoding="utf-8")


@pytest.mark.build
def test_its_smallest_form_finds_what_it_plants(tmp_path: Path) -> None:
    """Times of a busy machine prove nothing, so only what is exact is asked for here."""
    out = tmp_path / "gate.json"
    done = subprocess.run(
        [sys.executable, "-P", "-m", "safecost.lab.studies.gate_study", "--times", "1", "--out", str(out)],
        cwd=PYTHON, env=commands.environment(), capture_output=True, text=True, check=False,
        timeout=2 * commands.PATIENCE,
    )  # fmt: skip
    assert done.returncode in (0, 1), done.stderr
    made = json.loads(out.read_text(encoding="utf-8"))
    assert made["complete"]
    by_plant = {(one["plant"], one["busy"]): one for one in made["verdicts"]}
    assert len(by_plant) == 2 * (1 + len(PLANTS))
    for plant in PLANTS:
        for neighbours in (False, True):
            if not plant.timed_only:
                assert by_plant[plant.name, neighbours]["found"] == list(plant.found_by)
    exact = [text for text in by_plant[NOTHING.name, False]["wrongly"] if not text.endswith("_time")]
    assert not exact
