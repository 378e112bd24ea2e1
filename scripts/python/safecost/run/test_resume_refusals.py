"""Tests of what has changed since a run was begun: what is refused, and what measured again."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from safecost import cli
from safecost.core.privacy import secrets_here
from safecost.document.types import Document
from safecost.machine import facts as machine
from safecost.run.schedule import QUICK
from safecost.testing import commands
from safecost.testing.commands import Ended, read, safecost
from safecost.testing.resumed_runs import end_when, launches, refused, resuming, shape, start
from safecost.testing.toolchains import newest

pytestmark = pytest.mark.build


def entry(capsys: pytest.CaptureFixture[str], *given: str | Path) -> Ended:
    code = cli.entry([str(word) for word in given])
    said = capsys.readouterr()
    return Ended(code, said.out, said.err)


def test_another_machine_is_refused(
    killed_copy: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    other = replace(machine.facts(), cpu="Made-up CPU 9000")
    monkeypatch.setattr(machine, "facts", lambda: other)
    sentences = (
        'the processor is "Made-up CPU 9000" now, and was "',
        "resume it where it was begun, or start a new run.",
    )
    refused(entry(capsys, *resuming(killed_copy)), *sentences)


def test_another_safecost_is_refused(
    killed_copy: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("safecost.run.identity.VERSION", "9.9.9")
    refused(
        entry(capsys, *resuming(killed_copy)),
        'safecost is "9.9.9" now, and was "',
        "go back to the safecost that began",
    )


def test_a_clock_behind_the_runs_start_is_refused(
    killed_copy: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("safecost.document.io.now", lambda: "2020-01-01T00:00:00Z")
    refused(entry(capsys, *resuming(killed_copy)), "was begun at 20", "and the clock says 2020-01-01T00:00:00Z")


def test_another_source_is_refused_and_the_old_one_is_not(
    killed_copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = commands.cases() / "resume" / "one.cc"
    text = file.read_text(encoding="utf-8")
    try:
        file.write_text(f"{text}\n", encoding="utf-8")
        refused(
            entry(capsys, *resuming(killed_copy)),
            "the source of resume/one has changed; undo the change, or start a new",
        )
    finally:
        file.write_text(text, encoding="utf-8")
    assert json.loads((killed_copy / "plan.json").read_text())["resumed"] == 0  # a refusal is no session
    assert entry(capsys, *resuming(killed_copy)).code == 0


def test_another_compiler_is_refused(tmp_path: Path, resumed_cases: None) -> None:
    del resumed_cases
    another = newest("clang++")
    compiler, out = tmp_path / "bin" / "g++-mine", tmp_path / "out"
    compiler.parent.mkdir()

    def becomes(name: str) -> None:
        compiler.write_text(f'#!/bin/sh\nexec {name} "$@"\n', encoding="utf-8")
        compiler.chmod(0o755)

    path = f"{compiler.parent}:{os.environ['PATH']}"
    own = ("--cases", commands.cases(), "--profile", "mine-resumed: g++-mine -O1")
    becomes("g++")
    process = start("run", "--quick", "--out", out, "--filter", "^resume/one", *own, PATH=path)
    end_when(process, lambda: len(list(out.glob("launches/*.json"))) >= 1)
    becomes(another)
    ended = safecost("run", "--resume", out, *own, more={"PATH": path})
    refused(ended, 'the compiler of mine-resumed is "Clang ', 'and was "GNU ', "install the one")


def test_plugins_of_other_bytes_are_refused(killed_copy: Path) -> None:
    plan = killed_copy / "plan.json"
    plain = json.loads(plan.read_text())
    key = "the plugin of resume/two with gcc-o2"
    plain["fixed"]["plugins"][key] = "0" * 64
    plan.write_text(json.dumps(plain))
    refused(safecost(*resuming(killed_copy)), f"{key} has changed; bring back the compiler and the libraries")


def test_options_of_the_users_own_have_to_be_given_again_and_others_not(
    killed_copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    refused(entry(capsys, "run", "--resume", killed_copy), "was begun with a --cases of its user's: give it again")
    refused(entry(capsys, *resuming(killed_copy), "--profile", "mine: g++ -O1"), "was begun without a --profile")
    refused(entry(capsys, *resuming(killed_copy), "--filter", "x"), "was begun without a --filter")


# ---- files that somebody has changed ---------------------------------------------------------------------------------


def test_launches_that_were_spoilt_are_measured_again_and_it_is_told(killed_copy: Path, whole_run: Document) -> None:
    one, two, *_ = sorted((killed_copy / "launches").glob("*.json"))
    before = launches(killed_copy)
    one.write_bytes(one.read_bytes()[:-200])
    two.write_bytes(before[one.name])
    ended = safecost(*resuming(killed_copy))
    assert ended.code == 0, ended
    made = read(killed_copy)
    (problem,) = made.problems
    assert (problem.kind, problem.case, problem.disqualifies) == ("resume", None, False)
    assert problem.message.startswith("measured again: launch ") and problem.message.endswith("and 1 more")
    assert "measured again: launch " in ended.err
    assert shape(made) == shape(whole_run)
    for file in (one, two):
        assert json.loads(file.read_bytes())["safecost"]["order_seed"]
        assert file.read_bytes() != before[file.name]


def test_a_crash_that_was_seen_is_not_forgotten(killed_copy: Path) -> None:
    victim = sorted((killed_copy / "launches").glob("resume.one.*.json"))[-1]
    plain = json.loads(victim.read_bytes())
    arm = plain["benchmarks"][2]["name"]
    kept = {key: plain["journal"][key] for key in ("run", "panel", "launch", "seed")}
    kept["failure"] = {"kind": "crash", "message": "crashed: Aborted\x1b[31m", "contender": arm}
    victim.write_text(json.dumps({"journal": kept}))
    ended = safecost(*resuming(killed_copy))
    assert ended.code == 5, ended
    made = read(killed_copy)
    (problem,) = made.problems
    assert (problem.kind, problem.case, problem.disqualifies) == ("crash", "resume/one", True)
    assert problem.message == "while it was timed: crashed: Aborted"
    (other,) = [panel for panel in made.panels if panel.case == "resume/two"]
    assert (other.ended, len(other.launches)) == ("all_launches", QUICK.launches)
    crashed = [panel for panel in made.panels if panel.case == "resume/one"]  # none, if it was the first launch
    assert all(len(panel.launches) < 6 and panel.ended == "broken" for panel in crashed)


def test_nothing_private_is_in_the_journal(killed_run: Path) -> None:
    for file in (killed_run / "plan.json", *(killed_run / "launches").glob("*.json")):
        text = file.read_text(encoding="utf-8")
        assert str(commands.workshop()) not in text
        assert [secret.what for secret in secrets_here() if secret.expression.search(text)] == []
