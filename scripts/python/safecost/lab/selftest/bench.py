"""The bench of a self-test: the suite's own cases and calibrations, built, verified, linked anew for each launch,
timed."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

import numpy as np
from msgspec.structs import replace

from safecost.core.errors import ToolError
from safecost.core.paths import RUNNER, Folders
from safecost.document.evidence import TimeAnswer
from safecost.document.plan import PanelPlan, SoloPlan, encoded
from safecost.lab.selftest.experiments import Reading
from safecost.lab.selftest.study import google_time
from safecost.run import counts, stages, timing
from safecost.run.measure import Measurement
from safecost.run.panels import PlannedContender, PlannedPanel
from safecost.run.schedule import DEFAULT, Mode, seed_of
from safecost.run.state import RunOptions, begun, planned_panels
from safecost.suite import calibrations
from safecost.suite import profiles as profile_files
from safecost.toolchain import layouts, runner


class RealBench:
    """Builds and verifies the suite with some profiles and one that is built twice, then times what is asked."""

    def __init__(
        self,
        seed: int,
        scratch: Path,
        profiles: Sequence[str],
        launches: int = DEFAULT.launches,
        placements: int = DEFAULT.placements,
        *,
        tier: int = 0,
        expression: str | None = None,
        choose: Callable[[Sequence[PlannedPanel]], Sequence[PlannedPanel]] = lambda panels: panels,
    ) -> None:
        chosen = profile_files.with_rebuilds(profile_files.choose(",".join(profiles) or None, ()))
        # A launch beyond these has the layouts of the first again, in a new process all the same.
        mode = Mode("quick", tier, (launches,), DEFAULT.contender_seconds, placements=placements)
        run = Measurement(begun(RunOptions(mode, chosen, Folders.of(()), expression, scratch, seed=seed, count=False)))
        run.state = dataclasses.replace(run.state, cases=tuple(calibrations.added(run.state.cases)))
        run.stage("build", stages.build)
        run.stage("verify", stages.verify)
        self._state, self.panels = run.state, choose(planned_panels(run.state))
        self._linked = timing.link(run.state, self.panels)
        self._scratch, self._seed, self._calm_beat = scratch, seed, 0.0
        for problem in run.state.problems:
            where = "@".join(filter(None, (problem.variant, problem.profile)))
            print(f"left out: {problem.case}: {where}: {problem.message.splitlines()[0]}", file=sys.stderr)

    def read(self, panel: PlannedPanel, launch: int, contender_seconds: float) -> Reading:
        """Time one launch; raises ToolError where that fails."""
        start = time.monotonic()
        plan = self._plan(panel, launch, contender_seconds)
        result = runner.call("time", plan, TimeAnswer, self._state.options.launch_seconds)
        if isinstance(result, runner.Failure):
            raise ToolError(result.message)
        self._calm_beat = result.safecost.calm_beat
        times, counted = np.array(result.safecost.nanoseconds), np.array(result.safecost.counted)
        return Reading(times, counted, result.safecost.calls, time.monotonic() - start)

    def google(self, panel: PlannedPanel, launch: int, contender: PlannedContender, seconds: float) -> float:
        """Nanoseconds a call as Google Benchmark reads them for one contender in a process of its own."""
        plan = self._plan(panel, launch, seconds, [contender])
        name = panel.names[panel.contenders.index(contender)]
        return google_time(self._solo(plan, f"--benchmark_min_time={seconds:g}"), name)

    def interleaved(self, panel: PlannedPanel, launch: int, seconds: float, repetitions: int) -> str:
        """Google Benchmark's JSON of all contenders in one process, each so often, in random order."""
        flags = ("--benchmark_enable_random_interleaving=true", f"--benchmark_repetitions={repetitions}")
        return self._solo(self._plan(panel, launch, seconds), f"--benchmark_min_time={seconds:g}", *flags)

    def _solo(self, plan: PanelPlan, *flags: str) -> str:
        file = self._scratch / "solo.json"
        file.write_bytes(encoded(SoloPlan(panels=(plan,))))
        command = [str(RUNNER), "solo", "--plan", str(file), *flags]
        done = subprocess.run([*command, "--benchmark_format=json"], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise ToolError(f"Google Benchmark ended with {done.returncode}: {done.stderr.strip()[-200:]}")
        return done.stdout

    def planted(self, panel: PlannedPanel, contender: PlannedContender) -> float | None:
        """The ratio to raw that a calibration was built to have."""
        said = self._state.descriptions[panel.case, contender.profile].variants
        return next(one.planted for one in said if one.name == contender.variant)

    def count(self, cases: Collection[str]) -> counts.CountResult:
        """Instructions and allocations of every contender of these cases."""
        state = self._state
        panels = [panel for panel in self.panels if panel.case in cases]
        folders = counts.PluginFolders(state.built.plugins, {case.name: case.data for case in state.cases})
        return counts.count(counts.targets(panels, state.descriptions), folders, 60)

    def _plan(
        self, panel: PlannedPanel, launch: int, seconds: float, contenders: Sequence[PlannedContender] | None = None
    ) -> PanelPlan:
        seed = seed_of(self._seed, launch, panel)
        mode = self._state.options.mode
        drawn = layouts.drawn(self._seed, launch % mode.launches, mode.placements)
        plan = timing.panel_plan(
            self._state,
            panel,
            seed,
            self._scratch,
            lambda case, profile: self._linked.paths(case, profile, drawn),
            self._calm_beat,
        )
        names = {(arm.variant, arm.profile) for arm in (panel.contenders if contenders is None else contenders)}
        arms = tuple(one for one in plan.contenders if (one.variant, one.profile) in names)
        return replace(plan, contender_seconds=seconds, contenders=arms)
