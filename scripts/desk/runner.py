"""Calls the runner: each call a process of its own, with a clean environment, a time limit and a contained end."""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from desk import processes
from desk.places import RUNNER

# The environment's size moves the stack, and placement with it: each launch draws one.
_MOST_PADDING = 4096


@dataclass(frozen=True, slots=True)
class Failure:
    """A call of the runner that did not end well: `kind` is one of the run document's problem kinds."""

    kind: str
    message: str


def environment() -> dict[str, str]:
    """Only what a program needs to start, and a padding of random length."""
    return {
        "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
        "LC_ALL": "C.UTF-8",
        "SAFECOST_PADDING": "x" * secrets.randbelow(_MOST_PADDING),
    }


def call(command: str, plan: Mapping[str, Any], seconds: float, runner: Path = RUNNER) -> dict[str, Any] | Failure:
    """Run one command of the runner on a plan; `seconds` is how long it may take."""
    with tempfile.TemporaryFile() as result:  # not stdout, which belongs to whatever a kernel prints
        try:
            done = processes.run(
                [str(runner), command, "--plan=-", f"--out=/dev/fd/{result.fileno()}"],
                json.dumps(plan).encode(),
                seconds,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                pass_fds=(result.fileno(),),
                env=environment(),
            )
        except subprocess.TimeoutExpired:
            return Failure("hang", f"did not come back within {seconds:g} s")
        if done.returncode < 0:
            name = signal.strsignal(-done.returncode) or f"signal {-done.returncode}"
            return Failure("crash", f"crashed: {name}{_last_line(done.stderr)}")
        if done.returncode != 0:
            lines = done.stderr.decode(errors="replace").strip().splitlines() or [""]
            return _told(lines[-1]) or _left(done.returncode, done.stderr)
        result.seek(0)
        try:
            told: dict[str, Any] = json.loads(result.read())
        except ValueError:
            return _left(done.returncode, done.stderr)
        return told


_PREFIX = "safecost-runner: "
_KINDS = {"load", "abi", "layout", "exports", "folded", "pool", "digest"}


def _told(line: str) -> Failure | None:
    """What the runner itself said last; None for a line of a kernel's, which then ended the process."""
    if not line.startswith(_PREFIX):
        return None
    line = line.removeprefix(_PREFIX)
    kind, _, rest = line.partition(": ")
    return Failure(kind, rest) if kind in _KINDS else Failure("timing", line)


def _left(code: int, said: bytes) -> Failure:
    return Failure("crash", f"ended the process with exit code {code} and no result{_last_line(said)}")


def _last_line(said: bytes) -> str:
    lines = said.decode(errors="replace").strip().splitlines()
    return f" ({lines[-1][:300]})" if lines else ""
