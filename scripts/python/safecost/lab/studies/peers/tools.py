"""The tools that are compared: what each is told to do with a pair, and for how long."""

from __future__ import annotations

import random
import subprocess
import tempfile
import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from safecost.core import processes
from safecost.core.errors import ToolError
from safecost.document.evidence import FactsAnswer, TimeAnswer
from safecost.document.plan import Arm, PanelPlan, PluginAt
from safecost.lab.studies.peers import programs, readings
from safecost.lab.studies.peers.kernels import LINKS, PROFILE, BuiltKernel
from safecost.lab.studies.peers.overhead import Overhead
from safecost.lab.studies.peers.records import PeerEstimate
from safecost.run.schedule import DEFAULT, QUICK
from safecost.run.state import MARGIN
from safecost.stats.pairs import FEWEST_LAUNCHES, launch_ratio
from safecost.toolchain import layouts, runner

REPETITIONS = 9  # from which on compare.py does not warn of its U test
EPOCH = 1e-3  # seconds of nanobench's epochs, its default
FOR_DEFAULT = 1.0  # seconds from which on twelve launches leave time to time in
_LIMIT = 120.0  # seconds that a process may take
_PILOT = 0.5  # of its seconds: a trial before all others that shows what a tool takes beside, and is thrown away


PeerReading = tuple[PeerEstimate, float]
"""What a tool made of a pair, and the seconds that its processes took on the wall."""


class PeerTool(Protocol):
    """A way to time pairs."""

    name: str

    def time(self, kernel: BuiltKernel, pair: str, seconds: float, number: int) -> PeerReading:
        """Time a pair for so many seconds in all; `number` is the trial's, by which it draws or takes a link."""


class Safecost:
    """The runner on a pair alone, in fresh processes with layouts of their own."""

    name = "safecost"

    def __init__(self, scratch: Path) -> None:
        self._scratch, self._overhead, self._calm = scratch, Overhead(), 0.0

    def time(self, kernel: BuiltKernel, pair: str, seconds: float, number: int) -> PeerReading:
        """As many launches as a default run has, where there is a second for them; else the fewest with an interval."""
        launches = DEFAULT.launches if seconds >= FOR_DEFAULT else FEWEST_LAUNCHES
        numbers = range(number * launches, (number + 1) * launches)
        timed = [self._launch(kernel, pair, seconds / launches, launch) for launch in numbers]
        return readings.of_launches([ratio for ratio, _ in timed], MARGIN), sum(wall for _, wall in timed)

    def _launch(self, kernel: BuiltKernel, pair: str, seconds: float, launch: int) -> tuple[float, float]:
        told = self._overhead.told(kernel.kernel, seconds)
        files = tuple(map(str, kernel.paths(layouts.drawn(1, launch, QUICK.placements))))
        names = (kernel.base, pair)
        plan = PanelPlan(
            case=kernel.kernel.timed_case,
            data=str(kernel.data),
            scratch=str(self._scratch),
            size=kernel.size,
            rate=None,
            threads=None,
            seed=1,
            order_seed=random.Random(f"peers {kernel.kernel.name} {pair} {launch}").getrandbits(52),
            pool_bytes=kernel.pool_bytes,
            fewest_inputs=kernel.fewest_inputs,
            epoch_seconds=QUICK.epoch_seconds,
            contender_seconds=told / 2,
            placements=QUICK.placements,
            calm_beat=self._calm,
            generator=PluginAt(profile=PROFILE, path=files[0]),
            contenders=tuple(Arm(profile=PROFILE, path=files[0], variant=it, layouts=files) for it in names),
        )
        start = time.monotonic()
        answer = runner.call("time", plan, TimeAnswer, _LIMIT)
        wall = time.monotonic() - start
        self._overhead.took(kernel.kernel, told, wall)
        if isinstance(answer, runner.Failure):
            raise ToolError(f"{kernel.kernel.name} could not be timed by safecost: {answer.message}")
        self._calm = min(filter(None, (self._calm, answer.safecost.calm_beat)))
        base, other = answer.safecost.counted
        return launch_ratio(other, base), wall


class _Peer:
    """A tool of others, each trial of which has the next link, and is told a time that fits the wall's."""

    def __init__(self, program: Path) -> None:
        self._program, self._overhead = program, Overhead()

    def _ask(
        self,
        kernel: BuiltKernel,
        variants: Sequence[str],
        seconds: float,
        number: int,
        flags: Callable[[float], Sequence[str]],
    ) -> tuple[str, float]:
        """What the program prints of these variants, and the seconds that it took."""
        key = (kernel.kernel, seconds)
        if self._overhead.beside(key) is None:
            self._run(kernel, variants, number, flags, _PILOT * seconds, key)
        return self._run(kernel, variants, number, flags, self._overhead.told(key, seconds), key)

    def _run(
        self,
        kernel: BuiltKernel,
        variants: Sequence[str],
        number: int,
        flags: Callable[[float], Sequence[str]],
        told: float,
        key: Hashable,
    ) -> tuple[str, float]:
        settings = {
            "PEERS_PLUGIN": str(kernel.paths((number % LINKS,))[0]),
            "PEERS_DATA": str(kernel.data),
            "PEERS_SIZE": str(kernel.size),
            "PEERS_POOL_BYTES": str(kernel.pool_bytes),
            "PEERS_FEWEST_INPUTS": str(kernel.fewest_inputs),
            "PEERS_VARIANTS": " ".join(variants),
        }
        start = time.monotonic()
        done = processes.run(
            [str(self._program), *flags(told)],
            seconds=_LIMIT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**runner.environment(), **settings},
        )
        wall = time.monotonic() - start
        self._overhead.took(key, told, wall)
        if not done.stdout:
            said = done.stderr.decode(errors="replace").strip()[-300:]
            raise ToolError(f"{self._program.name} ended with {done.returncode} on {kernel.kernel.name}: {said}")
        return done.stdout.decode(errors="replace"), wall


class _GoogleBenchmark(_Peer):
    """Google Benchmark, and compare.py."""

    def __init__(self, program: Path, compare: readings.Compare) -> None:
        super().__init__(program)
        self._compare = compare


class GoogleInterleaved(_GoogleBenchmark):
    """Google Benchmark with both in one process, in random order, and compare.py."""

    name = "Google Benchmark, interleaved"

    def time(self, kernel: BuiltKernel, pair: str, seconds: float, number: int) -> PeerReading:
        """Nine repetitions of each."""
        names = (kernel.base, pair)
        text, wall = self._ask(kernel, names, seconds, number, lambda told: _google_flags(told / 2))
        return readings.of_google([text], names, self._compare), wall


class GoogleTwice(_GoogleBenchmark):
    """Google Benchmark run twice, once for each, and compare.py."""

    name = "Google Benchmark, two runs"

    def time(self, kernel: BuiltKernel, pair: str, seconds: float, number: int) -> PeerReading:
        """Nine repetitions of each."""
        names = (kernel.base, pair)
        runs = [self._ask(kernel, (name,), seconds / 2, number, _google_flags) for name in names]
        estimate = readings.of_google([text for text, _ in runs], names, self._compare)
        return estimate, sum(wall for _, wall in runs)


def _google_flags(seconds: float) -> list[str]:
    """Flags by which each benchmark takes so many seconds."""
    least = f"--benchmark_min_time={seconds / REPETITIONS:.6f}"
    return [
        *("--benchmark_enable_random_interleaving=true", f"--benchmark_repetitions={REPETITIONS}"),
        *(least, "--benchmark_format=json"),
    ]


class Nanobench(_Peer):
    """nanobench's compare()."""

    name = "nanobench compare()"

    def time(self, kernel: BuiltKernel, pair: str, seconds: float, number: int) -> PeerReading:
        """As many epochs of a millisecond as fit."""
        names = (kernel.base, pair)
        text, wall = self._ask(kernel, names, seconds, number, lambda told: [str(max(1, round(told / 2 / EPOCH)))])
        return readings.of_nanobench(text), wall


class Tango(_Peer):
    """tango, which times two processes in step."""

    name = "tango"

    def time(self, kernel: BuiltKernel, pair: str, seconds: float, number: int) -> PeerReading:
        """With its default threshold."""
        with tempfile.TemporaryDirectory() as dump:

            def flags(told: float) -> list[str]:
                which = ["--strip-candidate", "other/*", "--strip-baseline", "base/*"]
                return ["--color", "never", "compare", "-q", *which, "-t", f"{told:.3f}", "-d", dump]

            text, wall = self._ask(kernel, (kernel.base, pair), seconds, number, flags)
            return readings.of_tango(text, (Path(dump) / "pair.csv").read_text(encoding="utf-8")), wall


def available(scratch: Path, header: Path | None) -> tuple[list[PeerTool], dict[str, str]]:
    """The tools that can be had here, and of the others, by name, why not."""
    tools: list[PeerTool] = [Safecost(scratch)]
    missing: dict[str, str] = {}
    makers: Mapping[str, Callable[[], PeerTool]] = {
        GoogleInterleaved.name: lambda: GoogleInterleaved(programs.google(), readings.compare_py()),
        GoogleTwice.name: lambda: GoogleTwice(programs.google(), readings.compare_py()),
        Nanobench.name: lambda: Nanobench(programs.nanobench(header)),
        Tango.name: lambda: Tango(programs.tango()),
    }
    for name, make in makers.items():
        try:
            tools.append(make())
        except (ToolError, OSError, ImportError) as error:
            missing[name] = str(error)
    return tools, missing


def versions() -> str:
    """What is compared, for readers."""
    facts = runner.call("facts", None, FactsAnswer, 60)
    google = "of an unknown version" if isinstance(facts, runner.Failure) else facts.benchmark.version
    return f"Google Benchmark {google}, nanobench {programs.NANOBENCH}, tango {programs.TANGO}"


NAMES = (Safecost.name, GoogleInterleaved.name, GoogleTwice.name, Nanobench.name, Tango.name)
