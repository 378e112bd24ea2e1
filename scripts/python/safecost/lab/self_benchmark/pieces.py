"""The pieces of the pace: each measures one figure on this machine."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass

import msgspec
import numpy as np
from msgspec.structs import replace

from safecost.core.errors import OK, ToolError
from safecost.core.paths import ROOT, Folders
from safecost.core.tools import closed_environment
from safecost.document import io as document
from safecost.document.evidence import DescribedPoint
from safecost.lab import pools
from safecost.lab.pools import PoolRow
from safecost.lab.self_benchmark.workshop import Workshop, run_quick, scope, timed, timed_command
from safecost.run.journal import TimedEntry
from safecost.suite import cases as case_files

STARTS = 9

_EMPTY_CASE = """\
// What does a call through the border cost that does nothing?
#include "kernel/case.h"

namespace pace::border {

struct Input {
  std::uint64_t unused;
};

Input generate(safecost::Generator&) { return {0}; }

struct Nothing {
  explicit Nothing(const Input&) {}
};

SAFECOST_KERNEL raw(const Nothing&) { return 0; }

auto the_case = safecost::Case<Input>(generate).size(1, "L1").raw<raw>("raw", "returns at once");

}  // namespace pace::border

SAFECOST_EXPORT(pace::border::the_case)
"""
# What a build log's line is of: an object or a plugin of a case.
_STEP = re.compile(
    r"(?:^|/)CMakeFiles/([a-z0-9_]+)[.]([a-z0-9_]+)[.]dir/.*[.]o$|(?:^|/)([a-z0-9_]+)/([a-z0-9_]+)[.]so$"
)
_BUILT_ALONE = 6  # plugins that the first build took longest for, side by side with others


@dataclass(frozen=True, slots=True)
class Measured:
    """What a piece found: a value in the piece's unit, what lies behind it, and rows where it studied pools."""

    value: float
    detail: str
    pools: tuple[PoolRow, ...] = ()


def noop(workshop: Workshop) -> Measured:
    """Start the launcher and the driver to print a version: seconds, the median of several."""
    del workshop
    command = [str(ROOT / "scripts" / "safecost"), "--no-setup", "--version"]
    seconds = [timed_command(command, ROOT, dict(os.environ)).seconds for _ in range(STARTS)]
    return Measured(float(np.median(seconds)), f"median of {STARTS}, {min(seconds):.2f} to {max(seconds):.2f} s")


def quick(workshop: Workshop) -> Measured:
    """Seconds of a quick run of all cases after its build: verification, measuring, document, report, table."""
    run = workshop.quick_run
    return Measured(run.seconds, f"{scope(run.made)}; measuring {run.made.run.seconds.measure:.1f} s of it")


def verify(workshop: Workshop) -> Measured:
    """Seconds of the verification of all cases in that run."""
    made = workshop.quick_run.made
    return Measured(made.run.seconds.verify, f"{len(made.cases)} cases, {len(made.plugins)} plugins")


def report(workshop: Workshop) -> Measured:
    """Seconds of writing the report of that run, Python's start included."""
    run = workshop.quick_run
    ended = timed(ROOT, "-m", "safecost", "report", str(run.folder), "--out", str(workshop.folder / "report"))
    if ended.code != OK:
        raise ToolError(f"'scripts/safecost report' ended with {ended.code}.")
    page = (workshop.folder / "report" / "report.html").stat().st_size
    return Measured(ended.seconds, f"{document.run_file(run.folder).stat().st_size:,} bytes in, {page:,} bytes out")


def first_build(workshop: Workshop) -> Measured:
    """Seconds of the first build of the runner and of all cases with the default profiles, in a fresh tree."""
    ended = workshop.first_build
    plugins, failures, absent = json.loads(ended.out.splitlines()[-1])
    words = [f"{plugins} plugins and the runner on {os.cpu_count()} CPUs"]
    words += [f"{failures} plugins do not compile"] if failures else []
    return Measured(ended.seconds, "; ".join([*words, *(f"{name} absent" for name in absent)]))


def plugin_build(workshop: Workshop) -> Measured:
    """Processor seconds of the slowest plugin built by itself, of those that the first build took longest for."""
    profiles = workshop.built_tree / "build" / "profiles"
    took = {
        (folder, case): seconds
        for folder in profiles.iterdir()
        for case, seconds in steps_of_cases((folder / ".ninja_log").read_text(encoding="utf-8")).items()
    }
    alone: dict[str, float] = {}
    for folder, case in sorted(took, key=lambda plugin: -took[plugin])[:_BUILT_ALONE]:
        target = case.replace("/", ".")
        for file in ((folder / f"{case}.so"), *(folder / "CMakeFiles" / f"{target}.dir").rglob("*.o")):
            file.unlink()
        ended = timed_command(["ninja", "-C", str(folder), target], workshop.tree, closed_environment())
        alone[f"{case}@{folder.name}"] = ended.cpu_seconds
    worst = sorted(alone, key=lambda name: -alone[name])
    return Measured(alone[worst[0]], ", ".join(f"{name} {alone[name]:.1f} s" for name in worst))


def steps_of_cases(log: str) -> dict[str, float]:
    """Seconds on the wall that Ninja needed for the objects and the plugin of each case, by its log."""
    seconds: dict[str, float] = {}
    for line in log.splitlines():
        start, *rest = line.split("\t")
        if len(rest) == 4 and (step := _STEP.search(rest[2])) is not None:
            case = f"{step[1] or step[3]}/{step[2] or step[4]}"
            seconds[case] = seconds.get(case, 0.0) + (int(rest[0]) - int(start)) / 1_000
    return seconds


class _LaunchFile(msgspec.Struct):
    journal: TimedEntry


def case_run(workshop: Workshop) -> Measured:
    """Seconds that the launches of the longest case took in that quick run, with all its profiles and sizes."""
    seconds: dict[str, float] = {}
    for file in (workshop.quick_run.folder / "launches").glob("*.json"):
        try:
            launch = msgspec.json.decode(file.read_bytes(), type=_LaunchFile).journal
        except msgspec.MsgspecError:  # one that failed
            continue
        seconds[launch.panel.case] = seconds.get(launch.panel.case, 0.0) + launch.seconds
    if not seconds:
        raise ToolError("the quick run timed nothing.")
    longest = sorted(seconds, key=lambda case: -seconds[case])[:_BUILT_ALONE]
    return Measured(seconds[longest[0]], ", ".join(f"{case} {seconds[case]:.1f} s" for case in longest))


def edit(workshop: Workshop) -> Measured:
    """Seconds from an edit of a case to its numbers, build included: the worse of two cases, one short, one long."""
    found = case_files.find(Folders.of(()))
    longest = max(found, key=lambda case: case.files[0].stat().st_size)
    short = next((case for case in found if case.name == "indexing/sum"), found[0])
    seconds: dict[str, float] = {}
    for number, case in enumerate({case.name: case for case in (short, longest)}.values()):
        if not workshop.tree_is_built:
            run_quick(workshop.tree, workshop.folder / f"before-edit-{number}", "--filter", f"^{case.name}$")
        with (workshop.tree / case.files[0].relative_to(ROOT)).open("a", encoding="utf-8") as file:
            file.write("// edited\n")
        out = workshop.folder / f"edit-{number}"
        run = run_quick(workshop.tree, out, "--filter", f"^{case.name}$")
        if not run.made.panels:
            raise ToolError(f"{case.name} was edited and gave no number: {scope(run.made)}.")
        seconds[case.name] = run.seconds + run.made.run.seconds.build
    return Measured(max(seconds.values()), ", ".join(f"{name} {value:.1f} s" for name, value in seconds.items()))


def border(workshop: Workshop) -> Measured:
    """Nanoseconds of a call of a kernel that returns at once: loop, context, call and return."""
    folder = workshop.folder / "border"
    (folder / "pace").mkdir(parents=True)
    (folder / "pace" / "border.cc").write_text(_EMPTY_CASE, encoding="utf-8")
    folders = Folders((folder,), workshop.folder / "border-build")
    case = case_files.find(folders)[0]
    at = DescribedPoint(size=1, rate=None, threads=None, label="", tier=0)
    plan = pools.plan_of(case, pools.built_plugin(folders, case), workshop.folder, at, ("raw", "aa"))
    medians = []
    for launch in range(pools.LAUNCHES):
        timing = pools.timed_launch(replace(plan, order_seed=launch))
        medians.append(float(np.median(timing.nanoseconds[0])))
    return Measured(
        float(np.median(medians)),
        f"median of {pools.LAUNCHES} launches, {min(medians):.2f} to {max(medians):.2f} ns, {pools.PROFILE}",
    )


def straight_pools(workshop: Workshop) -> Measured:
    """How many contenders of straight cases have another ratio with a larger pool, by more than the margin."""
    rows = pools.study_all(workshop.folder, pools.STRAIGHT)
    return Measured(*pools.differing(rows), rows)


def other_pools(workshop: Workshop) -> Measured:
    """How many contenders of others have another ratio with pools of 4P than with pools of P, for information."""
    rows = pools.study_all(workshop.folder, pools.OTHERS)
    return Measured(*pools.differing(rows), rows)


def precision(workshop: Workshop) -> Measured:
    """Half-width, in percent, to which A/A pairs are known after half a second each: the median."""
    from safecost.lab.selftest import precision as study  # noqa: PLC0415 - it loads all that measures

    return Measured(*study.of_aa_pairs(pools.PROFILE, workshop.folder))


@dataclass(frozen=True, slots=True)
class Piece:
    """A figure to be: its words, its target in its unit, and the function that measures it."""

    what: str
    unit: str
    target: float | None
    measure: Callable[[Workshop], Measured]


PIECES = {
    "noop": Piece("safecost --version", "s", None, noop),
    "quick": Piece("run --quick, all cases, after the build", "s", 120.0, quick),
    "case_run": Piece("launches of a case in that run, the longest", "s", 3.0, case_run),
    "verify": Piece("verification of all cases", "s", None, verify),
    "report": Piece("the report of that run", "s", 30.0, report),
    "first_build": Piece("first build, default profiles", "s", 240.0, first_build),
    "plugin_build": Piece("build of a plugin by itself, the slowest", "s", 2.0, plugin_build),
    "edit": Piece("edit a case, see its numbers", "s", 10.0, edit),
    "border": Piece("a call that does nothing", "ns", 5.0, border),
    "precision": Piece("half-width of A/A pairs after 0.5 s a pair", "%", 0.05, precision),
    "pools": Piece(f"ratios that differ, pools of {pools.STRAIGHT_CLAIM.words}", "", 0.0, straight_pools),
    "other_pools": Piece("ratios that differ, pools of P and 4P", "", None, other_pools),
}
