"""Tests of a run that is interrupted: what was measured is written, and nobody is left behind."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from safecost.testing import commands
from safecost.testing.commands import FOREVER, SUM, case_of, case_text, put, read

pytestmark = pytest.mark.build
HEEDING = ("env", "--default-signal=HUP")  # whatever these tests were started by


def descendants(process: int) -> set[int]:
    """Every process that this one has started, and what those have."""
    parents = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            stat = (entry / "stat").read_text(encoding="ascii", errors="replace")
        except OSError:
            continue
        parents[int(entry.name)] = int(stat.rpartition(")")[2].split()[1])
    found: set[int] = {process}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found - {process}


def alive(process: int) -> bool:
    try:
        stat = Path(f"/proc/{process}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


class Interrupted:
    """A run that is sent a signal once `ready`; then its exit code, what it said, and who is left of its processes."""

    def __init__(self, out: Path, words: tuple[str, ...], ready: Callable[[set[int]], bool], number: int) -> None:
        given = ("--cases", commands.cases(), "--profiles", "gcc-o2", "--out", out)
        process = subprocess.Popen(
            [*HEEDING, *commands.arguments("run", *given, *words)],
            env=commands.environment(SAFECOST_VERIFY_SECONDS="100"),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        started: set[int] = set()
        try:
            deadline = time.monotonic() + commands.PATIENCE
            while not ready(started) and process.poll() is None and time.monotonic() < deadline:
                time.sleep(0.02)
                started = descendants(process.pid)
            os.killpg(process.pid, number)
            sent = time.monotonic()
            self.out, self.err = process.communicate(timeout=60)
            self.seconds = time.monotonic() - sent
            self.code = process.returncode
            time.sleep(0.1)
            self.left = {child for child in started if alive(child)}
        finally:
            for child in {process.pid, *started}:
                if alive(child):
                    os.kill(child, signal.SIGKILL)


def command_of(process: int) -> str:
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_an_interrupt_leaves_what_was_measured_and_nobody_behind(tmp_path: Path, number: int, code: int) -> None:
    commands.calm()
    out = tmp_path / "out"

    def measuring(started: set[int]) -> bool:
        return len(list(out.glob("launches/*.json"))) >= 3 and any(" time " in command_of(one) for one in started)

    ended = Interrupted(out, ("--full", "--filter", "^calm/"), measuring, number)
    assert ended.code == code, ended.err
    assert "Traceback" not in ended.err
    assert not ended.left
    document = read(out)
    assert not document.run.complete
    assert 3 <= sum(len(panel.launches) for panel in document.panels) < 40
    assert "interrupted: this run holds what was measured until then" in ended.out
    assert (out / "report.html").exists()


def test_a_terminal_that_is_closed_costs_nothing_that_was_measured(tmp_path: Path) -> None:
    commands.calm()
    out, (ours, theirs) = tmp_path / "out", os.openpty()
    given = ("--cases", commands.cases(), "--profiles", "gcc-o2", "--out", out, "--full", "--filter", "^calm/")
    process = subprocess.Popen(
        ["setsid", "--ctty", *HEEDING, *commands.arguments("run", *given)],
        env=commands.environment(),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    try:
        os.close(theirs)
        os.set_blocking(ours, False)
        deadline = time.monotonic() + commands.PATIENCE
        while len(list(out.glob("launches/*.json"))) < 3 and process.poll() is None and time.monotonic() < deadline:
            with contextlib.suppress(BlockingIOError):
                os.read(ours, 65_536)
            time.sleep(0.02)
        os.close(ours)
        assert process.wait(60) == 129
    finally:
        process.kill()
    assert not read(out).run.complete
    assert (out / "report.html").exists()


def test_an_interrupt_while_a_kernel_is_verified_does_not_wait_for_it(tmp_path: Path) -> None:
    put(commands.cases(), "waiting/hangs", case_text({"raw": SUM, "hangs": FOREVER}))

    def verifying(started: set[int]) -> bool:
        return sum(" verify " in command_of(one) for one in started) >= 2  # the supervisor and its worker

    ended = Interrupted(tmp_path / "out", ("--quick", "--filter", "waiting/hangs"), verifying, signal.SIGINT)
    assert ended.code == 130, ended.err
    assert ended.seconds < 20  # the limit is 100
    assert not ended.left
    document = read(tmp_path / "out")
    assert not document.run.complete and not document.panels
    assert case_of(document, "waiting/hangs").status == "not_measured"


@pytest.fixture
def endless_header(tmp_path: Path) -> Iterator[Path]:
    """A header that a compiler reads for ever."""
    header = tmp_path / "endless.h"
    os.mkfifo(header)
    yield header
    header.unlink()


def test_an_interrupt_ends_the_compilers_too(tmp_path: Path, endless_header: Path) -> None:
    file = put(commands.cases(), "endless/one", case_text({"raw": SUM}, top=f'#include "{endless_header}"'))

    def compiling(started: set[int]) -> bool:
        return any("cc1plus" in (said := command_of(one)) and "endless" in said for one in started)

    try:
        ended = Interrupted(tmp_path / "out", ("--quick", "--filter", "endless/one"), compiling, signal.SIGINT)
    finally:
        file.unlink()
    assert ended.code == 130, ended.err
    assert not ended.left
    document = read(tmp_path / "out")
    assert (document.run.complete, case_of(document, "endless/one").status) == (False, "not_measured")
    assert not document.problems  # nothing is wrong with the case
