"""Tests of a pace that is measured: a piece that fails says so, and an interrupt leaves what there is."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from safecost.core.errors import ToolError, UsageError
from safecost.core.paths import ROOT
from safecost.lab.self_benchmark import run as pace
from safecost.lab.self_benchmark.pieces import PIECES, Measured, Piece
from safecost.lab.self_benchmark.workshop import Workshop


def test_only_chooses_in_the_order_of_the_table() -> None:
    assert pace.choose(None) == list(PIECES)
    assert pace.choose("report, noop") == ["noop", "report"]
    for wrong in ("", ",", "noop,speed"):
        with pytest.raises(UsageError, match="choose from noop, quick"):
            pace.choose(wrong)


def fails(workshop: Workshop) -> Measured:
    raise ToolError(f"nothing was found in {workshop.folder}/tree or {ROOT}/bench")


def works(workshop: Workshop) -> Measured:
    (workshop.folder / "left-behind").write_text("x", encoding="ascii")
    return Measured(2.0, "well")


def interrupts(workshop: Workshop) -> Measured:
    raise KeyboardInterrupt


def planted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, **pieces: Any) -> Path:
    made = {name: Piece(name, "s", 10.0, function) for name, function in pieces.items()}
    monkeypatch.setattr(pace, "PIECES", made)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    return tmp_path / "pace.json"


def test_a_piece_that_fails_is_told_and_the_others_are_measured(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, console: Console
) -> None:
    out = planted(monkeypatch, tmp_path, first=fails, second=works)
    assert pace.run(None, out, console) == 1
    first, second = json.loads(out.read_text(encoding="utf-8"))["figures"]
    assert (first["status"], first["measured"]) == ("failed", None)
    assert first["detail"] == "nothing was found in temporary/tree or ./bench"
    assert (second["status"], second["measured"], second["detail"]) == ("met", 2.0, "well")
    assert out.with_suffix(".md").exists()
    assert pace.run("second", None, console) == 0


def test_an_interrupt_leaves_what_was_measured_and_no_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, console: Console
) -> None:
    out = planted(monkeypatch, tmp_path, first=works, second=interrupts, third=works)
    with pytest.raises(KeyboardInterrupt):
        pace.run(None, out, console)
    written = json.loads(out.read_text(encoding="utf-8"))
    assert [one["name"] for one in written["figures"]] == ["first"]
    assert written["complete"] is False
    assert "first" in console.export_text()
    assert list((tmp_path / "temporary").iterdir()) == []


@pytest.mark.parametrize("out", ["pace.md", "nowhere/pace.json"])
def test_a_place_that_cannot_be_written_is_refused_before_measuring(out: str, tmp_path: Path, console: Console) -> None:
    with pytest.raises(UsageError, match=r"ends in \.json"):
        pace.run("noop", tmp_path / out, console)
