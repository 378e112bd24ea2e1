"""Locks on files, which the system releases as soon as no process that holds them is left, however it ended.

By flock itself, as filelock can neither hand a lock on to the programs that its holder starts nor share one later.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from safecost.core.paths import make_build_folder


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
    make_build_folder(path.parent)
    with opened(path) as file:
        os.set_inheritable(file.fileno(), True)
        if not taken(file):
            print(waiting, file=sys.stderr)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


# No other name begins like this: folders of a version that did not lock them are left alone, as they may be in use.
_SCRATCH = "safecost-L"


def clear_scratch() -> None:
    """Remove the temporary folders of processes that were killed."""
    for root in {Path(tempfile.gettempdir()), Path("/tmp")}:
        for folder in root.glob(f"{_SCRATCH}*"):
            with suppress(OSError), _locked_folder(folder, fcntl.LOCK_EX | fcntl.LOCK_NB) as status:
                if status.st_uid == os.getuid():
                    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def scratch(root: Path | None = None) -> Iterator[Path]:
    """A temporary folder that goes with the body, or where this process is killed, by `clear_scratch` of a later one.

    All have names of one length.
    """
    while True:
        folder = (root or Path(tempfile.gettempdir())) / f"{_SCRATCH}{secrets.token_hex(4)[:7]}"
        try:
            folder.mkdir(0o700)
        except FileExistsError:
            continue
        with _locked_folder(folder, fcntl.LOCK_EX) as status:
            if status.st_nlink == 0:  # cleared before it was locked
                continue
            try:
                yield folder
            finally:
                shutil.rmtree(folder, ignore_errors=True)
            return


@contextmanager
def _locked_folder(folder: Path, how: int) -> Iterator[os.stat_result]:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, how)
        yield os.fstat(descriptor)
    finally:
        os.close(descriptor)
