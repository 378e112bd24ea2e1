"""The pace of safecost itself: how long it takes to start, build, verify, measure and report on this machine."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
from msgspec.structs import replace
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from safecost.core import privacy
from safecost.core.errors import HARNESS, OK, WRONG_RESULT, ToolError, UsageError
from safecost.core.paths import PYTHON, ROOT, Folders
from safecost.document import io as document
from safecost.document import types as doc
from safecost.document.evidence import DescribedPoint
from safecost.document.types import Document, Machine
from safecost.lab import pools
from safecost.lab.pools import PoolRow
from safecost.machine import facts as machine
from safecost.suite import cases as case_files
from safecost.suite import revision as suite_revision

SCHEMA_VERSION = 1
PATIENCE = 1_800.0  # seconds for one command: a first build on a busy machine takes minutes
GRACE = 10.0  # seconds for a command to end what it started
STARTS = 9

BudgetStatus = Literal["met", "missed", "measured", "failed"]

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
_BUILD = """\
import json, signal
signal.signal(signal.SIGTERM, signal.default_int_handler)
from safecost.suite import cases, profiles
from safecost.toolchain import build
from safecost.core.paths import Folders
folders = Folders.of(())
wanted = profiles.with_siblings(profiles.choose(None, ()))
built = build.build_all(folders, cases.find(folders), wanted)
print(json.dumps([len(built.plugins), len(built.failures), sorted(built.absent)]))
"""


@dataclass(frozen=True, slots=True)
class Measured:
    """What a piece found: a value in the piece's unit, what lies behind it, and rows where it studied pools."""

    value: float
    detail: str
    pools: tuple[PoolRow, ...] = ()


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table; `detail` says what lies behind the value, or why there is none."""

    name: str
    what: str
    unit: str
    target: float | None
    measured: float | None
    detail: str

    @property
    def status(self) -> BudgetStatus:
        """Met or missed against the target, measured where there is none, failed without a value."""
        if self.measured is None:
            return "failed"
        if self.target is None:
            return "measured"
        return "met" if self.measured <= self.target else "missed"


@dataclass(frozen=True, slots=True)
class EndedCommand:
    """A command that ran: seconds on the wall, exit code, and what it said on stdout."""

    seconds: float
    code: int
    out: str


def timed(tree: Path, *words: str) -> EndedCommand:
    """Run Python on the driver of `tree` and time it; raises ToolError where it says that it could not work."""
    command = [sys.executable, "-P", *words]
    return _timed(command, tree, {**os.environ, "PYTHONPATH": str(tree / PYTHON.relative_to(ROOT)), "COLUMNS": "80"})


def _timed(command: Sequence[str], tree: Path, environment: Mapping[str, str]) -> EndedCommand:
    start = time.monotonic()
    process = subprocess.Popen(
        command,
        cwd=tree,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,  # Ctrl-C is ours to hand on
        text=True,
        errors="replace",
    )
    try:
        out, said = process.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired as error:
        raise ToolError(f"it did not end within {PATIENCE:g} s") from error
    finally:
        _end(process)
    seconds = time.monotonic() - start
    if process.returncode not in {OK, HARNESS, WRONG_RESULT}:  # the last two leave a document that tells why
        raise ToolError(
            f"it ended with {process.returncode} and said: {(said.strip().splitlines() or ['nothing'])[-1]}"
        )
    return EndedCommand(seconds, process.returncode, out)


def _end(process: subprocess.Popen[str]) -> None:
    """Ask first: a driver ends the compilers and runners that it started, which are no children of ours."""
    if process.poll() is None:
        process.terminate()
        try:
            process.communicate(timeout=GRACE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()


@dataclass(frozen=True, slots=True)
class QuickRun:
    """A quick run that is over: its folder, its document, and seconds after the build."""

    folder: Path
    made: Document
    seconds: float


class Workshop:
    """What several pieces share, made when first asked for, below one temporary folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.tree_is_built = False

    @cached_property
    def quick_run(self) -> QuickRun:
        """`run --quick` of everything in the project's own build folder."""
        return run_quick(ROOT, self.folder / "quick")

    @cached_property
    def tree(self) -> Path:
        """A copy of the working tree with nothing built in it: what git tracks or would, as it lies here."""
        listing = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        listed = subprocess.run(listing, capture_output=True, check=False)
        if listed.returncode != 0:
            raise ToolError("the tree cannot be copied: git does not list its files, so this is no git checkout.")
        tree = self.folder / "tree"
        for name in dict.fromkeys(filter(None, listed.stdout.decode().split("\0"))):
            if (ROOT / name).is_file():
                (tree / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, tree / name, follow_symlinks=False)
        return tree


def run_quick(tree: Path, out: Path, *words: str) -> QuickRun:
    """Run `run --quick` in `tree` and read its document; the time is that on the wall, without the build."""
    ended = timed(tree, "-m", "safecost", "run", "--quick", "--out", str(out), *words)
    if document.find_run(out) is None:
        raise ToolError(f"the run ended with {ended.code} and left no document.")
    made = document.read(out)
    return QuickRun(out, made, ended.seconds - made.run.seconds.build)


def scope(made: Document) -> str:
    """How much a run measured, and what it could not, in a few words."""
    measured = sum(case.status == "measured" for case in made.cases)
    pairs = sum(len(panel.pairs) for panel in made.panels)
    words = [f"{measured} of {len(made.cases)} cases, {len(made.panels)} panels, {pairs} pairs"]
    words += [f"{case.family}/{case.case} {case.status}" for case in made.cases if case.status != "measured"]
    words += [f"{profile.name} absent" for profile in made.profiles if profile.status == "absent"]
    return "; ".join(words)


# -- the pieces ----------------------------------------------------------------------------------------------


def noop(workshop: Workshop) -> Measured:
    """Start the launcher and the driver to print a version: seconds, the median of several."""
    del workshop
    command = [str(ROOT / "scripts" / "safecost"), "--no-setup", "--version"]
    seconds = [_timed(command, ROOT, dict(os.environ)).seconds for _ in range(STARTS)]
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
        raise ToolError(f"'safecost report' ended with {ended.code}.")
    page = (workshop.folder / "report" / "report.html").stat().st_size
    return Measured(ended.seconds, f"{document.run_file(run.folder).stat().st_size:,} bytes in, {page:,} bytes out")


def first_build(workshop: Workshop) -> Measured:
    """Seconds of the first build of the runner and of all cases with the default profiles, in a fresh tree."""
    ended = timed(workshop.tree, "-c", _BUILD)
    if ended.code != OK:
        raise ToolError("the fresh tree could not be built.")
    workshop.tree_is_built = True
    plugins, failures, absent = json.loads(ended.out.splitlines()[-1])
    words = [f"{plugins} plugins and the runner on {os.cpu_count()} CPUs"]
    words += [f"{failures} plugins do not compile"] if failures else []
    return Measured(ended.seconds, "; ".join([*words, *(f"{name} absent" for name in absent)]))


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


def differing_pools(workshop: Workshop) -> Measured:
    """How many contenders have another ratio with pools of 4P than with pools of P, by more than the margin."""
    rows = pools.study_all(workshop.folder)
    return Measured(*pools.differing(rows), rows)


def precision(workshop: Workshop) -> Measured:
    """Half-width, in percent, to which A/A pairs are known after half a second each: the median."""
    from safecost.lab.selftest import precision as study  # noqa: PLC0415 - it loads all that measures

    return Measured(*study.of_aa_pairs(pools.PROFILE, workshop.folder))


# -- the table -----------------------------------------------------------------------------------------------


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
    "verify": Piece("verification of all cases", "s", None, verify),
    "report": Piece("the report of that run", "s", 30.0, report),
    "first_build": Piece("first build, default profiles", "s", 240.0, first_build),
    "edit": Piece("edit a case, see its numbers", "s", 10.0, edit),
    "border": Piece("a call that does nothing", "ns", 5.0, border),
    "precision": Piece("half-width of A/A pairs after 0.5 s a pair", "%", 0.05, precision),
    "pools": Piece("ratios that differ, pools of P and 4P", "", 0.0, differing_pools),
}


@dataclass(frozen=True, slots=True)
class Pace:
    """All that was measured, with the machine and the suite it was measured on; what is not there was not reached."""

    started: str
    suite: doc.Suite
    machine: Machine
    complete: bool
    figures: tuple[Figure, ...]
    pools: tuple[PoolRow, ...]


def choose(only: str | None) -> list[str]:
    """The pieces to measure, in the table's order; `only` holds names with commas between, or is None for all."""
    if only is None:
        return list(PIECES)
    wanted = {name.strip() for name in only.split(",") if name.strip()}
    if not wanted or not wanted <= PIECES.keys():
        raise UsageError(f"--only {only!r}: choose from {', '.join(PIECES)}.")
    return [name for name in PIECES if name in wanted]


def measure_piece(name: str, workshop: Workshop) -> tuple[Figure, tuple[PoolRow, ...]]:
    """Measure one piece; one that fails is a figure without a value, and says why."""
    piece = PIECES[name]
    try:
        found = piece.measure(workshop)
    except (ToolError, OSError) as error:
        reason = privacy.scrub(str(error), [(str(workshop.folder), "temporary"), (str(ROOT), ".")], 2_000)
        return Figure(name, piece.what, piece.unit, piece.target, None, reason), ()
    return Figure(name, piece.what, piece.unit, piece.target, found.value, found.detail), found.pools


def run(only: str | None, out: Path | None, console: Console) -> int:
    """Measure, print the table and write it; returns 1 if a piece failed. A missed target is no failure.

    An interrupt leaves what was measured until then, and is raised again.
    """
    names = choose(only)
    if out is not None and (out.suffix != ".json" or not out.parent.is_dir()):
        raise UsageError(f"--out {out}: give a file name that ends in .json, in a folder that exists.")
    started, facts, sampler = document.now(), machine.facts(), machine.Sampler()
    figures: list[Figure] = []
    rows: tuple[PoolRow, ...] = ()
    try:
        with tempfile.TemporaryDirectory(prefix="safecost-pace-") as folder:
            workshop = Workshop(Path(folder).resolve())
            for name in names:
                print(f"pace: {name}", file=sys.stderr)
                figure, found = measure_piece(name, workshop)
                figures.append(figure)
                rows += found
    finally:
        on = machine.after(facts, sampler.stop())
        made = Pace(started, suite_revision.revision(), on, len(figures) == len(names), tuple(figures), rows)
        if figures:
            render(made, console)
        if figures and out is not None:
            out.write_text(json.dumps(to_json(made), indent=1) + "\n", encoding="utf-8")
            out.with_suffix(".md").write_text(markdown(made), encoding="utf-8")
    return HARNESS if any(figure.status == "failed" for figure in figures) else OK


def to_json(made: Pace) -> dict[str, Any]:
    """The figures as a JSON object; a figure's status stands beside its value."""
    plain = asdict(made)
    for figure, written in zip(made.figures, plain["figures"], strict=True):
        written["status"] = figure.status
    return {"schema": "safecost-pace", "schema_version": SCHEMA_VERSION} | plain


def amount(value: float | None, unit: str) -> str:
    """A value with its unit, to three digits; a dash for none."""
    if value is None:
        return "–"
    return f"{value:.{0 if value == int(value) or value >= 100 else 1 if value >= 10 else 2}f} {unit}".strip()


def surroundings(made: Pace) -> str:
    """Where and when, and what else was running, as one line."""
    on = made.machine
    commit = (made.suite.commit or "of no commit")[:12] + (" and changes" if made.suite.modified else "")
    background = f"load {on.load_before:.1f} before, {on.load_after:.1f} after, {on.steal_share:.1%} stolen"
    virtual = f", {on.virtualization}" if on.virtualization else ""
    where = f"{on.cpu}, {on.logical_cpus} CPUs{virtual}, {on.distribution}"
    return f"{made.started[:10]}, {where}; {background}; suite {commit}"


def markdown(made: Pace) -> str:
    """The figures, and the pools where they were studied, as tables of Markdown."""
    lines = [f"Measured {surroundings(made)}{'' if made.complete else '; interrupted'}.", ""]
    lines += ["| name | what | target | measured | | |", "|---|---|---:|---:|---|---|"]
    for one in made.figures:
        values = f"{amount(one.target, one.unit)} | {amount(one.measured, one.unit)} | {one.status}"
        lines.append(f"| `{one.name}` | {one.what} | {values} | {_cell(one.detail)} |")
    if made.pools:
        lines += ["", *pools.markdown(made.pools)]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())


def render(made: Pace, console: Console) -> None:
    """Print the figures, what lies behind them, and the pools."""
    table = Table(box=box.SIMPLE, pad_edge=False)
    for heading in ("name", "what"):
        table.add_column(heading)
    table.add_column("target", justify="right", no_wrap=True)
    table.add_column("measured", justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    for one in made.figures:
        style = {"missed": "yellow", "failed": "red"}.get(one.status, "")
        values = (amount(one.target, one.unit), amount(one.measured, one.unit))
        table.add_row(Text(one.name), Text(one.what), *values, Text(one.status, style=style))
    console.print(table)
    for one in made.figures:
        console.print(Text(f"{one.name}: {one.detail}"))
    if made.pools:
        console.print(pools.table(made.pools))
    console.print(Text(surroundings(made)))
