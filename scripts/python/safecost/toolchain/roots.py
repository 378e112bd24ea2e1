"""Debians beside this one, for their compilers: roots in the build folder, in which this checkout runs.

The roots are made and entered by scripts/debian_roots. Plugins of a root need its C library, so all of a run is inside:
build, runner, and counting. What it measures comes out into results/local.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from safecost.core.errors import ToolError, UsageError
from safecost.core.paths import BUILD, LOCAL_RESULTS, ROOT, make_build_folder

FOLDER = BUILD / "roots"
_LIBRARY = ROOT / "scripts" / "debian_roots"
_MARK = "safecost-root"  # a file at the top of a root of ours
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
_BUILD_INSIDE = "/root/build"
_COMPILERS = ("g++", "clang++", "rustc")
# What comes with the newest Clang of a root; set-up installs the rest when safecost first runs in it.
_OF_LLVM = ("clang-{}", "lld-{}", "libclang-rt-{}-dev", "libc++-{}-dev", "libc++abi-{}-dev")
_ALWAYS = ("rustc", "python3", "python3-venv")
_SAY = 'say() { printf "safecost: %s\\n" "$*" >&2; }; . "$0"; '


@dataclass(frozen=True, slots=True)
class DebianRoot:
    """A root of ours: its name, where it is, and its compilers, the commands in it."""

    name: str
    folder: Path
    compilers: tuple[str, ...]


def roots(folder: Path) -> list[DebianRoot]:
    """The roots in a folder, those that are complete."""
    marks = sorted(folder.glob(f"*/{_MARK}")) if folder.is_dir() else []
    return [DebianRoot(mark.parent.name, mark.parent, _compilers(mark.parent / "usr/bin")) for mark in marks]


def _compilers(folder: Path) -> tuple[str, ...]:
    names = {path.name for command in _COMPILERS for path in folder.glob(f"{command}*")}
    wanted = re.compile("|".join(rf"{re.escape(command)}(-[0-9.]+)?" for command in _COMPILERS))
    return tuple(sorted(filter(wanted.fullmatch, names)))


def root_named(name: str, folder: Path) -> DebianRoot:
    """The root of this name; raises UsageError that lists the others."""
    known = roots(folder)
    for root in known:
        if root.name == name:
            return root
    others = f"there are {', '.join(root.name for root in known)}" if known else "there is none"
    raise UsageError(f"no root {name!r} in {folder}: {others}; 'scripts/safecost toolchain add {name}' makes it.")


def refuse_others() -> None:
    """Raises ToolError for whoever is not root: only root can make a root and enter it."""
    if os.geteuid() != 0:
        raise ToolError("only root can make a root, enter it and remove it: start this with sudo.")


def add(name: str, suite: str, folder: Path, mirror: str, also: Sequence[str]) -> DebianRoot:
    """Make a root with the newest GCC, Clang and Rust that its Debian offers, and these packages.

    Raises UsageError where it is there already, ToolError where a step fails; what was made until then is removed.
    """
    if not _NAME.fullmatch(name) or not _NAME.fullmatch(suite):
        raise UsageError(f"{name!r} of {suite!r} is no root: name a suite of Debian such as sid, testing or 13.")
    place = folder / name
    if place.exists():
        raise UsageError(f"{place} is there already: remove it with 'scripts/safecost toolchain remove {name}'.")
    refuse_others()
    make_build_folder(folder)
    coming = folder / f"{name}.coming"
    _delete(coming)
    try:
        _shell("have_debootstrap", what="debootstrap was not to be had")
        made = 'make_root "$1" "$2" "$(mirror_or_ours "$3")"'
        _shell(made, suite, str(coming), mirror, what=f"no root of {suite} could be made")
        inside = 'inside "$@"'
        _shell(inside, str(coming), "apt-get", "-qq", "update", what=f"apt in the root of {suite} could not update")
        offered = _shell(inside, str(coming), "apt-cache", "pkgnames", quiet=True).split()
        install = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq", "install", "--yes"]
        packages = [*newest(offered), *_ALWAYS, *also]
        print(f"safecost: installing {' '.join(packages)}", file=sys.stderr)
        _shell(
            inside, str(coming), *install, "--no-install-recommends", *packages,
            what=f"apt in the root of {suite} could not install {' '.join(packages)}",
        )  # fmt: skip
        _shell(inside, str(coming), "apt-get", "clean")
        (coming / _MARK).touch()
        coming.rename(place)
    except BaseException:
        _delete(coming)
        raise
    return root_named(name, folder)


def newest(offered: Iterable[str]) -> list[str]:
    """The packages of the newest GCC and of the newest Clang among those that apt offers."""
    numbers: dict[str, int] = {}
    for package in offered:
        if match := re.fullmatch(r"(g\+\+|clang)-(\d+)", package):
            numbers[match[1]] = max(numbers.get(match[1], 0), int(match[2]))
    packages = [f"g++-{numbers['g++']}"] if "g++" in numbers else []
    return packages + ([name.format(numbers["clang"]) for name in _OF_LLVM] if "clang" in numbers else [])


def remove(root: DebianRoot) -> None:
    """Remove a root with all that is in it; raises ToolError while somebody runs in it."""
    refuse_others()
    _delete(root.folder)


def _delete(folder: Path) -> None:
    mounted = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines()]
    inside = next((place for place in mounted if Path(place).is_relative_to(folder.resolve())), None)
    if inside is not None:
        raise ToolError(f"{inside} is mounted: unmount it before {folder} is removed.")
    if folder.exists():
        shutil.rmtree(folder)


def command_inside(root: DebianRoot, words: Sequence[str]) -> list[str]:
    """The command that starts safecost in a root with these words; raises UsageError where results would not come out.

    The checkout is there to be read, so that the host's environment and build are left alone.
    """
    for word in words:
        if word.split("=")[0] in ("--out", "--build", "--no-setup"):
            raise UsageError(f"{word} is not for a root: it builds in itself, and results come to results/local.")
    start = ["scripts/safecost", "--build", _BUILD_INSIDE, *words]
    script = f'{_SAY}inside_with "$@"'
    return ["sh", "-euc", script, *map(str, (_LIBRARY, ROOT, LOCAL_RESULTS, root.folder)), *start]


def _shell(script: str, *words: str, what: str = "", quiet: bool = False) -> str:
    """Run functions of the library; what they print is shown as it comes, or returned."""
    done = subprocess.run(
        ["sh", "-euc", _SAY + script, str(_LIBRARY), *words],
        stdout=subprocess.PIPE if quiet else sys.stderr,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise ToolError(f"{what or script} (see above).")
    return done.stdout or ""
