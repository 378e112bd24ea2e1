"""The stage of a run that times: launch by launch, every panel that goes on, in random order."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from safecost.core import locks
from safecost.core.decoding import Misfit
from safecost.core.progress import Steps
from safecost.document import evidence
from safecost.document.measured import Launch
from safecost.document.plan import (
    FEWEST_INPUTS,
    FEWEST_STRAIGHT_INPUTS,
    POOL_BYTES,
    STRAIGHT_POOL_BYTES,
    Arm,
    PanelPlan,
    PluginAt,
)
from safecost.machine import facts as machine
from safecost.run.journal import Journal, TimedLaunch
from safecost.run.panels import PlannedPanel, panel_ratios
from safecost.run.schedule import Schedule, seed_of, summary
from safecost.run.stages import StageResult
from safecost.run.state import Earlier, RunState
from safecost.stats import sequential
from safecost.toolchain import layouts, runner

# A document of what has been measured is written between launches, at most so often that it takes 2 % of the time.
_PAUSE = 50

TimeLaunch = Callable[[int, PlannedPanel, int, Path], TimedLaunch | runner.Failure]
"""Times a launch: its number, the panel, the seed of its order, and a scratch folder."""


Files = Callable[[str, str], Sequence[Path]]
"""The plugin of a case and a profile, one file for each placement."""


def arm(profile: str, variant: str, files: Sequence[Path]) -> Arm:
    """A variant with its plugin in each placement."""
    return Arm(profile=profile, path=str(files[0]), variant=variant, layouts=tuple(map(str, files)))


def panel_plan(
    state: RunState, panel: PlannedPanel, seed: int, scratch: Path, files: Files, calm_beat: float = 0.0
) -> PanelPlan:
    """What the runner is told to time: a panel, with as many placements as there are files of a plugin."""
    generator = state.generator(panel.case) or ""
    generators = files(panel.case, generator)
    straight = state.is_straight(panel.case)
    return PanelPlan(
        case=panel.case,
        data=str(state.data(panel.case)),
        scratch=str(scratch),
        size=panel.parameter.size,
        rate=panel.parameter.rate,
        threads=panel.parameter.threads,
        workers=panel.parameter.workers,
        seed=state.options.seed,
        order_seed=seed,
        pool_bytes=STRAIGHT_POOL_BYTES if straight else POOL_BYTES,
        fewest_inputs=FEWEST_STRAIGHT_INPUTS if straight else FEWEST_INPUTS,
        epoch_seconds=state.options.mode.epoch_seconds,
        contender_seconds=state.options.mode.contender_seconds,
        placements=len(generators),
        calm_beat=calm_beat,
        generator=PluginAt(profile=generator, path=str(generators[0])),
        contenders=tuple(arm(it.profile, it.variant, files(panel.case, it.profile)) for it in panel.contenders),
    )


def link(state: RunState, panels: Sequence[PlannedPanel]) -> layouts.Layouts:
    """Link the plugins that are timed in every layout that a launch of this run can draw."""
    mode, seed = state.options.mode, state.options.seed
    timed = {(panel.case, arm.profile) for panel in panels for arm in panel.contenders}
    timed |= {(panel.case, state.generator(panel.case) or "") for panel in panels}
    numbers = {layout for launch in range(mode.launches) for layout in layouts.drawn(seed, launch, mode.placements)}
    made = layouts.make(state.built, sorted(timed), numbers)
    for (case, profile), reason in made.failures.items():
        print(f"one layout for all launches: {case} with {profile}: {reason}", file=sys.stderr)
    return made


def timer(state: RunState, linked: layouts.Layouts) -> TimeLaunch:
    """Times launches in processes of their own, each with the layouts that were drawn for it."""
    beats: list[float] = []  # of calm, by each launch so far

    def time_launch(number: int, panel: PlannedPanel, seed: int, scratch: Path) -> TimedLaunch | runner.Failure:
        start, before = time.monotonic(), machine.ticks()
        drawn = layouts.drawn(state.options.seed, number, state.options.mode.placements)
        plan = panel_plan(
            state,
            panel,
            seed,
            scratch,
            lambda case, profile: linked.paths(case, profile, drawn),
            min(beats, default=0.0),
        )
        result = runner.call("time", plan, evidence.TimeAnswer, state.options.launch_seconds)
        if isinstance(result, runner.Failure):
            return replace(result, message=state.clean(result.message, 20_000))
        beats.append(result.safecost.calm_beat)
        seen, rounds = result.safecost, result.safecost.counted
        launch = Launch(seed, drawn, seen.calls, len(rounds[0]), seen.contended, seen.latencies)
        stolen, ticks = (after - earlier for after, earlier in zip(machine.ticks(), before, strict=True))
        seconds = round(time.monotonic() - start, 3)
        return TimedLaunch(launch, rounds, seen.placements, seconds, max(0, stolen), max(0, ticks), result)

    return time_launch


@dataclass(slots=True)
class _Launches:
    """The launches of a run in the making."""

    state: RunState
    schedule: Schedule
    journal: Journal | None
    time_launch: TimeLaunch
    doubts: list[str]

    def launch(self, number: int, panel: PlannedPanel, scratch: Path) -> bool:
        """One launch of a panel: what the journal holds of it, or else measured. Returns whether it was held."""
        seed = seed_of(self.state.options.seed, number, panel)
        drawn = layouts.drawn(self.state.options.seed, number, self.state.options.mode.placements)
        known = self.journal.take(panel, number, seed, drawn) if self.journal else None
        if isinstance(known, Misfit):
            where = f"{panel.case}@{panel.profile} at size {panel.parameter.size}"
            self.doubts.append(f"launch {number} of {where}: {known}")
            known = None
        if isinstance(known, TimedLaunch):
            took = self.state.earlier
            took = Earlier(took.seconds + known.seconds, took.stolen + known.stolen_ticks, took.ticks + known.ticks)
            self.state = replace(self.state, earlier=took)
        outcome = self._timed(number, panel, seed, scratch) if known is None else known
        if isinstance(outcome, runner.Failure):
            self._break(panel, outcome)
        else:
            results = (*self.state.results[panel], (outcome.launch, outcome.nanoseconds, outcome.placements))
            self.state = replace(self.state, results={**self.state.results, panel: results})
            self.schedule.measured(panel, lambda: self._may_end(panel))
        self.state = replace(self.state, ended=dict(self.schedule.ended))
        return known is not None

    def _timed(self, number: int, panel: PlannedPanel, seed: int, scratch: Path) -> TimedLaunch | runner.Failure:
        """Measure a launch, and write it as a whole before it counts."""
        outcome = self.time_launch(number, panel, seed, scratch)
        if self.journal and isinstance(outcome, runner.Failure):
            if outcome.kind != "trouble":  # which a later session need not meet again
                self.journal.put_failure(panel, number, seed, outcome)
        elif self.journal and isinstance(outcome, TimedLaunch) and outcome.answer is not None:
            self.journal.put(panel, number, outcome, outcome.answer)
        return outcome

    def _break(self, panel: PlannedPanel, failure: runner.Failure) -> None:
        """Note a launch that failed: its panel has no more, nor has any panel of a case that it disqualified."""
        broken = dict(zip(panel.names, panel.contenders, strict=True)).get(failure.contender or "")
        variant, profile = (broken.variant, broken.profile) if broken else (None, panel.profile)
        message = f"while it was timed: {failure.message}"
        self.state = self.state.with_problem(failure.kind, message, panel.case, variant, profile, panel.parameter.place)
        for other in self.schedule.panels:
            if other == panel or other.case in self.state.disqualified:
                self.schedule.breaks(other)

    def _may_end(self, panel: PlannedPanel) -> bool:
        options = self.state.options
        profile = next(profile for profile in self.state.profiles if profile.name == panel.profile)
        ratios = [ratios for _, ratios in panel_ratios(panel, profile, self.state.results[panel])]
        mode = options.mode
        return sequential.may_end(ratios, options.margin, mode.precision, mode.beyond, mode.analyses)


def measure(
    state: RunState,
    panels: Sequence[PlannedPanel],
    time_launch: TimeLaunch,
    journal: Journal | None = None,
    checkpoint: Callable[[RunState], object] | None = None,
) -> StageResult:
    """Time the panels. `checkpoint` is called now and then with what is known; an interrupt leaves whole launches.

    With a journal every launch is written as it ends, and those that it holds already are not measured again.
    """
    mode = state.options.mode
    schedule = Schedule(panels, mode.analyses, state.options.seed)
    state = replace(state, results=dict.fromkeys(schedule.panels, ()))
    launches = _Launches(state, schedule, journal, time_launch, [])
    interrupt = None
    written, cost = time.monotonic(), 0.0
    try:
        with (
            Steps("measure", schedule.left(), at_most=len(mode.analyses) > 1) as steps,
            locks.scratch() as scratch,
        ):
            for number, visited in schedule:
                for panel in visited:
                    if panel not in schedule.ended:
                        held = launches.launch(number, panel, scratch)
                        steps.step(0 if held else 1)
                        steps.grow(schedule.left())
                if checkpoint and time.monotonic() - written > _PAUSE * cost:
                    start = time.monotonic()
                    checkpoint(launches.state)
                    written = time.monotonic()
                    cost = written - start
    except KeyboardInterrupt as interrupted:
        interrupt = interrupted
    state, doubts = launches.state, launches.doubts
    if doubts:
        # Whoever edited the folder, or whatever happened to the disk: the numbers are fresh, and that is said.
        many = f" and {len(doubts) - 1} more" if len(doubts) > 1 else ""
        state = state.with_problem("resume", f"measured again: {doubts[0]}{many}")
        print(f"measured again: {doubts[0]}{many}", file=sys.stderr)
    if interrupt is None and (ending := summary(schedule.ended, mode.launches)):
        print(ending, file=sys.stderr)
    return state, interrupt
