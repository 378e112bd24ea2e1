"""The main job: build, verify, measure; what came out is a run document, also when it was cut short."""

from __future__ import annotations

import json
import math
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from desk import cases as case_files
from desk import counts, described, machine, panels, processes, run_document, runner
from desk import document as doc
from desk.build import Built, build_all
from desk.cases import Case
from desk.errors import DeskError, UsageError
from desk.places import RUNNER, Folders
from desk.profiles import Profile, with_siblings
from desk.progress import Steps

MARGIN = 0.01
# What makes the numbers of a case worthless; anything else costs only the plugin it befell.
WRONG = frozenset({"digest", "growth", "crash", "hang", "folded", "pool"})


@dataclass(frozen=True, slots=True)
class Mode:
    """How much is measured: sizes up to a tier, launches, and seconds of each contender in a launch and of an epoch."""

    name: Literal["quick", "default", "full"]
    tier: int
    launches: int
    contender_seconds: float
    epoch_seconds: float = 200e-6


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


QUICK = Mode("quick", 0, 6, 0.012)
DEFAULT = Mode("default", 0, 12, 0.03)
FULL = Mode("full", 1, 20, 0.05)


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
class Options:
    """What the user asked for."""

    mode: Mode
    profiles: Sequence[Profile]
    folders: Folders
    filter: str | None
    out: Path
    margin: float = MARGIN
    count: bool = True
    seed: int = field(default_factory=lambda: secrets.randbits(32))
    # How long a kernel may be silent while it is verified, and a launch as a whole, before either counts as hung.
    verify_seconds: float = field(default_factory=lambda: limit("SAFECOST_VERIFY_SECONDS", 10.0))
    launch_seconds: float = field(default_factory=lambda: limit("SAFECOST_LAUNCH_SECONDS", 120.0))


class Measurement:
    """One run in the making; `document()` tells what is known so far."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.pattern = case_files.pattern_of(options.filter)
        self.cases = case_files.choose(case_files.find(options.folders), self.pattern)
        self.profiles = with_siblings(options.profiles)
        self.machine = machine.facts()
        self.sampler = machine.Sampler()
        self.started = run_document.now()
        self.seconds = {"build": 0.0, "verify": 0.0, "count": 0.0, "measure": 0.0}
        self.built = Built()
        self.runner_facts: dict[str, Any] = {}
        self.descriptions: dict[tuple[str, str], dict[str, Any]] = {}
        self.problems: list[doc.Problem] = []
        self.counted = counts.CountResult()
        self.results: dict[panels.Panel, run_document.Results] = {}
        self.complete = False

    def document(self) -> doc.Document:
        """Everything known so far."""
        return run_document.assemble(self)

    def run(self) -> None:
        """All stages in order. What fails inside a case is noted; an interrupt leaves what was measured."""
        for stage in (self.build, self.verify, self.count, self.measure):
            start = time.monotonic()
            try:
                stage()
            finally:
                self.seconds[stage.__name__] = round(time.monotonic() - start, 3)
        self.complete = True

    def build(self) -> None:
        """Build the runner and every plugin."""
        self.built = build_all(self.options.folders, self.cases, self.profiles)
        facts = runner.call("facts", {}, 60)
        if isinstance(facts, runner.Failure):
            raise DeskError(f"the runner {facts.message}: remove the build folder and try again.")
        self.runner_facts = facts
        for name, reason in self.built.absent.items():
            print(f"skipped: profile {name}: {reason}", file=sys.stderr)
        for (case, profile), said in sorted(self.built.failures.items()):
            print(f"does not compile: {case} with {profile}:\n{said}", file=sys.stderr)
            first = next((line for line in said.splitlines() if "error" in line), "")
            self._note("build", case, None, profile, f"does not compile: {first}\n{said}".strip())

    def verify(self) -> None:
        """Compare every contender's digests; several cases at a time."""
        with Steps("verify", len(self.cases)) as steps, processes.workers() as pool:
            for case, result in zip(self.cases, pool.map(self._verify_case, self.cases), strict=True):
                self._take_verification(case, result)
                steps.step()

    def _verify_case(self, case: Case) -> dict[str, Any] | runner.Failure:
        plugins = [
            {"profile": profile.name, "path": str(self.built.plugins[case.name, profile.name])}
            for profile in self.profiles
            if (case.name, profile.name) in self.built.plugins
        ]
        with tempfile.TemporaryDirectory(prefix="safecost-") as scratch:
            plan: dict[str, Any] = {"case": case.name, "data": str(case.data), "scratch": scratch, "plugins": plugins}
            plan |= {"tier": self.options.mode.tier, "timeout_seconds": self.options.verify_seconds}
            return runner.call("verify", plan, 600)

    def _take_verification(self, case: Case, result: dict[str, Any] | runner.Failure) -> None:
        if isinstance(result, runner.Failure):
            self._note(result.kind, case.name, None, None, f"while it was verified, the runner {result.message}")
            return
        for description in result["plugins"]:
            objection = described.objection(description)
            if objection is not None:
                self._note("abi", case.name, None, description["profile"], objection)
                continue
            self.descriptions[case.name, description["profile"]] = description
        told = set()
        for problem in result["problems"]:
            kind, profile = problem["kind"], problem["profile"]
            if kind in {"crash", "hang"} and problem["size"] is None:
                kind = "load"  # no kernel was called yet: it costs this plugin only
            what = (kind, profile, None if kind == "pool" else problem["variant"])
            if what in told:
                continue  # the same once more, at another size or of inputs that all variants share, says nothing new
            told.add(what)
            place = (problem["size"], problem["rate"])
            self._note(kind, case.name, problem["variant"], profile, problem["message"], *place)
            if kind not in WRONG:
                self.descriptions.pop((case.name, profile), None)

    def count(self) -> None:
        """Count instructions and allocations of every contender, unless that is not wanted."""
        if not self.options.count:
            return
        folders = counts.Folders(self.built.plugins, {case.name: case.data for case in self.cases})
        self.counted = counts.count(
            counts.targets(self._panels(), self.descriptions), folders, self.options.verify_seconds * 6
        )
        for case, target, message in self.counted.troubles:
            said = f"while it was counted: {message}"
            if target is None:
                self._note("count", case, None, None, said)
            else:
                place = (target.parameter.size, target.parameter.rate)
                self._note("count", case, target.variant, target.profile, said, *place)

    def measure(self) -> None:
        """Launch by launch, every panel in random order."""
        todo = self._panels()
        self.results = {panel: [] for panel in todo}
        if not todo:
            return
        mode = self.options.mode
        broken: set[panels.Panel] = set()
        (self.options.out / "launches").mkdir(parents=True, exist_ok=True)
        with (
            Steps("measure", len(todo) * mode.launches) as steps,
            tempfile.TemporaryDirectory(prefix="safecost-") as at,
        ):
            for launch, panel in panels.order(todo, mode.launches, self.options.seed):
                if panel not in broken and not self._launch(launch, panel, todo.index(panel), Path(at)):
                    struck = {problem.case for problem in self.problems if problem.strikes}
                    broken |= {panel, *(other for other in todo if other.case in struck)}
                steps.step()

    def solo(self, scratch: Path, flags: Sequence[str]) -> int:
        """Build, then let Google Benchmark time every contender of the chosen profiles; returns its exit code."""
        self.build()
        self.verify()
        for problem in self.problems:
            where = "@".join(filter(None, (problem.variant, problem.profile)))
            print(f"{problem.case}: {where}: {problem.message.splitlines()[0]}", file=sys.stderr)
        seen: set[tuple[str, int, float | None, panels.Contender]] = set()
        plans = []
        for panel in self._panels():
            place = (panel.case, panel.parameter.size, panel.parameter.rate)
            fresh = tuple(arm for arm in panel.contenders if arm.role != "null" and (*place, arm) not in seen)
            seen |= {(*place, arm) for arm in fresh}
            if fresh:
                plans.append(self._plan(replace(panel, contenders=fresh), self.options.seed, scratch))
        if not plans:
            raise DeskError("nothing is left to time: see 'safecost run' for what went wrong.")
        counters, why_not = counter_flags(
            self.machine.hardware_counters,
            self.runner_facts.get("benchmark", {}).get("perf_counters") is True,
            flags,
        )
        if why_not:
            print(f"solo: {why_not}", file=sys.stderr)
        file = scratch / "plan.json"
        file.write_text(json.dumps({"panels": plans}), encoding="utf-8")
        return subprocess.run([str(RUNNER), "solo", "--plan", str(file), *counters, *flags], check=False).returncode

    def _launch(self, launch: int, panel: panels.Panel, number: int, scratch: Path) -> bool:
        seed = (self.options.seed * 1_000_003 + launch * 10_007 + number) % 2**53
        result = runner.call("time", self._plan(panel, seed, scratch), self.options.launch_seconds)
        if isinstance(result, runner.Failure):
            known = {self._name(panel, arm): arm for arm in panel.contenders}
            arm = known.get(result.contender or "")
            variant, profile = (arm.variant, arm.profile) if arm else (None, panel.profile)
            place = (panel.parameter.size, panel.parameter.rate)
            self._note(result.kind, panel.case, variant, profile, f"while it was timed: {result.message}", *place)
            return False
        name = f"{panel.case}@{panel.profile}-{panel.parameter.size}-{number:03}-{launch:02}.json".replace("/", ".")
        (self.options.out / "launches" / name).write_text(json.dumps(result) + "\n", encoding="utf-8")
        rounds = result["safecost"]["nanoseconds"]
        self.results[panel].append((doc.Launch(seed, 0, result["safecost"]["calls"], len(rounds[0])), rounds))
        return True

    @staticmethod
    def _name(panel: panels.Panel, arm: panels.Contender) -> str:
        return doc.contender_name(panel.case, arm.variant, panel.parameter.size, panel.parameter.rate, arm.profile)

    def _plan(self, panel: panels.Panel, seed: int, scratch: Path) -> dict[str, Any]:
        def entry(profile: str, variant: str) -> dict[str, str]:
            path = self.built.plugins[panel.case, profile]
            return {"profile": profile, "path": str(path), "variant": variant}

        data = next(case.data for case in self.cases if case.name == panel.case)
        return {
            "case": panel.case,
            "data": str(data),
            "scratch": str(scratch),
            "size": panel.parameter.size,
            "rate": panel.parameter.rate,
            "seed": self.options.seed,
            "order_seed": seed,
            "epoch_seconds": self.options.mode.epoch_seconds,
            "contender_seconds": self.options.mode.contender_seconds,
            "generator": entry(self._generator(panel.case), ""),
            "contenders": [entry(arm.profile, arm.variant) for arm in panel.contenders],
        }

    def _generator(self, case: str) -> str:
        return next(
            profile for (name, profile), said in self.descriptions.items() if name == case and said["parameters"]
        )

    def _panels(self) -> list[panels.Panel]:
        struck = {problem.case for problem in self.problems if problem.strikes}
        variants = {
            key: [(variant["name"], variant["role"]) for variant in said["variants"] if variant["gap"] is None]
            for key, said in self.descriptions.items()
        }
        parameters = {case.name: self._parameters(case.name) for case in self.cases}
        names = [case.name for case in self.cases if case.name not in struck and parameters[case.name]]
        measured = [profile for profile in self.profiles if profile.name in {p.name for p in self.options.profiles}]
        return panels.plan(names, measured, parameters, variants, self.options.mode.tier, self.pattern)

    def _parameters(self, case: str) -> list[panels.Parameter]:
        for (name, _), said in self.descriptions.items():
            if name == case and said["parameters"]:
                return [panels.Parameter(p["size"], p["rate"], p["label"], p["tier"]) for p in said["parameters"]]
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
    ) -> None:
        clean = run_document.clean(self.options.folders, message, 20_000) or "it said nothing"
        self.problems.append(doc.Problem(kind, case, variant, profile, size, rate, clean, kind in WRONG))  # type: ignore[arg-type]
