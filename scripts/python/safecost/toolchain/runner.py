"""Calls the runner: each call a process of its own, with a clean environment, a time limit and a contained end."""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safecost.core import processes
from safecost.core.errors import ToolError
from safecost.core.paths import RUNNER

# The environment's size moves the stack, and placement with it: each launch draws one.
_MOST_PADDING = 4096


@dataclass(frozen=True, slots=True)
class Failure:
    """A call of the runner that did not end well: `kind` is one of the run document's problem kinds.

    `contender` is the name of the one that was called when it ended by itself, where the runner could tell.
    """

    kind: str
    message: str
    contender: str | None = None


def environment() -> dict[str, str]:
    """Only what a program needs to start, and a padding of random length."""
    return {
        "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
        "LC_ALL": "C.UTF-8",
        "SAFECOST_PADDING": "x" * secrets.randbelow(_MOST_PADDING),
    }


def call(
    command: str, plan: Mapping[str, Any], seconds: float, runner: Path = RUNNER, under: Sequence[str] = ()
) -> dict[str, Any] | Failure:
    """Run one command of the runner on a plan; `seconds` is how long it may take, `under` a tool that runs it."""
    with tempfile.TemporaryFile() as result:  # not stdout, which belongs to whatever a kernel prints
        try:
            done = processes.run(
                [*under, str(runner), command, "--plan=-", f"--out=/dev/fd/{result.fileno()}"],
                json.dumps(plan).encode(),
                seconds,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                pass_fds=(result.fileno(),),
                env=environment(),
            )
        except subprocess.TimeoutExpired as late:
            _, contender = _heard(late.stderr or b"")
            return Failure("hang", f"did not come back within {seconds:g} s", contender)
        said, contender = _heard(done.stderr)
        if (
            done.returncode == -signal.SIGXFSZ or "cannot write all of /dev/fd/" in said
        ):  # nobody's fault but the disk's
            raise ToolError(f"{tempfile.gettempdir()} has no room for a launch's result: make some, or set TMPDIR.")
        if done.returncode < 0:
            name = signal.strsignal(-done.returncode) or f"signal {-done.returncode}"
            return Failure("crash", f"crashed: {name}{_in_brackets(said)}", contender)
        if done.returncode != 0:
            return _told(said) or _left(done.returncode, said)
        result.seek(0)
        try:
            told: dict[str, Any] = json.loads(result.read())
        except ValueError:
            return _left(done.returncode, said)
        return told


_PREFIX = "safecost-runner: "
_PROVER = "safecost-prover: "
_ORACLE = "safecost-oracle: "
_INSIDE = f"{_PREFIX}in "
_KINDS = {"load", "abi", "layout", "exports", "folded", "pool", "digest"}


def _told(line: str) -> Failure | None:
    """What the runner itself said last; None for a line of a kernel's, which then ended the process."""
    if not line.startswith((_PREFIX, _PROVER, _ORACLE)):
        return None
    line = line.removeprefix(_PREFIX).removeprefix(_PROVER).removeprefix(_ORACLE)
    kind, _, rest = line.partition(": ")
    return Failure(kind, rest) if kind in _KINDS else Failure("timing", line)


def _heard(stderr: bytes) -> tuple[str, str | None]:
    """The last line of what was said, and the contender that the runner named when a signal ended it."""
    lines = stderr.decode(errors="replace").strip().splitlines()
    inside = [line.removeprefix(_INSIDE).strip() for line in lines if line.startswith(_INSIDE)]
    others = [line for line in lines if not line.startswith(_INSIDE)]
    return others[-1] if others else "", inside[-1] if inside else None


def _left(code: int, said: str) -> Failure:
    return Failure("crash", f"ended the process with exit code {code} and no result{_in_brackets(said)}")


def _in_brackets(said: str) -> str:
    return f" ({said[:300]})" if said else ""
