"""Tests of the workshop: commands that are timed and ended, the copy of the tree, and what a run left out."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from safecost.core.errors import ToolError
from safecost.document.types import Document
from safecost.lab.self_benchmark import workshop
from safecost.lab.self_benchmark.workshop import Workshop


def test_a_command_that_outlives_its_time_is_ended_with_what_it_started(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(workshop, "PATIENCE", 1.0)
    trapped = "import signal, sys, time; signal.signal(signal.SIGTERM, lambda *_: (open('ended', 'w'), sys.exit(1)))"
    with pytest.raises(ToolError, match="did not end within 1 s"):
        workshop.timed(tmp_path, "-c", f"{trapped}; time.sleep(60)")
    assert (tmp_path / "ended").exists()


def test_a_command_that_cannot_work_says_why(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="ended with 2 and said: no such thing"):
        workshop.timed(tmp_path, "-c", "import sys; print('no such thing', file=sys.stderr); sys.exit(2)")
    ended = workshop.timed(tmp_path, "-c", "print('out'); raise SystemExit(5)")
    assert (ended.code, ended.out) == (5, "out\n")
    assert ended.seconds > 0


def test_the_copied_tree_is_the_working_tree_without_what_is_built(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    root = tmp_path / "root"
    (root / "build").mkdir(parents=True)
    for name, text in {".gitignore": "/build/\n", "tracked": "old", "gone": "", "new": "n", "build/x": ""}.items():
        (root / name).write_text(text, encoding="ascii")
    for words in (["init", "-q"], ["add", ".gitignore", "tracked", "gone"]):
        subprocess.run(["git", "-C", str(root), *words], check=True, capture_output=True)
    (root / "tracked").write_text("changed", encoding="ascii")
    (root / "gone").unlink()
    monkeypatch.setattr(workshop, "ROOT", root)
    tree = Workshop(tmp_path).tree
    assert sorted(path.name for path in tree.iterdir()) == [".gitignore", "new", "tracked"]
    assert (tree / "tracked").read_text(encoding="ascii") == "changed"
    monkeypatch.setattr(workshop, "ROOT", tree)
    with pytest.raises(ToolError, match="no git checkout"):
        _ = Workshop(tmp_path / "other").tree


def test_what_a_run_left_out_is_named(sample_document: Document) -> None:
    said = workshop.scope(sample_document)
    assert said.startswith(f"{sum(case.status == 'measured' for case in sample_document.cases)} of ")
    for case in sample_document.cases:
        assert (f"{case.family}/{case.case} {case.status}" in said) == (case.status != "measured")
