"""Starts a debugger at the first instruction of one kernel."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from desk import cases as case_files
from desk import profiles as profile_files
from desk import runner
from desk.build import build_all
from desk.errors import DeskError, UsageError
from desk.places import RUNNER, Folders


def start(case: str, variant: str, profile: str, size: int | None, folders: Folders, print_only: bool) -> int:
    """Build what is needed and hand over to gdb; raises UsageError for an unknown case, variant or profile."""
    found = {one.name: one for one in case_files.find(folders)}
    if case not in found:
        raise UsageError(f"no case {case!r}: choose from {', '.join(found)}.")
    if ("," in profile) or profile in {"all", "default"}:
        raise UsageError(f"--profile {profile!r}: name one profile.")
    chosen = profile_files.choose(profile, ())[0]
    known = profile_files.shipped()
    wanted = [chosen] if chosen.language == "c++" else [chosen, known[chosen.against or "clang-o2"]]
    built = build_all(folders, [found[case]], wanted)
    for one in wanted:
        if one.name in built.absent:
            raise DeskError(f"profile {one.name} is absent: {built.absent[one.name]}")
        if (case, one.name) in built.failures:
            raise DeskError(f"{case} does not compile with {one.name}:\n{built.failures[case, one.name]}")
        if (case, one.name) not in built.plugins:
            raise UsageError(f"{case} has no {one.language} file, so profile {one.name} does not build it.")
    generator = built.plugins[case, wanted[-1].name]
    with tempfile.TemporaryDirectory(prefix="safecost-") as scratch:
        plan = {
            "case": case,
            "data": str(found[case].data),
            "scratch": scratch,
            "size": _size(case, wanted[-1].name, generator) if size is None else size,
            "rate": _first_parameter(case, wanted[-1].name, generator)["rate"],
            "seed": 1,
            "generator": {"profile": wanted[-1].name, "path": str(generator)},
            "contenders": [{"profile": profile, "path": str(built.plugins[case, profile]), "variant": variant}],
        }
        file = Path(scratch) / "plan.json"
        file.write_text(json.dumps(plan), encoding="utf-8")
        command = debugger_command(file)
        if print_only:
            print(shlex.join(command))
            return 0
        if shutil.which(command[0]) is None:
            raise DeskError(f"{command[0]} is not installed: apt install gdb.")
        return subprocess.run(command, check=False, env={**os.environ, "LC_ALL": "C.UTF-8"}).returncode


def debugger_command(plan: Path) -> Sequence[str]:
    """Stop where the runner announces the kernel (its address is the first argument), then at the kernel itself."""
    return [
        "gdb", "-q",
        "-ex", "set breakpoint pending on",
        "-ex", "break safecost_before_call",
        "-ex", "run",
        "-ex", "tbreak *$rdi",
        "-ex", "continue",
        "-ex", "x/12i $pc",
        "--args", str(RUNNER), "call", "--plan", str(plan),
    ]  # fmt: skip


def _first_parameter(case: str, profile: str, plugin: Path) -> dict[str, object]:
    plan = {"case": case, "describe_only": True, "plugins": [{"profile": profile, "path": str(plugin)}]}
    said = runner.call("verify", plan, 60)
    if isinstance(said, runner.Failure) or not said["plugins"]:
        raise DeskError(f"the plugin of {case} for {profile} cannot be loaded: see 'safecost run --filter {case}'.")
    first: dict[str, object] = said["plugins"][0]["parameters"][0]
    return first


def _size(case: str, profile: str, plugin: Path) -> object:
    return _first_parameter(case, profile, plugin)["size"]
