"""Busy neighbours: processes that keep every processor and its memory busy while something is measured."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator

# Half of its time it computes, half it streams 16 MiB through the caches; it ends with the pipe to its parent, so that
# not even a parent that was killed leaves one behind.
_BUSY = """\
import os, select, sys
data = bytearray(16 << 20)
view = memoryview(data)
while not select.select([sys.stdin], [], [], 0)[0]:
    for _ in range(20):
        total = sum(range(20_000))
        view[: 8 << 20] = view[8 << 20 :]
"""


@contextlib.contextmanager
def busy(count: int) -> Iterator[None]:
    """`count` neighbours for the time of the body; they are gone afterwards, whatever happened."""
    running: list[subprocess.Popen[bytes]] = []
    try:
        for _ in range(count):
            running.append(
                subprocess.Popen(
                    [sys.executable, "-I", "-c", _BUSY],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.DEVNULL,
                    process_group=0,  # and in this session: another one is a stray's
                )
            )
        yield
    finally:
        for one in running:
            one.kill()
        for one in running:
            one.wait()
            if one.stdin:
                one.stdin.close()
