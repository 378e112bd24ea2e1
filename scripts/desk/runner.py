"""Calls the runner: each call a process of its own, with a clean environment, a time limit and a contained end."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
    process = subprocess.Popen(
        [str(runner), command, "--plan", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
        start_new_session=True,  # Ctrl-C is the desk's to handle
    )
    try:
        out, said = process.communicate(json.dumps(plan).encode(), timeout=seconds)
    except subprocess.TimeoutExpired:
        _end(process)
        return Failure("hang", f"did not come back within {seconds:.0f} s")
    except BaseException:
        _end(process)
        raise
    if process.returncode < 0:
        name = signal.strsignal(-process.returncode) or f"signal {-process.returncode}"
        return Failure("crash", f"crashed: {name}{_last_line(said)}")
    if process.returncode != 0:
        message = said.decode(errors="replace").strip().splitlines()[-1:] or ["it said nothing"]
        kind, _, rest = message[0].removeprefix("safecost-runner: ").partition(": ")
        return Failure(kind, rest) if kind in _KINDS else Failure("timing", message[0])
    result: dict[str, Any] = json.loads(out)
    return result


_KINDS = {"load", "abi", "layout", "exports", "folded", "pool", "digest"}


def _end(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _last_line(said: bytes) -> str:
    lines = said.decode(errors="replace").strip().splitlines()
    return f" ({lines[-1][:300]})" if lines else ""
