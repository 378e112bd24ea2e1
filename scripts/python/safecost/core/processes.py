"""Starts other programs, none of which outlives an interrupt: each has its own process group, and all are ended.

The pool is Python's. By itself it waits for the programs that its threads run, and can miss an interrupt meanwhile.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import math
import os
import selectors
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import IO, Any, TypeVar

T = TypeVar("T")

# A build tool that is asked to end takes its compilers with it; one that is killed leaves them.
_GRACE = 2.0  # seconds
_CHUNK = 64 << 10  # bytes that are read at a time
_PIPE = 1 << 20  # bytes, the most that a pipe can hold
_MOST_OUT = 16 << 20  # bytes of stdout that are kept: a compiler's first errors are what counts
_MOST_SAID = 64 << 10  # bytes of stderr: the last line is what counts
_PR_SET_CHILD_SUBREAPER = 36


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

    `heard` is reported each line of a piped stdout as it is said. Of a piped stdout the first 16 MiB are kept, of a
    piped stderr the last 64 KiB. Raises subprocess.TimeoutExpired with all that was said until the end, or
    FileNotFoundError where there is no such command. Whatever is raised, the command and all that it started have
    ended.
    """
    _adopt_strays()
    with _lock:
        if _stopping.is_set():
            raise Stopped
        # A group of its own: Ctrl-C is the driver's to handle, and what a command starts can be ended with it.
        process = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True, **options)
        _running.add(process)
    try:
        with _Attended(process, given, heard) as attended:
            in_time = attended.ends_within(seconds)
            for number in (signal.SIGTERM, signal.SIGKILL):
                if process.returncode is None:
                    _signal(process, number)
                    attended.ends_within(_GRACE)
            out, said = attended.kept()
        if not in_time:
            raise subprocess.TimeoutExpired(command, seconds or 0.0, out, said)
        return subprocess.CompletedProcess(command, process.returncode, out, said)
    except BaseException:
        _end([process])
        raise
    finally:
        with _lock:
            _running.discard(process)
            _end_strays()


class _Attended:
    """A process whose pipes are served until it ends: its own end counts, and not that of the pipes.

    Whatever it started may hold those open, and write to them for ever.
    """

    def __init__(self, process: subprocess.Popen[bytes], given: bytes, heard: Callable[[bytes], None] | None) -> None:
        self._process, self._given, self._heard = process, memoryview(given), heard
        self._out, self._said, self._line = bytearray(), bytearray(), bytearray()
        self._waiting = selectors.DefaultSelector()
        self._end: int | None = None

    def __enter__(self) -> _Attended:
        process = self._process
        for pipe, event, serve in (
            (process.stdin, selectors.EVENT_WRITE, self._write),
            (process.stdout, selectors.EVENT_READ, self._keep_out),
            (process.stderr, selectors.EVENT_READ, self._keep_said),
        ):
            if pipe is not None:
                os.set_blocking(pipe.fileno(), False)
                self._waiting.register(pipe, event, serve)
        with contextlib.suppress(OSError, AttributeError):  # an old kernel: then the process is looked at now and then
            self._end = os.pidfd_open(process.pid)
            self._waiting.register(self._end, selectors.EVENT_READ, lambda: True)
        return self

    def __exit__(self, *_: object) -> None:
        self._waiting.close()
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        if self._end is not None:
            os.close(self._end)

    def ends_within(self, seconds: float | None) -> bool:
        """Serve the process until it ends, or for so many seconds; whether it has ended."""
        deadline = math.inf if seconds is None else time.monotonic() + seconds
        pause = 0.01 if self._end is None else 1.0  # a signal that came before this began to wait is seen by then
        while self._process.poll() is None:
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            self._serve(min(left, pause))
        return True

    def kept(self) -> tuple[bytes, bytes]:
        """What it said on stdout and stderr, with what its pipes still hold: no more than a pipe can."""
        for _ in range(_PIPE // _CHUNK):
            self._serve(0)
        if self._line and self._heard is not None:
            self._heard(bytes(self._line))
        return bytes(self._out), bytes(self._said)

    def _serve(self, seconds: float) -> None:
        for key, _ in self._waiting.select(seconds):
            if not key.data():
                self._waiting.unregister(key.fileobj)
                if key.fileobj is self._process.stdin:
                    self._process.stdin.close()

    def _write(self) -> bool:
        """Hand on some of what is given; false where nothing is left, or nobody reads."""
        assert self._process.stdin is not None
        try:
            written = os.write(self._process.stdin.fileno(), self._given[:_CHUNK])
        except BlockingIOError:
            return True
        except BrokenPipeError:
            return False
        self._given = self._given[written:]
        return bool(self._given)

    def _keep_out(self) -> bool:
        assert self._process.stdout is not None
        text = _read(self._process.stdout)
        self._out += text[: max(0, _MOST_OUT - len(self._out))]
        if self._heard is not None:
            *lines, rest = (bytes(self._line) + text).split(b"\n")
            self._line[:] = rest[-_MOST_SAID:]
            for line in lines:
                self._heard(line + b"\n")
        return text != b""

    def _keep_said(self) -> bool:
        assert self._process.stderr is not None
        text = _read(self._process.stderr)
        self._said += text
        del self._said[:-_MOST_SAID]
        return text != b""


def _read(pipe: IO[bytes]) -> bytes:
    return os.read(pipe.fileno(), _CHUNK)


def _signal(process: subprocess.Popen[bytes], number: int) -> None:
    """Send a signal to all of its group; those that are stopped go on, since they would not see it."""
    for one in (number, signal.SIGCONT):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, one)


def _end(processes: Collection[subprocess.Popen[bytes]]) -> None:
    """Ask the groups to end, and kill what is left of them after a while."""
    for number, seconds in ((signal.SIGTERM, _GRACE), (signal.SIGKILL, None)):
        for process in processes:
            _signal(process, number)
        deadline = None if seconds is None else time.monotonic() + seconds
        for process in processes:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(None if deadline is None else max(0.0, deadline - time.monotonic()))


@functools.cache
def _adopt_strays() -> None:
    """From now on what a command leaves behind becomes a child of this process, daemons too."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _end_strays() -> None:
    """Kill and reap what commands left behind; `_lock` must be held, since who is not in `_running` is a stray."""
    deadline = time.monotonic() + _GRACE
    while (strays := _strays()) and time.monotonic() < deadline:
        for stray in strays:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(stray, signal.SIGKILL)
        time.sleep(0.001)
        for stray in strays:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(stray, os.WNOHANG)


def _strays() -> list[int]:
    """Children that nobody here started: commands begin sessions, and other programs stay in that of this process."""
    if sys.platform != "linux":
        return []
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return []
    known = {process.pid for process in _running}
    here = os.getsid(0)
    return [child for child in _children() - known if _session(child) not in {here, None}]


def _children() -> set[int]:
    """The children of this process, whichever of its threads has started or adopted them."""
    children: set[int] = set()
    for file in Path("/proc/self/task").glob("*/children"):
        with contextlib.suppress(OSError):  # the thread has ended, and others have its children
            children |= set(map(int, file.read_text(encoding="ascii").split()))
    return children


def _session(process: int) -> int | None:
    with contextlib.suppress(ProcessLookupError):
        return os.getsid(process)
    return None


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
