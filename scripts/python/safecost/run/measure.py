"""The main job: build, verify, measure; what came out is a run document, also when it was cut short."""

from __future__ import annotations

import math
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from safecost.code import disassembly
from safecost.core import privacy, processes
from safecost.core.errors import ToolError, UsageError
from safecost.core.paths import RUNNER, Folders
from safecost.core.progress import Steps
from safecost.document import evidence
from safecost.document import io as documents
from safecost.document import types as doc
from safecost.document.plan import Arm, PanelPlan, PluginAt, SoloPlan, VerifyPlan, encoded
from safecost.machine import facts as machine
from safecost.run import assemble as run_document
from safecost.run import counts, identity, panels
from safecost.run import proofs as run_proofs
from safecost.run.journal import Journal, TimedLaunch, Unusable
from safecost.run.schedule import (
    Mode,
    Schedule,
    seed_of,
    summary,
)
from safecost.stats import sequential
from safecost.suite import calibrations
from safecost.suite import cases as case_files
from safecost.suite.cases import CaseFiles
from safecost.suite.profiles import BuildProfile, with_siblings
from safecost.toolchain import layouts, runner
from safecost.toolchain.build import Built, build_with_calibration

MARGIN = 0.01
# A document of what has been measured is written between launches, at most so often that it takes 2 % of the time.
_PAUSE = 50
# What makes the numbers of a case worthless; anything else costs only the plugin it befell.
WRONG = frozenset({"digest", "growth", "crash", "hang", "folded", "pool", "claim"})


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


def counter_flags(machine_has: bool, library_reads: bool, flags: Sequence[str]) -> tuple[list[str], str | None]:
    """Flags with which Google Benchmark reads hardware counters, or none and a sentence why; the user's own win."""
    if any(flag.startswith("--benchmark_perf_counters") for flag in flags):
        return [], None
    if not machine_has:
        return [], "no hardware counters: this machine offers none."
    if not library_reads:
        return [], "no hardware counters: this Google Benchmark was built without libpfm."
    return ["--benchmark_perf_counters=INSTRUCTIONS,CYCLES,BRANCH-MISSES"], None


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


def launches_in(folder: Path) -> int:
    """How many launches the document in a run's folder holds; 0 where there is none that can be read."""
    try:
        return sum(len(panel.launches) for panel in documents.read(folder / documents.RUN_FILE).panels)
    except UsageError:
        return 0


class Measurement:
    """One run in the making; `document()` tells what is known so far.

    With a journal every launch is written as it ends, and those that it holds already are not measured again.
    """

    def __init__(self, options: RunOptions, journal: Journal | None = None) -> None:
        self.options = options
        self.journal = journal
        self.pattern = case_files.pattern_of(options.filter)
        self.cases = case_files.choose(case_files.find(options.folders), self.pattern)
        self.profiles = with_siblings(options.profiles)
        self.machine = machine.facts()
        self.sampler = machine.Sampler()
        self.started = documents.now()
        self.stages: list[Callable[[], None]] = [
            self.build, self.verify, self.catch, self.reject, self.count, self.measure
        ]  # fmt: skip
        self.seconds = {stage.__name__: 0.0 for stage in self.stages}
        self.built = Built()
        self.layouts: layouts.Layouts | None = None  # of the plugins that are timed
        self.runner_facts: evidence.FactsAnswer | None = None
        self.descriptions: dict[tuple[str, str], evidence.PluginDescription] = {}
        self.codes: tuple[doc.Code, ...] = ()
        self.problems: list[doc.Problem] = []
        self.counted = counts.CountResult()
        self.results: dict[panels.PlannedPanel, run_document.Results] = {}
        self.proofs: list[doc.Proof] = []
        self.rejections: list[doc.Rejection] = []
        self.schedule = Schedule((), options.mode.analyses, options.seed)
        self.earlier = run_document.Earlier()
        self.complete = False
        self._written_before = launches_in(options.out) if journal and journal.resuming else 0

    def document(self) -> doc.Document:
        """Everything known so far."""
        return run_document.assemble(self)

    def write(self) -> doc.Document:
        """Write everything known so far to the run's folder, save where an earlier session has come further there."""
        file, made = self.options.out / documents.RUN_FILE, self.document()
        if sum(len(panel.launches) for panel in made.panels) < self._written_before:
            return documents.read(file)
        try:
            documents.write(made, file)
        except ToolError as error:
            if not isinstance(error.__cause__, OSError):
                raise
            raise ToolError(
                f"{str(error).rstrip('.')}; what was measured is kept: make room, then"
                f" 'safecost run --resume {self.options.out}'."
            ) from error
        return made

    def run(self) -> None:
        """All stages in order. What fails inside a case is noted; an interrupt leaves what was measured."""
        self.cases = calibrations.added(self.cases)
        if self.journal:
            identity.fix_before_build(self.journal, self)
        for stage in self.stages:
            start = time.monotonic()
            try:
                stage()
            finally:
                self.seconds[stage.__name__] = round(time.monotonic() - start, 3)
        self.complete = True

    def prepare(self) -> None:
        """Come as far as measuring, for whoever times the panels of `schedule` in an order of their own."""
        self.cases = calibrations.added(self.cases)
        self.build()
        self.verify()
        self._plan_launches()

    def build(self) -> None:
        """Build the runner and every plugin."""
        self.built = build_with_calibration(self.options.folders, self.cases, self.profiles)
        facts = runner.call("facts", None, evidence.FactsAnswer, 60)
        if isinstance(facts, runner.Failure):
            raise ToolError(f"the runner {facts.message}: remove the build folder and try again.")
        self.runner_facts = facts
        if any("No space left on device" in said for said in self.built.failures.values()):
            raise ToolError(f"the disk of {self.options.folders.build} is full: make room and try again.")
        for name, reason in self.built.absent.items():
            print(f"skipped: profile {name}: {reason}", file=sys.stderr)
        for (case, profile), said in sorted(self.built.failures.items()):
            print(f"does not compile: {case} with {profile}:\n{said}", file=sys.stderr)
            first = next((line for line in said.splitlines() if "error" in line), "")
            self._note("build", case, None, profile, f"does not compile: {first}\n{said}".strip())
        if self.journal:
            identity.fix_after_build(self.journal, self)

    def verify(self) -> None:
        """Compare every contender's digests; several cases at a time."""
        with Steps("verify", len(self.cases)) as steps, processes.workers() as pool:
            for case, result in zip(self.cases, pool.map(self._verify_case, self.cases), strict=True):
                self._take_verification(case, result)
                steps.step()
        codes, complaints = disassembly.of_run(self.built.plugins, self.descriptions)
        self.codes = tuple(codes)
        for complaint in complaints:
            print(f"no machine code: {complaint}", file=sys.stderr)

    def _verify_case(self, case: CaseFiles) -> evidence.VerifyAnswer | runner.Failure:
        plugins = tuple(
            PluginAt(profile=profile.name, path=str(self.built.plugins[case.name, profile.name]))
            for profile in self.profiles
            if (case.name, profile.name) in self.built.plugins
        )
        with tempfile.TemporaryDirectory(prefix="safecost-") as scratch:
            plan = VerifyPlan(
                case=case.name,
                data=str(case.data),
                scratch=scratch,
                plugins=plugins,
                tier=self.options.mode.tier,
                timeout_seconds=self.options.verify_seconds,
            )
            return runner.call("verify", plan, evidence.VerifyAnswer, 600)

    def _take_verification(self, case: CaseFiles, result: evidence.VerifyAnswer | runner.Failure) -> None:
        if isinstance(result, runner.Failure):
            self._note(result.kind, case.name, None, None, f"while it was verified, the runner {result.message}")
            return
        self.descriptions |= {(case.name, one.profile): one for one in result.plugins}
        told = set()
        for problem in result.problems:
            kind, profile = problem.kind, problem.profile
            if kind in {"crash", "hang"} and problem.size is None:
                kind = "load"  # no kernel was called yet: it costs this plugin only
            what = (kind, profile, None if kind == "pool" else problem.variant)
            if what in told:
                continue  # the same once more, at another size or of inputs that all variants share, says nothing new
            told.add(what)
            self._note(kind, case.name, problem.variant, profile, problem.message, *problem.place)
            if kind not in WRONG:
                self.descriptions.pop((case.name, profile or ""), None)

    def catch(self) -> None:
        """Commit every fault of every case in every variant, and decide what became of it."""
        run_proofs.prove(self)

    def reject(self) -> None:
        """Let compilers judge the suite's snippets."""
        run_proofs.ask_compilers(self)

    def note(self, kind: str, case: str | None, message: str) -> None:
        """Note what went wrong beside the measuring itself."""
        self._note(kind, case, None, None, message)

    def count(self) -> None:
        """Count instructions and allocations of every contender, unless that is not wanted."""
        if not self.options.count:
            return
        targets, folders = self._counted()
        self.counted = counts.count(targets, folders, self.options.verify_seconds * 6)
        for case, target, message in self.counted.troubles:
            said = f"while it was counted: {message}"
            if target is None:
                self._note("count", case, None, None, said)
            else:
                place = target.parameter.place
                self._note("count", case, target.variant, target.profile, said, *place)

    def _counted(self) -> tuple[list[counts.CountTarget], counts.PluginFolders]:
        """What is counted, and where it lies. A profile built a second time has nothing new to count."""
        folders = counts.PluginFolders(self.built.plugins, {case.name: case.data for case in self.cases})
        aa_pairs = {profile.name for profile in self.profiles if profile.is_rebuild}
        own = [panel for panel in self._panels() if panel.profile not in aa_pairs]
        return counts.targets(own, self.descriptions), folders

    def measure(self) -> None:
        """Launch by launch, every panel that goes on, in random order."""
        self._plan_launches()
        doubts: list[str] = []
        written, cost = time.monotonic(), 0.0
        with (
            Steps("measure", self.schedule.left(), at_most=len(self.options.mode.analyses) > 1) as steps,
            tempfile.TemporaryDirectory(prefix="safecost-") as scratch,
        ):
            for number, visited in self.schedule:
                for panel in visited:
                    if panel not in self.schedule.ended:
                        taken = self._launch(number, panel, Path(scratch), doubts)
                        steps.step(0 if taken else 1)
                        steps.grow(self.schedule.left())
                if self.journal and time.monotonic() - written > _PAUSE * cost:
                    start = time.monotonic()
                    self.write()
                    written = time.monotonic()
                    cost = written - start
        if doubts:
            # Whoever edited the folder, or whatever happened to the disk: the numbers are fresh, and it is told.
            many = f" and {len(doubts) - 1} more" if len(doubts) > 1 else ""
            self._note("resume", None, None, None, f"measured again: {doubts[0]}{many}")
            print(f"measured again: {doubts[0]}{many}", file=sys.stderr)
        if said := summary(self.schedule.ended, self.options.mode.launches):
            print(said, file=sys.stderr)

    def _plan_launches(self) -> None:
        self.schedule = Schedule(self._panels(), self.options.mode.analyses, self.options.seed)
        self.results = {panel: [] for panel in self.schedule.panels}
        self._make_layouts()

    def _make_layouts(self) -> None:
        """Link the plugins that are timed once more for every launch."""
        timed = {(panel.case, arm.profile) for panel in self.schedule.panels for arm in panel.contenders}
        timed |= {(panel.case, self._generator(panel.case)) for panel in self.schedule.panels}
        self.layouts = layouts.make(self.built, sorted(timed), self.options.mode.launches)
        for (case, profile), said in self.layouts.failures.items():
            print(f"one layout for all launches: {case} with {profile}: {said}", file=sys.stderr)

    def solo(self, scratch: Path, flags: Sequence[str]) -> int:
        """Build, then let Google Benchmark time every contender of the chosen profiles; returns its exit code."""
        self.build()
        self.verify()
        for problem in self.problems:
            where = "@".join(filter(None, (problem.variant, problem.profile)))
            print(f"{problem.case}: {where}: {problem.message.splitlines()[0]}", file=sys.stderr)
        seen: set[tuple[str, doc.Place, panels.PlannedContender]] = set()
        plans = []
        for panel in self._panels():
            place = (panel.case, panel.parameter.place)
            fresh = tuple(arm for arm in panel.contenders if arm.role != "aa" and (*place, arm) not in seen)
            seen |= {(*place, arm) for arm in fresh}
            if fresh:
                plans.append(self.plan(replace(panel, contenders=fresh), self.options.seed, scratch))
        if not plans:
            raise ToolError("nothing is left to time: see 'safecost run' for what went wrong.")
        counters, why_not = counter_flags(
            self.machine.hardware_counters,
            self.runner_facts is not None and self.runner_facts.benchmark.perf_counters,
            flags,
        )
        if why_not:
            print(f"solo: {why_not}", file=sys.stderr)
        file = scratch / "plan.json"
        file.write_bytes(encoded(SoloPlan(panels=tuple(plans))))
        return subprocess.run([str(RUNNER), "solo", "--plan", str(file), *counters, *flags], check=False).returncode

    def _launch(self, number: int, panel: panels.PlannedPanel, scratch: Path, doubts: list[str]) -> bool:
        """One launch of a panel: what the journal holds of it, or else measured. Returns whether it was held."""
        seed = seed_of(self.options.seed, number, panel)
        known = self.journal.take(panel, number, seed, number) if self.journal else None
        if isinstance(known, Unusable):
            doubts.append(
                f"launch {number} of {panel.case}@{panel.profile} at size {panel.parameter.size}: {known.reason}"
            )
        if isinstance(known, TimedLaunch):
            self.earlier.add(known)
        taken = isinstance(known, (TimedLaunch, runner.Failure))
        outcome = (
            known if isinstance(known, (TimedLaunch, runner.Failure)) else self._time(number, panel, seed, scratch)
        )
        if isinstance(outcome, runner.Failure):
            self._break(panel, outcome)
        else:
            self.results[panel].append((outcome.launch, outcome.nanoseconds))
            self.schedule.measured(panel, lambda: self._may_end(panel))
        return taken

    def _time(self, number: int, panel: panels.PlannedPanel, seed: int, scratch: Path) -> TimedLaunch | runner.Failure:
        """Measure a launch, and write it as a whole before it counts."""
        start, before = time.monotonic(), machine.ticks()
        plan = self.plan(panel, seed, scratch, number)
        result = runner.call("time", plan, evidence.TimeAnswer, self.options.launch_seconds)
        if isinstance(result, runner.Failure):
            said = privacy.clean(self.options.folders, result.message, 20_000)
            failure = replace(result, message=said)
            if self.journal:
                self.journal.put_failure(panel, number, seed, failure)
            return failure
        rounds = result.safecost.nanoseconds
        launch = doc.Launch(seed, number, result.safecost.calls, len(rounds[0]))
        stolen, ticks = (after - earlier for after, earlier in zip(machine.ticks(), before, strict=True))
        timed = TimedLaunch(launch, rounds, round(time.monotonic() - start, 3), max(0, stolen), max(0, ticks))
        if self.journal:
            self.journal.put(panel, number, timed, result)
        return timed

    def _break(self, panel: panels.PlannedPanel, failure: runner.Failure) -> None:
        """Note a launch that failed: its panel has no more, nor has any panel of a case that it disqualified."""
        known = {self._name(panel, arm): arm for arm in panel.contenders}
        arm = known.get(failure.contender or "")
        variant, profile = (arm.variant, arm.profile) if arm else (None, panel.profile)
        place = panel.parameter.place
        self._note(failure.kind, panel.case, variant, profile, f"while it was timed: {failure.message}", *place)
        disqualified = {problem.case for problem in self.problems if problem.disqualifies}
        for other in self.schedule.panels:
            if other == panel or other.case in disqualified:
                self.schedule.breaks(other)

    def _may_end(self, panel: panels.PlannedPanel) -> bool:
        mode = self.options.mode
        ratios = [pair.ratios for pair in run_document.compared(self, panel, self.results[panel])]
        return sequential.may_end(ratios, self.options.margin, mode.precision, mode.beyond, mode.analyses)

    @staticmethod
    def _name(panel: panels.PlannedPanel, arm: panels.PlannedContender) -> str:
        at = panel.parameter
        return doc.contender_name(panel.case, arm.variant, at.size, at.rate, arm.profile, at.threads)

    def _plugin_path(self, case: str, profile: str, number: int | None) -> Path:
        """The plugin that a launch loads: linked for it alone, where there is such a link."""
        if self.layouts is None or number is None:
            return self.built.plugins[case, profile]
        return self.layouts.path(case, profile, number)

    def plan(self, panel: panels.PlannedPanel, seed: int, scratch: Path, number: int | None = None) -> PanelPlan:
        """What the runner is told to time: a panel with the plugins of a launch, or as they were built."""

        def path(profile: str) -> str:
            return str(self._plugin_path(panel.case, profile, number))

        data = next(case.data for case in self.cases if case.name == panel.case)
        generator = self._generator(panel.case)
        return PanelPlan(
            case=panel.case,
            data=str(data),
            scratch=str(scratch),
            size=panel.parameter.size,
            rate=panel.parameter.rate,
            threads=panel.parameter.threads,
            seed=self.options.seed,
            order_seed=seed,
            epoch_seconds=self.options.mode.epoch_seconds,
            contender_seconds=self.options.mode.contender_seconds,
            generator=PluginAt(profile=generator, path=path(generator)),
            contenders=tuple(
                Arm(profile=arm.profile, path=path(arm.profile), variant=arm.variant) for arm in panel.contenders
            ),
        )

    def _generator(self, case: str) -> str:
        return next(profile for (name, profile), said in self.descriptions.items() if name == case and said.parameters)

    def _panels(self) -> list[panels.PlannedPanel]:
        disqualified = {problem.case for problem in self.problems if problem.disqualifies}
        variants = {
            key: [panels.PlannedVariant(v.name, v.role, v.planted) for v in said.present]
            for key, said in self.descriptions.items()
        }
        parameters = {case.name: self._parameters(case.name) for case in self.cases}
        names = [case.name for case in self.cases if case.name not in disqualified and parameters[case.name]]
        measured = [profile for profile in self.profiles if profile.name in {p.name for p in self.options.profiles}]
        ours = {case.name for case in self.cases if calibrations.is_calibration(case)}
        asked, known = [name for name in names if name not in ours], [name for name in names if name in ours]
        tier = self.options.mode.tier
        found = panels.plan(asked, measured, parameters, variants, tier, self.pattern)
        if not found and not all(map(calibrations.is_calibration, self.cases)):
            return []  # nothing that was asked for can be measured, so nothing is to be believed
        return [*found, *panels.plan(known, self.profiles, parameters, variants, tier)]

    def _parameters(self, case: str) -> list[panels.PlannedPoint]:
        for (name, _), said in self.descriptions.items():
            if name == case and said.parameters:
                return [panels.PlannedPoint(p.size, p.rate, p.label, p.tier, p.threads) for p in said.parameters]
        return []

    def _note(
        self,
        kind: str,
        case: str | None,
        variant: str | None,
        profile: str | None,
        message: str,
        size: int | None = None,
        rate: float | None = None,
        threads: int | None = None,
    ) -> None:
        clean = privacy.clean(self.options.folders, message, 20_000) or "it said nothing"
        disqualifies = kind in WRONG
        self.problems.append(doc.Problem(kind, case, variant, profile, size, rate, clean, disqualifies, threads))  # type: ignore[arg-type]
