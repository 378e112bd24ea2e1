"""What is known of a run so far: stages are given it, and return it with what they add."""

from __future__ import annotations

import math
import os
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from safecost.core import privacy
from safecost.core.errors import UsageError
from safecost.core.paths import Folders
from safecost.document import evidence
from safecost.document import io as documents
from safecost.document import types as doc
from safecost.document.evidence import DescribedPoint, DescribedVariant
from safecost.document.judged import Proof, Rejection
from safecost.document.measured import Code, untouched
from safecost.machine import facts as machine
from safecost.run.counts import CountResult
from safecost.run.panels import PlannedPanel, Results, gap_of, plan
from safecost.run.schedule import Mode, PanelEnd
from safecost.suite import calibrations
from safecost.suite import cases as case_files
from safecost.suite.cases import CaseFiles
from safecost.suite.profiles import BuildProfile, with_siblings
from safecost.toolchain.build import Built

MARGIN = 0.01
# What makes the numbers of a case worthless; anything else costs only the plugin it befell.
WRONG = frozenset({"digest", "growth", "crash", "hang", "leftover", "folded", "pool", "claim"})


STAGES = ("build", "verify", "catch", "reject", "count", "measure")


def limit(variable: str, usual: float) -> float:
    """How many seconds something may take: what the environment says, else what is usual."""
    text = os.environ.get(variable, "")
    try:
        seconds = float(text) if text else usual
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < 1e6:
        raise UsageError(f"{variable}={text!r} is not a number of seconds above 0.")
    return seconds


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What the user asked for."""

    mode: Mode
    profiles: Sequence[BuildProfile]
    folders: Folders
    filter: str | None
    out: Path
    margin: float = MARGIN
    count: bool = True
    seed: int = field(default_factory=lambda: secrets.randbits(32))
    # How long a kernel may be silent while it is verified, and a launch as a whole, before either counts as hung.
    verify_seconds: float = field(default_factory=lambda: limit("SAFECOST_VERIFY_SECONDS", 10.0))
    launch_seconds: float = field(default_factory=lambda: limit("SAFECOST_LAUNCH_SECONDS", 120.0))


@dataclass(frozen=True, slots=True)
class Earlier:
    """What launches of earlier sessions took: seconds of wall time, and ticks of the CPUs, in all and stolen."""

    seconds: float = 0.0
    stolen: int = 0
    ticks: int = 0


@dataclass(frozen=True, slots=True)
class RunState:
    """What was asked for, and what stages have added; (case, profile) names a plugin."""

    options: RunOptions
    cases: tuple[CaseFiles, ...]
    profiles: tuple[BuildProfile, ...]
    machine: doc.Machine
    started: str
    built: Built = field(default_factory=Built)
    runner_facts: evidence.FactsAnswer | None = None
    descriptions: Mapping[tuple[str, str], evidence.PluginDescription] = field(default_factory=dict)
    codes: tuple[Code, ...] = ()
    problems: tuple[doc.Problem, ...] = ()
    counted: CountResult = field(default_factory=CountResult)
    proofs: tuple[Proof, ...] = ()
    rejections: tuple[Rejection, ...] = ()
    results: Mapping[PlannedPanel, Results] = field(default_factory=dict)
    ended: Mapping[PlannedPanel, PanelEnd] = field(default_factory=dict)
    earlier: Earlier = Earlier()
    seconds: dict[str, float] = field(default_factory=lambda: dict.fromkeys(STAGES, 0.0))
    complete: bool = False

    @property
    def pattern(self) -> re.Pattern[str] | None:
        """The filter, compiled."""
        return case_files.pattern_of(self.options.filter)

    @property
    def disqualified(self) -> frozenset[str]:
        """The cases that computed something wrong."""
        return frozenset(problem.case for problem in self.problems if problem.disqualifies and problem.case is not None)

    def clean(self, text: str, most: int = 4_000) -> str:
        """Text of others as the document takes it."""
        return privacy.clean(self.options.folders, text, most)

    def with_problem(
        self,
        kind: str,
        message: str,
        case: str | None = None,
        variant: str | None = None,
        profile: str | None = None,
        place: tuple[int | None, float | None, int | None, int | None] = (None, None, None, None),
    ) -> RunState:
        """The state with one more thing that went wrong, at `place`: size, rate, threads and workers."""
        size, rate, *more = place
        message = self.clean(message, 20_000) or "it said nothing"
        problem = doc.Problem(kind, case, variant, profile, size, rate, message, kind in WRONG, *more)  # type: ignore[arg-type]
        return replace(self, problems=(*self.problems, problem))

    def is_straight(self, case: str) -> bool:
        """Whether no branch of the case depends on data, as its generator says."""
        described = self.descriptions.get((case, self.generator(case) or ""))
        return described is not None and described.straight

    def generator(self, case: str) -> str | None:
        """The profile whose plugin draws the inputs of a case; None where none was built."""
        return next((by for (name, by), said in self.descriptions.items() if name == case and said.parameters), None)

    def points(self, case: str) -> list[DescribedPoint]:
        """Where a case can be timed on this machine."""
        by = self.generator(case)
        return [] if by is None else [one for one in self.descriptions[case, by].points if gap_of(one) is None]

    def variants(self, case: str, profile: str) -> list[DescribedVariant]:
        """The variants that a plugin really has; none where there is no such plugin."""
        said = self.descriptions.get((case, profile))
        return [] if said is None else list(said.present)

    @property
    def untouched(self) -> frozenset[tuple[str, str, str]]:
        """Case, profile and variant whose machine code is the same in the profile's plain sibling."""
        return untouched(self.codes, {profile.name: profile.plain for profile in self.profiles})

    def data(self, case: str) -> Path:
        """The folder of a case's shipped inputs."""
        return next(one.data for one in self.cases if one.name == case)


def begun(options: RunOptions) -> RunState:
    """The state of a run that has not begun; raises UsageError where what was asked for does not exist."""
    cases = case_files.choose(case_files.find(options.folders), case_files.pattern_of(options.filter))
    return RunState(options, tuple(cases), tuple(with_siblings(options.profiles)), machine.facts(), documents.now())


def planned_panels(state: RunState) -> list[PlannedPanel]:
    """The panels that can be timed; calibrations are among them only where anything else that was asked for is."""
    variants = {(case, profile): state.variants(case, profile) for case, profile in state.descriptions}
    points = {case.name: state.points(case.name) for case in state.cases}
    names = [case.name for case in state.cases if case.name not in state.disqualified and points[case.name]]
    chosen = {profile.name for profile in state.options.profiles}
    measured = [profile for profile in state.profiles if profile.name in chosen]
    ours = {case.name for case in state.cases if calibrations.is_calibration(case)}
    tier = state.options.mode.tier
    asked = plan(
        [name for name in names if name not in ours], measured, points, variants, tier, state.pattern, state.untouched
    )
    if not asked and len(ours) < len(state.cases):
        return []
    return [*asked, *plan([name for name in names if name in ours], state.profiles, points, variants, tier)]
