"""Progress with an estimate of what is left, on stderr: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

_SECONDS_BETWEEN_LINES = 10.0
_ESTIMATED_FROM = 0.05  # the first steps of a build are its slowest ones, and would promise hours


class Steps:
    """Counts steps of one stage; a context manager. `at_most` says that some of them may turn out to be needless."""

    def __init__(self, what: str, total: int, *, at_most: bool = False) -> None:
        self._what, self._total, self._done = what, total, 0
        self._about = "at most" if at_most else "about"
        self._start = self._last = time.monotonic()
        self._bar: Progress | None = None
        if sys.stderr.isatty():
            columns = (
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                TextColumn("at most" if at_most else "left"),
                TimeRemainingColumn(),
            )
            self._bar = Progress(*columns, console=Console(stderr=True), transient=True)
            self._task = self._bar.add_task(what, total=total)

    def __enter__(self) -> Steps:
        if self._bar:
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar:
            self._bar.stop()
        if kind is None:
            seconds = time.monotonic() - self._start
            print(f"{self._what}: {self._done} in {seconds:.1f} s", file=sys.stderr)

    def grow(self, left: int) -> None:
        """Correct the number of steps that are still to come; those that are done set the pace, whatever falls away."""
        total = self._total = self._done + left
        if self._bar:
            self._bar.update(self._task, total=total)

    def step(self, done: int = 1) -> None:
        """Note that steps are done."""
        self._done += done
        if not self._done:
            return
        if self._bar:
            self._bar.update(self._task, completed=self._done)
            return
        now = time.monotonic()
        if now - self._last >= _SECONDS_BETWEEN_LINES and self._done < self._total:
            self._last = now
            seconds = (now - self._start) / self._done * (self._total - self._done)
            left = f", {self._about} {seconds:.0f} s left" if self._done >= _ESTIMATED_FROM * self._total else ""
            print(f"{self._what}: {self._done} of {self._total}{left}", file=sys.stderr)
