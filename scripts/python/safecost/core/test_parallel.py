"""Work on all CPUs: what comes out is what one process would have made, in the same order, errors included."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from safecost.core import parallel
from safecost.core.errors import ToolError
from safecost.testing import commands


def times(factor: int, item: int) -> tuple[int, int]:
    if item == 13:
        raise ToolError("13 is not to be had.")
    return factor * item, os.getpid()


def parent_of(_shared: None, _item: int) -> int:
    return os.getppid()


def sleep_long(_shared: None, _item: int) -> None:
    os.write(1, b"at work\n")  # in one piece: two write to one pipe
    time.sleep(600)


def leave_a_mark(folder: Path, item: int) -> None:
    (folder / str(item)).touch()
    times(1, item)


@pytest.mark.parametrize("items", [[], [3], [5, 1, 4, 2], list(range(12))])
def test_results_come_in_order(items: list[int]) -> None:
    assert [number for number, _ in parallel.results(times, 7, items, "multiply")] == [7 * item for item in items]


def test_several_processes_work_where_there_are_several_cpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    assert os.getpid() not in {process for _, process in parallel.results(times, 1, [1, 2, 3], "multiply")}
    assert os.getpid() not in set(parallel.results(parent_of, None, [1, 2], "ask"))  # whose other threads hold locks
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    assert {process for _, process in parallel.results(times, 1, [1, 2, 3], "multiply")} == {os.getpid()}


@pytest.mark.parametrize("cpus", [1, 2])
def test_an_error_is_raised_here_and_ends_the_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cpus: int) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: cpus)
    with pytest.raises(ToolError, match="13 is not to be had"):
        list(parallel.results(leave_a_mark, tmp_path, [1, 13, *range(100, 1000)], "mark"))
    assert (tmp_path / "1").exists()
    assert len(list(tmp_path.iterdir())) < 900


def test_progress_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    list(parallel.results(times, 1, [1, 2, 3], "multiply"))
    assert capsys.readouterr().err.startswith("multiply: 3 in ")


def test_nobody_works_on_for_a_process_that_was_killed() -> None:
    """Its output would stay open, and who reads it would wait for ever."""
    script = """
import os
from safecost.core import parallel, test_parallel
os.cpu_count = lambda: 2
next(parallel.results(test_parallel.sleep_long, None, [1, 2], "sleep"))
"""
    command = [sys.executable, "-P", "-c", script]
    process = subprocess.Popen(
        command, env=commands.environment(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert process.stdout is not None
    assert [process.stdout.readline() for _ in range(2)] == ["at work\n"] * 2
    process.kill()
    process.communicate(timeout=30)  # until the last process that could write has ended
