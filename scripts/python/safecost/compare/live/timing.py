"""Times panels that hold base and head, launch by launch; each launch has a link layout of its own on both sides."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from msgspec import structs

from safecost.compare.live.arms import SIDES, SideName, build_name, parts, timed
from safecost.compare.live.sides import LiveSide
from safecost.core import locks
from safecost.core.progress import Steps
from safecost.document.evidence import TimeAnswer
from safecost.document.plan import PanelPlan
from safecost.run.panels import PlannedPanel
from safecost.run.schedule import Mode, Schedule, seed_of
from safecost.run.state import WRONG
from safecost.run.timing import panel_plan
from safecost.stats import sequential
from safecost.toolchain import layouts, runner
from safecost.toolchain.build import Built
from safecost.toolchain.layouts import Layouts

Rounds = list[list[float]]
"""Nanoseconds a call of one launch: [contender][round]."""


@dataclass(slots=True)
class Timings:
    """What was timed so far.

    `broken` tells, by panel, why there are no more launches of it; `wrong`, by case, which results or which work went
    wrong as it was timed; `contended` has the share of epochs beside slow beats of each launch.
    """

    launches: dict[PlannedPanel, list[Rounds]] = field(default_factory=dict)
    broken: dict[PlannedPanel, str] = field(default_factory=dict)
    wrong: dict[str, str] = field(default_factory=dict)
    contended: list[float] = field(default_factory=list)


class LiveBench:
    """Both sides, built and verified, linked anew for every launch."""

    def __init__(self, base: LiveSide, head: LiveSide) -> None:
        self._sides: Mapping[SideName, LiveSide] = {"base": base, "head": head}
        self._layouts: dict[SideName, Layouts] = {}
        self._linked: set[int] = set()
        self._calm_beat = 0.0
        self._plugins: set[tuple[SideName, str, str]] = set()

    def link(self, panels: Sequence[PlannedPanel], mode: Mode, seed: int) -> None:
        """Link every plugin of these panels in all layouts that launches may draw, unless that was done."""
        numbers = {at for launch in range(mode.launches) for at in layouts.drawn(seed, launch, mode.placements)}
        wanted = {(*parts(arm.profile), panel.case) for panel in panels for arm in panel.contenders}
        wanted |= {("head", self._generator(panel), panel.case) for panel in panels}
        if numbers <= self._linked and wanted <= self._plugins:
            return
        self._linked, self._plugins = self._linked | numbers, self._plugins | wanted
        base, head = (self._sides[side].state for side in SIDES)
        if base.options.folders.build == head.options.folders.build:  # two profiles: one folder, one link of all
            built = Built({**base.built.plugins, **head.built.plugins})
            keys = sorted({(case, profile) for _, profile, case in self._plugins})
            self._layouts = dict.fromkeys(SIDES, layouts.make(built, keys, self._linked))
            return
        for side in SIDES:
            keys = sorted((case, profile) for of, profile, case in self._plugins if of == side)
            self._layouts[side] = layouts.make(self._sides[side].state.built, keys, self._linked)

    def time(
        self,
        panels: Sequence[PlannedPanel],
        mode: Mode,
        seed: int,
        margin: float,
        *,
        deciding: Mapping[PlannedPanel, Collection[str]] | None = None,
        what: str = "measure",
    ) -> tuple[Timings, KeyboardInterrupt | None]:
        """Time these panels until each is decided or has all launches of the mode; an interrupt comes back with it.

        `deciding` are the variants of a panel whose times decide when it may end; None: all of them.
        """
        schedule, head = Schedule(panels, mode.analyses, seed), self._sides["head"].state
        timings, interrupt = Timings({panel: [] for panel in schedule.panels}), None
        try:
            with (
                Steps(what, schedule.left(), at_most=len(mode.analyses) > 1) as steps,
                locks.scratch() as scratch,
            ):
                for number, visited in schedule:
                    for panel in visited:
                        if panel in schedule.ended:
                            continue
                        order = seed_of(seed, number, panel)
                        plan = self._plan(panel, seed, order, mode, scratch, number)
                        result = runner.call("time", plan, TimeAnswer, head.options.launch_seconds)
                        if isinstance(result, runner.Failure):
                            schedule.breaks(panel)
                            timings.broken[panel] = head.clean(result.message, 2_000)
                            if result.kind in WRONG:
                                timings.wrong.setdefault(panel.case, timings.broken[panel])
                        else:
                            self._calm_beat = result.safecost.calm_beat
                            timings.contended.append(result.safecost.contended)
                            timings.launches[panel].append(result.safecost.counted)
                            variants = None if deciding is None else deciding[panel]
                            schedule.measured(panel, self._settled(panel, timings, mode, margin, variants))
                        steps.step()
                        steps.grow(schedule.left())
        except KeyboardInterrupt as interrupted:
            interrupt = interrupted
        return timings, interrupt

    @staticmethod
    def _settled(
        panel: PlannedPanel, timings: Timings, mode: Mode, margin: float, variants: Collection[str] | None
    ) -> Callable[[], bool]:
        def settled() -> bool:
            known = timed(panel, timings.launches[panel])
            ratios = [one.ratios for one in known if variants is None or one.quantity.variant in variants]
            return sequential.may_end(ratios, margin, mode.precision, None, mode.analyses)

        return settled

    def _plan(self, panel: PlannedPanel, seed: int, order: int, mode: Mode, scratch: Path, launch: int) -> PanelPlan:
        """A launch, in the layouts that were drawn for it."""
        drawn, generator = layouts.drawn(seed, launch, mode.placements), self._generator(panel)

        def files(case: str, build: str) -> tuple[Path, ...]:
            side, profile = parts(build_name("head", generator) if build == generator else build)
            return self._layouts[side].paths(case, profile, drawn)

        plan = panel_plan(self._sides["head"].state, panel, order, scratch, files, self._calm_beat)
        return structs.replace(
            plan,
            seed=seed,
            epoch_seconds=mode.epoch_seconds,
            contender_seconds=mode.contender_seconds,
            generator=structs.replace(plan.generator, profile=build_name("head", generator)),
        )

    def _generator(self, panel: PlannedPanel) -> str:
        """The profile of head whose plugin draws the inputs, for base and head alike."""
        found = self._sides["head"].state.generator(panel.case)
        assert found is not None, panel  # a case without inputs has no panel
        return found
