"""Work on all CPUs: what comes out is what one process would have made, in the same order, errors included."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from desk import parallel
from desk.errors import DeskError


def times(factor: int, item: int) -> tuple[int, int]:
    if item == 13:
        raise DeskError("13 is not to be had.")
    return factor * item, os.getpid()


def leave_a_mark(folder: Path, item: int) -> None:
    (folder / str(item)).touch()
    times(1, item)


@pytest.mark.parametrize("items", [[], [3], [5, 1, 4, 2], list(range(12))])
def test_results_come_in_order(items: list[int]) -> None:
    assert [number for number, _ in parallel.results(times, 7, items, "multiply")] == [7 * item for item in items]


def test_several_processes_work_where_there_are_several_cpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    assert os.getpid() not in {process for _, process in parallel.results(times, 1, [1, 2, 3], "multiply")}
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    assert {process for _, process in parallel.results(times, 1, [1, 2, 3], "multiply")} == {os.getpid()}


@pytest.mark.parametrize("cpus", [1, 2])
def test_an_error_is_raised_here_and_ends_the_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cpus: int) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: cpus)
    with pytest.raises(DeskError, match="13 is not to be had"):
        list(parallel.results(leave_a_mark, tmp_path, [1, 13, *range(100, 1000)], "mark"))
    assert (tmp_path / "1").exists()
    assert len(list(tmp_path.iterdir())) < 900


def test_progress_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    list(parallel.results(times, 1, [1, 2, 3], "multiply"))
    assert capsys.readouterr().err.startswith("multiply: 3 in ")
