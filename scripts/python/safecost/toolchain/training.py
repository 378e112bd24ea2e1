"""Trains plugins (profile-guided optimisation): runs an instrumented build, whose counts guide the trained one.

GCC's instrumentation writes a .gcda file beside each object, which GCC reads as it is; Clang's writes .profraw files,
which llvm-profdata of the same LLVM turns into one .profdata. Either lies at the same place in both build folders.

Each variant of a case is called once on each input, so that hot and cold are told from one pool for all. They share
the counts of their plugin: code of one that does little in a call is colder than that of one that does much.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from safecost.core import locks, processes
from safecost.core.errors import ToolError
from safecost.core.paths import RUNNER
from safecost.core.tools import ask, closed_environment, version_in
from safecost.document.evidence import CallAnswer, PluginDescription
from safecost.document.plan import Arm, PanelPlan, PluginAt
from safecost.suite.cases import CaseFiles
from safecost.toolchain import runner

SEED = 1 << 32  # of inputs: the first that `--seed` does not take, so no run draws them
INPUTS = 64  # of a point
TIER = 0  # the points that a quick run times: larger sizes take longer, and teach no branch anything
_SECONDS = 60.0  # for a point


def gap(compiler: str) -> str | None:
    """Why plugins of a compiler, such as `Clang 19.1.7`, cannot be trained on this machine; None where they can."""
    major = _llvm(compiler)
    if major is None or _merger(major) is not None:
        return None
    return (
        f"llvm-profdata of LLVM {major}, which merges what training counts, is not installed: apt install llvm-{major}"
    )


def train(case: CaseFiles, profile: str, folder: Path, compiler: str) -> str | None:
    """Run the instrumented plugin of a case in its build folder, unless that has been done; returns what went wrong."""
    plugin, target = folder / f"{case.name}.so", _target(case.name)
    merger = None if (major := _llvm(compiler)) is None else _merger(major)
    done = folder / "training" / f"{target}.trained"
    beside = (file for file in sorted(case.data.iterdir()) if file.is_file() and file.suffix not in {".cc", ".rs"})
    key = _digest([plugin, RUNNER, *beside], f"{SEED} {INPUTS} {TIER} {merger}")
    if done.exists() and done.read_text(encoding="ascii") == key:
        return None
    done.unlink(missing_ok=True)
    try:
        (described,) = runner.describe(case.name, {profile: plugin})
    except ToolError as error:
        return f"its training failed: {error}"
    for file in (*_counts(folder, case.name), *_raw(folder, case.name)):
        file.unlink()
    for plan in _plans(case, profile, plugin, described):
        answer = runner.call("call", plan, CallAnswer, _SECONDS, under=_fixed_addresses(), words=[f"--calls={INPUTS}"])
        if isinstance(answer, runner.Failure):
            return f"its training failed: at size {plan.size} the runner {answer.message}"
    if merger is not None and (message := _merge(merger, folder, case.name)) is not None:
        return f"its training failed: {message}"
    if not list(_counts(folder, case.name)):
        return "its training failed: its instrumented build counted nothing"
    done.parent.mkdir(exist_ok=True)
    done.write_text(key, encoding="ascii")
    return None


def hand_over(case: str, instrumented: Path, trained: Path) -> str:
    """Put a case's counts where its trained build looks for them, unless they are there; returns their hash."""
    counts = {file.relative_to(instrumented): file for file in _counts(instrumented, case)}
    held = {file.relative_to(trained) for file in _counts(trained, case)}
    digest = _digest(counts.values(), *(name.name for name in counts))
    note = trained / "training" / f"{_target(case)}.sha256"  # by its age the build knows that counts are new
    if held != counts.keys() or not note.exists() or note.read_text(encoding="ascii") != digest:
        for name in held:
            (trained / name).unlink()
        for name, file in counts.items():
            (trained / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, trained / name)
        note.parent.mkdir(exist_ok=True)
        note.write_text(digest, encoding="ascii")
    return digest


def _plans(case: CaseFiles, profile: str, plugin: Path, described: PluginDescription) -> Iterator[PanelPlan]:
    """What is called: every variant at each point, a process a point, since one may need a process of its own."""
    at = PluginAt(profile=profile, path=str(plugin))
    with locks.scratch() as scratch:
        for point in described.parameters:
            # Where workers would take turns nothing is timed either.
            if point.tier <= TIER and (point.workers or 0) <= len(os.sched_getaffinity(0)):
                yield PanelPlan(
                    case=case.name,
                    data=str(case.data),
                    scratch=str(scratch),
                    size=point.size,
                    rate=point.rate,
                    threads=point.threads,
                    workers=point.workers,
                    seed=SEED,
                    pool_bytes=1,
                    fewest_inputs=INPUTS,
                    generator=at,
                    contenders=tuple(
                        Arm(profile=profile, path=str(plugin), variant=variant.name) for variant in described.present
                    ),
                )


@cache
def _fixed_addresses() -> tuple[str, ...]:
    """What gives a process the same addresses each time, where the system allows it.

    GCC counts the alignment of blocks that are copied, and some hash functions are seeded by an address.
    """
    without_padding = ("env", "-u", "SAFECOST_PADDING")
    try:
        allowed = processes.run(["setarch", "-R", "true"], stderr=subprocess.DEVNULL).returncode == 0
    except FileNotFoundError:
        allowed = False
    return (*without_padding, "setarch", "-R") if allowed else without_padding


def _merge(merger: Path, folder: Path, case: str) -> str | None:
    """Make what Clang reads of what was counted; returns what the tool said where it failed."""
    merged = folder / "training" / f"{_target(case)}.profdata"
    command = [str(merger), "merge", "-o", str(merged), *map(str, _raw(folder, case))]
    done = processes.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=closed_environment())
    return None if done.returncode == 0 else done.stdout.decode(errors="replace").strip()


def _target(case: str) -> str:
    return case.replace("/", ".")


def _counts(folder: Path, case: str) -> Iterator[Path]:
    """What the compiler reads of a case."""
    yield from sorted((folder / "CMakeFiles" / f"{_target(case)}.dir").rglob("*.gcda"))
    yield from (folder / "training").glob(f"{_target(case)}.profdata")


def _raw(folder: Path, case: str) -> list[Path]:
    return sorted((folder / "training" / _target(case)).glob("*.profraw"))


def _digest(files: Iterable[Path], *words: str) -> str:
    digest = hashlib.sha256("\0".join(words).encode())
    for file in files:
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def _llvm(compiler: str) -> str | None:
    """The major version of the LLVM that a compiler is made of; None for GCC."""
    match = re.search(r"(?:Clang|LLVM) (\d+)", compiler)
    return match[1] if match else None


def _merger(major: str) -> Path | None:
    """The llvm-profdata of an LLVM: no other reads what that one's instrumentation writes."""
    for name in (f"llvm-profdata-{major}", "llvm-profdata"):
        path = shutil.which(name)
        if path is not None and version_in(ask([path, "--version"])).partition(".")[0] == major:
            return Path(path)
    return None
