"""What several pieces of the pace share: commands that are timed, a quick run, and a copy of the tree."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from safecost.core.errors import HARNESS, OK, WRONG_RESULT, ToolError
from safecost.core.paths import PYTHON, ROOT
from safecost.document import io as document
from safecost.document.types import Document

PATIENCE = 1_800.0  # seconds for one command: a first build on a busy machine takes minutes
GRACE = 10.0  # seconds for a command to end what it started
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
class EndedCommand:
    """A command that ran: seconds on the wall and of all processors, exit code, and what it said on stdout."""

    seconds: float
    cpu_seconds: float
    code: int
    out: str


def timed(tree: Path, *words: str) -> EndedCommand:
    """Run Python on the driver of `tree` and time it, as `timed_command` does."""
    command = [sys.executable, "-P", *words]
    return timed_command(
        command, tree, {**os.environ, "PYTHONPATH": str(tree / PYTHON.relative_to(ROOT)), "COLUMNS": "80"}
    )


def timed_command(command: Sequence[str], tree: Path, environment: Mapping[str, str]) -> EndedCommand:
    """Run a command in `tree` and time it; raises ToolError where it says that it could not work."""
    start, before = time.monotonic(), _cpu_seconds_of_children()
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
    seconds, cpu_seconds = time.monotonic() - start, _cpu_seconds_of_children() - before
    if process.returncode not in {OK, HARNESS, WRONG_RESULT}:  # the last two leave a document that tells why
        raise ToolError(
            f"it ended with {process.returncode} and said: {(said.strip().splitlines() or ['nothing'])[-1]}"
        )
    return EndedCommand(seconds, cpu_seconds, process.returncode, out)


def _cpu_seconds_of_children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


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
    def first_build(self) -> EndedCommand:
        """The first build of the runner and of all cases with the default profiles, in that tree."""
        ended = timed(self.tree, "-c", _BUILD)
        if ended.code != OK:
            raise ToolError("the fresh tree could not be built.")
        self.tree_is_built = True
        return ended

    @property
    def built_tree(self) -> Path:
        """That tree once it has been built."""
        assert self.first_build.code == OK
        return self.tree

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
