"""Starts other programs, none of which outlives an interrupt: each has its own process group, and all are ended."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

# A build tool that is asked to end takes its compilers with it; one that is killed leaves them.
_GRACE = 3.0  # seconds


class Stopped(Exception):
    """Nothing new is started while an interrupt ends what runs."""


_lock = threading.Lock()
_running: set[subprocess.Popen[bytes]] = set()
_stopping = threading.Event()


def run(
    command: Sequence[str], given: bytes = b"", seconds: float | None = None, **options: Any
) -> subprocess.CompletedProcess[bytes]:
    """Run a command to its end; `given` is its stdin, `seconds` how long it may take, `options` are Popen's.

    Raises subprocess.TimeoutExpired with all that was said until the end, or FileNotFoundError where there is no
    such command. Whatever is raised, the command and all that it started have ended.
    """
    with _lock:
        if _stopping.is_set():
            raise Stopped
        # A group of its own: Ctrl-C is the desk's to handle, and what a command starts can be ended with it.
        process = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True, **options)
        _running.add(process)
    try:
        out, said = process.communicate(given, timeout=seconds)
        return subprocess.CompletedProcess(command, process.returncode, out, said)
    except subprocess.TimeoutExpired as late:
        _end([process])
        out, said = process.communicate()
        raise subprocess.TimeoutExpired(command, late.timeout, out, said) from None
    except BaseException:
        _end([process])
        raise
    finally:
        with _lock:
            _running.discard(process)


def _end(processes: Collection[subprocess.Popen[bytes]]) -> None:
    """Ask the groups to end, and kill what is left of them after a while."""
    for number, seconds in ((signal.SIGTERM, _GRACE), (signal.SIGKILL, None)):
        for process in processes:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, number)
        deadline = None if seconds is None else time.monotonic() + seconds
        for process in processes:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(None if deadline is None else max(0.0, deadline - time.monotonic()))


@contextlib.contextmanager
def workers(count: int | None = None) -> Iterator[ThreadPoolExecutor]:
    """Threads that run commands; an exception in the body, an interrupt above all, ends them without waiting."""
    pool = ThreadPoolExecutor(count)
    try:
        yield pool
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        with _lock:
            _stopping.set()
            _end(_running)
        raise
    finally:
        pool.shutdown(wait=True)
        _stopping.clear()
