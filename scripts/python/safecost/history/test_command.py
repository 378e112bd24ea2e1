"""Tests of `safecost history` as users type it, on run documents of a made-up half year."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from safecost import cli
from safecost.core.paths import ROOT
from safecost.document.types import Document
from safecost.history.store import Store
from safecost.testing.commands import Ended
from safecost.testing.made_up_history import write_runs

STEP, SWITCH, DAYS = 14, 24, 32
AT = "indexing/sum/at/size:4096@gcc-o2 over raw@gcc-o2"
Say = Callable[..., Ended]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory, sample_document: Document) -> list[Path]:
    """Runs of following days: idioms cost 12 % more from STEP on, and a new GCC builds from SWITCH on."""
    factors = [1.0] * STEP + [1.12] * (DAYS - STEP)
    compilers = ["GNU 12.2.0"] * SWITCH + ["GNU 13.1.0"] * (DAYS - SWITCH)
    return write_runs(tmp_path_factory.mktemp("runs"), sample_document, factors, compilers)


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Say:
    """Types `safecost history` with words and the test's own database."""

    def typed(verb: str, *words: str | Path) -> Ended:
        code = cli.entry(["history", verb, *map(str, words), "--database", str(tmp_path / "history.sqlite")])
        said = capsys.readouterr()
        return Ended(code, said.out, said.err)

    return typed


def refused(ended: Ended, words: str, code: int = 2) -> None:
    assert ended.code == code, ended
    assert ended.out == "" and ended.err.startswith("safecost: ") and ended.err.count("\n") == 1, ended
    assert words in ended.err and ended.err.rstrip("\n").isprintable()


def of(found: str, subject: str) -> dict[str, Any]:
    (one,) = (one for one in json.loads(found) if one["subject"] == subject)
    return dict(one)


def test_the_story_of_a_series_from_add_to_accept(say: Say, runs: list[Path], tmp_path: Path) -> None:
    added = say("add", *runs[:SWITCH])
    assert added.code == 0 and added.out.count(": added to ") == SWITCH
    assert re.search(r"as run [0-9a-f]{8}: \d+ pairs, 4 counts, 2 kernels, \d+ outcomes\n", added.out)
    again = say("add", runs[0])
    assert again.code == 0 and ": already in " in again.out

    shown = say("show")
    assert shown.code == 0
    heading = f"2026-01-{STEP + 1}, run "
    (block,) = (part for part in shown.out.split("\n\n") if part.startswith(heading))
    assert f"commit {STEP + 1:040x}"[:17] in block and "before it commit" in block
    assert re.search(rf"change: {re.escape(AT)}: \+1[12]\.\d % \(2\.4\d* to 2\.[67]\d*\), not accepted", block)
    assert say("show", "--check").code == 3
    assert say("show", "--check", "--filter", "gcc-assertions over fastest").code == 0
    assert "indexing/sum/raw_twin" not in shown.out

    accepted = say("accept", "sum/at/size:4096@gcc-o2", "--reason", "checks on purpose", "--by", "Ada")
    assert accepted.code == 0 and accepted.out.startswith(f"accepted: {AT}: +1")
    refused(say("accept", "sum/at/size:4096@gcc-o2", "--reason", "again", "--by", "Ada"), "nothing was accepted")
    assert say("show", "--check", "--filter", re.escape(AT)).code == 0
    found = of(say("show", "--json", "--filter", re.escape(AT)).out, AT)
    (change,) = found["changes"]
    assert change["accepted"]["who"] == "Ada" and change["accepted"]["why"] == "checks on purpose"
    assert found["accepted_points"] == SWITCH - STEP and found["baseline"] == pytest.approx(2.41 * 1.12, rel=0.01)

    assert say("add", *runs[SWITCH:]).code == 0
    later = say("show", "--filter", re.escape(AT))
    assert re.search(r"toolchain: 1 new series from GNU 12.2.0 to GNU 13.1.0, that moved nothing", later.out)
    assert "checks on purpose" in later.out
    found = of(say("show", "--json", "--filter", re.escape(AT)).out, AT)
    assert found["points"] == DAYS - SWITCH and len(found["toolchains"]) == 1

    plotted = say("plot", "--filter", "sum/at/size:4096@gcc-o2", "--out", tmp_path / "trends")
    assert plotted.code == 0 and plotted.out.startswith("wrote 1 chart to")
    (chart,) = (tmp_path / "trends").iterdir()
    drawing = chart.read_text(encoding="utf-8")
    assert "accepted by Ada" in drawing and "GNU 13.1.0" in drawing and "2026-01-01" in drawing

    lines = tmp_path / "data" / "history.jsonl"
    lines.parent.mkdir()
    assert say("export", "--out", lines).code == 0
    before = lines.read_bytes()
    (tmp_path / "history.sqlite").rename(tmp_path / "lost.sqlite")
    lines.write_bytes(before + before)
    assert say("import", lines).code == 0
    assert say("export", "--out", lines).code == 0
    assert lines.read_bytes() == before
    assert of(say("show", "--json", "--filter", re.escape(AT)).out, AT) == found


def test_other_metrics_have_series_too(say: Say, runs: list[Path]) -> None:
    say("add", *runs[:3])
    for metric, subject in (
        ("instructions", "indexing/sum/raw/size:4096@gcc-o2"),
        ("code-bytes", "indexing/sum/at@gcc-o2"),
        ("checks", "indexing/sum/at@gcc-o2"),
        ("packed", "indexing/sum/raw@gcc-o2"),
        ("allocations", "indexing/sum/raw/size:4096@gcc-o2"),
    ):
        shown = say("show", "--metric", metric, "--all")
        assert shown.code == 0 and subject in "".join(shown.out.split()), metric
    assert "0 changes not accepted" in say("show", "--metric", "outcome").out
    refused(say("show", "--metric", "speed"), "--metric speed: there are outcome, instructions,")


def test_aa_pairs_are_shown_when_asked_for(say: Say, runs: list[Path]) -> None:
    say("add", runs[0])
    count = {words: len(json.loads(say("show", "--json", *words).out)) for words in ((), ("--aa-pairs",))}
    assert 0 < count[()] < count["--aa-pairs",]


def test_an_acceptance_can_name_a_run_and_needs_somebody(
    say: Say, runs: list[Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    added = say("add", *runs[:6])
    number = re.findall(r"as run ([0-9a-f]{8})", added.out)[3]
    accepted = say("accept", re.escape(AT), "--run", number, "--reason", "inputs were wrong before", "--by", "Ada")
    assert accepted.code == 0 and "the baseline begins at 2.4" in accepted.out
    assert of(say("show", "--json", "--filter", re.escape(AT)).out, AT)["accepted_points"] == 3
    refused(say("accept", AT, "--run", "ffff", "--reason", "x", "--by", "Ada"), "--run ffff: no run of the history")
    refused(say("accept", "nobody", "--reason", "x", "--by", "Ada"), "finds none of")
    refused(say("accept", AT, "--reason", " ", "--by", "Ada"), "--reason is empty")
    refused(say("accept", AT, "--reason", "a\x1b[31m", "--by", "Ada"), "--reason must be one line")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", "/dev/null")
    monkeypatch.chdir(tmp_path)
    refused(say("accept", AT, "--reason", "x"), "Nobody is named: git has no user.name here")


def test_what_is_not_there_or_something_else_is_told(say: Say, runs: list[Path], tmp_path: Path) -> None:
    refused(say("show"), "There is no history at")
    refused(say("add", tmp_path / "none"), "none does not exist: give the run.json of a run")
    refused(say("import", tmp_path / "none"), "none does not exist: give a history as JSON Lines")
    (tmp_path / "plan.json").touch()
    refused(say("add", tmp_path), "holds a run that has not ended: ")
    old = tmp_path / "old.json"
    old.write_text(re.sub(r'"schema_version": 4', '"schema_version": 1', runs[0].read_text()))
    refused(say("add", old), "was written by an older safecost (schema 1; this one reads 2 and newer)")
    other = tmp_path / "other.json"
    other.write_text('{"schema": "something-else"}')
    refused(say("add", other), "is not a run document")
    assert not (tmp_path / "history.sqlite").exists()
    refused(say("plot", "--out", tmp_path / "old.json"), "There is no history at")
    say("add", runs[0])
    refused(say("plot", "--changed", "--out", tmp_path / "trends"), "Nothing to draw")
    ended = say("plot", "--filter", "sum/at", "--out", old)
    refused(ended, "cannot be written to: File exists")


def test_a_bad_document_among_good_ones_keeps_those_before_it(say: Say, runs: list[Path], tmp_path: Path) -> None:
    (tmp_path / "bad.json").write_text("{")
    ended = say("add", runs[0], tmp_path / "bad.json", runs[1])
    assert ended.code == 2 and ended.out.count("added to") == 1 and "bad.json" in ended.err
    store = Store(str(tmp_path / "history.sqlite"))
    assert len(store.runs()) == 1


def test_a_truncated_file_adds_nothing(say: Say, runs: list[Path], tmp_path: Path) -> None:
    say("add", runs[0])
    say("export", "--out", tmp_path / "history.jsonl")
    data = (tmp_path / "history.jsonl").read_bytes()
    (tmp_path / "history.jsonl").write_bytes(data[:-100])
    (tmp_path / "history.sqlite").unlink()
    number = len(data.splitlines())
    refused(say("import", tmp_path / "history.jsonl"), f"history.jsonl, line {number} is cut off")
    assert not (tmp_path / "history.sqlite").exists()
    refused(say("export", "--out", tmp_path / "x.jsonl"), "There is no history at")


def test_a_locked_database_is_told(say: Say, runs: list[Path], tmp_path: Path) -> None:
    say("add", runs[0])
    other = sqlite3.connect(tmp_path / "history.sqlite", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    refused(say("add", runs[1], "--wait", "0.1"), "is locked by another process, for 0.1 s now", 1)
    refused(say("show", "--wait", "0.1"), "is locked by another process", 1)
    other.close()


def test_real_processes_add_side_by_side(runs: list[Path], tmp_path: Path) -> None:
    """The command itself, on a database that none of them has made; all of them add the first run, too."""
    environment = {**os.environ, "SAFECOST_NO_SETUP": "1", "SAFECOST_DATABASE": str(tmp_path / "history.sqlite")}
    started = [
        subprocess.Popen(
            [str(ROOT / "scripts" / "safecost"), "history", "add", str(runs[0]), *map(str, runs[part::3])],
            env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for part in (1, 2, 3)
    ]  # fmt: skip
    for process in started:
        _, err = process.communicate(timeout=300)
        assert process.returncode == 0, err
    store = Store(str(tmp_path / "history.sqlite"))
    assert len(store.runs()) == DAYS
    assert len({one.run for one in store.everything()}) == DAYS


def test_help_says_where_the_history_is(say: Say) -> None:
    for verb in ("add", "show", "plot", "accept", "export", "import"):
        said = say(verb, "--help").out
        assert "Examples:" in said and "results/local/history.sqlite" in said and "SAFECOST_DATABASE" in said
