"""Locks: one process at a time, the programs that it started included, and no link is followed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from safecost.core import locks
from safecost.core.paths import PYTHON


def is_free(path: Path) -> bool:
    with locks.opened(path) as file:
        return locks.taken(file)


def test_a_lock_is_held_until_its_file_is_closed(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with locks.opened(path) as file:
        assert locks.taken(file) and not is_free(path)
        locks.share(file)
        assert not is_free(path)
        with locks.opened(path) as other:
            locks.share(other)
    assert is_free(path)


def test_programs_that_were_started_go_on_holding_the_lock(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "lock"
    with locks.alone(path):
        program = subprocess.Popen(["cat"], stdin=subprocess.PIPE, close_fds=False)
    assert not is_free(path)
    program.communicate()
    assert is_free(path)


def test_who_comes_second_says_so_and_waits(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "lock"
    first = locks.opened(path)
    assert locks.taken(first)
    entered = threading.Event()

    def second() -> None:
        with locks.alone(path, "waiting for the first"):
            entered.set()

    thread = threading.Thread(target=second)
    thread.start()
    assert not entered.wait(0.2)
    first.close()
    thread.join(30)
    assert entered.is_set() and capsys.readouterr().err == "waiting for the first\n"


def test_a_link_is_refused_and_its_target_left_alone(tmp_path: Path) -> None:
    (tmp_path / "lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic links"):
        locks.opened(tmp_path / "lock")
    assert not (tmp_path / "elsewhere").exists()


def test_a_scratch_folder_is_left_alone_while_it_is_used_and_gone_afterwards(tmp_path: Path) -> None:
    with locks.scratch(tmp_path) as folder:
        (folder / "file").write_text("")
        clear(tmp_path)
        assert (folder / "file").exists()
    assert list(tmp_path.iterdir()) == []


def test_scratch_folders_of_killed_processes_are_cleared_and_nothing_else(tmp_path: Path) -> None:
    text = (
        "import os, pathlib, signal; from safecost.core import locks\n"
        f"with locks.scratch(pathlib.Path({str(tmp_path)!r})) as folder:\n"
        "    (folder / 'deep').mkdir(); os.kill(os.getpid(), signal.SIGKILL)"
    )
    killed = subprocess.run([sys.executable, "-c", text], check=False, env={**os.environ, "PYTHONPATH": str(PYTHON)})
    assert killed.returncode == -signal.SIGKILL
    (left,) = tmp_path.iterdir()
    assert left.name.startswith("safecost-") and len(left.name) == len("safecost-XXXXXXXX")
    (tmp_path / "safecost-abcdefgh").mkdir()  # of a version that did not lock it
    (tmp_path / "precious").mkdir()
    (tmp_path / "safecost-Llinked").symlink_to(tmp_path / "precious")
    clear(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["precious", "safecost-Llinked", "safecost-abcdefgh"]


def clear(folder: Path) -> None:
    """Clear the temporary folders in a folder, as the next command does."""
    subprocess.run(
        [sys.executable, "-m", "safecost", "list"],
        check=True,
        stdout=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(PYTHON), "TMPDIR": str(folder)},
    )
