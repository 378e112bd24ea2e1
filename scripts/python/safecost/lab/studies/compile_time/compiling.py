"""Compiles sources in turn and in random order, and tells what processor time each compilation took."""

from __future__ import annotations

import random
import resource
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from safecost.core import processes
from safecost.core.errors import ToolError
from safecost.core.privacy import scrub
from safecost.core.progress import Steps
from safecost.core.tools import closed_environment
from safecost.document.judged import CompilerName
from safecost.lab.studies.compile_time.sources import CompiledWay
from safecost.stats.pairs import Interval, sign_test_interval

PATIENCE = 300.0  # seconds for one compilation
_SUFFIX: Mapping[CompilerName, str] = {"gcc": "cc", "clang": "cc", "rustc": "rs"}
# As the plain profiles compile, with the warnings that our build has on: some of these ways are checked by a warning.
FLAGS: Mapping[CompilerName, tuple[str, ...]] = {
    "gcc": ("-std=c++23", "-O2", "-DNDEBUG", "-Wall", "-Wextra", "-c"),
    "clang": ("-std=c++23", "-O2", "-DNDEBUG", "-Wall", "-Wextra", "-c"),
    "rustc": (
        *("--edition=2021", "--crate-type=lib", "--crate-name=uses", "--emit=obj"),
        *("-Copt-level=3", "-Ccodegen-units=1"),
    ),
}


@dataclass(slots=True)
class Compiled:
    """One way by one compiler: seconds without a use and with them, repetition by repetition, or why there are none."""

    way: CompiledWay
    compiler: CompilerName
    without: list[float] = field(default_factory=list)
    used: list[float] = field(default_factory=list)
    absent: str | None = None

    def a_thousand(self, uses: int) -> list[float]:
        """What a thousand uses took over none, in each repetition."""
        return [1000 * (used - without) / uses for without, used in zip(self.without, self.used, strict=True)]

    def interval(self, uses: int) -> Interval | None:
        """The interval of the median of these; None where repetitions are too few."""
        return sign_test_interval(self.a_thousand(uses))


def cpu_seconds(command: Sequence[str], patience: float = PATIENCE) -> float:
    """User and system time of a program and of all that it waited for; raises ToolError with its last line if it fails.

    Nothing else may be started by this process meanwhile: the kernel tells the time of all children together.
    """
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    try:
        done = processes.run(
            command, seconds=patience, env=closed_environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
    except subprocess.TimeoutExpired:
        raise ToolError(f"{Path(command[0]).name} took more than {patience:g} s.") from None
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        raise ToolError(_first_error(done.stderr.decode(errors="replace")) or f"exit code {done.returncode}")
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def _first_error(text: str) -> str:
    errors = [line.partition("error")[2] for line in text.splitlines() if "error" in line]
    return errors[0].partition(": ")[2][:200] if errors else ""


class Compilations:
    """All ways by all compilers that take their language, compiled again and again."""

    def __init__(
        self, ways: Sequence[CompiledWay], compilers: Mapping[CompilerName, Path], uses: int, seed: int
    ) -> None:
        self.uses, self.seed = uses, seed
        self.compilers = compilers
        self.compiled = [
            Compiled(way, name) for way in ways for name in compilers if (name == "rustc") == (way.language == "rust")
        ]

    def time(self, scratch: Path, repetitions: int, seconds: float) -> None:
        """Compile everything once, untimed, then again and again in random order, as often as the seconds allow.

        A repetition that is begun is finished, and none begins that would end too late. What does not compile is
        absent, with the reason.
        """
        deadline = time.monotonic() + seconds
        for pair in self.compiled:
            for uses in (0, self.uses):
                self._source(scratch, pair, uses).write_text(pair.way.source(uses), encoding="utf-8")
        with Steps("compile", (1 + repetitions) * 2 * len(self.compiled), at_most=True) as steps:
            begun = time.monotonic()
            self._repetition(scratch, 0, steps.step, self._try)
            for repetition in range(1, repetitions + 1):
                took, begun = time.monotonic() - begun, time.monotonic()
                if begun + took > deadline:
                    break
                self._repetition(scratch, repetition, steps.step, self._note)

    def _repetition(
        self, scratch: Path, number: int, step: Callable[[], None], keep: Callable[[Compiled, int, Path], None]
    ) -> None:
        """Both sources of each, in random order; where an interrupt leaves the time of one of them, it is dropped."""
        turns = [(pair, uses) for pair in self.compiled if pair.absent is None for uses in (0, self.uses)]
        random.Random(f"{self.seed} {number}").shuffle(turns)
        try:
            for pair, uses in turns:
                keep(pair, uses, self._source(scratch, pair, uses))
                step()
        finally:
            for pair in self.compiled:
                whole = min(len(pair.without), len(pair.used))
                del pair.without[whole:], pair.used[whole:]

    def _try(self, pair: Compiled, uses: int, source: Path) -> None:
        if pair.absent is None:
            try:
                self._compile(pair, source)
            except ToolError as error:
                pair.absent = scrub(str(error), (), 300)

    def _note(self, pair: Compiled, uses: int, source: Path) -> None:
        (pair.used if uses else pair.without).append(self._compile(pair, source))

    def _compile(self, pair: Compiled, source: Path) -> float:
        path = str(self.compilers[pair.compiler])
        return cpu_seconds([path, *FLAGS[pair.compiler], "-o", str(source.with_suffix(".o")), str(source)])

    def _source(self, scratch: Path, pair: Compiled, uses: int) -> Path:
        return scratch / f"{pair.way.task}_{pair.way.name}_{pair.compiler}_{uses}.{_SUFFIX[pair.compiler]}"
