"""Starts other programs, none of which outlives an interrupt: each has its own process group, and all are ended."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any


class Stopped(Exception):
    """Nothing new is started while an interrupt ends what runs."""


_lock = threading.Lock()
_running: set[subprocess.Popen[bytes]] = set()
_stopping = threading.Event()


def run(
    command: Sequence[str], given: bytes = b"", seconds: float | None = None, **options: Any
) -> subprocess.CompletedProcess[bytes]:
    """Run a command to its end; `given` is its stdin, `seconds` how long it may take, `options` are Popen's.

    Raises subprocess.TimeoutExpired, or FileNotFoundError where there is no such command. Whatever is raised, the
    command and all that it started have ended.
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
    except BaseException:
        _end(process)
        raise
    finally:
        with _lock:
            _running.discard(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


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
            for process in _running:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
        raise
    finally:
        pool.shutdown(wait=True)
        _stopping.clear()
