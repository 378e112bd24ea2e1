"""Tests of `safecost report` on documents from strangers: each bad one is refused in a sentence, none is executed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from safecost import cli
from safecost.document import io as document
from safecost.document.types import Document
from safecost.testing.commands import Ended

Change = Callable[[dict[str, Any]], None]


def report(capsys: pytest.CaptureFixture[str], *words: str | Path) -> Ended:
    code = cli.entry(["report", *map(str, words)])
    said = capsys.readouterr()
    return Ended(code, said.out, said.err)


def refused(ended: Ended, sentence: str) -> None:
    assert ended.code == 2, ended
    assert ended.out == ""
    assert ended.err.startswith("safecost: ") and ended.err.count("\n") == 1, ended.err
    assert sentence in ended.err
    assert ended.err.rstrip("\n").isprintable()


@pytest.fixture
def run(tmp_path: Path, sample_document: Document) -> Path:
    """A folder that holds a good run."""
    folder = tmp_path / "run"
    folder.mkdir()
    document.write(sample_document, folder / "run.json")
    return folder


def rewrite(run: Path, change: Change) -> None:
    file = run / "run.json"
    plain = json.loads(file.read_text(encoding="utf-8"))
    change(plain)
    file.write_text(json.dumps(plain), encoding="utf-8")


def first(part: str, **entries: object) -> Change:
    def change(plain: dict[str, Any]) -> None:
        plain[part][0] |= entries

    return change


def test_a_good_document_gives_the_same_bytes_twice(capsys: pytest.CaptureFixture[str], run: Path) -> None:
    def written() -> dict[str, bytes]:
        ended = report(capsys, run)
        assert ended.code == 0
        assert all(line.startswith("draw charts: ") for line in ended.err.splitlines())  # progress, and no complaint
        assert ended.out.splitlines()[-1].startswith("report: ")
        files = [file for file in run.rglob("*") if file.is_file()]
        return {str(file.relative_to(run)): file.read_bytes() for file in files}

    once = written()
    assert {"run.json", "report.html", "report.md"} <= once.keys()
    assert written() == once


def test_the_file_itself_and_another_folder_for_the_report_will_do(
    capsys: pytest.CaptureFixture[str], run: Path, tmp_path: Path
) -> None:
    assert report(capsys, run / "run.json", "--out", tmp_path / "new" / "place").code == 0
    assert (tmp_path / "new" / "place" / "report.html").exists()
    assert [file.name for file in run.iterdir()] == ["run.json"]


def test_an_out_that_is_a_file_is_refused(capsys: pytest.CaptureFixture[str], run: Path) -> None:
    refused(report(capsys, run, "--out", run / "run.json"), "cannot be written to: File exists")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_a_full_disk_is_told(capsys: pytest.CaptureFixture[str], run: Path) -> None:
    (run / "report.html").symlink_to("/dev/full")
    ended = report(capsys, run)
    assert ended.code == 1
    complaints = [line for line in ended.err.splitlines() if not line.startswith("draw charts: ")]
    assert len(complaints) == 1
    assert complaints[0].startswith("safecost: No space left on device")


@pytest.mark.parametrize("share", [0.1, 0.5, 0.999])
def test_a_truncated_document(capsys: pytest.CaptureFixture[str], run: Path, share: float) -> None:
    data = (run / "run.json").read_bytes()
    (run / "run.json").write_bytes(data[: int(len(data) * share)])
    refused(report(capsys, run), "is cut off at line ")


def test_an_oversized_document(capsys: pytest.CaptureFixture[str], run: Path) -> None:
    with (run / "run.json").open("ab") as file:
        file.truncate(1 << 40)  # sparse: a terabyte that takes no room, and must not be read
    refused(report(capsys, run), f"has {1 << 40} bytes")


def test_bytes_that_are_no_text(capsys: pytest.CaptureFixture[str], run: Path) -> None:
    (run / "run.json").write_bytes(b'{"schema": "\xff"}')
    refused(report(capsys, run), "is not UTF-8")


@pytest.mark.parametrize("text", ["[]", "{}", '"run"', "null", '{"schema": "another"}'])
def test_other_json(capsys: pytest.CaptureFixture[str], run: Path, text: str) -> None:
    (run / "run.json").write_text(text, encoding="utf-8")
    refused(report(capsys, run), "is not a run document")


def test_deep_nesting(capsys: pytest.CaptureFixture[str], run: Path) -> None:
    (run / "run.json").write_text("[" * 100_000 + "]" * 100_000, encoding="utf-8")
    refused(report(capsys, run), "nested too deeply")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda plain: plain.update(schema_version=5), "was written by a newer safecost (schema 5; this one reads 4)"),
        (lambda plain: plain["run"].update(margin=float("nan")), "run.margin is nan, and must be a finite number"),
        (lambda plain: plain["run"].update(margin=float("inf")), "must be a finite number"),
        (lambda plain: plain.update(surplus=1), "surplus"),
        (lambda plain: plain.pop("machine"), "machine"),
        (lambda plain: plain["panels"][0]["pairs"][0].update(numerator=60), "names contender 60"),
        (first("profiles", name="<script>alert(1)</script>"), "profiles[0].name"),
        (first("profiles", name="../../etc"), "profiles[0].name"),
        (first("cases", case="<img src=x>"), "cases[0].case"),
        (first("cases", case="../../etc/passwd"), "cases[0].case"),
        (first("cases", family="con\u202etrol"), "control character U+202E"),
        (first("cases", question="\x1b]0;owned\x07"), "control character U+001B"),
        (first("cases", sources=[{"name": "/etc/passwd", "text": ""}]), "cases[0].sources[0].name"),
        (first("cases", sources=[{"name": "../sum.cc", "text": ""}]), "cases[0].sources[0].name"),
    ],
)
def test_a_hostile_or_broken_entry(
    capsys: pytest.CaptureFixture[str], run: Path, change: Change, sentence: str
) -> None:
    rewrite(run, change)
    refused(report(capsys, run), sentence)
    assert [file.name for file in run.iterdir()] == ["run.json"]  # nothing was written


def test_markup_in_free_text_is_shown_not_executed(capsys: pytest.CaptureFixture[str], run: Path) -> None:
    evil = "<script>alert(1)</script>[bold]{{ 7 * 7 }}"
    rewrite(run, first("cases", question=evil))
    rewrite(run, first("problems", message=evil))
    ended = report(capsys, run)
    assert ended.code == 0
    assert "[bold]{{ 7 * 7 }}" in ended.out
    page = (run / "report.html").read_text(encoding="utf-8")
    assert "<script>alert(1)" not in page and "&lt;script&gt;alert(1)&lt;/script&gt;[bold]{{ 7 * 7 }}" in page


def obeyed(text: str) -> list[str]:
    """The commands among these lines that GitHub's runner would obey."""
    token, commands = "", []
    for line in text.splitlines():
        if token:
            token = "" if line == f"::{token}::" else token
        elif line.startswith("::stop-commands::"):
            token = line.removeprefix("::stop-commands::")
        elif line.startswith("::"):
            commands.append(line)
    return commands


@pytest.mark.parametrize("several", [False, True])
def test_githubs_runner_obeys_nothing_of_a_report(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, run: Path, several: bool
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    evil = "x" * 75 + " ::error::owned"  # a terminal folds lines, and what follows begins one
    rewrite(run, first("problems", message=evil))
    other = run.with_name("other")
    shutil.copytree(run, other)
    rewrite(other, lambda plain: plain["run"].update(seed=8))
    words = (run, other, "--out", run.with_name("both")) if several else (run,)
    assert several or "\n::error" in report(capsys, *words).out
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    ended = report(capsys, *words)
    assert ended.code == 0 and obeyed(ended.out) == [] and "::stop-commands::" in ended.out
