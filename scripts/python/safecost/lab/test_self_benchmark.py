"""Tests of the pace: what counts as met, what is written, and that a piece that fails says so; no speed is claimed."""

from __future__ import annotations

import io
import json
import re
import subprocess
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from safecost.core.errors import ToolError, UsageError
from safecost.core.paths import ROOT
from safecost.document.types import Document
from safecost.lab import pools, self_benchmark
from safecost.lab.pools import PoolPoint, PoolRow
from safecost.lab.self_benchmark import Figure, Measured, Pace, Piece, Workshop
from safecost.stats.pairs import sign_test_interval

DOCS = ROOT / "docs"


def figure(measured: float | None, target: float | None = 10.0, detail: str = "") -> Figure:
    return Figure("report", "the report of that run", "s", target, measured, detail)


def console(width: int = 80) -> Console:
    return Console(file=io.StringIO(), width=width)


def printed(on: Console) -> str:
    assert isinstance(on.file, io.StringIO)
    return on.file.getvalue()


@pytest.fixture
def made(sample_document: Document) -> Pace:
    figures = (figure(2.5, detail="a | b"), figure(None, detail="it said:\nno"), figure(12.0), figure(3.0, None))
    points = tuple(PoolPoint(size, 4, 100.0 + size, 1.5, 1.4, 1.6) for size in pools.POOLS)
    rows = (
        PoolRow("iteration/sort", 1024, "raw", points, 1.0, None),
        PoolRow("iteration/sort", 1024, "a_variant_with_a_name_as_long_as_this", points, 0.93, "differ"),
    )
    return Pace("2026-01-31T12:00:00Z", sample_document.suite, sample_document.machine, True, figures, rows)


@pytest.mark.parametrize(
    ("measured", "target", "status"),
    [(10.0, 10.0, "met"), (10.1, 10.0, "missed"), (1.0, None, "measured"), (None, 10.0, "failed"), (0, 0, "met")],
)
def test_status(measured: float | None, target: float | None, status: str) -> None:
    assert figure(measured, target).status == status


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [(0.123, "s", "0.12 s"), (47.26, "s", "47.3 s"), (253.77, "s", "254 s"), (60.0, "s", "60 s"), (3, "", "3")],
)
def test_amounts_have_three_digits_or_fewer(value: float, unit: str, text: str) -> None:
    assert self_benchmark.amount(value, unit) == text


def test_only_chooses_in_the_order_of_the_table() -> None:
    assert self_benchmark.choose(None) == list(self_benchmark.PIECES)
    assert self_benchmark.choose("report, noop") == ["noop", "report"]
    for wrong in ("", ",", "noop,speed"):
        with pytest.raises(UsageError, match="choose from noop, quick"):
            self_benchmark.choose(wrong)


def test_markdown_keeps_one_line_a_figure(made: Pace) -> None:
    lines = self_benchmark.markdown(made).splitlines()
    assert lines[0].startswith("Measured 2026-01-31, ")
    assert lines[4:8] == [
        "| `report` | the report of that run | 10 s | 2.50 s | met | a \\| b |",
        "| `report` | the report of that run | 10 s | – | failed | it said: no |",
        "| `report` | the report of that run | 10 s | 12 s | missed |  |",
        "| `report` | the report of that run | – | 3 s | measured |  |",
    ]
    assert "| one input | 256 KiB | 512 KiB | 1 MiB | 2 MiB | 4 MiB |" in "\n".join(lines)
    raw, other = lines[-2:]
    assert raw.startswith("| iteration/sort/raw | 100 ns | 262,244 ns |") and raw.endswith("|  |")
    assert other.endswith("| 1.500 | 1.500 | differ, -7.0% |")
    assert "interrupted" in self_benchmark.markdown(replace(made, complete=False)).splitlines()[0]


def test_json_tells_status_and_everything_else(made: Pace) -> None:
    written = json.loads(json.dumps(self_benchmark.to_json(made), allow_nan=False))
    assert (written["schema"], written["schema_version"]) == ("safecost-pace", 1)
    assert [one["status"] for one in written["figures"]] == ["met", "failed", "missed", "measured"]
    assert written["pools"][1]["points"][0] == {
        "pool_bytes": 0, "inputs": 4, "nanoseconds": 100.0, "ratio": 1.5, "low": 1.4, "high": 1.6,
    }  # fmt: skip


def test_the_table_fits_eighty_columns_and_says_why_a_piece_failed(made: Pace) -> None:
    shown = console()
    self_benchmark.render(made, shown)
    text = printed(shown)
    assert max(map(len, text.splitlines())) <= 80
    assert re.search(r"12 s +missed", text) and re.search(r"– +failed", text)
    assert "report: it said:" in text
    assert re.search(r"^ raw, ns +100 +262,244 ", text, re.MULTILINE)
    assert re.search(r"^ a_variant\S* +1\.50 .* differ *$", text, re.MULTILINE)


def fails(workshop: Workshop) -> Measured:
    raise ToolError(f"nothing was found in {workshop.folder}/tree or {ROOT}/bench")


def works(workshop: Workshop) -> Measured:
    (workshop.folder / "left-behind").write_text("x", encoding="ascii")
    return Measured(2.0, "well")


def interrupts(workshop: Workshop) -> Measured:
    raise KeyboardInterrupt


def planted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, **pieces: Any) -> Path:
    made = {name: Piece(name, "s", 10.0, function) for name, function in pieces.items()}
    monkeypatch.setattr(self_benchmark, "PIECES", made)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    return tmp_path / "pace.json"


def test_a_piece_that_fails_is_told_and_the_others_are_measured(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    out = planted(monkeypatch, tmp_path, first=fails, second=works)
    assert self_benchmark.run(None, out, console()) == 1
    first, second = json.loads(out.read_text(encoding="utf-8"))["figures"]
    assert (first["status"], first["measured"]) == ("failed", None)
    assert first["detail"] == "nothing was found in temporary/tree or ./bench"
    assert (second["status"], second["measured"], second["detail"]) == ("met", 2.0, "well")
    assert out.with_suffix(".md").exists()
    assert self_benchmark.run("second", None, console()) == 0


def test_an_interrupt_leaves_what_was_measured_and_no_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    out = planted(monkeypatch, tmp_path, first=works, second=interrupts, third=works)
    shown = console()
    with pytest.raises(KeyboardInterrupt):
        self_benchmark.run(None, out, shown)
    written = json.loads(out.read_text(encoding="utf-8"))
    assert [one["name"] for one in written["figures"]] == ["first"]
    assert written["complete"] is False
    assert "first" in printed(shown)
    assert list((tmp_path / "temporary").iterdir()) == []


@pytest.mark.parametrize("out", ["pace.md", "nowhere/pace.json"])
def test_a_place_that_cannot_be_written_is_refused_before_measuring(out: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"ends in \.json"):
        self_benchmark.run("noop", tmp_path / out, console())


def test_a_command_that_outlives_its_time_is_ended_with_what_it_started(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(self_benchmark, "PATIENCE", 1.0)
    trapped = "import signal, sys, time; signal.signal(signal.SIGTERM, lambda *_: (open('ended', 'w'), sys.exit(1)))"
    with pytest.raises(ToolError, match="did not end within 1 s"):
        self_benchmark.timed(tmp_path, "-c", f"{trapped}; time.sleep(60)")
    assert (tmp_path / "ended").exists()


def test_a_command_that_cannot_work_says_why(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="ended with 2 and said: no such thing"):
        self_benchmark.timed(tmp_path, "-c", "import sys; print('no such thing', file=sys.stderr); sys.exit(2)")
    ended = self_benchmark.timed(tmp_path, "-c", "print('out'); raise SystemExit(5)")
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
    monkeypatch.setattr(self_benchmark, "ROOT", root)
    tree = Workshop(tmp_path).tree
    assert sorted(path.name for path in tree.iterdir()) == [".gitignore", "new", "tracked"]
    assert (tree / "tracked").read_text(encoding="ascii") == "changed"
    monkeypatch.setattr(self_benchmark, "ROOT", tree)
    with pytest.raises(ToolError, match="no git checkout"):
        _ = Workshop(tmp_path / "other").tree


def test_what_a_run_left_out_is_named(sample_document: Document) -> None:
    said = self_benchmark.scope(sample_document)
    assert said.startswith(f"{sum(case.status == 'measured' for case in sample_document.cases)} of ")
    for case in sample_document.cases:
        assert (f"{case.family}/{case.case} {case.status}" in said) == (case.status != "measured")


def test_the_launcher_is_timed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(self_benchmark, "STARTS", 1)
    found = self_benchmark.noop(Workshop(tmp_path))
    assert 0 < found.value < self_benchmark.PATIENCE
    assert found.detail.startswith("median of 1, ")


@pytest.mark.build
def test_an_empty_kernel_goes_through_the_real_border(tmp_path: Path) -> None:
    found = self_benchmark.border(Workshop(tmp_path))
    assert 0 < found.value < 1_000  # a call, whatever the machine: neither nothing nor a whole epoch
    assert "9 launches" in found.detail


# -- the documents -------------------------------------------------------------------------------------------


def test_the_document_has_the_figures_that_the_command_measures() -> None:
    text = (DOCS / "PACE.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| ([^|]+) \| ([^|]+) \| [^|]+ \| \w+ \|", text, re.MULTILINE)
    expected = [
        (name, one.what, self_benchmark.amount(one.target, one.unit)) for name, one in self_benchmark.PIECES.items()
    ]
    assert rows == expected
    for name in self_benchmark.PIECES:
        assert f"**{name}**" in text


def test_the_attained_levels_in_the_document_are_those_of_the_code() -> None:
    text = (DOCS / "MEASURING.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) \| [^|]+ \| ([\d.]+) % \|", text, re.MULTILINE)
    assert {"6", "12", "20"} <= {launches for launches, _ in rows}
    for count, level in rows:
        interval = sign_test_interval(range(int(count)))
        assert interval is not None and f"{100 * interval.level:.1f}" == level
