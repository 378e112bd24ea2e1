"""The whole self-test on real plugins, with amounts that are small: what it writes, and what an interrupt leaves."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from rich.console import Console

from safecost.core.errors import OK
from safecost.lab.selftest import command, study
from safecost.lab.selftest.study import Amounts

SMALL = Amounts(frozenset({"gcc-o2"}), 1, 12, 0.004, 1, {"straight": 0.1, "branchy": 0.1}, 1, 6, 12, 1)


def test_more_times_multiplies_what_bounds_rates() -> None:
    made = study.more(SMALL, 3)
    assert (made.aa_launches, made.trials, made.busy_aa_launches, made.busy_trials) == (36, 3, 36, 3)
    assert made.trial_seconds == SMALL.trial_seconds


@pytest.mark.build
def test_a_self_test_of_real_plugins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "QUICK", SMALL)
    assert command.run(True, 1, 7, tmp_path, Console(width=100)) == OK
    made = json.loads((tmp_path / "selftest.json").read_text(encoding="utf-8"))
    assert (made["complete"], made["quick"], made["seed"], made["notes"]) == (True, True, 7, [])
    assert {(one["background"], one["built_twice"]) for one in made["aa_pairs"]} == {
        ("idle", False), ("idle", True), ("busy", False), ("busy", True),
    }  # fmt: skip
    assert all(one["intervals"] == one["pairs"] > 0 for one in made["aa_pairs"])
    assert {(one["case"], one["planted"]) for one in made["power"]} == {
            (f"calibration/{case}", planted) for case in ("straight", "branchy") for planted in (1.01, 1.02)
        }  # fmt: skip
    assert len(made["accompanied"]) == 1
    assert made["counted"]["identical"] == made["counted"]["contenders"] > 0
    assert (tmp_path / "selftest.html").exists() and (tmp_path / "selftest.md").exists()


@pytest.mark.build
def test_an_interrupt_leaves_what_was_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "QUICK", SMALL)
    monkeypatch.setattr(study.Selftest, "_power_of", interrupted)
    with pytest.raises(KeyboardInterrupt):
        command.run(True, 1, 7, tmp_path, Console(width=100))
    made = json.loads((tmp_path / "selftest.json").read_text(encoding="utf-8"))
    assert (made["complete"], len(made["power"])) == (False, 0)
    assert made["aa_pairs"]
    assert "interrupted" in (tmp_path / "selftest.html").read_text(encoding="utf-8")
