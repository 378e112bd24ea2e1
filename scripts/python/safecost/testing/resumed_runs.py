"""For tests: runs that are ended before their time and taken up again."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from safecost.document.types import Document
from safecost.run.schedule import QUICK
from safecost.testing import commands
from safecost.testing.commands import Ended

LAUNCHES = 4 * QUICK.launches  # of two cases, and of two of calibrations
FILTER = ("--filter", "^resume/")


def words(out: Path, *more: str | Path) -> tuple[str | Path, ...]:
    """The words that begin a run."""
    given: tuple[str | Path, ...] = ("--cases", commands.cases(), "--profiles", "gcc-o2", "--seed", "11", "--out", out)
    return ("run", "--quick", *given, *FILTER, *more)


def resuming(out: Path) -> tuple[str | Path, ...]:
    """The words that take it up again."""
    return ("run", "--resume", out, "--cases", commands.cases())


def start(*given: str | Path, **more: str) -> subprocess.Popen[str]:
    """Start the command and wait for nothing."""
    return subprocess.Popen(
        commands.arguments(*given),
        env=commands.environment(**more),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def end_when(process: subprocess.Popen[str], ready: Callable[[], bool], number: int = signal.SIGKILL) -> Ended:
    """Send a signal once it is time; returns how the process ended and what it said."""
    try:
        deadline = time.monotonic() + commands.PATIENCE
        while not ready() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.005)
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
    return Ended(process.returncode, out, err)


def launches(out: Path) -> dict[str, bytes]:
    """The launches that a run has written."""
    return {file.name: file.read_bytes() for file in (out / "launches").glob("*.json")}


def shape(document: Document) -> object:
    """What two runs of one seed have in common: everything but times and what follows from them."""
    return (
        {one.sha256 for one in document.plugins},
        [(panel.case, panel.size, [(it.seed, it.layouts) for it in panel.launches]) for panel in document.panels],
        [[(arm.variant, arm.profile) for arm in panel.contenders] for panel in document.panels],
        (document.run.mode, document.run.seed, document.run.complete, document.run.analyses),
    )


def refused(ended: Ended, *sentences: str) -> None:
    """The command ended with one sentence that holds these."""
    assert ended.code == 2, ended
    last = ended.err.splitlines()[-1]
    assert last.startswith("safecost: ") and "Traceback" not in ended.err, ended.err
    for sentence in sentences:
        assert sentence in last
