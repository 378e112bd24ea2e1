"""Starts other programs, none of which outlives an interrupt: each has its own process group, and all are ended.

The pool is Python's. By itself it waits for the programs that its threads run, and can miss an interrupt meanwhile.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")

# A build tool that is asked to end takes its compilers with it; one that is killed leaves them.
_GRACE = 3.0  # seconds


class Stopped(Exception):
    """Nothing new is started while an interrupt ends what runs."""


_lock = threading.Lock()
_running: set[subprocess.Popen[bytes]] = set()
_stopping = threading.Event()


def run(
    command: Sequence[str],
    given: bytes = b"",
    seconds: float | None = None,
    heard: Callable[[bytes], None] | None = None,
    **options: Any,
) -> subprocess.CompletedProcess[bytes]:
    """Run a command to its end; `given` is its stdin, `seconds` how long it may take, `options` are Popen's.

    `heard` is reported each line of a piped stdout as it is said; then there is no stdin and no limit of time.
    Raises subprocess.TimeoutExpired with all that was said until the end, or FileNotFoundError where there is no
    such command. Whatever is raised, the command and all that it started have ended.
    """
    with _lock:
        if _stopping.is_set():
            raise Stopped
        # A group of its own: Ctrl-C is the driver's to handle, and what a command starts can be ended with it.
        process = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True, **options)
        _running.add(process)
    try:
        if heard is not None:
            return subprocess.CompletedProcess(command, *_listen(process, heard))
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


def _listen(process: subprocess.Popen[bytes], heard: Callable[[bytes], None]) -> tuple[int, bytes]:
    """Hear a process out: its exit code and all that it said on stdout."""
    assert process.stdin is not None and process.stdout is not None
    process.stdin.close()
    said = []
    with process.stdout as lines:
        for line in lines:
            said.append(line)
            heard(line)
    return process.wait(), b"".join(said)


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


def result(future: Future[T]) -> T:
    """What a future comes to, waited for a second at a time.

    Python's signal handlers run in the main thread, between two of its instructions. A signal that comes just before
    it begins to wait, or that the kernel gives to another thread, does not end the wait: Ctrl-C would be heard only
    when the work is done.
    """
    while True:
        try:
            return future.result(timeout=1.0)
        except TimeoutError:
            if future.done():
                return future.result()


class _Workers(ThreadPoolExecutor):
    """Threads whose results can be waited for without missing an interrupt."""

    def map(
        self, fn: Callable[..., T], *iterables: Iterable[Any], timeout: float | None = None, chunksize: int = 1
    ) -> Iterator[T]:
        """Results in order, as ThreadPoolExecutor.map gives them; there is no limit of time."""
        assert timeout is None and chunksize == 1
        futures = [self.submit(fn, *arguments) for arguments in zip(*iterables, strict=False)]
        return (result(future) for future in futures)


@contextlib.contextmanager
def workers(count: int | None = None) -> Iterator[ThreadPoolExecutor]:
    """Threads that run commands; an exception in the body, an interrupt above all, ends them without waiting."""
    pool = _Workers(count)
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
