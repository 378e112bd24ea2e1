"""The record of a run: small, with the run's own bytes, read wherever a run is, and the report is made from it."""

from __future__ import annotations

import dataclasses
import lzma
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from safecost import cli
from safecost.core.errors import OK, USAGE
from safecost.core.paths import PYTHON
from safecost.document import find, io
from safecost.document.types import Document


@pytest.fixture(scope="module")
def run(sample_document: Document, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("local") / "made-up"
    folder.mkdir()
    io.write(sample_document, folder / "run.json")
    return folder


@pytest.fixture(scope="module")
def record(run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("published") / "made-up"
    assert cli.entry(["report", str(run), "--record", str(folder)]) == OK
    return folder


def files_in(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def entered(capsys: pytest.CaptureFixture[str], *words: str | Path) -> tuple[int, str, str]:
    code = cli.entry(list(map(str, words)))
    printed = capsys.readouterr()
    return code, printed.out, printed.err


def test_a_record_holds_the_document_the_page_and_one_chart(run: Path, record: Path) -> None:
    files = files_in(record)
    assert set(files) == {"run.json.xz", "report.md", "charts/safety.svg"}
    assert lzma.decompress(files["run.json.xz"]) == (run / "run.json").read_bytes()
    page = files["report.md"].decode()
    assert re.findall(r"\]\(([^)]+)\)", page) == ["../../docs/GLOSSARY.md", "charts/safety.svg"]
    assert "`scripts/safecost report made-up` makes the whole report" in page
    assert not re.search(r"^## .*\n\n+(## |\Z)", page, re.MULTILINE)  # no heading whose charts are gone


def test_where_no_fault_was_committed_the_chart_is_the_map(
    capsys: pytest.CaptureFixture[str], sample_document: Document, tmp_path: Path
) -> None:
    io.write(dataclasses.replace(sample_document, proofs=()), tmp_path / "run.json")
    assert entered(capsys, "report", tmp_path, "--record", tmp_path / "record")[0] == OK
    assert [file.name for file in (tmp_path / "record/charts").iterdir()] == ["map.svg"]
    assert "](charts/map.svg)" in (tmp_path / "record/report.md").read_text(encoding="utf-8")


def test_a_record_can_be_made_again_from_itself(capsys: pytest.CaptureFixture[str], record: Path) -> None:
    before, time = files_in(record), (record / "run.json.xz").stat().st_mtime_ns
    (record / "charts/map.svg").write_text("an earlier choice of chart")
    assert entered(capsys, "report", record, "--record", record)[0] == OK
    assert files_in(record) == before
    assert (record / "run.json.xz").stat().st_mtime_ns == time


def test_another_run_in_the_folder_of_a_record_is_never_overwritten(
    capsys: pytest.CaptureFixture[str], sample_document: Document, run: Path, record: Path, tmp_path: Path
) -> None:
    other = dataclasses.replace(sample_document, run=dataclasses.replace(sample_document.run, seed=77))
    io.write(other, tmp_path / "run.json")
    before = files_in(record)
    code, _, err = entered(capsys, "report", tmp_path, "--record", record)
    assert (code, "holds another document: results are never overwritten" in err) == (USAGE, True)
    assert files_in(record) == before
    code, _, err = entered(capsys, "report", run, "--record", run)
    assert (code, "holds a run itself: choose another folder" in err) == (USAGE, True)
    code, _, err = entered(capsys, "report", run, "--record", record, "--out", tmp_path)
    assert (code, "--out and --record exclude each other" in err) == (USAGE, True)


def test_every_command_reads_the_record_as_it_reads_the_run(
    capsys: pytest.CaptureFixture[str], sample_document: Document, run: Path, record: Path, tmp_path: Path
) -> None:
    assert io.read(record) == io.read(record / "run.json.xz") == io.read(run) == sample_document

    export = ("--format", "csv")
    assert entered(capsys, "export", record, *export) == entered(capsys, "export", run, *export)
    assert entered(capsys, "compare", run, record)[0] == OK

    database = ("--database", tmp_path / "history.sqlite")
    assert ": added to " in entered(capsys, "history", "add", run, *database)[1]
    assert ": already in " in entered(capsys, "history", "add", record, *database)[1]

    code, _, err = entered(capsys, "report", run, record)
    assert (code, "is given 2 times, by one name or several" in err) == (USAGE, True)


def test_the_newest_local_run_may_be_compressed(
    sample_document: Document, record: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(find, "LOCAL_RESULTS", record.parent)
    assert find.read(None, sample_document.panels[0].case) == sample_document


def test_the_report_of_a_record_is_the_same_in_each_process_and_that_of_the_run(
    run: Path, record: Path, tmp_path: Path
) -> None:
    for seed, source in ((1, record), (2, record), (3, run)):
        subprocess.run(
            [sys.executable, "-m", "safecost", "report", str(source), "--out", str(tmp_path / str(seed))],
            env={**os.environ, "PYTHONPATH": str(PYTHON), "PYTHONHASHSEED": str(seed)},
            check=True,
            capture_output=True,
        )
    first, second, third = (files_in(tmp_path / str(seed)) for seed in (1, 2, 3))
    assert {"report.html", "report.md", "charts/map.svg"} <= set(first)
    assert any(name.startswith("cases/") for name in first)
    assert first == second == third


def test_the_report_of_a_record_goes_below_the_local_results(
    capsys: pytest.CaptureFixture[str], record: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("safecost.cross_run.command.LOCAL_RESULTS", tmp_path)
    before = files_in(record)
    assert entered(capsys, "report", record)[0] == OK
    assert (tmp_path / "made-up/report.html").exists()
    assert files_in(record) == before


@pytest.mark.parametrize("damage", ["cut off", "cannot be decompressed"])
def test_a_damaged_record_is_refused_in_one_sentence(
    capsys: pytest.CaptureFixture[str], record: Path, tmp_path: Path, damage: str
) -> None:
    data = bytearray((record / "run.json.xz").read_bytes())
    data[len(data) // 2] ^= 1
    whole = (record / "run.json.xz").read_bytes()
    (tmp_path / "run.json.xz").write_bytes(whole[: len(whole) // 2] if damage == "cut off" else bytes(data))
    code, out, err = entered(capsys, "report", tmp_path)
    assert (code, out, err.count("\n")) == (USAGE, "", 1)
    assert f"run.json.xz {'is ' if damage == 'cut off' else ''}{damage}: " in err


def test_a_bomb_is_refused_in_one_sentence(
    capsys: pytest.CaptureFixture[str], record: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = len(lzma.decompress((record / "run.json.xz").read_bytes()))
    monkeypatch.setattr(io, "SIZE_LIMIT", size - 1)
    code, _, err = entered(capsys, "report", record)
    assert (code, f"has more than {size - 1} bytes once decompressed" in err) == (USAGE, True)
