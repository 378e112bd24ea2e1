"""A run in the making: its stages in order, and the document of what is known so far."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from safecost.core.errors import ToolError, UsageError
from safecost.document import io as documents
from safecost.document import types as doc
from safecost.machine import facts as machine
from safecost.run import identity, remarks, stages, timing
from safecost.run.assemble import assemble
from safecost.run.journal import Journal
from safecost.run.stages import StageResult
from safecost.run.state import STAGES, RunState, planned_panels
from safecost.suite import calibrations

RunStage = Callable[[RunState], RunState | StageResult]


def launches_in(folder: Path) -> int:
    """How many launches the document in a run's folder holds; 0 where there is none that can be read."""
    try:
        return sum(len(panel.launches) for panel in documents.read(folder / documents.RUN_FILE).panels)
    except UsageError:
        return 0


class Measurement:
    """One run: the only holder of its state, which stages are given and return with what they add.

    With a journal every launch is written as it ends, and those that it holds already are not measured again.
    """

    def __init__(self, state: RunState, journal: Journal | None = None) -> None:
        self.state, self.journal = state, journal
        self.sampler = machine.Sampler()
        self._written_before = launches_in(state.options.out) if journal and journal.resuming else 0

    def document(self, state: RunState | None = None) -> doc.Document:
        """Everything known so far, or in a state that is still in the making."""
        return assemble(state or self.state, self.sampler.stop(), self.journal.plan if self.journal else None)

    def write(self, state: RunState | None = None) -> doc.Document:
        """Write the document to the run's folder, save where an earlier session has come further there."""
        out = self.state.options.out
        file, made = out / documents.RUN_FILE, self.document(state)
        if sum(len(panel.launches) for panel in made.panels) < self._written_before:
            return documents.read(file)
        try:
            documents.write(made, file)
        except ToolError as error:
            if not isinstance(error.__cause__, OSError):
                raise
            raise ToolError(
                f"{str(error).rstrip('.')}; what was measured is kept: make room, then"
                f" 'scripts/safecost run --resume {out}'."
            ) from error
        return made

    def run(self) -> None:
        """All stages in order. What fails inside a case is noted; an interrupt leaves what was measured."""
        self.state = replace(self.state, cases=tuple(calibrations.added(self.state.cases)))
        if self.journal:
            identity.fix_before_build(self.journal, self.state)
        self.stage("build", stages.build)
        if self.journal:
            identity.fix_after_build(self.journal, self.state)
        remaining: Sequence[RunStage] = (stages.verify, stages.prove, stages.reject, stages.count, self._measure)
        for name, stage in zip(STAGES[1:], remaining, strict=True):
            self.stage(name, stage)
        if remarks.has_versions(self.state):
            self.state = remarks.asked(self.state, set(remarks.differing(self.document())))
        self.state = replace(self.state, complete=True)

    def stage(self, name: str, stage: RunStage) -> None:
        """Run one stage, and keep what it adds and what it takes."""
        start, interrupt = time.monotonic(), None
        try:
            result = stage(self.state)
            self.state, interrupt = result if isinstance(result, tuple) else (result, None)
        finally:
            self.state = replace(self.state, seconds=self.state.seconds | {name: round(time.monotonic() - start, 3)})
        if interrupt is not None:
            raise interrupt

    def _measure(self, state: RunState) -> StageResult:
        panels = planned_panels(state)
        linked = timing.link(state, panels)
        checkpoint = self.write if self.journal else None
        return timing.measure(state, panels, timing.timer(state, linked), self.journal, checkpoint)
