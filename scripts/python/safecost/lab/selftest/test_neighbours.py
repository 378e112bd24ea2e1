"""Neighbours are busy while the body runs, and gone afterwards whatever happened."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from safecost.lab.selftest import neighbours


def _ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def _children() -> set[int]:
    found = set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
            except OSError:
                continue
            if int(stat[1]) == os.getpid() and stat[0] != "Z":
                found.add(int(entry.name))
    return found


def test_they_compute_and_are_ended() -> None:
    before = _children()
    with neighbours.busy(2):
        mine = _children() - before
        assert len(mine) == 2
        deadline = time.monotonic() + 20
        while min(_ticks(pid) for pid in mine) < 10 and time.monotonic() < deadline:
            time.sleep(0.05)
        assert min(_ticks(pid) for pid in mine) >= 10  # hundredths of a second of processor time
    assert not _children() & mine


def test_an_error_ends_them_too() -> None:
    before = _children()
    with pytest.raises(KeyboardInterrupt), neighbours.busy(1):
        raise KeyboardInterrupt
    assert _children() <= before


def test_they_end_with_a_parent_that_was_killed() -> None:
    code = (
        "import os, signal\n"
        "from pathlib import Path\n"
        "from safecost.lab.selftest import neighbours\n"
        "with neighbours.busy(1):\n"
        "    me = os.getpid()\n"
        "    print(Path(f'/proc/{me}/task/{me}/children').read_text().split()[0], flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, check=False)
    pid, deadline = int(done.stdout), time.monotonic() + 20
    while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
        if Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] == "Z":
            return
        time.sleep(0.05)
    assert not Path(f"/proc/{pid}").exists()
