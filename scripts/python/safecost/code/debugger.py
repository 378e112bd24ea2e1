"""Starts a debugger at the first instruction of one kernel."""

from __future__ import annotations

import os
import platform
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from safecost.core.errors import ToolError, UsageError
from safecost.core.paths import RUNNER, Folders
from safecost.document.plan import Arm, PanelPlan, PluginAt, encoded
from safecost.suite import cases as case_files
from safecost.suite import profiles as profile_files
from safecost.toolchain import runner
from safecost.toolchain.build import build_all

# Where a call's first argument is: the kernel that the runner announces.
_FIRST_ARGUMENT = {"x86_64": "$rdi", "aarch64": "$x0"}


def start(case: str, variant: str, profile: str, size: int | None, folders: Folders, print_only: bool) -> int:
    """Build what is needed and hand over to gdb; raises UsageError for an unknown case, variant or profile."""
    found = {one.name: one for one in case_files.find(folders)}
    if case not in found:
        raise UsageError(f"no case {case!r}: choose from {', '.join(found)}.")
    if ("," in profile) or profile in profile_files.SETS:
        raise UsageError(f"--profile {profile!r}: name one profile.")
    chosen = profile_files.choose(profile, ())[0]
    if chosen.language == "rust" and not found[case].has_twin:
        raise UsageError(f"{case} has no Rust twin, so profile {profile} does not build it.")
    if all(file.suffix == ".rs" for file in found[case].files):
        raise UsageError(f"{case} has no C++ file, so nothing makes its inputs.")
    known = profile_files.shipped()
    wanted = [chosen] if chosen.language == "c++" else [chosen, known[chosen.against or "clang-o2"]]
    built = build_all(folders, [found[case]], wanted)
    for one in wanted:
        if one.name in built.absent:
            raise ToolError(f"profile {one.name} is absent: {built.absent[one.name]}")
        if (case, one.name) in built.failures:
            raise ToolError(f"{case} does not compile with {one.name}:\n{built.failures[case, one.name]}")
    (described,) = runner.describe(case, {profile: built.plugins[case, profile]})
    variants = [one.name for one in described.variants]
    if variant not in variants:
        raise UsageError(f"{case} has no variant {variant!r} in {profile}: choose from {', '.join(variants)}.")
    generator = built.plugins[case, wanted[-1].name]
    first = runner.describe(case, {wanted[-1].name: generator})[0].parameters[0]
    # In the build folder, where it outlives this command: what --print prints is for later.
    place = folders.build / "debug" / f"{case}.{variant}@{profile}"
    place.mkdir(parents=True, exist_ok=True)
    plan = PanelPlan(
        case=case,
        data=str(found[case].data),
        scratch=str(place),
        size=first.size if size is None else size,
        rate=first.rate,
        threads=first.threads,
        workers=first.workers,
        seed=1,
        generator=PluginAt(profile=wanted[-1].name, path=str(generator)),
        contenders=(Arm(profile=profile, path=str(built.plugins[case, profile]), variant=variant),),
    )
    file = place / "plan.json"
    file.write_bytes(encoded(plan))
    command = debugger_command(file)
    if print_only:
        print(shlex.join(command))
        return 0
    if shutil.which(command[0]) is None:
        raise ToolError(f"{command[0]} is not installed: apt install gdb.")
    print(
        "stopping at the kernel; 'stepi' goes on by an instruction, 'finish' to its end, 'quit' leaves", file=sys.stderr
    )
    return subprocess.run(command, check=False, env={**os.environ, "LC_ALL": "C.UTF-8"}).returncode


def debugger_command(plan: Path) -> Sequence[str]:
    """Stop where the runner announces the kernel (its address is the first argument), then at the kernel itself."""
    return [
        "gdb", "-q",
        "-ex", "set breakpoint pending on",
        "-ex", "break safecost_before_call",
        "-ex", "run",
        "-ex", f"tbreak *{_FIRST_ARGUMENT.get(platform.machine(), '$rdi')}",
        "-ex", "continue",
        "-ex", "x/12i $pc",
        "--args", str(RUNNER), "call", "--plan", str(plan),
    ]  # fmt: skip
