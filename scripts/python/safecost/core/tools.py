"""Finds programs of others, the newest where several versions are installed, and closes what they are started in."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

# What a compiler or CMake may read of the caller's environment: where programs, temporary files and toolchains are.
_OPEN = ("HOME", "TMPDIR", "RUSTUP_HOME", "RUSTUP_TOOLCHAIN")
_NETWORK = ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")  # for CMake's downloads


def closed_environment() -> dict[str, str]:
    """The environment of compilers, linkers and CMake: nothing in it changes code that no flag of a profile changes.

    CPATH, COMPILER_PATH, LIBRARY_PATH, GCC_EXEC_PREFIX, CCC_OVERRIDE_OPTIONS, CXXFLAGS, LD_PRELOAD would.
    """
    passed = {name: os.environ[name] for name in (*_OPEN, *_NETWORK) if name in os.environ}
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8", **passed}


@dataclass(frozen=True)
class InstalledTool:
    """A program on this machine, which is asked for its version when somebody wants to know."""

    path: Path
    asks: tuple[str, ...] = ("--version",)
    seconds: float = 10.0

    @cached_property
    def answer(self) -> str:
        """What it prints when it is asked; empty where it fails or takes too long."""
        return ask([self.path, *self.asks], seconds=self.seconds)

    @property
    def version(self) -> str:
        """Its dotted version; empty where it tells none."""
        return version_in(self.answer)


def newest_tool(
    name: str, folders: Sequence[Path] | None = None, asks: tuple[str, ...] = ("--version",), seconds: float = 10.0
) -> InstalledTool | None:
    """The newest of plain `name` and the `name-N` of the highest N in the folders (those of PATH), either of which
    may be the newer; None where neither is there.
    """
    tools = [
        InstalledTool(path, asks, seconds) for path in _candidates(name, search_path() if folders is None else folders)
    ]
    if len(tools) < 2:
        return tools[0] if tools else None
    return max(tools, key=lambda tool: numbers(tool.version))


def search_path() -> list[Path]:
    """List the folders of PATH."""
    return [Path(folder) for folder in os.environ.get("PATH", "").split(os.pathsep) if folder]


def version_in(text: str) -> str:
    """Find the first dotted version number in what a program says of itself; empty where there is none."""
    version = re.search(r"\d+(?:\.\d+)+", text)
    return version[0] if version else ""


def numbers(version: str) -> tuple[int, ...]:
    """Split a dotted version for comparison; an unknown one is empty, and the oldest."""
    return tuple(int(part) for part in version.split(".")) if re.fullmatch(r"\d+(\.\d+)*", version) else ()


def ask(command: Sequence[str | Path], text: str = "", seconds: float = 10.0) -> str:
    """Run a program and return what it prints; empty where it fails or takes too long."""
    try:
        done = subprocess.run(
            command,
            input=text,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
            errors="replace",
            env=closed_environment(),
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout if done.returncode == 0 else ""


def _candidates(name: str, folders: Sequence[Path]) -> list[Path]:
    """The `name-N` of the highest N, then plain `name`."""
    numbered: list[tuple[int, Path]] = []
    for folder in folders:
        for path in folder.glob(f"{name}-*"):
            number = path.name.removeprefix(f"{name}-")
            if number.isdigit() and os.access(path, os.X_OK):
                numbered.append((int(number), path))
    newest = [max(numbered, key=lambda pair: pair[0])[1]] if numbered else []
    plain = shutil.which(name, path=os.pathsep.join(map(str, folders)))
    return newest + ([Path(plain)] if plain else [])
