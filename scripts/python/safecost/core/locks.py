"""Locks on files, which the system releases as soon as no process that holds them is left, however it ended.

By flock itself, as filelock can neither hand a lock on to the programs that its holder starts nor share one later.
"""

from __future__ import annotations

import fcntl
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


def opened(path: Path) -> IO[bytes]:
    """The file that is locked, made where it is missing; closing it releases the lock. It may be no link."""
    descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
    return os.fdopen(descriptor, "r+b", buffering=0)


def taken(file: IO[bytes]) -> bool:
    """Take the lock for this process alone, unless somebody else holds it."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def share(file: IO[bytes]) -> None:
    """Hold the lock together with all others who share it."""
    fcntl.flock(file, fcntl.LOCK_SH)


@contextmanager
def alone(path: Path, waiting: str = "build: waiting for another build to end") -> Iterator[None]:
    """One process at a time; `waiting` is printed where this one has to wait.

    The programs that are started meanwhile inherit the lock: where this process is killed, they go on, and the next
    process waits for them.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with opened(path) as file:
        os.set_inheritable(file.fileno(), True)
        if not taken(file):
            print(waiting, file=sys.stderr)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
