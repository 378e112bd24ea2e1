"""Revisions of the suite: the bench folder of a commit, taken out of git and checked to fit today's harness."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path

from safecost.core.errors import ToolError, UsageError
from safecost.core.locks import alone
from safecost.core.paths import BENCH, BUILD, ROOT

WORKING_TREE = "."
"""The name of no revision: the files as they are, changes that are not committed included."""

_BORDER = "src/kernel/abi.h"
_VERSION = re.compile(r"^#define SAFECOST_ABI_VERSION (\d+)u?\s*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Revision:
    """One state of the suite: the name the user gave, its commit (None: the working tree), and its bench folder."""

    name: str
    commit: str | None
    bench: Path

    @property
    def profiles(self) -> Path:
        """The folder of its profiles."""
        return self.bench / "profiles"


def take_out(name: str, repository: Path = ROOT, into: Path = BUILD / "revisions") -> Revision:
    """The bench folder of a revision as it was; cases there are built with today's harness.

    Raises UsageError where there is no such revision, where it has no cases, or where its cases were written for
    another version of the kernel border.
    """
    if name == WORKING_TREE:
        return Revision("the working tree", None, BENCH if repository == ROOT else repository / "bench")
    commit = _commit(name, repository)
    _refuse_another_border(name, commit, repository)
    folder = into / commit
    into.mkdir(parents=True, exist_ok=True)
    with alone(into / "revisions.lock"):
        if not folder.is_dir():
            _extract(name, commit, repository, folder)
    return Revision(name, commit, folder / "bench")


def _commit(name: str, repository: Path) -> str:
    # No name can be taken for an option: it follows --end-of-options.
    said = _git(repository, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
    text = (said or b"").decode(errors="replace").strip()
    if re.fullmatch("[0-9a-f]{40,64}", text):
        return text
    if _git(repository, "rev-parse", "--git-dir") is None:
        raise UsageError(f"--revisions: {repository} is no git checkout: clone the suite, or compare folders of cases.")
    raise UsageError(
        f"--revisions: {name!r} is no commit, branch or tag that this checkout knows: fetch it, or see 'git log'."
    )


def _refuse_another_border(name: str, commit: str, repository: Path) -> None:
    """Sources for another kernel border would not compile, or mean something else."""
    today = _version((repository / _BORDER).read_text(encoding="utf-8", errors="replace"))
    then = _version((_git(repository, "show", f"{commit}:{_BORDER}") or b"").decode(errors="replace"))
    if then is None:
        raise UsageError(
            f"--revisions: {name} ({commit[:12]}) has no {_BORDER}: it is older than the kernel border, and its cases"
            " cannot be built with today's harness."
        )
    if then != today:
        raise UsageError(
            f"--revisions: the cases of {name} ({commit[:12]}) are written for version {then} of the kernel border,"
            f" and today's harness has version {today}: measure each revision with its own harness, and compare the"
            " two run documents."
        )


def _version(text: str) -> int | None:
    found = _VERSION.search(text)
    return int(found[1]) if found else None


def _extract(name: str, commit: str, repository: Path, folder: Path) -> None:
    """Write the commit's bench folder; it appears whole or not at all."""
    archive = _git(repository, "archive", "--format=tar", commit, "bench")
    if archive is None:
        raise UsageError(f"--revisions: {name} ({commit[:12]}) has no bench folder.")
    unfinished = folder.with_name(f"{folder.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    try:
        with tarfile.open(fileobj=io.BytesIO(archive)) as files:
            files.extractall(unfinished, filter="data")  # nothing outside, no devices, no links that lead out
    except (OSError, tarfile.TarError) as error:
        raise ToolError(f"{name} ({commit[:12]}) could not be taken out of git: {error}.") from error
    unfinished.replace(folder)


def _git(repository: Path, *words: str) -> bytes | None:
    """What git says, or None where it fails; raises ToolError where there is no git."""
    try:
        done = subprocess.run(["git", "-C", str(repository), *words], capture_output=True, check=False)
    except FileNotFoundError as error:
        raise ToolError("git is not installed: apt install git.") from error
    return done.stdout if done.returncode == 0 else None
