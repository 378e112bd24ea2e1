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
from safecost.run import identity, stages, timing
from safecost.run.assemble import assemble
from safecost.run.journal import Journal
from safecost.run.panels import PlannedPanel
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

    def document(self) -> doc.Document:
        """Everything known so far."""
        return self._document_of(self.state)

    def _document_of(self, state: RunState) -> doc.Document:
        return assemble(state, self.sampler.stop(), self.journal.plan if self.journal else None)

    def write(self) -> doc.Document:
        """Write everything known so far to the run's folder, save where an earlier session has come further there."""
        return self._write(self.state)

    def _write(self, state: RunState) -> doc.Document:
        out = state.options.out
        file, made = out / documents.RUN_FILE, self._document_of(state)
        if sum(len(panel.launches) for panel in made.panels) < self._written_before:
            return documents.read(file)
        try:
            documents.write(made, file)
        except ToolError as error:
            if not isinstance(error.__cause__, OSError):
                raise
            raise ToolError(
                f"{str(error).rstrip('.')}; what was measured is kept: make room, then 'safecost run --resume {out}'."
            ) from error
        return made

    def run(self) -> None:
        """All stages in order. What fails inside a case is noted; an interrupt leaves what was measured."""
        self._add_calibrations()
        if self.journal:
            identity.fix_before_build(self.journal, self.state)
        self.stage("build", stages.build)
        if self.journal:
            identity.fix_after_build(self.journal, self.state)
        remaining: Sequence[RunStage] = (stages.verify, stages.prove, stages.reject, stages.count, self._measure)
        for name, stage in zip(STAGES[1:], remaining, strict=True):
            self.stage(name, stage)
        self.state = replace(self.state, complete=True)

    def prepare(self) -> None:
        """Come as far as measuring, for whoever times panels in an order of their own."""
        self._add_calibrations()
        self.stage("build", stages.build)
        self.stage("verify", stages.verify)

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

    def panels(self) -> list[PlannedPanel]:
        """The panels that can be timed."""
        return planned_panels(self.state)

    def _add_calibrations(self) -> None:
        self.state = replace(self.state, cases=tuple(calibrations.added(self.state.cases)))

    def _measure(self, state: RunState) -> StageResult:
        panels = planned_panels(state)
        linked = timing.link(state, panels)
        checkpoint = self._write if self.journal else None
        return timing.measure(state, panels, timing.timer(state, linked), self.journal, checkpoint)
